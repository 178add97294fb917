// SPDX-License-Identifier: Apache-2.0
// Blocks, branches, calls and exceptions with few and with very many values, of all types.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::Value;

namespace {

constexpr std::string_view kTypes[] = {"i32", "i64", "f32", "f64", "externref", "v128"};

std::string_view type(int i) { return kTypes[i % 6]; }

std::string list(std::string_view word, int count) {
  std::string text = "(" + std::string(word);
  for (int i = 0; i < count; ++i) text += " " + std::string(type(i));
  return text + ")";
}

/// Value number `i` + `base`, of its type.
std::string value(int i, int base) {
  const std::string number = std::to_string(i * 7 + base);
  if (type(i) == "externref") return "(table.get $e (i32.const " + std::to_string(base % 2) + "))";
  if (type(i) == "v128") return "(i64x2.splat (i64.const " + number + "))";
  return "(" + std::string(type(i)) + ".const " + number + ")";
}

std::string values(int count, int base) {
  std::string text;
  for (int i = 0; i < count; ++i) text += value(i, base);
  return text;
}

/// Folds values from the top of the stack, the last first, into the local $sum.
std::string digest(int count) {
  std::string text;
  for (int i = count; i-- > 0;) {
    const std::string_view t = type(i);
    if (t == "i32") text += "(i64.extend_i32_u)";
    if (t == "f32") text += "(i64.extend_i32_u (i32.reinterpret_f32))";
    if (t == "f64") text += "(i64.reinterpret_f64)";
    if (t == "externref") text += "(i64.extend_i32_u (ref.is_null))";
    if (t == "v128") text += "(i64x2.extract_lane 1)";
    text +=
        "(local.set $last) (local.set $sum (i64.add (local.get $last)"
        " (i64.rotl (local.get $sum) (i64.const 9))))";
  }
  return text;
}

/// A module whose functions take and give `count` values.
std::string module_of(int count) {
  const std::string params = list("param", count);
  const std::string results = list("result", count);
  const std::string local = "(local $last i64) (local $sum i64)";
  const auto function = [&](std::string_view name, const std::string& body) {
    return "(func (export \"" + std::string(name) + "\") (param $n i32) (result i64) " + local +
           body + digest(count) + " (local.get $sum))";
  };
  std::string gets;
  for (int i = 0; i < count; ++i) gets += "(local.get " + std::to_string(i) + ")";
  return "(type $many (func " + params + results +
         "))"
         "(type $end (func " +
         results +
         "))"
         "(table $e 2 externref) (table $f 1 funcref) (elem (table $f) (i32.const 0) func $same)"
         "(tag $t " +
         params +
         ") (elem declare func $make)"
         "(func $same (type $many)" +
         gets +
         ")"
         "(func $make " +
         results + values(count, 3) +
         ")"
         "(func $tail (type $many) (return_call $same " +
         gets +
         "))"
         "(func $early (param i32) " +
         results + values(count, 5) + " (br_if 0 (local.get 0)) (return_call $tail))" +
         function("block", "(block (type $end)" + values(count, 1) + ")") +
         function("if", "(if (type $end) (local.get $n) (then " + values(count, 1) +
                            ") (else (call $make)))") +
         function("loop", values(count, 2) +
                              "(loop (type $many) (call $same)"
                              " (local.tee $n (i32.sub (local.get $n) (i32.const 1)))"
                              " (br_if 0 (i32.gt_s (i32.const 0))) (call $tail))") +
         function("br_if",
                  "(block (type $end) (i64.const 77)" + values(count, 4) +
                      "(br_if 0 (local.get $n)) (call $same) (br_if 0 (i32.const 1)) (br 0))") +
         function("br",
                  "(block (type $end) (f64.const 77) (v128.const i64x2 1 2) (call $make)"
                  " (br 0))") +
         function(
             "br_table",
             "(block (type $end) (block (type $end) (block (type $end) (i32.const 9) (call $make)"
             " (br_table 0 1 2 1 (local.get $n))) (call $same) (br 1)) (call $tail))") +
         function("indirect", "(call $make) (call_indirect $f (type $many) (i32.const 0))") +
         function("pending",
                  "(i64.const 5) (i64.extend_i32_s (local.get $n)) (call $make)" + digest(count) +
                      "(i64.sub) (local.set $sum (i64.xor (local.get $sum)))" + values(count, 6)) +
         function("early", "(call $early (local.get $n))") +
         function("throw",
                  "(block (type $end) (try_table (catch $t 0) (throw $t (call $make)))"
                  " (unreachable))") +
         function("throw_pushed",
                  "(block (type $end) (i64.const 1) (try_table (catch $t 0) (throw $t " +
                      values(count, 8) + ")) (unreachable))") +
         function("try",
                  "(block (type $end) (block (try_table (type $end) (catch_all 0)"
                  " (call $make)) (br 1)) (unreachable))") +
         function("ref", "(call $make) (ref.func $make) (drop)");
}

}  // namespace

