// SPDX-License-Identifier: Apache-2.0
// Exceptions: throw, throw_ref and try_table, and the legacy try.
#include <doctest/doctest.h>
#include <string>

#include "vm/test_run.hpp"

using tinywasm::ErrorKind;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Module;
using tinywasm::Result;
using tinywasm::run;
using tinywasm::Store;
using tinywasm::StoreConfig;
using tinywasm::trace;
using tinywasm::Value;

namespace {

/// Throws $e with its parameter from some frames down when the parameter is not zero.
constexpr const char* kThrower =
    "(tag $e (export \"e\") (param i32)) (tag $other)"
    "(func $throw (param i32) (result i32)"
    " (if (local.get 0) (then (throw $e (local.get 0)))) (i32.const -1))"
    "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $throw (local.get 0))))";

std::string with_thrower(const std::string& fields) { return kThrower + fields; }

}  // namespace

TEST_SUITE("execution_exceptions") {
  TEST_CASE("an exception's values arrive at the label") {
    Machines machines(with_thrower(
        "(func (export \"f\") (param i32) (result i32)"
        " (block $h (result i32)"
        "  (return (try_table (result i32) (catch $e $h) (call $deep (local.get 0)))))"
        " (i32.add (i32.const 100)))"
        "(tag $many (param i32 i64 f32 f64))"
        "(func $throw_many (param i32 i64 f32 f64)"
        " (throw $many (local.get 0) (local.get 1) (local.get 2) (local.get 3)))"
        "(func (export \"many\") (param i32 i64 f32 f64) (result i32 i64 f32 f64)"
        " (block $h (result i32 i64 f32 f64)"
        "  (try_table (catch $many $h)"
        "   (call $throw_many (local.get 0) (local.get 1) (local.get 2) (local.get 3)))"
        "  (unreachable)))"));
    CHECK(machines.call("f", {0}) == "0");
    CHECK(machines.call("f", {7}) == "107");
    CHECK(machines.call("many", {1, std::int64_t{-2}, 1.5f, 2.5}) == "1 -2 1.5 2.5");
  }

  TEST_CASE("the innermost clause that fits takes the exception, in the order of clauses") {
    Machines machines(
        with_thrower("(func $throw_other (throw $other))"
                     "(func (export \"f\") (param i32 i32) (result i32)"
                     " (block $all (block $mine (result i32) (block $others"
                     "  (try_table (catch $other $others) (catch_all $all) (catch $other $all)"
                     "   (try_table (catch $e $mine)"
                     "    (if (local.get 1) (then (call $throw_other)))"
                     "    (drop (call $deep (local.get 0)))))"
                     "  (return (i32.const 1)))"
                     "  (return (i32.const 2)))"
                     "  (return (i32.add (i32.const 1000))))"
                     " (i32.const 4))"));
    CHECK(machines.call("f", {0, 0}) == "1");
    CHECK(machines.call("f", {0, 1}) == "2");
    CHECK(machines.call("f", {5, 0}) == "1005");
  }

  TEST_CASE("locals and operands below the block survive, in all states of registers") {
    // A loop around the try, so that locals are worth a register; some change between calls.
    Machines machines(
        with_thrower("(func (export \"f\") (param i32) (result i32) (local i32 i32 i32 i32 f64)"
                     " (local.set 5 (f64.const 0.5))"
                     " (loop $again"
                     "  (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
                     "  (i32.const 1000) (i32.mul (local.get 1) (i32.const 10))"
                     "  (block $h (result i32)"
                     "   (local.set 2 (i32.add (local.get 2) (local.get 1)))"
                     "   (try_table (catch $e $h)"
                     "    (local.set 3 (i32.add (local.get 3) (local.get 2)))"
                     "    (local.set 5 (f64.mul (local.get 5) (f64.const 2)))"
                     "    (local.set 4 (call $deep (i32.and (local.get 1) (i32.const 1))))"
                     "    (local.set 3 (i32.add (local.get 3) (i32.const 100)))"
                     "    (drop (call $deep (i32.and (local.get 1) (i32.const 2))))"
                     "    (local.set 3 (i32.add (local.get 3) (i32.const 10000))))"
                     "   (i32.const 0))"
                     "  (local.set 2 (i32.add (local.get 2)))"
                     "  (i32.add) (local.set 2 (i32.add (local.get 2)))"
                     "  (br_if $again (i32.lt_u (local.get 1) (local.get 0))))"
                     " (i32.add (i32.trunc_f64_s (local.get 5))"
                     "  (i32.add (local.get 4) (i32.add (local.get 3) (local.get 2)))))"));
    CHECK(machines.call("f", {1}) == machines.call("f", {1}));
    // As the same loop in C++ says.
    const auto expected = [](int n) {
      int c[5] = {n, 0, 0, 0, 0};
      double d = 0.5;
      do {
        ++c[1];
        int caught = 0;
        c[2] += c[1];
        c[3] += c[2];
        d *= 2;
        if ((c[1] & 1) != 0) {
          caught = 1;
        } else {
          c[4] = 0;
          c[3] += 100;
          if ((c[1] & 2) != 0) {
            caught = 2;
          } else {
            c[3] += 10000;
          }
        }
        c[2] += caught;
        c[2] += 1000 + c[1] * 10;
      } while (c[1] < c[0]);
      return std::to_string(static_cast<int>(d) + c[4] + c[3] + c[2]);
    };
    for (const int n : {1, 2, 3, 4, 9, 20}) CHECK(machines.call("f", {n}) == expected(n));
  }

  TEST_CASE("what a call would have assigned is as before") {
    CHECK(run(with_thrower("(func (export \"f\") (result i32) (local i32 i32)"
                           " (local.set 0 (i32.const 42))"
                           " (block $h (result i32)"
                           "  (loop $l"
                           "   (try_table (catch $e $h)"
                           "    (local.set 1 (i32.add (local.get 1) (local.get 0)))"
                           "    (local.set 0 (call $deep (i32.const 3)))"
                           "    (local.set 1 (i32.add (local.get 1) (local.get 0))))"
                           "   (br $l))"
                           "  (unreachable))"
                           " (drop) (i32.add (i32.mul (local.get 1) (i32.const 100))"
                           "  (local.get 0)))")) == "4242");
  }

  TEST_CASE("a reference keeps the exception, and throws it again") {
    Machines machines(with_thrower(
        "(table 2 exnref) (global $kept (mut exnref) (ref.null exn))"
        "(func $catch (param i32) (result exnref)"
        " (block $h (result exnref)"
        "  (try_table (catch_all_ref $h) (drop (call $deep (local.get 0))))"
        "  (ref.null exn)))"
        "(func (export \"again\") (param i32) (result i32) (local exnref)"
        " (local.set 1 (call $catch (local.get 0)))"
        " (global.set $kept (local.get 1))"
        " (table.set (i32.const 1) (global.get $kept))"
        " (block $h (result i32 exnref)"
        "  (try_table (catch_ref $e $h) (throw_ref (table.get (i32.const 1))))"
        "  (unreachable))"
        " (drop))"
        "(func (export \"null\") (param i32) (result i32)"
        " (ref.is_null (call $catch (local.get 0))))"
        "(func (export \"uncaught\") (param i32) (throw_ref (call $catch (local.get 0))))"));
    CHECK(machines.call("again", {77}) == "77");
    CHECK(machines.call("again", {0}) == "trap: null exception reference");
    CHECK(machines.call("null", {0}) == "1");
    CHECK(machines.call("null", {1}) == "0");
    CHECK(machines.call("uncaught", {-5}) == "exception: uncaught exception: tag \"e\" (i32 -5)");
    CHECK(trace(machines) == "uncaught");
  }

  TEST_CASE("an uncaught exception names its tag, values and place") {
    Machines machines(
        with_thrower("(tag (param f64 externref)) (tag $plain)"
                     "(func (export \"f\") (param i32) (result i32) (call $deep (local.get 0)))"
                     "(func (export \"g\") (throw 2 (f64.const 0.25) (ref.null extern)))"
                     "(func (export \"h\") (throw $plain))"));
    CHECK(machines.call("f", {3}) == "exception: uncaught exception: tag \"e\" (i32 3)");
    CHECK(trace(machines) == "throw deep f");
    CHECK(machines.error().offset == machines.error().backtrace.at(0).offset);
    CHECK(machines.call("g") == "exception: uncaught exception: tag 2 (f64 0.25, null)");
    CHECK(machines.call("h") == "exception: uncaught exception: tag \"plain\"");
    CHECK(machines.error().kind == ErrorKind::exception);
  }

  TEST_CASE("traps are not caught") {
    Machines machines(
        "(memory 1)"
        "(func $trap (param i32) (drop (i32.load (local.get 0))))"
        "(func $forever (call $forever))"
        "(func (export \"f\") (param i32) (result i32)"
        " (block $h (try_table (catch_all $h) (call $trap (local.get 0)) (return (i32.const 1))))"
        " (i32.const 2))"
        "(func (export \"g\") (block $h (try_table (catch_all $h) (call $forever))))"
        "(func (export \"legacy\") (try (do (unreachable)) (catch_all)))");
    CHECK(machines.call("f", {0}) == "1");
    CHECK(machines.call("f", {-1}) == "trap: out of bounds memory access");
    CHECK(machines.call("g") == "exhaustion: call stack exhausted");
    CHECK(machines.call("legacy") == "trap: unreachable");
  }

  TEST_CASE("a frame that left by a tail call catches nothing") {
    Machines machines(with_thrower(
        "(type $t (func (param i32) (result i32))) (table funcref (elem $throw))"
        "(func $direct (type $t)"
        " (block $h (result i32) (try_table (catch $e $h) (return_call $throw (local.get 0)))"
        "  (unreachable)) (i32.add (i32.const 1000)))"
        "(func $indirect (type $t)"
        " (block $h (result i32) (try_table (catch $e $h)"
        "  (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
        "  (unreachable)) (i32.add (i32.const 1000)))"
        "(func (export \"f\") (param i32 i32) (result i32)"
        " (block $h (result i32) (try_table (catch $e $h)"
        "   (return (if (result i32) (local.get 1)"
        "    (then (call $direct (local.get 0))) (else (call $indirect (local.get 0))))))"
        "  (unreachable)) (i32.add (i32.const 100)))"));
    CHECK(machines.call("f", {5, 0}) == "105");
    CHECK(machines.call("f", {5, 1}) == "105");
    CHECK(machines.call("f", {0, 1}) == "-1");
  }

  TEST_CASE("a loop whose label is a clause's") {
    Machines machines(
        with_thrower("(func (export \"f\") (param i32) (result i32) (local i32)"
                     " (local.get 0)"
                     " (loop $l (param i32) (result i32)"
                     "  (local.set 0)"
                     "  (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
                     "  (try_table (result i32) (catch $e $l)"
                     "   (if (local.get 0) (then (throw $e (i32.sub (local.get 0) (i32.const 1)))))"
                     "   (local.get 1))))"));
    CHECK(machines.call("f", {0}) == "1");
    CHECK(machines.call("f", {1}) == "2");
    CHECK(machines.call("f", {5}) == "6");
  }

  TEST_CASE("clauses that branch to the function's label, and blocks of all kinds inside") {
    Machines machines(
        with_thrower("(func (export \"f\") (param i32) (result i32)"
                     " (try_table (result i32) (catch $e 0)"
                     "  (block (result i32) (loop (result i32)"
                     "   (if (result i32) (local.get 0) (then (call $deep (local.get 0)))"
                     "    (else (i32.const 3)))))))"
                     "(func (export \"table\") (param i32) (result i32)"
                     " (block $b (result i32) (block $a (result i32)"
                     "  (try_table (result i32) (catch $e $a)"
                     "   (br_table $a $b 0 (call $throw (local.get 0)) (local.get 0))))"
                     "  (i32.add (i32.const 10))))"));
    CHECK(machines.call("f", {9}) == "9");
    CHECK(machines.call("f", {0}) == "3");
    CHECK(machines.call("table", {4}) == "14");
    CHECK(machines.call("table", {0}) == "9");
  }

  TEST_CASE("deep stacks unwind without recursion") {
    StoreConfig config;
    config.max_stack_bytes = std::uint64_t{64} << 20;
    Machines machines(
        with_thrower(
            "(func $down (param i32) (result i32)"
            " (if (result i32) (local.get 0)"
            "  (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))"
            "  (else (call $throw (i32.const 6)))))"
            "(func (export \"f\") (param i32) (result i32)"
            " (block $h (result i32) (try_table (catch $e $h) (drop (call $down (local.get 0))))"
            "  (unreachable)))"),
        nullptr, config);
    CHECK(machines.call("f", {100'000}) == "6");
    CHECK(machines.call("f", {100'000}) == "6");
  }

  TEST_CASE("the legacy try: catch, catch_all, rethrow") {
    Machines machines(
        with_thrower("(func (export \"f\") (param i32) (result i32)"
                     " (try (result i32) (do (call $deep (local.get 0)))"
                     "  (catch $other (i32.const 1))"
                     "  (catch $e (i32.add (i32.const 100)))"
                     "  (catch_all (i32.const 2))))"
                     "(func (export \"rethrow\") (param i32) (result i32 i32) (local i32)"
                     " i32.const 8"
                     " try (result i32)"
                     "  try (result i32)"
                     "   local.get 0 call $deep"
                     "  catch $e"
                     "   drop i32.const 5 local.set 1"
                     "   block rethrow 1 end i32.const 0"
                     "  end"
                     " catch $other i32.const 0"
                     " catch $e local.get 1 i32.mul"
                     " end)"
                     "(func (export \"outer\") (param i32) (result i32)"
                     " try (result i32)"
                     "  try (result i32)"
                     "   local.get 0 call $deep"
                     "  catch_all"
                     "   try throw $other catch_all rethrow 1 end"
                     "   i32.const 0"
                     "  end"
                     " catch $e end)"));
    CHECK(machines.call("f", {0}) == "0");
    CHECK(machines.call("f", {3}) == "103");
    CHECK(machines.call("rethrow", {0}) == "8 0");
    CHECK(machines.call("rethrow", {3}) == "8 15");
    CHECK(machines.call("outer", {4}) == "4");
    CHECK(machines.call("outer", {0}) == "0");
  }

  TEST_CASE("the legacy try: results of clauses, branches out of them, delegate") {
    Machines machines(
        with_thrower("(func (export \"two\") (param i32) (result i32 i64) (local i64)"
                     " try (result i32 i64)"
                     "  local.get 0 call $deep i64.const 1"
                     " catch $e"
                     "  i64.const 7 local.set 1"
                     "  local.get 1 i64.const 2 i64.add"
                     " end)"
                     "(func (export \"br\") (param i32) (result i32)"
                     " try (result i32)"
                     "  local.get 0 call $deep"
                     " catch $e"
                     "  i32.const 40 local.get 0 i32.const 1 i32.eq br_if 0 drop"
                     "  i32.const 2 i32.add br 0"
                     " end)"
                     "(func (export \"delegate\") (param i32) (result i32)"
                     " try $outer (result i32)"
                     "  try (result i32)"
                     "   try (result i32)"
                     "    local.get 0 call $deep"
                     "   delegate $outer"
                     "  catch $e drop i32.const -2"
                     "  end"
                     " catch $e i32.const 50 i32.add"
                     " end)"
                     "(func (export \"caller\") (param i32) (result i32)"
                     " try (result i32)"
                     "  try (result i32) local.get 0 call $deep delegate 1"
                     " catch_all i32.const -2"
                     " end)"));
    CHECK(machines.call("two", {0}) == "0 1");
    CHECK(machines.call("two", {6}) == "6 9");
    CHECK(machines.call("br", {1}) == "40");
    CHECK(machines.call("br", {5}) == "7");
    CHECK(machines.call("delegate", {0}) == "0");
    CHECK(machines.call("delegate", {5}) == "55");
    CHECK(machines.call("caller", {0}) == "0");
    CHECK(machines.call("caller", {5}) == "exception: uncaught exception: tag \"e\" (i32 5)");
  }

  TEST_CASE("tags are told apart by identity, and instances restored") {
    auto module = Module::from_text(with_thrower(
        "(memory 1) (global $g (mut i32) (i32.const 1000))"
        "(export \"throw\" (func $deep))"
        "(func (export \"tail\") (param i32) (result i32) (return_call $deep (local.get 0)))"));
    REQUIRE(module);
    const auto define = [&](Linker& linker) {
      auto a = linker.instantiate(*module);
      auto b = linker.instantiate(*module);
      REQUIRE(a);
      REQUIRE(b);
      linker.define_instance("a", *a);
      linker.define_instance("b", *b);
    };
    Machines machines(
        "(import \"a\" \"e\" (tag $a (param i32))) (import \"b\" \"e\" (tag $b (param i32)))"
        "(import \"a\" \"throw\" (func $throw_a (param i32) (result i32)))"
        "(import \"b\" \"throw\" (func $throw_b (param i32) (result i32)))"
        "(import \"b\" \"tail\" (func $tail_b (param i32) (result i32)))"
        "(import \"a\" \"e\" (tag $alias (param i32)))"
        "(memory 2) (global $g (mut i32) (i32.const 1)) (tag $own (param i32))"
        "(table funcref (elem $throw_a $throw_b $tail_b $leave))"
        "(func $leave (param i32) (result i32) (return_call $tail_b (local.get 0)))"
        "(func (export \"f\") (param i32) (result i32 i32 i32) (local $r i32)"
        " (block $done (block $on_b (result i32) (block $on_a (result i32)"
        "  (try_table (catch $own $on_a) (catch $b $on_b) (catch $alias $on_a) (catch $a $on_b)"
        "   (drop (call_indirect (param i32) (result i32) (i32.const 7) (local.get 0))))"
        "  (unreachable))"
        "  (local.set $r (i32.add (i32.const 100))) (br $done))"
        "  (local.set $r (i32.add (i32.const 200))))"
        " (local.get $r) (memory.size) (global.get $g))",
        define);
    CHECK(machines.call("f", {0}) == "107 2 1");
    CHECK(machines.call("f", {1}) == "207 2 1");
    CHECK(machines.call("f", {2}) == "207 2 1");
    CHECK(machines.call("f", {3}) == "207 2 1");
  }

  TEST_CASE("fuel and interrupts end a loop of exceptions") {
    const std::string source = with_thrower(
        "(func (export \"f\") (result i32)"
        " (loop $l (result i32)"
        "  (block $h (result i32) (try_table (catch $e $h) (drop (call $deep (i32.const 1))))"
        "   (i32.const 0))"
        "  (br $l)))");
    auto module = Module::from_text(source);
    REQUIRE(module);
    for (const bool loop : {false, true}) {
      StoreConfig config;
      config.portable_loop = loop;
      config.fuel = 100'000;
      Store store(config);
      Linker linker(store);
      auto instance = linker.instantiate(*module);
      REQUIRE(instance);
      auto f = instance->func<std::int32_t()>("f");
      REQUIRE(f);
      CHECK((*f)().error().kind == ErrorKind::out_of_fuel);
      store.set_fuel(1'000'000'000'000);
      store.interrupt();
      CHECK((*f)().error().kind == ErrorKind::interrupted);
    }
  }
}
