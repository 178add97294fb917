// SPDX-License-Identifier: Apache-2.0
/// @file
/// The text format: from text to the binary format and back, which does not validate the module,
/// and single numbers.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/interrupt.hpp>
#include <tinywasm/mode.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

/// The binary format of the one module that `text` holds; a byte order mark before it is passed
/// over. Identifiers and (@name ...) annotations
/// go into its name section, (@custom ...) annotations become custom sections, branch hints theirs.
/// Errors are malformed, or unsupported for a limit, with line and column; interrupted when
/// `interrupt` is set meanwhile.
[[nodiscard]] TINYWASM_MODE TINYWASM_API Result<std::vector<std::byte>> text_to_binary(
    std::string_view text, const InterruptToken* interrupt = nullptr);

struct TINYWASM_MODE TextOptions {
  /// Write operands inside of their instructions: "(i32.add (local.get 0) (i32.const 1))".
  bool fold = false;
  /// Ends the printing when it is set.
  const InterruptToken* interrupt = nullptr;
};

/// Takes a text piece by piece; false ends the printing.
using TextSink = std::function<bool(std::string_view piece)>;

/// The text of a module in the binary format. Names of its name section become identifiers where
/// they can, and annotations otherwise: long ones, too, as they would be repeated at every use. Of
/// a valid module's text text_to_binary() makes the same module: the very same bytes, if they came
/// from text_to_binary(). What is well formed but not valid is printed, too, as far as the text
/// format has words for it. Errors are malformed, or unsupported for a limit, with an offset;
/// interrupted.
///
/// The text may be thousands of times as large as the module (a few bytes declare 50,000 locals):
/// the function with a sink needs memory for the module alone. It gives pieces of about 64 KiB, and
/// none of a module whose bodies cannot be printed.
[[nodiscard]] TINYWASM_API Result<void> binary_to_text(std::span<const std::byte> binary,
                                                       const TextSink& sink,
                                                       const TextOptions& options = {});
[[nodiscard]] TINYWASM_API Result<std::string> binary_to_text(std::span<const std::byte> binary,
                                                              const TextOptions& options = {});

/// The value of type i32, i64, f32 or f64 that a number of the text format stands for: "12",
/// "-0x1_f", "1.5", "0x1p-3", "inf", "nan:0x200000". Floats are rounded to the nearest. Nothing for
/// what is no such number or out of range, and for other types. What to_string() makes of a number
/// is understood and gives the same bits.
[[nodiscard]] TINYWASM_API std::optional<Value> number_from_text(ValueType type,
                                                                 std::string_view text);

}  // namespace tinywasm
