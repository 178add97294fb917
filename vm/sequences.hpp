// SPDX-License-Identifier: Apache-2.0
// Sequences: handlers that do the work of several words which lie one after the other, with one
// dispatch (Proebsting 1995: superinstructions). The words stay as they are; where a sequence
// begins, the first word's handler is replaced by the sequence's. So a branch to a word in its
// middle, a trap there, and the operands' places need nothing special.
//
// sequences.def lists those that exist. They are chosen from profiles of real programs, by concrete
// handlers (bench/README.md). A unit makes the handlers of a part of the list.
#pragma once

#include <array>
#include <bit>
#include <span>

#include "vm/shapes.hpp"
#include "vm/word_handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

inline constexpr unsigned kSequenceUnits = 4;
inline constexpr std::size_t kSequenceCount = 0
#define SEQUENCE(...) +1
#include "vm/sequences.def"
#undef SEQUENCE
    ;

/// A step of code that charges fuel, which looks for interrupts whenever a slice of the fuel is
/// used up (see refuel): its functions' entries and back-edges need no poll of their own. A handler
/// of a single word polls nevertheless; only sequences are made twice.
template <class Step>
struct Metered : Step {
  static constexpr WordName kName = metered(Step::kName);
  TINYWASM_INLINE static Flow run(Registers& R) {
    R.metered = true;
    return Step::run(R);
  }
};

template <class A, class B, class C = void, class D = void, class E = void>
TINYWASM_HANDLER sequence_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  TINYWASM_RUN(A);
  R.pc += A::kSize;
  TINYWASM_RUN(B);
  if constexpr (!std::is_void_v<C>) {
    R.pc += B::kSize;
    TINYWASM_RUN(C);
    if constexpr (!std::is_void_v<D>) {
      R.pc += C::kSize;
      TINYWASM_RUN(D);
      if constexpr (!std::is_void_v<E>) {
        R.pc += D::kSize;
        TINYWASM_RUN(E);
        TINYWASM_NEXT(E::kSize);
      } else {
        TINYWASM_NEXT(D::kSize);
      }
    } else {
      TINYWASM_NEXT(C::kSize);
    }
  } else {
    TINYWASM_NEXT(B::kSize);
  }
}

struct Sequence {
  std::array<WordName, kMaxSequence> words{};
  Handler* handler = nullptr;
};

/// A hash table with open addressing of the sequences whose hash belongs to one unit.
template <unsigned Unit>
struct SequenceTable {
  // At least a third is free: the share of a unit is not exact.
  static constexpr std::size_t kSize = std::bit_ceil(kSequenceCount * 3 / 2 / kSequenceUnits + 16);
  std::array<Sequence, kSize> entries{};

  template <class... Steps>
  constexpr void add() {
    constexpr std::array words{Steps::kName...};
    constexpr std::uint64_t hash = sequence_hash(words);
    if constexpr (hash % kSequenceUnits == Unit) {
      std::size_t at = hash / kSequenceUnits % kSize;
      while (entries[at].handler != nullptr) at = (at + 1) % kSize;
      std::copy(words.begin(), words.end(), entries[at].words.begin());
      entries[at].handler = &sequence_word<Steps...>;
    }
  }
};

constexpr SequenceBeginnings beginnings_of_sequences() {
  SequenceBeginnings beginnings;
#define SEQUENCE(...) beginnings.add<__VA_ARGS__>();
#include "vm/sequences.def"
#undef SEQUENCE
  return beginnings;
}

template <unsigned Unit>
constexpr SequenceTable<Unit> sequences_of_unit() {
  SequenceTable<Unit> table;
#define SEQUENCE(...) table.template add<__VA_ARGS__>();
#include "vm/sequences.def"
#undef SEQUENCE
  return table;
}

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
