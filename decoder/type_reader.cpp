// SPDX-License-Identifier: Apache-2.0
#include "decoder/type_reader.hpp"

#include <algorithm>
#include <string>

#include "decoder/limits.hpp"
#include "decoder/type_forms.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::uint8_t kExactHeap = 0x62;

constexpr bool is_abstract_heap(std::uint8_t code) {
  return code >= HeapType::kExn && code <= HeapType::kNoExn;
}

/// One-byte codes are the negative numbers of one byte of a signed LEB128: bit 6 set, bit 7 clear.
constexpr bool is_code(std::uint8_t byte) { return (byte & 0xc0) == 0x40; }

static_assert(kMaxTypes <= HeapType::kIndices);

/// A type index that is kept in a type: it must fit, and none above the limit can exist.
std::uint32_t checked_type_index(ByteReader& reader, std::int64_t index, std::uint32_t start) {
  if (index < kMaxTypes) return static_cast<std::uint32_t>(index);
  reader.fail(Message::unknown_type, start, " " + std::to_string(index));
  return 0;
}

/// The rest of a reference type after its first byte.
ValType ref_type_of(ByteReader& reader, std::uint8_t code) {
  if (code == ValType::kRefNull || code == ValType::kRef) {
    const HeapType heap = read_heap_type(reader);
    return ValType::ref(heap, code == ValType::kRefNull);
  }
  return ValType::ref(static_cast<HeapType::Abstract>(code), true);
}

constexpr bool starts_ref_type(std::uint8_t code) {
  return code == ValType::kRefNull || code == ValType::kRef || is_abstract_heap(code);
}

constexpr bool is_num_or_vec(std::uint8_t code) {
  return code >= ValType::kV128 && code <= ValType::kI32;
}

std::vector<ValType> read_result_type(ByteReader& reader, std::uint32_t limit, Message over) {
  const std::uint32_t start = reader.offset();
  const std::uint32_t count = reader.count();
  if (count > limit) reader.fail(over, start);
  std::vector<ValType> types;
  if (!reader.ok()) return types;
  types.reserve(count);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) types.push_back(read_val_type(reader));
  return types;
}

FieldType read_field_type(ByteReader& reader) {
  FieldType field;
  const std::uint8_t code = reader.peek();
  if (code == ValType::kI8 || code == ValType::kI16) {
    field.type = static_cast<ValType::Code>(reader.u8());
  } else if (is_num_or_vec(code) || starts_ref_type(code) || reader.at_end()) {
    field.type = read_val_type(reader);
  } else {
    reader.fail(Message::malformed_storage_type);
  }
  const std::uint32_t start = reader.offset();
  const std::uint8_t mutability = reader.u8();
  if (mutability > 1) reader.fail(Message::malformed_mutability, start);
  field.is_mutable = mutability == 1;
  return field;
}

void read_fields(ByteReader& reader, std::vector<FieldType>& fields) {
  const std::uint32_t start = reader.offset();
  const std::uint32_t count = reader.count();
  if (count > kMaxFields) reader.fail(Message::too_many_fields, start);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    fields.push_back(read_field_type(reader));
  }
}

void read_composite_type(ByteReader& reader, SubType& type) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t form = reader.u8();
  // Forms are negative numbers of seven bits in LEB128.
  if (form >= 0x80) return reader.fail(Message::integer_too_long);
  switch (form) {
    case kFuncForm:
      type.kind = CompositeKind::func;
      type.func.params = read_result_type(reader, kMaxParameters, Message::too_many_parameters);
      type.func.results = read_result_type(reader, kMaxResults, Message::too_many_results);
      return;
    case kStructForm:
      type.kind = CompositeKind::struct_;
      read_fields(reader, type.fields);
      return;
    case kArrayForm:
      type.kind = CompositeKind::array;
      type.fields.push_back(read_field_type(reader));
      return;
    default:
      reader.fail(Message::malformed_definition_type, start);
  }
}

/// The type index of a clause that begins with `form`, if it is there.
std::optional<std::uint32_t> read_clause(ByteReader& reader, std::uint8_t form) {
  if (reader.peek() != form) return std::nullopt;
  reader.u8();
  const std::uint32_t start = reader.offset();
  return checked_type_index(reader, reader.u32(), start);
}

SubType read_sub_type(ByteReader& reader) {
  SubType type;
  const std::uint8_t form = reader.peek();
  if (form == kSubForm || form == kSubFinalForm) {
    reader.u8();
    type.is_final = form == kSubFinalForm;
    const std::uint32_t start = reader.offset();
    const std::uint32_t count = reader.count();
    if (count > 1) reader.fail(Message::sub_type, start, ": more than one super type");
    if (count == 1) {
      const std::uint32_t supertype = reader.u32();
      type.supertype = checked_type_index(reader, supertype, start);
    }
  }
  type.describes = read_clause(reader, kDescribesForm);
  type.descriptor = read_clause(reader, kDescriptorForm);
  read_composite_type(reader, type);
  return type;
}

}  // namespace

