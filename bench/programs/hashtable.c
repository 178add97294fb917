// SPDX-License-Identifier: Apache-2.0
// A hash table of strings with open addressing: hashing, memory loads, string compares.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kWords = 60000, kRounds = 35, kWordBytes = 16 };

typedef struct {
  const char* key;  // NULL: never used
  uint32_t hash;
  uint32_t count;
} Slot;

typedef struct {
  Slot* slots;
  uint32_t capacity;  // a power of two
  uint32_t used;
} Table;

static uint32_t hash_of(const char* text) {  // FNV-1a
  uint32_t hash = 2166136261u;
  for (; *text; ++text) hash = (hash ^ (unsigned char)*text) * 16777619u;
  return hash;
}

static Slot* find_slot(const Table* table, const char* key, uint32_t hash) {
  uint32_t at = hash & (table->capacity - 1);
  for (;; at = (at + 1) & (table->capacity - 1)) {
    Slot* slot = &table->slots[at];
    if (!slot->key || (slot->hash == hash && strcmp(slot->key, key) == 0)) return slot;
  }
}

static void grow(Table* table) {
  Table bigger = {.capacity = table->capacity ? table->capacity * 2 : 16, .used = table->used};
  bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
  if (!bigger.slots) {
    puts("out of memory");
    exit(1);
  }
  for (uint32_t i = 0; i < table->capacity; ++i) {
    Slot* slot = &table->slots[i];
    if (slot->key) *find_slot(&bigger, slot->key, slot->hash) = *slot;
  }
  free(table->slots);
  *table = bigger;
}

static void add_word(Table* table, const char* key) {
  if (table->used * 4 >= table->capacity * 3) grow(table);
  uint32_t hash = hash_of(key);
  Slot* slot = find_slot(table, key, hash);
  if (!slot->key) {
    *slot = (Slot){.key = key, .hash = hash};
    ++table->used;
  }
  ++slot->count;
}

static uint32_t count_of(const Table* table, const char* key) {
  const Slot* slot = find_slot(table, key, hash_of(key));
  return slot->key ? slot->count : 0;
}

static void make_word(char* word, uint32_t number) {
  static const char syllables[16][3] = {"ba", "do", "fi", "gu", "ka", "le", "mo", "ni",
                                        "pu", "ra", "se", "to", "vi", "wu", "ya", "ze"};
  int length = 0;
  do {
    memcpy(word + length, syllables[number % 16], 2);
    length += 2;
    number /= 16;
  } while (number);
  word[length] = '\0';
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  static char words[kWords][kWordBytes];
  uint32_t state = 1, checksum = 0, distinct = 0;
  for (int i = 0; i < kWords; ++i) {
    state = state * 1664525u + 1013904223u;
    make_word(words[i], (state >> 8) % (kWords / 2));  // about one word in two comes again
  }
  for (int round = 0; round < rounds; ++round) {
    Table table = {0};
    for (int i = 0; i < kWords; ++i) add_word(&table, words[i]);
    for (int i = 0; i < kWords; ++i) checksum = checksum * 33 + count_of(&table, words[i]);
    char probe[kWordBytes];
    for (int i = 0; i < kWords; ++i) {
      make_word(probe, (uint32_t)i);
      checksum += count_of(&table, probe);
    }
    distinct = table.used;
    free(table.slots);
  }
  printf("hash table: %u distinct words, checksum %08x\n", distinct, checksum);
  return 0;
}
