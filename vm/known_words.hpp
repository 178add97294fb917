// SPDX-License-Identifier: Apache-2.0
// The words that were written lately: what follows from a shape and the places of its operands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vm/dispatch.hpp"

namespace tinywasm::vm::ir {

struct KnownWord {
  HandlerAddress handler = nullptr;
  WordName name = 0;
  Layout layout;
};

class KnownWords {
 public:
  /// The word that the shape's handler number `index` reads; `places` are those of its operands.
  const KnownWord& find(const Shape& shape, std::size_t index, const std::uint8_t* places) {
    if (entries_.empty()) [[unlikely]]
      entries_.resize(kEntries);
    const auto bits = reinterpret_cast<std::uintptr_t>(&shape) / alignof(Shape);
    Entry& entry = entries_[(bits ^ bits >> 7 ^ index * 5) % kEntries];
    if (entry.shape != &shape || entry.index != index) [[unlikely]]
      fill(entry, shape, index, places);
    return entry.word;
  }

 private:
  static constexpr std::size_t kEntries = 256;
  struct Entry {
    const Shape* shape = nullptr;
    std::size_t index = 0;
    KnownWord word;
  };
  [[gnu::noinline]] static void fill(Entry& entry, const Shape& shape, std::size_t index,
                                     const std::uint8_t* places) {
    entry = {.shape = &shape,
             .index = index,
             .word = {.handler = Dispatcher::at(shape.handlers, index),
                      .name = name_of(shape.key, index),
                      .layout = layout_of(shape.classes.data(), places, shape.operand_count)}};
  }
  std::vector<Entry> entries_;
};

}  // namespace tinywasm::vm::ir
