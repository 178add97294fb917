// SPDX-License-Identifier: Apache-2.0
// The typing rules of aggregate, cast and conversion instructions
// (https://webassembly.github.io/spec/core/valid/instructions.html#aggregate-instructions).
#include <algorithm>
#include <string>

#include "decoder/function_validator.hpp"
#include "decoder/subtyping.hpp"

namespace tinywasm::decoder {
namespace {

const SubType kNoType{.kind = CompositeKind::struct_, .supertype = {}, .func = {}, .fields = {}};
const FieldType kNoField{.type = ValType::kI32, .is_mutable = true};

constexpr ValType nullable(HeapType heap) { return ValType::ref(heap, true); }

/// Whether data segments can hold elements of this type.
bool is_plain_data(ValType type) { return type.is_packed() || type.is_num() || type.is_vec(); }

}  // namespace

bool FunctionValidatorBase::check_gc(const Instruction& insn) {
  return check_struct(insn) || check_array(insn) || check_array_segment(insn) || check_cast(insn) ||
         check_conversion(insn) || check_descriptor(insn);
}

// Types and fields

const SubType& FunctionValidatorBase::struct_type(std::uint32_t type_index) {
  if (!check_index(type_index, module_.types.size(), Message::unknown_type)) return kNoType;
  const SubType& type = module_.types[type_index];
  if (type.kind == CompositeKind::struct_) return type;
  fail_index(Message::not_a_struct_type, type_index);
  return kNoType;
}

const FieldType& FunctionValidatorBase::struct_field(const Instruction& insn) {
  const SubType& type = struct_type(insn.index);
  if (!check_index(insn.index2, type.fields.size(), Message::unknown_field)) return kNoField;
  return type.fields[insn.index2];
}

const FieldType& FunctionValidatorBase::array_element(std::uint32_t type_index) {
  if (!check_index(type_index, module_.types.size(), Message::unknown_type)) return kNoField;
  const SubType& type = module_.types[type_index];
  if (type.kind == CompositeKind::array) return type.fields[0];
  fail_index(Message::not_an_array_type, type_index);
  return kNoField;
}

/// An access without sign must be to an unpacked field, one with a sign to a packed one.
void FunctionValidatorBase::check_packing(ValType field, bool has_sign) {
  if (field.is_packed() && !has_sign) fail(Message::field_is_packed);
  if (!field.is_packed() && has_sign) fail(Message::field_is_unpacked);
}

void FunctionValidatorBase::check_defaultable(const FieldType& field) {
  if (!field.type.is_defaultable()) {
    fail(Message::not_defaultable, ": " + to_string(field.type));
  }
}

/// Of a structure with many fields this is asked with three bytes: it is remembered.
void FunctionValidatorBase::check_all_defaultable(std::uint32_t type_index) {
  const std::vector<FieldType>& fields = module_.types[type_index].fields;
  const auto [known, is_new] = defaultable_.try_emplace(type_index, true);
  if (is_new) {
    known->second = std::ranges::all_of(
        fields, [](const FieldType& field) { return field.type.is_defaultable(); });
  }
  if (known->second) return;
  for (const FieldType& field : fields) check_defaultable(field);
}

// Structures

bool FunctionValidatorBase::check_struct(const Instruction& insn) {
  const ValType reference = nullable(HeapType::index(insn.index));
  switch (insn.id) {
    case Insn::struct_new:
    case Insn::struct_new_default:
      check_struct_new(insn);
      return true;
    case Insn::struct_get:
    case Insn::struct_get_s:
    case Insn::struct_get_u: {
      const FieldType& field = struct_field(insn);
      check_packing(field.type, insn.id != Insn::struct_get);
      pop(reference);
      push(unpacked(field.type));
      return true;
    }
    case Insn::struct_set: {
      const FieldType& field = struct_field(insn);
      if (!field.is_mutable) fail(Message::immutable_field);
      pop_values({reference, unpacked(field.type)});
      return true;
    }
    default:
      return false;
  }
}

// Arrays

bool FunctionValidatorBase::check_array(const Instruction& insn) {
  const ValType i32 = ValType::kI32;
  const ValType reference = nullable(HeapType::index(insn.index));
  const ValType created = ValType::ref(HeapType::exact(insn.index), false);
  switch (insn.id) {
    case Insn::array_new:
      pop_values({unpacked(array_element(insn.index).type), i32});
      push(created);
      return true;
    case Insn::array_new_default:
      check_defaultable(array_element(insn.index));
      pop(i32);
      push(created);
      return true;
    case Insn::array_new_fixed: {
      const ValType element = unpacked(array_element(insn.index).type);
      // Once the operands are used up, unreachable code has as many more as are wanted.
      for (std::uint32_t i = 0; i < insn.index2 && reader_.ok(); ++i) {
        if (operands_in_frame() == 0 && frames_.back().unreachable) break;
        pop(element);
      }
      push(created);
      return true;
    }
    case Insn::array_get:
    case Insn::array_get_s:
    case Insn::array_get_u: {
      const ValType element = array_element(insn.index).type;
      check_packing(element, insn.id != Insn::array_get);
      pop_values({reference, i32});
      push(unpacked(element));
      return true;
    }
    case Insn::array_set: {
      const FieldType& element = mutable_element(insn.index);
      pop_values({reference, i32, unpacked(element.type)});
      return true;
    }
    case Insn::array_len:
      pop(nullable(HeapType::kArray));
      push(i32);
      return true;
    case Insn::array_fill: {
      const FieldType& element = mutable_element(insn.index);
      pop_values({reference, i32, unpacked(element.type), i32});
      return true;
    }
    case Insn::array_copy:
      check_array_copy(insn);
      return true;
    default:
      return false;
  }
}

const FieldType& FunctionValidatorBase::mutable_element(std::uint32_t type_index) {
  const FieldType& element = array_element(type_index);
  if (!element.is_mutable) fail(Message::immutable_array);
  return element;
}

void FunctionValidatorBase::check_array_copy(const Instruction& insn) {
  const FieldType& to = mutable_element(insn.index);
  const FieldType& from = array_element(insn.index2);
  if (reader_.ok() && !matches(from.type, to.type)) {
    fail(Message::array_types_mismatch,
         ": copy of " + to_string(from.type) + " into an array of " + to_string(to.type));
  }
  pop_values({nullable(HeapType::index(insn.index)), ValType::kI32,
              nullable(HeapType::index(insn.index2)), ValType::kI32, ValType::kI32});
}

/// Arrays from segments, and parts of arrays.
bool FunctionValidatorBase::check_array_segment(const Instruction& insn) {
  const ValType i32 = ValType::kI32;
  const bool is_new = insn.id == Insn::array_new_data || insn.id == Insn::array_new_elem;
  switch (insn.id) {
    case Insn::array_new_data:
    case Insn::array_init_data: {
      const FieldType& element = is_new ? array_element(insn.index) : mutable_element(insn.index);
      if (!is_plain_data(element.type)) fail(Message::array_type_not_numeric);
      check_data_index(insn.index2);
      break;
    }
    case Insn::array_new_elem:
    case Insn::array_init_elem: {
      const FieldType& element = is_new ? array_element(insn.index) : mutable_element(insn.index);
      if (!check_index(insn.index2, module_.elements.size(), Message::unknown_elem_segment)) break;
      const ValType segment = module_.elements[insn.index2].type;
      if (reader_.ok() && !matches(segment, element.type)) {
        fail(Message::type_mismatch,
             ": segment of " + to_string(segment) + " into an array of " + to_string(element.type));
      }
      break;
    }
    default:
      return false;
  }
  if (is_new) {
    pop_values({i32, i32});
    push(ValType::ref(HeapType::exact(insn.index), false));
  } else {
    pop_values({nullable(HeapType::index(insn.index)), i32, i32, i32});
  }
  return true;
}

// Casts

bool FunctionValidatorBase::check_cast(const Instruction& insn) {
  switch (insn.id) {
    case Insn::ref_test:
    case Insn::ref_test_null:
    case Insn::ref_cast:
    case Insn::ref_cast_null: {
      if (!check_heap_type(insn.type.heap())) return true;
      pop(nullable(top_type(module_, insn.type.heap())));
      const bool is_test = insn.id == Insn::ref_test || insn.id == Insn::ref_test_null;
      push(is_test ? ValType(ValType::kI32) : insn.type);
      return true;
    }
    case Insn::br_on_cast:
    case Insn::br_on_cast_fail:
      check_br_on_cast(insn);
      return true;
    default:
      return false;
  }
}

/// The label gets what the instruction's name says, control goes on with the rest: of a nullable
/// cast the rest is not null. Source and target may be any types of one hierarchy; without custom
/// descriptors the target has to be a subtype (features.cpp).
void FunctionValidatorBase::check_br_on_cast(const Instruction& insn) {
  const ValType source = insn.type;
  const ValType target = insn.type2;
  if (!check_heap_type(source.heap()) || !check_heap_type(target.heap())) return;
  if (top_type(module_, source.heap()) != top_type(module_, target.heap())) {
    return fail(Message::type_mismatch,
                ": cast from " + to_string(source) + " to " + to_string(target));
  }
  const ValType rest = target.is_nullable() ? ValType::ref(source.heap(), false) : source;
  const bool branches_on_fail =
      insn.id == Insn::br_on_cast_fail || insn.id == Insn::br_on_cast_desc_eq_fail;
  const auto types = label_types(insn.index);
  if (types.empty() || !matches(branches_on_fail ? rest : target, types.back())) {
    return fail(Message::type_mismatch, ": label takes " + to_string(types));
  }
  if (insn.id == Insn::br_on_cast_desc_eq || insn.id == Insn::br_on_cast_desc_eq_fail) {
    const auto descriptor = descriptor_to_cast(target);
    if (!descriptor) return;
    pop(*descriptor);
  }
  pop(source);
  const auto others = types.first(types.size() - 1);
  pop_values(others);
  push_values(others);
  push(branches_on_fail ? target : rest);
}

// References to integers, comparison, and the host's references

bool FunctionValidatorBase::check_conversion(const Instruction& insn) {
  switch (insn.id) {
    case Insn::ref_eq:
      pop_values({nullable(HeapType::kEq), nullable(HeapType::kEq)});
      push(ValType::kI32);
      return true;
    case Insn::ref_i31:
      pop(ValType::kI32);
      push(ValType::ref(HeapType::kI31, false));
      return true;
    case Insn::i31_get_s:
    case Insn::i31_get_u:
      pop(nullable(HeapType::kI31));
      push(ValType::kI32);
      return true;
    case Insn::any_convert_extern:
      convert_reference(HeapType::kExtern, HeapType::kAny);
      return true;
    case Insn::extern_convert_any:
      convert_reference(HeapType::kAny, HeapType::kExtern);
      return true;
    default:
      return false;
  }
}

void FunctionValidatorBase::convert_reference(HeapType from, HeapType to) {
  const ValType type = pop_ref();
  if (reader_.ok() && !matches(type, nullable(from))) {
    return fail(Message::type_mismatch, ": instruction requires " + to_string(nullable(from)) +
                                            " but stack has " + to_string(type));
  }
  push(ValType::ref(to, type.is_nullable()));
}

}  // namespace tinywasm::decoder
