// SPDX-License-Identifier: Apache-2.0
// Structures, arrays, i31 and casts.
#include <algorithm>

#include "decoder/subtyping.hpp"
#include "vm/heap.hpp"
#include "vm/heap_types.hpp"
#include "vm/ir_builder.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::ir {

using decoder::HeapType;
using decoder::Instruction;
using decoder::ValType;

namespace {

constexpr Type kI32 = Type::i32;
constexpr Type kReference = Type::ref;

Type type_of_field(ValType field) { return field.is_packed() ? Type::i32 : type_of(field); }

/// One of the words for a field's size: of a getter for 8 bits signed, 8 unsigned, 16 signed, ...
WordId getter(WordId first, FieldSize size, bool is_signed) {
  unsigned at = 0;
  switch (size) {
    case FieldSize::b8:
      at = is_signed ? 0 : 1;
      break;
    case FieldSize::b16:
      at = is_signed ? 2 : 3;
      break;
    case FieldSize::b32:
      at = 4;
      break;
    case FieldSize::b64:
      at = 5;
      break;
    case FieldSize::b128:
      at = 6;
      break;
  }
  return static_cast<WordId>(static_cast<unsigned>(first) + at);
}
WordId setter(WordId first, FieldSize size) {
  return static_cast<WordId>(static_cast<unsigned>(first) + static_cast<unsigned>(size));
}
static_assert(static_cast<unsigned>(WordId::struct_get_128) ==
              static_cast<unsigned>(WordId::struct_get_8s) + 6);
static_assert(static_cast<unsigned>(WordId::struct_set_128) ==
              static_cast<unsigned>(WordId::struct_set_8) + 4);
static_assert(static_cast<unsigned>(WordId::array_get_128) ==
              static_cast<unsigned>(WordId::array_get_8s) + 6);
static_assert(static_cast<unsigned>(WordId::array_set_128) ==
              static_cast<unsigned>(WordId::array_set_8) + 4);

constexpr std::uint32_t bit(ObjectKind kind) { return 1u << static_cast<unsigned>(kind); }

/// The kinds of references of the hierarchy of any that an abstract type has.
std::uint32_t kinds_of(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kI31:
      return bit(ObjectKind::i31);
    case HeapType::kStruct:
      return bit(ObjectKind::structure);
    case HeapType::kArray:
      return bit(ObjectKind::array);
    default:
      return bit(ObjectKind::i31) | bit(ObjectKind::structure) | bit(ObjectKind::array);
  }
}

/// How much a cast to an abstract type has to look at.
enum class CastTo : std::uint8_t { top, bottom, kinds };
CastTo cast_to(HeapType::Abstract heap) {
  if (heap == decoder::top_of(heap)) return CastTo::top;
  return decoder::is_abstract_bottom(heap) ? CastTo::bottom : CastTo::kinds;
}

}  // namespace

bool Builder::object_insn(const Instruction& insn) {
  return struct_insn(insn) || array_insn(insn) || i31_insn(insn) || cast_insn(insn) ||
         descriptor_insn(insn);
}

/// A statement whose operands, the top `slots` entries, are put into their temporaries: it finds
/// them in slots one after the other.
void Builder::object(WordId word, std::uint32_t slots, const Type* result, std::uint32_t index,
                     std::uint32_t index2) {
  const std::uint32_t base = height() - slots;
  charge_slots(slots);
  place_results(slots);
  drop_to(base);
  if (result != nullptr) preserve_temporary(height());
  f_.max_need = std::max<std::uint32_t>(f_.max_need, 1);
  Statement& s = emit(StatementKind::object);
  s.word = word;
  s.index = index;
  s.index2 = index2;
  s.operands = temporary(height());
  s.operand_count = slots;
  if (result == nullptr) return;
  s.variable = temporary(height());
  s.type = *result;
  push(leaf(s.variable, *result));
}

// ---- Structures

/// Where fields lie. The offsets of a type are computed once a function.
const StructOffsets& Builder::offsets_of(std::uint32_t type) {
  const auto [found, is_new] = struct_offsets_.try_emplace(type);
  if (is_new) found->second = StructOffsets(module_.types[type]);
  return found->second;
}

