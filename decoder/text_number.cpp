// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_number.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <system_error>

namespace tinywasm::decoder {
namespace {

constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Removes a sign; true when it was '-'.
bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

bool take_hex_prefix(std::string_view& text) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  return true;
}

/// Removes digits with single underscores between them; false when there is no such thing here.
bool take_digits(std::string_view& text, int base) {
  std::size_t at = 0;
  const auto is_digit = [&](std::size_t i) {
    return i < text.size() && digit_value(text[i]) < base;
  };
  if (!is_digit(0)) return false;
  while (is_digit(at) || (at < text.size() && text[at] == '_' && is_digit(at + 1))) ++at;
  text.remove_prefix(at);
  return true;
}

/// The form of what follows a sign.
NumberForm unsigned_form(std::string_view text) {
  if (text == "inf" || text == "nan") return NumberForm::real;
  if (text.starts_with("nan:0x")) {
    text.remove_prefix(6);
    return take_digits(text, 16) && text.empty() ? NumberForm::real : NumberForm::none;
  }
  const bool hex = take_hex_prefix(text);
  const int base = hex ? 16 : 10;
  if (!take_digits(text, base)) return NumberForm::none;
  if (text.empty()) return NumberForm::natural;
  if (text[0] == '.') {
    text.remove_prefix(1);
    if (!text.empty() && digit_value(text[0]) < base) take_digits(text, base);
  }
  if (!text.empty() && (text[0] | 0x20) == (hex ? 'p' : 'e')) {
    text.remove_prefix(1);
    take_sign(text);
    if (!take_digits(text, 10)) return NumberForm::none;
  }
  return text.empty() ? NumberForm::real : NumberForm::none;
}

/// The value of well-formed digits, base 10 or 16; nothing above `max`.
std::optional<std::uint64_t> magnitude(std::string_view text, std::uint64_t max) {
  const unsigned base = take_hex_prefix(text) ? 16 : 10;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c == '_') continue;
    const auto digit = static_cast<unsigned>(digit_value(c));
    if (digit > max || value > (max - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

/// A decimal exponent, clamped: no number that fits in memory needs more than the clamp.
std::int64_t clamped_exponent(std::string_view text) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 60;
  const bool negative = take_sign(text);
  std::int64_t value = 0;
  for (const char c : text) {
    if (c == '_') continue;
    if (value < kLimit / 16) value = value * 10 + digit_value(c);
  }
  return negative ? -value : value;
}

/// The layout of an IEEE 754 binary format.
struct FloatLayout {
  int fraction_bits;  // without the hidden one
  int bias;
  constexpr std::uint64_t infinity() const {
    return (static_cast<std::uint64_t>(bias) * 2 + 1) << fraction_bits;
  }
};
constexpr FloatLayout kF32Layout{23, 127};
constexpr FloatLayout kF64Layout{52, 1023};

/// Rounds mantissa * 2^exponent, plus something below one unit of the mantissa when `sticky`, to
/// the nearest value, ties to even. Nothing on overflow.
std::optional<std::uint64_t> round_binary(std::uint64_t mantissa, std::int64_t exponent,
                                          bool sticky, const FloatLayout& layout) {
  if (mantissa == 0) return 0;  // the caller sees to it that nothing is sticky then
  const int shift_up = std::countl_zero(mantissa);
  mantissa <<= shift_up;
  exponent -= shift_up;
  // The value is 1.xxx * 2^(exponent + 63). The lowest bit kept is that of the format's precision,
  // or for subnormal results the format's smallest value.
  const std::int64_t lowest_of_all = 1 - layout.bias - layout.fraction_bits;
  const std::int64_t lowest = std::max(exponent + 63 - layout.fraction_bits, lowest_of_all);
  const std::int64_t drop = lowest - exponent;  // at least 11
  if (drop > 64) return 0;                      // below half of the smallest value
  const std::uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
  const std::uint64_t half = std::uint64_t{1} << (drop - 1);
  const std::uint64_t rest = drop == 64 ? mantissa : mantissa & ((half << 1) - 1);
  const bool up = rest > half || (rest == half && (sticky || (kept & 1) != 0));
  const std::uint64_t rounded = kept + (up ? 1 : 0);
  // A biased exponent of 0 and of 1 have the same scale, and a carry out of the fraction moves on
  // to the next exponent by itself.
  const std::int64_t scale = lowest - lowest_of_all;
  if (scale > 2 * static_cast<std::int64_t>(layout.bias)) return std::nullopt;
  const std::uint64_t bits = (static_cast<std::uint64_t>(scale) << layout.fraction_bits) + rounded;
  if (bits >= layout.infinity()) return std::nullopt;
  return bits;
}

/// Hexadecimal digits after "0x", with a fraction and a binary exponent.
std::optional<std::uint64_t> parse_hex(std::string_view text, const FloatLayout& layout) {
  std::uint64_t mantissa = 0;
  std::int64_t exponent = 0;
  bool sticky = false;
  bool in_fraction = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_') continue;
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    if (c == 'p' || c == 'P') {
      exponent += clamped_exponent(text.substr(i + 1));
      break;
    }
    if ((mantissa >> 60) == 0) {
      mantissa = mantissa * 16 + static_cast<unsigned>(digit_value(c));
      if (in_fraction) exponent -= 4;
    } else {
      sticky = sticky || c != '0';
      if (!in_fraction) exponent += 4;
    }
  }
  return round_binary(mantissa, exponent, sticky, layout);
}

/// Whether a decimal number that std::from_chars finds out of range is too small rather than too
/// large: its leading digit then stands right of the point.
bool is_tiny(std::string_view text) {
  std::int64_t exponent = 0;
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) exponent = clamped_exponent(text.substr(e + 1));
  const std::string_view digits = text.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t leading = digits.find_first_not_of("0.");
  if (leading == std::string_view::npos) return true;
  const auto before_point = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(leading);
  return exponent + before_point <= 0;
}

