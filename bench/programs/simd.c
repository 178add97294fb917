// SPDX-License-Identifier: Apache-2.0
// Vectors of 128 bits (-msimd128): a blur of bytes, f32 Mandelbrot points four at a time, dot
// products of 16-bit numbers.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kWidth = 256, kHeight = 128, kRounds = 800, kSteps = 50 };

typedef float F32x4 __attribute__((vector_size(16)));
typedef int32_t I32x4 __attribute__((vector_size(16)));
typedef uint8_t U8x16 __attribute__((vector_size(16)));
typedef uint16_t U16x8 __attribute__((vector_size(16)));

static uint8_t image[kHeight][kWidth];

static U8x16 load(const uint8_t* from) {
  U8x16 bytes;
  memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

static U8x16 average(U8x16 a, U8x16 b) { return (a & b) + ((a ^ b) >> 1); }

// Each byte becomes the mean of itself and its right and lower neighbours.
static void blur(void) {
  for (int y = 0; y + 1 < kHeight; ++y) {
    for (int x = 0; x + 16 < kWidth; x += 16) {
      U8x16 row = average(load(&image[y][x]), load(&image[y][x + 1]));
      U8x16 below = average(load(&image[y + 1][x]), load(&image[y + 1][x + 1]));
      U8x16 mean = average(row, below);
      memcpy(&image[y][x], &mean, sizeof mean);
    }
  }
}

static void draw_mandelbrot(void) {
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; x += 4) {
      F32x4 column = {(float)x, (float)(x + 1), (float)(x + 2), (float)(x + 3)};
      F32x4 cx = column * (3.0f / kWidth) - 2.25f;
      F32x4 cy = (F32x4){0} + (float)y * (2.5f / kHeight) - 1.25f;
      F32x4 zx = {0}, zy = {0};
      I32x4 counts = {0};
      for (int step = 0; step < kSteps; ++step) {
        F32x4 xx = zx * zx, yy = zy * zy;
        I32x4 inside = xx + yy <= 4.0f;
        if (!(inside[0] | inside[1] | inside[2] | inside[3])) break;
        counts -= inside;
        zy = 2 * zx * zy + cy;
        zx = xx - yy + cx;
      }
      for (int i = 0; i < 4; ++i) image[y][x + i] = (uint8_t)(counts[i] * 5);
    }
  }
}

static uint32_t dot_of_rows(const uint8_t* a, const uint8_t* b) {
  U16x8 sum = {0};
  for (int x = 0; x < kWidth; x += 16) {
    U8x16 va = load(a + x), vb = load(b + x);
    U16x8 wide_a = (U16x8)va & 0xff, wide_b = (U16x8)vb & 0xff;  // the even bytes
    sum += wide_a * wide_b + ((U16x8)va >> 8) * ((U16x8)vb >> 8);
  }
  uint32_t total = 0;
  for (int i = 0; i < 8; ++i) total += sum[i];
  return total;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t checksum = 0, brightness = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round % 8 == 0) draw_mandelbrot();
    for (int i = 0; i < 4; ++i) blur();
    for (int y = 1; y < kHeight; ++y) {
      checksum = checksum * 31 + dot_of_rows(image[y - 1], image[y]);
    }
  }
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) brightness += image[y][x];
  }
  printf("simd: %d rounds, checksum %08x, brightness %u\n", rounds, checksum, brightness);
  return 0;
}
