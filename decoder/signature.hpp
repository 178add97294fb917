// SPDX-License-Identifier: Apache-2.0
// The signatures of the instruction table, compiled at compile time into what the validator
// compares.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "decoder/instructions.hpp"
#include "decoder/types.hpp"

namespace tinywasm::decoder {

/// "ai:I" in numbers. An address ('a') is kBottom: its type depends on the memory.
struct Signature {
  std::array<ValType, 4> operands{};
  std::uint8_t pops = 0;
  std::uint8_t pushes = 0;
  ValType result;  // of each of them
};

namespace detail {

constexpr ValType type_of_letter(char letter) {
  switch (letter) {
    case 'i':
      return ValType::kI32;
    case 'I':
      return ValType::kI64;
    case 'f':
      return ValType::kF32;
    case 'F':
      return ValType::kF64;
    case 'v':
      return ValType::kV128;
    default:
      return ValType::kBottom;
  }
}

constexpr Signature parse_signature(std::string_view text) {
  Signature signature;
  if (text == "*") return signature;
  std::size_t i = 0;
  for (; text[i] != ':'; ++i) signature.operands[signature.pops++] = type_of_letter(text[i]);
  if (i + 1 < text.size()) {
    signature.pushes = static_cast<std::uint8_t>(text.size() - i - 1);
    signature.result = type_of_letter(text[i + 1]);
  }
  return signature;
}

constexpr auto make_signatures() {
  std::array<Signature, kInsnCount> all{};
  for (std::size_t i = 0; i < kInsnCount; ++i) all[i] = parse_signature(kInsns[i].signature);
  return all;
}

}  // namespace detail

inline constexpr auto kSignatures = detail::make_signatures();

constexpr const Signature& signature(Insn insn) {
  return kSignatures[static_cast<std::size_t>(insn)];
}

/// How the validator's fast path treats an instruction.
enum class FastShape : std::uint8_t {
  none,   // it does not; local.get has a branch of its own
  plain,  // no immediates
  local_set,
  local_tee,
  global_get,
  global_set,
  i32_const,
  i64_const,
  f32_const,
  f64_const,
  memory,
  drop,
  select,
  block,  // block, loop and if
  end,
  br,
  br_if,
  return_,
  call,
};

/// The row of a one-byte opcode for the fast path, in which addresses are i32.
struct FastRow {
  std::array<ValType, 2> operands{};             // the types of the two topmost operands
  std::array<std::uint32_t, 2> operand_masks{};  // which of them are popped: all bits or none
  ValType result;
  Insn id{};
  FastShape shape = FastShape::none;
  std::uint8_t pops = 0;
  std::uint8_t pushes = 0;
  std::uint8_t alignment = 0;
};

namespace detail {

constexpr FastShape shape_of(Insn id) {
  const InsnInfo& row = info(id);
  switch (id) {
    case Insn::local_set:
      return FastShape::local_set;
    case Insn::local_tee:
      return FastShape::local_tee;
    case Insn::i32_const:
      return FastShape::i32_const;
    case Insn::i64_const:
      return FastShape::i64_const;
    case Insn::f32_const:
      return FastShape::f32_const;
    case Insn::f64_const:
      return FastShape::f64_const;
    case Insn::global_get:
      return FastShape::global_get;
    case Insn::global_set:
      return FastShape::global_set;
    case Insn::drop:
      return FastShape::drop;
    case Insn::select:
      return FastShape::select;
    case Insn::block:
    case Insn::loop:
    case Insn::if_:
      return FastShape::block;
    case Insn::end:
      return FastShape::end;
    case Insn::br:
      return FastShape::br;
    case Insn::br_if:
      return FastShape::br_if;
    case Insn::return_:
      return FastShape::return_;
    case Insn::call:
      return FastShape::call;
    default:
      break;
  }
  if (row.is_special()) return FastShape::none;
  if (row.immediates == Immediates::none) return FastShape::plain;
  if (row.immediates >= Immediates::mem8 && row.immediates <= Immediates::mem128) {
    return FastShape::memory;
  }
  return FastShape::none;
}

constexpr FastRow make_fast_row(Insn id) {
  FastRow row;
  row.id = id;
  row.shape = shape_of(id);
  const Signature& types = signature(id);
  if (types.pops > 2) row.shape = FastShape::none;
  if (row.shape == FastShape::none) return row;
  for (std::size_t i = 0; i < types.pops; ++i) {
    const std::size_t slot = 2 - types.pops + i;
    const ValType type = types.operands[i];
    row.operands[slot] = type.is_bottom() ? ValType(ValType::kI32) : type;
    row.operand_masks[slot] = 0xffff'ffff;
  }
  row.result = types.result;
  row.pops = types.pops;
  row.pushes = types.pushes;
  row.alignment = static_cast<std::uint8_t>(info(id).natural_alignment());
  return row;
}

constexpr auto make_fast_rows() {
  std::array<FastRow, 256> rows{};
  for (std::size_t i = 0; i < kInsnCount; ++i) {
    if (kInsns[i].prefix == 0) rows[kInsns[i].opcode] = make_fast_row(static_cast<Insn>(i));
  }
  return rows;
}

}  // namespace detail

inline constexpr auto kFastRows = detail::make_fast_rows();

}  // namespace tinywasm::decoder
