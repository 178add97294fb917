// SPDX-License-Identifier: Apache-2.0
// Statements whose words take all operands from slots: wide arithmetic, atomic
// accesses.
#include "vm/atomics.hpp"
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
  word.result = slot_number(s.variable, s.results);
}

void Emitter::atomic(const Statement& s) {
  Place operands[3];
  for (unsigned i = 0; i < s.nodes; ++i) operands[i] = into_slot(s.node[i]);
  const Place result = result_slot(s);
  auto& word = append<AtomicWord>(Dispatcher::at(dispatcher_.atomics, atomic_index(s.op)));
  word.offset = s.memory_offset;
  word.memory = s.index;
  for (unsigned i = 0; i < 3; ++i) word.operand[i] = operands[i].slot;
  word.result = result.slot;
  note(0, s.offset);
  for (unsigned i = 0; i < s.nodes; ++i) release(operands[i]);
  if (s.variable == kNone) return;
  copy(home(s), result, s.type);
  assigned(s, home(s));
}

}  // namespace tinywasm::vm::ir
