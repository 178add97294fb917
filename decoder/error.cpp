// SPDX-License-Identifier: Apache-2.0
// The functions of <tinywasm/error.hpp>, and errors.hpp.
#include <fmt/format.h>
#include <ostream>

#include <tinywasm/error.hpp>

#include "decoder/errors.hpp"
#include "decoder/utf8.hpp"

namespace tinywasm {

const char* to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::malformed:
      return "malformed";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::unlinkable:
      return "unlinkable";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::trap:
      return "trap";
    case ErrorKind::exhaustion:
      return "exhaustion";
    case ErrorKind::exception:
      return "exception";
    case ErrorKind::interrupted:
      return "interrupted";
    case ErrorKind::out_of_fuel:
      return "out of fuel";
    case ErrorKind::host:
      return "host";
    case ErrorKind::exit:
      return "exit";
    case ErrorKind::io:
      return "io";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  std::string text = decoder::escape(error.message);
  if (error.line != 0) {
    text += fmt::format(" (at line {}, column {})", error.line, error.column);
  } else if (error.offset != Error::kNoOffset) {
    text += fmt::format(" (at offset {:#x})", error.offset);
  }
  return text;
}

std::string backtrace_text(const Error& error) {
  std::string text;
  for (std::size_t i = 0; i < error.backtrace.size(); ++i) {
    const Frame& frame = error.backtrace[i];
    text += fmt::format("  #{} ", i);
    if (!frame.module_name.empty()) text += decoder::escape(frame.module_name) + '!';
    if (frame.function_name.empty()) {
      text += fmt::format("function {}", frame.function);
    } else {
      text += decoder::escape(frame.function_name);
    }
    if (frame.offset != Error::kNoOffset) text += fmt::format(" (at offset {:#x})", frame.offset);
    text += '\n';
  }
  if (error.is_backtrace_cut) text += "  ... more frames\n";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Error& error) { return out << to_string(error); }

}  // namespace tinywasm

namespace tinywasm::decoder {

Error make_error(Message message, std::uint64_t offset, std::string_view detail) {
  Error error;
  error.kind = info(message).kind;
  error.message = info(message).text;
  error.message += detail;
  error.offset = offset;
  return error;
}

namespace {

/// Characters that a terminal acts upon: controls, line separators, and the overrides and isolates
/// of bidirectional text.
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char decoded = decode_utf8(text.substr(i));
    if (decoded.length == 0) {
      safe += fmt::format("\\{:02x}", static_cast<unsigned char>(text[i]));
      i += 1;
      continue;
    }
    if (is_unsafe(decoded.value)) {
      safe += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(decoded.value));
    } else {
      safe += text.substr(i, decoded.length);
    }
    i += decoded.length;
  }
  return safe;
}

std::string clip(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  return std::string(text.substr(0, utf8_prefix(text.substr(0, longest)))) + "...";
}

}  // namespace tinywasm::decoder
