// SPDX-License-Identifier: Apache-2.0
// What the translator and the interpreter's entry know of a dispatcher: its handlers' addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vm/operands.hpp"
#include "vm/runtime.hpp"

// The tail dispatcher needs guaranteed tail calls in a convention with enough registers: clang 19's
// preserve_none, or GCC's sibling calls on x86-64. The build leaves its units out where there is
// none, or when TINYWASM_TAIL_DISPATCH is OFF.
#if !defined(TINYWASM_HAS_TAIL_DISPATCH)
#if defined(__clang__)
#if __has_attribute(preserve_none) && (defined(__x86_64__) || defined(__aarch64__))
#define TINYWASM_HAS_TAIL_DISPATCH 1
#endif
#elif defined(__GNUC__) && defined(__x86_64__)
#define TINYWASM_HAS_TAIL_DISPATCH 1
#endif
#endif
#ifndef TINYWASM_HAS_TAIL_DISPATCH
#define TINYWASM_HAS_TAIL_DISPATCH 0
#endif

namespace tinywasm::vm {

/// A handler of either dispatcher, with its type forgotten.
using HandlerAddress = const void*;
static_assert(sizeof(HandlerAddress) == sizeof(void (*)()));

/// The handlers of one shape, indexed by the places of its value operands: the first operand is the
/// most significant digit in base kPlaces. `plain` shapes have one handler, for slots only.
struct Shape {
  Key key;
  const void* handlers = nullptr;  // an array of function pointers
  std::uint16_t count = 0;
  std::uint8_t operand_count = 0;
  bool narrow = false;  // operand 0 in register 0 or a slot only: a digit in base 2
  std::array<OperandClass, kMaxOperands> classes{};
};

/// Frame sizes come in steps of kFrameStep slots; calls from frames of up to kFrameClasses steps
/// have handlers with the size as a constant.
inline constexpr unsigned kFrameStep = 4;
inline constexpr unsigned kFrameClasses = 16;
/// Bit masks of r1 r2 r3.
inline constexpr unsigned kMasks = 8;
/// Where a call's integer result goes from r0: nowhere (it stays or there is none), a slot, or
/// r1..r3 (kTakeSlot + 1..3).
inline constexpr unsigned kTakeNone = 0;
inline constexpr unsigned kTakeSlot = 1;
inline constexpr unsigned kTakes = kTakeSlot + kRegisters;
/// Slots below a frame: fp[-1] the return pc, fp[-2] the caller's instance where it may differ.
inline constexpr unsigned kLinkage = 2;

/// Words with handlers of their own, one row of words.def each.
enum class WordId : std::uint16_t {
#define WORD(name) name,
#include "vm/words.def"
#undef WORD
};
inline constexpr unsigned kWordCount = 0
#define WORD(name) +1
#include "vm/words.def"
#undef WORD
    ;

/// The rows of vector instructions, one after the other.
inline constexpr auto kFirstVector = static_cast<std::size_t>(decoder::Insn::v128_load);
inline constexpr auto kVectorCount =
    static_cast<std::size_t>(decoder::Insn::i32x4_relaxed_dot_i8x16_i7x16_add_s) - kFirstVector + 1;
constexpr std::size_t vector_index(decoder::Insn insn) {
  return static_cast<std::size_t>(insn) - kFirstVector;
}

/// What may be the beginning of a sequence, two words at least: a Bloom filter with one hash.
class SequenceBeginnings {
 public:
  static constexpr std::uint64_t extend(std::uint64_t hash, WordName word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15;
    return hash ^ hash >> 32;
  }
  constexpr bool may_have(std::uint64_t hash) const {
    return (bits_[hash / 64 % bits_.size()] >> hash % 64 & 1) != 0;
  }
  template <class First, class... Steps>
  constexpr void add() {
    std::uint64_t hash = extend(0, First::kName);
    (set(hash = extend(hash, Steps::kName)), ...);
  }

 private:
  constexpr void set(std::uint64_t hash) {
    bits_[hash / 64 % bits_.size()] |= std::uint64_t{1} << hash % 64;
  }
  std::array<std::uint64_t, 2048> bits_{};
};
/// The hash of a whole sequence.
constexpr std::uint64_t sequence_hash(std::span<const WordName> words) {
  std::uint64_t hash = 0;
  for (const WordName word : words) hash = SequenceBeginnings::extend(hash, word);
  return hash;
}

/// A dispatcher's handlers: arrays of function pointers, whose type is its own affair.
struct Handlers {
  const void* words = nullptr;        // by WordId
  const void* enters = nullptr;       // by bit mask: parameters in r1 r2 r3
  const void* calls = nullptr;        // by frame class and bit mask: r1 r2 r3 saved
  const void* after_calls = nullptr;  // by frame class, bit mask reloaded, and Take
  const void* saves = nullptr;        // by bit mask: r1 r2 r3
  const void* reloads = nullptr;      // by bit mask: r1 r2 r3
  const void* float_saves = nullptr;  // by bit mask: f1 f2 f3
  const void* float_reloads = nullptr;
  const void* br_tables = nullptr;                // by 2 * (targets - 1) + (index in r0), or null
  const void* vectors = nullptr;                  // by vector_index and the scalar's place
  const void* far_vectors = nullptr;              // by vector_index, for accesses of any memory
  const void* atomics = nullptr;                  // by atomic_index
  const std::byte* return_instance_pc = nullptr;  // a word that return_instance handles
  bool plain = false;                             // shapes exist for slots only
  /// The handler that does the work of several words at once, or null; `hash` is their
  /// sequence_hash().
  HandlerAddress (*sequence)(std::span<const WordName> words, std::uint64_t hash) = nullptr;
  const SequenceBeginnings* sequence_beginnings = nullptr;
  /// Runs from `pc` until a halt word or a trap.
  void (*run)(const std::byte* pc, Slot* fp, Context* ctx) = nullptr;
};

class Dispatcher : public Handlers {
 public:
  Dispatcher(std::span<const std::span<const Shape>> families, const Handlers& handlers);

  /// All shapes, in no order.
  std::vector<const Shape*> shapes() const;
  /// The shape of a key, or null.
  const Shape* find(const Key& key) const;
  HandlerAddress word(WordId id) const { return at(words, static_cast<std::size_t>(id)); }
  static HandlerAddress at(const void* handlers, std::size_t index) {
    return static_cast<const HandlerAddress*>(handlers)[index];
  }

 private:
  // Most keys that the search for covers asks for have no shape. A bit for each hash (Bloom 1970)
  // ends those lookups in a few lines of the cache.
  std::array<std::uint64_t, 512> there_{};  // by the 15 highest bits
  std::vector<const Shape*> table_;         // a hash table with open addressing
  std::size_t mask_ = 0;
};

inline constexpr unsigned kSwitchTargets = 32;

const Dispatcher& tail_dispatcher();
const Dispatcher& loop_dispatcher();

}  // namespace tinywasm::vm
