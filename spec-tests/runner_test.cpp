// SPDX-License-Identifier: Apache-2.0
#include "spec-tests/runner.hpp"

#include <doctest/doctest.h>

namespace {

using tinywasm::spec::run_script;
using tinywasm::spec::ScriptReport;

/// What a script comes to; every failure is one of `lines`, in order.
ScriptReport run(std::string_view script, std::vector<std::uint32_t> lines) {
  const ScriptReport report = run_script(script, {});
  std::vector<std::uint32_t> found;
  for (const auto& failure : report.failures) {
    CAPTURE(failure.message);
    CHECK(!failure.message.empty());
    found.push_back(failure.line);
  }
  CHECK(found == lines);
  CHECK(report.failed == lines.size());
  return report;
}

}  // namespace

TEST_SUITE("runner") {
  TEST_CASE("every command counts once") {
    const ScriptReport report = run(R"(
      (module $m (global (export "g") (mut i32) (i32.const 7))
        (func (export "set") (param i32) (global.set 0 (local.get 0))))
      (module definition $d (import "m" "g" (global (mut i32))) (export "h" (global 0)))
      (register "m" $m)
      (module instance $i $d)
      (invoke $m "set" (i32.const 8))
      (get $m "g")
      (assert_return (get "h") (i32.const 8))
      (assert_malformed (module quote "(func") "unexpected token")
      (assert_malformed (module binary "") "unexpected end")
      (assert_invalid (module (func (result i32))) "type mismatch")
      (assert_unlinkable (module (import "m" "none" (func))) "unknown import")
      (assert_trap (module (func unreachable) (start 0)) "unreachable")
    )",
                                    {});
    CHECK(report.modules == 3);
    CHECK(report.actions == 2);
    CHECK(report.registers == 1);
    CHECK(report.assertions == 6);
    CHECK(report.passed == 12);
  }

  TEST_CASE("what is wrong is told with its line, and the script goes on") {
    run(R"((module (func (export "one") (result i32) (i32.const 1)) (func (export "nop")))
(assert_return (invoke "one") (i32.const 2))
(assert_return (invoke "one"))
(assert_return (invoke "nop") (i32.const 1))
(assert_return (invoke "none"))
(assert_trap (invoke "one") "unreachable")
(assert_invalid (module) "type mismatch")
(assert_invalid (module (func (result i32))) "unknown type")
(assert_malformed (module (func (result i32))) "type mismatch")
(bogus)
(assert_return (invoke "one") (i32.const "1"))
(module (import "none" "none" (func)))
(assert_return (invoke "one") (i32.const 1))
(register "m")
(module $m (bogus))
(assert_return (invoke $m "one"))
(module (func (export "one") (result i32) (i32.const 1)))
(assert_return (invoke "one") (i32.const 1))
)",
        {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  }

  TEST_CASE("assertions about instances of modules that are there") {
    const ScriptReport report = run(R"((module definition $none (import "spectest" "none" (func)))
(module definition $traps (func unreachable) (start 0))
(assert_unlinkable (module instance $i $none) "unknown import")
(assert_unlinkable (module instance $none $none) "unknown import")
(assert_trap (module instance $i $traps) "unreachable")
(assert_trap (module instance $traps) "unreachable")
(assert_trap (module instance) "unreachable")
(module definition $deep (func call 0) (start 0))
(assert_exhaustion (module instance) "call stack exhausted")
(assert_trap (module instance $i $none) "unreachable")
(assert_unlinkable (module instance $i $other) "unknown import")
(assert_invalid (module instance $i $none) "type mismatch")
)",
                                    {10, 11, 12});
    CHECK(report.assertions == 8);
  }

  TEST_CASE("threads") {
    const ScriptReport report = run(R"((module $mem (memory (export "shared") 1 1 shared)
  (func (export "get") (result i32) (i32.load (i32.const 0))))
(thread $t (shared (module $mem))
  (register "mem" $mem)
  (module (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (i32.store (i32.const 0) (i32.const 42))
      (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func (export "no") (result i32) (i32.const 0)))
  (invoke "run")
  (assert_return (invoke "no") (i32.const 1)))
(wait $t)
(assert_return (invoke $mem "get") (i32.const 42))
(wait $t)
(thread (shared (module)) (invoke "none"))
(thread $u (shared (module $none)))
(thread (thread))
(wait 1)
)",
                                    {10, 13, 15, 16, 17, 14});
    CHECK(report.threads == 5);
    CHECK(report.modules == 2);
    CHECK(report.actions == 2);
    CHECK(report.assertions == 2);
    CHECK(report.passed == 8);
  }

  TEST_CASE("a script that ends in the middle") {
    run("(module)\n(assert_return (invoke \"a\"", {2});
    run("(module)\n(assert_return \"unclosed", {2});
    run("(module)\n(module \"\\", {2});
    run(")", {1});
    run("", {});
  }

  TEST_CASE("a module that is the whole script") {
    CHECK(run("(func) (memory 0) (func (export \"f\"))", {}).modules == 1);
    CHECK(run("(func) (bogus)", {1}).modules == 1);
  }

  TEST_CASE("patterns of numbers") {
    run(R"((module
  (func (export "f32") (param i32) (result f32) (f32.reinterpret_i32 (local.get 0)))
  (func (export "f64") (param i64) (result f64) (f64.reinterpret_i64 (local.get 0))))
(assert_return (invoke "f32" (i32.const 0xffc00000)) (f32.const nan:canonical))
(assert_return (invoke "f32" (i32.const 0x7fc00001)) (f32.const nan:arithmetic))
(assert_return (invoke "f32" (i32.const 0x7fc00001)) (f32.const nan:0x400001))
(assert_return (invoke "f64" (i64.const 0x7ff8000000000000)) (f64.const nan:canonical))
(assert_return (invoke "f64" (i64.const 0xfff8000000000001)) (f64.const nan:arithmetic))
(assert_return (invoke "f32" (i32.const 0x7fc00001)) (f32.const nan:canonical))
(assert_return (invoke "f32" (i32.const 0x7fa00000)) (f32.const nan:arithmetic))
(assert_return (invoke "f32" (i32.const 0x80000000)) (f32.const 0))
(assert_return (invoke "f64" (i64.const 0x7ff0000000000001)) (f64.const nan:arithmetic))
(assert_return (invoke "f32" (i32.const 0)) (f64.const 0))
(assert_return (invoke "f32" (i32.const 0)) (either (f32.const 1) (f32.const 0)))
(assert_return (invoke "f32" (i32.const 0)) (either (f32.const 1) (f32.const 2)))
(assert_return (invoke "f32" (i32.const 0)) (either (either (f32.const 1) (either (f32.const 0)))))
)",
        {9, 10, 11, 12, 13, 15});
    std::string nested = "(assert_return (invoke \"f\") ";
    for (int i = 0; i < 300'000; ++i) nested += "(either ";
    run(nested, {1});
  }

  TEST_CASE("references") {
    run(R"((module
  (func $f) (elem declare func $f)
  (func (export "func") (result funcref) (ref.func $f))
  (func (export "null") (result funcref) (ref.null func))
  (func (export "extern") (param externref) (result externref) (local.get 0)))
(assert_return (invoke "func") (ref.func))
(assert_return (invoke "null") (ref.null))
(assert_return (invoke "null") (ref.null func))
(assert_return (invoke "extern" (ref.extern 3)) (ref.extern 3))
(assert_return (invoke "extern" (ref.extern 3)) (ref.extern))
(assert_return (invoke "extern" (ref.null extern)) (ref.null extern))
(assert_return (invoke "func") (ref.null))
(assert_return (invoke "null") (ref.func))
(assert_return (invoke "extern" (ref.extern 3)) (ref.extern 4))
(assert_return (invoke "extern" (ref.null extern)) (ref.extern))
)",
        {12, 13, 14, 15});
  }
}
