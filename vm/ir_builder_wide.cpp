// SPDX-License-Identifier: Apache-2.0
// Wide arithmetic: instructions with two results.
#include <algorithm>

#include "decoder/signature.hpp"
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Insn;

/// Both results go to their temporaries' slots.
void Builder::wide(WordId word, const decoder::Instruction& insn) {
  const std::uint32_t count = decoder::signature(insn.id).pops;
  name_top(count);
  const auto first = static_cast<std::uint32_t>(f_.operands.size());
  f_.operands.insert(f_.operands.end(), stack_.begin() + (height_ - count),
                     stack_.begin() + height_);
  for (std::uint32_t i = 0; i < count; ++i) pop();
  flush_effects();
  for (std::uint32_t i = 0; i < 2; ++i) preserve_temporary(height() + i);
  Statement& s = emit(StatementKind::wide);
  s.word = word;
  s.operands = first;
  s.operand_count = count;
  s.results = 2;
  s.variable = temporary(height());
  s.type = Type::i64;
  std::uint32_t need = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    need += at(f_.operands[first + i]).need + 1u;
  }
  f_.max_need = std::max(f_.max_need, need);
  for (std::uint32_t i = 0; i < 2; ++i) push(leaf(temporary(height()), Type::i64));
}

bool Builder::wide_insn(const decoder::Instruction& insn) {
  switch (insn.id) {
    case Insn::i64_add128:
      wide(WordId::i64_add128, insn);
      return true;
    case Insn::i64_sub128:
      wide(WordId::i64_sub128, insn);
      return true;
    case Insn::i64_mul_wide_s:
      wide(WordId::i64_mul_wide_s, insn);
      return true;
    case Insn::i64_mul_wide_u:
      wide(WordId::i64_mul_wide_u, insn);
      return true;
    default:
      return false;
  }
}

}  // namespace tinywasm::vm::ir
