// SPDX-License-Identifier: Apache-2.0
// Handlers of the words of words.def that compute: on memories, tables, globals, references,
// vectors and in 128 bits. For the dispatcher that the including unit chose.
#pragma once

#include <cstring>

#include "vm/canonical.hpp"
#include "vm/fuel.hpp"
#include "vm/gc_operations.hpp"
#include "vm/object_handlers.hpp"
#include "vm/operations.hpp"
#include "vm/short_copies.hpp"
#include "vm/statements.hpp"
#include "vm/wide_arithmetic.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

TINYWASM_INLINE void reload_memory(Registers& R) {
  const Memory* memory = R.ctx->instance->memory0;
  R.mem = memory->base;
  R.ctx->set_memory_size(memory->size);
}

// ---- Instructions whose work is done in operations.hpp. Operands and result are in slots.

#define TINYWASM_OPERATION(name)                                       \
  [[gnu::noinline]] TINYWASM_HANDLER name##_word(TINYWASM_REGISTERS) { \
    TINYWASM_ENTER;                                                    \
    const auto& word = read_word<RuntimeWord>(R.pc);                   \
    const Trap trap = name##_operation(R, word);                       \
    if (trap != Trap::none) [[unlikely]]                               \
      TINYWASM_TRAP_VALUE(trap);                                       \
    TINYWASM_NEXT(sizeof(RuntimeWord));                                \
  }

/// What a grow instruction answers: index2 says whether as i64.
TINYWASM_INLINE Slot grow_result(const RuntimeWord& w, std::uint64_t old_size) {
  return w.index2 != 0 ? old_size : static_cast<std::uint32_t>(old_size);
}

TINYWASM_INLINE Trap global_get_far_operation(Registers& R, const RuntimeWord& w) {
  R.fp[w.result] = R.ctx->instance->globals[w.index]->value[0];
  return Trap::none;
}
TINYWASM_INLINE Trap global_set_far_operation(Registers& R, const RuntimeWord& w) {
  R.ctx->instance->globals[w.index]->value[0] = R.fp[w.a];
  return Trap::none;
}
TINYWASM_INLINE Trap memory_size_operation(Registers& R, const RuntimeWord& w) {
  R.fp[w.result] = memory_size(*R.ctx, w.index);
  return Trap::none;
}
TINYWASM_INLINE Trap memory_grow_operation(Registers& R, const RuntimeWord& w) {
  const Trap trap = charge_memory_growth(*R.ctx, w.index, R.fp[w.a]);
  if (trap != Trap::none) return trap;
  R.fp[w.result] = grow_result(w, memory_grow(*R.ctx, w.index, R.fp[w.a]));
  reload_memory(R);
  return Trap::none;
}
TINYWASM_INLINE Trap memory_init_operation(Registers& R, const RuntimeWord& w) {
  return memory_init(*R.ctx, w.index, w.index2, R.fp[w.a], R.fp[w.b], R.fp[w.c]);
}
TINYWASM_INLINE Trap data_drop_operation(Registers& R, const RuntimeWord& w) {
  data_drop(*R.ctx, w.index);
  return Trap::none;
}
TINYWASM_INLINE Trap memory_copy_any_operation(Registers& R, const RuntimeWord& w) {
  return memory_copy(*R.ctx, w.index, w.index2, R.fp[w.a], R.fp[w.b], R.fp[w.c]);
}
TINYWASM_INLINE Trap memory_fill_any_operation(Registers& R, const RuntimeWord& w) {
  return memory_fill(*R.ctx, w.index, R.fp[w.a], static_cast<std::uint32_t>(R.fp[w.b]), R.fp[w.c]);
}
TINYWASM_INLINE Trap table_get_operation(Registers& R, const RuntimeWord& w) {
  return table_get(*R.ctx, w.index, R.fp[w.a], R.fp[w.result]);
}
TINYWASM_INLINE Trap table_set_operation(Registers& R, const RuntimeWord& w) {
  return table_set(*R.ctx, w.index, R.fp[w.a], R.fp[w.b]);
}
TINYWASM_INLINE Trap table_size_operation(Registers& R, const RuntimeWord& w) {
  R.fp[w.result] = R.ctx->instance->tables[w.index]->size;
  return Trap::none;
}
TINYWASM_INLINE Trap table_grow_operation(Registers& R, const RuntimeWord& w) {
  const Trap trap = charge_table_growth(*R.ctx, w.index, R.fp[w.b]);
  if (trap != Trap::none) return trap;
  R.fp[w.result] = grow_result(w, table_grow(*R.ctx, w.index, R.fp[w.a], R.fp[w.b]));
  return Trap::none;
}
TINYWASM_INLINE Trap table_fill_operation(Registers& R, const RuntimeWord& w) {
  return table_fill(*R.ctx, w.index, R.fp[w.a], R.fp[w.b], R.fp[w.c]);
}
TINYWASM_INLINE Trap table_copy_operation(Registers& R, const RuntimeWord& w) {
  return table_copy(*R.ctx, w.index, w.index2, R.fp[w.a], R.fp[w.b], R.fp[w.c]);
}
TINYWASM_INLINE Trap table_init_operation(Registers& R, const RuntimeWord& w) {
  return table_init(*R.ctx, w.index, w.index2, R.fp[w.a], R.fp[w.b], R.fp[w.c]);
}
TINYWASM_INLINE Trap elem_drop_operation(Registers& R, const RuntimeWord& w) {
  elem_drop(*R.ctx, w.index);
  return Trap::none;
}
TINYWASM_INLINE Trap ref_func_operation(Registers& R, const RuntimeWord& w) {
  R.fp[w.result] = ref_func(*R.ctx, w.index);
  return Trap::none;
}

