// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decoder/text.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text.push_back(' ');
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

/// The contents of one section of the module, as hexadecimal bytes; "none" when there is no such
/// section, the message when it does not assemble. Section sizes below 128 only.
std::string section(std::string_view source, unsigned id, std::string_view name = {}) {
  const auto module = assemble(source);
  if (!module) return module.error().message;
  const std::string_view bytes{reinterpret_cast<const char*>(module->data()), module->size()};
  for (std::size_t at = 8; at + 1 < bytes.size();) {
    const auto size = static_cast<unsigned char>(bytes[at + 1]);
    std::string_view contents = bytes.substr(at + 2, size);
    if (static_cast<unsigned char>(bytes[at]) == id) {
      contents.remove_prefix(name.empty() ? 0 : name.size() + 1);
      return hex(contents);
    }
    at += 2 + size;
  }
  return "none";
}

std::string types(std::string_view source) { return section(source, 1); }
std::string names(std::string_view source) { return section(source, 0, "name"); }

/// The instructions of the only function, without the final `end`.
std::string code(std::string_view instructions, std::string_view fields = "") {
  const std::string source =
      "(module " + std::string(fields) + " (func " + std::string(instructions) + "))";
  const auto module = assemble(source);
  if (!module) return module.error().message;
  const std::string entry = section(source, 10);
  // The count, the size, no locals, ..., the end.
  REQUIRE(entry.substr(0, 3) == "01 ");
  REQUIRE(entry.size() >= 11);
  REQUIRE(entry.substr(6, 2) == "00");
  return entry.size() == 11 ? "" : entry.substr(9, entry.size() - 9 - 3);
}

/// "line:column message" of the error.
std::string error(std::string_view source) {
  const auto module = assemble(source);
  if (module) return "none";
  const Error& error = module.error();
  return std::to_string(error.line) + ":" + std::to_string(error.column) + " " + error.message;
}

std::string message(std::string_view source) {
  const auto module = assemble(source);
  return module ? "none" : module.error().message;
}

}  // namespace

