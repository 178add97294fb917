// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "decoder/reader.hpp"
#include "decoder/test_bytes.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;
using namespace tinywasm::decoder::test;

namespace {

/// "" for a valid module, else kind and message up to its first colon.
std::string verdict(Result<Module> module) {
  const Result<void> result = module ? validate_module(*module) : Result<void>(module.error());
  if (result) return "";
  const std::string& message = result.error().message;
  return std::string(to_string(result.error().kind)) + ": " + message.substr(0, message.find(':'));
}

/// The verdict on functions in a module with the tags $e [] and $i [i32].
std::string check(std::string_view functions) {
  auto bytes = assemble("(module (tag $e) (tag $i (param i32)) " + std::string(functions) + ")");
  if (!bytes) FAIL(bytes.error().message << " in " << functions);
  return verdict(read_module(*std::move(bytes)));
}

/// The same for the bytes of a function without parameters or results, in a module with one tag.
std::string check_bytes(Parts instructions) {
  return verdict(read_module(
      module({section(1, {vec({bytes({0x60, 0, 0})})}), section(3, {vec({0})}),
              section(13, {vec({bytes({0, 0})})}), section(10, {vec({body(instructions)})})})));
}

constexpr const char* kMismatch = "invalid: type mismatch";

}  // namespace

TEST_SUITE("validate_exceptions") {
  TEST_CASE("throw and throw_ref") {
    CHECK(check("(func (throw $e))").empty());
    CHECK(check("(func (result f64) (throw $i (i32.const 1)))").empty());
    CHECK(check("(func (throw $i))") == kMismatch);
    CHECK(check("(func (throw $i (i64.const 1)))") == kMismatch);
    CHECK(check("(func (throw 2))") == "invalid: unknown tag 2");
    CHECK(check("(func (param exnref) (throw_ref (local.get 0)))").empty());
    CHECK(check("(func (param (ref exn)) (result i32) (throw_ref (local.get 0)))").empty());
    CHECK(check("(func (throw_ref (ref.null noexn)))").empty());
    CHECK(check("(func (param externref) (throw_ref (local.get 0)))") == kMismatch);
  }

  TEST_CASE("the clauses of try_table fit their labels") {
    CHECK(check("(func (block $l (try_table (catch $e $l) (catch_all $l))))").empty());
    CHECK(check("(func (result i32) (try_table (result i32) (catch $i 0) (i32.const 1)))").empty());
    CHECK(check("(func (block $l (result exnref) (try_table (catch_all_ref $l)) (unreachable))"
                " (drop))")
              .empty());
    CHECK(check("(func (block $l (result i32 (ref exn)) (try_table (catch_ref $i $l))"
                " (unreachable)) (drop) (drop))")
              .empty());
    CHECK(check("(func (loop $l (param i32) (drop) (try_table (catch $i $l))))") == kMismatch);
    CHECK(check("(func (i32.const 0) (loop $l (param i32) (drop) (try_table (catch $i $l))))")
              .empty());
    CHECK(check("(func (block $l (try_table (catch $i $l))))") == kMismatch);
    CHECK(check("(func (block $l (try_table (catch_all_ref $l))))") == kMismatch);
    CHECK(check("(func (block $l (try_table (catch 7 $l))))") == "invalid: unknown tag 7");
    CHECK(check("(func (try_table (catch_all 1)))") == "invalid: unknown label 1");
    CHECK(check("(func (try_table (catch_all 0)))").empty());
    CHECK(check("(func (result i32) (try_table (result i32)))") == kMismatch);
  }

  TEST_CASE("the legacy try") {
    CHECK(check("(func (try (do)))").empty());
    CHECK(check("(func (result i32) (try (result i32) (do (i32.const 1)) (catch $i)"
                " (catch_all (i32.const 2))))")
              .empty());
    CHECK(check("(func (try (do) (catch $i)))") == kMismatch);
    CHECK(check("(func (result i32) (try (result i32) (do (i32.const 1)) (catch $e)))") ==
          kMismatch);
    CHECK(check("(func (try (do) (catch 5)))") == "invalid: unknown tag 5");
    CHECK(check("(func (try (do) (catch $e (rethrow 0)) (catch_all (rethrow 0))))").empty());
    CHECK(check("(func (try (do) (catch $e (block (rethrow 1)))))").empty());
    CHECK(check("(func (try (do) (catch $e (block (rethrow 0)))))") ==
          "invalid: invalid rethrow label");
    CHECK(check("(func (try (do (rethrow 0)) (catch $e)))") == "invalid: invalid rethrow label");
    CHECK(check("(func (rethrow 1))") == "invalid: unknown label 1");
    CHECK(check("(func (try (do) (delegate 0)))").empty());
    CHECK(check("(func (try (do) (delegate 1)))") == "invalid: unknown label 1");
    // The caught exception below the operands is out of reach.
    CHECK(check("(func (try (do) (catch $e (drop))))") == kMismatch);
    CHECK(check("(func (result exnref) (try (result exnref) (do (ref.null exn)) (catch $e)))") ==
          kMismatch);
    // Locals that a part has set are not set in the next one.
    CHECK(check("(func (param (ref exn)) (local (ref exn)) (try (do (local.set 1 (local.get 0)))"
                " (catch $e (drop (local.get 1)))))") == "invalid: uninitialized local 1");
  }

  TEST_CASE("opcodes in wrong places") {
    CHECK(check_bytes({0x06, 0x40, 0x07, 0, 0x19, 0x0b}).empty());
    CHECK(check_bytes({0x07, 0}) == "malformed: misplaced CATCH opcode");
    CHECK(check_bytes({0x19}) == "malformed: misplaced CATCH_ALL opcode");
    CHECK(check_bytes({0x18, 0}) == "malformed: misplaced DELEGATE opcode");
    CHECK(check_bytes({0x06, 0x40, 0x19, 0x07, 0, 0x0b}) == "malformed: misplaced CATCH opcode");
    CHECK(check_bytes({0x06, 0x40, 0x19, 0x19, 0x0b}) == "malformed: misplaced CATCH_ALL opcode");
    CHECK(check_bytes({0x06, 0x40, 0x07, 0, 0x18, 0, 0x0b}) ==
          "malformed: misplaced DELEGATE opcode");
    CHECK(check_bytes({0x06, 0x40, 0x05, 0x0b}) == "malformed: misplaced ELSE opcode");
    CHECK(check_bytes({0x02, 0x40, 0x07, 0, 0x0b}) == "malformed: misplaced CATCH opcode");
    CHECK(check_bytes({0x1f, 0x40, 1, 4, 0, 0x0b}) == "malformed: malformed catch clause");
  }

  TEST_CASE("a constant expression has none of it") {
    for (const std::string_view init :
         {"(throw $e) (i32.const 0)", "try end i32.const 0", "try delegate 0 i32.const 0",
          "(try_table) (i32.const 0)"}) {
      INFO(init);
      CHECK(check("(global i32 " + std::string(init) + ")") ==
            "invalid: constant expression required");
    }
  }
}
