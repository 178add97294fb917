// SPDX-License-Identifier: Apache-2.0
// The validator's fast path: the frequent instructions as long as all is as expected, with the
// cursor and the stack pointer in registers. Whatever else comes, an error included, it leaves to
// slow_step, which starts the instruction over. Part of function_validator.hpp.
#pragma once

#include <algorithm>
#include <cstring>

#include "decoder/fast_leb128.hpp"
#include "decoder/function_validator.hpp"

namespace tinywasm::decoder {

namespace detail {

/// So many types are compared faster as bytes.
inline constexpr std::size_t kManyTypes = 16;

}  // namespace detail

template <class Sink>
struct FunctionValidator<Sink>::FastState {
  const std::uint8_t* pos;  // of the instruction
  const std::uint8_t* end;  // of the body
  ValType* sp;
  ValType* base;
  ValType* limit;
  const ValType* locals;
  std::uint32_t local_count;

  /// Pops and pushes what a row says if the stack holds exactly that. There are two loads for two
  /// operands: one of both would wait for the two stores that pushed them.
  bool take(const FastRow& row) {
    const std::uint32_t first = (sp[-2].bits() ^ row.operands[0].bits()) & row.operand_masks[0];
    const std::uint32_t second = (sp[-1].bits() ^ row.operands[1].bits()) & row.operand_masks[1];
    if ((first | second) != 0 || sp - base < row.pops || sp == limit) return false;
    sp -= row.pops;
    *sp = row.result;
    sp += row.pushes;
    return true;
  }

  /// Exactly these types lie on top, `above` entries below the stack pointer.
  bool has(std::span<const ValType> types, std::size_t above = 0) const {
    const std::size_t count = types.size() + above;
    if (static_cast<std::size_t>(sp - base) < count) return false;
    const ValType* const first = sp - count;
    if (types.size() >= detail::kManyTypes) [[unlikely]] {
      return std::memcmp(first, types.data(), types.size_bytes()) == 0;
    }
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (first[i] != types[i]) return false;
    }
    return true;
  }
};

namespace detail {

/// The longest instruction of the fast path: an opcode and an i64.const of ten bytes.
inline constexpr std::size_t kFastInsnBytes = 11;
/// The fast path goes no further at once, so that the sink is asked whether to go on.
inline constexpr std::size_t kSliceBytes = 2048;

template <class Bits>
inline Bits load_little_endian(const std::uint8_t* pos) {
  Bits bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits |= Bits{pos[i]} << (8 * i);
  return bits;
}

}  // namespace detail

template <class Sink>
void FunctionValidator<Sink>::fast_steps() {
  FastState state{.pos = reader_.position(),
                  .end = reader_.end_position(),
                  .sp = sp_,
                  .base = frame_base_,
                  .limit = limit_,
                  .locals = locals_.data(),
                  .local_count = fast_locals_};
  // An instruction may be read beyond the end of the body as long as that is inside of the module.
  const auto ahead = static_cast<std::size_t>(module_end_ - state.pos);
  if (ahead > detail::kFastInsnBytes) {
    const std::uint8_t* const slice = state.pos + std::min(ahead, detail::kSliceBytes);
    const std::uint8_t* const last =
        std::min({state.end, slice, module_end_ - detail::kFastInsnBytes});
    while (state.pos < last && fast_step(state)) {
    }
  }
  sp_ = state.sp;
  frame_base_ = state.base;
  reader_.set_position(state.pos);
}

/// Ends the instruction at `state.pos`: one that goes beyond the body is left to the slow path,
/// which reads it before it looks at the stack.
template <class Sink>
[[gnu::always_inline]] inline bool FunctionValidator<Sink>::fast_report(
    FastState& state, [[maybe_unused]] const FastRow& row, const std::uint8_t* next,
    [[maybe_unused]] std::uint32_t index, [[maybe_unused]] std::uint64_t value) {
  if (next > state.end) [[unlikely]]
    return false;
  if constexpr (kReports) {
    if (is_live_) {
      insn_.id = row.id;
      insn_.offset = reader_.offset_of(state.pos);
      insn_.index = index;
      insn_.value = value;
      sink_.insn(insn_);
    }
  }
  state.pos = next;
  return true;
}

