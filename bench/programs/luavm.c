// SPDX-License-Identifier: Apache-2.0
// A virtual machine for a dynamic language: tagged values, tables, calls, a switch over opcodes.
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kRounds = 1100, kRegisters = 4096, kFrames = 64, kTableSize = 2048 };

typedef enum { kNil, kBoolean, kNumber, kTable } Tag;

typedef struct Table Table;

typedef struct {
  Tag tag;
  union {
    bool boolean;
    double number;
    Table* table;
  };
} Value;

struct Table {  // from numbers to values, with open addressing
  uint32_t used;
  struct {
    Value key, value;
  } slots[kTableSize];
};

// r[a] = the constant; r[a] = r[b] op r[c]; jumps by `b` if r[a] is false or nil; ...
typedef enum {
  kLoad,
  kMove,
  kAdd,
  kSubtract,
  kMultiply,
  kModulo,
  kLess,
  kEqual,
  kGet,
  kSet,
  kNew,
  kJump,
  kJumpIfNot,
  kCall,
  kReturn
} Opcode;

typedef struct {
  uint8_t opcode, a;
  int16_t b, c;
} Instruction;

// fibonacci(r0): the doubly recursive function. A call's argument and result are in r[a].
static const Instruction fibonacci[] = {
    /* 0 */ {kLoad, 1, 2, 0},       // r1 = 2
    /* 1 */ {kLess, 2, 0, 1},       // r2 = r0 < 2
    /* 2 */ {kJumpIfNot, 2, 1, 0},  // to 4
    /* 3 */ {kReturn, 0, 0, 0},     // return r0
    /* 4 */ {kLoad, 3, 1, 0},       // r3 = 1
    /* 5 */ {kSubtract, 4, 0, 3},   // r4 = r0 - 1
    /* 6 */ {kCall, 4, 0, 0},       // r4 = fibonacci(r4)
    /* 7 */ {kSubtract, 5, 0, 1},   // r5 = r0 - 2
    /* 8 */ {kCall, 5, 0, 0},       // r5 = fibonacci(r5)
    /* 9 */ {kAdd, 4, 4, 5},        // r4 = r4 + r5
    /* 10 */ {kReturn, 4, 0, 0},    // return r4
};

// main(r0): fills a table with i * i % 97 for i < r0, sums it up and adds fibonacci(15).
static const Instruction main_function[] = {
    /* 0 */ {kNew, 1, 0, 0},         // r1 = {}
    /* 1 */ {kLoad, 2, 0, 0},        // r2 = 0
    /* 2 */ {kLoad, 3, 1, 0},        // r3 = 1
    /* 3 */ {kLoad, 4, 97, 0},       // r4 = 97
    /* 4 */ {kLess, 5, 2, 0},        // while r2 < r0
    /* 5 */ {kJumpIfNot, 5, 5, 0},   // to 11
    /* 6 */ {kMultiply, 6, 2, 2},    // r6 = r2 * r2
    /* 7 */ {kModulo, 6, 6, 4},      // r6 = r6 % r4
    /* 8 */ {kSet, 1, 2, 6},         // r1[r2] = r6
    /* 9 */ {kAdd, 2, 2, 3},         // r2 = r2 + 1
    /* 10 */ {kJump, 0, -7, 0},      // to 4
    /* 11 */ {kLoad, 7, 0, 0},       // r7 = 0
    /* 12 */ {kLoad, 2, 0, 0},       // r2 = 0
    /* 13 */ {kGet, 6, 1, 2},        // r6 = r1[r2]
    /* 14 */ {kLoad, 8, -1, 0},      // r8 = nil, as no key is -1
    /* 15 */ {kGet, 8, 1, 8},        //
    /* 16 */ {kEqual, 9, 6, 8},      // r9 = r6 == nil
    /* 17 */ {kJumpIfNot, 9, 1, 0},  // to 19
    /* 18 */ {kJump, 0, 3, 0},       // to 22
    /* 19 */ {kAdd, 7, 7, 6},        // r7 = r7 + r6
    /* 20 */ {kAdd, 2, 2, 3},        // r2 = r2 + 1
    /* 21 */ {kJump, 0, -9, 0},      // to 13
    /* 22 */ {kLoad, 10, 15, 0},     // r10 = 15
    /* 23 */ {kCall, 10, 0, 0},      // r10 = fibonacci(r10)
    /* 24 */ {kAdd, 7, 7, 10},       // r7 = r7 + r10
    /* 25 */ {kReturn, 7, 0, 0},     // return r7
};

