// SPDX-License-Identifier: Apache-2.0
// What all parts of the text parser read through: tokens, and the first error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tinywasm/error.hpp>

#include "decoder/errors.hpp"
#include "decoder/text_lexer.hpp"
#include "decoder/text_number.hpp"

namespace tinywasm::decoder {

/// The first error sticks. After it the next token is always one of kind `error`, which nothing
/// accepts, so that every loop of the form "while the next token is ..." ends.
class TextCursor {
 public:
  /// A token as an error quotes it: short.
  static std::string quoted(std::string_view text);

  /// The lexer outlives the cursor and is left after the last token taken.
  explicit TextCursor(TextLexer& lexer) : lexer_(lexer) {}

  const Token& peek() { return checked(lexer_.peek()); }
  const Token& peek_second() { return failed() ? kFailed : lexer_.peek_second(); }
  Token next() { return checked(lexer_.next()); }

  bool at(TokenKind kind) { return peek().kind == kind; }
  bool at(Keyword word) { return peek().is(word); }
  /// At "(word".
  bool at_open(Keyword word) { return at(TokenKind::left) && peek_second().is(word); }
  /// At an identifier, or at an annotation that gives a name without one.
  bool at_binding();
  bool at_index() { return at(TokenKind::natural) || at(TokenKind::identifier); }

  /// Takes what is there if it is what is asked for.
  bool accept(TokenKind kind);
  bool accept(Keyword word);
  bool accept_open(Keyword word);

  /// Takes what has to be there, or fails.
  Token expect(TokenKind kind);
  void expect(Keyword word);
  void expect_open(Keyword word);
  void expect_left() { expect(TokenKind::left); }
  void expect_right() { expect(TokenKind::right); }
  /// The value of a string.
  std::string expect_string();
  /// The value of a string that is UTF-8.
  std::string expect_name();
  std::uint64_t expect_natural(std::uint64_t max, Message too_large);
  /// The value of a token of kind `natural`.
  template <class Int>
  Int natural_value(const Token& token, Int max, Message too_large) {
    const auto value = parse_natural(token.text, max);
    if (!value) fail_naming(too_large, token);
    return static_cast<Int>(value.value_or(0));
  }

  /// The name of an identifier token, without the '$'. Valid as long as the cursor and the source.
  std::string_view identifier_name(const Token& token);
  /// Takes an identifier if one is there.
  std::optional<std::string_view> accept_identifier();

  /// The annotations of this kind right before the next token; they are marked as used.
  std::vector<Annotation> take_annotations(AnnotationKind kind);
  /// All annotations met so far.
  const std::vector<Annotation>& annotations() const { return lexer_.annotations(); }
  /// The text of an annotation after its id.
  std::string_view contents(const Annotation& annotation) const {
    return lexer_.source().substr(annotation.contents_begin,
                                  annotation.contents_end - annotation.contents_begin);
  }
  /// Keeps `name` as long as the cursor.
  std::string_view keep(std::string name) { return names_.emplace_back(std::move(name)); }

  /// Takes everything up to the parenthesis that closes the one taken last, and that one.
  void skip_form();

  std::size_t position() { return failed() ? 0 : lexer_.position(); }
  void seek(std::size_t offset) { lexer_.seek(offset); }

  bool failed() const { return failed_; }
  /// Valid once something failed.
  const Error& error() const { return error_; }
  /// Fails at a token; `detail` follows the message's text.
  void fail(Message message, const Token& at, std::string_view detail = {});
  /// Fails with "message $name", of the token's text.
  void fail_naming(Message message, const Token& at);
  /// Fails because no rule takes this token.
  void fail_unexpected(const Token& token);
  void fail_unexpected() { fail_unexpected(peek()); }
  void fail_at(Message message, std::size_t offset, std::string_view detail = {});

  /// A page size is written, which is a feature though the binary format may leave it out.
  void note_page_size() { has_page_size_ = true; }
  bool has_page_size() const { return has_page_size_; }

 private:
  static const Token kFailed;

  /// A token of the lexer, unless this or something before failed.
  const Token& checked(const Token& token);

  TextLexer& lexer_;
  Error error_;
  bool failed_ = false;
  std::deque<std::string>
      names_;  // kept ones, of identifiers whose text has escapes; addresses are stable
  bool has_page_size_ = false;
};

}  // namespace tinywasm::decoder
