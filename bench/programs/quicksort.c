// SPDX-License-Identifier: Apache-2.0
// Quicksort of 32-bit integers: compares, swaps and data-dependent branches.
#include <stdint.h>

#include "size.h"

enum { kCount = 1000000, kRounds = 4, kSmall = 12 };

static int32_t values[kCount];

static uint32_t next_random(uint32_t* state) {  // xorshift32
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void swap(int32_t* a, int32_t* b) {
  int32_t t = *a;
  *a = *b;
  *b = t;
}

static int32_t median_of_three(int32_t a, int32_t b, int32_t c) {
  if (a > b) swap(&a, &b);
  if (b > c) swap(&b, &c);
  return a > b ? a : b;
}

static void insertion_sort(int32_t* first, int32_t* last) {
  for (int32_t* i = first + 1; i < last; ++i) {
    int32_t value = *i;
    int32_t* j = i;
    for (; j > first && j[-1] > value; --j) *j = j[-1];
    *j = value;
  }
}

static void quicksort(int32_t* first, int32_t* last) {
  while (last - first > kSmall) {
    int32_t pivot = median_of_three(*first, first[(last - first) / 2], last[-1]);
    int32_t *low = first, *high = last - 1;
    while (low <= high) {
      while (*low < pivot) ++low;
      while (*high > pivot) --high;
      if (low <= high) swap(low++, high--);
    }
    // Recurse into the smaller part, so that the depth stays logarithmic.
    if (high + 1 - first < last - low) {
      quicksort(first, high + 1);
      first = low;
    } else {
      quicksort(low, last);
      last = high + 1;
    }
  }
  insertion_sort(first, last);
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state = 2463534242u;
  uint32_t checksum = 0;
  for (int round = 0; round < rounds; ++round) {
    uint32_t before = 0, after = 0;
    for (int i = 0; i < kCount; ++i) before += (uint32_t)(values[i] = (int32_t)next_random(&state));
    quicksort(values, values + kCount);
    for (int i = 0; i < kCount; ++i) {
      if (i > 0 && values[i - 1] > values[i]) return puts("not sorted"), 1;
      after += (uint32_t)values[i];
      checksum = checksum * 31 + (uint32_t)values[i];
    }
    if (before != after) return puts("values were lost"), 1;
  }
  printf("quicksort of %d x %d: checksum %08x\n", rounds, kCount, checksum);
  return 0;
}
