// SPDX-License-Identifier: Apache-2.0
// Handlers of instructions on heap objects, for the dispatcher that the including unit chose.
// Operands and results are in slots. Accesses and casts are done here, what allocates or takes long
// in gc_operations.cpp.
#pragma once

#include <cstring>
#include <type_traits>

#include "vm/gc_operations.hpp"
#include "vm/object.hpp"
#include "vm/statements.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

// ---- Fields and elements. `T` is the type in memory; the value is extended to an i32 or fills its
// slots.

template <class T>
TINYWASM_INLINE Slot slot_of_field(const std::byte* at) {
  const T value = read<T>(at);
  if constexpr (std::is_signed_v<T>) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
  } else {
    return value;
  }
}
template <class T>
TINYWASM_INLINE void get_field(Slot* to, const std::byte* at) {
  if constexpr (sizeof(T) == 16) {
    std::memcpy(to, at, sizeof(T));
  } else {
    *to = slot_of_field<T>(at);
  }
}
template <class T>
TINYWASM_INLINE void set_field(std::byte* at, const Slot* value) {
  std::memcpy(at, value, sizeof(T));  // the low bytes
}

template <class T>
TINYWASM_HANDLER struct_get_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Slot object = R.fp[word.a];
  if (object == 0) [[unlikely]]
    TINYWASM_TRAP(Trap::null_structure);
  get_field<T>(R.fp + word.result, reinterpret_cast<const std::byte*>(object) + word.index);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
template <class T>
TINYWASM_HANDLER struct_set_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Slot object = R.fp[word.a];
  if (object == 0) [[unlikely]]
    TINYWASM_TRAP(Trap::null_structure);
  set_field<T>(reinterpret_cast<std::byte*>(object) + word.index, R.fp + word.b);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}

TINYWASM_HANDLER array_len_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Slot array = R.fp[word.a];
  if (array == 0) [[unlikely]]
    TINYWASM_TRAP(Trap::null_array);
  R.fp[word.result] = to_object(array)->length;
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
/// Where an element of `Size` bytes lies, or why there is none.
struct Element {
  std::byte* at = nullptr;
  Trap trap = Trap::none;
};
template <std::size_t Size>
TINYWASM_INLINE Element element(const Registers& R, const RuntimeWord& word) {
  const Slot array = R.fp[word.a];
  if (array == 0) [[unlikely]]
    return {nullptr, Trap::null_array};
  const std::uint64_t index = static_cast<std::uint32_t>(R.fp[word.b]);
  if (index >= to_object(array)->length) [[unlikely]]
    return {nullptr, Trap::array_bounds};
  return {reinterpret_cast<std::byte*>(array) + kObjectHeader + index * Size, Trap::none};
}
template <class T>
TINYWASM_HANDLER array_get_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Element found = element<sizeof(T)>(R, word);
  if (found.at == nullptr) [[unlikely]]
    TINYWASM_TRAP_VALUE(found.trap);
  get_field<T>(R.fp + word.result, found.at);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
template <class T>
TINYWASM_HANDLER array_set_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Element found = element<sizeof(T)>(R, word);
  if (found.at == nullptr) [[unlikely]]
    TINYWASM_TRAP_VALUE(found.trap);
  set_field<T>(found.at, R.fp + word.c);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}

#define TINYWASM_ACCESSES(suffix, type)                                      \
  inline constexpr auto& struct_get_##suffix##_word = struct_get_word<type>; \
  inline constexpr auto& array_get_##suffix##_word = array_get_word<type>;
TINYWASM_ACCESSES(8s, std::int8_t)
TINYWASM_ACCESSES(8u, std::uint8_t)
TINYWASM_ACCESSES(16s, std::int16_t)
TINYWASM_ACCESSES(16u, std::uint16_t)
TINYWASM_ACCESSES(32, std::uint32_t)
TINYWASM_ACCESSES(64, std::uint64_t)
TINYWASM_ACCESSES(128, V128)
#undef TINYWASM_ACCESSES
#define TINYWASM_ACCESSES(suffix, type)                                      \
  inline constexpr auto& struct_set_##suffix##_word = struct_set_word<type>; \
  inline constexpr auto& array_set_##suffix##_word = array_set_word<type>;
TINYWASM_ACCESSES(8, std::uint8_t)
TINYWASM_ACCESSES(16, std::uint16_t)
TINYWASM_ACCESSES(32, std::uint32_t)
TINYWASM_ACCESSES(64, std::uint64_t)
TINYWASM_ACCESSES(128, V128)
#undef TINYWASM_ACCESSES

// ---- Casts. A word's index2 says what they are to (see CastOperand).

