// SPDX-License-Identifier: Apache-2.0
// The types of a Store under canonical ids
// (https://webassembly.github.io/spec/core/valid/conventions.html#defined-types): two types of two
// modules have the same id exactly when they are equivalent, so that a check compares numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "decoder/module.hpp"
#include "decoder/types.hpp"

namespace tinywasm::vm {

class TypeRegistry {
 public:
  /// The canonical ids of all types of a module, or none when there would be too many.
  std::optional<std::vector<std::uint32_t>> add(const decoder::Module& module);
  /// The id of a function type that refers to no other type: a host function's.
  std::optional<std::uint32_t> add(decoder::FuncType type);

  /// The type of an id. Type indices in it are canonical ids. Stays where it is.
  const decoder::SubType& operator[](std::uint32_t id) const { return types_[id]; }

  std::size_t size() const { return types_.size(); }

  /// How far it had come: as long as it is where it was, nobody else has been given an id.
  struct Mark {
    std::size_t types = 0;
    std::uint64_t additions = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  Mark mark() const { return {types_.size(), additions_}; }
  /// Forgets the types from `mark` on; nothing may refer to them.
  void forget_from(const Mark& mark);

  /// Subtyping (3.3), on types in which type indices are canonical ids.
  bool is_subtype(std::uint32_t sub, std::uint32_t super) const;
  bool is_subtype(decoder::HeapType sub, decoder::HeapType super) const;
  bool is_subtype(decoder::ValType sub, decoder::ValType super) const;

  /// `type` of a module with its type index replaced by the canonical id.
  static decoder::ValType canonical(decoder::ValType type, const std::uint32_t* ids);

 private:
  using Key = std::u32string;

  std::deque<decoder::SubType> types_;
  std::unordered_map<Key, std::uint32_t> groups_;  // contents of a group -> id of its first type
  std::uint64_t additions_ = 0;                    // calls of add()
};

}  // namespace tinywasm::vm
