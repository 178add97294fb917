// SPDX-License-Identifier: Apache-2.0
// Copies, fills and compares of memory in all sizes; built with the bulk-memory instructions.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kBytes = 1 << 20, kRounds = 7200, kSmallCopies = 1400 };

static uint8_t bytes[kBytes];

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  for (uint32_t i = 0; i < kBytes; ++i) bytes[i] = (uint8_t)(i * i >> 7);
  uint32_t state = 77, equal = 0;
  for (int round = 0; round < rounds; ++round) {
    // One long copy over itself, one long fill, and many short ones of each.
    memmove(bytes + round % 100, bytes + round % 77, kBytes / 2);
    memset(bytes + kBytes - kBytes / 4, round, kBytes / 8);
    for (int i = 0; i < kSmallCopies; ++i) {
      state = state * 1664525u + 1013904223u;
      size_t size = state >> 26, from = state >> 13 & 0xffff,
             to = kBytes / 2 + (state >> 3 & 0xffff);
      memcpy(bytes + to, bytes + from, size);
      memset(bytes + from, (int)(state >> 24), size / 4);
      equal += memcmp(bytes + to, bytes + from, size) == 0;
    }
  }
  uint32_t checksum = 0;
  for (uint32_t i = 0; i < kBytes; ++i) checksum = checksum * 31 + bytes[i];
  printf("memory: %d rounds, %u blocks alike, checksum %08x\n", rounds, equal, checksum);
  return 0;
}
