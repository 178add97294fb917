// SPDX-License-Identifier: Apache-2.0
// Calls: direct, indirect, of the host, across instances, and tail calls.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <utility>

#include "vm/test_run.hpp"

using tinywasm::Caller;
using tinywasm::Error;
using tinywasm::ErrorKind;
using tinywasm::Instance;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Module;
using tinywasm::Result;
using tinywasm::run;
using tinywasm::Store;
using tinywasm::StoreConfig;
using tinywasm::Value;

namespace {

/// Instantiates `source` and defines its exports as module `name`.
void link(Linker& linker, std::string_view name, std::string_view source) {
  auto module = Module::from_text(source);
  REQUIRE(module);
  auto instance = linker.instantiate(*module);
  REQUIRE(instance);
  linker.define_instance(name, *instance);
}

}  // namespace

TEST_SUITE("execution_calls") {
  TEST_CASE("recursion") {
    const char* const fib =
        "(func $f (export \"f\") (param i32) (result i32)"
        " (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))"
        "  (else (i32.add (call $f (i32.sub (local.get 0) (i32.const 1)))"
        "                 (call $f (i32.sub (local.get 0) (i32.const 2)))))))";
    CHECK(run(fib, {15}) == "610");
    const char* const ackermann =
        "(func $a (export \"f\") (param i64 i64) (result i64)"
        " (if (result i64) (i64.eqz (local.get 0)) (then (i64.add (local.get 1) (i64.const 1)))"
        " (else (if (result i64) (i64.eqz (local.get 1))"
        "  (then (call $a (i64.sub (local.get 0) (i64.const 1)) (i64.const 1)))"
        "  (else (call $a (i64.sub (local.get 0) (i64.const 1))"
        "   (call $a (local.get 0) (i64.sub (local.get 1) (i64.const 1)))))))))";
    CHECK(run(ackermann, {std::int64_t{2}, std::int64_t{5}}) == "13");
    CHECK(run("(func $even (export \"f\") (param i32) (result i32)"
              " local.get 0 i32.eqz if (result i32) i32.const 1 else"
              " local.get 0 i32.const 1 i32.sub call $odd end)"
              " (func $odd (param i32) (result i32)"
              " local.get 0 i32.eqz if (result i32) i32.const 0 else"
              " local.get 0 i32.const 1 i32.sub call $even end)",
              {77}) == "0");
  }

  TEST_CASE("arguments are evaluated from the left, results come in order") {
    CHECK(run("(func $sub (param i32 i64 f64) (result f64 i64 i32)"
              " local.get 2 local.get 1 local.get 0)"
              "(func (export \"f\") (result f64 i64 i32) i32.const 1 i64.const 2 f64.const 3"
              " call $sub)") == "3 2 1");
    CHECK(run("(memory 1) (func $next (result i32) i32.const 0 i32.const 0 i32.load i32.const 1"
              " i32.add i32.store i32.const 0 i32.load)"
              "(func $digits (param i32 i32 i32) (result i32)"
              " local.get 0 i32.const 100 i32.mul local.get 1 i32.const 10 i32.mul i32.add"
              " local.get 2 i32.add)"
              "(func (export \"f\") (result i32) call $next call $next call $next call $digits)") ==
          "123");
    // An argument is a tree over another call's result and a value read before that call.
    CHECK(run("(global $g (mut i32) (i32.const 5))"
              "(func $set (result i32) i32.const 50 global.set $g i32.const 1)"
              "(func $two (param i32 i32) (result i32) local.get 0 i32.const 1000 i32.mul"
              " local.get 1 i32.add)"
              "(func (export \"f\") (result i32) global.get $g call $set global.get $g i32.add"
              " call $two)") == "5051");
  }

  TEST_CASE("results of several values, used and dropped in any order") {
    const std::string three = "(func $t (result i32 i32 i32) i32.const 1 i32.const 2 i32.const 3)";
    CHECK(run(three + "(func (export \"f\") (param i32 i32 i32) (result i32)"
                      " call $t drop local.set 0 drop"
                      " local.get 0 i32.const 100 i32.mul local.get 1 i32.const 10 i32.mul i32.add"
                      " local.get 2 i32.add)",
              {7, 8, 9}) == "289");
    CHECK(run(three + "(func (export \"f\") (param i32 i32 i32) (result i32)"
                      " call $t drop drop local.set 1"
                      " local.get 0 i32.const 100 i32.mul local.get 1 i32.const 10 i32.mul i32.add"
                      " local.get 2 i32.add)",
              {7, 8, 9}) == "719");
    CHECK(run(three + "(func (export \"f\") (result i32 i32 i32 i32 i32 i32)"
                      " call $t call $t)") == "1 2 3 1 2 3");
    CHECK(run(three + "(func (export \"f\") (result i32) i32.const 50 call $t i32.add i32.mul"
                      " i32.add)") == "55");
    CHECK(run("(func $p (result i32 f64) i32.const 1 f64.const 2.5)"
              "(func (export \"f\") (result f64) (local f64 i32) call $p local.set 0 local.set 1"
              " local.get 0 local.get 1 f64.convert_i32_s f64.add)") == "3.5");
    // More results than the caller has slots otherwise.
    std::string many = "(func $m (result";
    std::string body;
    for (int i = 0; i < 100; ++i) {
      many += " i32";
      body += " i32.const " + std::to_string(i);
    }
    many += ")" + body + ")(func (export \"f\") (result i32) call $m";
    for (int i = 0; i < 99; ++i) many += " i32.add";
    CHECK(run(many + ")") == "4950");
  }

  TEST_CASE("three hundred parameters") {
    std::string source = "(func $many (param";
    std::string sum = " local.get 0";
    std::string arguments;
    for (int i = 0; i < 300; ++i) {
      source += i % 3 == 0 ? " i64" : i % 3 == 1 ? " f64" : " i32";
      const std::string get = " local.get " + std::to_string(i);
      if (i % 3 == 1) sum += get + " i64.trunc_f64_s i64.add";
      if (i % 3 == 2) sum += get + " i64.extend_i32_s i64.sub";
      if (i % 3 == 0 && i != 0) sum += get + " i64.add";
      arguments += i % 3 == 0   ? " local.get 0"
                   : i % 3 == 1 ? " f64.const " + std::to_string(i)
                                : " i32.const " + std::to_string(i);
    }
    source += ") (result i64)" + sum + ")";
    source += "(func (export \"f\") (param i64) (result i64)" + arguments + " call $many)";
    // 100 times the argument, and the difference of each float and the integer after it.
    CHECK(run(source, {std::int64_t{7}}) == "600");
  }

  TEST_CASE("call_indirect and its traps") {
    Machines machines(
        "(type $ii (func (param i32) (result i32))) (type $v (func))"
        "(table 6 funcref) (elem (i32.const 0) $inc $dec) (elem (i32.const 3) $void)"
        "(func $inc (type $ii) local.get 0 i32.const 1 i32.add)"
        "(func $dec (type $ii) local.get 0 i32.const 1 i32.sub)"
        "(func $void (type $v))"
        "(func (export \"call\") (param i32 i32) (result i32)"
        " local.get 0 local.get 1 call_indirect (type $ii))"
        "(func (export \"const\") (result i32) i32.const 4 i32.const 1 call_indirect (type $ii))"
        "(func (export \"tail\") (param i32 i32) (result i32)"
        " local.get 0 local.get 1 return_call_indirect (type $ii))");
    for (const char* f : {"call", "tail"}) {
      CHECK(machines.call(f, {10, 0}) == "11");
      CHECK(machines.call(f, {10, 1}) == "9");
      CHECK(machines.call(f, {10, 2}) == "trap: uninitialized element 2");
      CHECK(machines.call(f, {10, 3}) == "trap: indirect call type mismatch");
      CHECK(machines.call(f, {10, 5}) == "trap: uninitialized element 5");
      CHECK(machines.call(f, {10, 6}) == "trap: undefined element 6");
      CHECK(machines.call(f, {10, -1}) == "trap: undefined element 4294967295");
    }
    CHECK(machines.call("const") == "3");
    // Types are compared by structure, not by index.
    CHECK(run("(type $a (func (param i64))) (type $b (func (param i64))) (table funcref (elem $g))"
              "(func $g (type $a)) (func (export \"f\") i64.const 1 i32.const 0"
              " call_indirect (type $b))")
              .empty());
  }

  TEST_CASE("values in locals and on the stack survive calls") {
    CHECK(run("(func $id (param i32) (result i32) (local i32 i32 i32 i32)"
              " i32.const -1 local.set 1 i32.const -2 local.set 2 i32.const -3 local.set 3"
              " local.get 0)"
              "(func (export \"f\") (param i32 i32 i32 i32) (result i32)"
              " local.get 0 local.get 1 i32.mul"
              " local.get 2 call $id i32.add"
              " local.get 3 call $id"
              " local.get 0 local.get 1 i32.add call $id i32.mul i32.add"
              " local.get 0 local.get 1 i32.add local.get 2 local.get 3 i32.add i32.add i32.add)",
              {2, 3, 4, 5}) == "49");
    // A copy of a local and the local itself across a call, then only the copy across another.
    std::string uses;
    for (int i = 0; i < 12; ++i) uses += " local.get $a local.get $b i32.add drop";
    CHECK(run("(func $id (param i32) (result i32) (local i32 i32 i32)"
              " i32.const -1 local.tee 1 local.tee 2 local.set 3 local.get 0)"
              "(func (export \"f\") (param i32) (result i32) (local $a i32) (local $b i32)"
              " (local $s i32)"
              " local.get 0 i32.const 5 i32.add local.set $b local.get $b local.set $a" +
                  uses +
                  " i32.const 100 call $id local.get $a i32.add local.get $b i32.add local.set $s"
                  " i32.const 1000 call $id local.get $s i32.add"
                  " local.get $a i32.add local.get $a i32.add)",
              {1}) == "1124");
    CHECK(
        run("(func $id (param f64) (result f64) (local f64 f64 f64)"
            " f64.const 9 local.set 1 f64.const 8 local.set 2 f64.const 7 local.set 3 local.get 0)"
            "(func (export \"f\") (param f64 f64 f32) (result f64)"
            " local.get 0 local.get 1 call $id f64.sub local.get 0 call $id f64.mul"
            " local.get 2 f64.promote_f32 f64.add local.get 1 f64.add)",
            {8.0, 2.0, 0.5f}) == "50.5");
  }

  TEST_CASE("calls of host functions") {
    int calls = 0;
    const auto define = [&calls](Linker& linker) {
      linker.define("env", "mix", [&calls](std::int32_t a, double b, std::int64_t c, float d) {
        ++calls;
        return static_cast<double>(a) + b + static_cast<double>(c) + static_cast<double>(d);
      });
      linker.define("env", "pair",
                    [](std::int32_t a) { return std::pair(a + 1, std::int64_t{a} * 2); });
      linker.define("env", "fail",
                    []() -> Result<void> { return Error{ErrorKind::host, "no luck"}; });
    };
    Machines machines(
        "(import \"env\" \"mix\" (func $mix (param i32 f64 i64 f32) (result f64)))"
        "(import \"env\" \"pair\" (func $pair (param i32) (result i32 i64)))"
        "(import \"env\" \"fail\" (func $fail))"
        "(table funcref (elem $mix $fail))"
        "(func (export \"mix\") (param i32) (result f64)"
        " f64.const 1000 local.get 0 f64.const 0.5 i64.const -20 f32.const 4 call $mix f64.sub)"
        "(func (export \"table\") (param i32) (result f64)"
        " local.get 0 f64.const 0.5 i64.const -20 f32.const 4 i32.const 0"
        " call_indirect (param i32 f64 i64 f32) (result f64))"
        "(func (export \"tail\") (param i32) (result i32 i64) local.get 0 return_call $pair)"
        "(func (export \"pair\") (param i32) (result i32) local.get 0 call $pair i32.wrap_i64"
        " i32.mul)"
        "(func (export \"fail\") call $fail)",
        define);
    CHECK(machines.call("mix", {100}) == "915.5");
    CHECK(machines.call("table", {100}) == "84.5");
    CHECK(machines.call("tail", {4}) == "5 8");
    CHECK(machines.call("pair", {4}) == "40");
    CHECK(machines.call("fail") == "host: no luck");
    CHECK(calls == 12);
  }

  TEST_CASE("a host function calls back") {
    const auto define = [](Linker& linker) {
      linker.define("env", "again", [](Caller& caller, std::int32_t n) -> Result<std::int32_t> {
        if (n == 0) return 0;
        auto f = caller.instance()->func<std::int32_t(std::int32_t)>("f");
        if (!f) return f.error();
        return (*f)(n - 1);
      });
    };
    Machines machines(
        "(import \"env\" \"again\" (func $again (param i32) (result i32)))"
        "(memory 1)"
        "(func (export \"f\") (param i32) (result i32) (local i32 i32)"
        " local.get 0 i32.const 3 i32.mul local.set 1"
        " i32.const 1 memory.grow drop"
        " local.get 0 call $again"
        " i32.const 65540 i32.load i32.add local.get 1 i32.add)",
        define);
    CHECK(machines.call("f", {5}) == "45");
    CHECK(machines.call("f", {2}) == "9");
    // Nesting is bounded: the native stack is not the guest's. How deep it goes is measured, and
    // depends on the way of running.
    machines.each([](auto&, auto& instance) {
      const auto deep = instance.func("f")->call({Value(100000)});
      CHECK(tinywasm::outcome_text(deep) == "exhaustion: call stack exhausted");
    });
  }

  TEST_CASE("calls across instances change memory and globals") {
    const auto define = [](Linker& linker) {
      link(linker, "other",
           "(module (memory 1) (global $g (mut i32) (i32.const 70)) (data (i32.const 0) \"\\2a\")"
           "(table funcref (elem $get)) (export \"table\" (table 0))"
           "(func $get (export \"get\") (result i32) i32.const 0 i32.load global.get $g i32.add)"
           "(func (export \"set\") (param i32) i32.const 0 local.get 0 i32.store"
           " local.get 0 global.set $g)"
           "(func (export \"trap\") i32.const -1 i32.load drop))");
    };
    Machines machines(
        "(import \"other\" \"get\" (func $get (result i32)))"
        "(import \"other\" \"set\" (func $set (param i32)))"
        "(import \"other\" \"trap\" (func $trap))"
        "(import \"other\" \"table\" (table 1 funcref))"
        "(memory 2) (global $g (mut i32) (i32.const 1)) (data (i32.const 0) \"\\07\")"
        "(func $own (result i32) i32.const 0 i32.load global.get $g i32.add)"
        "(func (export \"get\") (result i32 i32) call $own call $get)"
        "(func (export \"indirect\") (result i32 i32) call $own i32.const 0"
        " call_indirect (result i32))"
        "(func (export \"after\") (result i32) call $get i32.const 65536 i32.load i32.add call $own"
        " i32.add)"
        "(func (export \"set\") (param i32) (result i32) local.get 0 call $set call $own)"
        "(func (export \"tail\") (result i32) return_call $get)"
        "(func $middle (result i32) return_call $get)"
        "(func (export \"middle\") (result i32) call $middle call $own i32.add)"
        "(func (export \"trap\") call $trap)",
        define);
    CHECK(machines.call("get") == "8 112");
    CHECK(machines.call("indirect") == "8 112");
    CHECK(machines.call("after") == "120");
    CHECK(machines.call("tail") == "112");
    CHECK(machines.call("middle") == "120");
    CHECK(machines.call("set", {5}) == "8");
    CHECK(machines.call("get") == "8 10");
    CHECK(machines.call("trap") == "trap: out of bounds memory access");
    CHECK(machines.call("get") == "8 10");
  }

  TEST_CASE("tail calls in bounded stack") {
    StoreConfig small;
    small.max_stack_bytes = 8 << 10;
    Machines machines(
        "(type $t (func (param i32 i64) (result i64)))"
        "(table funcref (elem $self $even $odd $indirect))"
        "(func $self (export \"self\") (type $t)"
        " local.get 0 i32.eqz if local.get 1 return end"
        " local.get 0 i32.const 1 i32.sub local.get 1 i64.const 3 i64.add return_call $self)"
        "(func $even (export \"even\") (type $t)"
        " local.get 0 i32.eqz if i64.const 0 return end"
        " local.get 0 i32.const 1 i32.sub local.get 1 return_call $odd)"
        "(func $odd (type $t)"
        " local.get 0 i32.eqz if i64.const 1 return end"
        " local.get 0 i32.const 1 i32.sub local.get 1 return_call $even)"
        "(func $indirect (export \"indirect\") (type $t)"
        " local.get 0 i32.eqz if local.get 1 return end"
        " local.get 0 i32.const 1 i32.sub local.get 1 i64.const 1 i64.add"
        " i32.const 3 return_call_indirect (type $t))"
        // Each call has more parameters than its caller.
        "(func (export \"grow\") (param i32) (result i32) local.get 0 return_call $two)"
        "(func $one (param i32) (result i32) local.get 0 i32.eqz if i32.const 77 return end"
        " local.get 0 return_call $two)"
        "(func $two (param i32) (result i32) (local i64 i64 i64)"
        " local.get 0 local.get 0 i32.const 1 i32.sub i64.const 4 f64.const 5 local.get 0"
        " return_call $five)"
        "(func $five (param i32 i32 i64 f64 i32) (result i32) local.get 1 return_call $one)",
        {}, small);
    constexpr std::int64_t kStart = 5;
    CHECK(machines.call("self", {1000000, kStart}) == "3000005");
    CHECK(machines.call("even", {1000000, kStart}) == "0");
    CHECK(machines.call("even", {999999, kStart}) == "1");
    CHECK(machines.call("indirect", {1000000, kStart}) == "1000005");
    CHECK(machines.call("grow", {200000}) == "77");
  }

  TEST_CASE("tail calls across instances in bounded stack, and back") {
    StoreConfig small;
    small.max_stack_bytes = 8 << 10;
    const auto define = [](Linker& linker) {
      link(linker, "ping",
           "(module (memory 1) (data (i32.const 0) \"\\03\") (table (export \"table\") 2 funcref)"
           "(func $ping (export \"ping\") (param i32 i32) (result i32)"
           " local.get 0 i32.eqz if local.get 1 return end"
           " local.get 0 i32.const 1 i32.sub local.get 1 i32.const 0 i32.load i32.add"
           " i32.const 1 return_call_indirect (param i32 i32) (result i32))"
           "(elem (i32.const 0) $ping))");
    };
    Machines machines(
        "(import \"ping\" \"ping\" (func $ping (param i32 i32) (result i32)))"
        "(import \"ping\" \"table\" (table 2 funcref))"
        "(memory 1) (data (i32.const 0) \"\\05\") (elem (i32.const 1) $pong)"
        "(func $pong (param i32 i32) (result i32)"
        " local.get 0 i32.eqz if local.get 1 return end"
        " local.get 0 i32.const 1 i32.sub local.get 1 i32.const 0 i32.load i32.add"
        " return_call $ping)"
        "(func $start (param i32) (result i32) local.get 0 i32.const 0 return_call $ping)"
        "(func (export \"f\") (param i32) (result i32 i32)"
        " local.get 0 call $start i32.const 0 i32.load)"
        "(func (export \"g\") (param i32) (result i32) (local i32)"
        " i32.const 11 local.set 1"
        " local.get 0 call $start i32.const 0 i32.load i32.add"
        " local.get 0 call $start i32.add local.get 1 i32.add)",
        define, small);
    CHECK(machines.call("f", {1}) == "3 5");
    CHECK(machines.call("f", {2}) == "8 5");
    CHECK(machines.call("f", {1000000}) == "4000000 5");
    CHECK(machines.call("g", {1000}) == "8016");
  }

  TEST_CASE("several results through tail calls across instances") {
    const auto define = [](Linker& linker) {
      link(linker, "m",
           "(module (func (export \"three\") (param i32) (result i32 f64 i64)"
           " local.get 0 f64.const 2.5 i64.const -3))");
    };
    Machines machines(
        "(import \"m\" \"three\" (func $three (param i32) (result i32 f64 i64)))"
        "(memory 1) (data (i32.const 0) \"\\09\")"
        "(func $go (param i32) (result i32 f64 i64) local.get 0 return_call $three)"
        "(func (export \"f\") (param i32) (result i32 f64 i64 i32)"
        " local.get 0 call $go i32.const 0 i32.load)",
        define);
    CHECK(machines.call("f", {6}) == "6 2.5 -3 9");
  }

  TEST_CASE("a start function runs, and its trap ends instantiation") {
    CHECK(Machines("(global $g (export \"g\") (mut i32) (i32.const 1)) (start $s)"
                   "(func $s i32.const 5 global.set $g)"
                   "(func (export \"f\") (result i32) global.get $g)")
              .call("f") == "5");
    CHECK(Machines("(start $s) (func $s unreachable)").created() == "trap: unreachable");
  }
}