TEST_SUITE("text_parser") {
  TEST_CASE("a name is the first annotation of its module") {
    // Each kind of thing with an identifier, and without one.
    const std::string_view things[] = {
        "(type % (func))",
        "(rec (type % (func)))",
        "(type (struct (field % i32)))",
        "(import \"\" \"\" (func %))",
        "(func %)",
        "(func (param % i32))",
        "(func (local % i32))",
        "(table % 1 funcref)",
        "(memory % 1)",
        "(global % i32 (i32.const 0))",
        "(tag %)",
        "(elem % func)",
        "(data % \"\")",
    };
    for (const std::string_view thing : things) {
      const std::size_t place = thing.find('%');
      const auto with = [&](std::string_view what) {
        return std::string(thing.substr(0, place)) + std::string(what) +
               std::string(thing.substr(place + 1));
      };
      CAPTURE(thing);
      const std::string named = names(with("$n"));
      CHECK(named != "none");
      CHECK(names(with("$f (@name \"n\")")) == named);
      CHECK(names(with("(@name \"n\")")) == named);
    }
    CHECK(names("(module $f (@name \"n\"))") == names("(module $n)"));
    CHECK(names("(module (@name \"n\"))") == names("(module $n)"));
    CHECK(section("(module (@custom \"n\" \"c\"))", 0, "n") == "63");
    CHECK(section("(module (func (i32.const 0) (@metadata.code.branch_hint \"\\00\") (if (then))))",
                  0, "metadata.code.branch_hint") == "01 00 01 03 01 00");
  }

  TEST_CASE("modules with and without their wrapper") {
    const std::string empty = "00 61 73 6d 01 00 00 00";
    for (const std::string_view source :
         {"", "(module)", "\xef\xbb\xbf(module)", "(module definition)", ";; nothing",
          "(module quote)", "(module quote \"(mod\" \"ule)\")",
          "(module binary \"\\00asm\" \"\\01\\00\\00\\00\")"}) {
      CAPTURE(source);
      const auto module = assemble(source);
      REQUIRE(module);
      CHECK(hex({reinterpret_cast<const char*>(module->data()), module->size()}) == empty);
    }
    CHECK(types("(func)") == "01 60 00 00");
    CHECK(types("(module quote \"(func\" \" (param i32))\")") == "01 60 01 7f 00");
    CHECK(message("(module) (module)") == "unexpected token (");
    CHECK(message("(module") == "unexpected token: end of input");
    CHECK(message("(func))") == "unexpected token )");
    CHECK(message("(module quote \"(module binary)\")") == "unexpected token in a quoted module");
    CHECK(message("func") == "unexpected token func");
  }

  TEST_CASE("errors name line and column") {
    CHECK(error("(module\n  (func\n    (i32.const 1x)))") == "3:16 unknown operator 1x");
    CHECK(error("(func (block $l\n\t(br $m)))") == "2:6 unknown label $m");
    CHECK(error("(func $f)\n(func $f)") == "2:7 duplicate func $f");
    CHECK(error("(func") == "1:6 unexpected token: end of input");
    CHECK(error("(func (get_local 0))") == "1:8 unknown operator get_local");
    CHECK(error("(func (local.get $a))") == "1:18 unknown local $a");
  }

  TEST_CASE("types") {
    CHECK(types("(type (func))") == "01 60 00 00");
    CHECK(types("(type $a (func (param i32 i64) (param $x f32) (result f64 v128)))") ==
          "01 60 03 7f 7e 7d 02 7c 7b");
    CHECK(types("(type (func (param funcref externref (ref null func) (ref func) (ref 0))))") ==
          "01 60 05 70 6f 70 64 70 64 00 00");
    CHECK(types("(type $s (struct (field $a i8) (field i16 (mut i32))))") ==
          "01 5f 03 78 00 77 00 7f 01");
    CHECK(types("(type (array (mut anyref)))") == "01 5e 6e 01");
    CHECK(types("(type $t (sub (func))) (type (sub final $t (func)))") ==
          "02 50 00 60 00 00 4f 01 00 60 00 00");
    CHECK(types("(type (sub final (func)))") == "01 60 00 00");
    CHECK(types("(rec (type $a (struct (field (ref $b)))) (type $b (array i8)))") ==
          "01 4e 02 5f 01 64 01 00 5e 78 00");
    CHECK(types("(rec (type (func)))") == "01 60 00 00");
    CHECK(types("(rec)") == "01 4e 00");
    CHECK(message("(type (func (result i32) (param i32)))") == "unexpected token (");
    CHECK(message("(type (struct (field $x i32) (field $x i32)))") == "duplicate field $x");
    CHECK(message("(type (func (param (ref $t))))") == "unknown type $t");
    CHECK(message("(type (func (param i8)))") == "unexpected token i8");
    CHECK(message("(type (func (param anyfunc)))") == "unknown operator anyfunc");
  }

  TEST_CASE("type uses find their type or add it after all others") {
    // Both functions use the explicit type, wherever it stands.
    CHECK(section("(func (param i32)) (func) (type (func (param i32)))", 3) == "02 00 01");
    CHECK(types("(func (param i32)) (func) (type (func (param i32)))") ==
          "02 60 01 7f 00 60 00 00");
    CHECK(section("(func (result i32) unreachable) (func (type 0))", 3) == "02 00 00");
    // Equal only as a whole recursion group, and only if final and without supertype.
    CHECK(section("(rec (type (func)) (type (func))) (type (sub (func))) (func)", 3) == "01 03");
    CHECK(message("(type $t (func)) (func (type $t) (param i32))") == "inline function type");
    CHECK(message("(func (type 3) (param i32))") == "unknown type 3");
    CHECK(section("(func (type 3))", 3) == "01 03");
    CHECK(message("(type $s (struct)) (func (type $s) (param i32))") == "inline function type");
    CHECK(message("(type $t (func)) (func (param i32) (type $t))") == "unexpected token type");
    CHECK(message("(func (result i32) (param i32))") == "unexpected token param");
  }

  TEST_CASE("imports") {
    CHECK(section(R"((import "a" "b" (func $f (param i32))) (import "" "m" (memory 1 2)))", 2) ==
          "02 01 61 01 62 00 00 00 01 6d 02 01 01 02");
    CHECK(section(R"((import "" "" (table i64 3 funcref)) (import "" "" (global (mut i32))))", 2) ==
          "02 00 00 01 70 04 03 00 00 03 7f 01");
    CHECK(section(R"((import "" "" (tag (param i32))))", 2) == "01 00 00 04 00 00");
    CHECK(section(R"((func $f (export "x") (import "a" "b") (param $p i32)))", 2) ==
          "01 01 61 01 62 00 00");
    CHECK(section(R"((func $f (export "x") (import "a" "b")) (func))", 7) == "01 01 78 00 00");
    CHECK(section(R"((memory (import "a" "b") i64 1 2 shared))", 2) ==
          "01 01 61 01 62 02 07 01 02");
    // Indices without a keyword, as the first version had them.
    CHECK(section(R"((table 1 funcref) (func $f) (elem 0 (i32.const 0) $f))", 9) ==
          section(R"((table 1 funcref) (func $f) (elem (i32.const 0) $f))", 9));
    CHECK(section(R"((memory 1) (data 0 (i32.const 0) "x"))", 11) ==
          section(R"((memory 1) (data (i32.const 0) "x"))", 11));
    CHECK(section("(memory i64 1 2 (pagesize 1))", 5) == "01 0d 01 02 00");
    CHECK(section("(memory 1 (pagesize 65536))", 5) == "01 00 01");
    CHECK(section(R"((memory (pagesize 1) (data "abc")))", 5) == "01 09 03 03 00");
    CHECK(message("(memory 1 (pagesize 3))") == "invalid custom page size");
    CHECK(section("(memory 1) (func atomic.fence)", 10) == "01 05 00 fe 03 00 0b");
    CHECK(message(R"((func) (import "" "" (func)))") == "import after function");
    CHECK(message(R"((table 1 funcref) (memory (import "" "") 1))") == "import after table");
    CHECK(message(R"((import "" "\ff" (func)))") == "malformed UTF-8 encoding");
    CHECK(message(R"((import "" "" (type)))") == "unexpected token type");
  }

  TEST_CASE("tables and memories") {
    CHECK(section("(table 1 funcref) (table $t i64 2 3 (ref null extern))", 4) ==
          "02 70 00 01 6f 05 02 03");
    CHECK(section("(table 1 (ref func) (ref.func 0)) (func)", 4) ==
          "01 40 00 64 70 00 01 d2 00 0b");
    CHECK(section("(table funcref (elem $f $f)) (func $f)", 4) == "01 70 01 02 02");
    CHECK(section("(table funcref (elem $f $f)) (func $f)", 9) == "01 00 41 00 0b 02 00 00");
    CHECK(section("(table i64 funcref (elem (ref.func 0) (item ref.null func)))", 9) ==
          "01 04 42 00 0b 02 d2 00 0b d0 70 0b");
    CHECK(section("(table (ref null 0) (elem 1)) (type (func))", 9) ==
          "01 06 00 41 00 0b 63 00 01 d2 01 0b");
    CHECK(section("(table 0 funcref) (table funcref (elem 1))", 9) == "01 02 01 41 00 0b 00 01 01");
    CHECK(section("(memory 1) (memory i64 0x1_0 17) (memory (data \"ab\" \"c\"))", 5) ==
          "03 00 01 05 10 11 01 01 01");
    CHECK(section("(memory 1) (memory (data \"ab\" \"c\"))", 11) ==
          "01 02 01 41 00 0b 03 61 62 63");
    CHECK(section("(memory (data))", 5) == "01 01 00 00");
    CHECK(message("(memory)") == "unexpected token )");
    CHECK(message("(table 1)") == "unexpected token )");
    CHECK(message("(memory 18446744073709551616)") == "constant out of range 18446744073709551616");
  }

  TEST_CASE("globals, tags, exports and start") {
    CHECK(section("(global $g (mut i64) (i64.const -1)) (global f32 f32.const 0)", 6) ==
          "02 7e 01 42 7f 0b 7d 00 43 00 00 00 00 0b");
    CHECK(section("(tag $t (param i32))", 13) == "01 00 00");
    CHECK(section(R"((export "f" (func $f)) (export "" (memory 0)) (func $f) (memory 1))", 7) ==
          "02 01 66 00 00 00 02 00");
    CHECK(section(R"((global (export "a") (export "b") i32 (i32.const 0)))", 7) ==
          "02 01 61 03 00 01 62 03 00");
    CHECK(section("(start $f) (func) (func $f)", 8) == "01");
    CHECK(message("(start 0) (start 0) (func)") == "multiple start sections");
  }

  TEST_CASE("element segments") {
    const auto elem = [](const std::string& field) {
      return section("(func $f) (table $t 1 funcref) (table $u 1 funcref) " + field, 9);
    };
    CHECK(elem("(elem (i32.const 0) $f 0)") == "01 00 41 00 0b 02 00 00");
    CHECK(elem("(elem (offset i32.const 0) func $f)") == "01 00 41 00 0b 01 00");
    CHECK(elem("(elem (table $u) (i32.const 0) func $f)") == "01 02 01 41 00 0b 00 01 00");
    CHECK(elem("(elem func $f)") == "01 01 00 01 00");
    CHECK(elem("(elem declare func $f)") == "01 03 00 01 00");
    CHECK(elem("(elem (i32.const 0) funcref (ref.func $f))") == "01 04 41 00 0b 01 d2 00 0b");
    CHECK(elem("(elem funcref (item ref.null func))") == "01 05 70 01 d0 70 0b");
    CHECK(elem("(elem (i32.const 0) externref)") == "01 06 00 41 00 0b 6f 00");
    CHECK(elem("(elem (table $u) (i32.const 0) funcref)") == "01 06 01 41 00 0b 70 00");
    CHECK(elem("(elem declare (ref null 0) (ref.null 0))") == "01 07 63 00 01 d0 00 0b");
    CHECK(elem("(elem $e (i32.const 0))") == "01 00 41 00 0b 00");
    CHECK(elem("(elem $f)") == "unexpected token )");
    CHECK(elem("(elem (table $t) (i32.const 0) $f)") == "unexpected token $f");
  }

  TEST_CASE("data segments") {
    CHECK(section("(memory 1) (data (i32.const 8) \"a\\00\" \"b\")", 11) ==
          "01 00 41 08 0b 03 61 00 62");
    CHECK(section("(data \"a\")", 11) == "01 01 01 61");
    CHECK(section("(memory 1) (memory $m 1) (data $d (memory $m) (offset (i32.const 0)))", 11) ==
          "01 02 01 41 00 0b 00");
    CHECK(section("(data $d \"\") (func (data.drop $d))", 12) == "01");
    CHECK(section("(data $d \"\") (func)", 12) == "none");
  }

  TEST_CASE("locals of one type share an entry") {
    CHECK(section("(func (param i32) (local i32 i32) (local $x i32) (local f64) (local i32))",
                  10) == "01 08 03 03 7f 01 7c 01 7f 0b");
    CHECK(section("(func (param $p i64) (local $l i32) (local.get $l) local.get $p)", 10) ==
          "01 08 01 01 7f 20 01 20 00 0b");
    // Parameters that only the type names shift the locals, too.
    CHECK(section("(type $t (func (param i32 i32))) (func (type $t) (local $l i32) local.get $l)",
                  10) == "01 06 01 01 7f 20 02 0b");
    CHECK(message("(func (param $x i32) (local $x i32))") == "duplicate local $x");
    CHECK(message("(func (local i32) (param i32))") == "unexpected token param");
    CHECK(message("(func (nop) (local i32))") == "unexpected token local");
  }

  TEST_CASE("constants") {
    CHECK(code("i32.const 0x7f") == "41 ff 00");
    CHECK(code("i32.const 4294967295") == "41 7f");
    CHECK(code("i32.const -2147483648") == "41 80 80 80 80 78");
    CHECK(code("i64.const -1") == "42 7f");
    CHECK(code("i64.const 0x8000_0000_0000_0000") == "42 80 80 80 80 80 80 80 80 80 7f");
    CHECK(code("f32.const 1.5") == "43 00 00 c0 3f");
    CHECK(code("f64.const -nan:0x1") == "44 01 00 00 00 00 00 f0 ff");
    CHECK(code("f32.const 7") == "43 00 00 e0 40");
    CHECK(code("i32.const 4294967296") == "constant out of range 4294967296");
    CHECK(code("f32.const 1e39") == "constant out of range 1e39");
    CHECK(code("i32.const 1.0") == "unexpected token 1.0");
    CHECK(code("i32.const nan:canonical") == "unexpected token nan:canonical");
    CHECK(code("i32.const") == "unexpected token )");
    CHECK(code("i32.const 0_") == "unknown operator 0_");
    CHECK(code("v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 255 -1") ==
          "fd 0c 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d ff ff");
    CHECK(code("v128.const f64x2 1 -0") == "fd 0c 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 80");
    CHECK(code("v128.const i32x4 1 2 3") == "wrong number of lane literals");
    CHECK(code("v128.const i16x8 0 0 0 0 0 0 0 65536") == "constant out of range 65536");
  }

  TEST_CASE("plain instructions of every kind of immediate") {
    const std::string_view fields =
        "(type $t (func)) (type $s (struct (field $a i32) (field $b i32))) (type $v (array i8))"
        "(table $x 1 funcref) (table $y 1 funcref) (memory $m 1) (memory $n 1)"
        "(global $g i32 (i32.const 0)) (data $d \"\") (elem $e func) (tag $tag)";
    const auto is = [&](std::string_view text, std::string_view bytes) {
      CAPTURE(text);
      CHECK(code(text, fields) == bytes);
    };
    is("nop", "01");
    is("global.get $g", "23 00");
    is("call 0 call_ref $t return_call 0", "10 00 14 00 12 00");
    is("ref.func 0 ref.null extern ref.null $t", "d2 00 d0 6f d0 00");
    is("call_indirect (type $t)", "11 00 00");
    is("call_indirect $y (param) (result)", "11 00 01");
    is("return_call_indirect 1 (type 0)", "13 00 01");
    is("table.get table.set $y table.size 1 table.grow table.fill $y",
       "25 00 26 01 fc 10 01 fc 0f 00 fc 11 01");
    is("table.copy table.copy $x $y", "fc 0e 00 00 fc 0e 00 01");
    is("table.init $e table.init $y $e elem.drop $e", "fc 0c 00 00 fc 0c 00 01 fc 0d 00");
    is("memory.size memory.grow $n memory.fill 1", "3f 00 40 01 fc 0b 01");
    is("memory.copy memory.copy $n $m", "fc 0a 00 00 fc 0a 01 00");
    is("memory.init $d memory.init $n $d", "fc 08 00 00 fc 08 00 01");
    is("i32.load i64.load8_u offset=0x10 align=1", "28 02 00 31 00 10");
    is("i32.store $n offset=18446744073709551615", "36 42 01 ff ff ff ff ff ff ff ff ff 01");
    is("v128.load align=2", "fd 00 01 00");
    is("v128.load8_lane 3 v128.load8_lane 1 3 v128.store16_lane $n offset=1 7",
       "fd 54 00 00 03 fd 54 40 01 00 03 fd 59 41 01 01 07");
    is("v128.load8_lane offset=1 align=1 3", "fd 54 00 01 03");
    is("i8x16.extract_lane_s 15 i8x16.add", "fd 15 0f fd 6e");
    is("i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31",
       "fd 0d 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 1f");
    is("select select (result i32) select (result) select (result i32 i64)",
       "1b 1c 01 7f 1c 00 1c 02 7f 7e");
    is("struct.get $s $b struct.get $s 0", "fb 02 01 01 fb 02 01 00");
    is("array.new_fixed $v 3 array.new_data $v $d array.copy $v 2",
       "fb 08 02 03 fb 09 02 00 fb 11 02 02");
    is("ref.test (ref $s) ref.test (ref null eq) ref.cast anyref", "fb 14 01 fb 15 6d fb 17 6e");
    is("br_on_cast 0 anyref (ref $s)", "fb 18 01 00 6e 01");
    is("throw $tag", "08 00");
    is("i32.load align=3", "alignment must be a power of two align=3");
    is("i32.load align=0", "alignment must be a power of two align=0");
    is("i32.load align=-1", "unknown operator align=-1");
    is("i32.load align=1 offset=1", "unknown operator offset=1");
    is("i8x16.extract_lane_s 256", "i8 constant out of range 256");
    is("i8x16.extract_lane_s -1", "unexpected token -1");
    is("i8x16.shuffle 0 1 2", "invalid lane length");
    is("table.copy 1", "unexpected token )");
    is("memory.init", "unexpected token )");
    is("br_table", "unexpected token )");
    is("struct.get $s $c", "unknown field $c");
    is("call $f", "unknown function $f");
    is("call 4294967296", "constant out of range 4294967296");
  }

  TEST_CASE("flat blocks and labels") {
    CHECK(code("block end") == "02 40 0b");
    CHECK(code("block (result i32) i32.const 0 end") == "02 7f 41 00 0b");
    CHECK(code("loop $l (type 0) br $l end") == "03 00 0c 00 0b");
    CHECK(code("block (param i32) end") == "02 01 0b");
    CHECK(code("if $a else $a br $a end $a") == "04 40 05 0c 00 0b");
    CHECK(code("block $a block $b block $a br $a br $b br 7 end br $a end end") ==
          "02 40 02 40 02 40 0c 00 0c 01 0c 07 0b 0c 01 0b 0b");
    CHECK(code("block $a (br_table $a 0 2 $a (i32.const 0)) end") ==
          "02 40 41 00 0e 03 00 00 02 00 0b");
    CHECK(
        code(
            "try_table $l (catch 0 1) (catch_ref 0 0) (catch_all 0) (catch_all_ref 0) br $l end") ==
        "1f 40 04 00 00 01 01 00 00 02 00 03 00 0c 00 0b");
    CHECK(code("block $a end $b") == "mismatching label $b");
    CHECK(code("block end $b") == "mismatching label $b");
    CHECK(code("if $a else $b end") == "mismatching label $b");
    CHECK(code("block $a end br $a") == "unknown label $a");
    CHECK(code("end") == "unexpected token end");
    CHECK(code("else") == "unexpected token else");
    CHECK(code("block else end") == "unexpected token else");
    CHECK(code("if else else end") == "unexpected token else");
    CHECK(code("block") == "unexpected token )");
    CHECK(code("try_table $l (catch_all $l) end") == "unknown label $l");
    CHECK(code("block (param $x i32) end") == "unexpected token $x");
  }

  TEST_CASE("folded instructions") {
    CHECK(code("(i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3)))") ==
          "41 01 41 02 41 03 6c 6a");
    CHECK(code("(drop (block (result i32) (i32.const 1) nop))") == "02 7f 41 01 01 0b 1a");
    CHECK(code("(if (i32.const 1) (then nop))") == "41 01 04 40 01 0b");
    CHECK(code("(if $l (result i32) (i32.const 1) (i32.const 2) (then (br $l)) (else))") ==
          "41 01 41 02 04 7f 0c 00 05 0b");
    CHECK(code("(block $l (if (br_if $l (i32.const 0)) (then (br $l))))") ==
          "02 40 41 00 0d 00 04 40 0c 01 0b 0b");
    CHECK(code("(loop nop (nop) block end)") == "03 40 01 01 02 40 0b 0b");
    CHECK(code("(call_indirect (param i32) (i32.const 5) (i32.const 6))") ==
          "41 05 41 06 11 01 00");
    CHECK(code("(select (result i32) (i32.const 5) (i32.const 6) (i32.const 7))") ==
          "41 05 41 06 41 07 1c 01 7f");
    CHECK(code("(try_table (catch_all 0) (nop))") == "1f 40 01 02 00 01 0b");
    CHECK(code("(i32.add nop)") == "unexpected token nop");
    CHECK(code("(if (then) nop)") == "unexpected token nop");
    CHECK(code("(if (i32.const 0))") == "unexpected token )");
    CHECK(code("(if (then) (then))") == "unexpected token then");
    CHECK(code("(if (then) (else) (else))") == "unexpected token (");
    CHECK(code("(else)") == "unexpected token else");
    CHECK(code("(then)") == "unexpected token then");
    CHECK(code("(block end)") == "unexpected token end");
    CHECK(code("(block block)") == "unexpected token )");
    CHECK(code("(catch_all)") == "unexpected token catch_all");
    CHECK(code("()") == "unexpected token )");
  }

  TEST_CASE("the legacy try") {
    const auto legacy = [](std::string_view text) { return code(text, "(tag) (tag $e)"); };
    CHECK(legacy("try end") == "06 40 0b");
    CHECK(legacy("try $l (result i32) i32.const 0 catch $e rethrow $l catch 0 br $l catch_all"
                 " i32.const 1 end $l") == "06 7f 41 00 07 01 09 00 07 00 0c 00 19 41 01 0b");
    CHECK(legacy("block $b try $b nop delegate $b br $b end") == "02 40 06 40 01 18 00 0c 00 0b");
    CHECK(legacy("(try (do))") == "06 40 0b");
    CHECK(legacy("(try $l (result i32) (do (i32.const 0)) (catch $e (rethrow $l)) (catch 0 nop)"
                 " (catch_all (i32.const 1)))") == "06 7f 41 00 07 01 09 00 07 00 01 19 41 01 0b");
    CHECK(legacy("(block $b (try $b (do nop) (delegate $b)) (br $b))") ==
          "02 40 06 40 01 18 00 0c 00 0b");
    CHECK(legacy("(drop (try (result i32) (do (i32.const 1)) (catch_all (i32.const 2))))") ==
          "06 7f 41 01 19 41 02 0b 1a");
    CHECK(legacy("try catch_all catch 0 end") == "unexpected token catch");
    CHECK(legacy("try catch_all delegate 0") == "unexpected token delegate");
    CHECK(legacy("try catch 0 delegate 0") == "unexpected token delegate");
    CHECK(legacy("block catch 0 end") == "unexpected token catch");
    CHECK(legacy("catch_all") == "unexpected token catch_all");
    CHECK(legacy("delegate 0") == "unexpected token delegate");
    CHECK(legacy("try $a end $b") == "mismatching label $b");
    CHECK(legacy("(try)") == "unexpected token )");
    CHECK(legacy("(try nop)") == "unexpected token nop");
    CHECK(legacy("(try (nop))") == "unexpected token nop");
    CHECK(legacy("(try (do) nop)") == "unexpected token nop");
    CHECK(legacy("(try (do) (do))") == "unexpected token do");
    CHECK(legacy("(try (do) (catch_all) (catch 0))") == "unexpected token (");
    CHECK(legacy("(try (do) (catch 0) (delegate 0))") == "unexpected token delegate");
    CHECK(legacy("(try (do) (delegate 0) (delegate 0))") == "unexpected token (");
    CHECK(legacy("(try (do) (delegate))") == "unexpected token )");
    CHECK(legacy("(try (do (catch 0)))") == "unexpected token catch");
    CHECK(legacy("(do)") == "unexpected token do");
    CHECK(legacy("(delegate 0)") == "unexpected token delegate");
  }

  TEST_CASE("names") {
    CHECK(names("(module $m)") == "00 02 01 6d");
    CHECK(names("(func) (func $f) (func $\"a b\")") == "01 09 02 01 01 66 02 03 61 20 62");
    CHECK(names("(func (param i32) (local $x i32)) (func (param $y i32))") ==
          "02 0b 02 00 01 01 01 78 01 01 00 01 79");
    CHECK(names("(type $t (func))(table $u 0 funcref)(memory $m 0)(global $g i32 i32.const 0)"
                "(elem $e func)(data $d)(tag $x)") ==
          "04 04 01 00 01 74 05 04 01 00 01 75 06 04 01 00 01 6d 07 04 01 00 01 67 "
          "08 04 01 00 01 65 09 04 01 00 01 64 0b 04 01 00 01 78");
    CHECK(names("(func)") == "none");
    // Labels are numbered in the order of the binary format: a condition comes before its if.
    CHECK(names("(func (block $a) (loop) (if $b (block $c (result i32) (i32.const 0)) (then)) "
                "block $a end)") == "03 0f 01 00 04 00 01 61 02 01 63 03 01 62 04 01 61");
    // Both forms of an identifier are one.
    CHECK(section(R"((start $"\66") (func) (func $f))", 8) == "01");
  }

  TEST_CASE("a parser takes one module out of a script") {
    TextLexer lexer{
        "(module $a (func)) (module definition binary \"x\") (module $q quote \"(fu\" \"nc)\") "
        "(invoke \"f\")"};
    const auto text = parse_text_module(lexer);
    REQUIRE(text);
    CHECK(text->name == "a");
    CHECK(text->kind == TextModule::Kind::text);
    const auto binary = parse_text_module(lexer);
    REQUIRE(binary);
    CHECK(binary->is_definition);
    CHECK(binary->bytes == std::vector{std::byte{'x'}});
    const auto quote = parse_text_module(lexer);
    REQUIRE(quote);
    CHECK(quote->name == "q");
    CHECK(quote->quoted == "(func)");
    CHECK(lexer.next().kind == TokenKind::left);
    CHECK(lexer.next().text == "invoke");
  }

  TEST_CASE("deep nesting neither recurses nor takes long") {
    const auto repeated = [](std::string_view text, int count) {
      std::string result;
      for (int i = 0; i < count; ++i) result += text;
      return result;
    };
    constexpr int kDepth = 200'000;
    CHECK(
        assemble("(func " + repeated("(block $l (br $l) ", kDepth) + repeated(")", kDepth) + ")"));
    CHECK(
        assemble("(func " + repeated("block $l br $l ", kDepth) + repeated("end ", kDepth) + ")"));
    CHECK(assemble("(func " + repeated("(drop ", kDepth) + repeated(")", kDepth) + ")"));
    CHECK(assemble("(func " + repeated("(if (then ", kDepth) + repeated("))", kDepth) + ")"));
    CHECK(message(repeated("(", kDepth)) == "unexpected token (");
    constexpr int kTooDeep = 1'000'001;
    CHECK(message("(func " + repeated("(drop ", kTooDeep) + repeated(")", kTooDeep) + ")") ==
          "instructions nested too deeply");
  }

  TEST_CASE("every prefix and every missing byte is an error or a module") {
    const std::string source =
        "(module $m (type $t (func (param i32) (result i32))) (import \"a\" \"b\" (func $i (type "
        "$t)))"
        "(rec (type $s (sub (struct (field $x (mut (ref null $s)))))))"
        "(memory (export \"m\") 1 2) (table funcref (elem $i)) (global $g (mut f32) (f32.const "
        "0x1p-1))"
        "(elem $e declare func $i) (data (i32.const 0) \"\\00\\u{41}x\") (start $f) (tag (param "
        "i32))"
        "(func $f (local $l i32) (if (i32.eqz (local.get $l)) (then (br 0)) (else (drop (call $i "
        "(i32.load offset=4 align=1 (i32.const 0)))))) block $b loop br_table $b 0 end end $b "
        "try_table (catch_all 0) end call_indirect (type $t) (v128.const i64x2 0 1)) (@a b) (;c;))";
    REQUIRE(assemble(source));
    int accepted = 0;
    for (std::size_t i = 0; i < source.size(); ++i) {
      const auto prefix = std::make_unique<char[]>(i);
      source.copy(prefix.get(), i);
      const auto cut = assemble({prefix.get(), i});
      if (cut) ++accepted;
      CHECK((cut || !cut.error().message.empty()));
      std::string without = source;
      without.erase(i, 1);
      const auto other = assemble(without);
      CHECK((other || other.error().line > 0));
    }
    CHECK(accepted == 1);  // the empty one
  }
}
