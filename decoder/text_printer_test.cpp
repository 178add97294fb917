// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_printer.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/text_literals.hpp"
#include "decoder/text_number.hpp"

namespace {

using namespace tinywasm::decoder;

std::string print(std::string_view source, bool fold = false) {
  auto bytes = assemble(source);
  REQUIRE_MESSAGE(bytes, to_string(bytes.error()));
  const auto module = read_module(*bytes);
  REQUIRE(module);
  const auto text = print_module(*module, fold);
  REQUIRE(text);
  const auto again = assemble(*text);
  REQUIRE_MESSAGE(again, to_string(again.error()));
  CHECK(*again == *bytes);
  return *text;
}

std::string error(std::string_view source) {
  const auto bytes = assemble(source);
  REQUIRE(!bytes);
  return std::string(to_string(bytes.error().kind)) + ": " + to_string(bytes.error());
}

}  // namespace

TEST_SUITE("text_printer") {
  TEST_CASE("flat and folded") {
    const std::string_view source = R"((module $m
      (func $f (param $x i32) (param i32) (result i32) (local $y i64) (local i32)
        (if (result i32) (i32.lt_s (local.get $x) (i32.const -5))
          (then (i32.add (local.get $x) (local.get 1)))
          (else (block (drop (i64.const 1))) (loop (nop)) (i32.const 7))))))";
    CHECK(print(source) == R"((module $m
  (type (;0;) (func (param i32 i32) (result i32)))
  (func $f (;0;) (type 0) (param $x i32) (param i32) (result i32)
    (local $y i64) (local i32)
    local.get $x
    i32.const -5
    i32.lt_s
    if (result i32)
      local.get $x
      local.get 1
      i32.add
    else
      block
        i64.const 1
        drop
      end
      loop
        nop
      end
      i32.const 7
    end))
)");
    CHECK(print(source, true) == R"((module $m
  (type (;0;) (func (param i32 i32) (result i32)))
  (func $f (;0;) (type 0) (param $x i32) (param i32) (result i32)
    (local $y i64) (local i32)
    (if (result i32)
      (i32.lt_s (local.get $x) (i32.const -5))
      (then
        (i32.add (local.get $x) (local.get 1)))
      (else
        (block
          (drop (i64.const 1)))
        (loop
          (nop))
        (i32.const 7)))))
)");
  }

  TEST_CASE("every kind of field") {
    CHECK(print(R"(
      (type $s (sub (struct (field $a (mut i8)) (field (ref null $s)))))
      (rec (type $f (func)) (type (array i16)))
      (import "m" "\22\u{7f}" (func $i (type $f)))
      (import "m" "t" (tag (param i32)))
      (table $t 1 2 funcref) (table 1 (ref null $f) (ref.null $f))
      (memory $mem 1) (memory i64 2 3)
      (global (mut f32) (f32.const -nan:0x200001))
      (global i32 (i32.add (i32.const 1) (i32.const 2)))
      (export "e" (memory 1))
      (func $start (struct.get_s $s $a (unreachable)) drop) (start $start)
      (elem (i32.const 0) $start) (elem (table 1) (i32.const 0) (ref null $f) (item ref.null $f))
      (elem $e declare func $i) (data "a\"\\\00") (data (memory 1) (offset (i64.const 1)) "")
    )") == R"((module
  (type $s (;0;) (sub (struct (field $a (mut i8)) (field (ref null $s)))))
  (rec
    (type $f (;1;) (func))
    (type (;2;) (array i16)))
  (type (;3;) (func (param i32)))
  (type (;4;) (func))
  (import "m" "\"\u{7f}" (func $i (;0;) (type $f)))
  (import "m" "t" (tag (;0;) (type 3) (param i32)))
  (func $start (;1;) (type 4)
    unreachable
    struct.get_s $s $a
    drop)
  (table $t (;0;) 1 2 funcref)
  (table (;1;) 1 (ref null $f) (ref.null $f))
  (memory $mem (;0;) 1)
  (memory (;1;) i64 2 3)
  (global (;0;) (mut f32) (f32.const -nan:0x200001))
  (global (;1;) i32 i32.const 1 i32.const 2 i32.add)
  (export "e" (memory 1))
  (start $start)
  (elem (;0;) (i32.const 0) func $start)
  (elem (;1;) (table 1) (i32.const 0) (ref null $f) (ref.null $f))
  (elem $e (;2;) declare func $i)
  (data (;0;) "a\22\5c\00")
  (data (;1;) (memory 1) (i64.const 1) ""))
)");
  }

  TEST_CASE("names that are no identifiers") {
    CHECK(print(R"((module (@name "a b")
      (func $f (@name "x") (param (@name "p q") i32)) (func (@name "x")) (func $"\u{e9}")))") ==
          R"((module (@name "a b")
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (func (;0;) (@name "x") (type 0) (param (@name "p q") i32))
  (func (;1;) (@name "x") (type 1))
  (func (;2;) (@name "é") (type 1)))
)");
  }

  TEST_CASE("what is not valid is printed as it is") {
    CHECK(print("(func select (result i32 i64 f32) select (result))") == R"((module
  (type (;0;) (func))
  (func (;0;) (type 0)
    select (result i32 i64 f32)
    select (result)))
)");
  }

  TEST_CASE("labels") {
    // The innermost of a name is meant; one that it hides, and one without a name, is an index.
    const std::string_view source = R"((func (param i32)
      (block $a (loop $"b c" (block $a (br $a) (br 2) (br $"b c") (br 3)))
        (if $d (block $e (result i32) (br $e (i32.const 0))) (then (br_table $d $a 2 (local.get 0))))
        (block (br 0) (br 1)) (br_if $a (local.get 0)))))";
    CHECK(print(source) == R"((module
  (type (;0;) (func (param i32)))
  (func (;0;) (type 0) (param i32)
    block $a
      loop $"b c"
        block $a
          br $a
          br 2
          br $"b c"
          br 3
        end
      end
      block $e (result i32)
        i32.const 0
        br $e
      end
      if $d
        local.get 0
        br_table $d $a 2
      end
      block
        br 0
        br $a
      end
      local.get 0
      br_if $a
    end))
)");
    CHECK(print(R"((tag $t) (func (block $l
      (try $l (do (throw $t)) (catch $t (rethrow $l)))
      (try $k (do (throw $t)) (delegate $l))
      (drop (block $m (result exnref) (try_table $l (catch_all_ref $m)) (unreachable)))
      (drop (br_on_cast $l anyref anyref (ref.null any)))
      (br $l))))",
                true) == R"((module
  (type (;0;) (func))
  (func (;0;) (type 0)
    (block $l
      (try $l
        (do
          (throw $t))
        (catch $t
          (rethrow $l)))
      (try $k
        (do
          (throw $t))
        (delegate $l))
      (block $m (result exnref)
        (try_table $l (catch_all_ref $m))
        (unreachable))
      (drop)
      (ref.null any)
      (br_on_cast $l anyref anyref)
      (drop)
      (br $l)))
  (tag $t (;0;) (type 0)))
)");
  }

  TEST_CASE("custom sections and branch hints") {
    CHECK(print(R"((module (@custom "first" (before first) "\01") (@custom "types" (after type))
      (func (param i32) (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0))
        local.get 0 (@metadata.code.branch_hint "\00") if nop end) (@custom "last" "x" "y")))",
                true) == R"((module
  (@custom "first" (before first) "\01")
  (@custom "types" (after type) "")
  (@custom "last" "xy")
  (type (;0;) (func (param i32)))
  (func (;0;) (type 0) (param i32)
    (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0))
    (@metadata.code.branch_hint "\00") (if
      (local.get 0)
      (then
        (nop)))))
)");
  }

  TEST_CASE("annotations that are wrong") {
    CHECK(error("(func (nop (@name \"a\")))") ==
          "malformed: misplaced @name annotation (at line 1, column 12)");
    CHECK(error("(module (@name \"a\") (@name \"b\"))") ==
          "malformed: @name annotation: multiple module (at line 1, column 21)");
    CHECK(error("(func (@name 1))") ==
          "malformed: @name annotation: unexpected token (at line 1, column 7)");
    CHECK(error("(func (@custom \"a\"))") ==
          "malformed: misplaced @custom annotation (at line 1, column 7)");
    CHECK(error("(@custom \"a\" (before last))") ==
          "malformed: @custom annotation: malformed section kind (at line 1, column 1)");
    CHECK(error("(func (@metadata.code.branch_hint \"\\02\") if end)") ==
          "malformed: @metadata.code.branch_hint annotation: unexpected token (at line 1, column "
          "7)");
    CHECK(error("(func (@metadata.code.branch_hint \"\\01\") nop)") ==
          "invalid: @metadata.code.branch_hint annotation: invalid target (at line 1, column 7)");
  }

  TEST_CASE("floats come back as they were") {
    for (const std::uint32_t bits :
         {0U, 0x80000000U, 1U, 0x007FFFFFU, 0x7F7FFFFFU, 0x3DCCCCCDU, 0x7F800000U, 0xFF800000U,
          0x7FC00000U, 0xFFC00000U, 0x7F800001U, 0xFFFFFFFFU, 0x4B800001U}) {
      CAPTURE(f32_literal(bits));
      CHECK(parse_f32(f32_literal(bits)) == bits);
    }
    std::uint64_t bits = 1;
    for (int i = 0; i < 1000; ++i) {
      CAPTURE(f64_literal(bits));
      CHECK(parse_f64(f64_literal(bits)) == bits);
      bits = bits * 6364136223846793005U + 1442695040888963407U;
    }
  }

  TEST_CASE("deep nesting, folded or not, stays small and takes no native stack") {
    std::string source = "(func ";
    for (int i = 0; i < 20'000; ++i) source += "block ";
    for (int i = 0; i < 20'000; ++i) source += "(i32.eqz ";
    source += "(i32.const 0)";
    for (int i = 0; i < 20'000; ++i) source += ")";
    source += " drop ";
    for (int i = 0; i < 20'000; ++i) source += "end ";
    source += ")";
    CHECK(print(source).size() < 20'000'000);
    CHECK(print(source, true).size() < 20'000'000);
  }

  TEST_CASE("what is long is not repeated") {
    const std::string name(600, 'n');
    const std::string long_name =
        "(module (func $" + name + " (block $" + name + " (br $" + name + ")) call $" + name + "))";
    const std::string named = print(long_name);
    CHECK(named.find("(func (;0;) (@name \"nnn") != std::string::npos);
    CHECK(named.find("\n    call 0") != std::string::npos);
    CHECK(named.find("\n      br 0\n") != std::string::npos);
    print(long_name, true);
    const std::string type =
        "(type (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"
        " i32 i32 i32 i32 i32 i32 i32 i32 i64)))";
    const std::string used = print(type +
                                   "(import \"\" \"\" (func (type 0))) (func (type 0)"
                                   " unreachable block (type 0) unreachable end)"
                                   "(func (type 0) (param $x i32) (param i32 i32 i32 i32"
                                   " i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"
                                   " i32 i32 i64))");
    CHECK(used.find("(func (;0;) (type 0))") != std::string::npos);
    CHECK(used.find("block (type 0)\n") != std::string::npos);
    CHECK(used.find("(type 0) (param $x i32) (param i32") != std::string::npos);
  }

  TEST_CASE("text comes in pieces") {
    std::string source = "(module";
    for (int i = 0; i < 200; ++i) source += "(func (local i32) (local i64 i64))";
    for (int i = 0; i < 10; ++i) {
      source += "(func (local";
      for (int k = 0; k < 10'000; ++k) source += " f32";
      source += "))";
    }
    const auto bytes = assemble(source + ")");
    REQUIRE(bytes);
    const auto module = read_module(*bytes);
    REQUIRE(module);
    std::string text;
    std::size_t longest = 0;
    std::size_t pieces = 0;
    const tinywasm::TextSink sink = [&](std::string_view piece) {
      text += piece;
      longest = std::max(longest, piece.size());
      ++pieces;
      return true;
    };
    REQUIRE(print_module(*module, false, sink));
    CHECK(text == *print_module(*module, false));
    CHECK(pieces >= 5);
    CHECK(longest < 70'000);
    CHECK(*assemble(text) == *bytes);
    // Whoever has enough says so.
    const auto ended = print_module(*module, false, [](std::string_view) { return false; });
    REQUIRE(!ended);
    CHECK(ended.error().kind == tinywasm::ErrorKind::interrupted);
    tinywasm::InterruptToken token;
    token.interrupt();
    pieces = 0;
    CHECK(!print_module(*module, true, sink, &token));
    CHECK(pieces == 0);
  }

  TEST_CASE("bodies that cannot be decoded") {
    const std::string_view module("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0A\5\1\3\0\xFF\x0B", 25);
    const auto bytes = std::as_bytes(std::span(module));
    const auto decoded = read_module({bytes.begin(), bytes.end()});
    REQUIRE(decoded);
    const auto text = print_module(*decoded, false);
    REQUIRE(!text);
    CHECK(to_string(text.error()) == "illegal opcode ff (at offset 0x17)");
  }

  TEST_CASE("custom descriptors") {
    const std::string_view source = R"((module
      (rec
        (type $s (sub (descriptor $d) (struct (field i32))))
        (type $d (sub final (describes $s) (descriptor $m) (struct)))
        (type $m (describes $d) (struct (field (ref null (exact $s))))))
      (import "a" "f" (func $f (exact (param i32))))
      (func $g (import "a" "g") (exact (type 3)))
      (func (import "a" "h") (exact (type 3) (param $x i32) (result)))
      (import "a" "i" (func (exact)))
      (func (param (ref (exact $s)) (ref null (exact $d))) (result anyref)
        (block $l (result anyref)
          (drop (br_on_cast_desc_eq $l anyref (ref (exact $s)) (local.get 0) (local.get 1)))
          (drop (br_on_cast_desc_eq_fail $l anyref (ref null $s) (local.get 0) (local.get 1)))
          (drop (struct.new_desc $s (i32.const 1) (local.get 1)))
          (drop (struct.new_default_desc $s (local.get 1)))
          (drop (ref.get_desc $s (local.get 0)))
          (drop (ref.cast_desc_eq (ref null (exact $s)) (local.get 0) (local.get 1)))
          (drop (ref.cast_desc_eq (ref $s) (local.get 0) (local.get 1)))
          (ref.null (exact $s))))))";
    const std::string flat = print(source);
    CHECK(flat.find("(type $s (;0;) (sub (descriptor $d) (struct (field i32))))") != flat.npos);
    CHECK(flat.find("(type $d (;1;) (describes $s) (descriptor $m) (struct))") != flat.npos);
    CHECK(flat.find(R"((import "a" "f" (func $f (;0;) (exact (type 3) (param i32)))))") !=
          flat.npos);
    CHECK(flat.find("ref.cast_desc_eq (ref null (exact $s))") != flat.npos);
    CHECK(flat.find("br_on_cast_desc_eq $l anyref (ref (exact $s))") != flat.npos);
    CHECK(flat.find("ref.null (exact $s)") != flat.npos);
    const std::string folded = print(source, true);
    CHECK(folded.find("(drop (struct.new_desc $s (i32.const 1) (local.get 1)))") != folded.npos);
    CHECK(folded.find("(drop (ref.cast_desc_eq (ref $s) (local.get 0) (local.get 1)))") !=
          folded.npos);
    CHECK(error("(type (descriptor 0) (describes 0) (struct))").find("unexpected token") !=
          std::string::npos);
    CHECK(error("(func (exact))").find("unexpected token") != std::string::npos);
    CHECK(error("(import \"a\" \"b\" (func (exact (exact))))").find("unexpected token") !=
          std::string::npos);
    CHECK(error("(import \"a\" \"b\" (tag (exact)))").find("unexpected token") !=
          std::string::npos);
    CHECK(error("(func (param (exact 0)))").find("unexpected token") != std::string::npos);
    CHECK(error("(func (drop (ref.null (exact any))))").find("unexpected token") !=
          std::string::npos);
  }
}
