// SPDX-License-Identifier: Apache-2.0
// v128 values wherever values can be, in all ways of running: locals, operands of blocks and calls,
// globals, host functions, and the order of vector instructions with everything else.
#include <string>
#include <tuple>

#include "vm/test_run.hpp"

using namespace tinywasm;

namespace {

V128 vector(std::uint8_t first) {
  V128 v;
  for (std::size_t i = 0; i < v.bytes.size(); ++i)
    v.bytes[i] = static_cast<std::uint8_t>(first + i);
  return v;
}
std::string text(std::uint8_t first) { return to_string(Value(vector(first))); }

const std::string kA = text(0x10);
const std::string kB = text(0x40);

}  // namespace

TEST_SUITE("execution_vector") {
  TEST_CASE("constants, parameters and results") {
    CHECK(run("(func (export \"f\") (result v128)"
              " v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c)") == text(0));
    CHECK(run("(func (export \"f\") (param i32 v128 i64 v128 i32) (result v128) local.get 3)",
              {1, vector(0x10), std::int64_t{2}, vector(0x40), 3}) == kB);
    CHECK(run("(func (export \"f\") (param i32 v128 i64 v128 i32) (result i32 v128 i64 v128 i32)"
              " local.get 4 local.get 3 local.get 2 local.get 1 local.get 0)",
              {1, vector(0x10), std::int64_t{2}, vector(0x40), 3}) ==
          "3 " + kB + " 2 " + kA + " 1");
  }

  TEST_CASE("locals") {
    // The second has its initial zero, the first does not.
    CHECK(run("(func (export \"f\") (param i32 v128) (result v128 v128 i32 v128 i64)"
              " (local i32 v128 v128 i64)"
              " local.get 1 local.tee 3 local.get 4 local.get 2"
              " local.get 0 if (result v128) local.get 3 local.set 4 local.get 4"
              " else local.get 1 end local.get 5)",
              {7, vector(0x10)}) == kA + " 0x00000000000000000000000000000000 0 " + kA + " 0");
    // A value that is pending when its local changes.
    CHECK(run("(func (export \"f\") (param v128 v128) (result v128 v128 v128)"
              " local.get 0 local.get 1 local.set 0 local.get 0"
              " v128.const i64x2 0 0 local.set 0 local.get 0 local.get 1 v128.or)",
              {vector(0x10), vector(0x40)}) == kA + " " + kB + " " + kB);
    CHECK(run("(func (export \"f\") (param v128 v128) (result v128 v128)"
              " local.get 0 local.get 1 local.get 0 local.set 1 local.set 0"
              " drop local.get 0 local.get 1)",
              {vector(0x10), vector(0x40)}) == kB + " " + kA);
  }

  TEST_CASE("blocks, loops and branches") {
    Machines machines(
        "(func (export \"block\") (param i32 v128 v128) (result i32 v128)"
        " i32.const 5 local.get 1 block (param v128) (result v128)"
        "  local.get 0 br_if 0 drop local.get 2 end)"
        // The branch moves its values down, over others of other sizes.
        "(func (export \"down\") (param i32 v128 v128) (result v128 i32 v128)"
        " block (result v128 i32 v128)"
        "  i32.const 1 i64.const 2 local.get 1 i32.const 9 local.get 2 local.get 0 br_if 0"
        "  drop local.get 1 br 0 end)"
        "(func (export \"table\") (param i32 v128 v128) (result v128)"
        " i32.const 1 block (result v128) block (result v128)"
        "  i64.const 3 local.get 1 local.get 0 br_table 0 1 0 end"
        "  drop local.get 2 end local.set 1 drop local.get 1)"
        "(func (export \"loop\") (param i32 v128) (result v128)"
        " local.get 1 i32.const 0 loop (param v128 i32) (result v128)"
        "  local.set 0 v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 i8x16.add"
        "  local.get 0 i32.const 1 i32.add local.tee 0 local.get 0 i32.const 16 i32.lt_u br_if 0"
        "  drop end)"
        "(func (export \"return\") (param i32 v128 v128) (result v128)"
        " local.get 2 local.get 0 if local.get 1 return end)");
    const auto a = vector(0x10);
    const auto b = vector(0x40);
    CHECK(machines.call("block", {1, a, b}) == "5 " + kA);
    CHECK(machines.call("block", {0, a, b}) == "5 " + kB);
    CHECK(machines.call("down", {1, a, b}) == kA + " 9 " + kB);
    CHECK(machines.call("down", {0, a, b}) == kA + " 9 " + kA);
    CHECK(machines.call("table", {0, a, b}) == kB);
    CHECK(machines.call("table", {1, a, b}) == kA);
    CHECK(machines.call("table", {2, a, b}) == kB);
    CHECK(machines.call("loop", {0, a}) == text(0x20));
    CHECK(machines.call("return", {0, a, b}) == kB);
    CHECK(machines.call("return", {1, a, b}) == kA);
  }

  TEST_CASE("select and drop") {
    Machines machines(
        "(func (export \"plain\") (param i32 v128 v128) (result v128)"
        " local.get 1 local.get 2 local.get 0 select)"
        "(func (export \"typed\") (param i32 v128 v128) (result v128)"
        " local.get 1 local.get 2 local.get 0 i32.eqz select (result v128))"
        "(func (export \"drop\") (param i32 v128 v128) (result v128)"
        " local.get 1 local.get 2 local.get 1 v128.xor drop)");
    CHECK(machines.call("plain", {1, vector(0x10), vector(0x40)}) == kA);
    CHECK(machines.call("plain", {0, vector(0x10), vector(0x40)}) == kB);
    CHECK(machines.call("typed", {1, vector(0x10), vector(0x40)}) == kB);
    CHECK(machines.call("drop", {1, vector(0x10), vector(0x40)}) == kA);
  }

  TEST_CASE("calls of every kind") {
    Machines machines(
        "(type $t (func (param v128 i32 v128) (result v128)))"
        "(type $m (func (param v128 i32 v128) (result i32 v128 v128)))"
        "(import \"env\" \"host\" (func $host (type $t)))"
        "(import \"env\" \"many\" (func $many (type $m)))"
        "(table funcref (elem $pick $host $swap $many))"
        "(func $pick (type $t) local.get 0 local.get 2 local.get 1 select)"
        "(func $swap (type $m) local.get 1 local.get 2 local.get 0)"
        "(func (export \"direct\") (type $t)"
        " i64.const 1 local.get 0 local.get 1 local.get 2 call $pick local.set 0 drop local.get 0)"
        "(func (export \"host\") (type $t)"
        " i64.const 1 local.get 0 local.get 1 local.get 2 call $host local.set 0 drop local.get 0)"
        "(func (export \"swap\") (type $m) local.get 0 local.get 1 local.get 2 call $swap)"
        "(func (export \"many\") (type $m) local.get 0 local.get 1 local.get 2 call $many)"
        "(func (export \"indirect\") (param v128 i32 v128 i32) (result v128)"
        " local.get 0 local.get 1 local.get 2 local.get 3 call_indirect (type $t))"
        "(func (export \"tail\") (type $t)"
        " local.get 0 local.get 1 local.get 2 return_call $pick)"
        "(func (export \"tail_host\") (type $t)"
        " local.get 0 local.get 1 local.get 2 return_call $host)"
        "(func (export \"tail_indirect\") (param v128 i32 v128 i32) (result i32 v128 v128)"
        " local.get 0 local.get 1 local.get 2 local.get 3 return_call_indirect (type $m))"
        "(func (export \"dropped\") (type $t) (local v128)"
        " local.get 0 local.get 1 local.get 2 call $pick drop"
        " local.get 0 i32.const 0 local.get 2 call $pick local.tee 3"
        " local.get 0 local.get 1 local.get 2 call $host local.set 3 drop local.get 3)"
        "(func $sum (param i32 v128) (result v128)"
        " local.get 0 if (result v128)"
        "  local.get 0 i32.const 1 i32.sub local.get 1 call $sum local.get 1 i8x16.add"
        " else v128.const i64x2 0 0 end)"
        "(func (export \"sum\") (param i32) (result v128)"
        " local.get 0 v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 call $sum)",
        [](Linker& linker) {
          linker.define("env", "host",
                        [](V128 a, std::int32_t first, V128 b) { return first != 0 ? a : b; });
          linker.define("env", "many",
                        [](V128 a, std::int32_t x, V128 b) { return std::tuple(x, b, a); });
        });
    const auto a = vector(0x10);
    const auto b = vector(0x40);
    for (const char* name : {"direct", "host", "dropped", "tail", "tail_host"}) {
      CAPTURE(name);
      CHECK(machines.call(name, {a, 1, b}) == kA);
      CHECK(machines.call(name, {a, 0, b}) == kB);
    }
    for (const char* name : {"swap", "many"}) {
      CHECK(machines.call(name, {a, 9, b}) == "9 " + kB + " " + kA);
    }
    for (const int callee : {0, 1}) {
      CHECK(machines.call("indirect", {a, 1, b, callee}) == kA);
      CHECK(machines.call("indirect", {a, 0, b, callee}) == kB);
    }
    for (const int callee : {2, 3}) {
      CHECK(machines.call("tail_indirect", {a, 9, b, callee}) == "9 " + kB + " " + kA);
    }
    CHECK(machines.call("indirect", {a, 0, b, 2}) == "trap: indirect call type mismatch");
    CHECK(machines.call("sum", {16}) == "0xf0e0d0c0b0a090807060504030201000");
  }

  TEST_CASE("a tail call into another instance returns a v128 to the caller") {
    Store store;
    Linker linker(store);
    const auto instantiate = [&](const char* source) {
      auto module = Module::from_text(source);
      REQUIRE(module);
      auto instance = linker.instantiate(*module);
      REQUIRE(instance);
      return *instance;
    };
    linker.define_instance(
        "other", instantiate("(module (global (export \"g\") (mut v128) (v128.const i64x2 1 2))"
                             "(func (export \"f\") (param v128) (result v128)"
                             " global.get 0 local.get 0 global.set 0))"));
    const Instance main = instantiate(
        "(module (import \"other\" \"f\" (func $f (param v128) (result v128)))"
        "(import \"other\" \"g\" (global $g (mut v128)))"
        "(func $tail (param v128) (result v128) local.get 0 return_call $f)"
        "(func (export \"f\") (param v128) (result v128 v128)"
        " i32.const 1 local.get 0 call $tail global.get $g local.set 0 local.set 0 drop"
        " local.get 0 global.get $g))");
    const auto results = main.func("f")->call({vector(0x10)});
    REQUIRE(results);
    CHECK(to_string((*results)[0]) == "0x00000000000000020000000000000001");
    CHECK(to_string((*results)[1]) == kA);
  }

  TEST_CASE("globals") {
    Machines machines(
        "(import \"env\" \"far\" (global $far (mut v128)))"
        "(import \"env\" \"fixed\" (global $fixed v128))"
        "(global $a (mut v128) (v128.const i64x2 3 4)) (global $b v128 (global.get $fixed))"
        "(func (export \"f\") (param v128) (result v128 v128 v128)"
        " global.get $a local.get 0 global.set $a global.get $a global.get $b)"
        "(func (export \"g\") (param v128) (result v128 v128)"
        " global.get $far local.get 0 global.set $far global.get $far)",
        [](Linker& linker) {
          auto module = Module::from_text(
              "(module (global (export \"far\") (mut v128) (v128.const i8x16"
              " 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31))"
              "(global (export \"fixed\") v128 (v128.const i8x16"
              " 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79)))");
          REQUIRE(module);
          linker.define_instance("env", *linker.instantiate(*module));
        });
    CHECK(machines.call("f", {vector(0x10)}) ==
          "0x00000000000000040000000000000003 " + kA + " " + kB);
    CHECK(machines.call("g", {vector(0x40)}) == kA + " " + kB);
  }

  TEST_CASE("loads and stores, of every memory") {
    const std::string accesses =
        "(data (memory $m) (A.const 16) \"\\80\\81\\82\\83\\04\\05\\06\\07\\08\")"
        "(func (export \"load\") (param A) (result v128) local.get 0 v128.load $m)"
        "(func (export \"far\") (param A) (result v128) local.get 0 v128.load $m offset=65520)"
        "(func (export \"extend\") (param A) (result v128 v128)"
        " local.get 0 v128.load8x8_s $m local.get 0 v128.load16x4_u $m offset=2)"
        "(func (export \"splat\") (param A) (result v128 v128)"
        " local.get 0 v128.load8_splat $m local.get 0 v128.load32_zero $m)"
        "(func (export \"lane\") (param A v128) (result v128)"
        " local.get 0 local.get 1 v128.load16_lane $m 3)"
        "(func (export \"store\") (param A v128) (result v128)"
        " local.get 0 local.get 1 v128.store $m offset=1"
        " local.get 0 local.get 1 v128.store8_lane $m 15"
        " local.get 0 v128.load $m)";
    for (const auto& [memory, address] :
         {std::pair("(memory $m 1)", "i32"), std::pair("(memory 1) (memory $m 1)", "i32"),
          std::pair("(memory $m i64 1)", "i64")}) {
      CAPTURE(memory);
      std::string source = accesses;
      for (auto at = source.find("A"); at != std::string::npos; at = source.find('A', at + 1)) {
        source.replace(at, 1, address);
      }
      Machines machines(std::string(memory) + source);
      const bool is_64 = std::string_view(address) == "i64";
      const auto at = [&](std::uint32_t n) { return is_64 ? Value(std::uint64_t{n}) : Value(n); };
      const std::string bounds = "trap: out of bounds memory access";
      CHECK(machines.call("load", {at(16)}) == "0x00000000000000080706050483828180");
      CHECK(machines.call("load", {at(65520)}) == "0x00000000000000000000000000000000");
      CHECK(machines.call("load", {at(65521)}) == bounds);
      CHECK(machines.call("load", {at(0xffffffff)}) == bounds);
      if (is_64) CHECK(machines.call("load", {Value(~std::uint64_t{0})}) == bounds);
      if (is_64) CHECK(machines.call("far", {Value(~std::uint64_t{0} - 65000)}) == bounds);
      CHECK(machines.call("far", {at(0)}) == "0x00000000000000000000000000000000");
      CHECK(machines.call("far", {at(1)}) == bounds);
      CHECK(machines.call("extend", {at(16)}) ==
            "0x0007000600050004ff83ff82ff81ff80 0x00000008000007060000050400008382");
      CHECK(machines.call("splat", {at(16)}) ==
            "0x80808080808080808080808080808080 0x00000000000000000000000083828180");
      CHECK(machines.call("splat", {at(65533)}) == bounds);
      CHECK(machines.call("lane", {at(16), vector(0)}) == "0x0f0e0d0c0b0a09088180050403020100");
      CHECK(machines.call("lane", {at(65535), vector(0)}) == bounds);
      CHECK(machines.call("store", {at(100), vector(0x10)}) ==
            "0x1e1d1c1b1a19181716151413121110"
            "1f");
      CHECK(machines.call("store", {at(65520), vector(0x10)}) == bounds);
    }
  }

  TEST_CASE("vector instructions keep the order of traps and effects") {
    Machines machines(
        "(memory 1)"
        // A division before a load that is out of bounds, and after one.
        "(func (export \"divide\") (param i32 i32) (result i32 v128)"
        " i32.const 1 local.get 0 i32.div_u local.get 1 v128.load)"
        "(func (export \"load\") (param i32 i32) (result v128 i32)"
        " local.get 1 v128.load i32.const 1 local.get 0 i32.div_u)"
        "(func (export \"splat\") (param i32 i32) (result i32 v128)"
        " local.get 1 i32.load i32.const 1 local.get 0 i32.div_u i32x4.splat)"
        // What was loaded before a store is what was there.
        "(func (export \"before\") (param i32 v128) (result i32 v128)"
        " local.get 0 i32.load local.get 0 v128.load local.get 0 local.get 1 v128.store)");
    const std::string bounds = "trap: out of bounds memory access";
    CHECK(machines.call("divide", {0, -1}) == "trap: integer divide by zero");
    CHECK(machines.call("divide", {1, -1}) == bounds);
    CHECK(machines.call("load", {0, -1}) == bounds);
    CHECK(machines.call("load", {0, 0}) == "trap: integer divide by zero");
    CHECK(machines.call("splat", {0, -1}) == bounds);
    CHECK(machines.call("splat", {0, 0}) == "trap: integer divide by zero");
    CHECK(machines.call("before", {0, vector(0x10)}) == "0 0x00000000000000000000000000000000");
    CHECK(machines.call("before", {0, vector(0x40)}) == "319951120 " + kA);
  }

  TEST_CASE("exceptions carry vectors") {
    Machines machines(
        "(tag $t (param i32 v128 i64)) (tag $v (param v128))"
        "(func $throw (param i32 v128) local.get 0 local.get 1 i64.const 7 throw $t)"
        "(func (export \"f\") (param i32 v128) (result i32 v128 i64) (local v128)"
        " local.get 1 local.set 2"
        " block $caught (result i32 v128 i64)"
        "  try_table (catch $t $caught) local.get 0 local.get 2 call $throw"
        "   v128.const i64x2 0 0 local.set 2 end"
        "  unreachable end)"
        "(func (export \"g\") (param v128 v128) (result v128 v128)"
        " block $caught (result v128)"
        "  local.get 1 try_table (catch $v $caught) local.get 0 throw $v end"
        "  unreachable end local.get 1)");
    CHECK(machines.call("f", {5, vector(0x10)}) == "5 " + kA + " 7");
    CHECK(machines.call("g", {vector(0x10), vector(0x40)}) == kA + " " + kB);
  }

  TEST_CASE("scalars from registers and to registers") {
    CHECK(run("(func (export \"f\") (param i32) (result i32) (local $i i32) (local $s i32)"
              " (local $x f64) (local $v v128)"
              " loop local.get $v local.get $i i32.const 3 i32.mul i32x4.replace_lane 1"
              " local.get $x f64x2.replace_lane 1 local.tee $v i32x4.extract_lane 1"
              " local.get $s i32.add local.set $s"
              " local.get $v f64x2.extract_lane 1 f64.const 0.5 f64.add local.set $x"
              " local.get $s local.get $x i32.trunc_f64_s i32.add local.set $s"
              " local.get $i i32.const 1 i32.add local.tee $i local.get 0 i32.lt_u br_if 0 end"
              " local.get $s)",
              {100}) == "17350");
  }

  TEST_CASE("many v128 locals and operands") {
    std::string source = "(func (export \"f\") (param v128) (result v128) (local";
    for (int i = 0; i < 300; ++i) source += i % 3 == 0 ? " i32" : " v128";
    source += ")";
    for (int i = 0; i < 500; ++i) source += " local.get 0";
    for (int i = 1; i < 500; ++i) source += " i8x16.add";
    CHECK(run(source + ")", {vector(0)}) ==
          "0x"
          "4c5864707c8894a0acb8c4d0dce8f400");
  }

  TEST_CASE("a function is refused whose vectors need too many slots") {
    std::string source = "(module (func (param i32)";
    for (int i = 0; i < 40000; ++i) source += " v128.const i64x2 0 0";
    for (int i = 0; i < 40000; ++i) source += " drop";
    auto module = Module::from_text(source + "))");
    REQUIRE_FALSE(module);
    CHECK(module.error().kind == ErrorKind::unsupported);
  }
}
