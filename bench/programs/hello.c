// SPDX-License-Identifier: Apache-2.0
// The smallest useful program: measures the time from start to exit.
#include <stdio.h>

int main(void) {
  puts("Hello, world!");
  return 0;
}