/// To i31, struct, array or eq: the kinds of references that match are bits of a mask.
TINYWASM_INLINE bool matches_kinds(Slot reference, std::uint32_t kinds) {
  unsigned kind = static_cast<unsigned>(ObjectKind::null);
  if (reference != 0) {
    kind = is_i31(reference) ? static_cast<unsigned>(ObjectKind::i31)
                             : static_cast<unsigned>(to_object(reference)->kind());
  }
  return (kinds >> kind & 1) != 0;
}
/// To a type of structures or arrays.
TINYWASM_INLINE bool matches_type(const Context& context, Slot reference, const RuntimeWord& word) {
  if (reference == 0) return CastOperand::is_nullable(word.index2);
  if (is_i31(reference)) return false;
  const std::uint32_t type = to_object(reference)->type();
  const std::uint32_t wanted = context.instance->type_ids[word.index];
  if (type == wanted) return true;
  if (type == Object::kNoType) return false;
  const std::uint32_t depth = CastOperand::depth(word.index2);
  const ObjectType& found = *context.object_types[type];
  return depth < found.depth && found.display[depth] == wanted;
}

TINYWASM_HANDLER ref_test_kind_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  R.fp[word.result] = matches_kinds(R.fp[word.a], word.index2) ? 1 : 0;
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_HANDLER ref_cast_kind_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  if (!matches_kinds(R.fp[word.a], word.index2)) [[unlikely]]
    TINYWASM_TRAP(Trap::cast_failure);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_HANDLER ref_test_type_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  R.fp[word.result] = matches_type(*R.ctx, R.fp[word.a], word) ? 1 : 0;
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
TINYWASM_HANDLER ref_cast_type_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  if (!matches_type(*R.ctx, R.fp[word.a], word)) [[unlikely]]
    TINYWASM_TRAP(Trap::cast_failure);
  TINYWASM_NEXT(sizeof(RuntimeWord));
}
/// To a function type: rare enough to go outside.
TINYWASM_HANDLER ref_test_func_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  R.fp[word.result] = ref_test_func(*R.ctx, R.fp[word.a], word) ? 1 : 0;
  TINYWASM_NEXT(sizeof(RuntimeWord));
}

/// Whether a reference has this descriptor, which is not null.
TINYWASM_INLINE bool has_descriptor(const Context& context, Slot reference, Slot descriptor) {
  if (is_i31(reference)) return false;
  const std::uint32_t type = to_object(reference)->type();
  if (type == Object::kNoType) return false;
  const std::uint32_t offset = context.object_types[type]->descriptor;
  return offset != 0 &&
         read<Slot>(reinterpret_cast<const std::byte*>(reference) + offset) == descriptor;
}
TINYWASM_HANDLER ref_test_desc_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<RuntimeWord>(R.pc);
  const Slot reference = R.fp[word.b];
  R.fp[word.result] = reference == 0                                    ? word.index2
                      : has_descriptor(*R.ctx, reference, R.fp[word.a]) ? 1
                                                                        : 0;
  TINYWASM_NEXT(sizeof(RuntimeWord));
}

// ---- What is done outside. Registers become roots of the collector.

#define TINYWASM_OBJECT_OPERATION(name)              \
  TINYWASM_HANDLER name##_word(TINYWASM_REGISTERS) { \
    TINYWASM_ENTER;                                  \
    const auto& word = read_word<ObjectWord>(R.pc);  \
    R.ctx->live_registers[0] = R.r0;                 \
    R.ctx->live_registers[1] = R.r1;                 \
    R.ctx->live_registers[2] = R.r2;                 \
    R.ctx->live_registers[3] = R.r3;                 \
    const Trap trap = name(*R.ctx, R.fp, word);      \
    if (trap != Trap::none) [[unlikely]]             \
      TINYWASM_TRAP_VALUE(trap);                     \
    TINYWASM_NEXT(sizeof(ObjectWord));               \
  }
TINYWASM_OBJECT_OPERATION(struct_new)
TINYWASM_OBJECT_OPERATION(struct_new_default)
TINYWASM_OBJECT_OPERATION(struct_new_desc)
TINYWASM_OBJECT_OPERATION(struct_new_default_desc)
TINYWASM_OBJECT_OPERATION(array_new)
TINYWASM_OBJECT_OPERATION(array_new_default)
TINYWASM_OBJECT_OPERATION(array_new_fixed)
TINYWASM_OBJECT_OPERATION(array_new_data)
TINYWASM_OBJECT_OPERATION(array_new_elem)
TINYWASM_OBJECT_OPERATION(array_fill)
TINYWASM_OBJECT_OPERATION(array_copy)
TINYWASM_OBJECT_OPERATION(array_init_data)
TINYWASM_OBJECT_OPERATION(array_init_elem)
TINYWASM_OBJECT_OPERATION(any_convert_extern)
TINYWASM_OBJECT_OPERATION(extern_convert_any)
#undef TINYWASM_OBJECT_OPERATION

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
