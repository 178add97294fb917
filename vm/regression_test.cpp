// SPDX-License-Identifier: Apache-2.0
// What random programs once got wrong, cut down to its cause.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::run;
using tinywasm::Value;

namespace {

std::string repeat(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_SUITE("regression") {
  TEST_CASE("the first of two results goes to a local, its neighbours keep their values") {
    CHECK(run("(func $two (result i32 i32) i32.const 7 i32.const 9)"
              "(func (export \"f\") (param i32 i32) (result i32 i32)"
              " call $two drop local.set 0 local.get 0 local.get 1)",
              {1, 2}) == "7 2");
    CHECK(run("(func $three (result i32 i64 f64) i32.const 7 i64.const 8 f64.const 9)"
              "(func (export \"f\") (param i32 i32 i32) (result i32 i32 i32)"
              " call $three drop drop local.tee 0 drop local.get 0 local.get 1 local.get 2)",
              {1, 2, 3}) == "7 2 3");
  }

  TEST_CASE("a reference that a branch has looked at reaches the branch's label") {
    Machines machines(
        "(func (export \"non_null\") (param i32) (result i32) (local i31ref)"
        " (block (result i31ref) (ref.i31 (local.get 0)) (br_on_non_null 0) (local.get 1))"
        " i31.get_s)"
        "(func (export \"arm\") (param i32) (result i32)"
        " (if (result (ref i31)) (local.get 0)"
        "  (then (ref.as_non_null (ref.i31 (local.get 0)))) (else (ref.i31 (i32.const 7))))"
        " i31.get_s)"
        "(func (export \"else\") (param i32) (result i32)"
        " (ref.as_non_null (ref.i31 (local.get 0)))"
        " (if (param (ref i31)) (result (ref i31)) (local.get 0)"
        "  (then drop (ref.i31 (i32.const 8))) (else))"
        " i31.get_s)"
        "(func (export \"loop\") (param i32) (result i32)"
        " (ref.i31 (i32.const 3))"
        " (loop (param (ref i31)) (result (ref i31))"
        "  (if (param (ref i31)) (result (ref i31)) (local.get 0)"
        "   (then drop (ref.as_non_null (ref.i31 (local.get 0)))"
        "    (local.set 0 (i32.const 0)) (br 1))"
        "   (else)))"
        " i31.get_s)");
    for (const char* name : {"non_null", "arm", "else", "loop"}) {
      CAPTURE(name);
      CHECK(machines.call(name, {5}) == (std::string_view(name) == "else" ? "8" : "5"));
    }
    CHECK(machines.call("arm", {0}) == "7");
    CHECK(machines.call("else", {0}) == "0");
    CHECK(machines.call("loop", {0}) == "3");
  }

  TEST_CASE("a call's result stays in its local when the operand is dropped") {
    CHECK(run("(func $double (param i32) (result i32) local.get 0 i32.const 2 i32.mul)"
              "(func (export \"f\") (param i32) (result i32)"
              " i32.const 21 call $double local.tee 0 drop local.get 0)",
              {5}) == "42");
    CHECK(run("(func $half (param f64) (result f64) local.get 0 f64.const 0.5 f64.mul)"
              "(func (export \"f\") (param f64) (result f64)"
              " loop local.get 0 call $half local.tee 0 drop"
              " local.get 0 f64.const 1 f64.gt br_if 0 end local.get 0)",
              {40.0}) == "0.625");
  }

  // More operands wait than the translator keeps as trees; what they read changes meanwhile.
  TEST_CASE("many operands below a change of what they read") {
    const std::string sum = repeat(" i32.add", 299);
    CHECK(run("(func (export \"f\") (param i32) (result i32)" +
                  repeat(" local.get 0 i32.const 1 i32.add", 300) + " i32.const 1000 local.set 0" +
                  sum + ")",
              {1}) == "600");
    CHECK(run("(func (export \"f\") (param i32) (result i32)" +
                  repeat(" local.get 0 local.get 0 i32.const 1 i32.add local.set 0", 300) + sum +
                  ")",
              {1}) == "45150");
    CHECK(run("(global $g (mut i32) (i32.const 3))"
              "(func (export \"f\") (result i32)" +
              repeat(" global.get $g", 300) + " i32.const 1000 global.set $g" + sum + ")") ==
          "900");
    CHECK(run("(memory 1) (data (i32.const 8) \"\\05\")"
              "(func (export \"f\") (param i32) (result i32)" +
                  repeat(" local.get 0 i32.load8_u", 300) +
                  " i32.const 8 i32.const 1000 i32.store i32.const 0 local.set 0" + sum + ")",
              {8}) == "1500");
  }

  TEST_CASE("the first of many waiting operands that trap is the one that traps") {
    Machines machines("(memory 1) (func (export \"f\") (param i32 i32) (result i32)" +
                      repeat(" i32.const 1", 100) + " i32.const 1 local.get 0 i32.div_s" +
                      " local.get 1 i32.load" + repeat(" i32.const 2", 100) +
                      " local.get 1 i32.load local.set 0" + repeat(" i32.add", 201) + ")");
    CHECK(machines.call("f", {0, -1}) == "trap: integer divide by zero");
    CHECK(machines.call("f", {1, -1}) == "trap: out of bounds memory access");
    CHECK(machines.call("f", {1, 0}) == "301");
  }

  // A change of a local looks at the waiting operands: not at all of a deep stack each time.
  TEST_CASE("translation stays linear under a deep operand stack") {
    CHECK(run("(func (export \"f\") (param i32) (result i32) (local i32)" +
                  repeat(" local.get 0", 20'000) +
                  repeat(" local.get 1 i32.const 1 i32.add local.set 1", 40'000) +
                  repeat(" drop", 20'000) + " local.get 1)",
              {1}) == "40000");
  }
}
