// SPDX-License-Identifier: Apache-2.0
// The typing rules of single instructions
// (https://webassembly.github.io/spec/core/valid/instructions.html).
#include <algorithm>
#include <string>
#include <unordered_set>

#include "decoder/function_validator.hpp"
#include "decoder/subtyping.hpp"

namespace tinywasm::decoder {
namespace {

const FuncType kNoFuncType;

ValType min_address(ValType a, ValType b) {
  return a == ValType::kI64 && b == ValType::kI64 ? ValType::kI64 : ValType::kI32;
}

}  // namespace

void FunctionValidatorBase::check_instruction(const Instruction& insn) {
  if (!info(insn.id).is_special()) return check_plain(insn);
  if (check_variable(insn) || check_control(insn) || check_reference(insn) || check_table(insn) ||
      check_bulk_memory(insn) || check_gc(insn) || check_exception(insn)) {
    return;
  }
  fail(Message::unsupported_instruction, ' ' + std::string(info(insn.id).text));
}

/// What the table's signature and immediates say.
void FunctionValidatorBase::check_plain(const Instruction& insn) {
  Signature types = signature(insn.id);
  const Immediates immediates = info(insn.id).immediates;
  if (immediates == Immediates::memory ||
      (immediates >= Immediates::mem8 && immediates <= Immediates::mem64_lane)) {
    const ValType address = memory_address(insn.index);
    for (ValType& operand : types.operands) {
      if (operand.is_bottom()) operand = address;
    }
    if (types.result.is_bottom()) types.result = address;
    if (immediates != Immediates::memory) check_memarg(insn);
  }
  check_lanes(insn);
  pop_values(std::span<const ValType>(types.operands.data(), types.pops));
  for (unsigned i = 0; i < types.pushes; ++i) push(types.result);
}

void FunctionValidatorBase::check_memarg(const Instruction& insn) {
  const std::uint32_t natural = info(insn.id).natural_alignment();
  if (info(insn.id).feature == Feature::threads) {
    if (insn.align != natural) return fail(Message::alignment_not_natural);
  } else if (insn.align > natural) {
    return fail(Message::alignment_too_large);
  }
  const bool is_64 =
      insn.index < module_.memories.size() && module_.memories[insn.index].limits.is_64;
  if (!is_64 && insn.value > 0xffff'ffff) fail(Message::offset_out_of_range);
}

void FunctionValidatorBase::check_lanes(const Instruction& insn) {
  unsigned lanes = 0;
  switch (info(insn.id).immediates) {
    case Immediates::lane16:
    case Immediates::mem8_lane:
      lanes = 16;
      break;
    case Immediates::lane8:
    case Immediates::mem16_lane:
      lanes = 8;
      break;
    case Immediates::lane4:
    case Immediates::mem32_lane:
      lanes = 4;
      break;
    case Immediates::lane2:
    case Immediates::mem64_lane:
      lanes = 2;
      break;
    case Immediates::lanes:
      if (std::any_of(insn.bytes.begin(), insn.bytes.end(), [](auto lane) { return lane >= 32; })) {
        fail(Message::invalid_lane_index);
      }
      return;
    default:
      return;
  }
  if (insn.lane >= lanes) fail(Message::invalid_lane_index);
}

// Variables

bool FunctionValidatorBase::check_variable(const Instruction& insn) {
  switch (insn.id) {
    case Insn::local_get:
      get_local(insn.index);
      return true;
    case Insn::local_set:
      pop(local_type(insn.index));
      initialise_local(insn.index);
      return true;
    case Insn::local_tee: {
      const ValType type = local_type(insn.index);
      pop(type);
      push(type);
      initialise_local(insn.index);
      return true;
    }
    case Insn::global_get:
      check_global_get(insn);
      return true;
    case Insn::global_set:
      if (!check_index(insn.index, known_globals_, Message::unknown_global)) return true;
      if (!module_.globals[insn.index].type.is_mutable) fail(Message::immutable_global);
      pop(module_.globals[insn.index].type.type);
      return true;
    default:
      return false;
  }
}

void FunctionValidatorBase::check_global_get(const Instruction& insn) {
  if (!check_index(insn.index, known_globals_, Message::unknown_global)) return;
  push(module_.globals[insn.index].type.type);
}

// Control and parametric instructions

bool FunctionValidatorBase::check_control(const Instruction& insn) {
  switch (insn.id) {
    case Insn::unreachable:
      set_unreachable();
      return true;
    case Insn::br:
      pop_values(label_types(insn.index));
      set_unreachable();
      return true;
    case Insn::br_if: {
      pop(ValType::kI32);
      const auto types = label_types(insn.index);
      pop_values(types);
      push_values(types);
      return true;
    }
    case Insn::br_table:
      check_br_table(insn);
      return true;
    case Insn::return_:
      pop_values(frames_.front().signature.results);
      set_unreachable();
      return true;
    case Insn::call:
      check_call(callee_type(insn.index));
      return true;
    case Insn::return_call:
      check_tail_call(callee_type(insn.index));
      return true;
    case Insn::call_indirect:
      check_call(indirect_callee(insn));
      return true;
    case Insn::return_call_indirect:
      check_tail_call(indirect_callee(insn));
      return true;
    case Insn::call_ref:
    case Insn::return_call_ref: {
      if (!check_index(insn.index, module_.types.size(), Message::unknown_type)) return true;
      const FuncType& callee = func_type(insn.index);
      pop(ValType::ref(HeapType::index(insn.index), true));
      insn.id == Insn::call_ref ? check_call(callee) : check_tail_call(callee);
      return true;
    }
    case Insn::drop:
      pop_any();
      return true;
    case Insn::select:
      check_select(insn);
      return true;
    case Insn::select_t:
      check_select_t(insn);
      return true;
    default:
      return false;
  }
}

void FunctionValidatorBase::check_br_table(const Instruction& insn) {
  pop(ValType::kI32);
  const auto default_types = label_types(insn.labels.back());
  // A label is a byte and may have a thousand types: none are checked twice.
  const ValType* checked = nullptr;
  std::unordered_set<const ValType*> all_checked;
  for (const std::uint32_t label : insn.labels) {
    poll();
    const auto types = label_types(label);
    if (types.size() != default_types.size()) return mismatch(types, "label");
    if (types.empty() || types.data() == checked) continue;
    checked = types.data();
    if (all_checked.insert(checked).second) check_values(types);
  }
  pop_values(default_types);
  set_unreachable();
}

void FunctionValidatorBase::check_select(const Instruction&) {
  pop(ValType::kI32);
  const ValType second = pop_any();
  const ValType first = pop_any();
  const bool is_ref = first.is_ref() || second.is_ref();
  if (is_ref || (first != second && !first.is_bottom() && !second.is_bottom())) {
    const ValType both[] = {first, second};
    fail(Message::type_mismatch, ": select between " + to_string(both));
  }
  push(first.is_bottom() ? second : first);
}

void FunctionValidatorBase::check_select_t(const Instruction& insn) {
  if (insn.index != 1) return fail(Message::invalid_result_arity);
  if (insn.type.is_ref() && !check_heap_type(insn.type.heap())) return;
  pop_values({insn.type, insn.type, ValType::kI32});
  push(insn.type);
}

// Calls

const FuncType& FunctionValidatorBase::callee_type(std::uint32_t function) {
  if (!check_index(function, module_.functions.size(), Message::unknown_function)) {
    return kNoFuncType;
  }
  return module_.type_of_function(function);
}

const FuncType& FunctionValidatorBase::indirect_callee(const Instruction& insn) {
  const TableType table = table_type(insn.index2);
  const FuncType& callee = func_type(insn.index);
  if (reader_.ok() && !matches(table.element, kFuncRef)) {
    fail(Message::type_mismatch, ": table of " + to_string(table.element));
  }
  pop(table.address_type());
  return callee;
}

void FunctionValidatorBase::check_call(const FuncType& callee) {
  pop_values(callee.params);
  push_values(callee.results);
}

void FunctionValidatorBase::check_tail_call(const FuncType& callee) {
  const auto results = frames_.front().signature.results;
  if (!all_match(callee.results, results)) {
    fail(Message::type_mismatch,
         ": callee returns " + to_string(callee.results) + " but function " + to_string(results));
  }
  pop_values(callee.params);
  set_unreachable();
}

// References

bool FunctionValidatorBase::check_reference(const Instruction& insn) {
  switch (insn.id) {
    case Insn::ref_null:
      if (!check_heap_type(insn.type.heap())) return true;
      push(insn.type);
      return true;
    case Insn::ref_is_null:
      pop_ref();
      push(ValType::kI32);
      return true;
    case Insn::ref_func:
      check_ref_func(insn);
      return true;
    case Insn::ref_as_non_null:
      push(ValType::ref(pop_ref().heap(), false));
      return true;
    case Insn::br_on_null:
      check_br_on_null(insn);
      return true;
    case Insn::br_on_non_null:
      check_br_on_non_null(insn);
      return true;
    default:
      return false;
  }
}

void FunctionValidatorBase::check_ref_func(const Instruction& insn) {
  if (!check_index(insn.index, module_.functions.size(), Message::unknown_function)) return;
  if (!is_constant_ && !module_.declared_functions[insn.index]) {
    return fail(Message::undeclared_function_reference);
  }
  const std::uint32_t type = module_.functions[insn.index];
  const bool is_exact = module_.is_exact_function(insn.index);
  push(ValType::ref(is_exact ? HeapType::exact(type) : HeapType::index(type), false));
}

void FunctionValidatorBase::check_br_on_null(const Instruction& insn) {
  const ValType type = pop_ref();
  const auto types = label_types(insn.index);
  pop_values(types);
  push_values(types);
  push(ValType::ref(type.heap(), false));
}

void FunctionValidatorBase::check_br_on_non_null(const Instruction& insn) {
  const ValType type = pop_ref();
  const auto types = label_types(insn.index);
  if (types.empty() || !types.back().is_ref()) {
    return fail(Message::type_mismatch, ": label takes " + to_string(types));
  }
  push(ValType::ref(type.heap(), false));
  pop_values(types);
  push_values(types.first(types.size() - 1));
}

// Tables

bool FunctionValidatorBase::check_table(const Instruction& insn) {
  switch (insn.id) {
    case Insn::table_get: {
      const TableType table = table_type(insn.index);
      pop(table.address_type());
      push(table.element);
      return true;
    }
    case Insn::table_set: {
      const TableType table = table_type(insn.index);
      pop_values({table.address_type(), table.element});
      return true;
    }
    case Insn::table_size:
      push(table_type(insn.index).address_type());
      return true;
    case Insn::table_grow: {
      const TableType table = table_type(insn.index);
      pop_values({table.element, table.address_type()});
      push(table.address_type());
      return true;
    }
    case Insn::table_fill: {
      const TableType table = table_type(insn.index);
      pop_values({table.address_type(), table.element, table.address_type()});
      return true;
    }
    case Insn::table_copy: {
      const TableType to = table_type(insn.index);
      const TableType from = table_type(insn.index2);
      if (reader_.ok() && !matches(from.element, to.element)) {
        fail(Message::type_mismatch,
             ": copy of " + to_string(from.element) + " into a table of " + to_string(to.element));
      }
      pop_values({to.address_type(), from.address_type(),
                  min_address(to.address_type(), from.address_type())});
      return true;
    }
    case Insn::table_init: {
      const TableType table = table_type(insn.index2);
      if (!check_index(insn.index, module_.elements.size(), Message::unknown_elem_segment)) {
        return true;
      }
      const ValType element = module_.elements[insn.index].type;
      if (reader_.ok() && !matches(element, table.element)) {
        fail(Message::type_mismatch,
             ": segment of " + to_string(element) + " into a table of " + to_string(table.element));
      }
      pop_values({table.address_type(), ValType::kI32, ValType::kI32});
      return true;
    }
    case Insn::elem_drop:
      check_index(insn.index, module_.elements.size(), Message::unknown_elem_segment);
      return true;
    default:
      return false;
  }
}

// Memories

bool FunctionValidatorBase::check_bulk_memory(const Instruction& insn) {
  switch (insn.id) {
    case Insn::memory_fill: {
      const ValType address = memory_address(insn.index);
      pop_values({address, ValType::kI32, address});
      return true;
    }
    case Insn::memory_copy: {
      const ValType to = memory_address(insn.index);
      const ValType from = memory_address(insn.index2);
      pop_values({to, from, min_address(to, from)});
      return true;
    }
    case Insn::memory_init: {
      const ValType address = memory_address(insn.index2);
      check_data_index(insn.index);
      pop_values({address, ValType::kI32, ValType::kI32});
      return true;
    }
    case Insn::data_drop:
      check_data_index(insn.index);
      return true;
    default:
      return false;
  }
}

// Constant expressions

/// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
bool FunctionValidatorBase::check_constant(const Instruction& insn) {
  switch (insn.id) {
    case Insn::i32_const:
    case Insn::i64_const:
    case Insn::f32_const:
    case Insn::f64_const:
    case Insn::v128_const:
    case Insn::i32_add:
    case Insn::i32_sub:
    case Insn::i32_mul:
    case Insn::i64_add:
    case Insn::i64_sub:
    case Insn::i64_mul:
    case Insn::ref_null:
    case Insn::ref_func:
    case Insn::ref_i31:
    case Insn::struct_new:
    case Insn::struct_new_default:
    case Insn::struct_new_desc:
    case Insn::struct_new_default_desc:
    case Insn::array_new:
    case Insn::array_new_default:
    case Insn::array_new_fixed:
    case Insn::any_convert_extern:
    case Insn::extern_convert_any:
      return true;
    case Insn::global_get:
      if (!check_index(insn.index, known_globals_, Message::unknown_global)) return false;
      if (!module_.globals[insn.index].type.is_mutable) return true;
      [[fallthrough]];
    default:
      fail(Message::constant_expression_required);
      return false;
  }
}

// Index spaces

bool FunctionValidatorBase::check_index(std::uint32_t index, std::size_t count, Message message) {
  if (index < count) return true;
  fail_index(message, index);
  return false;
}

std::span<const ValType> FunctionValidatorBase::label_types(std::uint32_t depth) {
  if (!check_index(depth, frames_.size(), Message::unknown_label)) return {};
  return frames_[frames_.size() - 1 - depth].label_types();
}

const FuncType& FunctionValidatorBase::func_type(std::uint32_t type_index) {
  if (!check_index(type_index, module_.types.size(), Message::unknown_type)) return kNoFuncType;
  const SubType& type = module_.types[type_index];
  if (type.kind != CompositeKind::func) fail_index(Message::not_a_function_type, type_index);
  return type.func;
}

bool FunctionValidatorBase::check_heap_type(HeapType type) {
  return type.is_abstract() ||
         check_index(type.type_index(), module_.types.size(), Message::unknown_type);
}

/// https://webassembly.github.io/spec/core/binary/modules.html#data-count-section
void FunctionValidatorBase::check_data_index(std::uint32_t index) {
  if (!module_.data_count) return fail(Message::data_count_required);
  check_index(index, *module_.data_count, Message::unknown_data_segment);
}

ValType FunctionValidatorBase::memory_address(std::uint32_t memory) {
  if (!check_index(memory, module_.memories.size(), Message::unknown_memory)) return ValType::kI32;
  return module_.memories[memory].address_type();
}

TableType FunctionValidatorBase::table_type(std::uint32_t table) {
  if (!check_index(table, module_.tables.size(), Message::unknown_table)) return {};
  return module_.tables[table].type;
}

}  // namespace tinywasm::decoder
