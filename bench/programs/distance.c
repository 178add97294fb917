// SPDX-License-Identifier: Apache-2.0
// Edit distance and longest common subsequence: dynamic programming, row by row.
#include <stdint.h>

#include "size.h"

enum { kLength = 1200, kRounds = 22 };

static char a[kLength], b[kLength];
static int rows[2][kLength + 1];

static int smaller(int x, int y) { return x < y ? x : y; }
static int larger(int x, int y) { return x > y ? x : y; }

static int edit_distance(void) {
  for (int j = 0; j <= kLength; ++j) rows[0][j] = j;
  for (int i = 1; i <= kLength; ++i) {
    const int* above = rows[(i - 1) % 2];
    int* row = rows[i % 2];
    row[0] = i;
    for (int j = 1; j <= kLength; ++j) {
      int replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
    }
  }
  return rows[kLength % 2][kLength];
}

static int common_subsequence(void) {
  for (int j = 0; j <= kLength; ++j) rows[0][j] = 0;
  for (int i = 1; i <= kLength; ++i) {
    const int* above = rows[(i - 1) % 2];
    int* row = rows[i % 2];
    row[0] = 0;
    for (int j = 1; j <= kLength; ++j) {
      row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : larger(above[j], row[j - 1]);
    }
  }
  return rows[kLength % 2][kLength];
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state = 31;
  long distances = 0, lengths = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kLength; ++i) {
      state = state * 1664525u + 1013904223u;
      a[i] = (char)('a' + (state >> 24) % 6);
      // The second text is the first with changes.
      b[i] = (state >> 16) % 4 ? a[i] : (char)('a' + (state >> 10) % 6);
    }
    distances += edit_distance();
    lengths += common_subsequence();
  }
  printf("%d pairs of %d letters: edit distances %ld, common subsequences %ld\n", rounds, kLength,
         distances, lengths);
  return 0;
}
