// SPDX-License-Identifier: Apache-2.0
// Huffman coding: a heap, a tree, and input and output of single bits.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kText = 1 << 16, kRounds = 80, kSymbols = 64, kNodes = 2 * kSymbols };

typedef struct {
  uint32_t weight;
  int16_t child[2];  // of an inner node; those below kSymbols are symbols
} Node;

static uint8_t text[kText], coded[kText], decoded[kText];
static Node nodes[kNodes];
static int16_t heap[kNodes];  // node numbers, the lightest first
static int heap_size;
static uint64_t codes[kSymbols];
static int lengths[kSymbols];

static void push(int16_t node) {
  int at = heap_size++;
  for (; at > 0 && nodes[heap[(at - 1) / 2]].weight > nodes[node].weight; at = (at - 1) / 2) {
    heap[at] = heap[(at - 1) / 2];
  }
  heap[at] = node;
}

static int16_t pop(void) {
  int16_t top = heap[0], last = heap[--heap_size];
  int at = 0;
  for (int child; (child = 2 * at + 1) < heap_size; at = child) {
    if (child + 1 < heap_size && nodes[heap[child + 1]].weight < nodes[heap[child]].weight) ++child;
    if (nodes[heap[child]].weight >= nodes[last].weight) break;
    heap[at] = heap[child];
  }
  heap[at] = last;
  return top;
}

static void assign_codes(int node, uint64_t code, int length) {
  if (node < kSymbols) {
    codes[node] = code;
    lengths[node] = length;
    return;
  }
  assign_codes(nodes[node].child[0], code, length + 1);
  assign_codes(nodes[node].child[1], code | 1ull << length, length + 1);
}

static int make_tree(void) {
  memset(nodes, 0, sizeof nodes);
  for (int i = 0; i < kText; ++i) ++nodes[text[i]].weight;
  heap_size = 0;
  for (int16_t i = 0; i < kSymbols; ++i) push(i);
  int16_t next = kSymbols;
  for (; heap_size > 1; ++next) {
    int16_t a = pop(), b = pop();
    nodes[next] = (Node){nodes[a].weight + nodes[b].weight, {a, b}};
    push(next);
  }
  int root = pop();
  assign_codes(root, 0, 0);
  return root;
}

static size_t encode(void) {
  memset(coded, 0, sizeof coded);
  size_t at = 0;  // in bits
  for (int i = 0; i < kText; ++i) {
    uint64_t code = codes[text[i]];
    for (int left = lengths[text[i]]; left > 0; --left, ++at, code >>= 1) {
      coded[at / 8] |= (uint8_t)((code & 1) << at % 8);
    }
  }
  return at;
}

static void decode(int root) {
  size_t at = 0;
  for (int i = 0; i < kText; ++i) {
    int node = root;
    for (; node >= kSymbols; ++at) node = nodes[node].child[coded[at / 8] >> at % 8 & 1];
    decoded[i] = (uint8_t)node;
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state = 5;
  size_t bits = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kText; ++i) {  // small symbols are more frequent
      state = state * 1664525u + 1013904223u;
      text[i] = (uint8_t)((state >> 26) * (state >> 14 & 63) / 64);
    }
    int root = make_tree();
    bits += encode();
    decode(root);
    if (memcmp(text, decoded, kText) != 0) return puts("not equal"), 1;
  }
  printf("huffman: %d x %d symbols in %zu bits\n", rounds, kText, bits);
  return 0;
}
