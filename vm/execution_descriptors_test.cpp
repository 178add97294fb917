// SPDX-License-Identifier: Apache-2.0
// Structures with custom descriptors and exact types, through modules.
#include <string>

#include "vm/test_run.hpp"

namespace tinywasm {
namespace {

/// $plain without a descriptor, $a below it with one between its fields, $b below that.
constexpr const char* kTypes = R"((module
  (type $plain (sub (struct (field $x (mut i32)))))
  (rec
    (type $a (sub $plain (descriptor $ad) (struct (field $x (mut i32)) (field $y (mut i64)))))
    (type $ad (sub (describes $a) (struct (field $n i32) (field $up anyref))))
    (type $b (sub $a (descriptor $bd)
      (struct (field $x (mut i32)) (field $y (mut i64)) (field $z (mut i32)))))
    (type $bd (sub $ad (describes $b) (struct (field $n i32) (field $up anyref)))))
  (func $ad (param i32) (result (ref (exact $ad)))
    (struct.new $ad (local.get 0) (ref.i31 (local.get 0))))
  (func $bd (param i32) (result (ref (exact $bd)))
    (struct.new $bd (local.get 0) (array.new_default $bytes (local.get 0))))
  (type $bytes (array (mut i8)))
  (func $new-a (param $n i32) (result (ref (exact $a)))
    (struct.new_desc $a (local.get $n) (i64.const 7) (call $ad (local.get $n))))
  (func $new-b (param $n i32) (result (ref (exact $b)))
    (struct.new_desc $b (local.get $n) (i64.const 8) (i32.const 9) (call $bd (local.get $n))))
)";

std::string module_of(std::string_view fields) { return kTypes + std::string(fields) + ")"; }

}  // namespace

