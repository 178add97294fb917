// SPDX-License-Identifier: Apache-2.0
// Binary trees on the heap: malloc, free, pointer chasing and recursion.
#include <stdio.h>
#include <stdlib.h>

enum { kDepth = 14, kRounds = 200 };

typedef struct Node {
  struct Node *left, *right;
} Node;

static Node* make_tree(int depth) {
  Node* node = malloc(sizeof *node);
  if (!node) {
    puts("out of memory");
    exit(1);
  }
  node->left = depth > 0 ? make_tree(depth - 1) : NULL;
  node->right = depth > 0 ? make_tree(depth - 1) : NULL;
  return node;
}

static int count_nodes(const Node* node) {
  return node ? 1 + count_nodes(node->left) + count_nodes(node->right) : 0;
}

static void free_tree(Node* node) {
  if (!node) return;
  free_tree(node->left);
  free_tree(node->right);
  free(node);
}

int main(void) {
  Node* long_lived = make_tree(kDepth);
  long nodes = 0;
  for (int round = 0; round < kRounds; ++round) {
    // Trees of several depths come and go together, so that free blocks get mixed.
    int depth = kDepth - round % 4;
    Node* first = make_tree(depth);
    Node* second = make_tree(depth - 2);
    free_tree(first);
    first = make_tree(depth - 1);
    nodes += count_nodes(first) + count_nodes(second);
    free_tree(second);
    free_tree(first);
  }
  printf("binary trees: %ld short-lived nodes counted, %d long-lived\n", nodes,
         count_nodes(long_lived));
  free_tree(long_lived);
  return 0;
}
