// SPDX-License-Identifier: Apache-2.0
// A Brainfuck interpreter: a switch (br_table) per character, over a tape of bytes.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kTape = 3000, kRounds = 8000, kMostCode = 512 };

// Prints a triangle of letters: A, BB, CCC and so on, 26 lines.
static const char code[] =
    ">>>>++++++++++<<<<"                  // cell 4: the end of a line
    ">+++++[<+++++>-]<+"                  // cell 0: how many lines are left
    ">>>>>>++++++++[<++++++++>-]<+<<<<<"  // cell 5: the letter
    "[>+[>+>+<<-]>>[<<+>>-]"              // cell 1: the line's length, copied to cell 2
    "<[>>>.<<<-]>>.>+<<<<<-]";            // the line, its end, the next letter

static uint16_t partner[kMostCode];  // of each bracket
static char output[1024];

static void match_brackets(void) {
  uint16_t open[kMostCode];
  int depth = 0;
  for (uint16_t i = 0; code[i]; ++i) {
    if (code[i] == '[') open[depth++] = i;
    if (code[i] == ']') {
      partner[i] = open[--depth];
      partner[partner[i]] = i;
    }
  }
}

static int run(void) {
  uint8_t tape[kTape] = {0}, *cell = tape;
  int length = 0;
  for (int at = 0;; ++at) {
    switch (code[at]) {
      case '+':
        ++*cell;
        break;
      case '-':
        --*cell;
        break;
      case '>':
        ++cell;
        break;
      case '<':
        --cell;
        break;
      case '[':
        if (!*cell) at = partner[at];
        break;
      case ']':
        if (*cell) at = partner[at];
        break;
      case '.':
        output[length++] = (char)*cell;
        break;
      case '\0':
        return length;
    }
  }
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds), length = 0;
  match_brackets();
  for (int round = 0; round < rounds; ++round) length = run();
  fwrite(output, 1, (size_t)length, stdout);
  return 0;
}