typedef struct {
  const Instruction* code;
  Value* registers;
} Frame;

static Value registers[kRegisters];
static Frame frames[kFrames];
static Table table;

static void fail(const char* message) {
  puts(message);
  exit(1);
}

static Value number(double x) { return (Value){.tag = kNumber, .number = x}; }

static double to_number(Value value) {
  if (value.tag != kNumber) fail("not a number");
  return value.number;
}

static bool equal(Value a, Value b) {
  if (a.tag != b.tag) return false;
  switch (a.tag) {
    case kNil:
      return true;
    case kBoolean:
      return a.boolean == b.boolean;
    case kNumber:
      return a.number == b.number;
    case kTable:
      return a.table == b.table;
  }
  return false;
}

static uint32_t find_slot(const Table* t, Value key) {
  uint64_t bits;
  memcpy(&bits, &key.number, sizeof bits);
  uint32_t at = (uint32_t)(bits >> 32) * 2654435761u >> 21;
  while (t->slots[at].key.tag != kNil && !equal(t->slots[at].key, key)) at = (at + 1) % kTableSize;
  return at;
}

static void set(Value where, Value key, Value value) {
  if (where.tag != kTable || key.tag != kNumber) fail("not a table or not a number");
  uint32_t slot = find_slot(where.table, key);
  if (where.table->slots[slot].key.tag == kNil && ++where.table->used > kTableSize * 3 / 4) {
    fail("the table is full");
  }
  where.table->slots[slot].key = key;
  where.table->slots[slot].value = value;
}

static Value get(Value where, Value key) {
  if (where.tag != kTable || key.tag != kNumber) fail("not a table or not a number");
  return where.table->slots[find_slot(where.table, key)].value;
}

static Value run(Value argument) {
  Frame* frame = frames;
  const Instruction* at = main_function;
  Value* r = registers;
  r[0] = argument;
  for (;;) {
    Instruction i = *at++;
    Value* a = &r[i.a];
    switch ((Opcode)i.opcode) {
      case kLoad:
        *a = number(i.b);
        break;
      case kMove:
        *a = r[i.b];
        break;
      case kAdd:
        *a = number(to_number(r[i.b]) + to_number(r[i.c]));
        break;
      case kSubtract:
        *a = number(to_number(r[i.b]) - to_number(r[i.c]));
        break;
      case kMultiply:
        *a = number(to_number(r[i.b]) * to_number(r[i.c]));
        break;
      case kModulo: {
        double left = to_number(r[i.b]), right = to_number(r[i.c]);
        *a = number(left - right * (double)(int64_t)(left / right));
        break;
      }
      case kLess:
        *a = (Value){.tag = kBoolean, .boolean = to_number(r[i.b]) < to_number(r[i.c])};
        break;
      case kEqual:
        *a = (Value){.tag = kBoolean, .boolean = equal(r[i.b], r[i.c])};
        break;
      case kGet:
        *a = get(r[i.b], r[i.c]);
        break;
      case kSet:
        set(*a, r[i.b], r[i.c]);
        break;
      case kNew:
        memset(&table, 0, sizeof table);
        *a = (Value){.tag = kTable, .table = &table};
        break;
      case kJump:
        at += i.b;
        break;
      case kJumpIfNot:
        if (a->tag == kNil || (a->tag == kBoolean && !a->boolean)) at += i.b;
        break;
      case kCall:
        if (frame + 1 == frames + kFrames) fail("too many calls");
        *frame++ = (Frame){at, r};
        r = a;
        at = fibonacci;
        break;
      case kReturn: {
        Value result = *a;
        r[0] = result;
        if (frame == frames) return result;
        --frame;
        at = frame->code;
        r = frame->registers;
        break;
      }
    }
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds);
  double sum = 0;
  for (int round = 0; round < rounds; ++round) sum += to_number(run(number(1000 + round % 500)));
  printf("lua-like vm: %d runs, sum of results %.0f\n", rounds, sum);
  return 0;
}
