// SPDX-License-Identifier: Apache-2.0
// Statements of vector instructions. Operands and results are in slots.
#include <cstring>

#include "vm/emitter.hpp"

namespace tinywasm::vm::ir {

using decoder::Immediates;
using decoder::info;

namespace {

bool has_lane(Immediates immediates) {
  return (immediates >= Immediates::lane2 && immediates <= Immediates::lane16) ||
         (immediates >= Immediates::mem8_lane && immediates <= Immediates::mem64_lane);
}

}  // namespace

void Emitter::vector(const Statement& s) {
  Place operands[3];
  for (unsigned i = 0; i < s.nodes; ++i) operands[i] = into_slot(s.node[i]);
  const Place result = result_slot(s);
  const Immediates immediates = info(s.op).immediates;
  const auto write = [&](auto& word) {
    for (unsigned i = 0; i < 3; ++i) word.operand[i] = operands[i].slot;
    if (has_lane(immediates)) word.operand[2] = static_cast<std::uint16_t>(s.index);
    word.result = result.slot;
  };
  const auto index = vector_index(s.op);
  if (immediates == Immediates::v128 || immediates == Immediates::lanes) {
    auto& word = append<VectorBytesWord>(s.op == Insn::v128_const
                                             ? dispatcher_.word(WordId::vector_const)
                                             : Dispatcher::at(dispatcher_.vectors, index));
    write(word);
    std::memcpy(word.bytes, f_.operands.data() + s.operands, sizeof word.bytes);
  } else if (immediates >= Immediates::mem8 && immediates <= Immediates::mem64_lane) {
    const bool is_64 = variant_.module.memories[s.index2].limits.is_64;
    if (s.index2 == 0 && !is_64) {
      auto& word = append<VectorAccessWord>(Dispatcher::at(dispatcher_.vectors, index));
      write(word);
      word.offset = s.memory_offset;
    } else {
      auto& word = append<VectorFarAccessWord>(Dispatcher::at(dispatcher_.far_vectors, index));
      write(word);
      word.offset = s.memory_offset;
      word.memory = s.index2;
    }
    note(1, s.offset);
  } else {
    write(append<VectorWord>(Dispatcher::at(dispatcher_.vectors, index)));
  }
  for (unsigned i = 0; i < s.nodes; ++i) release(operands[i]);
  if (s.variable == kNone) return;
  copy(home(s.variable), result, s.type);
  assigned(s, home(s.variable));
}

}  // namespace tinywasm::vm::ir
