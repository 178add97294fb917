// SPDX-License-Identifier: Apache-2.0
/// @file
/// The text format: from text to the binary format and back. Neither validates the module.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm {

/// The binary format of the one module that `text` holds. Identifiers and (@name ...) annotations
/// go into its name section, (@custom ...) annotations become custom sections, branch hints theirs.
/// Errors are malformed, or unsupported for a limit, with line and column.
[[nodiscard]] TINYWASM_API Result<std::vector<std::byte>> text_to_binary(std::string_view text);

struct TextOptions {
  /// Write operands inside of their instructions: "(i32.add (local.get 0) (i32.const 1))".
  bool fold = false;
};

/// The text of a module in the binary format. Names of its name section become identifiers where
/// they can, and annotations otherwise. text_to_binary() makes the same module of it: the very same
/// bytes, if they came from text_to_binary(). Errors are malformed, or unsupported for a limit,
/// with an offset.
[[nodiscard]] TINYWASM_API Result<std::string> binary_to_text(std::span<const std::byte> binary,
                                                              const TextOptions& options = {});

}  // namespace tinywasm
