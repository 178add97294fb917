// SPDX-License-Identifier: Apache-2.0
// An interpreter inside the interpreter: a register machine's loop over a switch (br_table).
#include <stdint.h>

#include "size.h"

enum { kStarts = 60000 };

typedef enum {
  kLoadImmediate,
  kMove,
  kAdd,
  kMultiply,
  kShiftRight,
  kAnd,
  kLess,
  kJump,
  kJumpIf,
  kJumpIfNot,
  kHalt
} Opcode;

typedef struct {
  uint8_t opcode, target, left, right;
  int32_t immediate;  // a constant, or the instruction to jump to
} Instruction;

enum { kStart, kCurrent, kSteps, kBestStart, kBestSteps, kLimit, kOne, kThree, kFlag, kRegisters };

// Finds the start below the limit with the longest Collatz sequence.
static const Instruction program[] = {
    /* 0 */ {kLoadImmediate, kStart, 0, 0, 1},
    /* 1 */ {kLoadImmediate, kBestSteps, 0, 0, 0},
    /* 2 */ {kLoadImmediate, kOne, 0, 0, 1},
    /* 3 */ {kLoadImmediate, kThree, 0, 0, 3},
    // for each start
    /* 4 */ {kMove, kCurrent, kStart, 0, 0},
    /* 5 */ {kLoadImmediate, kSteps, 0, 0, 0},
    // while 1 < current
    /* 6 */ {kLess, kFlag, kOne, kCurrent, 0},
    /* 7 */ {kJumpIfNot, 0, kFlag, 0, 15},
    /* 8 */ {kAdd, kSteps, kSteps, kOne, 0},
    /* 9 */ {kAnd, kFlag, kCurrent, kOne, 0},
    /* 10 */ {kJumpIf, 0, kFlag, 0, 13},
    /* 11 */ {kShiftRight, kCurrent, kCurrent, kOne, 0},
    /* 12 */ {kJump, 0, 0, 0, 6},
    /* 13 */ {kMultiply, kCurrent, kCurrent, kThree, 0},
    /* 14 */ {kJump, 0, 0, 0, 20},
    // the sequence has ended: is it the longest so far?
    /* 15 */ {kLess, kFlag, kBestSteps, kSteps, 0},
    /* 16 */ {kJumpIfNot, 0, kFlag, 0, 22},
    /* 17 */ {kMove, kBestSteps, kSteps, 0, 0},
    /* 18 */ {kMove, kBestStart, kStart, 0, 0},
    /* 19 */ {kJump, 0, 0, 0, 22},
    // 3 * current + 1, the second half of an odd step
    /* 20 */ {kAdd, kCurrent, kCurrent, kOne, 0},
    /* 21 */ {kJump, 0, 0, 0, 6},
    /* 22 */ {kAdd, kStart, kStart, kOne, 0},
    /* 23 */ {kLess, kFlag, kStart, kLimit, 0},
    /* 24 */ {kJumpIf, 0, kFlag, 0, 4},
    /* 25 */ {kHalt, 0, 0, 0, 0},
};

static uint64_t run(const Instruction* code, int64_t* r) {
  uint64_t executed = 0;
  for (const Instruction* at = code;; ++executed) {
    const Instruction i = *at++;
    switch ((Opcode)i.opcode) {
      case kLoadImmediate:
        r[i.target] = i.immediate;
        break;
      case kMove:
        r[i.target] = r[i.left];
        break;
      case kAdd:
        r[i.target] = r[i.left] + r[i.right];
        break;
      case kMultiply:
        r[i.target] = r[i.left] * r[i.right];
        break;
      case kShiftRight:
        r[i.target] = r[i.left] >> (r[i.right] & 63);
        break;
      case kAnd:
        r[i.target] = r[i.left] & r[i.right];
        break;
      case kLess:
        r[i.target] = r[i.left] < r[i.right];
        break;
      case kJump:
        at = code + i.immediate;
        break;
      case kJumpIf:
        if (r[i.left]) at = code + i.immediate;
        break;
      case kJumpIfNot:
        if (!r[i.left]) at = code + i.immediate;
        break;
      case kHalt:
        return executed;
    }
  }
}

int main(int argc, char** argv) {
  int64_t registers[kRegisters] = {[kLimit] = size_argument(argc, argv, kStarts)};
  uint64_t executed = run(program, registers);
  printf("bytecode: longest Collatz sequence below %d starts at %d (%d steps), %llu instructions\n",
         (int)registers[kLimit], (int)registers[kBestStart], (int)registers[kBestSteps],
         (unsigned long long)executed);
  return 0;
}
