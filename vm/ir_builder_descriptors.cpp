// SPDX-License-Identifier: Apache-2.0
// Structures with custom descriptors.
#include "vm/heap_types.hpp"
#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Instruction;

bool Builder::descriptor_insn(const Instruction& insn) {
  const Type reference = Type::ref;
  switch (insn.id) {
    case Insn::struct_new_desc:
      object(WordId::struct_new_desc, struct_slots(insn.index) + 1, &reference, insn.index);
      return true;
    case Insn::struct_new_default_desc:
      object(WordId::struct_new_default_desc, 1, &reference, insn.index);
      return true;
    case Insn::ref_get_desc:
      // A supertype with a descriptor has it in the same place.
      trap_if_zero(copy_of_top(), Trap::null_reference);
      runtime(WordId::struct_get_64, 1, &reference, offsets_of(insn.index).descriptor);
      return true;
    case Insn::ref_cast_desc_eq:
    case Insn::ref_cast_desc_eq_null:
      test_descriptor(insn.type.is_nullable());
      trap_if_zero(pop(), Trap::descriptor_cast_failure);
      return true;
    case Insn::br_on_cast_desc_eq:
    case Insn::br_on_cast_desc_eq_fail:
      test_descriptor(insn.type2.is_nullable());
      br_if(insn.index, pop(), insn.id == Insn::br_on_cast_desc_eq);
      return true;
    default:
      return false;
  }
}

/// Replaces a descriptor on top, which must not be null, by whether the reference below it, which
/// stays, has that descriptor.
void Builder::test_descriptor(bool nullable) {
  const Type i32 = Type::i32;
  trap_if_zero(copy_of_top(), Trap::null_descriptor);
  push(copy_of(height() - 2));
  runtime(WordId::ref_test_desc, 2, &i32, 0, nullable ? 1 : 0);
}

}  // namespace tinywasm::vm::ir
