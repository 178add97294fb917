// SPDX-License-Identifier: Apache-2.0
// Statements of vector instructions. Vectors are in slots.
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
  const Immediates immediates = info(s.op).immediates;
  const bool is_access = immediates >= Immediates::mem8 && immediates <= Immediates::mem64_lane;
  const bool is_far =
      is_access && (s.index2 != 0 || variant_.module.memories[s.index2].limits.is_64);
  // The scalar among operands and result may be in a register.
  Place operands[3];
  std::size_t place = kInSlot;
  for (unsigned i = 0; i < s.nodes; ++i) {
    operands[i] = is_far ? into_slot(s.node[i]) : into_place(s.node[i]);
    if (operands[i].in_register()) place = operands[i].reg;
  }
  Place result;
  if (s.variable != kNone) result = destination(s);
  if (result.in_register()) place = result.reg;

  const auto write = [&](auto& word) {
    for (unsigned i = 0; i < 3; ++i) word.operand[i] = operands[i].slot;
    if (has_lane(immediates)) word.operand[2] = static_cast<std::uint16_t>(s.index);
    word.result = result.slot;
  };
  const auto index = vector_index(s.op);
  const HandlerAddress handler = s.op == Insn::v128_const
                                     ? dispatcher_.word(WordId::vector_const)
                                     : Dispatcher::at(dispatcher_.vectors, index * kPlaces + place);
  if (immediates == Immediates::v128 || immediates == Immediates::lanes) {
    auto& word = append<VectorBytesWord>(handler);
    write(word);
    std::memcpy(word.bytes, f_.operands.data() + s.operands, sizeof word.bytes);
  } else if (is_far) {
    auto& word = append<VectorFarAccessWord>(Dispatcher::at(dispatcher_.far_vectors, index));
    write(word);
    word.offset = s.memory_offset;
    word.memory = s.index2;
  } else if (is_access) {
    auto& word = append<VectorAccessWord>(handler);
    write(word);
    word.offset = s.memory_offset;
  } else {
    write(append<VectorWord>(handler));
  }
  if (is_access) note(1, s.offset);
  for (unsigned i = 0; i < s.nodes; ++i) {
    // A variable's register is not ours; a slot it was copied to is.
    if (is_far || f_.nodes[s.node[i]].kind != NodeKind::variable) release(operands[i]);
  }
  if (s.variable != kNone) assigned(s, result);
}

}  // namespace tinywasm::vm::ir
