// SPDX-License-Identifier: Apache-2.0
// Counts the words of all files below a directory and prints the most frequent ones.
//   wordcount [-n ROWS] PATH...
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { kMaxWord = 64, kMaxPath = 4096 };

typedef struct {
  char* word;  // NULL: a free slot
  uint32_t hash;
  uint32_t count;
} Entry;

static Entry* table;
static size_t capacity;  // 0 or a power of two
static size_t distinct;
static unsigned long words, files, failures;

// Directories and files still to be visited: a list, so that the depth of a tree costs no stack.
typedef struct Pending {
  struct Pending* next;
  char path[];
} Pending;

static Pending* pending;

static void* check_memory(void* block) {
  if (block) return block;
  fputs("wordcount: out of memory\n", stderr);
  exit(1);
}

static void report(const char* path) {
  fprintf(stderr, "wordcount: %s: %s\n", path, strerror(errno));
  ++failures;
}

static Entry* find(const char* word, size_t length, uint32_t hash) {
  size_t at = hash & (capacity - 1);
  while (table[at].word && (table[at].hash != hash || strncmp(table[at].word, word, length) != 0 ||
                            table[at].word[length] != '\0')) {
    at = (at + 1) & (capacity - 1);
  }
  return &table[at];
}

static void grow(void) {
  Entry* old = table;
  size_t old_capacity = capacity;
  capacity = capacity ? capacity * 2 : 256;
  table = check_memory(calloc(capacity, sizeof *table));
  for (size_t i = 0; i < old_capacity; ++i) {
    if (old[i].word) *find(old[i].word, strlen(old[i].word), old[i].hash) = old[i];
  }
  free(old);
}

static void count_word(const char* word, size_t length) {
  if (distinct * 4 >= capacity * 3) grow();
  uint32_t hash = 2166136261u;  // FNV-1a
  for (size_t i = 0; i < length; ++i) hash = (hash ^ (unsigned char)word[i]) * 16777619u;
  Entry* entry = find(word, length, hash);
  if (!entry->word) {
    entry->word = check_memory(malloc(length + 1));
    memcpy(entry->word, word, length);
    entry->word[length] = '\0';
    entry->hash = hash;
    ++distinct;
  }
  ++entry->count;
  ++words;
}

// A word is a run of letters and of bytes above 0x7F (UTF-8), with apostrophes inside.
static int is_letter(int c) { return isalpha(c) || c >= 0x80; }

static void count_file(const char* path) {
  FILE* file = fopen(path, "r");
  if (!file) {
    report(path);
    return;
  }
  ++files;
  char word[kMaxWord];
  size_t length = 0;
  int c;
  while ((c = getc(file)) != EOF) {
    if (is_letter(c) || (c == '\'' && length > 0)) {
      if (length < kMaxWord) word[length++] = (char)tolower(c);
      continue;
    }
    while (length > 0 && word[length - 1] == '\'') --length;
    if (length > 0) count_word(word, length);
    length = 0;
  }
  if (length > 0) count_word(word, length);
  if (ferror(file)) report(path);
  fclose(file);
}

static void remember(const char* directory, const char* name) {
  size_t size = strlen(directory) + strlen(name) + 2;
  if (size > kMaxPath) {
    errno = ENAMETOOLONG;
    report(directory);
    return;
  }
  Pending* item = check_memory(malloc(sizeof *item + size));
  snprintf(item->path, size, "%s%s%s", directory, *directory ? "/" : "", name);
  item->next = pending;
  pending = item;
}

static void list_directory(const char* path) {
  DIR* directory = opendir(path);
  if (!directory) {
    report(path);
    return;
  }
  struct dirent* entry;
  while ((entry = readdir(directory))) {
    if (entry->d_name[0] != '.') remember(path, entry->d_name);  // hidden files stay hidden
  }
  closedir(directory);
}

static void visit(const char* path) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    report(path);
  } else if (S_ISDIR(info.st_mode)) {
    list_directory(path);
  } else if (S_ISREG(info.st_mode)) {
    count_file(path);
  }
}

static int by_count(const void* left, const void* right) {
  const Entry *a = left, *b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  return strcmp(a->word, b->word);
}

static void print_table(size_t rows) {
  size_t used = 0;
  for (size_t i = 0; i < capacity; ++i) {
    if (table[i].word) table[used++] = table[i];
  }
  if (used) qsort(table, used, sizeof *table, by_count);
  printf("%lu words, %zu distinct, in %lu files\n", words, distinct, files);
  for (size_t i = 0; i < used && i < rows; ++i) printf("%8u  %s\n", table[i].count, table[i].word);
}

int main(int argc, char** argv) {
  size_t rows = 20;
  int first = 1;
  if (argc > 2 && strcmp(argv[1], "-n") == 0) {
    rows = strtoul(argv[2], NULL, 10);
    first = 3;
  }
  if (first >= argc) {
    fputs("usage: wordcount [-n ROWS] PATH...\n", stderr);
    return 2;
  }
  for (int i = argc - 1; i >= first; --i) remember("", argv[i]);
  while (pending) {
    Pending* item = pending;
    pending = item->next;
    visit(item->path);
    free(item);
  }
  print_table(rows);
  return failures ? 1 : 0;
}
