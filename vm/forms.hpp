// SPDX-License-Identifier: Apache-2.0
// Forms of trees, by number. Two trees have the same form if they differ in nothing that the choice
// of a cover looks at: in variables, in the values of constants, in offsets only. A node's form is
// its token and its children's forms, so equal trees are known without looking at them again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tinywasm::vm::ir {

using Form = std::uint16_t;
/// A tree that has no number: there are too many forms.
inline constexpr Form kNoForm = 0;

/// Reused from function to function: programs are made of few different trees.
class Forms {
 public:
  /// The leaves are the first of them.
  static constexpr Form kLeaves = 8;

  static constexpr Form kNoChild = kLeaves - 1;

  /// Of a node with children of these forms; those it does not have are kNoChild.
  Form of(std::uint16_t token, Form a, Form b, Form c) {
    if (a == kNoForm || b == kNoForm || c == kNoForm) return kNoForm;
    const std::uint64_t key = std::uint64_t{token} << 48 | std::uint64_t{a} << 32 |
                              std::uint64_t{b} << 16 | std::uint64_t{c};
    if (!entries_.empty()) [[likely]] {
      const Entry& entry = entries_[place_of(entries_, key)];
      if (entry.form != kNoForm) [[likely]]
        return entry.form;
    }
    return add(key);
  }

 private:
  static constexpr std::size_t kMinEntries = 64;
  static constexpr std::size_t kMaxEntries = 16384;
  struct Entry {
    std::uint64_t key = 0;
    Form form = kNoForm;
  };

  static std::size_t place_of(const std::vector<Entry>& entries, std::uint64_t key) {
    const std::size_t mask = entries.size() - 1;
    std::uint64_t hash = key * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
    std::size_t at = hash & mask;
    while (entries[at].form != kNoForm && entries[at].key != key) at = (at + 1) & mask;
    return at;
  }

  [[gnu::noinline]] Form add(std::uint64_t key) {
    if (2 * count_ >= entries_.size() && !grow()) return kNoForm;
    const auto form = static_cast<Form>(kLeaves + count_++);
    entries_[place_of(entries_, key)] = {key, form};
    return form;
  }

  bool grow() {
    if (entries_.size() >= kMaxEntries) return false;
    std::vector<Entry> larger(entries_.empty() ? kMinEntries : 2 * entries_.size());
    for (const Entry& entry : entries_) {
      if (entry.form != kNoForm) larger[place_of(larger, entry.key)] = entry;
    }
    entries_ = std::move(larger);
    return true;
  }

  std::vector<Entry> entries_;  // a hash table with open addressing, never more than half full
  std::size_t count_ = 0;
};

}  // namespace tinywasm::vm::ir
