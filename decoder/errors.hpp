// SPDX-License-Identifier: Apache-2.0
// The messages of errors.def as an enum, and how an Error is made of one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tinywasm/error.hpp>

namespace tinywasm::decoder {

enum class Message : std::uint8_t {
#define ERROR_TEXT(id, kind, text) id,
#include "decoder/errors.def"
#undef ERROR_TEXT
};

struct MessageInfo {
  ErrorKind kind;
  std::string_view text;
};

inline constexpr MessageInfo kMessages[] = {
#define ERROR_TEXT(id, kind, text) {ErrorKind::kind, text},
#include "decoder/errors.def"
#undef ERROR_TEXT
};

constexpr const MessageInfo& info(Message message) {
  return kMessages[static_cast<std::size_t>(message)];
}
constexpr std::string_view text(Message message) { return info(message).text; }

/// An error of the table. `detail` follows the text: " 7", ": instruction requires ...".
Error make_error(Message message, std::uint64_t offset = Error::kNoOffset,
                 std::string_view detail = {});

/// `text` with control characters, invalid UTF-8 and characters that reorder a line replaced by
/// escapes, so that a name from a module can be printed on a terminal.
std::string escape(std::string_view text);

/// `text`, or as much of its beginning as fits `longest` bytes and "...". No character is cut in
/// two; what is no UTF-8 ends it.
std::string clip(std::string_view text, std::size_t longest);

}  // namespace tinywasm::decoder
