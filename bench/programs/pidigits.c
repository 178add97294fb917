// SPDX-License-Identifier: Apache-2.0
// Digits of pi by Machin's formula: big integers, divided and multiplied limb by limb in 64 bits.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kDigits = 15300, kDigitsPerLimb = 9, kGuardLimbs = 2 };

static const uint32_t base = 1000000000;  // 10 to the power of kDigitsPerLimb

// Fixed-point numbers, the whole part in the first limb, the most significant ones first.
static int limbs;

static int divide(uint32_t* x, uint32_t divisor) {  // whether something is left of x
  uint64_t rest = 0;
  uint32_t any = 0;
  for (int i = 0; i < limbs; ++i) {
    uint64_t value = rest * base + x[i];
    any |= x[i] = (uint32_t)(value / divisor);
    rest = value % divisor;
  }
  return any != 0;
}

static void multiply(uint32_t* x, uint32_t factor) {
  uint64_t carry = 0;
  for (int i = limbs - 1; i >= 0; --i) {
    uint64_t value = (uint64_t)x[i] * factor + carry;
    x[i] = (uint32_t)(value % base);
    carry = value / base;
  }
}

static void add(uint32_t* x, const uint32_t* y) {
  uint32_t carry = 0;
  for (int i = limbs - 1; i >= 0; --i) {
    uint32_t sum = x[i] + y[i] + carry;
    carry = sum >= base;
    x[i] = carry ? sum - base : sum;
  }
}

static void subtract(uint32_t* x, const uint32_t* y) {
  uint32_t borrow = 0;
  for (int i = limbs - 1; i >= 0; --i) {
    uint32_t needed = y[i] + borrow;
    borrow = x[i] < needed;
    x[i] = borrow ? x[i] + base - needed : x[i] - needed;
  }
}

// The arc tangent of 1/n: 1/n - 1/(3 n^3) + 1/(5 n^5) - ...
static void arc_tangent(uint32_t* sum, uint32_t n, uint32_t* power, uint32_t* term) {
  size_t bytes = sizeof *sum * (size_t)limbs;
  memset(power, 0, bytes);
  power[0] = 1;
  divide(power, n);
  memcpy(sum, power, bytes);
  for (uint32_t k = 3; divide(power, n * n); k += 2) {
    memcpy(term, power, bytes);
    divide(term, k);
    if (k % 4 == 3) {
      subtract(sum, term);
    } else {
      add(sum, term);
    }
  }
}

static void print_digits(const uint32_t* pi, int from, int to) {
  printf("\ndigits %5d to %5d: ", from + 1, to);
  for (; from < to; from += kDigitsPerLimb) printf(" %09u", pi[1 + from / kDigitsPerLimb]);
}

int main(int argc, char** argv) {
  int digits = size_argument(argc, argv, kDigits);
  digits = (digits + 89) / 90 * 90;  // whole lines
  limbs = 1 + digits / kDigitsPerLimb + kGuardLimbs;
  uint32_t* memory = calloc(4 * (size_t)limbs, sizeof *memory);
  if (!memory) return puts("out of memory"), 1;
  uint32_t *pi = memory, *other = pi + limbs, *power = other + limbs, *term = power + limbs;
  // pi = 16 arctan(1/5) - 4 arctan(1/239)
  arc_tangent(pi, 5, power, term);
  multiply(pi, 4);
  arc_tangent(other, 239, power, term);
  subtract(pi, other);
  multiply(pi, 4);
  printf("%u.", pi[0]);
  print_digits(pi, 0, 90);
  print_digits(pi, digits - 90, digits);
  putchar('\n');
  free(memory);
  return 0;
}