/// Decimal digits with a fraction and an exponent, correctly rounded by the standard library.
template <class Float, class Bits>
std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != '_') plain.push_back(c);
  }
  Float value = 0;
  const auto result = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (!is_tiny(plain)) return std::nullopt;
    return 0;
  }
  if (result.ec != std::errc{} || std::isinf(value)) return std::nullopt;
  return std::bit_cast<Bits>(value);
}

template <class Float, class Bits>
std::optional<Bits> parse_float(std::string_view text, const FloatLayout& layout) {
  if (number_form(text) == NumberForm::none) return std::nullopt;
  const bool negative = take_sign(text);
  std::optional<std::uint64_t> bits;
  if (text == "inf") {
    bits = layout.infinity();
  } else if (text == "nan") {
    bits = layout.infinity() | (std::uint64_t{1} << (layout.fraction_bits - 1));
  } else if (text.starts_with("nan:")) {
    const std::uint64_t largest = (std::uint64_t{1} << layout.fraction_bits) - 1;
    const auto payload = magnitude(text.substr(4), largest);
    if (payload && *payload != 0) bits = layout.infinity() | *payload;
  } else if (take_hex_prefix(text)) {
    bits = parse_hex(text, layout);
  } else {
    bits = parse_decimal<Float, Bits>(text);
  }
  if (!bits) return std::nullopt;
  const std::uint64_t sign = negative ? std::uint64_t{1} << (sizeof(Bits) * 8 - 1) : 0;
  return static_cast<Bits>(*bits | sign);
}

}  // namespace

NumberForm number_form(std::string_view text) {
  if (text.empty()) return NumberForm::none;
  const bool has_sign = text[0] == '+' || text[0] == '-';
  const NumberForm form = unsigned_form(text.substr(has_sign ? 1 : 0));
  return form == NumberForm::natural && has_sign ? NumberForm::integer : form;
}

std::optional<std::uint64_t> parse_natural(std::string_view text, std::uint64_t max) {
  if (number_form(text) != NumberForm::natural) return std::nullopt;
  return magnitude(text, max);
}

std::optional<std::uint64_t> parse_integer(std::string_view text, unsigned bits) {
  const NumberForm form = number_form(text);
  if (form != NumberForm::natural && form != NumberForm::integer) return std::nullopt;
  const bool negative = take_sign(text);
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
  const auto value = magnitude(text, negative ? (mask >> 1) + 1 : mask);
  if (!value) return std::nullopt;
  return (negative ? ~*value + 1 : *value) & mask;
}

std::optional<std::uint32_t> parse_f32(std::string_view text) {
  return parse_float<float, std::uint32_t>(text, kF32Layout);
}

std::optional<std::uint64_t> parse_f64(std::string_view text) {
  return parse_float<double, std::uint64_t>(text, kF64Layout);
}

}  // namespace tinywasm::decoder
