// SPDX-License-Identifier: Apache-2.0
// How objects of a type lie in memory: what the translator, the heap and the collector must agree
// on. It follows from the type alone, so that code that is shared by Stores can hold offsets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/types.hpp"

namespace tinywasm::vm {

/// Bytes before an object's contents: its header and an array's length.
inline constexpr std::uint32_t kObjectHeader = 8;

/// How a field is stored, by its size as a power of two.
enum class FieldSize : std::uint8_t { b8, b16, b32, b64, b128 };

FieldSize size_of_field(decoder::ValType type);
constexpr std::uint32_t bytes_of(FieldSize size) { return 1u << static_cast<unsigned>(size); }
/// Slots that a value of the field takes in a frame.
constexpr std::uint32_t slots_of(FieldSize size) { return size == FieldSize::b128 ? 2 : 1; }

/// Hands out the offsets of a structure's fields in their order, each aligned to its size up to 8
/// bytes. So a subtype's first fields lie where its supertype's do.
class StructLayout {
 public:
  std::uint32_t add(FieldSize size);
  /// The whole object's size so far.
  std::uint32_t size() const { return end_; }

 private:
  std::uint32_t end_ = kObjectHeader;
};

/// Where the parts of a structure lie.
struct StructOffsets {
  StructOffsets() = default;
  explicit StructOffsets(const decoder::SubType& type);

  std::vector<std::uint32_t> fields;
  std::uint32_t descriptor = 0;  // 0: has none
  std::uint32_t size = 0;        // of the whole object
};

struct FieldLayout {
  std::uint32_t offset = 0;
  FieldSize size{};
};

/// How the collector treats a field.
enum class FieldRoots : std::uint8_t {
  none,   // a number, or a function, which lives as long as its Store
  exact,  // null, an i31 or an object
  loose,  // of the hierarchy of extern: also whatever the host calls a pointer
};
FieldRoots roots_of(decoder::ValType canonical_type, bool is_function_type);

/// What a Store knows of a type that has objects.
struct ObjectType {
  /// The type's supertypes by their depth, itself last: a subtype check is one comparison.
  const std::uint32_t* display = nullptr;
  std::uint32_t depth = 0;       // index of the last
  std::uint32_t size = 0;        // of a structure; of an array's element
  std::uint32_t descriptor = 0;  // the offset of a structure's; 0: has none
  FieldSize element{};           // arrays
  FieldRoots element_roots = FieldRoots::none;
  std::vector<FieldLayout> fields;  // structures
  // Offsets of fields, or of an exception's values; references in the hierarchy of extern are
  // apart.
  std::vector<std::uint32_t> references;
  std::vector<std::uint32_t> loose_references;
  std::vector<std::uint32_t> supertypes;  // what `display` points to
};

}  // namespace tinywasm::vm
