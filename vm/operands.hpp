// SPDX-License-Identifier: Apache-2.0
// The internal code's word format, shared by the handlers that read it and the emitter that writes
// it. A word is
//
//   [8-byte handler address][operands, packed by size: 8, 4, then 2 bytes][padding to 8]
//
// Its shape (Key) names the handler's statement and expression tree; a shape has one handler for
// every choice of places (register or slot) of its value operands.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "decoder/instructions.hpp"

namespace tinywasm::vm {

/// Registers of each class that handlers pass on: r0..r3 for integers, f0..f3 for floats.
inline constexpr unsigned kRegisters = 4;
/// Where a value operand lives: 0..kRegisters-1 in a register, or in a slot of the frame.
inline constexpr std::uint8_t kInSlot = kRegisters;
inline constexpr unsigned kPlaces = kRegisters + 1;

enum class OperandClass : std::uint8_t {
  int_value,    // r register, or 2 bytes: a slot of the frame
  float_value,  // f register, or 2 bytes: a slot of the frame
  imm4,         // i32 or f32 bits; for i64 a sign-extended 32-bit number
  imm8,         // i64 or f64 bits
  index4,       // a memory offset, or an own global's index
  target4,      // distance in bytes from this word to the target word, forwards
  target8,      // address of the target word of a back-edge
};

inline constexpr unsigned kMaxOperands = 8;

constexpr bool is_value(OperandClass c) { return c <= OperandClass::float_value; }

struct Layout {
  std::array<std::uint8_t, kMaxOperands> offset{};  // of operands that are not in registers
  std::uint8_t size = 0;                            // of the whole word
};

/// `places[i]` is read for value operands only.
constexpr Layout layout_of(const OperandClass* classes, const std::uint8_t* places,
                           unsigned count) {
  Layout layout;
  unsigned at = 8;
  for (unsigned bytes = 8; bytes >= 2; bytes /= 2) {
    for (unsigned i = 0; i < count; ++i) {
      const OperandClass c = classes[i];
      unsigned need = 4;
      if (is_value(c)) {
        need = places[i] == kInSlot ? 2 : 0;
      } else if (c == OperandClass::imm8 || c == OperandClass::target8) {
        need = 8;
      }
      if (need != bytes) continue;
      layout.offset[i] = static_cast<std::uint8_t>(at);
      at += bytes;
    }
  }
  layout.size = static_cast<std::uint8_t>((at + 7) / 8 * 8);
  return layout;
}

/// A shape as a sequence of 10-bit tokens: statement, instruction ids and leaves in preorder.
struct Key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend constexpr bool operator==(const Key&, const Key&) = default;
  friend constexpr auto operator<=>(const Key&, const Key&) = default;

  constexpr void add(std::uint16_t token) {
    high = (high << 10) | (low >> 54);
    low = (low << 10) | token;
  }
  constexpr void add(decoder::Insn insn) { add(static_cast<std::uint16_t>(insn)); }
};

/// Tokens above the instruction ids.
enum Token : std::uint16_t {
  kIntLeaf = 960,
  kFloatLeaf,
  kImmediateLeaf,
  kWideImmediateLeaf,
  kCopy32,  // a bare value as statement root: 32-bit integer, 64-bit integer or reference, floats
  kCopy64,
  kCopyF32,
  kCopyF64,
  kSet,
  kBranchIf,
  kBranchIfBack,
  kBranchUnless,
  kBranchUnlessBack,
  kReturn,
  kSetGlobal,
  kStepBranchBack,  // x += imm; branch back if compare(x, y)
  kSetBoth,
  kFar,  // after a load's or store's instruction: not of memory 0 with 32-bit addresses
  // Words with handlers of their own that can be part of a sequence; the number is that of the
  // array they are in.
  kEnterWord,
  kCallWord,
  kAfterCallWord,
  kSaveWord,
  kReloadWord,
  kJumpWord,
  kJumpBackWord,
  kReturnVoidWord,
  kFuelWord,
};

/// Names one handler: a shape with a choice of places, or another word with a number. These are
/// hashes, of which no two are equal (sequences_test.cpp), and even; 0 is none.
using WordName = std::uint64_t;
constexpr WordName name_of(const Key& key, std::size_t index) {
  std::uint64_t x = key.low ^ (key.high * 0x9E3779B97F4A7C15);
  x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9 + index;
  x = (x ^ (x >> 32)) * 0x94D049BB133111EB;
  return (x ^ (x >> 31)) << 1;
}
constexpr WordName name_of(Token word, std::size_t number) {
  Key key;
  key.add(word);
  return name_of(key, number);
}

/// The name of a word that polls for interrupts where it is in code that charges fuel: sequences of
/// such code need not poll.
constexpr WordName metered(WordName name) { return name | 1; }
constexpr WordName unmetered(WordName name) { return name & ~WordName{1}; }

/// Words that one handler may do in one go; four and one that charges fuel.
inline constexpr unsigned kMaxSequence = 5;

}  // namespace tinywasm::vm
