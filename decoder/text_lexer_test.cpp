// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_lexer.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace tinywasm::decoder;
using namespace std::string_literals;

namespace {

std::vector<TokenKind> kinds(std::string_view source) {
  TextLexer lexer{source};
  std::vector<TokenKind> result;
  while (lexer.peek().kind != TokenKind::end && lexer.peek().kind != TokenKind::error) {
    result.push_back(lexer.next().kind);
  }
  if (lexer.peek().kind == TokenKind::error) result.push_back(TokenKind::error);
  return result;
}

/// The message of the first error, or "".
std::string_view problem(std::string_view source) {
  TextLexer lexer{source};
  while (lexer.peek().kind != TokenKind::end) {
    if (lexer.next().kind == TokenKind::error) return text(lexer.error().message);
  }
  return "";
}

std::optional<std::string> string_value(std::string_view source) {
  TextLexer lexer{source};
  const Token token = lexer.next();
  if (token.kind != TokenKind::string) return std::nullopt;
  std::string value;
  append_string_value(token.text, value);
  return value;
}

using enum TokenKind;
using Kinds = std::vector<TokenKind>;

}  // namespace

TEST_SUITE("text_lexer") {
  TEST_CASE("kinds of tokens") {
    CHECK(kinds("") == Kinds{});
    CHECK(kinds("(module $m)") == Kinds{left, keyword, identifier, right});
    CHECK(kinds("12 -12 1.5 0x1p3 -inf nan:0x1") ==
          Kinds{natural, integer, real, real, real, real});
    CHECK(kinds("i32.add foo offset=4") == Kinds{keyword, keyword, keyword});
    CHECK(kinds("\"a\"\"b\"") == Kinds{reserved});
    CHECK(kinds("\"a\" \"b\"") == Kinds{string, string});
    CHECK(kinds("(\"a\")\"b\"(") == Kinds{left, string, right, string, left});
    CHECK(kinds("0drop 1_ _1 #x A $l\"a\" 0\"a\" \"a\"x $\"l\"0 .5") ==
          Kinds{reserved, reserved, reserved, reserved, reserved, reserved, reserved, reserved,
                reserved, reserved});
    CHECK(kinds(", ; [ ] { }") ==
          Kinds{reserved, reserved, reserved, reserved, reserved, reserved});
    CHECK(kinds("$a $\"b c\" $!?@#a$%^&*b-+_.:9'`|/\\<=>~") ==
          Kinds{identifier, identifier, identifier});
  }

  TEST_CASE("keywords know what they mean") {
    TextLexer lexer{"i32.add select func nonsense"};
    CHECK(lexer.next().insn == static_cast<std::uint16_t>(Insn::i32_add));
    CHECK(lexer.next().insn == static_cast<std::uint16_t>(Insn::select));
    const Token word = lexer.next();
    CHECK(word.is(Keyword::func));
    CHECK(word.insn == kNoInsn);
    CHECK_FALSE(lexer.next().is_known_word());
  }

  TEST_CASE("every row of the instruction table is found by its text") {
    for (std::size_t i = 0; i < kInsnCount; ++i) {
      const KeywordMeaning meaning = find_keyword(kInsns[i].text);
      REQUIRE(meaning.insn != kNoInsn);
      CHECK(kInsns[meaning.insn].text == kInsns[i].text);
      CHECK(meaning.insn <= i);
    }
    CHECK_FALSE(find_keyword("").is_known());
    CHECK_FALSE(find_keyword("i32.addd").is_known());
  }

  TEST_CASE("comments are white space") {
    CHECK(kinds(";; a\n(;b;)x(; (; ;; ;) \" ;)y;;") == Kinds{keyword, keyword});
    CHECK(kinds(";;a\rx") == Kinds{keyword});
    CHECK(kinds(";;a\r\nx") == Kinds{keyword});
    CHECK(kinds("(;\0\x01\x7f;)x"s) == Kinds{keyword});
    CHECK(kinds("(; \u65e5\u672c ;) ;; \u65e5") == Kinds{});
    CHECK(problem("(; (; ;)") == "unclosed comment");
    std::string nested;
    for (int i = 0; i < 100'000; ++i) nested += "(;";
    CHECK(problem(nested) == "unclosed comment");
    for (int i = 0; i < 100'000; ++i) nested += ";)";
    CHECK(kinds(nested + "x") == Kinds{keyword});
  }

  TEST_CASE("annotations are skipped") {
    CHECK(kinds("(@a)x(@a (b) \")\" (;);) (@(@ ;;)\n)) , ; ] 0x )y(@\"id\" z)") ==
          Kinds{keyword, keyword});
    CHECK(kinds("( @a)") == Kinds{left, reserved, right});
    CHECK(problem("(@)") == "empty annotation id");
    CHECK(problem("(@ a)") == "empty annotation id");
    CHECK(problem("(@\"\")") == "empty annotation id");
    CHECK(problem("(@\"\n\")") == "empty annotation id");
    CHECK(problem("(@\"\\ef\")") == "malformed UTF-8 encoding");
    CHECK(problem("(@a (b)") == "unclosed annotation");
    CHECK(problem("(@a \"") == "unclosed string");
    CHECK(problem("(@a \x01)") == "illegal character");
    CHECK(problem("(@a \u65e5)") == "illegal character");
    CHECK(problem("(@a \x80)") == "malformed UTF-8 encoding");
    std::string nested = "(@a";
    for (int i = 0; i < 100'000; ++i) nested += "(@a";
    CHECK(problem(nested) == "unclosed annotation");
  }

  TEST_CASE("strings") {
    CHECK(string_value("\"\"") == "");
    CHECK(string_value("\"a b\"") == "a b");
    CHECK(string_value(R"("\t\n\r\"\'\\")") == "\t\n\r\"'\\");
    CHECK(string_value(R"("\00\ff\4aA")") == "\0\xffJA"s);
    CHECK(string_value(R"("\u{41}\u{e9}\u{20ac}\u{1F600}\u{1_0}")") ==
          "A\u00e9\u20ac\U0001F600\x10");
    CHECK(string_value("\"\u65e5\"") == "\u65e5");
    CHECK(problem("\"a") == "unclosed string");
    CHECK(problem("\"a\\") == "unclosed string");
    CHECK(problem("\"a\n\"") == "unclosed string");
    CHECK(problem("\"a\t\"") == "illegal character");
    for (const std::string_view text :
         {R"("\x")", R"("\0")", R"("\0g")", R"("\u41")", R"("\u{}")", R"("\u{d800}")",
          R"("\u{110000}")", R"("\u{4_}")", R"("\u{41")"}) {
      CAPTURE(text);
      CHECK(problem(text) == "illegal escape");
    }
  }

  TEST_CASE("identifiers") {
    CHECK(problem("$") == "empty identifier");
    CHECK(problem("$(") == "empty identifier");
    CHECK(problem("$\"\"") == "empty identifier");
    CHECK(problem("$\"a\nb\"") == "empty identifier");
    CHECK(problem("$\"\\ef\"") == "malformed UTF-8 encoding");
    CHECK(problem("$\"a") == "unclosed string");
  }

  TEST_CASE("characters that have no place outside of strings and comments") {
    CHECK(problem("\x01") == "illegal character");
    CHECK(problem("a \x7f") == "illegal character");
    CHECK(problem("\u65e5") == "illegal character");
    CHECK(problem("\0"s) == "illegal character");
    CHECK(problem("a \xff") == "malformed UTF-8 encoding");
    CHECK(problem(";; \xff") == "malformed UTF-8 encoding");
    CHECK(problem("(; \xc0\x80 ;)") == "malformed UTF-8 encoding");
    CHECK(problem("\"\xed\xa0\x80\"") == "malformed UTF-8 encoding");
  }

  TEST_CASE("places") {
    TextLexer lexer{"a\n  b\r\n c\rd"};
    const auto next = [&] {
      const TextPlace place = lexer.place(lexer.position());
      lexer.next();
      return std::pair{place.line, place.column};
    };
    CHECK(next() == std::pair{1U, 1U});
    CHECK(next() == std::pair{2U, 3U});
    CHECK(next() == std::pair{3U, 2U});
    CHECK(next() == std::pair{4U, 1U});
    CHECK(lexer.peek().kind == end);
    CHECK(next() == std::pair{4U, 2U});
  }

  TEST_CASE("look-ahead and going back") {
    TextLexer lexer{"(func $f) x"};
    CHECK(lexer.peek().kind == left);
    CHECK(lexer.peek_second().is(Keyword::func));
    const std::size_t begin = lexer.position();
    lexer.next();
    lexer.next();
    CHECK(lexer.peek().text == "$f");
    lexer.seek(begin);
    CHECK(lexer.next().kind == left);
  }

  TEST_CASE("nothing is read beyond the source") {
    // Every prefix in a buffer of its own size, so that a sanitizer sees what reads too far.
    const std::string source =
        "(a $\"x\\u{41}\" \"\\41\" (; (; ;) ;) (@a \"b\" (c)) -0x1.8p-3 ;; e\n)";
    for (std::size_t size = 0; size <= source.size(); ++size) {
      const auto copy = std::make_unique<char[]>(size);
      source.copy(copy.get(), size);
      CHECK(kinds({copy.get(), size}).size() <= size + 1);
    }
  }
}
