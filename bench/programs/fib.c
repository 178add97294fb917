// SPDX-License-Identifier: Apache-2.0
// Doubly recursive Fibonacci numbers: almost nothing but calls, compares and additions.
#include <stdio.h>

enum { kIndex = 35, kRounds = 4 };

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(void) {
  volatile unsigned index = kIndex;  // keeps the compiler from sharing work between rounds
  unsigned last = 0;
  for (int round = 0; round < kRounds; ++round) last = fib(index);
  printf("fib(%d) = %u\n", kIndex, last);
  return 0;
}