TINYWASM_INLINE Trap move_slots_operation(Registers& R, const RuntimeWord& w) {
  std::memmove(R.fp + w.result, R.fp + w.a, std::size_t{w.index} * sizeof(Slot));
  return Trap::none;
}
TINYWASM_INLINE Trap trap_if_zero_operation(Registers& R, const RuntimeWord& w) {
  return R.fp[w.a] != 0 ? Trap::none : static_cast<Trap>(w.index);
}

TINYWASM_OPERATION(global_get_far)
TINYWASM_OPERATION(global_set_far)
TINYWASM_OPERATION(move_slots)
TINYWASM_OPERATION(memory_size)
TINYWASM_OPERATION(memory_grow)
TINYWASM_OPERATION(memory_init)
TINYWASM_OPERATION(data_drop)
static_assert(kShortCopy <= kBytesOfInstruction);
/// Whether the range of a short copy or fill lies in memory 0 as the running code knows it; what
/// does not is left to the operation.
TINYWASM_INLINE bool is_short_range(const Registers& R, std::uint64_t at, std::uint64_t size) {
  const std::uint64_t end = R.ctx->access_limit[0];
  return size <= kShortCopy && size <= end && at <= end - size;
}
TINYWASM_OPERATION(memory_copy_any)
TINYWASM_HANDLER memory_copy_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const std::uint64_t to = R.fp[word.a];
  const std::uint64_t from = R.fp[word.b];
  const std::uint64_t size = R.fp[word.c];
  if ((word.index | word.index2) != 0 || !is_short_range(R, to, size) ||
      !is_short_range(R, from, size)) {
    TINYWASM_GOTO(memory_copy_any_word);
  }
  short_copy(R.mem + to, R.mem + from, size);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_OPERATION(memory_fill_any)
TINYWASM_HANDLER memory_fill_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const std::uint64_t to = R.fp[word.a];
  const std::uint64_t size = R.fp[word.c];
  if (word.index != 0 || !is_short_range(R, to, size)) TINYWASM_GOTO(memory_fill_any_word);
  short_fill(R.mem + to, static_cast<std::uint8_t>(R.fp[word.b]), size);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_OPERATION(table_get)
