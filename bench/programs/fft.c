// SPDX-License-Identifier: Apache-2.0
// The fast Fourier transform: f64 butterflies over memory with strides that are powers of two.
#include <math.h>

#include "size.h"

enum { kPoints = 1 << 14, kRounds = 120 };

typedef struct {
  double re, im;
} Complex;

static Complex values[kPoints], roots[kPoints / 2];

static void make_roots(void) {
  const double circle = 6.283185307179586;
  for (int i = 0; i < kPoints / 2; ++i) {
    roots[i] = (Complex){cos(circle * i / kPoints), -sin(circle * i / kPoints)};
  }
}

static void reverse_bits_of_indices(void) {
  for (unsigned i = 0, j = 0; i < kPoints; ++i) {
    if (i < j) {
      Complex t = values[i];
      values[i] = values[j];
      values[j] = t;
    }
    unsigned bit = kPoints / 2;  // adds 1 to j, counted from its other end
    for (; j & bit; bit /= 2) j ^= bit;
    j |= bit;
  }
}

static void transform(int inverse) {
  reverse_bits_of_indices();
  for (int half = 1; half < kPoints; half *= 2) {
    int stride = kPoints / 2 / half;
    for (int first = 0; first < kPoints; first += 2 * half) {
      for (int k = 0; k < half; ++k) {
        Complex w = roots[k * stride], *a = &values[first + k], *b = a + half;
        if (inverse) w.im = -w.im;
        Complex t = {b->re * w.re - b->im * w.im, b->re * w.im + b->im * w.re};
        *b = (Complex){a->re - t.re, a->im - t.im};
        *a = (Complex){a->re + t.re, a->im + t.im};
      }
    }
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  make_roots();
  for (int i = 0; i < kPoints; ++i) values[i] = (Complex){i % 7, i * i % 5};
  double constant = 0;
  for (int round = 0; round < rounds; ++round) {
    transform(0);
    constant = values[0].re;  // the sum of all points
    transform(1);
    for (int i = 0; i < kPoints; ++i) values[i].re /= kPoints, values[i].im /= kPoints;
  }
  double error = 0;
  for (int i = 0; i < kPoints; ++i) {
    error = fmax(error, fabs(values[i].re - i % 7) + fabs(values[i].im - i * i % 5));
  }
  printf("fft of %d points, %d times there and back: sum %.6f, error %s\n", kPoints, rounds,
         constant, error < 1e-10 ? "below 1e-10" : "too large");
  return error < 1e-10 ? 0 : 1;
}
