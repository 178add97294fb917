// SPDX-License-Identifier: Apache-2.0
#include "vm/heap_types.hpp"

#include <algorithm>

namespace tinywasm::vm {

using decoder::ValType;

FieldSize size_of_field(ValType type) {
  switch (type.code()) {
    case ValType::kI8:
      return FieldSize::b8;
    case ValType::kI16:
      return FieldSize::b16;
    case ValType::kI32:
    case ValType::kF32:
      return FieldSize::b32;
    case ValType::kV128:
      return FieldSize::b128;
    default:
      return FieldSize::b64;
  }
}

FieldRoots roots_of(ValType type, bool is_function_type) {
  using decoder::HeapType;
  if (!type.is_ref() || is_function_type) return FieldRoots::none;
  const HeapType heap = type.heap();
  if (heap == HeapType::kFunc || heap == HeapType::kNoFunc) return FieldRoots::none;
  const bool is_extern = heap == HeapType::kExtern || heap == HeapType::kNoExtern;
  return is_extern ? FieldRoots::loose : FieldRoots::exact;
}

std::uint32_t StructLayout::add(FieldSize size) {
  const std::uint32_t bytes = bytes_of(size);
  const std::uint32_t alignment = std::min(bytes, 8u);
  const std::uint32_t offset = (end_ + alignment - 1) / alignment * alignment;
  end_ = offset + bytes;
  return offset;
}

StructOffsets::StructOffsets(const decoder::SubType& type) {
  StructLayout layout;
  const auto add_descriptor = [&](std::size_t fields_before) {
    if (type.descriptor && type.fields_before_descriptor == fields_before) {
      descriptor = layout.add(FieldSize::b64);
    }
  };
  fields.reserve(type.fields.size());
  for (const decoder::FieldType& field : type.fields) {
    add_descriptor(fields.size());
    fields.push_back(layout.add(size_of_field(field.type)));
  }
  add_descriptor(fields.size());
  size = layout.size();
}

}  // namespace tinywasm::vm
