// SPDX-License-Identifier: Apache-2.0
// Large functions: many locals, deep expressions, wide immediates, deep nesting.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::run;
using tinywasm::StoreConfig;
using tinywasm::Value;

namespace {

std::string repeat(const std::string& text, int count) {
  std::string all;
  all.reserve(text.size() * static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string get(int local) { return " local.get " + std::to_string(local); }
std::string set(int local) { return " local.set " + std::to_string(local); }

}  // namespace

TEST_SUITE("execution_limits") {
  TEST_CASE("fifty thousand locals") {
    std::string source =
        "(func $dirty (param i32) (result i32) (local" + repeat(" i64", 49999) + ")";
    for (int i = 1; i < 50000; i += 7) source += " i64.const -1" + set(i);
    source += " local.get 0)";
    source += "(func (export \"f\") (param i32) (result i64) (local" + repeat(" i64", 49999) + ")";
    source += " local.get 0 call $dirty drop";
    source += " local.get 0 i64.extend_i32_s local.set 49999";
    source += get(49999) + " i64.const 3 i64.mul local.set 30000";
    for (const int i : {1, 7, 8, 25000, 30000, 49998, 49999}) source += get(i);
    source += repeat(" i64.add", 6);
    CHECK(run(source + ")", {5}) == "20");
    // A body as long as that has slots for locals that it does not name, too.
    CHECK(run(source + repeat(" nop", 50000) + ")", {5}) == "20");
  }

  TEST_CASE("few of many locals are named, of all types") {
    // Groups of 1000 of each type; of a group the first, some and the last are named.
    std::string source =
        "(func (export \"f\") (param i32 v128 f64) (result f64 i64 f32 i32) (local $first i64)";
    for (const char* type : {"i32", "v128", "f64", "externref", "i64", "f32"}) {
      source += " (local" + repeat(std::string(" ") + type, 1000) + ")";
    }
    const int i32 = 4, v128 = 1004, f64 = 2004, externref = 3004, i64 = 4004, f32 = 5004;
    source += get(0) + set(i32) + get(0) + " i32.const 1 i32.add" + set(i32 + 999);
    source += get(i32 + 500) + " if unreachable end" + get(externref + 7) +
              " ref.is_null i32.eqz if unreachable end";
    source += get(1) + set(v128 + 1) + get(v128 + 1) + get(v128 + 999) + " i32x4.add" + set(1);
    source += get(2) + set(f64 + 998);
    source += " i64.const 40" + set(i64 + 3) + get(i64 + 3) + get(3) + " i64.add" + set(3);
    source += " f32.const 1.5" + set(f32 + 999);
    source += get(f64 + 998) + get(f64) + " f64.add" + get(3) + get(f32 + 999);
    source += get(i32) + get(i32 + 999) + " i32.mul" + get(1) + " i32x4.extract_lane 2 i32.add";
    const std::string called = "(func (export \"g\") (param i32) (result f64 i64 f32 i32)" +
                               get(0) + " v128.const i32x4 1 2 300 4 f64.const 2.5 call 0)";
    const std::string expected = "2.5 40 1.5 330";
    for (const int nops : {0, 7000}) {
      CAPTURE(nops);
      Machines machines(source + repeat(" nop", nops) + ")" + called);
      CHECK(machines.call("g", {5}) == expected);
    }
  }

  TEST_CASE("locals of all types, far from the frame's start") {
    std::string source = "(func (export \"f\") (param i32 f64) (result f64)";
    for (int i = 0; i < 300; ++i) source += "(local i32 i64 f32 f64)";
    // Values travel through a hundred locals of each type, in a loop.
    source += " loop";
    for (int i = 0; i < 100; ++i) {
      const int base = 2 + i * 12;
      source += (i == 0 ? get(0) : get(base - 12)) + " i32.const 1 i32.add" + set(base);
      source += get(base) + " i64.extend_i32_s" + set(base + 1);
      source += get(base + 1) + " f32.convert_i64_s" + set(base + 2);
      source += (i == 0 ? get(1) : get(base - 12 + 3)) + get(base + 2) +
                " f64.promote_f32 f64.add" + set(base + 3);
    }
    source += get(2 + 99 * 12 + 3) + set(1);
    source += get(0) + " i32.const 1 i32.sub local.tee 0 br_if 0 end" + get(1) + ")";
    // Twice the sum of 1..100, plus 100 for the first round's counter of 2.
    CHECK(run(source, {2, 0.5}) == "10400.5");
  }

  TEST_CASE("deep operand stacks and expression trees") {
    // All operands first, then all operations.
    CHECK(run("(func (export \"f\") (param i32) (result i32)" + repeat(" local.get 0", 5000) +
                  repeat(" i32.add", 4999) + ")",
              {3}) == "15000");
    CHECK(run("(memory 1) (func (export \"f\") (param i32) (result i32)" +
                  repeat(" local.get 0 i32.load8_u", 3000) + repeat(" i32.add", 2999) + ")",
              {3}) == "0");
    // A left-leaning and a right-leaning tree, and one of both.
    CHECK(run("(func (export \"f\") (param i32) (result i32) local.get 0" +
                  repeat(" i32.const 3 i32.mul local.get 0 i32.sub", 1000) + ")",
              {1}) == "-371446383");
    CHECK(run("(func (export \"f\") (param i64) (result i64)" +
                  repeat(" local.get 0 i64.const 5", 500) + " local.get 0" +
                  repeat(" i64.sub i64.add", 500) + ")",
              {std::int64_t{9}}) == "9");
    CHECK(run("(func (export \"f\") (param f64) (result f64) local.get 0" +
                  repeat(" local.get 0 f64.const 0.5 f64.mul local.get 0 f64.sqrt f64.sub f64.add",
                         64) +
                  ")",
              {4.0}) == "4");
    std::string balanced = " local.get 0";
    for (int i = 0; i < 10; ++i) balanced += balanced + (i % 2 == 0 ? " i32.add" : " i32.xor");
    CHECK(run("(func (export \"f\") (param i32) (result i32)" + balanced + ")", {7}) == "0");
  }

  TEST_CASE("large trees with three-operand nodes") {
    // More ways to cover them than are tried.
    const auto select = [](const std::string& a, const std::string& b, const std::string& c) {
      return a + b + c + " select";
    };
    const std::string x = " local.get 0";
    const std::string y = " local.get 1";
    const std::string one = select(x, x, y);
    const std::string three = select(one, one, y);
    const std::string tree = select(three, three, one);
    const std::string source = "(memory 1) (func (export \"f\") (param i32 i32) (result i32)" +
                               tree + tree + " i32.store" + tree + " i32.load" + tree + " i32.add)";
    CHECK(run(source, {77, 1}) == "154");
    CHECK(run(source, {-4, 1}) == "trap: out of bounds memory access");
    std::string sums = " local.get 0";
    for (int i = 0; i < 3; ++i) sums = sums + sums + " i32.add";
    CHECK(run("(memory 1) (func (export \"f\") (param i32) (result i32)" + sums + sums +
                  " i32.store" + sums + " i32.load" + sums + sums + " i32.mul i32.sub)",
              {3}) == "-552");
  }

  TEST_CASE("immediates that need eight bytes, and the borders of those that need four") {
    const char* const numbers[] = {
        "0x7fffffff",         "0x80000000",          "-0x80000000",
        "-0x80000001",        "0xffffffff",          "0x100000000",
        "0x123456789abcdef0", "-0x8000000000000000", "0x7fffffffffffffff"};
    for (const char* number : numbers) {
      CAPTURE(number);
      const std::string c = " i64.const " + std::string(number);
      Machines machines(
          "(memory 1) (global $g (mut i64) (i64.const 0))"
          "(func $id (param i64) (result i64) local.get 0)"
          "(func (export \"add\") (param i64) (result i64) local.get 0" +
          c + " i64.add" + c +
          " i64.sub)"
          "(func (export \"left\") (param i64) (result i64)" +
          c + " local.get 0 i64.sub" + c +
          " i64.sub)"
          "(func (export \"equal\") (param i64) (result i32)" +
          c +
          " local.get 0 i64.eq)"
          "(func (export \"less\") (param i64) (result i32) local.get 0" +
          c +
          " i64.lt_s if"
          " i32.const 1 return end i32.const 0)"
          "(func (export \"ret\") (result i64)" +
          c +
          ")"
          "(func (export \"store\") (result i64) i32.const 8" +
          c +
          " i64.store i32.const 8"
          " i64.load)"
          "(func (export \"global\") (result i64)" +
          c +
          " global.set $g global.get $g)"
          "(func (export \"call\") (result i64)" +
          c +
          " call $id)"
          "(func (export \"select\") (param i32) (result i64)" +
          c +
          " i64.const 1 local.get 0"
          " select)"
          "(func (export \"loop\") (result i64) (local i64)" +
          c +
          " i64.const 3 i64.sub local.set 0"
          " loop local.get 0 i64.const 1 i64.add local.tee 0" +
          c +
          " i64.ne br_if 0 end"
          " local.get 0)");
      const std::string value = machines.call("ret");
      CHECK(machines.call("add", {std::int64_t{41}}) == "41");
      CHECK(machines.call("left", {std::int64_t{41}}) == "-41");
      const auto bits = static_cast<std::int64_t>(std::stoll(value));
      CHECK(machines.call("equal", {bits}) == "1");
      CHECK(machines.call("equal", {bits ^ (std::int64_t{1} << 40)}) == "0");
      CHECK(machines.call("equal", {bits ^ 1}) == "0");
      CHECK(machines.call("less", {bits}) == "0");
      CHECK(machines.call("less", {bits ^ std::int64_t{-0x7fffffffffffffff - 1}}) ==
            (bits < 0 ? "0" : "1"));
      for (const char* name : {"store", "global", "call", "loop"}) {
        CHECK(machines.call(name) == value);
      }
      CHECK(machines.call("select", {1}) == value);
    }
  }

  TEST_CASE("a function that is accepted can be run, however many slots it needs") {
    const std::string parameters = "(param" + repeat(" i32", 900) + ")";
    for (const int height : {13000, 13400, 13500, 14000, 15000, 15500, 16000}) {
      CAPTURE(height);
      auto module = tinywasm::Module::from_text(
          "(module (memory 1) (func $g " + parameters +
          " (result i32) local.get 0)"
          "(func (export \"f\") (param i32) (result i32) (local" +
          repeat(" i32", 49999) + ")" + repeat(" local.get 0 i32.load8_u", height) +
          repeat(" i32.add", height - 1) + " drop" + repeat(" local.get 0", 900) + " call $g))");
      if (!module) {
        CHECK(module.error().kind == tinywasm::ErrorKind::unsupported);
        continue;
      }
      tinywasm::Store store;
      tinywasm::Linker linker(store);
      CHECK(tinywasm::outcome_text(linker.instantiate(*module)->func("f")->call({7})) == "7");
    }
  }

  TEST_CASE("large frames call each other") {
    const std::string locals = "(local" + repeat(" i32", 1000) + ")";
    CHECK(run("(func $f (export \"f\") (param i32) (result i32) " + locals +
                  " local.get 0 i32.eqz if i32.const 0 return end"
                  " local.get 0 local.set 1000 local.get 0 i32.const 1 i32.sub call $f"
                  " local.get 1000 i32.add)",
              {100}) == "5050");
    StoreConfig config;
    config.max_stack_bytes = 64 << 10;
    Machines small("(func (export \"f\") (result i32)" + locals +
                       " i32.const 1)"
                       "(func (export \"g\") (result i32) (local" +
                       repeat(" i64", 20000) + ")" + repeat(" nop", 20000) + " i32.const 1)",
                   {}, config);
    CHECK(small.call("f") == "1");
    CHECK(small.call("g") == "exhaustion: call stack exhausted");
    CHECK(small.call("f") == "1");
  }

  TEST_CASE("deeply nested blocks, loops and ifs") {
    constexpr int kDepth = 1000;
    CHECK(run("(func (export \"f\") (param i32) (result i32)" +
                  repeat(" block (result i32)", kDepth) + " local.get 0" + repeat(" end", kDepth) +
                  ")",
              {6}) == "6");
    CHECK(run("(func (export \"f\") (param i32) (result i32)" + repeat(" block", kDepth) +
                  " local.get 0 br_if " + std::to_string(kDepth - 1) + " unreachable" +
                  repeat(" end", kDepth) + " i32.const 3)",
              {6}) == "3");
    CHECK(run("(func (export \"f\") (param i32) (result i32) (local i32)" +
                  repeat(" loop local.get 1 i32.const 1 i32.add local.set 1", kDepth) +
                  repeat(" end", kDepth) + " local.get 1)",
              {6}) == "1000");
    CHECK(run("(func (export \"f\") (param i32) (result i32) (local i32)" +
                  repeat(" local.get 0 if local.get 1 i32.const 1 i32.add local.set 1", kDepth) +
                  repeat(" else i32.const -1 local.set 1 end", kDepth) + " local.get 1)",
              {6}) == "1000");
    // Every loop of a nest is run twice: registers hold values around all of them.
    std::string nest = " local.get 1 i32.const 1 i32.add local.set 1";
    std::string locals = "(local i32";
    for (int i = 0; i < 12; ++i) {
      const int counter = i + 2;
      nest = " i32.const 0" + set(counter) + " loop" + nest + get(counter) +
             " i32.const 1 i32.add local.tee " + std::to_string(counter) +
             " i32.const 2 i32.lt_u br_if 0 end";
      locals += " i32";
    }
    CHECK(run("(func (export \"f\") (param i32) (result i32) " + locals + ")" + nest +
                  " local.get 1)",
              {0}) == "4096");
  }

  TEST_CASE("many functions, only some of them called") {
    std::string source;
    for (int i = 0; i < 2000; ++i) {
      source += "(func $f" + std::to_string(i) +
                " (param i32) (result i32) local.get 0 i32.const " + std::to_string(i) +
                " i32.add)";
    }
    source +=
        "(func (export \"f\") (param i32) (result i32) local.get 0"
        " call $f0 call $f777 call $f1999 call $f777)";
    CHECK(run(source, {1}) == "3554");
  }

  // A frame may end where the value stack does: a host function without values has its slot there.
  TEST_CASE("host functions are called up to the very end of the value stack") {
    StoreConfig config;
    config.max_stack_bytes = 64 << 10;
    for (int locals = 0; locals < 40; ++locals) {
      std::string pads;
      for (int i = 0; i < locals; ++i) pads += " i64";
      const auto module = tinywasm::Module::from_text(
          "(module (import \"env\" \"nop\" (func $nop)) (func $f (export \"f\") (local" + pads +
          ") (call $nop) (call $f)))");
      REQUIRE(module);
      for (const bool fuse : {true, false}) {
        config.fuse = fuse;
        tinywasm::Store store(config);
        tinywasm::Linker linker(store);
        linker.define("env", "nop", [] {});
        auto instance = linker.instantiate(*module);
        REQUIRE(instance);
        CHECK(outcome_text(instance->func("f")->call({})) == "exhaustion: call stack exhausted");
      }
    }
  }
}
