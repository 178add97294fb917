// SPDX-License-Identifier: Apache-2.0
// Typed function references: calls through them, null checks and branches on null, subtypes.
#include "vm/test_run.hpp"

namespace tinywasm {

TEST_SUITE("execution_references") {
  TEST_CASE("call_ref calls functions of the instance, of others and of the host") {
    Machines machines(R"((module
      (type $unary (func (param i32) (result i32)))
      (import "host" "triple" (func $triple (param i32) (result i32)))
      (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
      (table $t 3 3 (ref null $unary))
      (elem (table $t) (i32.const 0) (ref $unary) (ref.func $double) (ref.func $triple))
      (global $g (ref $unary) (ref.func $double))
      (func (export "by table") (param i32 i32) (result i32)
        (i32.add (i32.const 1) (call_ref $unary (local.get 0) (table.get $t (local.get 1)))))
      (func (export "by global") (param i32) (result i32)
        (call_ref $unary (local.get 0) (global.get $g)))
      (func (export "tail") (param i32 i32) (result i32)
        (return_call_ref $unary (local.get 0) (table.get $t (local.get 1))))
    ))",
                      [](Linker& linker) {
                        linker.define("host", "triple", [](std::int32_t x) { return 3 * x; });
                      });
    CHECK(machines.call("by table", {5, 0}) == "11");
    CHECK(machines.call("by table", {5, 1}) == "16");
    CHECK(machines.call("by table", {5, 2}) == "trap: null function reference");
    CHECK(machines.call("by global", {21}) == "42");
    CHECK(machines.call("tail", {5, 0}) == "10");
    CHECK(machines.call("tail", {5, 1}) == "15");
    CHECK(machines.call("tail", {5, 2}) == "trap: null function reference");
  }

