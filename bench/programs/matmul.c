// SPDX-License-Identifier: Apache-2.0
// Products of f64 matrices in the textbook order: loads with a large stride, multiply, add.
#include "size.h"

enum { kSize = 240, kRounds = 13 };

static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void multiply(void) {
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) {
      double sum = 0;
      for (int k = 0; k < kSize; ++k) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  // Small multiples of 1/4 and 1/2: every sum below is exact, in any order of addition.
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) {
      a[i][j] = (i * 7 + j * 3) % 32 * 0.25;
      b[i][j] = (i * 5 - j * 11) % 32 * 0.5;
    }
  }
  for (int round = 0; round < rounds; ++round) {
    a[round % kSize][round % kSize] += 1;
    multiply();
  }
  double trace = 0, total = 0;
  for (int i = 0; i < kSize; ++i) {
    trace += c[i][i];
    for (int j = 0; j < kSize; ++j) total += c[i][j] * (1 + (i ^ j) % 4);
  }
  printf("matmul %dx%d: trace %.3f, weighted sum %.3f\n", kSize, kSize, trace, total);
  return 0;
}
