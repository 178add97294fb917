// SPDX-License-Identifier: Apache-2.0
// Doubly recursive Fibonacci numbers: almost nothing but calls, compares and additions.
#include "size.h"

enum { kIndex = 35, kRounds = 4 };

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) {
  int size = size_argument(argc, argv, kIndex);
  volatile unsigned index = (unsigned)size;  // keeps the compiler from sharing work between rounds
  unsigned last = 0;
  for (int round = 0; round < kRounds; ++round) last = fib(index);
  printf("fib(%d) = %u\n", size, last);
  return 0;
}
