// SPDX-License-Identifier: Apache-2.0
// Statements whose words take all operands from slots: wide arithmetic.
#include "vm/emitter.hpp"

namespace tinywasm::vm::ir {

void Emitter::wide(const Statement& s) {
  Place operands[4];
  for (std::uint32_t i = 0; i < s.operand_count; ++i) {
    operands[i] = into_slot(f_.operands[s.operands + i]);
  }
  auto& word = append<WideWord>(dispatcher_.word(s.word));
  for (std::uint32_t i = 0; i < s.operand_count; ++i) {
    word.operand[i] = operands[i].slot;
    release(operands[i]);
  }
  word.result = static_cast<std::uint16_t>(s.variable);
}

}  // namespace tinywasm::vm::ir
