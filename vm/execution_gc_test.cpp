// SPDX-License-Identifier: Apache-2.0
// Structures, arrays, i31, casts and the collector, through modules.
#include <cstdint>
#include <string>

#include "vm/test_run.hpp"

namespace tinywasm {
namespace {

/// Calls `name` in all ways of running while the collector runs at every allocation.
std::string call_under_stress(std::string_view source, std::string_view name,
                              std::initializer_list<Value> arguments = {}) {
  Machines machines(source);
  machines.each([](Store& store, const Instance&) { store.set_gc_stress(true); });
  return machines.call(name, arguments);
}

constexpr const char* kList = R"((module
  (rec (type $node (struct (field $value i32) (field $next (mut (ref null $node))))))
  (func $make (param $n i32) (result (ref null $node))
    (local $list (ref null $node))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $list (struct.new $node (local.get $n) (local.get $list)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
    (local.get $list))
  (func $sum (param $list (ref null $node)) (result i32)
    (local $sum i32)
    (block $done
      (loop $more
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $node $value (local.get $list))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $more)))
    (local.get $sum))
  (global $kept (mut (ref null $node)) (ref.null $node))
  (func (export "list") (param i32) (result i32) (call $sum (call $make (local.get 0))))
  (func (export "keep") (param i32) (global.set $kept (call $make (local.get 0))))
  (func (export "kept") (result i32) (call $sum (global.get $kept)))
  (func (export "rings") (param $n i32) (local $a (ref null $node)) (local $b (ref null $node))
    (loop $more
      (local.set $a (struct.new $node (i32.const 1) (ref.null $node)))
      (local.set $b (struct.new $node (i32.const 2) (local.get $a)))
      (struct.set $node $next (local.get $a) (local.get $b))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
)";

}  // namespace

TEST_SUITE("execution_gc") {
  TEST_CASE("fields of all sizes") {
    Machines machines(R"((module
      (type $s (struct (field $a (mut i8)) (field $b (mut i64)) (field $c (mut i16))
                       (field $d (mut f32)) (field $e (mut f64)) (field $f (mut i32))
                       (field $v (mut v128)) (field $g (mut i8)) (field $r (mut anyref))))
      (func $new (result (ref $s))
        (struct.new $s (i32.const 0x1ff) (i64.const -2) (i32.const 0x18000) (f32.const 1.5)
          (f64.const 2.5) (i32.const -7) (v128.const i64x2 3 4) (i32.const 0x80)
          (ref.i31 (i32.const -5))))
      (func (export "packed") (result i32 i32 i32 i32)
        (struct.get_s $s $a (call $new)) (struct.get_u $s $a (call $new))
        (struct.get_s $s $c (call $new)) (struct.get_u $s $c (call $new)))
      (func (export "numbers") (result i64 f32 f64 i32 i32)
        (struct.get $s $b (call $new)) (struct.get $s $d (call $new))
        (struct.get $s $e (call $new)) (struct.get $s $f (call $new))
        (struct.get_s $s $g (call $new)))
      (func (export "vector") (result v128) (struct.get $s $v (call $new)))
      (func (export "reference") (result i32)
        (i31.get_s (ref.cast i31ref (struct.get $s $r (call $new)))))
      (func (export "set") (result i64 i32 i32 f32 v128)
        (local $s (ref $s))
        (local.set $s (struct.new_default $s))
        (struct.set $s $b (local.get $s) (i64.const 99))
        (struct.set $s $a (local.get $s) (i32.const 0x1234))
        (struct.set $s $c (local.get $s) (i32.const 0xfedcba))
        (struct.set $s $d (local.get $s) (f32.const 0.5))
        (struct.set $s $v (local.get $s) (v128.const i64x2 7 8))
        (struct.get $s $b (local.get $s)) (struct.get_u $s $a (local.get $s))
        (struct.get_u $s $c (local.get $s)) (struct.get $s $d (local.get $s))
        (struct.get $s $v (local.get $s)))
      (func (export "null") (result i32) (struct.get $s $f (ref.null $s)))
      (func (export "null set") (struct.set $s $f (ref.null $s) (i32.const 1)))))");
    CHECK(machines.call("packed") == "-1 255 -32768 32768");
    CHECK(machines.call("numbers") == "-2 1.5 2.5 -7 -128");
    CHECK(machines.call("vector") == "0x00000000000000040000000000000003");
    CHECK(machines.call("reference") == "-5");
    CHECK(machines.call("set") == "99 52 56506 0.5 0x00000000000000080000000000000007");
    CHECK(machines.call("null") == "trap: null structure reference");
    CHECK(machines.call("null set") == "trap: null structure reference");
  }

