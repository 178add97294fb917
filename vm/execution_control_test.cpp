// SPDX-License-Identifier: Apache-2.0
// Blocks, branches and tables of branches.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::run;
using tinywasm::Value;

namespace {

std::string text(int number) { return std::to_string(number); }

}  // namespace

TEST_SUITE("execution_control") {
  TEST_CASE("blocks take parameters and give results") {
    CHECK(run("(func (export \"f\") (result i32)"
              " i32.const 3 i32.const 4 block (param i32 i32) (result i32) i32.add end)") == "7");
    CHECK(run("(func (export \"f\") (result i32 i64 f64)"
              " block (result i32 i64 f64) i32.const 1 i64.const 2 f64.const 3 end)") == "1 2 3");
    CHECK(run("(func (export \"f\") (result i32) (block) (block (nop) (block)) i32.const 1)") ==
          "1");
    CHECK(run("(func (export \"f\") (param i32) (result i32 i32)"
              " local.get 0 i32.const 5"
              " block (param i32 i32) (result i32 i32) i32.const 9 local.set 0 end)",
              {41}) == "41 5");
  }

  TEST_CASE("the arms of an if") {
    const char* const source =
        "(func (export \"f\") (param i32) (result i32)"
        " i32.const 100 local.get 0"
        " if (param i32) (result i32) i32.const 1 i32.add else i32.const 2 i32.mul end)";
    CHECK(run(source, {1}) == "101");
    CHECK(run(source, {0}) == "200");
    CHECK(run(source, {-1}) == "101");
    CHECK(run(source, {0x10000}) == "101");
    const char* const one_armed =
        "(func (export \"f\") (param i32) (result i32)"
        " i32.const 7 local.get 0 if (param i32) (result i32) i32.const 3 i32.sub end)";
    CHECK(run(one_armed, {1}) == "4");
    CHECK(run(one_armed, {0}) == "7");
    // A multi-value if whose arms swap.
    const char* const swap =
        "(func (export \"f\") (param i32) (result i32 i32) (local i32 i32)"
        " i32.const 1 i32.const 2 local.get 0"
        " if (param i32 i32) (result i32 i32)"
        "  local.set 1 local.set 2 local.get 1 local.get 2 end)";
    CHECK(run(swap, {0}) == "1 2");
    CHECK(run(swap, {1}) == "2 1");
  }

  TEST_CASE("a branch drops what lies above its target") {
    CHECK(run("(func (export \"f\") (result i32)"
              " i32.const 1"
              " block (result i32) i32.const 2 i32.const 3 i32.const 4 br 0 end"
              " i32.add)") == "5");
    CHECK(
        run("(func (export \"f\") (result i32 i32)"
            " block (result i32 i32) i32.const 9 i32.const 8 i32.const 1 i32.const 2 br 0 end)") ==
        "1 2");
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " i32.const 10"
              " block (result i32)"
              "  i32.const 20 block (result i32) i32.const 30 i32.const 40 local.get 0 br_if 1"
              "  drop end i32.add end i32.add)",
              {1}) == "50");
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " i32.const 10"
              " block (result i32)"
              "  i32.const 20 block (result i32) i32.const 30 i32.const 40 local.get 0 br_if 1"
              "  drop end i32.add end i32.add)",
              {0}) == "60");
  }

  TEST_CASE("br_if with values at the same height and from above") {
    const char* const same =
        "(func (export \"f\") (param i32) (result i32)"
        " block (result i32) i32.const 7 local.get 0 br_if 0 drop i32.const 8 end)";
    CHECK(run(same, {1}) == "7");
    CHECK(run(same, {0}) == "8");
    const char* const above =
        "(func (export \"f\") (param i32 i32) (result i32)"
        " block (result i32)"
        "  local.get 1 i32.const 100 i32.add"
        "  local.get 1 i32.const 200 i32.add"
        "  local.get 0 br_if 0"
        "  i32.sub end)";
    CHECK(run(above, {1, 5}) == "205");
    CHECK(run(above, {0, 5}) == "-100");
    const char* const several =
        "(func (export \"f\") (param i32) (result i32 i64 i32)"
        " block (result i32 i64 i32)"
        "  i32.const 99 i32.const 1 i64.const 2 i32.const 3 local.get 0 br_if 0"
        "  drop drop drop drop i32.const 4 i64.const 5 i32.const 6 end)";
    CHECK(run(several, {1}) == "1 2 3");
    CHECK(run(several, {0}) == "4 5 6");
    // The value that a branch carries stays on the stack when it is not taken.
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " block (result i32) i32.const 3 local.get 0 br_if 0 i32.const 10 i32.mul end)",
              {0}) == "30");
    // A value evaluated once although both ways use it.
    const char* const once =
        "(memory 1) (func (export \"f\") (param i32) (result i32)"
        " block (result i32)"
        "  i32.const 50 i32.const 0 i32.load i32.const 1 i32.add"
        "  i32.const 0 i32.const 77 i32.store"
        "  local.get 0 br_if 0 i32.add end)";
    CHECK(run(once, {1}) == "1");
    CHECK(run(once, {0}) == "51");
  }

  TEST_CASE("loops with parameters") {
    // Euclid's algorithm with both numbers on the stack.
    const char* const gcd =
        "(func (export \"f\") (param i32 i32) (result i32) (local i32 i32)"
        " local.get 0 local.get 1"
        " loop (param i32 i32) (result i32)"
        "  local.set 3 local.set 2"
        "  local.get 3 local.get 2 local.get 3 i32.rem_u"
        "  local.get 2 local.get 3 i32.rem_u br_if 0"
        "  drop end)";
    CHECK(run(gcd, {1071, 462}) == "21");
    CHECK(run(gcd, {17, 5}) == "1");
    CHECK(run("(func (export \"f\") (param i32) (result i64)"
              " i64.const 1"
              " loop (param i64) (result i64)"
              "  local.get 0 i64.extend_i32_u i64.mul"
              "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)",
              {20}) == "2432902008176640000");
    // The parameters change places on every round: a parallel move.
    CHECK(run("(func (export \"f\") (param i32) (result i32 i32) (local i32 i32)"
              " i32.const 1 i32.const 2"
              " loop (param i32 i32) (result i32 i32)"
              "  local.set 1 local.set 2 local.get 1 local.get 2"
              "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)",
              {3}) == "2 1");
  }

  TEST_CASE("nested loops and branches to each of them") {
    const char* const source =
        "(func (export \"f\") (param i32) (result i32) (local $i i32) (local $j i32) (local $n i32)"
        " block $out loop $a"
        "  local.get $i local.get 0 i32.ge_u br_if $out"
        "  i32.const 0 local.set $j"
        "  loop $b"
        "   local.get $n i32.const 1 i32.add local.set $n"
        "   local.get $j i32.const 1 i32.add local.tee $j"
        "   local.get $i i32.lt_u br_if $b"
        "  end"
        "  local.get $i i32.const 1 i32.add local.set $i"
        "  local.get $n i32.const 1000 i32.gt_u br_if $out"
        "  br $a end end local.get $n)";
    CHECK(run(source, {0}) == "0");
    CHECK(run(source, {5}) == "11");
    CHECK(run(source, {100}) == "1036");
  }

  TEST_CASE("br_table") {
    const char* const source =
        "(func (export \"f\") (param i32) (result i32)"
        " block block block block local.get 0 br_table 0 1 2 1 3 end"
        " i32.const 10 return end i32.const 11 return end i32.const 12 return end i32.const 13)";
    const char* const expected[] = {"10", "11", "12", "11", "13", "13"};
    for (int i = 0; i < 6; ++i) CHECK(run(source, {i}) == expected[i]);
    CHECK(run(source, {-1}) == "13");
    CHECK(run(source, {std::int32_t{-0x7fffffff} - 1}) == "13");
    // One target only: the default.
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " block local.get 0 br_table 0 end i32.const 5)",
              {3}) == "5");
    // A constant index, and one that was computed.
    CHECK(run("(func (export \"f\") (result i32)"
              " block block i32.const 1 br_table 0 1 0 end i32.const 1 return end i32.const 2)") ==
          "2");
    CHECK(
        run("(memory 1) (data (i32.const 4) \"\\02\") (func (export \"f\") (param i32) (result i32)"
            " block block block local.get 0 i32.load offset=4 i32.const 1 i32.sub"
            " br_table 0 1 2 end i32.const 1 return end i32.const 2 return end i32.const 3)",
            {0}) == "2");
  }

  TEST_CASE("br_table carries values to targets of different heights") {
    const char* const source =
        "(func (export \"f\") (param i32) (result i32)"
        " i32.const 1000"
        " block (result i32)"
        "  i32.const 100"
        "  block (result i32)"
        "   i32.const 10"
        "   block (result i32) i32.const 5 i32.const 7 local.get 0 br_table 0 1 2 1 end"
        "   i32.add end"
        "  i32.add end"
        " i32.add)";
    CHECK(run(source, {0}) == "1117");
    CHECK(run(source, {1}) == "1107");
    CHECK(run(source, {2}) == "1007");
    CHECK(run(source, {3}) == "1107");
    CHECK(run(source, {99}) == "1107");
    const char* const pairs =
        "(func (export \"f\") (param i32) (result i32 i32)"
        " block (result i32 i32)"
        "  block (result i32 i32) i32.const 9 i32.const 1 i32.const 2 local.get 0 br_table 0 1 2 "
        "end"
        "  i32.const 10 i32.add end)";
    CHECK(run(pairs, {0}) == "1 12");
    CHECK(run(pairs, {1}) == "1 2");
    CHECK(run(pairs, {2}) == "1 2");
  }

  TEST_CASE("br_table back to loops") {
    // A state machine: counts how often each state was seen.
    const char* const source =
        "(func (export \"f\") (param i32) (result i32) (local $n i32)"
        " block $out"
        "  loop $top"
        "   local.get $n i32.const 1 i32.add local.set $n"
        "   block $skip"
        "    local.get 0 i32.const 3 i32.shr_u local.set 0"
        "    local.get 0 i32.const 7 i32.and br_table $top $skip $out $top"
        "   end"
        "   local.get $n i32.const 100 i32.add local.set $n"
        "   br $top"
        "  end"
        " end local.get $n)";
    CHECK(run(source, {(0 << 3) | (1 << 6) | (2 << 9)}) == "103");
    CHECK(run(source, {2 << 3}) == "1");
    CHECK(run(source, {(7 << 3) | (2 << 6)}) == "2");
    // With a value, to a loop that takes one.
    const char* const carried =
        "(func (export \"f\") (param i32) (result i32)"
        " i32.const 1"
        " block $out (param i32) (result i32)"
        "  loop $top (param i32) (result i32)"
        "   i32.const 3 i32.mul"
        "   local.get 0 i32.const 1 i32.sub local.tee 0"
        "   i32.eqz br_table $top $out"
        "  end end)";
    CHECK(run(carried, {1}) == "3");
    CHECK(run(carried, {4}) == "81");
  }

  TEST_CASE("large tables of branches") {
    for (const int count : {31, 32, 33, 34, 500}) {
      CAPTURE(count);
      std::string source = "(func (export \"f\") (param i32) (result i32) (local i32) ";
      for (int i = 0; i < count; ++i) source += "block ";
      source += "local.get 0 br_table";
      for (int i = 0; i < count; ++i) source += " " + text(i);
      for (int i = 0; i < count; ++i) source += " end i32.const " + text(i + 1000) + " return";
      Machines machines(source + ")");
      for (const int at : {0, 1, 15, 30, count - 1}) {
        CHECK(machines.call("f", {at}) == text(at + 1000));
      }
      CHECK(machines.call("f", {count}) == text(count + 999));
      CHECK(machines.call("f", {-1}) == text(count + 999));
    }
  }

  TEST_CASE("returns from within") {
    const char* const source =
        "(func (export \"f\") (param i32) (result i32)"
        " i32.const 1 i32.const 2"
        " local.get 0 if i32.const 5 i32.const 6 return end"
        " i32.add)";
    CHECK(run(source, {1}) == "6");
    CHECK(run(source, {0}) == "3");
    CHECK(run("(func (export \"f\") (param i32) (result i32 i32) i32.const 9"
              " block loop local.get 0 i32.const 4 return end end unreachable)",
              {3}) == "3 4");
    // Results over the places of the parameters they come from.
    CHECK(run("(func (export \"f\") (param i32 i32 i32) (result i32 i32 i32)"
              " local.get 2 local.get 0 local.get 1)",
              {1, 2, 3}) == "3 1 2");
    CHECK(run("(func (export \"f\") (result i32 i32 i32 i32)"
              " i32.const 4 i32.const 3 i32.const 2 i32.const 1)") == "4 3 2 1");
    // Branches to the function's own label.
    CHECK(run("(func (export \"f\") (param i32) (result i32 i32)"
              " i32.const 8 i32.const 9 local.get 0 br_if 0 drop drop i32.const 1 i32.const 2)",
              {1}) == "8 9");
  }

  TEST_CASE("code that is never reached") {
    CHECK(run("(func (export \"f\") (result i32) i32.const 3 return i32.add drop unreachable)") ==
          "3");
    CHECK(run("(func (export \"f\") (result i32)"
              " block (result i32) i32.const 1 br 0 i32.const 2 br 0 loop br 0 end end)") == "1");
    CHECK(run("(func (export \"f\") (result i32) loop (result i32) i32.const 6 br 1 end)") == "6");
    CHECK(run("(func (export \"f\") unreachable)") == "trap: unreachable");
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " local.get 0 if unreachable end i32.const 1)",
              {1}) == "trap: unreachable");
  }

  TEST_CASE("select") {
    for (const char* type : {"i32", "i64", "f32", "f64"}) {
      CAPTURE(type);
      const std::string t = type;
      const std::string source = "(func (export \"f\") (param i32 " + t + " " + t + ") (result " +
                                 t + ") local.get 1 local.get 2 local.get 0 select)";
      const std::string constants = "(func (export \"f\") (param i32) (result " + t + ") " + t +
                                    ".const 6 " + t + ".const 7 local.get 0 select (result " + t +
                                    "))";
      CHECK(run(constants, {1}) == "6");
      CHECK(run(constants, {0}) == "7");
      CHECK(run(constants, {0x100}) == "6");
      if (t == "i32") CHECK(run(source, {-1, 3, 4}) == "3");
      if (t == "f64") CHECK(run(source, {0, 3.0, 4.5}) == "4.5");
    }
    CHECK(run("(func (export \"f\") (param i32) (result i32)"
              " ref.null func ref.func 0 local.get 0 select (result funcref) ref.is_null)"
              " (elem declare func 0)",
              {1}) == "1");
    // Both operands are evaluated, whichever is chosen.
    CHECK(run("(memory 1) (func (export \"f\") (result i32)"
              " i32.const 1 i32.const -1 i32.load i32.const 1 select)") ==
          "trap: out of bounds memory access");
    // Of a comparison, of loaded values.
    CHECK(run("(memory 1) (data (i32.const 0) \"\\05\\00\\00\\00\\09\") (func (export \"f\")"
              " (param i32) (result i32)"
              " i32.const 0 i32.load i32.const 4 i32.load8_u"
              " local.get 0 i32.const 4 i32.gt_s select)",
              {5}) == "5");
  }
}
