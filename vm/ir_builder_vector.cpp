// SPDX-License-Identifier: Apache-2.0
// Vector instructions: each is a statement of its own, with operands and result in slots.
#include <algorithm>
#include <array>
#include <bit>

#include "decoder/signature.hpp"
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Immediates;
using decoder::info;
using decoder::Instruction;

/// A statement on the topmost operands, whose result, if it has one, is pushed.
Statement& Builder::vector_statement(StatementKind kind, std::uint32_t operands, const Type* result,
                                     bool may_trap) {
  NodeId nodes[3];
  for (std::uint32_t i = operands; i-- > 0;) nodes[i] = pop();
  if (may_trap) flush_effects();
  for (std::uint32_t i = 0; i < operands; ++i) keep_trap_order(at(nodes[i]).effects, height());
  if (result != nullptr) preserve_temporary(height());
  const auto number = static_cast<std::uint32_t>(f_.statements.size());
  Statement& s = emit(kind);
  std::uint32_t need = 0;
  for (std::uint32_t i = 0; i < operands; ++i) {
    consume(s, nodes[i]);
    need += at(nodes[i]).need + 1u;
  }
  f_.max_need = std::max(f_.max_need, need);
  if (result != nullptr) {
    s.variable = temporary(height());
    s.type = *result;
    push(leaf(s.variable, *result));
  }
  return f_.statements[number];
}

void Builder::vector_runtime(WordId word, std::uint32_t operands, const Type* result,
                             std::uint32_t index) {
  Statement& s = vector_statement(StatementKind::runtime, operands, result, false);
  s.word = word;
  s.index = index;
}

void Builder::vector_insn(const Instruction& insn) {
  const decoder::Signature& signature = decoder::signature(insn.id);
  const Immediates immediates = info(insn.id).immediates;
  const bool is_access = immediates >= Immediates::mem8 && immediates <= Immediates::mem64_lane;
  const Type result = type_of(signature.result);
  Statement& s = vector_statement(StatementKind::vector, signature.pops,
                                  signature.pushes != 0 ? &result : nullptr, is_access);
  s.op = insn.id;
  s.index = insn.lane;
  if (is_access) {
    s.index2 = insn.index;
    s.memory_offset = insn.value;
  } else if (immediates == Immediates::v128 || immediates == Immediates::lanes) {
    const auto words = std::bit_cast<std::array<std::uint32_t, 4>>(insn.bytes);
    s.operands = static_cast<std::uint32_t>(f_.operands.size());
    f_.operands.insert(f_.operands.end(), words.begin(), words.end());
  }
  canonicalise(insn.id);
}

}  // namespace tinywasm::vm::ir
