// SPDX-License-Identifier: Apache-2.0
// Locals, the order of evaluation, and which trap comes first.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::Memory;
using tinywasm::run;
using tinywasm::Value;

namespace {

constexpr const char* kDivide = "trap: integer divide by zero";
constexpr const char* kMemory = "trap: out of bounds memory access";
constexpr const char* kConversion = "trap: invalid conversion to integer";

}  // namespace

TEST_SUITE("execution_order") {
  TEST_CASE("locals begin as zero") {
    CHECK(run("(func (export \"f\") (result i32 i64 f32 f64 i32) (local i32 i64 f32 f64 externref)"
              " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 ref.is_null)") ==
          "0 0 0 0 1");
    // Also where an assignment comes first in the text, but not always in the run.
    const char* const conditional =
        "(func (export \"f\") (param i32) (result i32) (local i32)"
        " local.get 0 if i32.const 7 local.set 1 end local.get 1)";
    CHECK(run(conditional, {0}) == "0");
    CHECK(run(conditional, {1}) == "7");
    const char* const arms =
        "(func (export \"f\") (param i32) (result i32) (local i32)"
        " local.get 0 if i32.const 7 local.set 1 else local.get 1 local.set 0 end local.get 1)";
    CHECK(run(arms, {0}) == "0");
    const char* const skipped =
        "(func (export \"f\") (param i32) (result i32) (local i32)"
        " block local.get 0 br_if 0 i32.const 9 local.set 1 end local.get 1)";
    CHECK(run(skipped, {1}) == "0");
    CHECK(run(skipped, {0}) == "9");
    const char* const loop =
        "(func (export \"f\") (param i32) (result i32) (local i32 i32)"
        " loop"
        "  local.get 0 i32.const 2 i32.eq if local.get 1 local.set 2 end"
        "  i32.const 5 local.set 1"
        "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0"
        " end local.get 2)";
    CHECK(run(loop, {2}) == "0");
    CHECK(run(loop, {3}) == "5");
    // A frame that was used before.
    CHECK(
        run("(func $dirty (result i32) (local i32 i32 i32 i32 i32 i32)"
            " i32.const -1 local.tee 0 local.tee 1 local.tee 2 local.tee 3 local.tee 4 local.set 5"
            " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5"
            " i32.add i32.add i32.add i32.add i32.add)"
            "(func $clean (result i32) (local i32 i32 i32 i32 i32 i32)"
            " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5"
            " i32.or i32.or i32.or i32.or i32.or)"
            "(func (export \"f\") (result i32) call $dirty drop call $clean)") == "0");
  }

  TEST_CASE("a value read from a local is not the local") {
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " local.get 0 i32.const 50 local.set 0 local.get 0 i32.sub)",
              {8}) == "-42");
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " local.get 0 local.get 0 i32.const 1 i32.add local.tee 0 i32.mul"
              " local.get 0 i32.add)",
              {6}) == "49");
    CHECK(run("(func (export \"f\") (param i32 i32) (result i32)"
              " local.get 0 local.get 1 local.set 0 local.set 1"
              " local.get 0 i32.const 10 i32.mul local.get 1 i32.add)",
              {1, 2}) == "21");
    // In trees, several at once, below other values.
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " i32.const 1000 local.get 0 i32.const 3 i32.mul local.get 0 i32.const 5 i32.shl"
              " i32.const 2 local.set 0 local.get 0 i32.add i32.add i32.sub)",
              {10}) == "648");
    CHECK(run("(func (export \"f\") (param f64) (result f64)"
              " local.get 0 f64.const 1 f64.add f64.const 0.5 local.tee 0 f64.mul local.get 0"
              " f64.add)",
              {3.0}) == "2.5");
    // Around a loop that changes it.
    CHECK(run("(func (export \"f\") (param i32) (result i32) (local i32)"
              " local.get 0 i32.const 7 i32.add"
              " loop local.get 1 local.get 0 i32.add local.set 1"
              "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end"
              " local.get 1 i32.mul)",
              {4}) == "110");
  }

  TEST_CASE("a local that nothing reads any more") {
    // Its register must not take the place of values on the stack.
    std::string source =
        "(memory 1) (data (i32.const 0) \"\\01\\00\\00\\00\\02\\00\\00\\00\\04\")"
        "(func (export \"f\") (param i32) (result i32) (local $x i32) (local $y i32)"
        " i32.const 3 local.set $x"
        " loop local.get $x i32.const 1 i32.sub local.tee $x i32.const 0 i32.gt_s br_if 0 end"
        " local.get 0 i32.load local.get 0 i32.load offset=4 local.get 0 i32.load offset=8"
        " i32.const 100 i32.const 5 i32.store"
        " i32.const 77 local.set $x"
        " i32.add i32.add)";
    CHECK(run(source, {0}) == "7");
  }

  TEST_CASE("a store does not change what was loaded before it") {
    const char* const source =
        "(memory 1) (func (export \"f\") (param i32) (result i32)"
        " i32.const 8 i32.const 30 i32.store"
        " local.get 0 i32.load"
        " local.get 0 i32.load i32.const 1 i32.add"
        " i32.const 8 i32.const 99 i32.store"
        " i32.mul local.get 0 i32.load i32.add)";
    CHECK(run(source, {8}) == "1029");
    CHECK(run("(memory 1) (func (export \"f\") (result i32)"
              " i32.const 0 i32.load i32.const 0 i32.const 1 i32.const 4 memory.fill"
              " i32.const 0 i32.load i32.sub)") == "-16843009");
    CHECK(run("(memory 1) (func $store (result i32) i32.const 0 i32.const 5 i32.store i32.const 2)"
              "(func (export \"f\") (result i32) i32.const 0 i32.load call $store i32.add"
              " i32.const 0 i32.load i32.add)") == "7");
    CHECK(run("(memory 1 9) (func (export \"f\") (result i32) memory.size i32.const 2 memory.grow"
              " memory.size i32.const 10 i32.mul i32.add i32.add)") == "32");
    CHECK(run("(global $g (mut i32) (i32.const 3)) (func (export \"f\") (result i32)"
              " global.get $g global.get $g i32.const 1 i32.add global.set $g global.get $g"
              " i32.mul)") == "12");
    CHECK(run("(global $g (mut i64) (i64.const 3)) (func (export \"f\") (result i64)"
              " global.get $g i64.const 5 i64.sub i64.const 100 global.set $g global.get $g"
              " i64.sub)") == "-102");
  }

  TEST_CASE("the first trap is the one that counts") {
    const auto f = [](const char* body) {
      return run("(memory 1) (func (export \"f\") (param i32 f64) (result i32) (local i32 i32) " +
                     std::string(body) + ")",
                 {0, std::bit_cast<double>(0x7ff8000000000000)});
    };
    const char* const div = " i32.const 1 local.get 0 i32.div_s";
    const char* const load = " i32.const -1 i32.load";
    const char* const trunc = " local.get 1 i32.trunc_f64_s";
    const char* const store = " i32.const -1 i32.const 0 i32.store";
    struct Operation {
      const char* text;
      const char* trap;
    };
    const Operation operations[] = {{div, kDivide}, {load, kMemory}, {trunc, kConversion}};
    for (const Operation& a : operations) {
      for (const Operation& b : operations) {
        if (a.text == load && b.text == load) continue;  // either may be named
        CAPTURE(a.text);
        CAPTURE(b.text);
        const std::string first = a.text;
        const std::string second = b.text;
        CHECK(f((first + second + " i32.add").c_str()) == a.trap);
        CHECK(f((first + second + " i32.eq if i32.const 1 return end i32.const 0").c_str()) ==
              a.trap);
        CHECK(
            f((first + " i32.const 2 i32.shl" + second + " i32.const 3 i32.mul i32.add").c_str()) ==
            a.trap);
        CHECK(f((first + second + " drop").c_str()) == a.trap);
        CHECK(f((first + second + " local.set 2").c_str()) == a.trap);
        CHECK(f((first + second + " local.tee 2 i32.sub").c_str()) == a.trap);
        CHECK(f((first + second + " local.get 0 select").c_str()) == a.trap);
        CHECK(f((first + second + " i32.store i32.const 0").c_str()) == a.trap);
        CHECK(f((first + store).c_str()) == a.trap);
        CHECK(f((first + " unreachable").c_str()) == a.trap);
        CHECK(f((first + " block" + second + " drop end").c_str()) == a.trap);
        CHECK(f((first + second + " block br 0 end i32.add").c_str()) == a.trap);
        CHECK(f((first + second + " i32.add return").c_str()) == a.trap);
        // Under a value that a change of a local forces out, and one that a large tree does.
        CHECK(f((first + " local.get 2" + second + " i32.add i32.const 4 local.set 2 i32.add")
                    .c_str()) == a.trap);
        std::string large = second;
        for (int i = 0; i < 12; ++i) large += " i32.const 3 i32.add local.get 3 i32.xor";
        CHECK(f((first + large + large + " i32.sub i32.sub").c_str()) == a.trap);
      }
    }
  }

  TEST_CASE("what is dropped is evaluated") {
    const char* const cases[][2] = {
        {"i32.const -1 i32.load drop", kMemory},
        {"i32.const -1 i64.load8_u i64.const 1 i64.add drop", kMemory},
        {"i32.const 1 i32.const 0 i32.rem_u drop", kDivide},
        {"i64.const 1 i64.const 0 i64.div_s i64.eqz drop", kDivide},
        {"f32.const nan i64.trunc_f32_u drop", kConversion},
        {"f64.const 1e10 i32.trunc_f64_s drop", "trap: integer overflow"},
        {"i32.const 5 i32.const 3 i32.rem_s drop", ""},
        {"f32.const nan i32.trunc_sat_f32_s drop", ""}};
    for (const auto& [body, expected] : cases) {
      CAPTURE(body);
      CHECK(run("(memory 1) (func (export \"f\") " + std::string(body) + ")") == expected);
    }
  }

  TEST_CASE("nothing after a trap has an effect") {
    Machines machines(
        "(memory (export \"m\") 1) (global $g (export \"g\") (mut i32) (i32.const 1))"
        "(func (export \"load\") (param i32) i32.const 0 local.get 0 i32.load i32.store"
        " i32.const 4 i32.const 1 i32.store i32.const 2 global.set $g)"
        "(func (export \"store\") (param i32) i32.const 8 i32.const 1 i32.store"
        " local.get 0 i64.const -1 i64.store i32.const 12 i32.const 1 i32.store)"
        "(func (export \"div\") (param i32) i32.const 16 i32.const 7 local.get 0 i32.div_u "
        "i32.store"
        " i32.const 5 global.set $g)");
    CHECK(machines.call("load", {65533}) == kMemory);
    CHECK(machines.call("store", {65530}) == kMemory);
    CHECK(machines.call("div", {0}) == kDivide);
    machines.each([](auto&, auto& instance) {
      const Memory memory = *instance.memory("m");
      for (const int address : {0, 4, 12, 16}) CHECK(*memory.read<int>(address) == 0);
      CHECK(*memory.read<int>(8) == 1);
      // A store that is partly outside writes nothing.
      for (int i = 65528; i < 65536; ++i) CHECK(*memory.read<std::uint8_t>(i) == 0);
      CHECK(instance.global("g")->get().i32() == 1);
    });
  }

  TEST_CASE("a vector is not assigned to a global when what came before traps") {
    Machines machines(
        "(memory 1) (global $g (export \"g\") (mut v128) (v128.const i64x2 0 0))"
        "(func (export \"load\") (param i32) (result i32) local.get 0 i32.load"
        " v128.const i64x2 7 7 global.set $g)"
        "(func (export \"div\") (param i32) (result i32) i32.const 1 local.get 0 i32.div_u"
        " v128.const i64x2 7 7 global.set $g)");
    CHECK(machines.call("load", {-8}) == kMemory);
    CHECK(machines.call("div", {0}) == kDivide);
    machines.each([](auto&, auto& instance) {
      CHECK(instance.global("g")->get().v128() == tinywasm::V128{});
    });
  }

  TEST_CASE("values below a branch keep their order of evaluation") {
    const char* const source =
        "(memory 1) (func (export \"f\") (param i32) (result i32)"
        " i32.const 0 i32.load"
        " i32.const 0 i32.const 6 i32.store"
        " local.get 0 if (result i32) i32.const 0 i32.load else i32.const 0 i32.const 50 i32.store"
        "  i32.const 0 i32.load i32.const 1 i32.add end"
        " i32.const 0 i32.load"
        " i32.const 10000 i32.mul i32.add i32.const 100 i32.mul i32.add)";
    CHECK(run(source, {1}) == "6000600");
    CHECK(run(source, {0}) == "50005100");
  }
}
