// SPDX-License-Identifier: Apache-2.0
// The spectral norm of an infinite matrix, cut off: integer to float conversion and division.
#include <math.h>
#include <string.h>

#include "size.h"

enum { kSize = 1300, kIterations = 10 };

// The matrix's element, which is never stored: 1, 1/2, 1/3, ... along the diagonals.
static double element(int row, int column) {
  int sum = row + column;
  return 1.0 / (sum * (sum + 1) / 2 + row + 1);
}

static void multiply(int size, const double* in, double* out, int transposed) {
  for (int i = 0; i < size; ++i) {
    double sum = 0;
    for (int j = 0; j < size; ++j) sum += (transposed ? element(j, i) : element(i, j)) * in[j];
    out[i] = sum;
  }
}

static double dot(int size, const double* a, const double* b) {
  double sum = 0;
  for (int i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

int main(int argc, char** argv) {
  int size = size_argument(argc, argv, kSize);
  double* vectors = malloc(3 * sizeof(double) * (size_t)size);
  if (!vectors) return puts("out of memory"), 1;
  double *u = vectors, *v = u + size, *half = v + size;
  for (int i = 0; i < size; ++i) u[i] = 1;
  // The power method: the largest eigenvalue of the matrix's transpose times the matrix.
  for (int i = 0; i < kIterations; ++i) {
    multiply(size, u, half, 0), multiply(size, half, v, 1);
    multiply(size, v, half, 0), multiply(size, half, u, 1);
  }
  double norm = sqrt(dot(size, u, v) / dot(size, v, v));
  printf("spectral norm %dx%d: %lld in units of 1e-9\n", size, size, (long long)(norm * 1e9));
  free(vectors);
  return 0;
}
