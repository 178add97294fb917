// SPDX-License-Identifier: Apache-2.0
// From a function's body to its internal code: the validator walks the body once more with
// ir::Builder as its sink, ir::Allocation chooses registers, ir::Emitter writes the words.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vm/code.hpp"

namespace tinywasm::vm {

struct TranslationOptions {
  bool with_positions = false;  // note where operations come from
  /// Looked at every few hundred microseconds; the translation ends when it is not 0. Null: none.
  const std::atomic<std::uint32_t>* interrupt = nullptr;
};

class Translation {
 public:
  Translation();
  ~Translation();
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  /// Translates a defined function. The same function gives the same code every time. Otherwise:
  /// Trap::interrupted; Trap::function_too_large, if its code exceeds the limit of its Module.
  /// Throws std::bad_alloc. In a variant with a profile only the thread whose turn it is may do so.
  [[nodiscard]] Trap run(ModuleCode::Variant& variant, std::uint32_t function_index,
                         const TranslationOptions& options = {});

  std::span<const std::byte> code() const;
  std::uint32_t frame() const;
  /// Puts addresses into code that lies at `base`; the caller holds the variant's mutex. False:
  /// there is no memory for the cells of the functions that it calls.
  [[nodiscard]] bool relocate(std::byte* base) const;
  /// Where the function's exceptions go; null when they all go to the caller.
  std::unique_ptr<HandlerTable> handlers() const;

  /// Where its operations come from, if that was asked for.
  bool has_positions() const;
  std::vector<ir::Position> positions() const;

  /// Gives the memory of the last function's code and what led to it back.
  void shrink();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The offset in the module of what the word at `word` (bytes from the code's start) does; of its
/// memory access number `ordinal` if that is not 0.
std::optional<std::uint32_t> find_position(std::span<const ir::Position> positions,
                                           std::uint32_t word, std::uint32_t ordinal);

}  // namespace tinywasm::vm