  TEST_CASE("tail calls through a reference take no stack") {
    CHECK(run(R"((module
      (rec (type $step (func (param i32 (ref null $step)) (result i32))))
      (elem declare func $down)
      (func $down (type $step)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 42))))
        (return_call_ref $step (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 1)))
      (func (export "f") (result i32)
        (call_ref $step (i32.const 1000000) (ref.func $down) (ref.func $down)))))") == "42");
  }

  TEST_CASE("null checks") {
    Machines machines(R"((module
      (type $f (func (result i32)))
      (elem declare func $seven)
      (func $seven (type $f) (i32.const 7))
      (func $pick (param i32) (result (ref null $f))
        (if (result (ref null $f)) (local.get 0)
          (then (ref.func $seven)) (else (ref.null $f))))
      (func (export "as_non_null") (param i32) (result i32)
        (call_ref $f (ref.as_non_null (call $pick (local.get 0)))))
      (func (export "br_on_null") (param i32) (result i32)
        (block $none (result i32)
          (i32.add (i32.const 100)
            (call_ref $f (br_on_null $none (i32.const 1) (call $pick (local.get 0)))))
          (return)))
      (func (export "br_on_non_null") (param i32) (result i32)
        (local $kept (ref null $f))
        (block $some (result i32 (ref $f))
          (i32.const 30)
          (local.set $kept (call $pick (local.get 0)))
          (br_on_non_null $some (local.get $kept))
          (return (i32.const 2)))
        (i32.add (call_ref $f)))
      (func (export "carried past") (param i32) (result i32)
        (i32.const 1)
        (block $none (param i32) (result i32)
          (i32.const 10)
          (i32.const 20)
          (br_on_null $none (call $pick (local.get 0)))
          (call_ref $f)
          (i32.add) (i32.add) (i32.add))))
    )");
    CHECK(machines.call("as_non_null", {1}) == "7");
    CHECK(machines.call("as_non_null", {0}) == "trap: null reference");
    CHECK(machines.call("br_on_null", {1}) == "8");
    CHECK(machines.call("br_on_null", {0}) == "1");
    CHECK(machines.call("br_on_non_null", {1}) == "37");
    CHECK(machines.call("br_on_non_null", {0}) == "2");
    CHECK(machines.call("carried past", {1}) == "38");
    CHECK(machines.call("carried past", {0}) == "20");
  }

  TEST_CASE("what a branch carries is there though a check has read it before") {
    Machines machines(R"((module
      (type $o (sub (struct (field i32))))
      (type $p (sub $o (struct (field i32) (field i32))))
      (global $g (mut (ref null $o)) (ref.null $o))
      (func $set (export "set") (param i32)
        (global.set $g (struct.new $p (local.get 0) (i32.const 9))))
      (func (export "br_on_non_null") (result i32)
        (block $some (result (ref $o))
          (br_on_non_null $some (global.get $g))
          (call $set (i32.const 1))
          (struct.new $o (i32.const 2)))
        (struct.get $o 0))
      (func (export "br_on_cast") (result i32)
        (block $is (result (ref $p))
          (br_on_cast $is (ref null $o) (ref $p) (global.get $g))
          (drop)
          (call $set (i32.const 3))
          (struct.new $p (i32.const 4) (i32.const 5)))
        (struct.get $o 0))
      (func (export "br_on_cast_fail") (result i32)
        (block $not (result (ref null $o))
          (br_on_cast_fail $not (ref null $o) (ref $p) (global.get $g))
          (drop)
          (struct.new $o (i32.const 6)))
        (ref.is_null))
      (func (export "br") (param i32) (result i32)
        (block $out (result (ref $o))
          (if (local.get 0)
            (then (br $out (ref.as_non_null (global.get $g)))))
          (struct.new $o (i32.const 7)))
        (struct.get $o 0))
      (func (export "br_table") (param i32) (result i32)
        (block $out (result (ref $o))
          (block $other (result (ref $o))
            (br_table $out $other (ref.as_non_null (global.get $g)) (local.get 0)))
          (drop)
          (struct.new $o (i32.const 11)))
        (struct.get $o 0))
      (func (export "else") (param i32) (result i32)
        (if (result (ref $o)) (local.get 0)
          (then (ref.as_non_null (global.get $g)))
          (else (struct.new $o (i32.const 8))))
        (struct.get $o 0))
      (func (export "parameter of an if") (param i32) (result i32)
        (ref.as_non_null (global.get $g))
        (local.get 0)
        (if (param (ref $o)) (result i32)
          (then (drop) (struct.get $o 0 (struct.new $o (i32.const 10))))
          (else (struct.get $o 0))))))");
    CHECK(machines.call("br_on_non_null") == "2");
    CHECK(machines.call("br_on_non_null") == "1");
    CHECK(machines.call("br_on_cast") == "1");
    CHECK(machines.call("br_on_cast_fail") == "0");
    machines.call("set", {42});
    CHECK(machines.call("br_on_non_null") == "42");
    CHECK(machines.call("br_on_cast") == "42");
    for (const int taken : {1, 0}) {
      CAPTURE(taken);
      CHECK(machines.call("br", {taken}) == (taken != 0 ? "42" : "7"));
      CHECK(machines.call("br_table", {taken}) == (taken != 0 ? "11" : "42"));
      CHECK(machines.call("else", {taken}) == (taken != 0 ? "42" : "8"));
      CHECK(machines.call("parameter of an if", {taken}) == (taken != 0 ? "10" : "42"));
    }
  }

  TEST_CASE("call_indirect takes functions of subtypes") {
    Machines machines(R"((module
      (type $base (sub (func (result i32))))
      (type $derived (sub $base (func (result i32))))
      (type $other (sub $base (func (result i32))))
      (func $b (type $base) (i32.const 1))
      (func $d (type $derived) (i32.const 2))
      (func $o (type $other) (i32.const 3))
      (table funcref (elem $b $d $o))
      (func (export "base") (param i32) (result i32) (call_indirect (type $base) (local.get 0)))
      (func (export "derived") (param i32) (result i32)
        (call_indirect (type $derived) (local.get 0)))
      (func (export "tail") (param i32) (result i32)
        (return_call_indirect (type $derived) (local.get 0))))
    )");
    CHECK(machines.call("base", {0}) == "1");
    CHECK(machines.call("base", {1}) == "2");
    CHECK(machines.call("base", {2}) == "3");
    CHECK(machines.call("derived", {0}) == "trap: indirect call type mismatch");
    CHECK(machines.call("derived", {1}) == "2");
    CHECK(machines.call("derived", {3}) == "trap: undefined element 3");
    CHECK(machines.call("tail", {1}) == "2");
    // Not among equal types: equal definitions are one type.
    CHECK(machines.call("derived", {2}) == "3");
    CHECK(machines.call("tail", {0}) == "trap: indirect call type mismatch");
  }

  TEST_CASE("a table of non-null references needs and gets a value") {
    CHECK(run(R"((module
      (type $f (func (result i32)))
      (func $nine (type $f) (i32.const 9))
      (table $t 4 (ref $f) (ref.func $nine))
      (func (export "f") (result i32) (call_ref $f (table.get $t (i32.const 3))))))") == "9");
  }
}

}  // namespace tinywasm
