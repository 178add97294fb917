// SPDX-License-Identifier: Apache-2.0
// What the emitter remembers: an entry that is put in replaces the one that has the same place. It
// grows with use, as small programs need little of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tinywasm::vm::ir {

/// The numbers of entries are powers of two. What growing drops is put in again when it is missed.
template <class Entry, std::size_t kMinEntries, std::size_t kMaxEntries>
class ReplacingCache {
 public:
  /// The entry that may be the one of this hash, or null.
  const Entry* find(std::uint64_t hash) const {
    if (entries_.empty()) [[unlikely]]
      return nullptr;
    return &entries_[hash & (entries_.size() - 1)];
  }
  /// Puts an entry in; the reference holds until the next is.
  const Entry& put(std::uint64_t hash, const Entry& entry) {
    if (room_ == 0 && entries_.size() < kMaxEntries) {
      const std::size_t size = std::max(kMinEntries, 4 * entries_.size());
      entries_.assign(size, {});
      room_ = 2 * size;
    }
    if (room_ > 0) --room_;
    return entries_[hash & (entries_.size() - 1)] = entry;
  }

 private:
  std::vector<Entry> entries_;
  std::size_t room_ = 0;  // puts until it grows
};

}  // namespace tinywasm::vm::ir