/// Slots that the operands for a structure's fields take.
std::uint32_t Builder::struct_slots(std::uint32_t type) const {
  std::uint32_t slots = 0;
  for (const decoder::FieldType& field : module_.types[type].fields) {
    slots += vm::slots_of(size_of_field(field.type));
  }
  return slots;
}

bool Builder::struct_insn(const Instruction& insn) {
  switch (insn.id) {
    case Insn::struct_new:
      object(WordId::struct_new, struct_slots(insn.index), &kReference, insn.index);
      return true;
    case Insn::struct_new_default:
      object(WordId::struct_new_default, 0, &kReference, insn.index);
      return true;
    case Insn::struct_get:
    case Insn::struct_get_s:
    case Insn::struct_get_u: {
      const ValType field = module_.types[insn.index].fields[insn.index2].type;
      const Type type = type_of_field(field);
      runtime(getter(WordId::struct_get_8s, size_of_field(field), insn.id == Insn::struct_get_s), 1,
              &type, offsets_of(insn.index).fields[insn.index2]);
      return true;
    }
    case Insn::struct_set: {
      const ValType field = module_.types[insn.index].fields[insn.index2].type;
      runtime(setter(WordId::struct_set_8, size_of_field(field)), 2, nullptr,
              offsets_of(insn.index).fields[insn.index2]);
      return true;
    }
    default:
      return false;
  }
}

// ---- Arrays

bool Builder::array_insn(const Instruction& insn) {
  const auto element = [&] { return module_.types[insn.index].fields[0].type; };
  const auto slots = [&] { return vm::slots_of(size_of_field(element())); };
  switch (insn.id) {
    case Insn::array_new:
      object(WordId::array_new, slots() + 1, &kReference, insn.index);
      return true;
    case Insn::array_new_default:
      object(WordId::array_new_default, 1, &kReference, insn.index);
      return true;
    case Insn::array_new_fixed:
      object(WordId::array_new_fixed, insn.index2 * slots(), &kReference, insn.index, insn.index2);
      return true;
    case Insn::array_new_data:
      object(WordId::array_new_data, 2, &kReference, insn.index, insn.index2);
      return true;
    case Insn::array_new_elem:
      object(WordId::array_new_elem, 2, &kReference, insn.index, insn.index2);
      return true;
    case Insn::array_get:
    case Insn::array_get_s:
    case Insn::array_get_u: {
      const Type type = type_of_field(element());
      runtime(getter(WordId::array_get_8s, size_of_field(element()), insn.id == Insn::array_get_s),
              2, &type, insn.index);
      return true;
    }
    case Insn::array_set:
      runtime(setter(WordId::array_set_8, size_of_field(element())), 3, nullptr, insn.index);
      return true;
    case Insn::array_len:
      runtime(WordId::array_len, 1, &kI32, 0);
      return true;
    case Insn::array_fill:
      object(WordId::array_fill, 3 + slots(), nullptr, insn.index);
      return true;
    case Insn::array_copy:
      object(WordId::array_copy, 5, nullptr, insn.index, insn.index2);
      return true;
    case Insn::array_init_data:
      object(WordId::array_init_data, 4, nullptr, insn.index, insn.index2);
      return true;
    case Insn::array_init_elem:
      object(WordId::array_init_elem, 4, nullptr, insn.index, insn.index2);
      return true;
    default:
      return false;
  }
}

// ---- i31: a slot with bit 0 set and the integer above it

