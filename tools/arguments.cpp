// SPDX-License-Identifier: Apache-2.0
#include "tools/arguments.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <limits>

#include <tinywasm/text.hpp>

namespace tinywasm::tools {
namespace {

/// A whole number that is all of `text`.
std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// An integer of 8 or 16 bits, signed or unsigned, as a vector's lane.
template <unsigned Bits>
std::optional<Value> parse_small_integer(std::string_view text) {
  const auto value = number_from_text(ValueType::i64, text);
  if (!value) return std::nullopt;
  constexpr std::uint64_t kMost = (std::uint64_t{1} << Bits) - 1;
  const bool is_negative = text.starts_with('-');
  const auto number = static_cast<std::uint64_t>(value->i64());
  if ((is_negative ? ~number + 1 : number) > (is_negative ? kMost / 2 + 1 : kMost)) {
    return std::nullopt;
  }
  return value;
}

/// Reads numbers of one type.
auto numbers_of(ValueType type) {
  return [type](std::string_view text) { return number_from_text(type, text); };
}

/// "1,2,3,4": the lanes of a vector, each read by `parse`.
template <std::size_t LaneBytes, class Parse>
std::optional<Value> parse_lanes(std::string_view text, Parse parse) {
  V128 vector;
  for (std::size_t at = 0; at < vector.bytes.size(); at += LaneBytes) {
    const bool is_last = at + LaneBytes == vector.bytes.size();
    const std::size_t comma = text.find(',');
    if ((comma == std::string_view::npos) != is_last) return std::nullopt;
    const std::optional<Value> lane = parse(text.substr(0, comma));
    if (!lane) return std::nullopt;
    std::memcpy(vector.bytes.data() + at, lane->slots(), LaneBytes);
    if (!is_last) text.remove_prefix(comma + 1);
  }
  return Value(vector);
}

std::optional<Value> parse_vector(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view shape = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    if (shape == "i8x16") return parse_lanes<1>(text, parse_small_integer<8>);
    if (shape == "i16x8") return parse_lanes<2>(text, parse_small_integer<16>);
    if (shape == "i32x4") return parse_lanes<4>(text, numbers_of(ValueType::i32));
    if (shape == "i64x2") return parse_lanes<8>(text, numbers_of(ValueType::i64));
    if (shape == "f32x4") return parse_lanes<4>(text, numbers_of(ValueType::f32));
    if (shape == "f64x2") return parse_lanes<8>(text, numbers_of(ValueType::f64));
    return std::nullopt;
  }
  V128 vector;
  if (text.size() != 2 + 2 * vector.bytes.size() || !text.starts_with("0x")) return std::nullopt;
  for (std::size_t i = 0; i < vector.bytes.size(); ++i) {
    const auto byte = parse_unsigned("0x" + std::string(text.substr(2 + 2 * i, 2)));
    if (!byte) return std::nullopt;
    vector.bytes[vector.bytes.size() - 1 - i] = static_cast<std::uint8_t>(*byte);
  }
  return Value(vector);
}

std::optional<Value> parse_value(ValueType type, std::string_view text) {
  if (type == ValueType::v128) return parse_vector(text);
  if (!type.is_ref()) return number_from_text(type, text);
  if (text != "null") return std::nullopt;
  if (type == ValueType::externref) return Value(ExternRef());
  if (type == ValueType::funcref) return Value(FuncRef());
  return std::nullopt;
}

/// Exactly as many digits as `text` has.
std::optional<unsigned> parse_digits(std::string_view text) {
  unsigned number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(digit - '0');
  }
  return number;
}

