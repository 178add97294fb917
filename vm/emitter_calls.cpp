// SPDX-License-Identifier: Apache-2.0
// Calls: arguments into the callee's frame, registers to their home slots and back, results.
#include <algorithm>
#include <bit>

#include "vm/emitter.hpp"

namespace tinywasm::vm::ir {

/// Evaluates a call's arguments into the first slots of the callee's frame.
void Emitter::arguments(const Statement& s) {
  if (s.in_slots()) return move(s.operands, frame_, s.operand_count);
  for (std::uint32_t i = 0; i < s.operand_count; ++i) {
    const NodeId argument = f_.operands[s.operands + i];
    if (f_.nodes[argument].kind != NodeKind::upper) evaluate(slot(frame_ + i), argument);
  }
}

void Emitter::call(const Statement& s) {
  arguments(s);
  const Place index = s.nodes != 0 ? into_slot(s.node[0]) : Place{};
  const CandidateSet across = allocation_.live_out(current_) & ~allocation_.set_of(s.variable);
  const CandidateSet dirty = (across | allocation_.live_in_handlers(region_)) & valid_ & ~clean_;
  clean_ |= dirty;
  move_registers(dispatcher_.float_saves, true, dirty);
  if (s.kind == StatementKind::call && frame_ / kFrameStep <= kFrameClasses) {
    call_direct(s, dirty);
    return after_call(s, across);
  }
  move_registers(dispatcher_.saves, false, dirty);
  if (s.kind == StatementKind::call) {
    auto& word = append<CallWideWord>(dispatcher_.word(WordId::call_wide));
    word.frame = frame_;
    callee(word.callee, s.index);
  } else if (s.kind == StatementKind::call_import) {
    auto& word = append<CallImportWord>(dispatcher_.word(WordId::call_import));
    word.index = s.index;
    word.frame = frame_;
  } else {
    auto& word = append<CallIndirectWord>(dispatcher_.word(
        s.kind == StatementKind::call_ref ? WordId::call_ref : WordId::call_indirect));
    word.type = s.index;
    word.table = s.index2;
    word.frame = frame_;
    word.index = index.slot;
    release(index);
  }
  note(0, s.offset);
  break_sequence();
  append<FrameWord>(dispatcher_.word(s.kind == StatementKind::call ? WordId::after_call_wide
                                                                   : WordId::after_instance_call))
      .frame = frame_;
  valid_ = 0;
  take_results(s);
}

/// Leaves a callee in the word just written to relocate(): the cells are the variant's.
void Emitter::callee(const std::byte* const& operand, std::uint32_t function, bool is_cell) {
  const auto* const at = reinterpret_cast<const std::byte*>(&operand);
  callees_.push_back({static_cast<std::uint32_t>(at - code_.data()), function, is_cell});
}

/// A call with the frame's size and the saved registers in the handler.
void Emitter::call_direct(const Statement& s, CandidateSet saved) {
  std::uint16_t slots[4] = {0, 0, 0, 0};
  const unsigned mask = register_mask(saved, false, slots);
  const std::size_t number = (frame_ / kFrameStep - 1) * kMasks + mask;
  const HandlerAddress handler = Dispatcher::at(dispatcher_.calls, number);
  const WordName name = name_of(kCallWord, number);
  if (mask == 0) {
    callee(append<CallWord>(handler, sizeof(CallWord), name).callee, s.index);
  } else {
    auto& word = append<SavingCallWord>(handler, sizeof(SavingCallWord), name);
    std::copy_n(slots, 4, word.slot);
    callee(word.callee, s.index);
  }
  note(0, s.offset);
}

/// What follows a direct call: takes its result, and reloads what is needed soon.
void Emitter::after_call(const Statement& s, CandidateSet across) {
  valid_ = 0;
  unsigned take = kTakeNone;
  Place to;
  const bool takes_int = s.results == 1 && s.variable != kNone && !ir::is_float(s.type);
  if (takes_int) {
    to = destination(s);
    take = !to.in_register() ? kTakeSlot : to.reg == 0 ? kTakeNone : kTakeSlot + to.reg;
  }
  const CandidateSet reloaded = needed_soon(across) ? across : 0;
  std::uint16_t slots[4] = {0, 0, 0, 0};
  const unsigned mask = register_mask(reloaded, false, slots);
  const std::size_t number = ((frame_ / kFrameStep - 1) * kMasks + mask) * kTakes + take;
  const HandlerAddress handler = Dispatcher::at(dispatcher_.after_calls, number);
  const WordName name = name_of(kAfterCallWord, number);
  break_sequence();
  if (mask == 0 && take == kTakeNone) {
    append<PlainWord>(handler, sizeof(PlainWord), name);
  } else {
    auto& word = append<AfterCallWord>(handler, sizeof(AfterCallWord), name);
    std::copy_n(slots, 3, word.slot);
    word.slot[3] = to.slot;
  }
  for (CandidateSet rest = reloaded; rest != 0; rest &= rest - 1) {
    const auto c = static_cast<unsigned>(std::countr_zero(rest));
    if (!ir::is_float(allocation_.candidates()[c].type)) valid_ |= CandidateSet{1} << c;
  }
  clean_ |= valid_;
  if (takes_int) {
    assigned(s, to);
  } else {
    take_results(s);
  }
}

/// Whether any of these locals is wanted in its register before the next call.
bool Emitter::needed_soon(CandidateSet set) const {
  for (std::uint32_t i = current_ + 1; i < f_.statements.size(); ++i) {
    if ((allocation_.uses(i) & set) != 0) return true;
    const StatementKind kind = f_.statements[i].kind;
    if (is_call(kind)) return false;
    if (is_boundary(kind)) return (allocation_.live_in(i) & set) != 0;
  }
  return false;
}

/// A single result is in register 0, several are in the callee's frame.
void Emitter::take_results(const Statement& s) {
  if (s.variable == kNone) return;
  if (s.results == 1) {
    const Place to = destination(s);
    copy(to, in_register(0, ir::is_float(s.type)), s.type);
    assigned(s, to);
    return;
  }
  if (s.type == Type::v128) return copy(slot(s.variable), slot(frame_), s.type);
  if (s.results > kFewValues) return move(frame_, s.variable, s.results);
  for (std::uint32_t i = 0; i < s.results; ++i) {
    copy(slot(s.variable + i), slot(frame_ + i), Type::i64);
  }
}

void Emitter::return_call(const Statement& s) {
  arguments(s);
  const Place index = s.nodes != 0 ? into_slot(s.node[0]) : Place{};
  const WordId id = s.kind == StatementKind::return_call          ? WordId::return_call
                    : s.kind == StatementKind::return_call_import ? WordId::return_call_import
                    : s.kind == StatementKind::return_call_ref    ? WordId::return_call_ref
                                                                  : WordId::return_call_indirect;
  auto& word = append<ReturnCallWord>(dispatcher_.word(id));
  word.from = slot_number(frame_, s.operand_count);
  word.count = static_cast<std::uint16_t>(s.operand_count);
  word.target = s.index;
  word.table = s.index2;
  if (s.kind == StatementKind::return_call) {
    callee(reinterpret_cast<const std::byte* const&>(word.callee), s.index, true);
  }
  if (s.nodes != 0) {
    word.index = index.slot;
    release(index);
  }
  note(0, s.offset);
}

}  // namespace tinywasm::vm::ir
