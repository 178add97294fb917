// SPDX-License-Identifier: Apache-2.0
// What a program consists of besides its bodies: types, functions, memories, tables, globals, tags.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decoder/binary_writer.hpp"
#include "tools/fuzz/choices.hpp"

namespace tinywasm::fuzz {

/// Types of values: those of numbers, then nullable references; from `point` on to types of the
/// program's own (kPoint, ...).
enum class Type : std::uint8_t {
  i32,
  i64,
  f32,
  f64,
  v128,
  func,
  extern_,
  any,
  eq,
  i31,
  structure,
  array,
  exn,
  point,
  bytes,
  longs,
  vectors,
  objects,
  target,
};
inline constexpr std::size_t kTypes = 19;
using Types = std::vector<Type>;
constexpr bool is_reference(Type t) { return t > Type::v128; }
constexpr bool is_float(Type t) { return t == Type::f32 || t == Type::f64; }

struct Signature {
  Types params;
  Types results;
  friend bool operator==(const Signature&, const Signature&) = default;
};

// The types a program begins with.
inline constexpr std::uint32_t kPoint = 0;  // a structure of every kind of field, not final
inline constexpr std::uint32_t kPlace = 1;  // a subtype of it with an i64 more
inline constexpr std::uint32_t kBytes = 2;  // arrays of i8, i64, v128, anyref
inline constexpr std::uint32_t kLongs = 3;
inline constexpr std::uint32_t kVectors = 4;
inline constexpr std::uint32_t kObjects = 5;
inline constexpr std::uint32_t kTarget = 6;  // [i32] -> [i32]
/// Fields of kPoint.
enum Field : std::uint32_t { kI32, kI64, kF32, kF64, kV128, kI8, kI16, kAny, kNext, kFields };

// Tables of at least kElements elements: functions, externref, anyref.
inline constexpr std::uint32_t kTables = 3;
inline constexpr std::uint32_t kElements = 8;
inline constexpr std::uint32_t kMostElements = 12;
inline constexpr Type kElementTypes[kTables] = {Type::func, Type::extern_, Type::any};
// Segments: of elements one active, then these; of data one active, then two.
inline constexpr std::uint32_t kPassiveFunctions = 1;
inline constexpr std::uint32_t kPassiveObjects = 2;
inline constexpr std::uint32_t kData[] = {1, 2};

/// The global that counts down the calls a program may still make.
inline constexpr std::uint32_t kSteps = 2;

class Plan {
 public:
  struct Function {
    Signature type;
    std::uint32_t index = 0;
    std::uint32_t type_index = 0;
    bool is_leaf = false;  // calls nothing of the program's
  };
  struct Memory {
    bool is_64 = false;
    bool is_shared = false;
  };

  Plan(Choices& choices, bool portable);

  bool is_portable() const { return is_portable_; }
  /// Index 0: of the type kTarget.
  const std::vector<Function>& functions() const { return functions_; }
  const std::vector<Memory>& memories() const { return memories_; }
  bool is_table_64(std::uint32_t table) const { return table == 1 && has_table_64_; }
  const std::vector<Types>& tags() const { return tags_; }
  /// All are mutable but none is kSteps.
  const std::vector<std::uint32_t>& globals_of(Type t) const {
    return globals_of_[static_cast<std::size_t>(t)];
  }
  /// Host functions.
  static const std::vector<Signature>& imports();
  std::uint32_t entries() const { return entries_; }

  /// The index of a function's type.
  std::uint32_t type_index(const Signature& type);

  /// The module; bodies: those of functions(), of the entries, of "s".
  std::vector<std::byte> write(const std::vector<decoder::BinaryWriter>& bodies);

  Type random_type(Choices& choices) const;
  Types random_types(Choices& choices, std::uint32_t count) const;

  /// In the binary format.
  static void write_type(decoder::BinaryWriter& out, Type t);
  static void write_heap_type(decoder::BinaryWriter& out, Type t);

 private:
  decoder::BinaryWriter type_section() const;
  decoder::BinaryWriter import_section();
  decoder::BinaryWriter function_section();
  decoder::BinaryWriter table_section() const;
  decoder::BinaryWriter memory_section() const;
  decoder::BinaryWriter tag_section();
  decoder::BinaryWriter global_section() const;
  decoder::BinaryWriter export_section() const;
  decoder::BinaryWriter element_section() const;

  bool is_portable_;
  bool has_table_64_;
  std::uint32_t entries_ = 0;
  std::vector<Signature> types_;  // from kTarget on
  std::vector<Function> functions_;
  std::vector<Memory> memories_;
  std::vector<Types> tags_;
  Types globals_;
  std::vector<std::uint32_t> globals_of_[kTypes];
};

}  // namespace tinywasm::fuzz
