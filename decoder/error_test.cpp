// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sstream>

#include <tinywasm/error.hpp>

#include "decoder/errors.hpp"

using namespace tinywasm;

TEST_SUITE("error") {
  TEST_CASE("kinds have names") {
    CHECK(std::string(to_string(ErrorKind::malformed)) == "malformed");
    CHECK(std::string(to_string(ErrorKind::out_of_fuel)) == "out of fuel");
    CHECK(std::string(to_string(ErrorKind::io)) == "io");
  }

  TEST_CASE("an error names its place") {
    Error error = decoder::make_error(decoder::Message::unknown_function, 0x1f, " 7");
    CHECK(error.kind == ErrorKind::invalid);
    CHECK(to_string(error) == "unknown function 7 (at offset 0x1f)");
    error.line = 3;
    error.column = 14;
    CHECK(to_string(error) == "unknown function 7 (at line 3, column 14)");
    error = decoder::make_error(decoder::Message::integer_divide_by_zero);
    CHECK(error.kind == ErrorKind::trap);
    std::ostringstream out;
    out << error;
    CHECK(out.str() == "integer divide by zero");
  }

  TEST_CASE("a backtrace has a line a frame") {
    Error error = decoder::make_error(decoder::Message::unreachable);
    CHECK(backtrace_text(error).empty());
    error.backtrace.push_back({3, 0x10, "inner\n", "m"});
    error.backtrace.push_back({4, 0x20, "", ""});
    CHECK(backtrace_text(error) ==
          "  #0 m!inner\\u{a} (at offset 0x10)\n  #1 function 4 (at offset 0x20)\n");
    error.backtrace.push_back({5, Error::kNoOffset, "far", ""});
    error.is_backtrace_cut = true;
    CHECK(backtrace_text(error) ==
          "  #0 m!inner\\u{a} (at offset 0x10)\n  #1 function 4 (at offset 0x20)\n  #2 far\n"
          "  ... more frames\n");
  }

  TEST_CASE("long names are clipped between characters") {
    using decoder::clip;
    CHECK(clip("", 3).empty());
    CHECK(clip("abc", 3) == "abc");
    CHECK(clip("abcd", 3) == "abc...");
    CHECK(clip("ab\xc3\xa9", 3) == "ab...");
  }

  TEST_CASE("names are escaped") {
    using decoder::escape;
    CHECK(escape("plain text, \xc3\xa9, \xf0\x9f\xa6\x80") ==
          "plain text, \xc3\xa9, \xf0\x9f\xa6\x80");
    CHECK(escape("\x1b[31m") == "\\u{1b}[31m");
    CHECK(escape("a\xff"
                 "b") == "a\\ffb");
    CHECK(escape("\xc2\x9b"
                 "31m") == "\\u{9b}31m");          // a C1 control: CSI
    CHECK(escape("\xe2\x80\xae") == "\\u{202e}");  // right-to-left override
    CHECK(escape(std::string_view("\0", 1)) == "\\u{0}");
    Error error;
    error.message = "bad name \x07";
    CHECK(to_string(error) == "bad name \\u{7}");
  }
}
