// SPDX-License-Identifier: Apache-2.0
// Conway's game of life on a torus: sums of neighbouring bytes, wrapped indices, a table.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kWidth = 128, kHeight = 96, kGenerations = 2600 };

static uint8_t cells[2][kHeight][kWidth];

static void step(uint8_t (*now)[kWidth], uint8_t (*next)[kWidth]) {
  static const uint8_t survives[2][9] = {{0, 0, 0, 1}, {0, 0, 1, 1}};  // [alive][neighbours]
  for (int y = 0; y < kHeight; ++y) {
    const uint8_t *above = now[(y + kHeight - 1) % kHeight], *below = now[(y + 1) % kHeight];
    for (int x = 0; x < kWidth; ++x) {
      int left = (x + kWidth - 1) % kWidth, right = (x + 1) % kWidth;
      int neighbours = above[left] + above[x] + above[right] + now[y][left] + now[y][right] +
                       below[left] + below[x] + below[right];
      next[y][x] = survives[now[y][x]][neighbours];
    }
  }
}

int main(int argc, char** argv) {
  int generations = size_argument(argc, argv, kGenerations);
  // A glider, which moves by a cell in four generations; and a soup.
  static const uint8_t glider[3][3] = {{0, 1, 0}, {0, 0, 1}, {1, 1, 1}};
  for (int y = 0; y < 3; ++y) memcpy(&cells[0][y + 1][1], glider[y], 3);
  uint32_t state = 2026;
  for (int y = 40; y < 90; ++y) {
    for (int x = 30; x < 110; ++x) {
      state = state * 1664525u + 1013904223u;
      cells[0][y][x] = (uint8_t)(state >> 31);
    }
  }
  for (int i = 0; i < generations; ++i) step(cells[i % 2], cells[(i + 1) % 2]);
  int alive = 0;
  uint32_t checksum = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      alive += cells[generations % 2][y][x];
      checksum = checksum * 31 + cells[generations % 2][y][x];
    }
  }
  printf("life: %d alive after %d generations, checksum %08x\n", alive, generations, checksum);
  return 0;
}