  TEST_CASE("arrays") {
    Machines machines(R"((module
      (type $bytes (array (mut i8)))
      (type $vectors (array (mut v128)))
      (type $refs (array (mut anyref)))
      (data $d "abcdef")
      (func (export "new") (param i32 i32) (result i32)
        (array.get_u $bytes (array.new $bytes (i32.const 0x141) (local.get 0)) (local.get 1)))
      (func (export "length") (param i32) (result i32)
        (array.len (array.new_default $bytes (local.get 0))))
      (func (export "fixed") (param i32) (result v128)
        (array.get $vectors
          (array.new_fixed $vectors 2 (v128.const i64x2 1 2) (v128.const i64x2 3 4))
          (local.get 0)))
      (func (export "data") (param i32 i32) (result i32)
        (array.get_s $bytes (array.new_data $bytes $d (local.get 0) (local.get 1)) (i32.const 0)))
      (func (export "copy") (result i32 i32)
        (local $a (ref $bytes))
        (local.set $a (array.new_data $bytes $d (i32.const 0) (i32.const 6)))
        (array.copy $bytes $bytes (local.get $a) (i32.const 1) (local.get $a) (i32.const 0)
          (i32.const 5))
        (array.get_u $bytes (local.get $a) (i32.const 0))
        (array.get_u $bytes (local.get $a) (i32.const 5)))
      (func (export "fill") (result v128)
        (local $a (ref $vectors))
        (local.set $a (array.new_default $vectors (i32.const 3)))
        (array.fill $vectors (local.get $a) (i32.const 1) (v128.const i64x2 5 6) (i32.const 2))
        (array.get $vectors (local.get $a) (i32.const 2)))
      (func (export "null") (result i32) (array.len (ref.null $bytes)))
      (func (export "set") (param i32 i32)
        (array.set $refs (array.new_default $refs (local.get 0)) (local.get 1) (ref.null any)))))");
    CHECK(machines.call("new", {10, 9}) == "65");
    CHECK(machines.call("new", {10, 10}) == "trap: out of bounds array access");
    CHECK(machines.call("new", {0, -1}) == "trap: out of bounds array access");
    CHECK(machines.call("length", {1000000}) == "1000000");
    CHECK(machines.call("length", {-1}) == "exhaustion: out of memory");
    CHECK(machines.call("fixed", {1}) == "0x00000000000000040000000000000003");
    CHECK(machines.call("data", {1, 5}) == "98");
    CHECK(machines.call("data", {2, 5}) == "trap: out of bounds memory access");
    CHECK(machines.call("copy") == "97 101");
    CHECK(machines.call("fill") == "0x00000000000000060000000000000005");
    CHECK(machines.call("null") == "trap: null array reference");
    CHECK(machines.call("set", {4, 3}) == "");
    CHECK(machines.call("set", {4, 4}) == "trap: out of bounds array access");
  }

  TEST_CASE("casts see subtypes at every depth") {
    Machines machines(R"((module
      (type $a (sub (struct (field i32))))
      (type $b (sub $a (struct (field i32) (field i32))))
      (type $c (sub $b (struct (field i32) (field i32) (field i32))))
      (type $other (sub $a (struct (field i32) (field i64))))
      (type $array (array i8))
      (func $pick (param i32) (result anyref)
        (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
          (br_table $0 $1 $2 $3 $4 $5 (local.get 0)))
          (return (struct.new_default $a)))
          (return (struct.new_default $b)))
          (return (struct.new_default $c)))
          (return (struct.new_default $other)))
          (return (ref.i31 (i32.const 3))))
        (if (i32.eq (local.get 0) (i32.const 5))
          (then (return (array.new_default $array (i32.const 1)))))
        (ref.null none))
      (func (export "a") (param i32) (result i32) (ref.test (ref $a) (call $pick (local.get 0))))
      (func (export "b?") (param i32) (result i32)
        (ref.test (ref null $b) (call $pick (local.get 0))))
      (func (export "eq") (param i32) (result i32) (ref.test (ref eq) (call $pick (local.get 0))))
      (func (export "struct") (param i32) (result i32)
        (ref.test structref (call $pick (local.get 0))))
      (func (export "none") (param i32) (result i32)
        (ref.test nullref (call $pick (local.get 0))))
      (func (export "cast b") (param i32) (result i32)
        (struct.get $b 1 (ref.cast (ref $b) (call $pick (local.get 0)))))
      (func (export "branch") (param i32) (result i32)
        (block $is (result (ref $b))
          (drop (br_on_cast $is anyref (ref $b) (call $pick (local.get 0))))
          (return (i32.const -1)))
        (struct.get $b 0))
      (func (export "branch on failure") (param i32) (result i32)
        (block $not (result anyref)
          (br_on_cast_fail $not anyref (ref i31) (call $pick (local.get 0)))
          (return (i31.get_u)))
        (ref.is_null))))");
    const auto all = [&](std::string_view name) {
      std::string text;
      for (std::int32_t i = 0; i < 7; ++i) text += machines.call(name, {i}) + ' ';
      return text;
    };
    CHECK(all("a") == "1 1 1 1 0 0 0 ");
    CHECK(all("b?") == "0 1 1 0 0 0 1 ");
    CHECK(all("eq") == "1 1 1 1 1 1 0 ");
    CHECK(all("struct") == "1 1 1 1 0 0 1 ");
    CHECK(all("none") == "0 0 0 0 0 0 1 ");
    CHECK(machines.call("cast b", {0}) == "trap: cast failure");
    CHECK(machines.call("cast b", {2}) == "0");
    CHECK(machines.call("cast b", {4}) == "trap: cast failure");
    CHECK(machines.call("cast b", {6}) == "trap: cast failure");
    CHECK(all("branch") == "-1 0 0 -1 -1 -1 -1 ");
    CHECK(all("branch on failure") == "0 0 0 0 3 0 1 ");
  }

  TEST_CASE("constant expressions make objects") {
    CHECK(run(R"((module
      (type $pair (struct (field i32) (field anyref)))
      (type $pairs (array (ref $pair)))
      (global $first (ref $pair) (struct.new $pair (i32.const 5) (ref.i31 (i32.const 6))))
      (global $all (ref $pairs)
        (array.new_fixed $pairs 3 (global.get $first)
          (struct.new $pair (i32.const 7) (array.new $pairs (global.get $first) (i32.const 2)))
          (struct.new_default $pair)))
      (func (export "f") (result i32 i32 i32)
        (i31.get_u (ref.cast (ref i31) (struct.get $pair 1 (global.get $first))))
        (struct.get $pair 0 (array.get $pairs (global.get $all) (i32.const 1)))
        (array.len (ref.cast (ref $pairs)
          (struct.get $pair 1 (array.get $pairs (global.get $all) (i32.const 1)))))))
    )") == "6 7 2");
  }

  TEST_CASE("lists survive a collection at every allocation") {
    CHECK(call_under_stress(kList, "list", {100}) == "5050");
  }

  TEST_CASE("operands of the allocating instruction survive it") {
    CHECK(call_under_stress(R"((module
      (type $box (struct (field i32)))
      (type $four (struct (field (ref $box)) (field (ref $box)) (field f64) (field (ref $box))))
      (type $array (array (ref $box)))
      (func $box (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
      (func (export "f") (param $a i32) (result i32)
        (local $four (ref $four)) (local $array (ref $array)) (local $kept (ref $box))
        (local.set $kept (call $box (i32.const 1000)))
        (local.set $four (struct.new $four
          (struct.new $box (i32.const 1)) (call $box (i32.const 20)) (f64.const 1)
          (struct.new $box (i32.const 300))))
        (local.set $array (array.new_fixed $array 2 (local.get $kept) (call $box (local.get $a))))
        (i32.add (struct.get $box 0 (array.get $array (local.get $array) (i32.const 0)))
          (i32.add (struct.get $box 0 (array.get $array (local.get $array) (i32.const 1)))
            (i32.add (struct.get $box 0 (struct.get $four 0 (local.get $four)))
              (i32.add (struct.get $box 0 (struct.get $four 1 (local.get $four)))
                (struct.get $box 0 (struct.get $four 3 (local.get $four)))))))))
    )",
                            "f", {40000}) == "41321");
  }

  TEST_CASE("operands that were looked at before are found in their slots") {
    CHECK(call_under_stress(R"((module
      (type $box (struct (field i32)))
      (type $pair (struct (field (ref $box)) (field (ref $box))))
      (type $array (array (ref $box)))
      (func $box (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
      (func $any (param i32) (result anyref) (struct.new $box (local.get 0)))
      (func (export "f") (result i32)
        (local $pair (ref $pair)) (local $array (ref $array))
        (local.set $pair (struct.new $pair
          (ref.as_non_null (call $box (i32.const 1)))
          (ref.cast (ref $box) (call $any (i32.const 20)))))
        (local.set $array (array.new_fixed $array 2
          (ref.as_non_null (struct.new $box (i32.const 300)))
          (ref.cast (ref $box) (call $any (i32.const 4000)))))
        (i32.add
          (i32.add (struct.get $box 0 (struct.get $pair 0 (local.get $pair)))
            (struct.get $box 0 (struct.get $pair 1 (local.get $pair))))
          (i32.add (struct.get $box 0 (array.get $array (local.get $array) (i32.const 0)))
            (struct.get $box 0 (array.get $array (local.get $array) (i32.const 1)))))))
    )",
                            "f") == "4321");
  }

  TEST_CASE("a long list is marked without recursion, and freed") {
    Machines machines(kList);
    CHECK(machines.call("keep", {1000000}) == "");
    machines.each([](Store& store, const Instance&) {
      store.collect_garbage();
      CHECK(store.gc_statistics().live_bytes >= 24'000'000);
    });
    CHECK(machines.call("kept") == std::to_string(static_cast<std::int32_t>(500000500000)));
    CHECK(machines.call("keep", {0}) == "");
    machines.each([](Store& store, const Instance&) {
      store.collect_garbage();
      CHECK(store.gc_statistics().live_bytes < 1'000'000);
      CHECK(store.gc_statistics().used_bytes < 1'000'000);
    });
  }

  TEST_CASE("cycles are freed: memory stays flat") {
    Machines machines(kList, {}, {.max_gc_bytes = 16 << 20});
    CHECK(machines.call("rings", {400000}) == "");
    machines.each([](Store& store, const Instance&) {
      const GcStatistics statistics = store.gc_statistics();
      CHECK(statistics.allocated_bytes >= 800'000 * 24);
      CHECK(statistics.collections > 1);
      CHECK(statistics.pause_nanoseconds >= statistics.longest_pause_nanoseconds);
      CHECK(statistics.used_bytes < std::uint64_t{8} << 20);
    });
  }

  TEST_CASE("the heap has a limit") {
    Machines machines(kList, {}, {.max_gc_bytes = 1 << 20});
    CHECK(machines.call("keep", {100000}) == "exhaustion: out of memory");
    CHECK(machines.call("list", {1000}) == "500500");
  }

  TEST_CASE("references cross to the host and back") {
    Machines machines(R"((module
      (type $box (struct (field i32)))
      (import "host" "keep" (func $keep (param anyref) (result anyref)))
      (func (export "make") (param i32) (result anyref) (struct.new $box (local.get 0)))
      (func (export "get") (param anyref) (result i32)
        (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))
      (func (export "typed") (param (ref $box)) (result i32) (struct.get $box 0 (local.get 0)))
      (func (export "through") (param i32) (result i32)
        (struct.get $box 0
          (ref.cast (ref $box) (call $keep (struct.new $box (local.get 0))))))
      (func (export "out") (param anyref) (result externref) (extern.convert_any (local.get 0)))
      (func (export "in") (param externref) (result anyref) (any.convert_extern (local.get 0)))
      (func (export "i31") (result i31ref) (ref.i31 (i32.const -3)))))",
                      [](Linker& linker) {
                        linker.define("host", "keep", [](const AnyRef& reference) {
                          CHECK(reference.kind() == RefKind::structure);
                          return reference;
                        });
                      });
    CHECK(machines.call("through", {77}) == "77");
    int host = 0;
    machines.each([&host](Store& store, const Instance& instance) {
      store.set_gc_stress(true);
      const auto call = [&instance](const char* name, const Value& argument) {
        const auto function = instance.func(name);
        REQUIRE(function);
        const auto result = function->call({argument});
        return result ? (*result)[0] : Value::null(ValueType::nullref);
      };
      const Value first = call("make", 11);
      const Value second = call("make", 22);
      const Value copy = first;
      store.collect_garbage();
      CHECK(call("get", copy).i32() == 11);
      CHECK(call("typed", second).i32() == 22);
      CHECK(call("get", Value::i31(4)).type() == ValueType::nullref);  // a trap
      CHECK(call("typed", Value::i31(4)).type() == ValueType::nullref);
      CHECK(call("typed", Value::null(ValueType::anyref)).type() == ValueType::nullref);

      // Out to the hierarchy of extern and back.
      const Value outside = call("out", first);
      CHECK(outside.type() == ValueType::externref);
      CHECK(outside.ref_kind() == RefKind::structure);
      CHECK(call("get", call("in", outside)).i32() == 11);
      const Value number = call("out", Value::i31(-9));
      CHECK(number.ref_kind() == RefKind::i31);
      CHECK(number.i31_value() == -9);
      CHECK(call("in", number).i31_value() == -9);
      const Value pointer = call("in", ExternRef{&host});
      CHECK(pointer.type() == ValueType::anyref);
      CHECK(pointer.ref_kind() == RefKind::host);
      CHECK(pointer.host_pointer() == &host);
      CHECK(call("out", pointer).externref().pointer == &host);
      // Pointers that look like an i31 or lie next to an object are the host's all the same.
      for (const std::uintptr_t odd : {std::uintptr_t{1}, std::uintptr_t{7},
                                       static_cast<std::uintptr_t>(first.slots()[0]) + 8}) {
        const ExternRef given{reinterpret_cast<void*>(odd)};
        CHECK(call("in", given).host_pointer() == given.pointer);
        CHECK(call("out", AnyRef::convert_extern(store, given)).externref() == given);
      }
      CHECK(to_string(first) == "structref");
      CHECK(to_string(Value::i31(-9)) == "i31 -9");

      Store other;
      const auto foreign = AnyRef::convert_extern(other, ExternRef{&host});
      CHECK(call("in", first).type() == ValueType::nullref);  // not an externref
      CHECK(call("out", foreign).type() == ValueType::nullref);
    });
  }

  TEST_CASE("values may outlive their store") {
    Value kept;
    {
      Machines machines(
          "(type $box (struct (field i32)))"
          "(func (export \"f\") (result anyref) (struct.new $box (i32.const 1)))");
      machines.each([&kept](Store&, const Instance& instance) {
        const auto result = instance.func("f")->call();
        REQUIRE(result);
        kept = (*result)[0];
      });
      CHECK(kept.ref_kind() == RefKind::structure);
    }
    CHECK(kept.ref_kind() == RefKind::null);
  }
}

}  // namespace tinywasm
