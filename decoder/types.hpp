// SPDX-License-Identifier: Apache-2.0
// Types of WebAssembly 3.0 (https://webassembly.github.io/spec/core/syntax/types.html).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tinywasm::decoder {

/// A heap type: an abstract one, or an index into the module's types. The latter may be exact: the
/// type alone without the declared subtypes
/// (https://github.com/WebAssembly/custom-descriptors).
class HeapType {
 public:
  /// The abstract heap types, by their byte in the binary format.
  enum Abstract : std::uint8_t {
    kArray = 0x6A,
    kStruct = 0x6B,
    kI31 = 0x6C,
    kEq = 0x6D,
    kAny = 0x6E,
    kExtern = 0x6F,
    kFunc = 0x70,
    kExn = 0x69,
    kNone = 0x71,
    kNoExtern = 0x72,
    kNoFunc = 0x73,
    kNoExn = 0x74,
  };

  constexpr HeapType(Abstract code) : bits_(kAbstract | code) {}
  /// Indices are below this, so that they leave a bit for exactness and are told from the others.
  static constexpr std::uint32_t kIndices = 0x7fff00;
  static constexpr HeapType index(std::uint32_t type_index) { return HeapType(type_index, 0); }
  static constexpr HeapType exact(std::uint32_t type_index) {
    return HeapType(type_index | kExact, 0);
  }
  static constexpr HeapType from_bits(std::uint32_t bits) { return HeapType(bits, 0); }

  constexpr bool is_abstract() const { return bits_ >= kAbstract; }
  constexpr Abstract abstract() const { return static_cast<Abstract>(bits_ & 0xff); }
  constexpr bool is_exact() const { return (bits_ & kExact) != 0 && !is_abstract(); }
  constexpr std::uint32_t type_index() const { return bits_ & ~kExact; }
  /// Another index, as exact as this one.
  constexpr HeapType with_index(std::uint32_t index) const {
    return HeapType((bits_ & kExact) | index, 0);
  }
  constexpr std::uint32_t bits() const { return bits_; }  // below 1 << 24
  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  static constexpr std::uint32_t kExact = 0x800000;
  static constexpr std::uint32_t kAbstract = kExact | kIndices;
  constexpr HeapType(std::uint32_t bits, int) : bits_(bits) {}
  std::uint32_t bits_;
};

/// A value type in 32 bits: the low byte is the binary format's code (kRefNull and kRef for
/// references), the upper 24 bits the heap type.
class ValType {
 public:
  enum Code : std::uint8_t {
    kI32 = 0x7F,
    kI64 = 0x7E,
    kF32 = 0x7D,
    kF64 = 0x7C,
    kV128 = 0x7B,
    kI8 = 0x78,  // storage types of fields only
    kI16 = 0x77,
    kRefNull = 0x63,
    kRef = 0x64,
    kBottom = 0x00,  // the validator's unknown type, a subtype of all
  };

  constexpr ValType() : bits_(kBottom) {}
  constexpr ValType(Code code) : bits_(code) {}
  static constexpr ValType ref(HeapType heap, bool nullable) {
    return from_bits((heap.bits() << 8) | (nullable ? kRefNull : kRef));
  }
  static constexpr ValType from_bits(std::uint32_t bits) {
    ValType type;
    type.bits_ = bits;
    return type;
  }

  constexpr Code code() const { return static_cast<Code>(bits_ & 0xff); }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool is_ref() const { return code() == kRefNull || code() == kRef; }
  constexpr bool is_num() const { return code() >= kF64 && code() <= kI32; }
  constexpr bool is_vec() const { return code() == kV128; }
  constexpr bool is_bottom() const { return bits_ == kBottom; }
  constexpr bool is_nullable() const { return code() == kRefNull; }
  constexpr bool is_packed() const { return code() == kI8 || code() == kI16; }
  /// A local of this type has a default value.
  constexpr bool is_defaultable() const { return code() != kRef; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ >> 8); }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  std::uint32_t bits_;
};

inline constexpr ValType kFuncRef = ValType::ref(HeapType::kFunc, true);
inline constexpr ValType kExternRef = ValType::ref(HeapType::kExtern, true);

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

struct FieldType {
  ValType type;  // a value type or kI8 / kI16
  bool is_mutable = false;
  friend bool operator==(const FieldType&, const FieldType&) = default;
};

enum class CompositeKind : std::uint8_t { func, struct_, array };

/// One entry of the type index space. `rec_start`, `rec_size` name its recursion group.
struct SubType {
  CompositeKind kind = CompositeKind::func;
  bool is_final = true;
  std::optional<std::uint32_t> supertype;
  std::uint32_t rec_start = 0;
  std::uint32_t rec_size = 1;
  FuncType func;                  // kind == func
  std::vector<FieldType> fields;  // kind == struct_; kind == array: exactly one
  // Custom descriptors, of structures only.
  std::optional<std::uint32_t> describes = {};
  std::optional<std::uint32_t> descriptor = {};
  /// With a descriptor: how many fields were there before it, in the last supertype without one. It
  /// lies behind these in an object, so that it does in those of subtypes (set by validate_types).
  std::uint32_t fields_before_descriptor = 0;
};

/// Limits of memories (in pages) and tables (in elements).
struct Limits {
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max;
  bool is_64 = false;      // address type i64
  bool is_shared = false;  // memories only
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct MemoryType {
  Limits limits;
  std::uint8_t page_log2 = 16;  // of the size of a page; valid ones are 16 and 0
  ValType address_type() const { return limits.is_64 ? ValType::kI64 : ValType::kI32; }
};
struct TableType {
  ValType element = kFuncRef;
  Limits limits;
  ValType address_type() const { return limits.is_64 ? ValType::kI64 : ValType::kI32; }
};
struct GlobalType {
  ValType type;
  bool is_mutable = false;
};

/// As the text format writes them: "i32", "funcref", "(ref null 3)", "[i32 i64]".
std::string to_string(HeapType type);
std::string to_string(ValType type);
std::string to_string(std::span<const ValType> types);

/// The usual size of a page.
inline constexpr std::uint64_t kPageSize = 65536;

}  // namespace tinywasm::decoder
