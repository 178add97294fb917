// SPDX-License-Identifier: Apache-2.0
// The threads proposal: statements, so that nothing changes its place among them.
#include <algorithm>

#include "decoder/signature.hpp"
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

void Builder::atomic_insn(const decoder::Instruction& insn) {
  const decoder::Signature& types = decoder::signature(insn.id);
  NodeId nodes[3];
  for (unsigned i = types.pops; i-- > 0;) nodes[i] = pop();
  flush_effects();
  if (types.pushes != 0) preserve_temporary(height());
  Statement& s = emit(StatementKind::atomic);
  s.op = insn.id;
  const bool is_fence = insn.id == Insn::atomic_fence;
  s.index = is_fence ? 0 : insn.index;
  s.memory_offset = is_fence ? 0 : insn.value;
  unsigned need = 0;
  for (unsigned i = 0; i < types.pops; ++i) {
    consume(s, nodes[i]);
    need += at(nodes[i]).need + 1u;
  }
  f_.max_need = std::max<std::uint32_t>(f_.max_need, need);
  if (types.pushes == 0) return;
  const Type type = type_of(types.result);
  s.variable = temporary(height());
  s.type = type;
  push(leaf(temporary(height()), type));
}

}  // namespace tinywasm::vm::ir
