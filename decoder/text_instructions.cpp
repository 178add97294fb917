// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_instructions.hpp"

namespace tinywasm::decoder {
namespace {

/// Open parentheses and blocks inside one another in one function.
constexpr std::size_t kMaxLevels = 1'000'000;

/// An instruction that goes on with, or ends, a block that another one began.
bool goes_on(Insn insn) {
  return insn == Insn::else_ || insn == Insn::end || insn == Insn::catch_ ||
         insn == Insn::catch_all || insn == Insn::delegate;
}

}  // namespace

void TextInstructions::parse_expression(BinaryWriter& out) {
  run(out, false);
  out.opcode(Insn::end);
}

void TextInstructions::parse_body(BinaryWriter& out, std::vector<BranchHint>& hints) {
  hints_ = &hints;
  parse_expression(out);
  hints_ = nullptr;
}

void TextInstructions::parse_folded_expression(BinaryWriter& out) {
  run(out, true);
  out.opcode(Insn::end);
}

/// Instructions to `out`, until a parenthesis closes that was not opened here, or the end of the
/// first folded instruction.
void TextInstructions::run(BinaryWriter& out, bool one_folded) {
  levels_.clear();
  labels_.clear();
  label_by_name_.clear();
  label_count_ = 0;
  label_names_.clear();
  pending_.clear();
  pending_hints_.clear();
  if (one_folded && !in_.at(TokenKind::left)) in_.fail_unexpected();
  while (!in_.failed()) {
    if (in_.at(TokenKind::left)) {
      open_parenthesis(out);
    } else if (in_.at(TokenKind::right)) {
      if (levels_.empty()) return;
      close_parenthesis(out);
      if (one_folded && levels_.empty()) return;
    } else {
      flat_instruction(out);
    }
  }
}

bool TextInstructions::is_block(Insn insn) const {
  return insn == Insn::block || insn == Insn::loop || insn == Insn::if_ ||
         insn == Insn::try_table || insn == Insn::try_;
}

/// Whether flat instructions may come here, and folded ones that are not operands.
bool TextInstructions::takes_instructions() const {
  if (levels_.empty()) return true;
  switch (levels_.back().form) {
    case Form::flat_block:
    case Form::flat_if:
    case Form::folded_block:
    case Form::folded_then:
    case Form::folded_else:
    case Form::flat_try:
    case Form::flat_catch:
    case Form::folded_do:
    case Form::folded_catch:
    case Form::folded_catch_all:
      return true;
    case Form::folded_plain:
    case Form::folded_if:
    case Form::after_then:
    case Form::after_else:
    case Form::folded_try:
    case Form::after_do:
    case Form::after_catch:
    case Form::after_catch_all:
    case Form::after_delegate:
      break;
  }
  return false;
}

void TextInstructions::push(Form form, std::size_t pending, std::optional<std::string_view> label) {
  if (levels_.size() >= kMaxLevels) in_.fail(Message::text_too_deep, in_.peek());
  levels_.push_back({.form = form, .pending = pending, .label = label});
}

/// At the place where the block's instruction is written to the body.
void TextInstructions::push_label(std::optional<std::string_view> name) {
  Label label{.name = name, .hidden = {}};
  const std::uint32_t number = label_count_++;
  if (name) {
    label_names_.emplace_back(number, *name);
    const auto [found, is_new] = label_by_name_.emplace(*name, labels_.size());
    if (!is_new) {
      label.hidden = found->second;
      found->second = labels_.size();
    }
  }
  labels_.push_back(label);
}

void TextInstructions::pop_label() {
  const Label label = labels_.back();
  labels_.pop_back();
  if (!label.name) return;
  if (label.hidden) {
    label_by_name_[*label.name] = *label.hidden;
  } else {
    label_by_name_.erase(*label.name);
  }
}

void TextInstructions::flush_pending(std::size_t from, BinaryWriter& out) {
  if (!pending_hints_.empty()) flush_hints(from, out.size());
  out.append(pending_.bytes().subspan(from));
  pending_.truncate(from);
}

/// Takes the hint before an instruction that can have one.
void TextInstructions::take_branch_hint(std::uint16_t insn) {
  const bool can_have_hint = insn == static_cast<std::uint16_t>(Insn::if_) ||
                             insn == static_cast<std::uint16_t>(Insn::br_if);
  branch_hint_.reset();
  if (hints_ != nullptr && can_have_hint) branch_hint_ = accept_branch_hint(in_);
}

/// The instruction whose hint was taken is written to `out` next.
void TextInstructions::note_branch_hint(const BinaryWriter& out) {
  if (!branch_hint_) return;
  auto& hints = &out == &pending_ ? pending_hints_ : *hints_;
  hints.push_back({static_cast<std::uint32_t>(out.size()), *branch_hint_});
  branch_hint_.reset();
}

/// The hints on code of pending_ that begins at `from`, which moves to `offset`.
void TextInstructions::flush_hints(std::size_t from, std::size_t offset) {
  std::size_t first = pending_hints_.size();
  while (first > 0 && pending_hints_[first - 1].offset >= from) --first;
  for (std::size_t i = first; i < pending_hints_.size(); ++i) {
    const BranchHint hint = pending_hints_[i];
    hints_->push_back({static_cast<std::uint32_t>(offset + hint.offset - from), hint.value});
  }
  pending_hints_.resize(first);
}

/// "(then", "(else" or "(insn".
void TextInstructions::open_parenthesis(BinaryWriter& out) {
  const Token word = in_.peek_second();
  if (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.form == Form::folded_if && word.is(Keyword::then)) {
      in_.accept_open(Keyword::then);
      flush_pending(level.pending, out);
      push_label(level.label);
      level.form = Form::folded_then;
      return;
    }
    if (level.form == Form::after_then) {
      in_.expect_left();
      if (word.insn != static_cast<std::uint16_t>(Insn::else_)) return in_.fail_unexpected();
      in_.next();
      out.opcode(Insn::else_);
      level.form = Form::folded_else;
      return;
    }
    if (level.form == Form::after_else) return in_.fail_unexpected();
    if (open_clause(word, out)) return;
  }
  take_branch_hint(word.insn);
  in_.expect_left();
  const auto insn = static_cast<Insn>(word.insn);
  if (word.insn == kNoInsn || goes_on(insn)) return in_.fail_unexpected();
  in_.next();
  folded_instruction(insn, out);
}

