// SPDX-License-Identifier: Apache-2.0
// Instructions of few bytes that name many types: what validating them remembers is right, and the
// time it takes is that of the bytes. Each module here took from seconds to minutes without.
#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include <tinywasm/interrupt.hpp>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;

namespace {

std::string times(int count, std::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

Module read(std::string_view source) {
  auto bytes = assemble(source);
  if (!bytes) FAIL(to_string(bytes.error()));
  auto module = read_module(*std::move(bytes));
  if (!module) FAIL(to_string(module.error()));
  return *std::move(module);
}

/// "" for a valid module, else the message up to its first colon.
std::string verdict(std::string_view source) {
  Module module = read(source);
  const Result<void> result = validate_module(module);
  return result ? "" : result.error().message.substr(0, result.error().message.find(':'));
}

/// Types $t0 to $t59, each a subtype of the one before it; $top is the first, $low the last.
std::string chain() {
  std::string text = "(type $top (sub (struct)))";
  for (int i = 1; i < 60; ++i) {
    text += "(type " + (i == 59 ? std::string("$low") : "$t" + std::to_string(i)) + " (sub " +
            (i == 1 ? std::string("$top") : "$t" + std::to_string(i - 1)) + " (struct)))";
  }
  return text;
}

const std::string kTypes = chain() + "(type $lows (func (param" + times(1000, " (ref null $low)") +
                           ")))" + "(type $tops (func (result" + times(1000, " (ref null $top)") +
                           ")))" + "(type $other (struct))" + "(type $big (struct" +
                           times(9'999, " (field i32)") + "))" + "(type $bad (struct" +
                           times(5'000, " (field i32)") + " (field (ref $top))))";

}  // namespace

TEST_SUITE("validator_cost") {
  TEST_CASE("clauses with a thousand subtypes") {
    const std::string clauses = times(20'000, " (catch $e $l)");
    const std::string body =
        "(func (block $l (type $tops) (try_table" + clauses + ") unreachable) unreachable)";
    CHECK(verdict(kTypes + "(tag $e (type $lows))" + body) == "");
    // The same with one type that does not fit, after many clauses that did.
    const std::string wrong = "(type $wrong (func (param" + times(999, " (ref null $low)") +
                              " (ref null $other))))(tag $f (type $wrong))";
    CHECK(verdict(kTypes + wrong + "(tag $e (type $lows)) (func (block $l (type $tops) (try_table" +
                  clauses + " (catch $f $l)) unreachable) unreachable)") == "type mismatch");
  }

  TEST_CASE("labels, calls and tail calls with a thousand subtypes") {
    const std::string functions = "(func $give (result" + times(1000, " (ref null $low)") +
                                  ") unreachable) (func $take (param" +
                                  times(1000, " (ref null $top)") + "))";
    CHECK(verdict(kTypes + functions + "(func" + times(5'000, " call $give call $take") + ")") ==
          "");
    CHECK(verdict(kTypes + functions + "(func (type $tops) " + times(20'000, " return_call $give") +
                  ")") == "");
    std::string blocks;
    std::string labels;
    for (int i = 0; i < 20'000; ++i) labels += i % 2 == 0 ? " 0" : " 1";
    blocks = "(func (result" + times(1000, " (ref null $t1)") + ") (block (type $tops) call $give" +
             " i32.const 0 br_table" + labels + ") unreachable)";
    CHECK(verdict(kTypes + functions + blocks) == "");
  }

  TEST_CASE("structures with thousands of fields") {
    CHECK(verdict(kTypes + "(func" + times(20'000, " (drop (struct.new_default $big))") + ")") ==
          "");
    CHECK(verdict(kTypes +
                  "(func (drop (struct.new_default $big)) (drop (struct.new_default $bad)))") ==
          "field type is not defaultable");
    CHECK(verdict(kTypes + "(func unreachable" + times(20'000, " struct.new $big drop") + ")") ==
          "");
  }

  TEST_CASE("subtypes by their places") {
    const std::string tree =
        "(type $a (sub (struct))) (type $b (sub $a (struct))) (type $c (sub $b (struct)))"
        "(type $d (sub $a (struct (field i32)))) (type $e (sub (struct (field i64))))"
        // Equivalent to $b and $c.
        "(type $b2 (sub $a (struct))) (type $c2 (sub $b2 (struct)))";
    const auto fits = [&](const std::string& sub, const std::string& super) {
      return verdict(tree + "(func (param (ref " + sub + ")) (result (ref " + super +
                     ")) local.get 0)") == "";
    };
    for (const char* type : {"$a", "$b", "$c", "$d", "$b2", "$c2"}) {
      CAPTURE(type);
      CHECK(fits(type, "$a"));
      CHECK(fits(type, type));
      CHECK_FALSE(fits(type, "$e"));
      CHECK_FALSE(fits("$e", type));
    }
    CHECK(fits("$c", "$b"));
    CHECK(fits("$c2", "$b"));
    CHECK(fits("$c", "$b2"));
    CHECK(fits("$c", "$c2"));
    CHECK_FALSE(fits("$b", "$c"));
    CHECK_FALSE(fits("$b", "$d"));
    CHECK_FALSE(fits("$d", "$b"));
    CHECK_FALSE(fits("$a", "$b"));
  }

  TEST_CASE("an interrupt ends it") {
    InterruptToken token;
    token.interrupt();
    Module module = read("(module (type (func)) (func) (global i32 (i32.const 0)))");
    const auto result = validate_module(module, &token);
    REQUIRE(!result);
    CHECK(result.error().kind == ErrorKind::interrupted);
    CHECK(to_string(result.error()) == "interrupted");
    const auto text = assemble("(module (func))", &token);
    REQUIRE(!text);
    CHECK(text.error().kind == ErrorKind::interrupted);
    CHECK(to_string(text.error()) == "interrupted");
    const auto bytes = assemble("(module (func))");
    REQUIRE(bytes);
    const auto again = read_module(*bytes, &token);
    REQUIRE(!again);
    CHECK(again.error().kind == ErrorKind::interrupted);
    token.clear();
    CHECK(validate_module(module, &token));
  }
}
