// SPDX-License-Identifier: Apache-2.0
// Accesses to memories and tables whose address type or number is not the usual one.
#include <algorithm>

#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Instruction;

/// Not of memory 0, or by 64-bit addresses: other words do it (far_access.hpp).
bool Builder::is_far(const Instruction& insn) const {
  return insn.index != 0 || module_.memories[insn.index].limits.is_64;
}

Type Builder::memory_address(std::uint32_t memory) const {
  return type_of(module_.memories[memory].address_type());
}
Type Builder::table_address(std::uint32_t table) const {
  return type_of(module_.tables[table].type.address_type());
}

void Builder::far_load(const Instruction& insn, Type type) {
  const NodeId address = pop();
  push(inner({.kind = NodeKind::far_load,
              .type = type,
              .effects = kReadsMemory,
              .op = insn.id,
              .index = insn.index,
              .value = insn.value},
             std::array{address}));
}

void Builder::far_store(const Instruction& insn) {
  const NodeId value = pop();
  const NodeId address = pop();
  flush_effects();
  Statement& s = emit(StatementKind::far_store);
  s.op = insn.id;
  s.index = insn.index;
  s.memory_offset = insn.value;
  consume(s, address);
  consume(s, value);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, at(address).need + at(value).need + 2u);
}

}  // namespace tinywasm::vm::ir
