// SPDX-License-Identifier: Apache-2.0
// The sieve of Eratosthenes over odd numbers: byte stores with a growing stride.
#include <string.h>

#include "size.h"

enum { kLimit = 2000000, kHalf = kLimit / 2, kRounds = 110 };

static unsigned char composite[kHalf];  // composite[i] stands for the odd number 2 * i + 1

static int count_primes(void) {
  memset(composite, 0, sizeof composite);
  for (int i = 1; 2 * i * (i + 1) < kHalf; ++i) {
    if (composite[i]) continue;
    // The square of 2i + 1 stands at 2i(i + 1); odd multiples follow 2i + 1 places apart.
    for (int j = 2 * i * (i + 1); j < kHalf; j += 2 * i + 1) composite[j] = 1;
  }
  int count = 1;  // the number 2
  for (int i = 1; i < kHalf; ++i) count += !composite[i];
  return count;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  int count = 0;
  for (int round = 0; round < rounds; ++round) count = count_primes();
  printf("primes below %d: %d\n", kLimit, count);
  return 0;
}
