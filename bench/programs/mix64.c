// SPDX-License-Identifier: Apache-2.0
// 64-bit integers: hashes that multiply and shift, a random number generator, modular powers,
// Collatz sequences.
#include <stdint.h>

#include "size.h"

enum { kNumbers = 10000, kRounds = 52 };

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 32) * 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 29) * 0xd6e8feb86659fd93u;
  return x ^ x >> 32;
}

static uint64_t next_random(uint64_t* state) {  // xorshift64
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static uint64_t power_modulo(uint64_t number, uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = result * number % modulus;
    number = number * number % modulus;
  }
  return result;
}

static int collatz_steps(uint64_t n) {
  int steps = 0;
  for (; n != 1; ++steps) n = n & 1 ? 3 * n + 1 : n >> 1;
  return steps;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  const uint64_t prime = 2147483647;
  uint64_t state = 88172645463325252u, hash = 0;
  int most_steps = 0, bits = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kNumbers; ++i) {
      uint64_t number = next_random(&state);
      hash = mix(hash + number);
      bits += __builtin_popcountll(number) + __builtin_clzll(number | 1);
      // Fermat: a number to the power of a prime is the number again, modulo the prime.
      if (i % 8 == 0 && power_modulo(number % prime, prime, prime) != number % prime) {
        return puts("Fermat was wrong"), 1;
      }
      int steps = collatz_steps((number >> 20) + 1);
      if (steps > most_steps) most_steps = steps;
    }
  }
  printf("mix64: %d x %d numbers, hash %016llx, %d bits, at most %d Collatz steps\n", rounds,
         kNumbers, (unsigned long long)hash, bits, most_steps);
  return 0;
}
