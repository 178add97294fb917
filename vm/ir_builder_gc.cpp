// SPDX-License-Identifier: Apache-2.0
// References: null checks, branches on null and calls of functions by reference.
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Instruction;

/// Another leaf with the value of the entry at `position`, which becomes a leaf and stays.
NodeId Builder::copy_of(std::uint32_t position) {
  if (is_unnamed(stack_[position])) name(position);
  if (at(stack_[position]).kind != NodeKind::variable) force(position);
  const Node value = at(stack_[position]);
  return add(value);
}

/// Whether a reference, which is no longer on the stack, is null.
NodeId Builder::is_null(NodeId reference) {
  return inner({.kind = NodeKind::numeric, .type = Type::i32, .op = Insn::i64_eqz},
               std::array{reference});
}

/// Ends the run with `trap` if `value`, which is no longer on the stack, is 0 or null.
void Builder::trap_if_zero(NodeId value, Trap trap) {
  push(value);
  runtime(WordId::trap_if_zero, 1, nullptr, static_cast<std::uint32_t>(trap));
}

void Builder::br_on_null(std::uint32_t depth) {
  const NodeId condition = is_null(copy_of_top());
  const NodeId reference = pop();
  br_if(depth, condition, true);
  push(reference);
}

void Builder::br_on_non_null(std::uint32_t depth) {
  const NodeId condition = is_null(copy_of_top());
  br_if(depth, condition, false);
  pop();
}

/// Instructions on references. False: it is none of them.
bool Builder::reference_insn(const Instruction& insn) {
  switch (insn.id) {
    case Insn::call_ref:
    case Insn::return_call_ref:
      call(insn.id == Insn::call_ref ? StatementKind::call_ref : StatementKind::return_call_ref,
           module_.types[insn.index].func, insn.index);
      return true;
    case Insn::ref_as_non_null:
      trap_if_zero(copy_of_top(), Trap::null_reference);
      return true;
    case Insn::br_on_null:
      br_on_null(insn.index);
      return true;
    case Insn::br_on_non_null:
      br_on_non_null(insn.index);
      return true;
    default:
      return false;
  }
}

}  // namespace tinywasm::vm::ir
