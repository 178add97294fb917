// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_cursor.hpp"

#include <algorithm>

#include "decoder/utf8.hpp"

namespace tinywasm::decoder {
std::string TextCursor::quoted(std::string_view text) { return clip(text, 60); }

const Token TextCursor::kFailed{.kind = TokenKind::error, .text = {}};

const Token& TextCursor::checked(const Token& token) {
  if (token.kind == TokenKind::error) {
    fail_at(lexer_.error().message, lexer_.error().offset);
  }
  return failed() ? kFailed : token;
}

bool TextCursor::at_binding() {
  return at(TokenKind::identifier) || !take_annotations(AnnotationKind::name).empty();
}

bool TextCursor::accept(TokenKind kind) {
  if (!at(kind)) return false;
  next();
  return true;
}

bool TextCursor::accept(Keyword word) {
  if (!at(word)) return false;
  next();
  return true;
}

bool TextCursor::accept_open(Keyword word) {
  if (!at_open(word)) return false;
  next();
  next();
  return true;
}

Token TextCursor::expect(TokenKind kind) {
  if (at(kind)) return next();
  fail_unexpected();
  return kFailed;
}

void TextCursor::expect(Keyword word) {
  if (!accept(word)) fail_unexpected();
}

void TextCursor::expect_open(Keyword word) {
  expect_left();
  expect(word);
}

std::string TextCursor::expect_string() {
  const Token token = expect(TokenKind::string);
  std::string value;
  if (!failed()) append_string_value(token.text, value);
  return value;
}

std::string TextCursor::expect_name() {
  const Token token = peek();
  std::string value = expect_string();
  if (!failed() && !is_utf8(value)) fail(Message::malformed_utf8, token);
  return value;
}

std::uint64_t TextCursor::expect_natural(std::uint64_t max, Message too_large) {
  const Token token = expect(TokenKind::natural);
  return failed() ? 0 : natural_value(token, max, too_large);
}

std::string_view TextCursor::identifier_name(const Token& token) {
  const std::string_view text = token.text.substr(1);
  if (text[0] != '"') return text;
  if (text.find('\\') == std::string_view::npos) return text.substr(1, text.size() - 2);
  std::string& name = names_.emplace_back();
  append_string_value(text, name);
  return name;
}

std::optional<std::string_view> TextCursor::accept_identifier() {
  if (!at(TokenKind::identifier)) return std::nullopt;
  return identifier_name(next());
}

std::vector<Annotation> TextCursor::take_annotations(AnnotationKind kind) {
  std::vector<Annotation> taken;
  // Finding the place reads the token there, and with it the annotations before that.
  const std::size_t here = position();
  std::vector<Annotation>& all = lexer_.annotations();
  if (all.empty() || failed()) return taken;
  auto found = std::lower_bound(
      all.begin(), all.end(), here,
      [](const Annotation& each, std::size_t offset) { return each.before < offset; });
  for (; found != all.end() && found->before == here; ++found) {
    if (found->kind != kind) continue;
    found->is_used = true;
    taken.push_back(*found);
  }
  return taken;
}

void TextCursor::skip_form() {
  for (std::size_t depth = 1; depth > 0 && !failed();) {
    if (accept(TokenKind::left)) {
      ++depth;
    } else if (accept(TokenKind::right)) {
      --depth;
    } else if (at(TokenKind::end)) {
      fail_unexpected();
    } else {
      next();
    }
  }
}

void TextCursor::fail(Message message, const Token& at, std::string_view detail) {
  if (!failed()) fail_at(message, lexer_.offset_of(at), detail);
}

void TextCursor::fail_naming(Message message, const Token& at) {
  fail(message, at, " " + quoted(at.text));
}

void TextCursor::fail_unexpected(const Token& token) {
  if (failed()) return;
  switch (token.kind) {
    case TokenKind::end:
      fail(Message::unexpected_token, token, ": end of input");
      break;
    case TokenKind::reserved:
      fail_naming(Message::unknown_operator, token);
      break;
    case TokenKind::keyword:
      fail_naming(token.is_known_word() ? Message::unexpected_token : Message::unknown_operator,
                  token);
      break;
    default:
      fail_naming(Message::unexpected_token, token);
      break;
  }
}

void TextCursor::fail_at(Message message, std::size_t offset, std::string_view detail) {
  if (failed()) return;
  failed_ = true;
  error_ = make_error(message, Error::kNoOffset, detail);
  // A name that does not resolve is the text's fault, not the module's; so is nothing else.
  const bool is_name = error_.kind == ErrorKind::invalid && message != Message::hint_target;
  if (is_name) error_.kind = ErrorKind::malformed;
  if (message == Message::interrupted) return;
  const TextPlace place = lexer_.place(offset);
  error_.line = place.line;
  error_.column = place.column;
}

}  // namespace tinywasm::decoder