/// Seconds since 1970 of "2026-11-22", "2026-11-22T15:04:05Z" or "1795359845".
std::optional<std::uint64_t> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  constexpr std::size_t kDateLength = 10;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / 1'000'000'000;
  if (text.size() != kForm.size() && !(text.size() == kDateLength && text[4] == '-')) {
    const auto seconds = parse_unsigned(text);
    return seconds && *seconds <= kMost ? seconds : std::nullopt;
  }
  unsigned fields[6] = {};  // year, month, day, hour, minute, second
  std::size_t field = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(kForm.find_first_not_of('d', at), text.size());
    const auto number = parse_digits(text.substr(at, end - at));
    if (!number || (end < text.size() && text[end] != kForm[end])) return std::nullopt;
    fields[field++] = *number;
    at = end + 1;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(fields[0])),
                                         std::chrono::month(fields[1]),
                                         std::chrono::day(fields[2])};
  if (!date.ok() || fields[0] < 1970 || fields[3] > 23 || fields[4] > 59 || fields[5] > 59) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::uint64_t seconds =
      ((static_cast<std::uint64_t>(days) * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5];
  return seconds <= kMost ? std::optional(seconds) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 0;
  if (!text.empty()) {
    const std::size_t unit = kUnits.find(text.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const auto number = parse_unsigned(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double seconds = 0;
  if (unit.empty() || unit == "s") {
    seconds = number;
  } else if (unit == "ms") {
    seconds = number / 1e3;
  } else if (unit == "us") {
    seconds = number / 1e6;
  } else if (unit == "m") {
    seconds = number * 60;
  } else if (unit == "h") {
    seconds = number * 3600;
  } else {
    return std::nullopt;
  }
  if (!(seconds >= 0) || seconds > 1e9) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

std::optional<std::uint64_t> parse_number(std::string_view text) { return parse_unsigned(text); }

std::optional<WasiClocks> parse_clocks(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  WasiClocks clocks;
  if (name == "fixed") {
    clocks = WasiClocks::fixed();
  } else if (name == "virtual") {
    clocks = WasiClocks::virtual_time();
  } else if (name != "host") {
    return std::nullopt;
  }
  if (colon == text.size()) return clocks;
  if (name == "host") return std::nullopt;
  const auto seconds = parse_time(text.substr(colon + 1));
  if (!seconds) return std::nullopt;
  clocks.start = *seconds * 1'000'000'000;
  return clocks;
}

Result<Features> parse_features(std::string_view text) {
  if (text.empty()) return Error{ErrorKind::host, "an empty list"};
  return Features::parse(text);
}

std::optional<WasiPreopen> parse_memory_directory(std::string_view text, const WasiClocks& clocks) {
  const std::size_t colons = std::min(text.find("::"), text.size());
  WasiPreopen preopen;
  preopen.guest = text.substr(0, colons);
  if (preopen.guest.empty()) return std::nullopt;
  WasiMemoryFiles::Options options;
  if (colons < text.size()) {
    const auto size = parse_size(text.substr(colons + 2));
    if (!size) return std::nullopt;
    options.max_bytes = *size;
  }
  if (clocks.kind == WasiClocks::Kind::host) {
    options.now = [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
      return static_cast<std::uint64_t>(count);
    };
  } else {
    options.now = [start = clocks.start] { return start; };
  }
  preopen.directory = WasiMemoryFiles(std::move(options)).root();
  return preopen;
}

std::optional<WasiPreopen> parse_directory(std::string_view text) {
  constexpr std::string_view kSeparator = "::";
  WasiPreopen preopen;
  const std::size_t first = text.find(kSeparator);
  preopen.host = text.substr(0, first);
  preopen.guest = preopen.host;
  if (first != std::string_view::npos) {
    const std::string_view rest = text.substr(first + kSeparator.size());
    const std::size_t second = rest.find(kSeparator);
    preopen.guest = rest.substr(0, second);
    if (second != std::string_view::npos) {
      if (rest.substr(second + kSeparator.size()) != "ro") return std::nullopt;
      preopen.read_only = true;
    }
  }
  if (preopen.host.empty() || preopen.guest.empty()) return std::nullopt;
  return preopen;
}

std::optional<std::pair<std::string, std::string>> parse_variable(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) {
    return std::pair(text.substr(0, equals), text.substr(equals + 1));
  }
  const char* value = std::getenv(text.c_str());
  if (!value) return std::nullopt;
  return std::pair(text, std::string(value));
}

Result<std::vector<Value>> parse_values(const FuncType& type,
                                        const std::vector<std::string>& texts) {
  if (texts.size() != type.params.size()) {
    return Error{ErrorKind::host,
                 fmt::format("{} takes {} arguments, {} given", to_string(ExternType(type)),
                             type.params.size(), texts.size())};
  }
  std::vector<Value> values;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto value = parse_value(type.params[i], texts[i]);
    if (!value) {
      return Error{ErrorKind::host, fmt::format("argument {}: \"{}\" is not of type {}", i + 1,
                                                texts[i], to_string(type.params[i]))};
    }
    values.push_back(*value);
  }
  return values;
}

}  // namespace tinywasm::tools
