// SPDX-License-Identifier: Apache-2.0
// The covers found so far, by the forms of the trees: programs are made of few different ones, and
// a search tries many keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vm/dispatch.hpp"
#include "vm/replacing_cache.hpp"

namespace tinywasm::vm::ir {

/// How a shape lies on a statement's trees: what each operand of the shape's word is, what is left
/// out and evaluated before, what may trap. It names nodes by where they are in the trees, so it
/// holds for all trees of the same forms.
struct Cover {
  /// A root of the statement, or a child of a node before it.
  struct NodePath {
    std::uint8_t parent;  // or kRoot
    std::uint8_t child;
  };
  static constexpr std::uint8_t kRoot = 0xff;
  static constexpr unsigned kMaxNodes = 16;

  enum class Source : std::uint8_t {
    variable,      // the node is one
    evaluated,     // the node is left out
    bits,          // Node::value: an immediate, the offset of an access, the number of a global
    memory,        // Node::index
    store_offset,  // Statement::memory_offset
    store_index,   // Statement::index
  };
  struct Operand {
    Source source;
    OperandClass cls;
    std::uint8_t node;
  };

  const Shape* shape = nullptr;  // null: no shape covers the root
  std::array<NodePath, kMaxNodes> nodes{};
  std::array<Operand, kMaxOperands> operands{};       // but the statement's own first ones
  std::array<std::uint8_t, kMaxOperands> before{};    // nodes left out, in their order
  std::array<std::uint8_t, kMaxOperands> trapping{};  // covered nodes that may trap, in theirs
  std::uint8_t node_count = 0;
  std::uint8_t operand_count = 0;
  std::uint8_t before_count = 0;
  std::uint8_t trapping_count = 0;
};

class Covers {
 public:
  /// Of a statement and the forms of its trees; never 0.
  using Key = std::uint64_t;

  const Cover* find(Key key) const {
    const Entry* const entry = entries_.find(hash(key));
    return entry != nullptr && entry->key == key ? &entry->cover : nullptr;
  }
  /// Adds a cover, and gives it as it is kept: until the next is added.
  const Cover& put(Key key, const Cover& cover) {
    return entries_.put(hash(key), {key, cover}).cover;
  }
  /// Keeps a cover of trees that have no key until the next is kept.
  const Cover& keep(const Cover& cover) { return unkeyed_ = cover; }

 private:
  struct Entry {
    Key key = 0;
    Cover cover;
  };
  static std::uint64_t hash(Key key) { return key * 0x9E3779B97F4A7C15 >> 32; }
  ReplacingCache<Entry, 64, 4096> entries_;
  Cover unkeyed_;
};

}  // namespace tinywasm::vm::ir
