// SPDX-License-Identifier: Apache-2.0
// A memory with 64-bit addresses: a hash table spread over more than 4 GiB. No C library; the
// functions are called by name.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

enum { kPageSize = 65536 };
static const uint64_t kTableSize = UINT64_C(1) << 28;  // entries
struct Entry {
  uint64_t key;  // 0: none
  uint64_t value;
  uint64_t unused;  // makes the table larger than 32 bits can address: 6 GiB
};

static struct Entry* table;

/// Bytes of the memory afterwards; -1: there is not enough.
EXPORT("open") int64_t open_table(void) {
  const uint64_t pages = (kTableSize * sizeof(struct Entry) + kPageSize - 1) / kPageSize;
  const uint64_t before = __builtin_wasm_memory_grow(0, pages);
  if (before == UINT64_MAX) return -1;
  table = (struct Entry*)(before * kPageSize);
  return (int64_t)(__builtin_wasm_memory_size(0) * kPageSize);
}

static struct Entry* find(uint64_t key) {
  uint64_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 36;
  while (table[at].key != 0 && table[at].key != key) at = (at + 1) % kTableSize;
  return &table[at];
}

/// Puts `count` squares into the table, reads them again and returns their sum: of 1..count.
EXPORT("squares") uint64_t squares(uint64_t count) {
  if (table == 0 && open_table() < 0) return 0;
  for (uint64_t i = 1; i <= count; ++i) *find(i) = (struct Entry){i, i * i, 0};
  uint64_t sum = 0;
  for (uint64_t i = 1; i <= count; ++i) sum += find(i)->value;
  return sum;
}

/// The highest address that is used for the keys 1..count.
EXPORT("highest") uint64_t highest(uint64_t count) {
  if (table == 0 && open_table() < 0) return 0;
  uint64_t most = 0;
  for (uint64_t i = 1; i <= count; ++i) {
    const uint64_t at = (uint64_t)find(i);
    if (at > most) most = at;
  }
  return most;
}

/// Reads at any address: to see what happens beyond the end.
EXPORT("peek") uint64_t peek(uint64_t address) { return *(const uint64_t*)address; }
