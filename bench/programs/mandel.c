// SPDX-License-Identifier: Apache-2.0
// The Mandelbrot set: f64 arithmetic in registers, with a loop exit that depends on it.
#include <stdint.h>

#include "size.h"

enum { kWidth = 600, kMaxSteps = 1000 };

static int steps_to_escape(double cx, double cy) {
  double x = 0, y = 0;
  for (int step = 0; step < kMaxSteps; ++step) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4) return step;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return kMaxSteps;
}

int main(int argc, char** argv) {
  int width = size_argument(argc, argv, kWidth);
  uint32_t inside = 0, checksum = 0;
  for (int row = 0; row < width; ++row) {
    for (int column = 0; column < width; ++column) {
      int steps = steps_to_escape(-2.0 + 2.5 * column / width, -1.25 + 2.5 * row / width);
      inside += steps == kMaxSteps;
      checksum = checksum * 31 + (uint32_t)steps;
    }
  }
  printf("mandelbrot %dx%d: %u points inside, checksum %08x\n", width, width, inside, checksum);
  return 0;
}
