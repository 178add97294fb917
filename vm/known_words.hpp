// SPDX-License-Identifier: Apache-2.0
// The words that were written lately: what follows from a shape and the places of its operands.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vm/dispatch.hpp"

namespace tinywasm::vm::ir {

struct KnownWord {
  HandlerAddress handler = nullptr;
  WordName name = 0;
  struct Stored {
    std::uint8_t operand;
    std::uint8_t offset;
  };
  std::array<Stored, kMaxOperands> stored{};  // operands that are not in registers, by offset
  std::uint8_t stored_count = 0;
  std::uint8_t first_offset = 0;  // of operand 0
  std::uint8_t size = 0;
};

/// A cache: what is added replaces what has the same place. It grows with use, as Covers do.
class KnownWords {
 public:
  /// The word that the shape's handler number `index` reads, or null.
  const KnownWord* find(const Shape& shape, std::size_t index) const {
    if (entries_.empty()) [[unlikely]]
      return nullptr;
    const Entry& entry = entries_[place_of(shape, index)];
    return entry.shape == &shape && entry.index == index ? &entry.word : nullptr;
  }
  /// Adds it; `places` are those of its operands.
  const KnownWord& add(const Shape& shape, std::size_t index, const std::uint8_t* places) {
    if (room_ == 0 && entries_.size() < kMaxEntries) {
      const std::size_t size = std::max(kMinEntries, 4 * entries_.size());
      entries_.assign(size, {});
      room_ = 2 * size;
    }
    if (room_ > 0) --room_;
    const Layout layout = layout_of(shape.classes.data(), places, shape.operand_count);
    KnownWord word{.handler = Dispatcher::at(shape.handlers, index),
                   .name = name_of(shape.key, index),
                   .first_offset = layout.offset[0],
                   .size = layout.size};
    for (std::uint8_t i = 0; i < shape.operand_count; ++i) {
      if (layout.offset[i] != 0) word.stored[word.stored_count++] = {i, layout.offset[i]};
    }
    std::sort(word.stored.begin(), word.stored.begin() + word.stored_count,
              [](auto a, auto b) { return a.offset < b.offset; });
    Entry& entry = entries_[place_of(shape, index)];
    entry = {.shape = &shape, .index = index, .word = word};
    return entry.word;
  }

 private:
  static constexpr std::size_t kMinEntries = 64;
  static constexpr std::size_t kMaxEntries = 1024;
  struct Entry {
    const Shape* shape = nullptr;
    std::size_t index = 0;
    KnownWord word;
  };
  std::size_t place_of(const Shape& shape, std::size_t index) const {
    const auto bits = reinterpret_cast<std::uintptr_t>(&shape) / alignof(Shape);
    return (bits ^ bits >> 7 ^ index * 5) & (entries_.size() - 1);
  }
  std::vector<Entry> entries_;
  std::size_t room_ = 0;  // of new words until it grows
};

}  // namespace tinywasm::vm::ir
