// SPDX-License-Identifier: Apache-2.0
// The clauses of the legacy try in the text format: catch, catch_all and delegate, flat and folded.
#include "decoder/text_instructions.hpp"

namespace tinywasm::decoder {

/// "(do", "(catch", "(catch_all" or "(delegate" where the innermost form may have it. False: the
/// innermost form has no such parts, and nothing was taken.
bool TextInstructions::open_clause(const Token& word, BinaryWriter& out) {
  Level& level = levels_.back();
  switch (level.form) {
    case Form::folded_try:
      in_.expect_open(Keyword::do_);
      level.form = Form::folded_do;
      return true;
    case Form::after_do:
    case Form::after_catch:
      break;
    case Form::after_catch_all:
    case Form::after_delegate:
      in_.fail_unexpected();
      return true;
    default:
      return false;
  }
  const auto insn = static_cast<Insn>(word.insn);
  in_.expect_left();
  if (insn == Insn::catch_ || insn == Insn::catch_all) {
    in_.next();
    plain_instruction(insn, out);
    level.form = insn == Insn::catch_ ? Form::folded_catch : Form::folded_catch_all;
  } else if (insn == Insn::delegate && level.form == Form::after_do) {
    in_.next();
    pop_label();  // the label of delegate does not count the try's own
    plain_instruction(insn, out);
    in_.expect_right();
    level.form = Form::after_delegate;
  } else {
    in_.fail_unexpected();
  }
  return true;
}

/// The end of a clause or of a folded try. False: the innermost form is neither.
bool TextInstructions::close_clause(BinaryWriter& out) {
  Level& level = levels_.back();
  switch (level.form) {
    case Form::folded_do:
      level.form = Form::after_do;
      break;
    case Form::folded_catch:
      level.form = Form::after_catch;
      break;
    case Form::folded_catch_all:
      level.form = Form::after_catch_all;
      break;
    case Form::after_do:
    case Form::after_catch:
    case Form::after_catch_all:
      out.opcode(Insn::end);
      pop_label();
      levels_.pop_back();
      break;
    case Form::after_delegate:
      levels_.pop_back();
      break;
    default:
      return false;
  }
  in_.next();
  return true;
}

/// catch, catch_all or delegate of a flat try.
void TextInstructions::flat_clause(Insn insn, BinaryWriter& out) {
  const bool is_try = !levels_.empty() && levels_.back().form == Form::flat_try;
  const bool is_catch = !levels_.empty() && levels_.back().form == Form::flat_catch;
  if (!is_try && !(is_catch && insn != Insn::delegate)) return in_.fail_unexpected();
  in_.next();
  if (insn == Insn::delegate) {
    pop_label();
    levels_.pop_back();
  } else {
    levels_.back().form = insn == Insn::catch_ ? Form::flat_catch : Form::flat_block;
  }
  plain_instruction(insn, out);
}

}  // namespace tinywasm::decoder