TEST_SUITE("execution_descriptors") {
  TEST_CASE("fields and descriptors lie beside one another") {
    Machines machines(module_of(R"(
      (func (export "a") (param i32) (result i32 i64 i32 i32) (local $s (ref $a))
        (local.set $s (call $new-a (local.get 0)))
        (struct.set $plain $x (local.get $s) (i32.add (local.get 0) (i32.const 1)))
        (struct.get $a $x (local.get $s)) (struct.get $a $y (local.get $s))
        (struct.get $ad $n (ref.get_desc $a (local.get $s)))
        (i31.get_s (ref.cast i31ref (struct.get $ad $up (ref.get_desc $a (local.get $s))))))
      (func (export "b") (param i32) (result i32 i64 i32 i32 i32) (local $s (ref $b))
        (local.set $s (call $new-b (local.get 0)))
        (struct.set $b $z (local.get $s) (i32.const 10))
        (struct.get $b $x (local.get $s)) (struct.get $a $y (local.get $s))
        (struct.get $b $z (local.get $s))
        (struct.get $ad $n (ref.get_desc $a (local.get $s)))
        (array.len (ref.cast arrayref (struct.get $bd $up (ref.get_desc $b (local.get $s))))))
      (func (export "default") (result i32 i64 i32) (local $s (ref $b))
        (local.set $s (struct.new_default_desc $b (call $bd (i32.const 3))))
        (struct.get $b $x (local.get $s)) (struct.get $b $y (local.get $s))
        (struct.get $ad $n (ref.get_desc $a (local.get $s)))))"));
    CHECK(machines.call("a", {std::int32_t{5}}) == "6 7 5 5");
    CHECK(machines.call("b", {std::int32_t{5}}) == "5 8 10 5 5");
    CHECK(machines.call("default") == "0 0 3");
  }

  TEST_CASE("null") {
    Machines machines(module_of(R"(
      (func (export "new") (drop (struct.new_desc $a (i32.const 1) (i64.const 2) (ref.null none))))
      (func (export "new_default") (drop (struct.new_default_desc $a (ref.null none))))
      (func (export "get") (drop (ref.get_desc $a (ref.null $a))))
      (func (export "cast")
        (drop (ref.cast_desc_eq (ref $a) (call $new-a (i32.const 1)) (ref.null $ad))))
      (func (export "cast of null")
        (drop (ref.cast_desc_eq (ref null $a) (ref.null none) (ref.null $ad))))
      (func (export "branch") (result anyref)
        (br_on_cast_desc_eq 0 anyref (ref $a) (call $new-a (i32.const 1)) (ref.null $ad)))
      (func (export "branch_fail") (result anyref)
        (br_on_cast_desc_eq_fail 0 anyref (ref $a) (call $new-a (i32.const 1)) (ref.null $ad))))"));
    const std::string no_descriptor = "trap: null descriptor reference";
    CHECK(machines.call("new") == no_descriptor);
    CHECK(machines.call("new_default") == no_descriptor);
    CHECK(machines.call("get") == "trap: null reference");
    CHECK(machines.call("cast") == no_descriptor);
    CHECK(machines.call("cast of null") == no_descriptor);
    CHECK(machines.call("branch") == no_descriptor);
    CHECK(machines.call("branch_fail") == no_descriptor);
  }

  TEST_CASE("casts compare descriptors") {
    Machines machines(module_of(R"(
      (global $first (ref (exact $ad)) (struct.new $ad (i32.const 1) (ref.null none)))
      (global $second (ref (exact $ad)) (struct.new $ad (i32.const 1) (ref.null none)))
      (global $of-b (ref (exact $bd)) (struct.new $bd (i32.const 1) (ref.null none)))
      (table $t 8 anyref)
      (func $start
        (table.set $t (i32.const 0) (struct.new_default_desc $a (global.get $first)))
        (table.set $t (i32.const 1) (struct.new_default_desc $a (global.get $second)))
        (table.set $t (i32.const 2) (struct.new_default_desc $b (global.get $of-b)))
        (table.set $t (i32.const 3) (struct.new $plain (i32.const 1)))
        (table.set $t (i32.const 4) (array.new_default $bytes (i32.const 16)))
        (table.set $t (i32.const 5) (ref.i31 (i32.const 1)))
        (table.set $t (i32.const 6) (global.get $first)))
      (start $start)
      (func (export "cast") (param i32) (result i64)
        (struct.get $a $y (ref.cast_desc_eq (ref (exact $a)) (table.get $t (local.get 0))
          (global.get $first))))
      (func (export "cast_null") (param i32) (result i32)
        (ref.is_null (ref.cast_desc_eq (ref null $a) (table.get $t (local.get 0))
          (global.get $first))))
      (func (export "inexact") (param i32) (result i64) (local $d (ref $ad))
        (local.set $d (global.get $of-b))
        (struct.get $a $y
          (ref.cast_desc_eq (ref $a) (table.get $t (local.get 0)) (local.get $d))))
      (func (export "branch") (param i32) (result i32)
        (block $yes (result (ref $a))
          (drop (br_on_cast_desc_eq $yes anyref (ref $a) (table.get $t (local.get 0))
            (global.get $first)))
          (return (i32.const 0)))
        (drop) (i32.const 1))
      (func (export "branch_null") (param i32) (result i32)
        (block $yes (result (ref null $a))
          (drop (br_on_cast_desc_eq $yes anyref (ref null $a) (table.get $t (local.get 0))
            (global.get $first)))
          (return (i32.const 0)))
        (drop) (i32.const 1))
      (func (export "branch_fail") (param i32) (result i32)
        (block $no (result anyref)
          (drop (br_on_cast_desc_eq_fail $no anyref (ref $a) (table.get $t (local.get 0))
            (global.get $first)))
          (return (i32.const 1)))
        (drop) (i32.const 0)))"));
    REQUIRE(machines.created() == "ok");
    for (std::int32_t i = 0; i < 8; ++i) {
      CAPTURE(i);
      const bool matches = i == 0;
      const bool is_null = i == 7;
      const std::string failure = "trap: descriptor cast failure";
      CHECK(machines.call("cast", {i}) == (matches ? "0" : failure));
      CHECK(machines.call("cast_null", {i}) == (matches ? "0" : is_null ? "1" : failure));
      CHECK(machines.call("inexact", {i}) == (i == 2 ? "0" : failure));
      CHECK(machines.call("branch", {i}) == (matches ? "1" : "0"));
      CHECK(machines.call("branch_null", {i}) == (matches || is_null ? "1" : "0"));
      CHECK(machines.call("branch_fail", {i}) == (matches ? "1" : "0"));
    }
  }

  TEST_CASE("casts to exact types") {
    Machines machines(R"((module
      (type $super (sub (struct (field i32))))
      (type $sub (sub $super (struct (field i32))))
      (type $f (sub (func (result i32))))
      (type $g (sub $f (func (result i32))))
      (func $f (type $f) (i32.const 1))
      (func $g (type $g) (i32.const 2))
      (elem declare func $f $g)
      (func $pick (param i32) (result anyref)
        (if (i32.eqz (local.get 0)) (then (return (struct.new_default $super))))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (return (struct.new_default $sub))))
        (if (i32.eq (local.get 0) (i32.const 2)) (then (return (ref.i31 (i32.const 0)))))
        (ref.null any))
      (func (export "test") (param i32) (result i32 i32 i32)
        (ref.test (ref (exact $super)) (call $pick (local.get 0)))
        (ref.test (ref null (exact $sub)) (call $pick (local.get 0)))
        (ref.test (ref $super) (call $pick (local.get 0))))
      (func (export "cast") (param i32) (result i32)
        (struct.get $super 0 (ref.cast (ref (exact $super)) (call $pick (local.get 0)))))
      (func (export "branch") (param i32) (result i32)
        (block $l (result (ref (exact $super)))
          (drop (br_on_cast $l anyref (ref (exact $super)) (call $pick (local.get 0))))
          (return (i32.const 0)))
        (drop) (i32.const 1))
      (func (export "functions") (result i32 i32 i32 i32)
        (ref.test (ref (exact $f)) (ref.func $f)) (ref.test (ref (exact $f)) (ref.func $g))
        (ref.test (ref $f) (ref.func $g)) (ref.test (ref null (exact $f)) (ref.null func)))
      (func (export "function") (param i32) (result i32)
        (call_ref $f (ref.cast (ref (exact $f))
          (select (result funcref) (ref.func $f) (ref.func $g) (local.get 0)))))))");
    CHECK(machines.call("test", {std::int32_t{0}}) == "1 0 1");
    CHECK(machines.call("test", {std::int32_t{1}}) == "0 1 1");
    CHECK(machines.call("test", {std::int32_t{2}}) == "0 0 0");
    CHECK(machines.call("test", {std::int32_t{3}}) == "0 1 0");
    CHECK(machines.call("cast", {std::int32_t{0}}) == "0");
    for (std::int32_t i = 1; i < 4; ++i) {
      CHECK(machines.call("cast", {i}) == "trap: cast failure");
      CHECK(machines.call("branch", {i}) == "0");
    }
    CHECK(machines.call("branch", {std::int32_t{0}}) == "1");
    CHECK(machines.call("functions") == "1 0 1 1");
    CHECK(machines.call("function", {std::int32_t{1}}) == "1");
    CHECK(machines.call("function", {std::int32_t{0}}) == "trap: cast failure");
  }

  TEST_CASE("the collector finds descriptors") {
    Machines machines(module_of(R"(
      (rec
        (type $c (descriptor $cd) (struct (field (ref null $c))))
        (type $cd (describes $c) (descriptor $cm) (struct (field i32)))
        (type $cm (describes $cd) (struct (field i32))))
      (global $kept (mut anyref) (ref.null none))
      (func (export "keep") (param i32) (global.set $kept (call $new-b (local.get 0))))
      (func (export "litter") (param $n i32)
        (loop $more
          (drop (call $new-b (local.get $n)))
          (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "kept") (result i32 i32) (local $s (ref $b))
        (local.set $s (ref.cast (ref $b) (global.get $kept)))
        (struct.get $ad $n (ref.get_desc $a (local.get $s)))
        (array.len (ref.cast arrayref (struct.get $bd $up (ref.get_desc $b (local.get $s))))))
      (func (export "chain") (param $n i32) (result i32) (local $c (ref null $c)) (local $sum i32)
        (loop $more
          (local.set $c (struct.new_desc $c (local.get $c)
            (struct.new_desc $cd (local.get $n) (struct.new $cm (local.get $n)))))
          (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (loop $more
          (local.set $sum (i32.add (local.get $sum)
            (i32.add
              (struct.get $cd 0 (ref.get_desc $c (local.get $c)))
              (struct.get $cm 0 (ref.get_desc $cd (ref.get_desc $c (local.get $c)))))))
          (br_if $more (i32.eqz (ref.is_null
            (local.tee $c (struct.get $c 0 (local.get $c)))))))
        (local.get $sum)))"));
    machines.each([](Store& store, const Instance&) { store.set_gc_stress(true); });
    CHECK(machines.call("keep", {std::int32_t{6}}) == "");
    CHECK(machines.call("litter", {std::int32_t{100}}) == "");
    CHECK(machines.call("kept") == "6 6");
    CHECK(machines.call("chain", {std::int32_t{50}}) == "2550");
  }

  TEST_CASE("constant expressions") {
    Machines machines(module_of(R"(
      (global $d (ref (exact $ad)) (struct.new $ad (i32.const 4) (ref.null none)))
      (global $a (ref (exact $a)) (struct.new_desc $a (i32.const 5) (i64.const 6) (global.get $d)))
      (global $z (ref $a) (struct.new_default_desc $a (global.get $d)))
      (func (export "f") (result i32 i64 i32 i32)
        (struct.get $a $x (global.get $a)) (struct.get $a $y (global.get $a))
        (struct.get $ad $n (ref.get_desc $a (global.get $z)))
        (ref.eq (ref.get_desc $a (global.get $a)) (ref.get_desc $a (global.get $z)))))"));
    CHECK(machines.call("f") == "5 6 4 1");
    CHECK(Machines(module_of("(global (ref $a) (struct.new_default_desc $a (ref.null none)))"))
              .created() == "trap: null descriptor reference");
    CHECK(Machines(module_of("(global (ref $a) (struct.new_desc $a (i32.const 1) (i64.const 2) "
                             "(ref.null none)))"))
              .created() == "trap: null descriptor reference");
  }

  TEST_CASE("operands are evaluated in their order") {
    Machines machines(module_of(R"(
      (memory 1)
      (global $d (ref (exact $ad)) (struct.new $ad (i32.const 4) (ref.null none)))
      (func (export "reference first") (param (ref null $a)) (result i32)
        (struct.get $a $x (ref.cast_desc_eq (ref $a)
          (block (result (ref $a)) (drop (i32.load (i32.const -1))) (unreachable))
          (ref.null $ad))))
      (func (export "locals") (result i32) (local $s (ref null $a)) (local $e (ref null $ad))
        (local.set $s (struct.new_default_desc $a (global.get $d)))
        (local.set $e (global.get $d))
        (struct.get $ad $n (ref.get_desc $a (ref.cast_desc_eq (ref $a)
          (local.get $s)
          (block (result (ref null $ad))
            (local.get $e)
            (local.set $s (ref.null none))
            (local.set $e (ref.null none))))))))"));
    CHECK(machines.call("reference first", {Value::null(ValueType::nullref)}) ==
          "trap: out of bounds memory access");
    CHECK(machines.call("locals") == "4");
  }

  TEST_CASE("imports and the host") {
    auto exporter = Module::from_text(R"((module
      (type $super (sub (func))) (type $sub (sub $super (func)))
      (rec (type $s (descriptor $d) (struct)) (type $d (describes $s) (struct)))
      (func (export "super") (type $super)) (func (export "sub") (type $sub))
      (func (export "take") (param (ref null (exact $s))) (result i32)
        (ref.is_null (local.get 0)))
      (func (export "make") (result (ref (exact $s)))
        (struct.new_desc $s (struct.new $d)))
      (func (export "make descriptor") (result anyref) (struct.new $d))))");
    REQUIRE(exporter);
    Store store;
    Linker linker(store);
    auto instance = linker.instantiate(*exporter);
    REQUIRE(instance);
    linker.define_instance("m", *instance);
    const auto import = [&](std::string_view name, std::string_view type) {
      auto module = Module::from_text(
          "(module (type $super (sub (func))) (type $sub (sub $super (func))) (import \"m\" \"" +
          std::string(name) + "\" (func " + std::string(type) + ")))");
      REQUIRE(module);
      auto made = linker.instantiate(*module);
      return made ? std::string() : std::string(to_string(made.error().kind));
    };
    CHECK(import("super", "(exact (type $super))").empty());
    CHECK(import("sub", "(exact (type $sub))").empty());
    CHECK(import("sub", "(type $super)").empty());
    CHECK(import("sub", "(exact (type $super))") == "unlinkable");
    linker.define("m", "host", [] {});
    CHECK(import("host", "(exact)").empty());

    // A value that the host holds is exactly of its type, and keeps its descriptor.
    auto made = instance->func("make")->call({});
    REQUIRE(made);
    store.collect_garbage();
    CHECK(outcome_text(instance->func("take")->call(*made)) == "0");
    CHECK(outcome_text(instance->func("take")->call({Value::null(ValueType::nullref)})) == "1");
    auto other = instance->func("make descriptor")->call({});
    REQUIRE(other);
    CHECK(!instance->func("take")->call(*other));
  }
}

}  // namespace tinywasm
