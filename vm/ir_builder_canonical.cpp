// SPDX-License-Identifier: Apache-2.0
// What the deterministic profile adds to float instructions.
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {
namespace {

constexpr bool is_between(Insn op, Insn first, Insn last) { return op >= first && op <= last; }

/// Instructions whose NaN results the specification leaves open (4.3.3 "NaN propagation"), by the
/// shape of the result. abs, neg, copysign, pmin and pmax only move bits.
bool computes_f32(Insn op) {
  return is_between(op, Insn::f32_ceil, Insn::f32_max) || op == Insn::f32_demote_f64;
}
bool computes_f64(Insn op) {
  return is_between(op, Insn::f64_ceil, Insn::f64_max) || op == Insn::f64_promote_f32;
}
bool computes_f32x4(Insn op) {
  switch (op) {
    case Insn::f32x4_demote_f64x2_zero:
    case Insn::f32x4_relaxed_madd:
    case Insn::f32x4_relaxed_nmadd:
    case Insn::f32x4_relaxed_min:
    case Insn::f32x4_relaxed_max:
      return true;
    default:
      return is_between(op, Insn::f32x4_ceil, Insn::f32x4_nearest) ||
             is_between(op, Insn::f32x4_sqrt, Insn::f32x4_max);
  }
}
bool computes_f64x2(Insn op) {
  switch (op) {
    case Insn::f64x2_promote_low_f32x4:
    case Insn::f64x2_ceil:
    case Insn::f64x2_floor:
    case Insn::f64x2_trunc:
    case Insn::f64x2_nearest:
    case Insn::f64x2_relaxed_madd:
    case Insn::f64x2_relaxed_nmadd:
    case Insn::f64x2_relaxed_min:
    case Insn::f64x2_relaxed_max:
      return true;
    default:
      return is_between(op, Insn::f64x2_sqrt, Insn::f64x2_max);
  }
}

}  // namespace

void Builder::canonicalise(Insn op) {
  if (!options_.deterministic) return;
  const Type f32 = Type::f32;
  const Type f64 = Type::f64;
  const Type v128 = Type::v128;
  if (computes_f32(op)) return vector_runtime(WordId::canonical_f32, 1, &f32);
  if (computes_f64(op)) return vector_runtime(WordId::canonical_f64, 1, &f64);
  if (computes_f32x4(op)) return vector_runtime(WordId::canonical_f32x4, 1, &v128);
  if (computes_f64x2(op)) return vector_runtime(WordId::canonical_f64x2, 1, &v128);
}

}  // namespace tinywasm::vm::ir
