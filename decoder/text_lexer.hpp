// SPDX-License-Identifier: Apache-2.0
// The tokens of the text format (https://webassembly.github.io/spec/core/text/lexical.html) with
// annotations (https://webassembly.github.io/spec/core/appendix/custom.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/interrupt.hpp>

#include "decoder/errors.hpp"
#include "decoder/text_keywords.hpp"

namespace tinywasm::decoder {

enum class TokenKind : std::uint8_t {
  end,         // of the source
  error,       // see TextLexer::error
  left,        // (
  right,       // )
  string,      // "..."; escapes and characters are checked
  identifier,  // $name or $"name"; neither empty nor ill-formed
  keyword,     // a word that begins with a lowercase letter, known or not
  natural,     // numbers by form, see text_number.hpp
  integer,
  real,
  reserved,  // anything else that holds together; no grammar rule takes it
};

struct Token {
  TokenKind kind = TokenKind::end;
  Keyword keyword = Keyword::none;  // kind == keyword: what the word means; may be nothing
  std::uint16_t insn = kNoInsn;     // kind == keyword: the instruction of that name
  std::string_view text;            // a view into the source: quotes and '$' included

  bool is(Keyword word) const { return keyword == word; }
  bool is_known_word() const { return keyword != Keyword::none || insn != kNoInsn; }
};

/// 1-based; columns count bytes.
struct TextPlace {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// What is wrong with the source, and where.
struct LexicalError {
  Message message{};
  std::size_t offset = 0;
};

enum class AnnotationKind : std::uint8_t { name, custom, branch_hint };

/// An annotation of a kind that means something. All others are white space.
struct Annotation {
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  AnnotationKind kind{};
  std::size_t begin = 0;           // of its parenthesis
  std::size_t contents_begin = 0;  // after the id
  std::size_t contents_end = 0;    // before the closing parenthesis
  std::size_t before = kNowhere;   // where the token after it begins
  bool is_used = false;            // for whoever gives meaning to it
};

/// Splits a source into tokens with two tokens of look-ahead. It holds no copy: the source outlives
/// it and its tokens. The first error sticks: from there on all tokens are TokenKind::error.
class TextLexer {
 public:
  /// `interrupt` ends it with an error of its own.
  explicit TextLexer(std::string_view source, const InterruptToken* interrupt = nullptr);

  const Token& peek() { return ahead(0); }
  const Token& peek_second() { return ahead(1); }
  Token next();

  /// Where the next token begins, or the end of the source; `seek` continues from such a place.
  std::size_t position() { return offset_of(peek()); }
  void seek(std::size_t offset);

  std::size_t offset_of(const Token& token) const {
    return static_cast<std::size_t>(token.text.data() - source_.data());
  }
  TextPlace place(std::size_t offset) const;
  std::string_view source() const { return source_; }
  /// The annotations met so far, in the order of the source, each once.
  std::vector<Annotation>& annotations() { return annotations_; }
  /// Valid once a token of kind `error` was seen.
  const LexicalError& error() const { return error_; }

 private:
  const Token& ahead(std::size_t index);
  Token lex();
  bool poll();
  bool skip_space();
  bool skip_line_comment();
  bool skip_block_comment();
  bool skip_annotation();
  bool scan_annotation_id(std::string& id);
  bool skip_annotation_contents(std::size_t begin);
  void note_annotation(std::string_view id, std::size_t begin, std::size_t contents);
  void place_annotations();
  std::optional<Message> scan_string();
  Token word(std::size_t begin, std::size_t strings);
  Token identifier(std::string_view text);
  Token token(TokenKind kind, std::size_t begin) const;
  Token error_token() const;
  Token fail(Message message, std::size_t offset);
  Token fail_at_end(Message message, std::size_t offset);
  bool at(char c, std::size_t distance = 0) const {
    return at_ + distance < limit_ && source_[at_ + distance] == c;
  }

  std::string_view source_;
  std::size_t limit_ = 0;  // the source is well-formed UTF-8 up to here
  std::size_t at_ = 0;
  LexicalError error_;
  bool failed_ = false;
  std::vector<Annotation> annotations_;
  bool has_unplaced_annotations_ = false;
  Token ahead_[2];
  std::size_t ahead_count_ = 0;
  const InterruptToken* interrupt_;
  std::size_t next_poll_ = 0;  // the place from which on it looks whether it is interrupted
};

/// Whether a character may stand in identifiers and other words (6.3.4: idchar).
bool is_word_character(char c);

/// Appends the bytes that a string token stands for; `literal` is its text, quotes included.
void append_string_value(std::string_view literal, std::string& out);

}  // namespace tinywasm::decoder