TINYWASM_OPERATION(table_set)
TINYWASM_OPERATION(table_size)
TINYWASM_OPERATION(table_grow)
TINYWASM_OPERATION(table_fill)
TINYWASM_OPERATION(table_copy)
TINYWASM_OPERATION(table_init)
TINYWASM_OPERATION(elem_drop)
TINYWASM_OPERATION(ref_func)
TINYWASM_OPERATION(trap_if_zero)
#undef TINYWASM_OPERATION

// ---- Vectors

TINYWASM_INLINE vector::v128 read_vector(const Slot* from) {
  vector::v128 value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
TINYWASM_INLINE void copy_vector(Slot* to, const Slot* from) {
  const vector::v128 value = read_vector(from);
  std::memcpy(to, &value, sizeof value);
}

TINYWASM_HANDLER vector_copy_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<VectorWord>(R.pc);
  copy_vector(R.fp + word.result, R.fp + word.operand[0]);
  TINYWASM_NEXT(sizeof(VectorWord));
}
TINYWASM_HANDLER vector_const_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<VectorBytesWord>(R.pc);
  copy_vector(R.fp + word.result, word.bytes);
  TINYWASM_NEXT(sizeof(VectorBytesWord));
}
TINYWASM_HANDLER vector_select_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const bool first = static_cast<std::uint32_t>(R.fp[word.c]) != 0;
  copy_vector(R.fp + word.result, R.fp + (first ? word.a : word.b));
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_HANDLER vector_global_get_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  copy_vector(R.fp + word.result, R.ctx->instance->globals[word.index]->value);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_HANDLER vector_global_set_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  copy_vector(R.ctx->instance->globals[word.index]->value, R.fp + word.a);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}

#define TINYWASM_CANONICAL(name, expression)               \
  TINYWASM_HANDLER name##_word(TINYWASM_REGISTERS) {       \
    TINYWASM_ENTER;                                        \
    const auto& word = read_word<RuntimeWord>(R.pc);       \
    const Slot* from = R.fp + word.a;                      \
    const auto value = expression;                         \
    std::memcpy(R.fp + word.result, &value, sizeof value); \
    TINYWASM_NEXT(sizeof(RuntimeWord));                    \
  }
TINYWASM_CANONICAL(canonical_f32, canonical(from_slot<float>(*from)))
TINYWASM_CANONICAL(canonical_f64, canonical(from_slot<double>(*from)))
TINYWASM_CANONICAL(canonical_f32x4, canonical_lanes<float>(read_vector(from)))
TINYWASM_CANONICAL(canonical_f64x2, canonical_lanes<double>(read_vector(from)))
#undef TINYWASM_CANONICAL

// ---- Wide arithmetic

#define TINYWASM_WIDE(name, ...)                                            \
  TINYWASM_HANDLER name##_word(TINYWASM_REGISTERS) {                        \
    TINYWASM_ENTER;                                                         \
    const auto& word = read_word<WideWord>(R.pc);                           \
    const auto operand = [&](unsigned i) { return R.fp[word.operand[i]]; }; \
    const numeric::Wide value = numeric::name(__VA_ARGS__);                 \
    R.fp[word.result] = value.low;                                          \
    R.fp[word.result + 1] = value.high;                                     \
    TINYWASM_NEXT(sizeof(WideWord));                                        \
  }
TINYWASM_WIDE(i64_add128, operand(0), operand(1), operand(2), operand(3))
TINYWASM_WIDE(i64_sub128, operand(0), operand(1), operand(2), operand(3))
TINYWASM_WIDE(i64_mul_wide_s, operand(0), operand(1))
TINYWASM_WIDE(i64_mul_wide_u, operand(0), operand(1))
#undef TINYWASM_WIDE

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
