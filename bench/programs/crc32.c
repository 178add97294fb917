// SPDX-License-Identifier: Apache-2.0
// CRC-32 by a table and bit by bit: a chain of loads, shifts and exclusive ors.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kBytes = 1 << 16, kRounds = 1700, kRoundsByBits = 8 };

static const uint32_t polynomial = 0xedb88320;  // of IEEE 802.3, its lowest bit first
static uint32_t table[256];

static uint32_t shift_byte(uint32_t crc) {
  for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
  return crc;
}

static uint32_t crc_by_table(const uint8_t* bytes, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; ++i) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

static uint32_t crc_by_bits(const uint8_t* bytes, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; ++i) crc = shift_byte(crc ^ bytes[i]);
  return ~crc;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  for (uint32_t i = 0; i < 256; ++i) table[i] = shift_byte(i);
  static uint8_t bytes[kBytes];
  for (uint32_t i = 0; i < kBytes; ++i) bytes[i] = (uint8_t)(i * i >> 5);
  uint32_t crc = 0;
  for (int round = 0; round < rounds; ++round) {
    crc = crc_by_table(bytes, kBytes);
    if (round % kRoundsByBits == 0 && crc != crc_by_bits(bytes, kBytes)) {
      return puts("the two ways differ"), 1;
    }
    memcpy(bytes + round % (kBytes / 4) * 4, &crc,
           sizeof crc);  // each round depends on the one before
  }
  const char* digits = "123456789";  // the customary check value
  printf("crc32(%s) = %08x, of %d x %d bytes %08x\n", digits,
         crc_by_table((const uint8_t*)digits, strlen(digits)), rounds, kBytes, crc);
  return 0;
}
