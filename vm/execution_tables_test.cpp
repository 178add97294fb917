// SPDX-License-Identifier: Apache-2.0
// Tables, references and globals.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

#include "vm/test_run.hpp"

using tinywasm::ExternRef;
using tinywasm::FuncRef;
using tinywasm::Global;
using tinywasm::Instance;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Module;
using tinywasm::run;
using tinywasm::StoreConfig;
using tinywasm::Table;
using tinywasm::Value;
using tinywasm::ValueType;

namespace {

constexpr const char* kTable = "trap: out of bounds table access";

ExternRef reference(std::uintptr_t number) { return {reinterpret_cast<void*>(number)}; }

/// Access to a table of external references, and to one of functions.
constexpr const char* kTables =
    "(table $t (export \"t\") 5 10 externref) (table $u 3 funcref)"
    "(elem $two func $one $other) (elem $null funcref (ref.null func) (ref.func $one))"
    "(func $one (result i32) i32.const 1) (func $other (result i32) i32.const 2)"
    "(func (export \"get\") (param i32) (result externref) local.get 0 table.get $t)"
    "(func (export \"set\") (param i32 externref) local.get 0 local.get 1 table.set $t)"
    "(func (export \"size\") (result i32) table.size $t)"
    "(func (export \"grow\") (param externref i32) (result i32) local.get 0 local.get 1"
    " table.grow $t)"
    "(func (export \"fill\") (param i32 externref i32) local.get 0 local.get 1 local.get 2"
    " table.fill $t)"
    "(func (export \"copy\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    " table.copy $t $t)"
    "(func (export \"init\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    " table.init $u $two)"
    "(func (export \"drop\") elem.drop $two)"
    "(func (export \"nulls\") i32.const 0 i32.const 0 i32.const 2 table.init $u $null)"
    "(func (export \"call\") (param i32) (result i32) local.get 0"
    " call_indirect $u (result i32))"
    "(func (export \"is_null\") (param i32) (result i32) local.get 0 table.get $t ref.is_null)";

/// The elements of the table as their numbers.
std::string elements(Machines& machines) {
  std::string all;
  machines.each([&all](auto&, auto& instance) {
    std::string list;
    const Table table = *instance.table("t");
    for (std::uint64_t i = 0; i < table.size(); ++i) {
      list += std::to_string(reinterpret_cast<std::uintptr_t>(table.get(i)->externref().pointer));
    }
    if (all.empty()) all = list;
    CHECK(list == all);
  });
  return all;
}

}  // namespace

