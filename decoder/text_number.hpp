// SPDX-License-Identifier: Apache-2.0
// Numbers of the text format (https://webassembly.github.io/spec/core/text/values.html).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tinywasm::decoder {

enum class NumberForm : std::uint8_t {
  none,     // not a number
  natural,  // an unsigned integer: 12, 0x1_f
  integer,  // with a sign: -12, +0x1f
  real,     // a float that is no integer: 1.5, -0x1p3, inf, nan:0x1
};

/// Which kind of number the whole of `text` is.
NumberForm number_form(std::string_view text);

/// A natural number up to `max`; nothing when it is larger or no natural number.
std::optional<std::uint64_t> parse_natural(std::string_view text, std::uint64_t max);

/// An integer of 8, 16, 32 or 64 bits, signed or unsigned: from -2^(bits-1) to 2^bits - 1, as two's
/// complement in the low `bits` bits. Nothing when it is out of range or no integer.
std::optional<std::uint64_t> parse_integer(std::string_view text, unsigned bits);

/// The bits of the float nearest to a number of any form, ties to even. Nothing when it rounds to a
/// value beyond the largest finite one, when a NaN payload is zero or too large, or when `text` is
/// no number.
std::optional<std::uint32_t> parse_f32(std::string_view text);
std::optional<std::uint64_t> parse_f64(std::string_view text);

}  // namespace tinywasm::decoder
