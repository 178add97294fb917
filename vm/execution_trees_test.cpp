// SPDX-License-Identifier: Apache-2.0
// Deep expression trees in every position, beside locals that are pinned to registers: what is
// evaluated first must keep its place until it is used, and stay inside of the frame.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

#include "vm/test_random_text.hpp"
#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::run;
using tinywasm::Value;

namespace {

/// A function that keeps ten locals in registers through a loop, and one use of deep trees in it.
class DeepTrees : private tinywasm::RandomText {
 public:
  explicit DeepTrees(std::uint64_t seed) : RandomText(seed) {}

  /// One statement after another that leaves its result in $r.
  std::string function() {
    text_.clear();
    for (int i = 0; i < 6; ++i) statement();
    return "(func (export \"f\") (param $n i64) (result i64)"
           " (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $r i64)"
           " (local $x f64) (local $y f64) (local $z f64) (local $w f64) (loop $top"
           " (local.set $a (i64.add (local.get $a) (i64.const 3)))"
           " (local.set $b (i64.xor (local.get $b) (local.get $a)))"
           " (local.set $c (i64.sub (local.get $c) (i64.const 7)))"
           " (local.set $x (f64.add (local.get $x) (f64.const 1.5)))"
           " (local.set $y (f64.sub (local.get $y) (local.get $x)))"
           " (local.set $z (f64.mul (local.get $y) (f64.const 0.25)))" +
           text_ +
           " (local.set $n (i64.sub (local.get $n) (i64.const 1)))"
           " (br_if $top (i64.ne (local.get $n) (i64.const 0)))) (local.get $r))";
  }

  /// What the functions use. References stand beside the trees: a tree's value that overwrites one
  /// shows at once.
  static constexpr std::string_view kModule =
      "(type $s (struct (field (mut i64)) (field f64) (field i64)))"
      "(type $mix (func (param i64 externref f64 i64 (ref null $s)) (result i64)))"
      "(memory 1) (memory 1) (table 4 funcref) (table $e 2 externref)"
      "(elem (table 0) (i32.const 0) func $mixed $mixed $mixed $mixed)"
      "(tag $t (param i64 f64 i64)) (global $g (mut i64) (i64.const 0))"
      "(func $mixed (type $mix) (local.get 0) (local.get 3) (i64.add)"
      " (i64.extend_i32_u (ref.is_null (local.get 1))) (i64.add)"
      " (i64.extend_i32_u (ref.is_null (local.get 4))) (i64.add)"
      " (i64.reinterpret_f64 (local.get 2)) (i64.xor))";

 private:
  void tree(unsigned depth) {
    static constexpr std::string_view kLeaves[] = {"(local.get $a)",
                                                   "(local.get $b)",
                                                   "(local.get $c)",
                                                   "(local.get $d)",
                                                   "(i64.const 0x4141414141414141)",
                                                   "(i64.const 12)"};
    static constexpr std::string_view kBinary[] = {"i64.add",   "i64.sub",  "i64.mul", "i64.and",
                                                   "i64.or",    "i64.xor",  "i64.shl", "i64.shr_s",
                                                   "i64.shr_u", "i64.rotl", "i64.rotr"};
    static constexpr std::string_view kUnary[] = {"i64.clz", "i64.ctz", "i64.popcnt",
                                                  "i64.extend8_s", "i64.extend32_s"};
    if (depth == 0 || one_in(7)) return add(any(kLeaves));
    switch (below(9)) {
      case 0:
        add("(" + std::string(any(kUnary)));
        tree(depth - 1);
        break;
      case 1:
        add("(select");
        tree(depth - 1);
        tree(depth - 1);
        add("(i32.wrap_i64");
        tree(depth - 1);
        add(")");
        break;
      case 2:
        add("(i64.load offset=8 (i32.and (i32.const 1023) (i32.wrap_i64");
        tree(depth - 1);
        add("))");
        break;
      case 3:
        add("(i64.reinterpret_f64");
        float_tree(depth - 1);
        break;
      default:
        add("(" + std::string(any(kBinary)));
        tree(one_in(2) ? depth - 1 : below(depth));
        tree(depth - 1);
    }
    add(")");
  }
  /// Of operations that make no NaN from numbers such as these.
  void float_tree(unsigned depth) {
    static constexpr std::string_view kLeaves[] = {"(local.get $x)", "(local.get $y)",
                                                   "(local.get $z)", "(f64.const 2.5)"};
    static constexpr std::string_view kBinary[] = {"f64.add", "f64.min", "f64.max", "f64.copysign"};
    if (depth == 0 || one_in(7)) return add(any(kLeaves));
    add("(" + std::string(any(kBinary)));
    float_tree(depth - 1);
    float_tree(depth - 1);
    add(")");
  }
  void deep() { tree(3 + below(4)); }
  void address() {
    add("(i32.and (i32.const 4095) (i32.wrap_i64");
    deep();
    add("))");
  }
  void arguments() {
    deep();
    add(one_in(2) ? "(ref.null extern)" : "(table.get $e (i32.const 0))");
    float_tree(3);
    deep();
    add("(ref.null $s)");
  }