TEST_SUITE("execution_tables") {
  TEST_CASE("get and set") {
    Machines machines(kTables);
    CHECK(machines.call("get", {0}) == "null");
    CHECK(machines.call("is_null", {0}) == "1");
    CHECK(machines.call("set", {0, reference(7)}).empty());
    CHECK(machines.call("set", {4, reference(8)}).empty());
    CHECK(machines.call("is_null", {0}) == "0");
    CHECK(elements(machines) == "70008");
    CHECK(machines.call("set", {4, ExternRef{}}).empty());
    CHECK(elements(machines) == "70000");
    for (const int index : {5, -1, 1 << 30}) {
      CHECK(machines.call("get", {index}) == kTable);
      CHECK(machines.call("set", {index, reference(7)}) == kTable);
    }
  }

  TEST_CASE("grow and size") {
    Machines machines(kTables);
    CHECK(machines.call("size") == "5");
    CHECK(machines.call("grow", {reference(3), 2}) == "5");
    CHECK(elements(machines) == "0000033");
    CHECK(machines.call("grow", {reference(4), 0}) == "7");
    CHECK(machines.call("grow", {reference(4), 4}) == "-1");
    CHECK(machines.call("grow", {reference(4), -1}) == "-1");
    CHECK(machines.call("size") == "7");
    CHECK(machines.call("grow", {reference(5), 3}) == "7");
    CHECK(elements(machines) == "0000033555");
    CHECK(machines.call("get", {10}) == kTable);
    // The Store's limit.
    StoreConfig config;
    config.max_table_elements = 100;
    Machines limited(
        "(table 10 externref) (func (export \"f\") (param i32) (result i32)"
        " ref.null extern local.get 0 table.grow)",
        {}, config);
    CHECK(limited.call("f", {91}) == "-1");
    CHECK(limited.call("f", {90}) == "10");
    CHECK(limited.call("f", {1}) == "-1");
  }

  TEST_CASE("fill") {
    Machines machines(kTables);
    CHECK(machines.call("fill", {1, reference(6), 3}).empty());
    CHECK(elements(machines) == "06660");
    CHECK(machines.call("fill", {3, reference(9), 3}) == kTable);
    CHECK(machines.call("fill", {-1, reference(9), 1}) == kTable);
    CHECK(machines.call("fill", {1, reference(9), -1}) == kTable);
    CHECK(elements(machines) == "06660");
    CHECK(machines.call("fill", {5, reference(9), 0}).empty());
    CHECK(machines.call("fill", {6, reference(9), 0}) == kTable);
  }

  TEST_CASE("copy over itself") {
    Machines machines(kTables);
    for (int i = 0; i < 5; ++i) machines.call("set", {i, reference(static_cast<unsigned>(i) + 1)});
    CHECK(machines.call("copy", {1, 0, 4}).empty());
    CHECK(elements(machines) == "11234");
    CHECK(machines.call("copy", {0, 1, 4}).empty());
    CHECK(elements(machines) == "12344");
    CHECK(machines.call("copy", {2, 0, 4}) == kTable);
    CHECK(machines.call("copy", {0, 2, 4}) == kTable);
    CHECK(machines.call("copy", {0, 2, -1}) == kTable);
    CHECK(elements(machines) == "12344");
    CHECK(machines.call("copy", {5, 5, 0}).empty());
    CHECK(machines.call("copy", {6, 0, 0}) == kTable);
    CHECK(machines.call("copy", {0, 6, 0}) == kTable);
  }

  TEST_CASE("init and drop") {
    Machines machines(kTables);
    CHECK(machines.call("init", {1, 0, 2}).empty());
    CHECK(machines.call("call", {0}) == "trap: uninitialized element 0");
    CHECK(machines.call("call", {1}) == "1");
    CHECK(machines.call("call", {2}) == "2");
    CHECK(machines.call("init", {2, 0, 2}) == kTable);
    CHECK(machines.call("init", {0, 1, 2}) == kTable);
    CHECK(machines.call("init", {0, 0, -1}) == kTable);
    CHECK(machines.call("call", {0}) == "trap: uninitialized element 0");
    CHECK(machines.call("init", {0, 1, 1}).empty());
    CHECK(machines.call("call", {0}) == "2");
    CHECK(machines.call("nulls").empty());
    CHECK(machines.call("call", {0}) == "trap: uninitialized element 0");
    CHECK(machines.call("call", {1}) == "1");
    CHECK(machines.call("drop").empty());
    CHECK(machines.call("init", {0, 0, 1}) == kTable);
    CHECK(machines.call("init", {3, 0, 0}).empty());
    CHECK(machines.call("init", {4, 0, 0}) == kTable);
    CHECK(Machines("(table 1 funcref) (func $f) (elem (i32.const 1) $f)").created() == kTable);
    CHECK(Machines("(table 1 funcref) (func $f) (elem (i32.const -1))").created() == kTable);
  }

  TEST_CASE("references in locals, globals and results") {
    const char* const source =
        "(global $g (mut externref) (ref.null extern)) (global $h (mut funcref) (ref.func $seven))"
        "(table $t 1 funcref)"
        "(func $seven (result i32) i32.const 7)"
        "(func (export \"keep\") (param externref) (result externref) (local externref externref)"
        " local.get 0 local.set 2 local.get 2 global.set $g local.get 1 local.set 0"
        " global.get $g)"
        "(func (export \"null\") (param externref) (result i32 i32 i32)"
        " local.get 0 ref.is_null ref.null func ref.is_null ref.func $seven ref.is_null)"
        "(func (export \"call\") (result i32)"
        " i32.const 0 global.get $h table.set $t i32.const 0 call_indirect $t (result i32))"
        "(func (export \"select\") (param i32 externref externref) (result externref)"
        " local.get 1 local.get 2 local.get 0 select (result externref))"
        "(func (export \"branch\") (param externref) (result i32)"
        " local.get 0 ref.is_null if (result i32) i32.const 10 else i32.const 20 end)";
    Machines machines(source);
    const std::string five = to_string(Value(reference(5)));
    CHECK(machines.call("keep", {reference(5)}) == five);
    CHECK(machines.call("null", {reference(5)}) == "0 1 0");
    CHECK(machines.call("null", {ExternRef{}}) == "1 1 0");
    CHECK(machines.call("call") == "7");
    CHECK(machines.call("select", {1, reference(5), reference(6)}) == five);
    CHECK(machines.call("select", {0, reference(6), reference(5)}) == five);
    CHECK(machines.call("branch", {reference(5)}) == "20");
    CHECK(machines.call("branch", {ExternRef{}}) == "10");
  }

  TEST_CASE("globals of the instance") {
    Machines machines(
        "(global $a (mut i32) (i32.const 0x80000000)) (global $b (mut i64) (i64.const -5))"
        "(global $c (mut f32) (f32.const 1.5)) (global $d (mut f64) (f64.const -0))"
        "(global $e i32 (i32.const 9)) (global $f i64 (i64.const 0x123456789abcdef0))"
        "(func (export \"all\") (result i32 i64 f32 f64 i32 i64) global.get $a global.get $b"
        " global.get $c global.get $d global.get $e global.get $f)"
        "(func (export \"set\") (param i32 i64 f32 f64) local.get 0 global.set $a"
        " local.get 1 global.set $b local.get 2 global.set $c local.get 3 global.set $d)"
        "(func (export \"constants\") i32.const -1 global.set $a"
        " i64.const 0x7fffffffffffffff global.set $b f32.const inf global.set $c"
        " f64.const 1e300 global.set $d)"
        "(func (export \"push\") (param i32) (result i32) (local i32)"
        " global.get $a local.get 0 i32.sub local.tee 1 global.set $a local.get 1"
        " local.get 1 i32.const 100 i32.add global.set $a global.get $a i32.sub)");
    CHECK(machines.call("all") == "-2147483648 -5 1.5 -0 9 1311768467463790320");
    CHECK(machines.call("set", {1, std::int64_t{2}, 3.0f, 4.0}).empty());
    CHECK(machines.call("all") == "1 2 3 4 9 1311768467463790320");
    CHECK(machines.call("constants").empty());
    CHECK(machines.call("all") == "-1 9223372036854775807 inf 1e+300 9 1311768467463790320");
    CHECK(machines.call("push", {16}) == "-100");
    CHECK(machines.call("all").starts_with("83 "));
  }

  TEST_CASE("the stack pointer of a C program: prologue and epilogue") {
    CHECK(run("(global $sp (mut i32) (i32.const 65536)) (memory 1)"
              "(func $leaf (param i32) (result i32) (local $frame i32)"
              " global.get $sp i32.const 32 i32.sub local.tee $frame global.set $sp"
              " local.get $frame local.get 0 i32.store offset=12"
              " local.get $frame i32.load offset=12 local.get $frame i32.add"
              " local.get $frame i32.const 32 i32.add global.set $sp)"
              "(func (export \"f\") (param i32) (result i32) (local $frame i32) (local $n i32)"
              " global.get $sp i32.const 48 i32.sub local.tee $frame global.set $sp"
              " loop"
              "  local.get $n local.get 0 call $leaf i32.add local.set $n"
              "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end"
              " local.get $frame i32.const 48 i32.add global.set $sp"
              " local.get $n global.get $sp i32.sub)",
              {3}) == "130838");
  }

  TEST_CASE("an imported mutable global is one variable for all") {
    const auto define = [](Linker& linker) {
      auto module = Module::from_text(
          "(module (global $x (export \"x\") (mut i32) (i32.const 5))"
          "(global (export \"c\") i64 (i64.const -7))"
          "(global (export \"y\") (mut f64) (f64.const 2.5))"
          "(func (export \"bump\") (result i32) global.get $x i32.const 1 i32.add global.set $x"
          " global.get $x))");
      REQUIRE(module);
      auto instance = linker.instantiate(*module);
      REQUIRE(instance);
      linker.define_instance("m", *instance);
    };
    Machines machines(
        "(import \"m\" \"x\" (global $x (mut i32))) (import \"m\" \"c\" (global $c i64))"
        "(import \"m\" \"y\" (global $y (mut f64)))"
        "(import \"m\" \"bump\" (func $bump (result i32)))"
        "(global $own (mut i32) (i32.const 100)) (global $copy i64 (global.get $c))"
        "(func (export \"f\") (result i32) global.get $x call $bump i32.const 10 i32.mul i32.add"
        " global.get $x i32.const 1000 i32.mul i32.add)"
        "(func (export \"set\") (param i32) local.get 0 global.set $x)"
        "(func (export \"own\") (result i32 i64 i64 f64) global.get $own i32.const 1 i32.add"
        " global.set $own global.get $own global.get $c global.get $copy"
        " f64.const 1 global.get $y f64.add global.set $y global.get $y)"
        "(export \"x\" (global $x))",
        define);
    CHECK(machines.call("f") == "6065");
    CHECK(machines.call("set", {-4}).empty());
    CHECK(machines.call("f") == "-3034");
    CHECK(machines.call("own") == "101 -7 -7 3.5");
    machines.each([](auto&, Instance& instance) {
      const Global global = *instance.global("x");
      CHECK(global.get().i32() == -3);
      REQUIRE(global.set(Value(40)));
    });
    CHECK(machines.call("f") == "41450");
  }
}