TEST_SUITE("execution_values") {
  TEST_CASE("few and many values arrive everywhere in their order") {
    for (const int count : {1, 2, 3, 5, 12, 150, 1000}) {
      CAPTURE(count);
      const std::string source = module_of(count);
      Machines machines(source);
      for (const char* name : {"block", "if", "loop", "br_if", "br", "br_table", "indirect",
                               "pending", "early", "throw", "throw_pushed", "try", "ref"}) {
        CAPTURE(name);
        for (const int n : {0, 1, 2, 3}) {
          CHECK(machines.call(name, {n}).find(':') == std::string::npos);
        }
      }
      // The same values by different ways.
      CHECK(machines.call("br", {0}) == machines.call("indirect", {0}));
      CHECK(machines.call("if", {0}) == machines.call("throw", {0}));
      CHECK(machines.call("try", {0}) == machines.call("ref", {0}));
      CHECK(machines.call("br_table", {0}) == machines.call("br_table", {2}));
    }
  }

  // A temporary is read, then again behind a branch that assigns it where it is taken: its value
  // has to be in its slot, and not only in a register until the first time.
  TEST_CASE("a value that is read on both sides of a branch with values") {
    constexpr std::string_view kMake =
        "(type $p (struct (field (mut i32))))"
        "(func $make (param i32) (result (ref null $p)) (struct.new $p (local.get 0)))";
    const auto outcome = [&](std::string_view body, int argument) {
      return tinywasm::run(std::string(kMake) +
                               "(func (export \"f\") (param i32) (result i64) (local i64)"
                               " (block (result i64 i64)" +
                               std::string(body) + ") (i64.sub))",
                           {argument});
    };
    constexpr std::string_view kFirst[] = {
        " (ref.i31 (i32.const 32)) (ref.cast (ref i31)) ",
        " (call $make (i32.const 32)) (ref.as_non_null) ",
        " (call $make (i32.const 32)) (ref.cast (ref null $p)) (ref.as_non_null) "};
    constexpr std::string_view kLast[] = {" (i31.get_s)", " (struct.get $p 0)",
                                          " (struct.get $p 0)"};
    constexpr std::string_view kWays[] = {
        "(block (i64.const 1) (i64.const 2) (br_if 1 (local.get 0)) (drop) (drop))",
        "(block (if (local.get 0) (then (i64.const 1) (i64.const 2) (br 2))))",
        "(block (block (i64.const 1) (i64.const 2) (br_if 2 (local.get 0)) (drop) (drop)))",
        "(block (i64.const 7) (if (local.get 0) (then (i64.const 1) (i64.const 2) (br 2)))"
        " (drop))"};
    for (int i = 0; i < 3; ++i) {
      for (const std::string_view way : kWays) {
        CAPTURE(kFirst[i]);
        CAPTURE(way);
        const std::string body = std::string(kFirst[i]) + std::string(way) + std::string(kLast[i]) +
                                 " (i64.extend_i32_s) (i64.const 0)";
        CHECK(outcome(body, 0) == "32");
        CHECK(outcome(body, 1) == "-1");
      }
    }
    // The same with values for the head of a loop, and with a table of branches.
    CHECK(outcome("(i64.const 0) (loop (param i64) (result i64) (drop) (ref.i31 (i32.const 45))"
                  " (ref.cast (ref i31)) (block (i64.const 15) (local.get 0)"
                  " (local.set 0 (i32.const 0)) (br_if 1) (drop))"
                  " (i31.get_s) (i64.extend_i32_s)) (i64.const 0)",
                  1) == "45");
    for (const int way : {0, 1}) {
      CHECK(outcome("(ref.i31 (i32.const 32)) (ref.cast (ref i31))"
                    " (block (block (result i64 i64) (i64.const 1) (i64.const 2)"
                    "  (br_table 2 0 (i32.eqz (local.get 0)))) (drop) (drop))"
                    " (i31.get_s) (i64.extend_i32_s) (i64.const 0)",
                    way) == (way == 0 ? "32" : "-1"));
    }
  }
}
