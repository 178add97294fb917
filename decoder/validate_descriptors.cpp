// SPDX-License-Identifier: Apache-2.0
// The typing rules of instructions on custom descriptors
// (https://github.com/WebAssembly/custom-descriptors).
#include <string>

#include "decoder/function_validator.hpp"
#include "decoder/subtyping.hpp"

namespace tinywasm::decoder {
namespace {

/// A reference to type `index`, exactly to it or not.
ValType reference_to(std::uint32_t index, bool is_exact, bool nullable) {
  return ValType::ref(is_exact ? HeapType::exact(index) : HeapType::index(index), nullable);
}

}  // namespace

bool FunctionValidatorBase::check_descriptor(const Instruction& insn) {
  switch (insn.id) {
    case Insn::struct_new_desc:
    case Insn::struct_new_default_desc:
      check_struct_new(insn);
      return true;
    case Insn::ref_get_desc:
      check_get_descriptor(insn);
      return true;
    case Insn::ref_cast_desc_eq:
    case Insn::ref_cast_desc_eq_null: {
      if (!check_heap_type(insn.type.heap())) return true;
      const auto descriptor = descriptor_to_cast(insn.type);
      if (!descriptor) return true;
      pop_values({ValType::ref(top_type(module_, insn.type.heap()), true), *descriptor});
      push(insn.type);
      return true;
    }
    case Insn::br_on_cast_desc_eq:
    case Insn::br_on_cast_desc_eq_fail:
      check_br_on_cast(insn);
      return true;
    default:
      return false;
  }
}

/// The four instructions that make structures: a type with a descriptor is given one, which is
/// exactly of its type; otherwise the new object could have fewer fields than the descriptor says.
void FunctionValidatorBase::check_struct_new(const Instruction& insn) {
  const bool takes_descriptor =
      insn.id == Insn::struct_new_desc || insn.id == Insn::struct_new_default_desc;
  const SubType& type = struct_type(insn.index);
  if (!reader_.ok()) return;
  const bool is_default =
      insn.id == Insn::struct_new_default || insn.id == Insn::struct_new_default_desc;
  if (is_default) check_all_defaultable(insn.index);
  if (takes_descriptor != type.descriptor.has_value()) {
    return fail(takes_descriptor ? Message::no_descriptor_allocation
                                 : Message::descriptor_required);
  }
  if (takes_descriptor) pop(reference_to(*type.descriptor, true, true));
  if (!is_default) {
    for (std::size_t i = type.fields.size(); i-- > 0;) {
      // Unreachable code has as many operands as are wanted.
      if (operands_in_frame() == 0 && frames_.back().unreachable) break;
      pop(unpacked(type.fields[i].type));
    }
  }
  push(reference_to(insn.index, true, false));
}

/// The result is as exact as the operand.
void FunctionValidatorBase::check_get_descriptor(const Instruction& insn) {
  if (!check_index(insn.index, module_.types.size(), Message::unknown_type)) return;
  const std::optional<std::uint32_t>& descriptor = module_.types[insn.index].descriptor;
  if (!descriptor) return fail_index(Message::no_descriptor, insn.index);
  const ValType type = pop_ref();
  const bool is_exact = matches(type, reference_to(insn.index, true, true));
  const ValType wanted = reference_to(insn.index, false, true);
  if (reader_.ok() && !matches(type, wanted)) {
    return fail(Message::type_mismatch, ": instruction requires " + to_string(wanted) +
                                            " but stack has " + to_string(type));
  }
  push(reference_to(*descriptor, is_exact, false));
}

/// What a cast to `target` compares descriptors with. Nothing after an error.
std::optional<ValType> FunctionValidatorBase::descriptor_to_cast(ValType target) {
  const HeapType heap = target.heap();
  if (!heap.is_abstract()) {
    const auto& descriptor = module_.types[heap.type_index()].descriptor;
    if (descriptor) return reference_to(*descriptor, heap.is_exact(), true);
  }
  fail(Message::no_descriptor_to_cast, ' ' + to_string(heap) + " does not have a descriptor");
  return std::nullopt;
}

}  // namespace tinywasm::decoder
