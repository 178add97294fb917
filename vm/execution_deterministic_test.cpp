// SPDX-License-Identifier: Apache-2.0
// The deterministic profile: computed NaNs are the positive canonical one, in all ways of running.
#include <string>

#include "vm/test_run.hpp"

using namespace tinywasm;

namespace {

/// The bits that `code`, which leaves a value of type `type` computed from its parameter, gives for
/// a NaN with sign and payload.
std::string nan_bits(std::string_view type, const std::string& code) {
  StoreConfig config;
  config.deterministic = true;
  const bool is_32 = type == "f32";
  const std::string result = is_32 ? "i32" : "i64";
  const std::string name(type);
  Machines machines("(func (export \"f\") (param " + name + ") (result " + result + ") " + code +
                        " " + result + ".reinterpret_" + name + ")",
                    {}, config);
  const std::uint64_t bits = is_32 ? 0xffa00001 : 0xfff4000000000001;
  return machines.call(
      "f", {Value::from_slots(nullptr, is_32 ? ValueType::f32 : ValueType::f64, &bits)});
}

const std::string kCanonical32 = std::to_string(0x7fc00000);
const std::string kCanonical64 = std::to_string(0x7ff8000000000000);

}  // namespace

TEST_SUITE("execution_deterministic") {
  TEST_CASE("scalar instructions") {
    for (const std::string p : {"f32", "f64"}) {
      const std::string canonical = p == "f32" ? kCanonical32 : kCanonical64;
      for (const char* op : {"ceil", "floor", "trunc", "nearest", "sqrt"}) {
        CAPTURE(op);
        CHECK(nan_bits(p, "local.get 0 " + p + "." + op) == canonical);
      }
      for (const char* op : {"add", "sub", "mul", "div", "min", "max"}) {
        CAPTURE(op);
        const std::string one = p + ".const 1 ";
        CHECK(nan_bits(p, "local.get 0 " + one + p + "." + op) == canonical);
        CHECK(nan_bits(p, one + "local.get 0 " + p + "." + op) == canonical);
        CHECK(nan_bits(p, "local.get 0 local.get 0 " + p + "." + op + " " + one + p + ".add") ==
              canonical);
      }
      CHECK(nan_bits(p, p + ".const 0 " + p + ".const 0 " + p + ".div") == canonical);
      CHECK(nan_bits(p, p + ".const -1 " + p + ".sqrt") == canonical);
      // In a loop, with the value in a register.
      CHECK(nan_bits(p, "(local i32) loop local.get 0 " + p + ".const 2 " + p +
                            ".mul local.set 0 local.get 1 i32.const 1 i32.add local.tee 1"
                            " i32.const 9 i32.lt_u br_if 0 end local.get 0") == canonical);
      // These move bits.
      const std::string same = nan_bits(p, "local.get 0");
      CHECK(same != canonical);
      CHECK(nan_bits(p, "local.get 0 " + p + ".neg " + p + ".neg") == same);
      CHECK(nan_bits(p, "local.get 0 local.get 0 " + p + ".copysign") == same);
    }
    CHECK(nan_bits("f32", "local.get 0 f64.promote_f32 f32.demote_f64") == kCanonical32);
    CHECK(nan_bits("f64", "local.get 0 f32.demote_f64 f64.promote_f32") == kCanonical64);
  }

  TEST_CASE("vector instructions") {
    StoreConfig config;
    config.deterministic = true;
    std::string source;
    const auto function = [&source](const std::string& name, const std::string& code) {
      source += "(func (export \"" + name + "\") (param v128) (result v128) " + code + ")";
    };
    for (const std::string p : {"f32x4", "f64x2"}) {
      for (const char* op : {"ceil", "floor", "trunc", "nearest", "sqrt"}) {
        function(p + "." + op, "local.get 0 " + p + "." + op);
      }
      for (const char* op :
           {"add", "sub", "mul", "div", "min", "max", "relaxed_min", "relaxed_max"}) {
        function(p + "." + op, "local.get 0 local.get 0 " + p + "." + op);
      }
      for (const char* op : {"relaxed_madd", "relaxed_nmadd"}) {
        function(p + "." + op, "local.get 0 local.get 0 local.get 0 " + p + "." + op);
      }
      for (const char* op : {"pmin", "pmax"}) {
        function(p + "." + op, "local.get 0 local.get 0 " + p + "." + op);
      }
    }
    Machines machines(source, {}, config);
    V128 value32;
    V128 value64;
    const std::uint32_t nan32 = 0xffa00001;
    const std::uint64_t nan64 = 0xfff4000000000001;
    std::memcpy(value32.bytes.data() + 4, &nan32, sizeof nan32);
    std::memcpy(value64.bytes.data() + 8, &nan64, sizeof nan64);
    for (const char* op : {"ceil", "floor", "trunc", "nearest", "sqrt", "add", "sub", "mul", "min",
                           "max", "relaxed_min", "relaxed_max", "relaxed_madd", "relaxed_nmadd"}) {
      CAPTURE(op);
      CHECK(machines.call(std::string("f32x4.") + op, {value32}) ==
            "0x00000000000000007fc0000000000000");
      CHECK(machines.call(std::string("f64x2.") + op, {value64}) ==
            "0x7ff80000000000000000000000000000");
    }
    CHECK(machines.call("f32x4.div", {value32}) == "0x7fc000007fc000007fc000007fc00000");
    CHECK(machines.call("f64x2.div", {value64}) == "0x7ff80000000000007ff8000000000000");
    for (const char* op : {"pmin", "pmax"}) {
      CHECK(machines.call(std::string("f32x4.") + op, {value32}) == to_string(Value(value32)));
      CHECK(machines.call(std::string("f64x2.") + op, {value64}) == to_string(Value(value64)));
    }
  }

  TEST_CASE("results that are no NaNs are what they always are") {
    StoreConfig config;
    config.deterministic = true;
    Machines machines(
        "(func (export \"f\") (param f64 f64) (result f64)"
        " local.get 0 local.get 1 f64.mul local.get 0 local.get 1 f64.div f64.sub f64.sqrt)"
        "(func (export \"v\") (param v128) (result v128)"
        " local.get 0 f64x2.promote_low_f32x4 f32x4.demote_f64x2_zero)",
        {}, config);
    CHECK(machines.call("f", {4.0, 2.0}) == "2.449489742783178");
    V128 v;
    for (std::size_t i = 0; i < 8; ++i) v.bytes[i] = static_cast<std::uint8_t>(0x30 + i);
    CHECK(machines.call("v", {v}) == to_string(Value(v)));
  }

  TEST_CASE("both kinds of code of one module") {
    auto module = Module::from_text(
        "(module (func (export \"f\") (param f32) (result f32) local.get 0 local.get 0 f32.add))");
    REQUIRE(module);
    const std::uint64_t bits = 0xffa00001;
    const Value nan = Value::from_slots(nullptr, ValueType::f32, &bits);
    for (const bool deterministic : {false, true, false}) {
      StoreConfig config;
      config.deterministic = deterministic;
      Store store(config);
      Linker linker(store);
      const auto results = linker.instantiate(*module)->func("f")->call({nan});
      REQUIRE(results);
      const auto result = static_cast<std::uint32_t>((*results)[0].slots()[0]);
      if (deterministic) CHECK(result == 0x7fc00000);
      if (!deterministic) CHECK((result & 0x7fc00000) == 0x7fc00000);
    }
  }
}
