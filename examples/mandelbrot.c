// SPDX-License-Identifier: Apache-2.0
// Draws the Mandelbrot set with smooth colours into a PPM file.
//   mandelbrot FILE [WIDTH HEIGHT]
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kIterations = 200, kMaxSide = 10000 };

static const double kCentreX = -0.6, kCentreY = 0, kSpanY = 2.4, kEscape = 256;

// Steps until z = z * z + c leaves the circle of radius sqrt(kEscape), with a fraction that makes
// the colour bands run into each other; -1 for a point of the set.
static double escape_time(double cx, double cy) {
  // The main cardioid and the disc to its left never escape.
  double q = (cx - 0.25) * (cx - 0.25) + cy * cy;
  if (q * (q + (cx - 0.25)) <= 0.25 * cy * cy) return -1;
  if ((cx + 1) * (cx + 1) + cy * cy <= 0.0625) return -1;

  double x = 0, y = 0;
  for (int i = 0; i < kIterations; ++i) {
    double xx = x * x, yy = y * y;
    if (xx + yy > kEscape) return i + 1 - log2(log2(xx + yy) / log2(kEscape));
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return -1;
}

static unsigned char channel(double time, double phase) {
  double wave = 0.5 - 0.5 * cos(6.283185307179586 * (0.16 * sqrt(time) + phase));
  return (unsigned char)(255 * wave + 0.5);
}

static void colour(unsigned char pixel[3], double time) {
  pixel[0] = time < 0 ? 0 : channel(time, 0.10);
  pixel[1] = time < 0 ? 0 : channel(time, 0.00);
  pixel[2] = time < 0 ? 0 : channel(time, -0.12);
}

static int draw(FILE* file, int width, int height) {
  unsigned char* row = malloc((size_t)width * 3);
  if (!row) return -1;
  fprintf(file, "P6\n%d %d\n255\n", width, height);
  double step = kSpanY / height;
  for (int j = 0; j < height; ++j) {
    double cy = kCentreY + (height / 2.0 - j - 0.5) * step;
    for (int i = 0; i < width; ++i) {
      double cx = kCentreX + (i + 0.5 - width / 2.0) * step;
      colour(row + 3 * i, escape_time(cx, cy));
    }
    if (fwrite(row, 3, (size_t)width, file) != (size_t)width) break;
  }
  free(row);
  return ferror(file) ? -1 : 0;
}

int main(int argc, char** argv) {
  int width = argc == 4 ? atoi(argv[2]) : 480;
  int height = argc == 4 ? atoi(argv[3]) : 320;
  if ((argc != 2 && argc != 4) || width < 1 || height < 1 || width > kMaxSide ||
      height > kMaxSide) {
    fputs("usage: mandelbrot FILE [WIDTH HEIGHT]\n", stderr);
    return 2;
  }
  FILE* file = fopen(argv[1], "wb");
  int failed = !file || draw(file, width, height) != 0;
  if (file && fclose(file) != 0) failed = 1;
  if (failed) {
    fprintf(stderr, "mandelbrot: %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  printf("%s: %d x %d\n", argv[1], width, height);
  return 0;
}