bool Builder::i31_insn(const Instruction& insn) {
  const auto binary = [this](Insn op, NodeId a, Type type) {
    return inner({.kind = NodeKind::numeric, .type = type, .op = op},
                 std::array{a, constant(1, Type::i32)});
  };
  switch (insn.id) {
    case Insn::ref_i31: {
      const NodeId shifted = binary(Insn::i32_shl, pop(), Type::i32);
      push(binary(Insn::i32_or, shifted, Type::ref));
      return true;
    }
    case Insn::i31_get_s:
    case Insn::i31_get_u: {
      trap_if_zero(copy_of_top(), Trap::null_i31);
      const Insn shift = insn.id == Insn::i31_get_s ? Insn::i32_shr_s : Insn::i32_shr_u;
      push(binary(shift, pop(), Type::i32));
      return true;
    }
    case Insn::ref_eq: {
      Instruction compare = insn;
      compare.id = Insn::i64_eq;
      numeric(compare);
      return true;
    }
    case Insn::any_convert_extern:
      object(WordId::any_convert_extern, 1, &kReference, 0);
      return true;
    case Insn::extern_convert_any:
      object(WordId::extern_convert_any, 1, &kReference, 0);
      return true;
    default:
      return false;
  }
}

// ---- Casts

bool Builder::cast_insn(const Instruction& insn) {
  switch (insn.id) {
    case Insn::ref_test:
    case Insn::ref_test_null:
      test(insn.type);
      return true;
    case Insn::ref_cast:
    case Insn::ref_cast_null:
      cast(insn.type);
      return true;
    case Insn::br_on_cast:
    case Insn::br_on_cast_fail:
      push(copy_of_top());
      test(insn.type2);
      br_if(insn.index, pop(), insn.id == Insn::br_on_cast);
      return true;
    default:
      return false;
  }
}

/// index2 of a cast's word.
std::uint32_t Builder::cast_operand(ValType target) const {
  if (target.heap().is_exact()) {
    return CastOperand::make(CastOperand::kExact, target.is_nullable());
  }
  std::uint32_t depth = 0;
  const auto* type = &module_.types[target.heap().type_index()];
  for (; type->supertype; type = &module_.types[*type->supertype]) ++depth;
  return CastOperand::make(depth, target.is_nullable());
}

/// Replaces the top entry by a constant.
void Builder::drop_for(std::uint32_t value) {
  drop();
  push(constant(value, Type::i32));
}

/// Replaces the top entry by whether it is of type `target`.
void Builder::test(ValType target) {
  const HeapType heap = target.heap();
  const bool nullable = target.is_nullable();
  if (!heap.is_abstract()) {
    const bool is_func = module_.types[heap.type_index()].kind == decoder::CompositeKind::func;
    return runtime(is_func ? WordId::ref_test_func : WordId::ref_test_type, 1, &kI32,
                   heap.type_index(), cast_operand(target));
  }
  switch (cast_to(heap.abstract())) {
    case CastTo::kinds:
      return runtime(WordId::ref_test_kind, 1, &kI32, 0,
                     kinds_of(heap.abstract()) | (nullable ? bit(ObjectKind::null) : 0));
    case CastTo::top: {
      if (nullable) return drop_for(1);
      const std::array operands{pop(), constant(0, Type::i64)};
      return push(
          inner({.kind = NodeKind::numeric, .type = Type::i32, .op = Insn::i64_ne}, operands));
    }
    case CastTo::bottom:
      if (!nullable) return drop_for(0);
      return push(is_null(pop()));
  }
}

/// Ends the run if the top entry, which stays, is not of type `target`.
void Builder::cast(ValType target) {
  const HeapType heap = target.heap();
  if (!heap.is_abstract()) {
    if (module_.types[heap.type_index()].kind != decoder::CompositeKind::func) {
      push(copy_of_top());
      return runtime(WordId::ref_cast_type, 1, nullptr, heap.type_index(), cast_operand(target));
    }
  } else if (cast_to(heap.abstract()) == CastTo::kinds) {
    push(copy_of_top());
    return runtime(WordId::ref_cast_kind, 1, nullptr, 0,
                   kinds_of(heap.abstract()) | (target.is_nullable() ? bit(ObjectKind::null) : 0));
  } else if (cast_to(heap.abstract()) == CastTo::top && target.is_nullable()) {
    return;
  }
  push(copy_of_top());
  test(target);
  trap_if_zero(pop(), Trap::cast_failure);
}

}  // namespace tinywasm::vm::ir
