// SPDX-License-Identifier: Apache-2.0
// How much there is to do: the program's argument, or the benchmark's own size without one.
#ifndef BENCH_PROGRAMS_SIZE_H_
#define BENCH_PROGRAMS_SIZE_H_

#include <stdio.h>
#include <stdlib.h>

static inline int size_argument(int argc, char** argv, int standard) {
  if (argc < 2) return standard;
  int size = atoi(argv[1]);
  if (size < 1) {
    fprintf(stderr, "usage: %s [SIZE], a positive number\n", argv[0]);
    exit(2);
  }
  return size;
}

#endif  // BENCH_PROGRAMS_SIZE_H_
