// SPDX-License-Identifier: Apache-2.0
// Systems of linear equations by LU decomposition with pivoting: f32 rows, scaled and subtracted.
#include <math.h>

#include "size.h"

enum { kSize = 160, kRounds = 90 };

static float matrix[kSize][kSize], right[kSize];

static void swap_rows(int i, int j) {
  for (int k = 0; k < kSize; ++k) {
    float t = matrix[i][k];
    matrix[i][k] = matrix[j][k];
    matrix[j][k] = t;
  }
  float t = right[i];
  right[i] = right[j];
  right[j] = t;
}

static void decompose(void) {
  for (int k = 0; k < kSize; ++k) {
    int pivot = k;
    for (int i = k + 1; i < kSize; ++i) {
      if (fabsf(matrix[i][k]) > fabsf(matrix[pivot][k])) pivot = i;
    }
    if (pivot != k) swap_rows(pivot, k);
    for (int i = k + 1; i < kSize; ++i) {
      float factor = matrix[i][k] /= matrix[k][k];
      for (int j = k + 1; j < kSize; ++j) matrix[i][j] -= factor * matrix[k][j];
    }
  }
}

static void solve(void) {  // in place: right becomes the solution
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < i; ++j) right[i] -= matrix[i][j] * right[j];
  }
  for (int i = kSize - 1; i >= 0; --i) {
    for (int j = i + 1; j < kSize; ++j) right[i] -= matrix[i][j] * right[j];
    right[i] /= matrix[i][i];
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  float worst = 0;
  for (int round = 0; round < rounds; ++round) {
    // The solution is 1, 2, 3, 4, 1, 2, ...
    for (int i = 0; i < kSize; ++i) {
      right[i] = 0;
      for (int j = 0; j < kSize; ++j) {
        float value = (float)((i * i + 3 * j * round + i * j) % 61) / 61 + (i == j ? 8 : 0);
        matrix[i][j] = value;
        right[i] += value * (float)(j % 4 + 1);
      }
    }
    decompose();
    solve();
    for (int i = 0; i < kSize; ++i) worst = fmaxf(worst, fabsf(right[i] - (float)(i % 4 + 1)));
  }
  printf("lu: %d systems of %d equations, error %s\n", rounds, kSize,
         worst < 0.01f ? "below 0.01" : "too large");
  return worst < 0.01f ? 0 : 1;
}
