// SPDX-License-Identifier: Apache-2.0
// Rewritings of operations that the translator makes.
#pragma once

#include "decoder/instructions.hpp"

namespace tinywasm::vm::ir {

using decoder::Insn;

/// The comparison that holds when its operands change places, or the instruction itself when they
/// may; nop when neither.
inline Insn swapped(Insn op) {
  switch (op) {
#define TINYWASM_SWAP(p)   \
  case Insn::p##_add:      \
  case Insn::p##_mul:      \
  case Insn::p##_and:      \
  case Insn::p##_or:       \
  case Insn::p##_xor:      \
  case Insn::p##_eq:       \
  case Insn::p##_ne:       \
    return op;             \
  case Insn::p##_lt_s:     \
    return Insn::p##_gt_s; \
  case Insn::p##_lt_u:     \
    return Insn::p##_gt_u; \
  case Insn::p##_gt_s:     \
    return Insn::p##_lt_s; \
  case Insn::p##_gt_u:     \
    return Insn::p##_lt_u; \
  case Insn::p##_le_s:     \
    return Insn::p##_ge_s; \
  case Insn::p##_le_u:     \
    return Insn::p##_ge_u; \
  case Insn::p##_ge_s:     \
    return Insn::p##_le_s; \
  case Insn::p##_ge_u:     \
    return Insn::p##_le_u;
    TINYWASM_SWAP(i32)
    TINYWASM_SWAP(i64)
#undef TINYWASM_SWAP
    case Insn::f32_add:
    case Insn::f32_mul:
    case Insn::f64_add:
    case Insn::f64_mul:
      return op;
    default:
      return Insn::nop;
  }
}

/// The integer comparison that is true when `op` is false; nop when there is none.
inline Insn negated(Insn op) {
  switch (op) {
#define TINYWASM_NEGATE(p) \
  case Insn::p##_eq:       \
    return Insn::p##_ne;   \
  case Insn::p##_ne:       \
    return Insn::p##_eq;   \
  case Insn::p##_lt_s:     \
    return Insn::p##_ge_s; \
  case Insn::p##_lt_u:     \
    return Insn::p##_ge_u; \
  case Insn::p##_gt_s:     \
    return Insn::p##_le_s; \
  case Insn::p##_gt_u:     \
    return Insn::p##_le_u; \
  case Insn::p##_le_s:     \
    return Insn::p##_gt_s; \
  case Insn::p##_le_u:     \
    return Insn::p##_gt_u; \
  case Insn::p##_ge_s:     \
    return Insn::p##_lt_s; \
  case Insn::p##_ge_u:     \
    return Insn::p##_lt_u;
    TINYWASM_NEGATE(i32)
    TINYWASM_NEGATE(i64)
#undef TINYWASM_NEGATE
    default:
      return Insn::nop;
  }
}

}  // namespace tinywasm::vm::ir
