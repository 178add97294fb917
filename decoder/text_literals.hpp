// SPDX-License-Identifier: Apache-2.0
// How the text printer writes strings and numbers, so that the parser reads back the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tinywasm::decoder {

/// A name in quotes: characters as they are, but for those that a terminal acts upon.
std::string quoted_name(std::string_view utf8);
/// Bytes in quotes: printable ASCII as it is, everything else as \hh.
std::string quoted_bytes(std::string_view bytes);

/// The shortest decimal that rounds to this value, or inf, nan, nan:0x...
std::string f32_literal(std::uint32_t bits);
std::string f64_literal(std::uint64_t bits);
/// "i32x4 0x00000000 0x00000000 0x00000000 0x00000000"
std::string v128_literal(const std::array<std::uint8_t, 16>& bytes);

/// Whether "$name" is an identifier.
bool is_identifier(std::string_view name);

}  // namespace tinywasm::decoder
