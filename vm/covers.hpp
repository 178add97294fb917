// SPDX-License-Identifier: Apache-2.0
// The covers found so far, by the look of the trees: programs are made of few different ones, and a
// search tries many keys.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vm/dispatch.hpp"

namespace tinywasm::vm::ir {

/// All that the search for a cover looks at, as 16-bit tokens in preorder.
class TreeKey {
 public:
  void add(unsigned token) {
    if (count_ < kTokens) fours_[count_ / 4] |= std::uint64_t{token} << count_ % 4 * 16;
    ++count_;
  }
  /// Larger trees have no key.
  bool is_whole() const { return count_ <= kTokens; }
  std::uint64_t hash() const {
    std::uint64_t hash = count_;
    for (unsigned i = 0; i < (count_ + 3) / 4; ++i) {
      hash = (hash ^ fours_[i]) * 0x9E3779B97F4A7C15;
      hash ^= hash >> 32;
    }
    return hash;
  }
  friend bool operator==(const TreeKey&, const TreeKey&) = default;

 private:
  static constexpr unsigned kTokens = 16;
  std::array<std::uint64_t, kTokens / 4> fours_{};
  unsigned count_ = 0;
};

/// A shape for a tree, or none, and how it lies on it.
struct Cover {
  const Shape* shape = nullptr;
  std::uint32_t mask = 0;  // the inner nodes that it covers, in preorder
  bool immediates = true;  // whether its leaves may be immediate operands
  bool is_whole = false;   // nothing is left to be evaluated before
  bool is_noted = false;   // something in it may trap
};

/// A cache: what is put in replaces what has the same place. It grows with use, as small programs
/// need little of it.
class Covers {
 public:
  const Cover* find(const TreeKey& key) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[place_of(key)];
    return entry.is_used && entry.key == key ? &entry.cover : nullptr;
  }
  void put(const TreeKey& key, const Cover& cover) {
    if (room_ == 0 && entries_.size() < kMaxEntries) {
      const std::size_t size = std::max(kMinEntries, 4 * entries_.size());
      entries_.assign(size, {});
      room_ = 2 * size;
    }
    if (room_ > 0) --room_;
    entries_[place_of(key)] = {key, cover, true};
  }

 private:
  static constexpr std::size_t kMinEntries = 64;
  static constexpr std::size_t kMaxEntries = 1024;
  struct Entry {
    TreeKey key;
    Cover cover;
    bool is_used = false;
  };
  std::size_t place_of(const TreeKey& key) const { return key.hash() & (entries_.size() - 1); }
  std::vector<Entry> entries_;
  std::size_t room_ = 0;  // puts until it grows
};

}  // namespace tinywasm::vm::ir
