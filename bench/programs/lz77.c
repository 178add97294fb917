// SPDX-License-Identifier: Apache-2.0
// LZ77 compression with hash chains, and decompression: searches for repeated byte strings.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum {
  kText = 1 << 17,
  kRounds = 55,
  kHashBits = 13,
  kWindow = 1 << 15,
  kLeastMatch = 4,
  kMostMatch = 255,
  kMostTries = 12
};

static uint8_t text[kText], packed[2 * kText], unpacked[kText];
static int32_t newest[1 << kHashBits];  // position with this hash, or -1
static int32_t older[kWindow];          // the one before with the same hash

static uint32_t hash_at(const uint8_t* p) {
  return (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24) * 2654435761u >>
         (32 - kHashBits);
}

static void remember(int32_t at) {
  uint32_t hash = hash_at(text + at);
  older[at % kWindow] = newest[hash];
  newest[hash] = at;
}

static int match_length(int32_t a, int32_t b) {
  int length = 0;
  while (b + length < kText && length < kMostMatch && text[a + length] == text[b + length])
    ++length;
  return length;
}

// Packed text: 0, a byte; or the length of a match, the distance back in two bytes.
static int pack(void) {
  memset(newest, -1, sizeof newest);
  int size = 0;
  for (int32_t at = 0; at < kText;) {
    int best = 0, distance = 0;
    if (at + kLeastMatch <= kText) {
      int32_t candidate = newest[hash_at(text + at)];
      for (int i = 0; i < kMostTries && candidate >= 0 && at - candidate < kWindow; ++i) {
        int length = match_length(candidate, at);
        if (length > best) best = length, distance = at - candidate;
        candidate = older[candidate % kWindow];
      }
    }
    if (best < kLeastMatch) {
      best = 1;
      packed[size++] = 0;
      packed[size++] = text[at];
    } else {
      packed[size++] = (uint8_t)best;
      packed[size++] = (uint8_t)distance;
      packed[size++] = (uint8_t)(distance >> 8);
    }
    for (; best > 0; --best, ++at) {
      if (at + kLeastMatch <= kText) remember(at);
    }
  }
  return size;
}

static int unpack(int size) {
  int length = 0;
  for (int at = 0; at < size;) {
    int match = packed[at++];
    if (match == 0) {
      unpacked[length++] = packed[at++];
      continue;
    }
    int distance = packed[at] | packed[at + 1] << 8;
    at += 2;
    for (; match > 0; --match, ++length) unpacked[length] = unpacked[length - distance];
  }
  return length;
}

static void make_text(void) {
  static const char* const phrases[] = {"the quick ",       "brown fox ",   "jumps over ",
                                        "a lazy dog; ",     "pack my box ", "with five dozen ",
                                        "jugs, and so on. "};
  uint32_t state = 7;
  for (int length = 0; length < kText;) {
    state = state * 1664525u + 1013904223u;
    const char* phrase = phrases[(state >> 20) % 7];
    int stop = (int)(state >> 12) % 16 + 2;  // often cut short
    for (; *phrase && stop-- > 0 && length < kText; ++phrase) text[length++] = (uint8_t)*phrase;
    if (state >> 28 == 3 && length < kText) text[length++] = (uint8_t)(state >> 8);
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds), size = 0;
  make_text();
  for (int round = 0; round < rounds; ++round) {
    size = pack();
    if (unpack(size) != kText || memcmp(text, unpacked, kText) != 0) return puts("not equal"), 1;
    text[round % kText] ^= 1;
  }
  printf("lz77: %d bytes packed into %d and back, %d times\n", kText, size, rounds);
  return 0;
}