HeapType read_heap_type(ByteReader& reader) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t code = reader.peek();
  if (is_code(code)) {
    reader.u8();
    if (is_abstract_heap(code)) return static_cast<HeapType::Abstract>(code);
    if (code == kExactHeap) {
      return HeapType::exact(checked_type_index(reader, reader.u32(), start));
    }
    reader.fail(Message::malformed_heap_type, start);
    return HeapType::kFunc;
  }
  const std::int64_t index = reader.s33();
  if (index < 0) {
    reader.fail(Message::malformed_heap_type, start);
    return HeapType::kFunc;
  }
  return HeapType::index(checked_type_index(reader, index, start));
}

ValType read_ref_type(ByteReader& reader) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t code = reader.u8();
  if (reader.ok() && starts_ref_type(code)) return ref_type_of(reader, code);
  reader.fail(Message::malformed_reference_type, start);
  return kFuncRef;
}

ValType read_val_type(ByteReader& reader) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t code = reader.u8();
  if (is_num_or_vec(code)) return static_cast<ValType::Code>(code);
  if (starts_ref_type(code)) return ref_type_of(reader, code);
  reader.fail(Message::malformed_value_type, start);
  return ValType::kI32;
}

BlockType read_block_type(ByteReader& reader) {
  constexpr std::uint8_t kEmpty = 0x40;
  const std::uint32_t start = reader.offset();
  const std::uint8_t code = reader.peek();
  if (code == kEmpty) {
    reader.u8();
    return {};
  }
  if (is_code(code)) return {.index = -1, .result = read_val_type(reader)};
  const std::int64_t index = reader.s33();
  if (index < 0) reader.fail(Message::malformed_block_type, start);
  return {.index = index, .result = {}};
}

namespace {

constexpr std::uint8_t kHasMax = 0x01;
constexpr std::uint8_t kShared = 0x02;
constexpr std::uint8_t kIs64 = 0x04;
constexpr std::uint8_t kHasPageSize = 0x08;

/// What follows the flags.
Limits read_limits(ByteReader& reader, std::uint8_t flags) {
  Limits limits;
  limits.is_shared = (flags & kShared) != 0;
  limits.is_64 = (flags & kIs64) != 0;
  limits.min = reader.u64();
  if ((flags & kHasMax) != 0) limits.max = reader.u64();
  return limits;
}

}  // namespace

/// https://github.com/WebAssembly/custom-page-sizes: the logarithm of a page's size may follow.
MemoryType read_memory_type(ByteReader& reader) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t flags = reader.u8();
  constexpr std::uint8_t kAll = kHasMax | kShared | kIs64 | kHasPageSize;
  // Flags that promise a page size and stand last are taken for wrong ones.
  if (flags > kAll || ((flags & kHasPageSize) != 0 && reader.at_end())) {
    reader.fail(Message::malformed_limits_flags, start);
  }
  MemoryType type;
  type.limits = read_limits(reader, flags);
  if ((flags & kHasPageSize) != 0) {
    const std::uint32_t at = reader.offset();
    const std::uint32_t page_log2 = reader.u32();
    if (page_log2 >= 64) reader.fail(Message::malformed_page_size, at);
    type.page_log2 = static_cast<std::uint8_t>(page_log2);
  }
  return type;
}

TableType read_table_type(ByteReader& reader) {
  TableType type;
  type.element = read_ref_type(reader);
  const std::uint32_t start = reader.offset();
  const std::uint8_t flags = reader.u8();
  if ((flags & ~(kHasMax | kIs64)) != 0) reader.fail(Message::malformed_limits_flags, start);
  type.limits = read_limits(reader, flags);
  return type;
}

GlobalType read_global_type(ByteReader& reader) {
  GlobalType type;
  type.type = read_val_type(reader);
  const std::uint32_t start = reader.offset();
  const std::uint8_t mutability = reader.u8();
  if (mutability > 1) reader.fail(Message::malformed_mutability, start);
  type.is_mutable = mutability == 1;
  return type;
}

std::vector<SubType> read_types(ByteReader& reader, std::vector<std::uint32_t>* empty_groups,
                                const InterruptToken* interrupt) {
  std::vector<SubType> types;
  const std::uint32_t groups = reader.count();
  // No group of one type or more is shorter than this.
  constexpr std::size_t kLeastBytes = 3;
  types.reserve(std::min<std::size_t>({groups, kMaxTypes, reader.remaining() / kLeastBytes}));
  for (std::uint32_t group = 0; group < groups && reader.ok(); ++group) {
    const std::uint32_t start = reader.offset();
    std::uint32_t size = 1;
    if (reader.peek() == kRecForm) {
      reader.u8();
      size = reader.count();
    }
    if (size > kMaxTypes - types.size()) {
      reader.fail(Message::too_many_types, start);
      break;
    }
    const auto first = static_cast<std::uint32_t>(types.size());
    if (size == 0 && empty_groups != nullptr) empty_groups->push_back(first);
    for (std::uint32_t i = 0; i < size && reader.ok(); ++i) {
      if (interrupt != nullptr && interrupt->is_set()) reader.fail(Message::interrupted);
      types.push_back(read_sub_type(reader));
      types.back().rec_start = first;
      types.back().rec_size = size;
    }
  }
  return types;
}

}  // namespace tinywasm::decoder
