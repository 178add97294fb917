// SPDX-License-Identifier: Apache-2.0
// UTF-8 as names use it (https://webassembly.github.io/spec/core/binary/values.html#names).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace tinywasm::decoder {

struct Utf8Char {
  char32_t value = 0;
  std::size_t length = 0;  // in bytes; 0 when the text does not begin with a character
};

/// The first character of `text`. Overlong forms, surrogates and values above U+10FFFF are none.
constexpr Utf8Char decode_utf8(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  if (text.empty()) return {};
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xc2 || first > 0xf4) return {};
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return {};
  char32_t value = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  const bool is_overlong = value < (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u);
  const bool is_surrogate = value >= 0xd800 && value < 0xe000;
  if (is_overlong || is_surrogate || value > 0x10ffff) return {};
  return {value, length};
}

/// The length of the longest prefix of `text` that is UTF-8.
constexpr std::size_t utf8_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (!std::is_constant_evaluated()) {
      // Eight characters of ASCII at once.
      std::uint64_t eight = 0;
      constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;
      while (text.size() - i >= sizeof eight) {
        std::memcpy(&eight, text.data() + i, sizeof eight);
        if ((eight & kHighBits) != 0) break;
        i += sizeof eight;
      }
      if (i == text.size()) break;
    }
    const std::size_t length = decode_utf8(text.substr(i)).length;
    if (length == 0) break;
    i += length;
  }
  return i;
}

constexpr bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

/// The length of the byte order mark that `text` begins with, which some editors write; or 0.
constexpr std::size_t byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? kMark.size() : 0;
}

/// Whether UTF-8 can encode `value`.
constexpr bool is_unicode_scalar(char32_t value) {
  return value < 0xd800 || (value >= 0xe000 && value <= 0x10ffff);
}

/// Appends the UTF-8 form of a Unicode scalar value.
inline void append_utf8(char32_t value, std::string& out) {
  const auto push = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    push(value);
    return;
  }
  const unsigned more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;  // continuation bytes
  push(((0xff00u >> (more + 1)) & 0xff) | (value >> (6 * more)));
  for (unsigned i = more; i-- > 0;) push(0x80 | ((value >> (6 * i)) & 0x3f));
}

}  // namespace tinywasm::decoder
