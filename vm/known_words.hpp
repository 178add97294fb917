// SPDX-License-Identifier: Apache-2.0
// The words that were written lately: what follows from a shape and the places of its operands.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "vm/dispatch.hpp"
#include "vm/replacing_cache.hpp"

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

class KnownWords {
 public:
  /// The word that the shape's handler number `index` reads, or null.
  const KnownWord* find(const Shape& shape, std::size_t index) const {
    const Entry* const entry = entries_.find(hash(shape, index));
    const bool is_it = entry != nullptr && entry->shape == &shape && entry->index == index;
    return is_it ? &entry->word : nullptr;
  }
  /// Adds it; `places` are those of its operands.
  const KnownWord& add(const Shape& shape, std::size_t index, const std::uint8_t* places) {
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
    return entries_.put(hash(shape, index), {&shape, index, word}).word;
  }

 private:
  struct Entry {
    const Shape* shape = nullptr;
    std::size_t index = 0;
    KnownWord word;
  };
  static std::uint64_t hash(const Shape& shape, std::size_t index) {
    const auto bits = reinterpret_cast<std::uintptr_t>(&shape) / alignof(Shape);
    return bits ^ bits >> 7 ^ index * 5;
  }
  ReplacingCache<Entry, 64, 1024> entries_;
};

}  // namespace tinywasm::vm::ir
