// SPDX-License-Identifier: Apache-2.0
// Linked lists: merge sort and reversal by changing links, each load waiting for the one before.
#include <stdint.h>

#include "size.h"

enum { kNodes = 50000, kRounds = 38 };

typedef struct Node {
  struct Node* next;
  uint32_t key;
} Node;

static Node nodes[kNodes];

static Node* merge(Node* a, Node* b) {
  Node *first = NULL, **link = &first;
  while (a && b) {
    Node** smaller = a->key <= b->key ? &a : &b;
    *link = *smaller;
    link = &(*smaller)->next;
    *smaller = *link;
  }
  *link = a ? a : b;
  return first;
}

static Node* sort(Node* list) {
  if (!list || !list->next) return list;
  Node *middle = list, *end = list->next;
  while (end && end->next) {
    middle = middle->next;
    end = end->next->next;
  }
  Node* second = middle->next;
  middle->next = NULL;
  return merge(sort(list), sort(second));
}

static Node* reverse(Node* list) {
  Node* reversed = NULL;
  while (list) {
    Node* next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  uint32_t state = 12345, checksum = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kNodes; ++i) {
      state = state * 1664525u + 1013904223u;
      nodes[i] = (Node){i + 1 < kNodes ? &nodes[i + 1] : NULL, state >> 4};
    }
    Node* list = reverse(sort(nodes));
    if (!list) return 1;
    int length = 1;
    for (Node* node = list; node->next; node = node->next, ++length) {
      if (node->key < node->next->key) return puts("not in order"), 1;
      checksum = checksum * 31 + node->key;
    }
    if (length != kNodes) return puts("nodes were lost"), 1;
  }
  printf("lists: %d x %d nodes sorted, checksum %08x\n", rounds, kNodes, checksum);
  return 0;
}
