// SPDX-License-Identifier: Apache-2.0
// The ChaCha20 stream cipher (RFC 8439): additions, exclusive ors and rotations of 16 words.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kBytes = 1 << 16, kRounds = 520 };

static uint32_t rotate_left(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void quarter_round(uint32_t* x, int a, int b, int c, int d) {
  x[a] += x[b], x[d] = rotate_left(x[d] ^ x[a], 16);
  x[c] += x[d], x[b] = rotate_left(x[b] ^ x[c], 12);
  x[a] += x[b], x[d] = rotate_left(x[d] ^ x[a], 8);
  x[c] += x[d], x[b] = rotate_left(x[b] ^ x[c], 7);
}

static void make_block(const uint32_t state[16], uint8_t out[64]) {
  uint32_t x[16];
  memcpy(x, state, sizeof x);
  for (int i = 0; i < 10; ++i) {
    quarter_round(x, 0, 4, 8, 12), quarter_round(x, 1, 5, 9, 13);
    quarter_round(x, 2, 6, 10, 14), quarter_round(x, 3, 7, 11, 15);
    quarter_round(x, 0, 5, 10, 15), quarter_round(x, 1, 6, 11, 12);
    quarter_round(x, 2, 7, 8, 13), quarter_round(x, 3, 4, 9, 14);
  }
  for (int i = 0; i < 16; ++i) {
    uint32_t word = x[i] + state[i];
    for (int j = 0; j < 4; ++j) out[4 * i + j] = (uint8_t)(word >> 8 * j);
  }
}

static void make_state(uint32_t state[16], uint32_t counter, const uint32_t nonce[3]) {
  static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  memcpy(state, constants, sizeof constants);
  for (uint32_t i = 0; i < 8; ++i) state[4 + i] = 0x03020100 + 0x04040404 * i;  // bytes 0, 1, ...
  state[12] = counter;
  memcpy(state + 13, nonce, 3 * sizeof *nonce);
}

static void encrypt(uint32_t state[16], uint8_t* bytes, size_t size) {
  uint8_t block[64];
  for (size_t at = 0; at < size; at += 64, ++state[12]) {
    make_block(state, block);
    for (size_t i = 0; i < 64; ++i) bytes[at + i] ^= block[i];
  }
}

static void print_bytes(const char* what, const uint8_t* bytes) {
  printf("chacha20, %s: ", what);
  for (int i = 0; i < 16; ++i) printf("%02x", bytes[i]);
  putchar('\n');
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state[16];
  uint8_t block[64];
  make_state(state, 1, (const uint32_t[]){0x09000000, 0x4a000000, 0});  // the RFC's section 2.3.2
  make_block(state, block);
  print_bytes("the RFC's block", block);
  static uint8_t bytes[kBytes];
  make_state(state, 0, (const uint32_t[]){0, 0x4a000000, 0});
  for (int round = 0; round < rounds; ++round) encrypt(state, bytes, kBytes);
  print_bytes("all key streams", bytes + kBytes / 2);
  return 0;
}
