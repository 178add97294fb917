// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_literals.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "decoder/errors.hpp"
#include "decoder/text_lexer.hpp"

namespace tinywasm::decoder {
namespace {

template <class Float, class Bits>
std::string float_literal(Bits bits) {
  constexpr int kFraction = std::numeric_limits<Float>::digits - 1;
  constexpr Bits kFractionMask = (Bits{1} << kFraction) - 1;
  constexpr Bits kQuiet = Bits{1} << (kFraction - 1);
  const auto value = std::bit_cast<Float>(bits);
  const bool is_negative = bits >> (sizeof(Bits) * 8 - 1) != 0;
  const std::string sign = is_negative ? "-" : "";
  if (std::isnan(value)) {
    const Bits payload = bits & kFractionMask;
    return payload == kQuiet ? sign + "nan" : sign + fmt::format("nan:{:#x}", payload);
  }
  if (std::isinf(value)) return sign + "inf";
  char buffer[64];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
  return {buffer, end};
}

}  // namespace

std::string quoted_name(std::string_view utf8) {
  std::string text = "\"";
  std::size_t plain = 0;
  const auto flush = [&](std::size_t end) { text += escape(utf8.substr(plain, end - plain)); };
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (utf8[i] != '"' && utf8[i] != '\\') continue;
    flush(i);
    text += '\\';
    text += utf8[i];
    plain = i + 1;
  }
  flush(utf8.size());
  return text + '"';
}

std::string quoted_bytes(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  text.reserve(bytes.size() + 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
      text += c;
    } else {
      text += '\\';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text + '"';
}

std::string f32_literal(std::uint32_t bits) { return float_literal<float>(bits); }
std::string f64_literal(std::uint64_t bits) { return float_literal<double>(bits); }

std::string v128_literal(const std::array<std::uint8_t, 16>& bytes) {
  std::string text = "i32x4";
  for (std::size_t i = 0; i < 16; i += 4) {
    text += fmt::format(" 0x{:02x}{:02x}{:02x}{:02x}", bytes[i + 3], bytes[i + 2], bytes[i + 1],
                        bytes[i]);
  }
  return text;
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_word_character);
}

}  // namespace tinywasm::decoder
