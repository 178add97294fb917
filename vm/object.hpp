// SPDX-License-Identifier: Apache-2.0
// Objects of the garbage-collected heap, as handlers and the collector find them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vm/heap_types.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// What an object is. The numbers are bits of the masks that casts to abstract types test; the
/// first two are of references that are no objects.
enum class ObjectKind : std::uint8_t {
  null = 0,
  i31 = 1,
  structure = 2,
  array = 3,
  host = 4,       // a host's pointer in the hierarchy of any
  boxed_i31 = 5,  // an i31 in the hierarchy of extern
  exception = 6,
};

/// The header of an object; its contents follow. A free cell is all zero up to its link.
struct Object {
  static constexpr std::uint32_t kTypeBits = 24;
  static constexpr std::uint32_t kTypeMask = (1u << kTypeBits) - 1;
  static constexpr std::uint32_t kMarked = 1u << 31;
  static constexpr std::uint32_t kNoType = kTypeMask;  // of boxes

  std::uint32_t header;  // canonical type id; above it the kind, and the collector's mark
  std::uint32_t length;  // of an array, in elements; of an exception, in slots

  std::uint32_t type() const { return header & kTypeMask; }
  ObjectKind kind() const { return static_cast<ObjectKind>((header >> kTypeBits) & 7); }
  std::byte* contents() { return reinterpret_cast<std::byte*>(this) + kObjectHeader; }
  const std::byte* contents() const {
    return reinterpret_cast<const std::byte*>(this) + kObjectHeader;
  }
  /// The first word of a host box (the pointer), a boxed i31 (the slot) or an exception (the tag).
  Slot& word() { return *reinterpret_cast<Slot*>(contents()); }
  /// An exception's values: `length` slots.
  Slot* values() { return reinterpret_cast<Slot*>(contents()) + 1; }
};
static_assert(sizeof(Object) == kObjectHeader);

inline bool is_i31(Slot reference) { return (reference & 1) != 0; }
inline Object* to_object(Slot reference) { return reinterpret_cast<Object*>(reference); }
inline Slot to_slot(const Object* object) { return reinterpret_cast<std::uintptr_t>(object); }

}  // namespace tinywasm::vm