template <class Sink>
[[gnu::always_inline]] inline bool FunctionValidator<Sink>::fast_step(FastState& state) {
  const FastRow& row = kFastRows[*state.pos];
  const std::uint8_t* next = state.pos + 1;
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  // local.get is every third instruction: a branch of its own is predicted better than the switch
  // on all of them.
  if (*state.pos == info(Insn::local_get).opcode) {
    next = fast_unsigned<2>(next, index);
    if (next == nullptr || index >= state.local_count || state.sp == state.limit) return false;
    *state.sp++ = state.locals[index];
    return fast_report(state, row, next, index);
  }
  switch (row.shape) {
    case FastShape::plain:
      return state.take(row) && fast_report(state, row, next);
    case FastShape::local_set:
    case FastShape::local_tee:
      next = fast_unsigned<2>(next, index);
      if (next == nullptr || index >= state.local_count || state.sp == state.base) return false;
      if (state.sp[-1] != state.locals[index]) return false;
      if (row.shape == FastShape::local_set) --state.sp;
      return fast_report(state, row, next, index);
    case FastShape::global_get:
      next = fast_unsigned<4>(next, index);
      if (next == nullptr || index >= known_globals_ || state.sp == state.limit) return false;
      *state.sp++ = module_.globals[index].type.type;
      return fast_report(state, row, next, index);
    case FastShape::global_set: {
      next = fast_unsigned<4>(next, index);
      if (next == nullptr || index >= known_globals_ || state.sp == state.base) return false;
      const GlobalType& type = module_.globals[index].type;
      if (!type.is_mutable || state.sp[-1] != type.type) return false;
      --state.sp;
      return fast_report(state, row, next, index);
    }
    case FastShape::i32_const:
      next = fast_signed<4>(next, value);
      if (next == nullptr || !state.take(row)) return false;
      return fast_report(state, row, next, 0, static_cast<std::uint32_t>(value));
    case FastShape::i64_const:
      next = fast_signed<9>(next, value);
      if (next == nullptr || !state.take(row)) return false;
      return fast_report(state, row, next, 0, value);
    case FastShape::f32_const:
      if constexpr (kReports) value = detail::load_little_endian<std::uint32_t>(next);
      return state.take(row) && fast_report(state, row, next + 4, 0, value);
    case FastShape::f64_const:
      if constexpr (kReports) value = detail::load_little_endian<std::uint64_t>(next);
      return state.take(row) && fast_report(state, row, next + 8, 0, value);
    case FastShape::memory: {
      const std::uint8_t align = *next;
      next = fast_unsigned<4>(next + 1, index);
      if (next == nullptr || align > row.alignment || !has_plain_memory_) return false;
      if constexpr (kReports) insn_.align = align;
      return state.take(row) && fast_report(state, row, next, 0, index);
    }
    case FastShape::drop:
      if (state.sp == state.base) return false;
      --state.sp;
      return fast_report(state, row, next);
    case FastShape::select:
      if (state.sp - state.base < 3 || state.sp[-1] != ValType::kI32) return false;
      if (state.sp[-2] != state.sp[-3] || state.sp[-2].is_ref()) return false;
      state.sp -= 2;
      return fast_report(state, row, next);
    case FastShape::block:
      return fast_block(state, row);
    case FastShape::end:
      return fast_end(state, row);
    case FastShape::br:
      next = fast_unsigned<2>(next, index);
      if (next == nullptr || index >= frames_.size()) return false;
      return fast_branch(state, row, frames_[frames_.size() - 1 - index].label_types(), next,
                         index);
    case FastShape::br_if:
      return fast_br_if(state, row);
    case FastShape::return_:
      return fast_branch(state, row, frames_.front().signature.results, next, 0);
    case FastShape::call:
      return fast_call(state, row);
    case FastShape::none:
      return false;
  }
  return false;
}

