// SPDX-License-Identifier: Apache-2.0
#include "decoder/features.hpp"

#include <doctest/doctest.h>
#include <string>

#include <tinywasm/module.hpp>

namespace {

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
    CHECK(use("(func (return_call 0))", "wasm2") == off + "tail-call");
    CHECK(use("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "wasm2") ==
          off + "extended-const");
    CHECK(use("(global (export \"g\") (mut i32) (i32.const 1))", "wasm1") ==
          off + "mutable-globals");
    CHECK(use("(memory 1 (pagesize 1))", "wasm3") == off + "custom-page-sizes");
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
