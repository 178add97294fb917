// SPDX-License-Identifier: Apache-2.0
// Handlers of VECTOR rows, for the dispatcher that the including unit chose. The type of a row's
// function in vector.hpp says where each parameter comes from.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "vm/memory.hpp"
#include "vm/statements.hpp"
#include "vm/vector.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

using vector::InFrame;
using vector::Lane;
using vector::Lanes;
using vector::v128;

template <class R, class... A>
struct VectorSignature {
  using Result = R;
  template <unsigned I>
  using Arg = std::tuple_element_t<I, std::tuple<A...>>;
  static constexpr unsigned kArity = sizeof...(A);
  static constexpr bool kHasLanes = (std::is_same_v<A, Lanes> || ...);
  using Indices = std::make_integer_sequence<unsigned, kArity>;
  constexpr VectorSignature(R (*)(A...)) {}
};

/// The function of a VECTOR row.
template <Insn>
struct VectorRow;
#define INSN(...)
// clang-format off
#define VECTOR(id, ...)                                         \
  template <>                                                   \
  struct VectorRow<Insn::id> : decltype(VectorSignature(&vector::id)) { \
    template <class... A>                                       \
    TINYWASM_INLINE static auto eval(A... a) {                  \
      return vector::id(a...);                                  \
    }                                                           \
  };
// clang-format on
#include "decoder/instructions.def"
#undef INSN

// A row has at most one scalar, an operand or its result. There is a handler for each place of it.

template <class T, unsigned Place>
TINYWASM_INLINE T get_operand(Registers& R, std::uint16_t slot) {
  if constexpr (std::is_same_v<T, v128>) {
    v128 value;
    std::memcpy(&value, R.fp + slot, sizeof value);
    return value;
  } else if constexpr (std::is_same_v<T, InFrame>) {
    return {R.fp + slot};
  } else if constexpr (Place == kInSlot) {
    return from_slot<T>(R.fp[slot]);
  } else if constexpr (std::is_same_v<T, float>) {
    return float_register<Place>(R)[0];
  } else if constexpr (std::is_same_v<T, double>) {
    return ((V2F64)float_register<Place>(R))[0];
  } else {
    return static_cast<T>(int_register<Place>(R));
  }
}
template <unsigned Place, class T>
TINYWASM_INLINE void put_result(Registers& R, std::uint16_t slot, T value) {
  if constexpr (std::is_same_v<T, v128>) {
    std::memcpy(R.fp + slot, &value, sizeof value);
  } else if constexpr (Place == kInSlot) {
    R.fp[slot] = to_slot(value);
  } else if constexpr (is_float<T>) {
    float_register<Place>(R) = widen(value);
  } else {
    int_register<Place>(R) = value;
  }
}

/// Parameter I of a row's function.
template <class T, unsigned I, unsigned Place, class Word>
TINYWASM_INLINE T vector_argument(Registers& R, const Word& word) {
  if constexpr (std::is_same_v<T, Lane>) {
    return static_cast<Lane>(word.operand[2]);
  } else if constexpr (std::is_same_v<T, Lanes>) {
    Lanes lanes;
    std::memcpy(&lanes, word.bytes, sizeof lanes);
    return lanes;
  } else {
    return get_operand<T, Place>(R, word.operand[I]);
  }
}

template <Insn Op, unsigned Place, class Word, unsigned... I>
TINYWASM_INLINE auto eval_vector(Registers& R, const Word& word,
                                 std::integer_sequence<unsigned, I...>) {
  using Row = VectorRow<Op>;
  return Row::eval(vector_argument<typename Row::template Arg<I>, I, Place>(R, word)...);
}
/// The same where the first parameter comes from memory.
template <Insn Op, class Stored, class Word, unsigned First, unsigned... I>
TINYWASM_INLINE auto eval_vector_load(Registers& R, const Word& word, Stored stored,
                                      std::integer_sequence<unsigned, First, I...>) {
  using Row = VectorRow<Op>;
  return Row::eval(stored, vector_argument<typename Row::template Arg<I>, I, kInSlot>(R, word)...);
}
/// The same where the first operand is the address.
template <Insn Op, class Word, unsigned... I>
TINYWASM_INLINE auto eval_vector_store(Registers& R, const Word& word,
                                       std::integer_sequence<unsigned, I...>) {
  using Row = VectorRow<Op>;
  return Row::eval(vector_argument<typename Row::template Arg<I>, I + 1, kInSlot>(R, word)...);
}