template <class Sink>
inline bool FunctionValidator<Sink>::fast_block(FastState& state, const FastRow& row) {
  const BlockSignature* const signature = one_byte_block_type(state.pos[1]);
  if (signature == nullptr || state.pos + 2 > state.end || tracks_locals_) return false;
  if (frames_.size() >= kMaxBlockDepth) return false;
  if (row.id == Insn::if_) {
    if (state.sp == state.base || state.sp[-1] != ValType::kI32) return false;
    --state.sp;
  }
  if constexpr (kReports) {
    if (is_live_) {
      insn_.id = row.id;
      insn_.offset = reader_.offset_of(state.pos);
      insn_.index = Instruction::kNoIndex;
      insn_.type = signature->results.empty() ? ValType{} : signature->results[0];
      sink_.block(insn_, *signature);
    }
  }
  frames_.push_back({.signature = *signature,
                     .height = static_cast<std::uint32_t>(state.sp - stack_.data()),
                     .id = row.id,
                     .reported = is_live_});
  state.base = state.sp;
  state.pos += 2;
  return true;
}

/// The results stay where they are: that is where the outer block has them.
template <class Sink>
inline bool FunctionValidator<Sink>::fast_end(FastState& state, const FastRow& row) {
  const Frame& frame = frames_.back();
  const std::span<const ValType> results = frame.signature.results;
  const auto there = static_cast<std::size_t>(state.sp - state.base);
  if (there != results.size() || !state.has(results) || tracks_locals_ || frames_.size() == 1) {
    return false;
  }
  if (frame.is_catch()) return false;
  // An `if` without `else` passes its parameters on: here it may have none, and so no results.
  if (frame.id == Insn::if_ && !(frame.signature.params.empty() && results.empty())) return false;
  const bool reported = frame.reported;
  if constexpr (kReports) {
    if (reported) {
      insn_.id = row.id;
      insn_.offset = reader_.offset_of(state.pos);
      sink_.end(insn_, !frame.unreachable);
    }
  }
  frames_.pop_back();
  is_live_ = reported;
  state.base = stack_.data() + frames_.back().height;
  state.pos += 1;
  return true;
}

/// br and return: what follows cannot be reached.
template <class Sink>
inline bool FunctionValidator<Sink>::fast_branch(FastState& state, const FastRow& row,
                                                 std::span<const ValType> types,
                                                 const std::uint8_t* next, std::uint32_t label) {
  if (!state.has(types) || !fast_report(state, row, next, label)) return false;
  state.sp = state.base;
  frames_.back().unreachable = true;
  is_live_ = false;
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::fast_br_if(FastState& state, const FastRow& row) {
  std::uint32_t label = 0;
  const std::uint8_t* const next = fast_unsigned<2>(state.pos + 1, label);
  if (next == nullptr || label >= frames_.size()) return false;
  const auto types = frames_[frames_.size() - 1 - label].label_types();
  if (!state.has(types, 1) || state.sp[-1] != ValType::kI32) return false;
  --state.sp;
  return fast_report(state, row, next, label);
}

template <class Sink>
inline bool FunctionValidator<Sink>::fast_call(FastState& state, const FastRow& row) {
  std::uint32_t function = 0;
  const std::uint8_t* const next = fast_unsigned<4>(state.pos + 1, function);
  if (next == nullptr || function >= module_.functions.size()) return false;
  const FuncType& type = module_.type_of_function(function);
  const std::size_t room = static_cast<std::size_t>(state.limit - state.sp);
  if (!state.has(type.params) || room < type.results.size()) return false;
  state.sp -= type.params.size();
  state.sp = std::copy(type.results.begin(), type.results.end(), state.sp);
  return fast_report(state, row, next, function);
}

}  // namespace tinywasm::decoder
