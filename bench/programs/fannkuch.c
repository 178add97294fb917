// SPDX-License-Identifier: Apache-2.0
// Pancake flipping over all permutations: short loops over small arrays of bytes.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kPancakes = 9, kMost = 12, kRounds = 5 };

static int count_flips(const uint8_t* order, int n) {
  uint8_t pile[kMost];
  memcpy(pile, order, (size_t)n);
  int flips = 0;
  for (int top = pile[0]; top != 0; top = pile[0], ++flips) {
    for (int low = 0, high = top; low < high; ++low, --high) {
      uint8_t t = pile[low];
      pile[low] = pile[high];
      pile[high] = t;
    }
  }
  return flips;
}

// Flips all piles of n pancakes.
static void flip_all(int n, int* most, int* sum) {
  uint8_t order[kMost], turns[kMost] = {0};
  for (int i = 0; i < n; ++i) order[i] = (uint8_t)i;
  int odd = 0, depth;
  *most = *sum = 0;
  do {
    int flips = count_flips(order, n);
    if (flips > *most) *most = flips;
    *sum += odd ? -flips : flips;
    odd = !odd;
    // The next permutation: the first depth + 1 rotate by one; after a full turn, one more does.
    for (depth = 1; depth < n; ++depth) {
      uint8_t first = order[0];
      memmove(order, order + 1, (size_t)depth);
      order[depth] = first;
      if (++turns[depth] <= depth) break;
      turns[depth] = 0;
    }
  } while (depth < n);
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds), most = 0, sum = 0;
  volatile int pancakes = kPancakes;
  for (int round = 0; round < rounds; ++round) flip_all(pancakes, &most, &sum);
  printf("fannkuch(%d): at most %d flips, checksum %d\n", kPancakes, most, sum);
  return 0;
}
