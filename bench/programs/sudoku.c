// SPDX-License-Identifier: Apache-2.0
// Sudoku by backtracking over sets of digits, and queens on a board: bits, and recursion that
// takes back what it tried.
#include <stdint.h>
#include <string.h>

#include "size.h"

enum { kRounds = 2000, kCells = 81, kQueens = 8, kAllDigits = 0x1ff };

static uint16_t in_row[9], in_column[9], in_box[9];  // the digits used, one bit each
static char board[kCells + 1];
static int tries;

static int box_of(int row, int column) { return row / 3 * 3 + column / 3; }

static void toggle(int cell, uint16_t digit) {
  in_row[cell / 9] ^= digit;
  in_column[cell % 9] ^= digit;
  in_box[box_of(cell / 9, cell % 9)] ^= digit;
}

static int solve(void) {
  int best = -1, fewest = 10;
  uint16_t digits = 0;
  for (int cell = 0; cell < kCells; ++cell) {  // the free cell with the smallest choice
    if (board[cell] != '.') continue;
    int row = cell / 9, column = cell % 9;
    uint16_t possible =
        kAllDigits & (uint16_t)~(in_row[row] | in_column[column] | in_box[box_of(row, column)]);
    int count = __builtin_popcount(possible);
    if (count < fewest) fewest = count, best = cell, digits = possible;
  }
  if (best < 0) return 1;
  for (; digits; digits &= (uint16_t)(digits - 1)) {
    uint16_t digit = digits & (uint16_t)-digits;
    ++tries;
    board[best] = (char)('1' + __builtin_ctz(digit));
    toggle(best, digit);
    if (solve()) return 1;
    toggle(best, digit);
  }
  board[best] = '.';
  return 0;
}

static int solve_text(const char* text) {
  memset(in_row, 0, sizeof in_row);
  memset(in_column, 0, sizeof in_column);
  memset(in_box, 0, sizeof in_box);
  strcpy(board, text);
  for (int cell = 0; cell < kCells; ++cell) {
    if (board[cell] != '.') toggle(cell, (uint16_t)(1 << (board[cell] - '1')));
  }
  return solve();
}

static int queens(unsigned columns, unsigned rising, unsigned falling) {
  if (columns == (1u << kQueens) - 1) return 1;
  int solutions = 0;
  unsigned free = ~(columns | rising | falling) & ((1u << kQueens) - 1);
  for (; free; free &= free - 1) {
    unsigned queen = free & -free;
    solutions += queens(columns | queen, (rising | queen) << 1, (falling | queen) >> 1);
  }
  return solutions;
}

int main(int argc, char** argv) {
  int rounds = size_argument(argc, argv, kRounds), solutions = 0;
  // Two with a single solution, and one that leaves nearly everything open.
  static const char* const puzzles[] = {
      "....9...1.84.......92.4......72.3...6..514..2......3........96.......7....1.784..",
      "..1.8..6.3........6.4..3....3.6.71...7...28.....81...984..7..5.......2..7.21..4..",
      "........1.......2.......3.......4.......5.......6.......7.......8.......9.......",
  };
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 3; ++i) {
      int solved = solve_text(puzzles[i]);
      if (round == 0) printf("%s %s\n", solved ? "solved:     " : "no solution:", board);
    }
    volatile unsigned none = 0;
    solutions += queens(none, none, none);
  }
  printf("%d digits tried; %d x %d queens: %d solutions\n", tries, rounds, kQueens, solutions);
  return 0;
}
