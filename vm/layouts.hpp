// SPDX-License-Identifier: Apache-2.0
// The layouts of words that were written lately.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vm/dispatch.hpp"

namespace tinywasm::vm::ir {

class Layouts {
 public:
  /// The layout of the word that the shape's handler number `index` reads; `places` are those of
  /// its operands.
  const Layout& find(const Shape& shape, std::size_t index, const std::uint8_t* places) {
    if (entries_.empty()) [[unlikely]]
      entries_.resize(kEntries);
    const auto bits = reinterpret_cast<std::uintptr_t>(&shape) / alignof(Shape);
    Entry& entry = entries_[(bits ^ bits >> 7 ^ index * 5) % kEntries];
    if (entry.shape != &shape || entry.index != index) [[unlikely]]
      fill(entry, shape, index, places);
    return entry.layout;
  }

 private:
  static constexpr std::size_t kEntries = 256;
  struct Entry {
    const Shape* shape = nullptr;
    std::size_t index = 0;
    Layout layout;
  };
  [[gnu::noinline]] static void fill(Entry& entry, const Shape& shape, std::size_t index,
                                     const std::uint8_t* places) {
    entry = {&shape, index, layout_of(shape.classes.data(), places, shape.operand_count)};
  }
  std::vector<Entry> entries_;
};

}  // namespace tinywasm::vm::ir
