// SPDX-License-Identifier: Apache-2.0
// From a function's body to its internal code: the validator walks the body once more with
// ir::Builder as its sink, ir::Allocation chooses registers, ir::Emitter writes the words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "vm/code.hpp"

namespace tinywasm::vm {

class Translation {
 public:
  Translation();
  ~Translation();
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  /// Translates a defined function; the caller holds the variant's mutex. The same function gives
  /// the same code every time. False: it cannot be run (too many slots), which validation has
  /// already refused, or memory ran out. position() can be asked only `with_positions`.
  bool run(ModuleCode::Variant& variant, std::uint32_t function_index, bool with_positions = false);

  std::span<const std::byte> code() const;
  std::uint32_t frame() const;
  void relocate(std::byte* base) const;
  /// Where the function's exceptions go; null when they all go to the caller.
  std::unique_ptr<HandlerTable> handlers() const;

  /// The offset in the module of what the word at `word` (bytes from the code's start) does; of its
  /// memory access number `ordinal` if that is not 0.
  std::optional<std::uint32_t> position(std::uint32_t word, std::uint32_t ordinal) const;

  /// Gives the memory of the last function's code and what led to it back.
  void shrink();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tinywasm::vm