  void statement() {
    add("(local.set $r (i64.rotl (local.get $r) (i64.const 5)))");
    switch (below(14)) {
      case 0:
        add("(local.set $r (i64.xor (local.get $r) (call $mixed");
        arguments();
        return add(")))");
      case 1:
        add("(local.set $r (i64.add (call_indirect (type $mix)");
        arguments();
        add("(i32.and (i32.const 3)");
        address();
        return add(")) (local.get $r)))");
      case 2:
        add("(i64.store");
        address();
        deep();
        return add(")");
      case 3:
        add("(i64.store 1 offset=16");
        address();
        deep();
        return add(")");
      case 4:
        add("(memory.fill");
        address();
        address();
        address();
        return add(")");
      case 5:
        add("(global.set $g");
        deep();
        return add(")");
      case 6:
        add("(local.set $r (struct.get $s 2 (struct.new $s");
        deep();
        float_tree(3);
        deep();
        return add(")))");
      case 7:
        for (int i = 0; i < 4; ++i) deep();
        return add("i64.add128 i64.xor local.set $r");
      case 8:
        add("(block $out (br_if $out (i64.lt_s");
        deep();
        deep();
        return add(")) (local.set $r (i64.const 11)))");
      case 9:
        add("(block $one (block $two (br_table $one $two $one $two");
        address();
        return add(")) (local.set $r (i64.const 5)))");
      case 10:
        add("(block $caught (result i64 f64 i64) (try_table (catch $t $caught) (throw $t");
        deep();
        float_tree(3);
        deep();
        return add(")) (unreachable)) (local.set $r) (drop) (local.set $d)");
      case 11:
        add("(table.set $e (i32.const 1) (ref.null extern)) (local.set $d (local.tee $r");
        deep();
        return add("))");
      case 12:
        deep();
        add("block (param i64) (result i64)");
        deep();
        return add("i64.sub end local.set $r");
      default:
        add("(local.set $y (f64.max (f64.const -1e9)");
        float_tree(5);
        return add("))");
    }
  }
};

}  // namespace

TEST_SUITE("execution_trees") {
  TEST_CASE("a tree's scratch slots do not reach a callee's arguments") {
    Machines machines(
        "(type $s (struct (field (mut i64))))"
        "(func $get (param (ref null $s) i64) (result i64) (struct.get $s 0 (local.get 0)))"
        "(func (export \"f\") (result i64) (local $a i64) (local $b i64) (local $c i64)"
        " (loop (local.set $a (i64.add (local.get $a) (i64.const 1)))"
        "  (local.set $b (i64.add (local.get $b) (i64.const 1)))"
        "  (local.set $c (i64.add (local.get $c) (i64.const 1)))"
        "  (return (call $get (ref.null $s) (i64.rotl (i64.and (i64.clz (i64.add (local.get $b)"
        "   (i64.shl (i64.add (i64.rotl (i64.shr_u (i64.const 0x1ffff8)"
        "    (i64.const 0x4141414141414141)) (local.get $a)) (local.get $b))"
        "    (i64.const 0x4141414141414141)))) (local.get $b)) (local.get $a)))))"
        " (i64.const 0))");
    CHECK(machines.call("f") == "trap: null structure reference");
  }

  TEST_CASE("random deep trees compute the same fused and one by one") {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      CAPTURE(seed);
      Machines machines(std::string(DeepTrees::kModule) + DeepTrees(seed).function());
      machines.call("f", {std::int64_t{5}});
    }
  }
}