void TextInstructions::folded_instruction(Insn insn, BinaryWriter& out) {
  if (insn == Insn::if_) {
    const auto label = in_.accept_identifier();
    const std::size_t from = pending_.size();
    note_branch_hint(pending_);
    block_head(insn, pending_);
    push(Form::folded_if, from, label);
  } else if (is_block(insn)) {
    const auto label = in_.accept_identifier();
    block_head(insn, out);
    push(insn == Insn::try_ ? Form::folded_try : Form::folded_block);
    push_label(label);
  } else {
    const std::size_t from = pending_.size();
    note_branch_hint(pending_);
    plain_instruction(insn, pending_);
    push(Form::folded_plain, from);
  }
}

void TextInstructions::close_parenthesis(BinaryWriter& out) {
  if (close_clause(out)) return;
  Level& level = levels_.back();
  switch (level.form) {
    case Form::folded_plain:
      flush_pending(level.pending, out);
      levels_.pop_back();
      break;
    case Form::folded_then:
      level.form = Form::after_then;
      break;
    case Form::folded_else:
      level.form = Form::after_else;
      break;
    case Form::folded_block:
    case Form::after_then:
    case Form::after_else:
      out.opcode(Insn::end);
      pop_label();
      levels_.pop_back();
      break;
    default:
      return in_.fail_unexpected();
  }
  in_.next();
}

void TextInstructions::flat_instruction(BinaryWriter& out) {
  const Token word = in_.peek();
  if (word.insn == kNoInsn || !takes_instructions()) return in_.fail_unexpected();
  const auto insn = static_cast<Insn>(word.insn);
  if (insn == Insn::else_) return flat_else(out);
  if (insn == Insn::end) return flat_end(out);
  if (goes_on(insn)) return flat_clause(insn, out);
  take_branch_hint(word.insn);
  in_.next();
  note_branch_hint(out);
  if (!is_block(insn)) return plain_instruction(insn, out);
  const auto label = in_.accept_identifier();
  block_head(insn, out);
  push(insn == Insn::if_    ? Form::flat_if
       : insn == Insn::try_ ? Form::flat_try
                            : Form::flat_block,
       0, label);
  push_label(label);
}

/// An identifier after `else` or `end` repeats the one at the beginning of the block.
void TextInstructions::check_end_label(const Level& level) {
  const Token token = in_.peek();
  const auto repeated = in_.accept_identifier();
  if (repeated && repeated != level.label) in_.fail_naming(Message::mismatching_label, token);
}

void TextInstructions::flat_else(BinaryWriter& out) {
  if (levels_.empty() || levels_.back().form != Form::flat_if) return in_.fail_unexpected();
  in_.next();
  check_end_label(levels_.back());
  out.opcode(Insn::else_);
  levels_.back().form = Form::flat_block;
}

void TextInstructions::flat_end(BinaryWriter& out) {
  const bool is_flat =
      !levels_.empty() &&
      (levels_.back().form == Form::flat_block || levels_.back().form == Form::flat_if ||
       levels_.back().form == Form::flat_try || levels_.back().form == Form::flat_catch);
  if (!is_flat) return in_.fail_unexpected();
  in_.next();
  check_end_label(levels_.back());
  out.opcode(Insn::end);
  pop_label();
  levels_.pop_back();
}

}  // namespace tinywasm::decoder
