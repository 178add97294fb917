// SPDX-License-Identifier: Apache-2.0
// A backtracking matcher of regular expressions: mutual recursion over strings, byte by byte.
#include <stdbool.h>
#include <string.h>

#include "size.h"

enum { kRounds = 9, kText = 2048 };

// c  .  [abc]  [a-z]  [^abc], each alone or before * + ?; ^ and $ at the ends.

static const char* skip_atom(const char* pattern) {
  if (*pattern != '[') return pattern + 1;
  do ++pattern;
  while (*pattern != ']');
  return pattern + 1;
}

static bool matches_atom(const char* atom, char c) {
  if (*atom == '.') return true;
  if (*atom != '[') return *atom == c;
  bool negated = *++atom == '^', found = false;
  for (atom += negated; *atom != ']'; ++atom) {
    if (atom[1] == '-' && atom[2] != ']') {
      found |= atom[0] <= c && c <= atom[2];
      atom += 2;
    } else {
      found |= *atom == c;
    }
  }
  return found != negated;
}

// The end of the match of the pattern at the start of the text; NULL if there is none.
static const char* match_here(const char* pattern, const char* text) {
  if (!*pattern) return text;
  if (pattern[0] == '$' && !pattern[1]) return *text ? NULL : text;
  const char* rest = skip_atom(pattern);
  const bool repeats = *rest == '*' || *rest == '+';
  if (!repeats && *rest != '?') {
    return *text && matches_atom(pattern, *text) ? match_here(rest, text + 1) : NULL;
  }
  // The longest first; then one less until the rest of the pattern matches.
  const char *least = text + (*rest == '+'), *most = text;
  while (*most && matches_atom(pattern, *most)) {
    ++most;
    if (!repeats) break;
  }
  for (; most >= least; --most) {
    const char* end = match_here(rest + 1, most);
    if (end) return end;
  }
  return NULL;
}

static int count_matches(const char* pattern, const char* text) {
  if (*pattern == '^') return match_here(pattern + 1, text) != NULL;
  int count = 0;
  while (*text) {
    const char* end = match_here(pattern, text);
    count += end != NULL;
    text = end && end > text ? end : text + 1;
  }
  return count;
}

static void make_text(char* text) {
  static const char* const words[] = {"alpha", "beta=12", "x1y2", "mail@host.net", "3.1415",
                                      "aaab",  "--",      "Zed",  "(a+b)*c",       "0x7fff"};
  unsigned state = 99;
  int length = 0;
  while (length < kText - 16) {
    state = state * 1664525u + 1013904223u;
    const char* word = words[(state >> 16) % 10];
    strcpy(text + length, word);
    length += (int)strlen(word);
    text[length++] = ' ';
  }
  text[length] = '\0';
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  static const char* const patterns[] = {
      "[a-z]+@[a-z]+[.]net", "[0-9]+[.]?[0-9]*", "a*b",        "0x[0-9a-f]+",
      "[^ ]*[=][^ ]*",       ".*zzz$",           "^alpha.*ed", "[A-Z][a-z]* --",
  };
  static char text[kText];
  make_text(text);
  int counts[8] = {0};
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 8; ++i) counts[i] = count_matches(patterns[i], text);
  }
  for (int i = 0; i < 8; ++i) printf("%-22s %d\n", patterns[i], counts[i]);
  return 0;
}
