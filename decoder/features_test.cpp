// SPDX-License-Identifier: Apache-2.0
#include "decoder/features.hpp"

#include <doctest/doctest.h>
#include <string>

#include <tinywasm/module.hpp>

#include "decoder/test_bytes.hpp"

namespace {

using namespace tinywasm::decoder::test;

using tinywasm::FeatureId;
using tinywasm::Features;
using tinywasm::Module;

Features parse(std::string_view list) {
  const auto features = Features::parse(list);
  REQUIRE(features);
  return *features;
}

/// "" when a module with these fields may be used.
std::string use(std::string_view fields, std::string_view features) {
  const auto module = Module::from_text(fields, parse(features));
  return module ? "" : module.error().message;
}

/// The same of a module with these sections.
std::string use_bytes(const Bytes& sections, std::string_view features) {
  const auto module =
      Module::from_binary(tinywasm::decoder::test::module({sections}), parse(features));
  return module ? "" : module.error().message;
}

}  // namespace

TEST_SUITE("features") {
  TEST_CASE("lists") {
    CHECK(parse("").has_all());
    CHECK(parse("all").has_all());
    CHECK(!parse("-gc").has(FeatureId::gc));
    CHECK(parse("-gc").has(FeatureId::simd));
    CHECK(!parse("wasm1").has(FeatureId::sign_extension));
    CHECK(parse("wasm2").has(FeatureId::simd));
    CHECK(!parse("wasm2").has(FeatureId::gc));
    CHECK(parse("wasm3").has(FeatureId::gc));
    CHECK(!parse("wasm3").has(FeatureId::threads));
    CHECK(parse("-gc,+threads,wasm3").has(FeatureId::threads));
    CHECK(!parse("-gc,+threads,wasm3").has(FeatureId::gc));
    CHECK(parse("simd") == parse("wasm1,+simd"));
    const auto unknown = Features::parse("wasm2,+gcc");
    REQUIRE(!unknown);
    CHECK(unknown.error().message.starts_with("there is no feature \"gcc\"; those known are "));
  }

  TEST_CASE("what modules use") {
    const std::string off = "feature is switched off: ";
    CHECK(use("(func (result i32) (i32.add (i32.const 1) (i32.const 2)))", "wasm1") == "");
    CHECK(use("(func (drop (i32.extend8_s (i32.const 1))))", "wasm1") == off + "sign-extension");
    CHECK(use("(func (drop (i32.extend8_s (i32.const 1))))", "wasm1,+sign-extension") == "");
    CHECK(use("(func (result i32 i32) unreachable)", "-multi-value") == off + "multi-value");
    CHECK(use("(func (local v128))", "-simd") == off + "simd");
    CHECK(use("(memory 1) (memory 1)", "wasm2") == "multiple memories");
    CHECK(use("(table 1 funcref) (table 1 funcref)", "wasm1") == "multiple tables");
    CHECK(use("(memory 0 0x1_0000_0000)", "wasm2") == "i32 constant out of range");
    CHECK(use("(memory i64 1)", "wasm2") == off + "memory64");
    CHECK(use("(table 1 externref)", "wasm1") == off + "reference-types");
    CHECK(use("(table 1 funcref) (elem (i32.const 0) 0) (func)", "wasm1") == "");
    CHECK(use("(data \"a\")", "wasm1") == off + "bulk-memory");
    CHECK(use("(type (struct))", "-gc") == off + "gc");
    CHECK(use("(tag)", "-exceptions,-legacy-exceptions") == off + "exceptions");
    CHECK(use("(tag) (func (try (do (throw 0)) (catch 0)))", "wasm2,+legacy-exceptions") == "");
    CHECK(use("(tag) (func (throw 0))", "wasm2") == off + "exceptions");
    CHECK(use("(func (return_call 0))", "wasm2") == off + "tail-call");
    CHECK(use("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "wasm2") ==
          off + "extended-const");
    CHECK(use("(global (export \"g\") (mut i32) (i32.const 1))", "wasm1") ==
          off + "mutable-globals");
    for (const char* size : {"1", "65536"}) {
      const std::string memory = std::string("(memory 1 (pagesize ") + size + "))";
      CHECK(use(memory, "wasm3") == off + "custom-page-sizes");
      CHECK(use("(module " + memory + ")", "wasm3") == off + "custom-page-sizes");
      CHECK(use("(module quote \"" + memory + "\")", "wasm3") == off + "custom-page-sizes");
      CHECK(use(memory, "wasm3,+custom-page-sizes") == "");
    }
  }

  TEST_CASE("types that only instructions name") {
    const std::string off = "feature is switched off: ";
    CHECK(use("(func (drop (ref.null func)))", "wasm2") == "");
    CHECK(use("(func (drop (ref.null any)))", "wasm2") == off + "gc");
    CHECK(use("(func (drop (ref.null exn)))", "wasm2") == off + "exceptions");
    CHECK(use("(type $f (func)) (func (drop (ref.null $f)))", "wasm2") ==
          off + "function-references");
    CHECK(use("(func (drop (block (result anyref) unreachable)))", "wasm2") == off + "gc");
    CHECK(use("(func (drop (block (result funcref) unreachable)))", "wasm2") == "");
    CHECK(use("(func (drop (block (result funcref) unreachable)))", "wasm1") ==
          off + "reference-types");
    CHECK(use("(func (drop (block (result v128) unreachable)))", "wasm1") == off + "simd");
    CHECK(use("(func unreachable (select (result eqref)) drop)", "wasm2") == off + "gc");
    CHECK(use("(global i32 (i32.const 1)) (global i32 (global.get 0))", "wasm2") == off + "gc");
    CHECK(use("(import \"\" \"\" (global i32)) (global i32 (global.get 0))", "wasm1") == "");
    CHECK(use("(global $g i32 (i32.const 1)) (table 1 funcref) (elem (global.get $g))", "wasm2") ==
          off + "gc");
  }

  TEST_CASE("newer forms of what is older") {
    const std::string off = "feature is switched off: ";
    const Bytes types = section(1, {vec({bytes({0x60, 0, 0})})});
    const Bytes functions = section(3, {vec({bytes({0})})});
    const Bytes memory = section(5, {vec({bytes({0, 1})})});
    const auto code = [](Parts instructions) { return section(10, {vec({body(instructions)})}); };
    struct Form {
      Bytes sections;
      const char* without;  // the features in which it is no form
      const char* feature;
    };
    const Form forms[] = {
        {bytes({section(13, {0})}), "wasm2", "exceptions"},
        {bytes({section(12, {0})}), "wasm1", "bulk-memory"},
        {bytes({section(1, {vec({bytes({0x4e, 1, 0x60, 0, 0})})})}), "wasm2", "gc"},
        {bytes({section(1, {vec({bytes({0x4e, 0})})})}), "wasm2", "gc"},
        {bytes({section(1, {vec({bytes({0x4f, 0, 0x60, 0, 0})})})}), "wasm2", "gc"},
        {bytes({section(1, {vec({bytes({0x60, 1, 0x63, 0x70, 0})})})}), "wasm2",
         "function-references"},
        {bytes({section(4, {vec({bytes({0x63, 0x70, 0, 1})})})}), "wasm2", "function-references"},
        {bytes({section(4, {vec({bytes({0x70, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0})})})}), "wasm2",
         "memory64"},
        {bytes({section(5, {vec({bytes({8, 1, 16})})})}), "wasm3", "custom-page-sizes"},
        {bytes({section(5, {vec({bytes({0, 0x81, 0x80, 0x80, 0x80, 0x80, 0})})})}), "wasm2",
         "memory64"},
        {bytes({section(5, {vec({bytes({1, 1, 0x81, 0x80, 0x80, 0x80, 0x80, 0})})})}), "wasm2",
         "memory64"},
        {bytes({section(2, {vec({bytes({0, 0, 2, 8, 1, 16})})})}), "wasm3", "custom-page-sizes"},
        {bytes({section(6, {vec({bytes({0x63, 0x70, 0, 0xd0, 0x70, 0x0b})})})}), "wasm2",
         "function-references"},
        {bytes({section(4, {vec({bytes({0x70, 0, 1})})}),
                section(9, {vec({bytes({2, 0, 0x41, 0, 0x0b, 0, 0})})})}),
         "wasm1", "bulk-memory"},
        {bytes({section(4, {vec({bytes({0x70, 0, 1})})}),
                section(9, {vec({bytes({6, 0, 0x41, 0, 0x0b, 0x63, 0x70, 0})})})}),
         "wasm2", "function-references"},
        {bytes({memory, section(11, {vec({bytes({2, 0, 0x41, 0, 0x0b, 0})})})}), "wasm1",
         "bulk-memory"},
        {bytes({types, functions, code({0x02, 0, 0x0b})}), "wasm1", "multi-value"},
        {bytes({types, functions, code({0x02, 0x63, 0x6f, 0, 0x0b, 0x1a})}), "wasm2",
         "function-references"},
        {bytes({types, functions, section(10, {vec({sized({1, 1, 0x63, 0x70, 0x0b})})})}), "wasm2",
         "function-references"},
        {bytes({types, functions, memory, code({0x3f, 0x80, 0, 0x1a})}), "wasm2", "multi-memory"},
        {bytes({types, functions, memory, code({0x41, 0, 0x40, 0x80, 0, 0x1a})}), "wasm2",
         "multi-memory"},
        {bytes({types, functions, memory, code({0x41, 0, 0x28, 0x40, 0, 0, 0x1a})}), "wasm2",
         "multi-memory"},
        {bytes({types, functions, memory,
                code({0x41, 0, 0x28, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a})}),
         "wasm2", "memory64"},
        {bytes(
             {types, functions, memory, code({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 0, 0x80, 0})}),
         "wasm2", "multi-memory"},
        {bytes({types, functions, memory, code({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0x80, 0})}),
         "wasm2", "multi-memory"},
        {bytes({types, functions, section(4, {vec({bytes({0x70, 0, 1})})}),
                code({0x41, 0, 0x11, 0, 0x80, 0})}),
         "wasm1", "reference-types"},
    };
    for (const Form& form : forms) {
      CAPTURE(&form - forms);
      CHECK(use_bytes(form.sections, form.without) == off + form.feature);
      CHECK(use_bytes(form.sections, std::string(form.without) + ",+" + form.feature) == "");
    }
  }

  TEST_CASE("custom descriptors") {
    const std::string off = "feature is switched off: custom-descriptors";
    const std::string types =
        "(rec (type $s (descriptor $d) (struct)) (type $d (describes $s) (struct)))";
    CHECK(use(types, "all") == "");
    CHECK(use(types, "wasm3") == off);
    CHECK(use("(type $s (struct))", "wasm3") == "");
    CHECK(use("(type $s (struct (field (ref null (exact 0)))))", "wasm3") == off);
    CHECK(use("(type $s (struct)) (func (param (ref (exact $s))))", "wasm3") == off);
    CHECK(use("(type $s (struct)) (func (local (ref null (exact $s))))", "wasm3") == off);
    CHECK(use("(type $s (struct)) (func (drop (ref.null (exact $s))))", "wasm3") == off);
    CHECK(use("(type $s (struct)) (func (drop (block (result (ref (exact $s)))"
              " (struct.new $s))))",
              "wasm3") == off);
    CHECK(use("(type $s (struct)) (func (param anyref)"
              " (drop (ref.test (ref (exact $s)) (local.get 0))))",
              "wasm3") == off);
    CHECK(use("(import \"m\" \"f\" (func (exact)))", "wasm3") == off);
    CHECK(use("(type $s (struct)) (global (ref $s) (struct.new $s))", "wasm3") == "");
    // Casts between unrelated types.
    const std::string cast =
        "(func (param eqref) (result anyref) (br_on_cast 0 eqref anyref (local.get 0)))";
    CHECK(use(cast, "all") == "");
    CHECK(use(cast, "wasm3") == "type mismatch: cast from eqref to anyref");
  }
}
