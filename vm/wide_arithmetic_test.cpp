// SPDX-License-Identifier: Apache-2.0
#include "vm/wide_arithmetic.hpp"

#include <doctest/doctest.h>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::run;
using namespace tinywasm::vm::numeric;

namespace {

constexpr u64 kMax = ~u64{0};
constexpr u64 kMin = u64{1} << 63;

static_assert(i64_add128(kMax, 0, 1, 0) == Wide{0, 1});
static_assert(i64_add128(kMax, kMax, kMax, kMax) == Wide{kMax - 1, kMax});
static_assert(i64_add128(1, 2, 3, 4) == Wide{4, 6});
static_assert(i64_sub128(0, 0, 1, 0) == Wide{kMax, kMax});
static_assert(i64_sub128(5, 7, 4, 2) == Wide{1, 5});
static_assert(i64_sub128(0, 1, 1, 1) == Wide{kMax, kMax});
static_assert(i64_mul_wide_u(kMax, kMax) == Wide{1, kMax - 1});
static_assert(i64_mul_wide_u(0x1'0000'0001, 0x1'0000'0001) == Wide{0x2'0000'0001, 1});
static_assert(i64_mul_wide_u(kMin, 2) == Wide{0, 1});
static_assert(i64_mul_wide_s(kMax, kMax) == Wide{1, 0});
static_assert(i64_mul_wide_s(kMax, 2) == Wide{kMax - 1, kMax});
static_assert(i64_mul_wide_s(kMin, kMin) == Wide{0, u64{1} << 62});
static_assert(i64_mul_wide_s(kMin, kMax) == Wide{kMin, 0});
static_assert(i64_mul_wide_s(3, 5) == Wide{15, 0});

}  // namespace

TEST_SUITE("wide_arithmetic") {
  TEST_CASE("two results, whatever happens to operands and results around them") {
    Machines machines(
        "(func (export \"add\") (param i64 i64 i64 i64) (result i64 i64)"
        " local.get 0 local.get 1 local.get 2 local.get 3 i64.add128)"
        // Operands that are trees, constants and results; results that are operands.
        "(func (export \"chain\") (param i64 i64) (result i64 i64)"
        " local.get 0 local.get 1 i64.mul_wide_u i64.const -1 i64.const 0x123456789abcdef"
        " i64.add128 local.get 0 i64.const 1 i64.add local.get 1 i64.sub128)"
        "(func (export \"swap\") (param i64 i64) (result i64)"
        " local.get 0 local.get 1 i64.mul_wide_s local.set 0 local.set 1"
        " local.get 0 i64.const 10 i64.mul local.get 1 i64.add)"
        "(func (export \"high\") (param i64 i64) (result i64) (local i64)"
        " local.get 0 local.get 1 i64.mul_wide_u local.set 2 drop local.get 2)"
        // What is below on the stack keeps its value.
        "(func (export \"below\") (param i64) (result i64)"
        " local.get 0 i64.const 5 i64.add local.get 0 local.get 0 i64.mul_wide_u i64.add i64.sub)"
        "(func (export \"loop\") (param i64) (result i64 i64) (local i64 i64)"
        " loop local.get 1 local.get 2 i64.const -1 i64.const 0 i64.add128"
        " local.set 2 local.set 1 local.get 0 i64.const 1 i64.sub local.tee 0 i64.eqz i32.eqz"
        " br_if 0 end local.get 1 local.get 2)");
    const auto wide = [](u64 x) { return static_cast<std::int64_t>(x); };
    CHECK(machines.call("add", {wide(kMax), wide(1), wide(2), wide(3)}) == "1 5");
    CHECK(machines.call("chain", {wide(6), wide(7)}) == "34 81985529216486889");
    CHECK(machines.call("swap", {wide(kMax), wide(3)}) == "-13");
    CHECK(machines.call("high", {wide(kMax), wide(3)}) == "2");
    CHECK(machines.call("below", {wide(kMax)}) == "5");
    CHECK(machines.call("loop", {wide(1000)}) == "-1000 999");
  }

  TEST_CASE("operands are checked") {
    for (const char* body :
         {"i64.const 1 i64.const 2 i64.add128", "i64.const 1 i32.const 2 i64.mul_wide_s",
          "i64.const 1 i64.const 2 i64.mul_wide_u i64.const 3"}) {
      CAPTURE(body);
      const auto module =
          tinywasm::Module::from_text("(module (func (result i64 i64) " + std::string(body) + "))");
      REQUIRE(!module);
      CHECK(module.error().message.starts_with("type mismatch"));
    }
  }
}
