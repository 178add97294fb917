// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_lexer.hpp"

#include <algorithm>
#include <array>

#include "decoder/text_number.hpp"
#include "decoder/utf8.hpp"

namespace tinywasm::decoder {
namespace {

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The characters of identifiers and all other words (6.3.4: idchar).
constexpr auto kWordCharacters = [] {
  std::array<bool, 256> set{};
  for (std::size_t c = 0; c < 256; ++c) set[c] = is_letter_or_digit(static_cast<char>(c));
  for (const char c : std::string_view("!#$%&'*+-./:<=>?@\\^_`|~")) {
    set[static_cast<unsigned char>(c)] = true;
  }
  return set;
}();

/// Punctuation that no rule uses: reserved tokens of one character.
constexpr bool is_reserved_punctuation(char c) {
  return c == ',' || c == ';' || c == '[' || c == ']' || c == '{' || c == '}';
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// An escape after its backslash: how many characters, and what it stands for.
struct Escape {
  std::size_t length = 0;  // 0: there is no such escape
  char32_t value = 0;
  bool is_byte = true;  // else a Unicode scalar value
};

Escape unicode_escape(std::string_view text) {
  // u{hexnum}, the digits with single underscores between them
  if (!text.starts_with("u{")) return {};
  const std::size_t close = text.find_first_not_of("0123456789abcdefABCDEF_", 2);
  if (close == std::string_view::npos || text[close] != '}') return {};
  const std::string number = "0x" + std::string(text.substr(2, close - 2));
  const auto value = parse_natural(number, 0x10FFFF);
  if (!value || !is_unicode_scalar(static_cast<char32_t>(*value))) return {};
  return {.length = close + 1, .value = static_cast<char32_t>(*value), .is_byte = false};
}

Escape parse_escape(std::string_view text) {
  if (text.empty()) return {};
  switch (text[0]) {
    case 't':
      return {.length = 1, .value = '\t'};
    case 'n':
      return {.length = 1, .value = '\n'};
    case 'r':
      return {.length = 1, .value = '\r'};
    case '"':
      return {.length = 1, .value = '"'};
    case '\'':
      return {.length = 1, .value = '\''};
    case '\\':
      return {.length = 1, .value = '\\'};
    case 'u':
      return unicode_escape(text);
    default:
      break;
  }
  if (text.size() < 2 || hex_value(text[0]) < 0 || hex_value(text[1]) < 0) return {};
  return {.length = 2,
          .value = static_cast<char32_t>(hex_value(text[0]) * 16 + hex_value(text[1]))};
}

}  // namespace

bool is_word_character(char c) { return kWordCharacters[static_cast<unsigned char>(c)]; }

void append_string_value(std::string_view literal, std::string& out) {
  literal = literal.substr(1, literal.size() - 2);
  while (!literal.empty()) {
    const std::size_t plain = std::min(literal.find('\\'), literal.size());
    out.append(literal.substr(0, plain));
    literal.remove_prefix(plain);
    if (literal.empty()) break;
    const Escape escape = parse_escape(literal.substr(1));
    if (escape.is_byte) {
      out.push_back(static_cast<char>(escape.value));
    } else {
      append_utf8(escape.value, out);
    }
    literal.remove_prefix(1 + escape.length);
  }
}

TextLexer::TextLexer(std::string_view source, const InterruptToken* interrupt)
    : source_(source), interrupt_(interrupt) {
  constexpr std::size_t kPiece = 1 << 20;
  constexpr std::size_t kLongestCharacter = 4;
  while (limit_ < source.size()) {
    if (interrupt_ != nullptr && interrupt_->is_set()) {
      fail(Message::interrupted, 0);
      return;
    }
    const std::string_view piece = source.substr(limit_, kPiece);
    const std::size_t length = utf8_prefix(piece);
    limit_ += length;
    if (length + kLongestCharacter <= piece.size()) break;  // not just a character that is cut
    if (length == 0) break;
  }
}

/// False once it is interrupted, which is an error then.
bool TextLexer::poll() {
  constexpr std::size_t kBytesBetweenPolls = 64 << 10;
  if (at_ < next_poll_) return true;
  next_poll_ = at_ + kBytesBetweenPolls;
  if (interrupt_ == nullptr || !interrupt_->is_set()) return true;
  fail(Message::interrupted, at_);
  return false;
}

const Token& TextLexer::ahead(std::size_t index) {
  while (ahead_count_ <= index) {
    ahead_[ahead_count_] = lex();
    ++ahead_count_;
  }
  return ahead_[index];
}

Token TextLexer::next() {
  const Token token = peek();
  ahead_[0] = ahead_[1];
  --ahead_count_;
  return token;
}

void TextLexer::seek(std::size_t offset) {
  at_ = offset;
  next_poll_ = offset;
  ahead_count_ = 0;
}

TextPlace TextLexer::place(std::size_t offset) const {
  TextPlace place;
  std::size_t line_begin = 0;
  const std::size_t end = std::min(offset, source_.size());
  for (std::size_t i = 0; i < end; ++i) {
    const char c = source_[i];
    // A newline is \n, \r or \r\n.
    if (c == '\n' || (c == '\r' && (i + 1 == source_.size() || source_[i + 1] != '\n'))) {
      ++place.line;
      line_begin = i + 1;
    }
  }
  place.column = static_cast<std::uint32_t>(end - line_begin + 1);
  return place;
}

Token TextLexer::error_token() const {
  return {.kind = TokenKind::error, .text = source_.substr(error_.offset, 0)};
}

Token TextLexer::fail(Message message, std::size_t offset) {
  if (!failed_) error_ = {.message = message, .offset = offset};
  failed_ = true;
  return error_token();
}

Token TextLexer::fail_at_end(Message message, std::size_t offset) {
  // What looks like the end may be the first byte that is not UTF-8.
  if (limit_ < source_.size()) return fail(Message::malformed_utf8, limit_);
  return fail(message, offset);
}

Token TextLexer::token(TokenKind kind, std::size_t begin) const {
  return {.kind = kind, .text = source_.substr(begin, at_ - begin)};
}

/// Skips white space, comments and annotations; false after an error.
bool TextLexer::skip_space() {
  while (at_ < limit_) {
    if (!poll()) return false;
    const char c = source_[at_];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == ';' && at(';', 1)) {
      if (!skip_line_comment()) return false;
    } else if (c == '(' && at(';', 1)) {
      if (!skip_block_comment()) return false;
    } else if (c == '(' && at('@', 1)) {
      if (!skip_annotation()) return false;
    } else {
      break;
    }
  }
  return true;
}

bool TextLexer::skip_line_comment() {
  while (at_ < limit_ && source_[at_] != '\n' && source_[at_] != '\r') {
    if (!poll()) return false;
    ++at_;
  }
  if (at_ < limit_ || limit_ == source_.size()) return true;
  fail(Message::malformed_utf8, limit_);
  return false;
}

bool TextLexer::skip_block_comment() {
  const std::size_t begin = at_;
  std::size_t depth = 0;
  while (at_ < limit_) {
    if (!poll()) return false;
    if (at('(') && at(';', 1)) {
      ++depth;
      at_ += 2;
    } else if (at(';') && at(')', 1)) {
      --depth;
      at_ += 2;
      if (depth == 0) return true;
    } else {
      ++at_;
    }
  }
  fail_at_end(Message::unclosed_comment, begin);
  return false;
}

/// Skips "(@id ...)": any tokens with balanced parentheses.
bool TextLexer::skip_annotation() {
  const std::size_t begin = at_;
  at_ += 2;
  std::string id;
  if (!scan_annotation_id(id)) return false;
  const std::size_t contents = at_;
  if (!skip_annotation_contents(begin)) return false;
  note_annotation(id, begin, contents);
  return true;
}

/// The id of an annotation, a word or a string.
bool TextLexer::scan_annotation_id(std::string& id) {
  const std::size_t annotation = at_ - 2;
  const std::size_t begin = at_;
  if (!at('"')) {
    while (at_ < limit_ && is_word_character(source_[at_])) ++at_;
    id = source_.substr(begin, at_ - begin);
    if (id.empty()) fail(Message::empty_annotation_id, annotation);
    return !id.empty();
  }
  const auto problem = scan_string();
  const std::string_view literal = source_.substr(begin, at_ - begin);
  if (problem || literal.size() == 2) {
    const bool is_cut_off = problem == Message::unclosed_string && at_ >= limit_;
    fail_at_end(is_cut_off ? Message::unclosed_string : Message::empty_annotation_id, annotation);
    return false;
  }
  append_string_value(literal, id);
  if (is_utf8(id)) return true;
  fail(Message::malformed_utf8, begin);
  return false;
}

/// Goes past the parenthesis that closes the annotation which begins at `begin`.
bool TextLexer::skip_annotation_contents(std::size_t begin) {
  for (std::size_t depth = 1; depth > 0;) {
    // Neither comments nor annotations are special inside but for the comments' own brackets.
    const char c = at_ < limit_ ? source_[at_] : '\0';
    if (!poll()) return false;
    if (at_ >= limit_) {
      fail_at_end(Message::unclosed_annotation, begin);
      return false;
    }
    if (c == ';' && at(';', 1)) {
      if (!skip_line_comment()) return false;
    } else if (c == '(' && at(';', 1)) {
      if (!skip_block_comment()) return false;
    } else if (c == '"') {
      const std::size_t literal = at_;
      if (const auto problem = scan_string()) {
        fail_at_end(*problem, literal);
        return false;
      }
    } else if (c == '(' || c == ')') {
      if (c == '(') {
        ++depth;
      } else {
        --depth;
      }
      ++at_;
    } else if (is_word_character(c) || is_reserved_punctuation(c) || c == ' ' || c == '\n' ||
               c == '\t' || c == '\r') {
      ++at_;
    } else {
      fail(Message::illegal_character, at_);
      return false;
    }
  }
  return true;
}

/// Keeps an annotation that means something. A source may be read more than once.
void TextLexer::note_annotation(std::string_view id, std::size_t begin, std::size_t contents) {
  Annotation annotation{.begin = begin, .contents_begin = contents, .contents_end = at_ - 1};
  if (id == "name") {
    annotation.kind = AnnotationKind::name;
  } else if (id == "custom") {
    annotation.kind = AnnotationKind::custom;
  } else if (id == "metadata.code.branch_hint") {
    annotation.kind = AnnotationKind::branch_hint;
  } else {
    return;
  }
  if (!annotations_.empty() && begin <= annotations_.back().begin) return;
  annotations_.push_back(annotation);
  has_unplaced_annotations_ = true;
}

/// A token begins here: it follows the latest annotations.
void TextLexer::place_annotations() {
  for (std::size_t i = annotations_.size(); i-- > 0;) {
    if (annotations_[i].before != Annotation::kNowhere) break;
    annotations_[i].before = at_;
  }
  has_unplaced_annotations_ = false;
}

/// Moves over a string literal; what is wrong with it, if anything. On an error `at_` is where it
/// is.
std::optional<Message> TextLexer::scan_string() {
  ++at_;
  while (at_ < limit_) {
    const char c = source_[at_];
    if (!poll()) return Message::interrupted;
    if (c == '"') {
      ++at_;
      return std::nullopt;
    }
    if (c == '\n' || c == '\r') return Message::unclosed_string;
    if (is_control(c)) return Message::illegal_character;
    if (c == '\\') {
      const Escape escape = parse_escape(source_.substr(at_ + 1, limit_ - at_ - 1));
      if (escape.length == 0)
        return at_ + 1 >= limit_ ? Message::unclosed_string : Message::illegal_escape;
      at_ += escape.length;
    }
    ++at_;
  }
  return Message::unclosed_string;
}

Token TextLexer::lex() {
  if (failed_ || !skip_space()) return error_token();
  if (has_unplaced_annotations_) place_annotations();
  if (at_ >= limit_) {
    if (limit_ < source_.size()) return fail(Message::malformed_utf8, limit_);
    return token(TokenKind::end, at_);
  }
  const std::size_t begin = at_;
  const char c = source_[at_];
  if (c == '(' || c == ')') {
    ++at_;
    return token(c == '(' ? TokenKind::left : TokenKind::right, begin);
  }
  if (is_reserved_punctuation(c)) {
    ++at_;
    return token(TokenKind::reserved, begin);
  }
  // A word: a run of word characters and strings. It is one token, so that 0"a" is not two.
  std::size_t strings = 0;
  while (at_ < limit_) {
    if (is_word_character(source_[at_])) {
      ++at_;
    } else if (source_[at_] == '"') {
      const std::size_t literal = at_;
      ++strings;
      if (const auto problem = scan_string()) {
        const bool in_identifier = c == '$' && literal == begin + 1 && at_ < limit_;
        return fail_at_end(in_identifier ? Message::empty_identifier : *problem, literal);
      }
    } else {
      break;
    }
  }
  if (at_ == begin) return fail(Message::illegal_character, at_);
  return word(begin, strings);
}

/// Which kind of token the word from `begin` on is, which contains `strings` string literals.
Token TextLexer::word(std::size_t begin, std::size_t strings) {
  const std::string_view text = source_.substr(begin, at_ - begin);
  if (text[0] == '"') {
    // One string and nothing else: its first closing quote is the last character.
    const bool is_single = strings == 1 && text.back() == '"';
    return token(is_single ? TokenKind::string : TokenKind::reserved, begin);
  }
  if (text[0] == '$') return identifier(text);
  if (strings > 0) return token(TokenKind::reserved, begin);
  switch (number_form(text)) {
    case NumberForm::natural:
      return token(TokenKind::natural, begin);
    case NumberForm::integer:
      return token(TokenKind::integer, begin);
    case NumberForm::real:
      return token(TokenKind::real, begin);
    case NumberForm::none:
      break;
  }
  if (text[0] < 'a' || text[0] > 'z') return token(TokenKind::reserved, begin);
  Token result = token(TokenKind::keyword, begin);
  const KeywordMeaning meaning = find_keyword(text);
  result.keyword = meaning.keyword;
  result.insn = meaning.insn;
  return result;
}

Token TextLexer::identifier(std::string_view text) {
  const std::size_t begin = at_ - text.size();
  const std::size_t quote = text.find('"');
  if (quote == std::string_view::npos) {
    if (text.size() == 1) return fail(Message::empty_identifier, begin);
    return token(TokenKind::identifier, begin);
  }
  // $"..." and nothing else: the first string begins after the '$' and ends with the word.
  const std::size_t end = at_;
  at_ = begin + quote;
  scan_string();
  const bool is_single = quote == 1 && at_ == end;
  at_ = end;
  if (!is_single) return token(TokenKind::reserved, begin);
  if (text.size() == 3) return fail(Message::empty_identifier, begin);
  std::string value;
  append_string_value(text.substr(1), value);
  if (!is_utf8(value)) return fail(Message::malformed_utf8, begin);
  return token(TokenKind::identifier, begin);
}

}  // namespace tinywasm::decoder
