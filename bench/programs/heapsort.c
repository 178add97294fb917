// SPDX-License-Identifier: Apache-2.0
// Heap sort of f64 numbers: compares of floats, and indices that double.
#include <stdint.h>

#include "size.h"

enum { kCount = 100000, kRounds = 17 };

static double values[kCount];

static void sift_down(int at, int count) {
  double value = values[at];
  for (int child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && values[child + 1] > values[child]) ++child;
    if (values[child] <= value) break;
    values[at] = values[child];
  }
  values[at] = value;
}

static void heap_sort(int count) {
  for (int i = count / 2 - 1; i >= 0; --i) sift_down(i, count);
  for (int last = count - 1; last > 0; --last) {
    double largest = values[0];
    values[0] = values[last];
    values[last] = largest;
    sift_down(0, last);
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state = 1;
  double median = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kCount; ++i) {
      state = state * 1664525u + 1013904223u;
      values[i] = (int32_t)state / 1024.0;
    }
    heap_sort(kCount);
    for (int i = 1; i < kCount; ++i) {
      if (values[i - 1] > values[i]) return puts("not sorted"), 1;
    }
    median += values[kCount / 2];
  }
  printf("heap sort of %d x %d: sum of medians %lld / 1024\n", rounds, kCount,
         (long long)(median * 1024));
  return 0;
}