/// Where an access of Size bytes goes, or null when that is out of bounds.
template <unsigned Size, unsigned Place>
TINYWASM_INLINE std::byte* vector_address(Registers& R, const VectorAccessWord& word) {
  const std::uint64_t address =
      std::uint64_t{get_operand<std::uint32_t, Place>(R, word.operand[0])} + word.offset;
  if (address >= R.ctx->access_limit[std::countr_zero(Size)]) [[unlikely]]
    return nullptr;
  return R.mem + address;
}
template <unsigned Size, unsigned Place>
TINYWASM_INLINE std::byte* vector_address(Registers& R, const VectorFarAccessWord& word) {
  // An i32 lies zero-extended in its slot: one form serves both address types.
  const Memory& memory = *R.ctx->instance->memories[word.memory];
  const std::uint64_t address = R.fp[word.operand[0]] + word.offset;
  if (address < word.offset || !in_bounds(address, Size, memory.size)) [[unlikely]]
    return nullptr;
  return memory.base + address;
}

template <Insn Op, unsigned Place>
TINYWASM_HANDLER vector_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using Row = VectorRow<Op>;
  using Word = std::conditional_t<Row::kHasLanes, VectorBytesWord, VectorWord>;
  const auto& word = read_word<Word>(R.pc);
  put_result<Place>(R, word.result, eval_vector<Op, Place>(R, word, typename Row::Indices{}));
  TINYWASM_NEXT(sizeof(Word));
}

template <Insn Op, class Word, unsigned Place>
TINYWASM_HANDLER vector_load_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using Row = VectorRow<Op>;
  using Stored = typename Row::template Arg<0>;
  const auto& word = read_word<Word>(R.pc);
  const std::byte* at = vector_address<sizeof(Stored), Place>(R, word);
  if (at == nullptr) [[unlikely]]
    TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 1>));
  put_result<kInSlot>(R, word.result,
                      eval_vector_load<Op>(R, word, read<Stored>(at), typename Row::Indices{}));
  TINYWASM_NEXT(sizeof(Word));
}

template <Insn Op, class Word, unsigned Place>
TINYWASM_HANDLER vector_store_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using Row = VectorRow<Op>;
  const auto& word = read_word<Word>(R.pc);
  std::byte* at = vector_address<sizeof(typename Row::Result), Place>(R, word);
  if (at == nullptr) [[unlikely]]
    TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 1>));
  const auto stored = eval_vector_store<Op>(R, word, typename Row::Indices{});
  std::memcpy(at, &stored, sizeof stored);
  TINYWASM_NEXT(sizeof(Word));
}

// ---- The rows' handlers by vector_index

constexpr bool is_vector_access(Insn op) { return decoder::info(op).signature.starts_with('a'); }
constexpr bool has_scalar(Insn op) {
  return decoder::info(op).signature.find_first_of("aiIfF") != std::string_view::npos;
}
template <Insn Op, class Word, unsigned Place>
constexpr Handler* vector_access_handler() {
  if constexpr (decoder::info(Op).signature.ends_with(':')) {
    return &vector_store_word<Op, Word, Place>;
  } else {
    return &vector_load_word<Op, Word, Place>;
  }
}
/// Null where there is none: v128.const is a word of words.def, without a scalar there is one place
/// only, and the portable dispatcher knows only slots.
template <Insn Op, unsigned Place>
constexpr Handler* vector_handler() {
#if defined(TINYWASM_LOOP_DISPATCH)
  constexpr bool kHasPlace = Place == kInSlot;
#else
  constexpr bool kHasPlace = Place == kInSlot || has_scalar(Op);
#endif
  if constexpr (Op == Insn::v128_const || !kHasPlace) {
    return nullptr;
  } else if constexpr (is_vector_access(Op)) {
    return vector_access_handler<Op, VectorAccessWord, Place>();
  } else {
    return &vector_word<Op, Place>;
  }
}
template <Insn Op>
constexpr Handler* far_vector_handler() {
  if constexpr (is_vector_access(Op)) {
    return vector_access_handler<Op, VectorFarAccessWord, kInSlot>();
  } else {
    return nullptr;
  }
}
constexpr Insn vector_row(std::size_t index) { return static_cast<Insn>(kFirstVector + index); }
template <std::size_t... I>
constexpr auto vector_handlers_of(std::index_sequence<I...>) {
  return std::array<Handler*, sizeof...(I)>{
      vector_handler<vector_row(I / kPlaces), I % kPlaces>()...};
}
template <std::size_t... I>
constexpr auto far_vector_handlers_of(std::index_sequence<I...>) {
  return std::array<Handler*, sizeof...(I)>{far_vector_handler<vector_row(I)>()...};
}
inline constexpr auto kVectors =
    vector_handlers_of(std::make_index_sequence<kVectorCount * kPlaces>{});
inline constexpr auto kFarVectors =
    far_vector_handlers_of(std::make_index_sequence<kVectorCount>{});

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
