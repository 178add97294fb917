// SPDX-License-Identifier: Apache-2.0
// The typing rules of exceptions: throw, throw_ref and try_table
// (https://webassembly.github.io/spec/core/valid/instructions.html), and the legacy try, catch,
// catch_all, delegate and rethrow, whose rules are those of their proposal.
#include <string>

#include "decoder/function_validator.hpp"
#include "decoder/subtyping.hpp"

namespace tinywasm::decoder {
namespace {

constexpr ValType kExnRef = ValType::ref(HeapType::kExn, true);
constexpr ValType kNonNullExnRef = ValType::ref(HeapType::kExn, false);

bool has_reference(Catch::Kind kind) {
  return kind == Catch::catch_ref || kind == Catch::catch_all_ref;
}

}  // namespace

bool FunctionValidatorBase::check_exception(const Instruction& insn) {
  switch (insn.id) {
    case Insn::throw_:
      pop_values(tag_params(insn.index));
      set_unreachable();
      return true;
    case Insn::throw_ref:
      pop(kExnRef);
      set_unreachable();
      return true;
    case Insn::rethrow:
      check_rethrow(insn);
      return true;
    default:
      return false;
  }
}

std::span<const ValType> FunctionValidatorBase::tag_params(std::uint32_t tag) {
  if (!check_index(tag, module_.tags.size(), Message::unknown_tag)) return {};
  return module_.types[module_.tags[tag]].func.params;
}

/// Each clause's values fit its label. The labels do not count the try_table's own, which is not
/// entered yet.
void FunctionValidatorBase::check_catches(const Instruction& insn) {
  for (const Catch& clause : insn.catches) {
    poll();
    std::span<const ValType> params;
    if (clause.kind == Catch::catch_ || clause.kind == Catch::catch_ref) {
      params = tag_params(clause.tag);
    }
    const auto wanted = label_types(clause.label);
    if (!reader_.ok()) return;
    if (catch_fits(params, has_reference(clause.kind), wanted)) continue;
    std::vector<ValType> values(params.begin(), params.end());
    if (has_reference(clause.kind)) values.push_back(kNonNullExnRef);
    return fail(Message::type_mismatch, ": catch clause gives " + to_string(values) +
                                            " but label takes " + to_string(wanted));
  }
}

/// Whether a tag's values, and a reference to the exception behind them, are what a label takes.
bool FunctionValidatorBase::catch_fits(std::span<const ValType> params, bool has_reference,
                                       std::span<const ValType> label) {
  if (label.size() != params.size() + (has_reference ? 1 : 0)) return false;
  if (has_reference && !matches(kNonNullExnRef, label.back())) return false;
  return all_match(params, label.first(params.size()));
}

// The legacy instructions

/// A catch follows the try or another catch, and nothing follows catch_all.
bool FunctionValidatorBase::check_catch_place(const Frame& frame) {
  if (frame.id == Insn::try_ || frame.id == Insn::catch_) return true;
  fail(insn_.id == Insn::catch_ ? Message::misplaced_catch : Message::misplaced_catch_all);
  return false;
}

/// The caught exception takes a place of the frame for as long as the clause lasts: it is an
/// operand below all others, which no instruction can reach.
void FunctionValidatorBase::enter_catch(const Frame& frame, std::span<const ValType> params) {
  restore_locals(frame.init_height);
  sp_ = frame_base_;
  if (frame.id == Insn::try_) {
    push(kNonNullExnRef);
    frame_base_ = sp_;
    ++frames_.back().height;
  }
  frames_.back().id = insn_.id;
  frames_.back().unreachable = false;
  is_live_ = frame.reported;
  push_values(params);
}

/// `delegate` ends a try without clauses; its label does not count the try's own.
bool FunctionValidatorBase::check_delegate(const Frame& frame) {
  if (frame.id != Insn::try_) {
    fail(Message::misplaced_delegate);
    return false;
  }
  return check_index(insn_.index, frames_.size() - 1, Message::unknown_label);
}

void FunctionValidatorBase::check_rethrow(const Instruction& insn) {
  if (!check_index(insn.index, frames_.size(), Message::unknown_label)) return;
  if (!frames_[frames_.size() - 1 - insn.index].is_catch()) fail(Message::invalid_rethrow_label);
  set_unreachable();
}

}  // namespace tinywasm::decoder
