// SPDX-License-Identifier: Apache-2.0
// Ackermann's and Takeuchi's functions: deep and wide recursion with two and three parameters.
#include "size.h"

enum { kRounds = 120 };

static int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static int takeuchi(int x, int y, int z) {
  if (y >= x) return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  volatile int zero = 0;  // keeps the compiler from sharing work between rounds
  int a = 0, t = 0;
  for (int round = 0; round < rounds; ++round) {
    a = ackermann(2 + zero, 500) + ackermann(3, 7 + zero);
    t = takeuchi(18 + zero, 12, 6);
  }
  printf("ackermann(2, 500) + ackermann(3, 7) = %d, takeuchi(18, 12, 6) = %d\n", a, t);
  return 0;
}
