// SPDX-License-Identifier: Apache-2.0
// A library, compiled to a module of its own: words of a text. It has no C library below it, no
// heap and no WASI. Those who use it import its functions, its memory and its table: so they can
// hand it strings by address, and functions of theirs to call.
#include <stdbool.h>
#include <stddef.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
  const char* text;
  size_t length;
} Word;

typedef void (*Visit)(void* context, const char* text, size_t length);
typedef bool (*IsBefore)(const void* a, const void* b);

static size_t calls = 0;  // of functions of the program

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 || c == '\'';
}

/// Shows `visit` each word of a text and returns how many there were.
EXPORT("words_each")
size_t words_each(const char* text, size_t length, Visit visit, void* context) {
  size_t count = 0;
  for (size_t at = 0; at < length;) {
    const size_t begin = at;
    while (at < length && is_letter(text[at])) ++at;
    if (at == begin) {
      ++at;
      continue;
    }
    ++count;
    ++calls;
    visit(context, text + begin, at - begin);
  }
  return count;
}

static void swap(char* a, char* b, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    const char byte = a[i];
    a[i] = b[i];
    b[i] = byte;
  }
}

static void sift_down(char* array, size_t root, size_t count, size_t size, IsBefore is_before) {
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= count) return;
    if (child + 1 < count) {
      ++calls;
      if (is_before(array + child * size, array + (child + 1) * size)) ++child;
    }
    ++calls;
    if (!is_before(array + root * size, array + child * size)) return;
    swap(array + root * size, array + child * size, size);
    root = child;
  }
}

/// Sorts `count` elements of `size` bytes each.
EXPORT("words_sort")
void words_sort(void* array, size_t count, size_t size, IsBefore is_before) {
  for (size_t i = count / 2; i > 0; --i) sift_down(array, i - 1, count, size, is_before);
  for (size_t left = count; left > 1; --left) {
    swap(array, (char*)array + (left - 1) * size, size);
    sift_down(array, 0, left - 1, size, is_before);
  }
}

static bool is_longer(const void* a, const void* b) {
  return ((const Word*)a)->length > ((const Word*)b)->length;
}

/// An order of the library's own, as a function that the program may call or pass back.
EXPORT("words_longest_first") IsBefore words_longest_first(void) { return &is_longer; }

/// What the library has to say for itself, in its own part of the memory.
EXPORT("words_about") Word words_about(void) {
  static const char kText[] = "words.c, compiled from C";
  return (Word){kText, sizeof kText - 1};
}

EXPORT("words_calls") size_t words_calls(void) { return calls; }
