// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

constexpr const char* kUncaught = "exception: uncaught exception: tag \"e\" (i32 5)";

/// Calls "back", catches what it throws, and throws 5 itself.
constexpr const char* kGuest = R"((module
  (import "host" "f" (func $f (param i32) (result i32)))
  (tag $e (export "e") (param i32))
  (func (export "throw") (param i32) (result i32) (throw $e (local.get 0)))
  (func (export "call") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (call $f (local.get 0)))
      (return))
    (i32.add (i32.const 100)))
  (func $tail (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (return_call $f (local.get 0))))
    (i32.add (i32.const 1000)))
  (func (export "catch_tail") (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (call $tail (local.get 0)))
      (return))
    (i32.add (i32.const 200)))
  (func (export "catch_all") (param i32) (result i32)
    (block $h
      (try_table (catch_all $h) (return (call $f (local.get 0)))))
    (i32.const -1))))";

/// An instance of the guest whose "f" fails with what its "throw" fails with.
struct Guest {
  explicit Guest(const StoreConfig& config = {}) : store(config) {
    linker.define("host", "f", [this](std::int32_t x) -> Result<std::int32_t> {
      if (error) return *error;
      return (*instance->func<std::int32_t(std::int32_t)>("throw"))(x);
    });
    instance = instance_of(linker, kGuest);
  }
  Result<std::int32_t> call(const char* name, std::int32_t x) {
    return (*instance->func<std::int32_t(std::int32_t)>(name))(x);
  }

  Store store;
  Linker linker{store};
  std::optional<Instance> instance;
  std::optional<Error> error;
};

}  // namespace

TEST_SUITE("api_exception") {
  TEST_CASE("what leaves the outermost call is an error with the exception") {
    Guest guest;
    const Result<std::int32_t> result = guest.call("throw", 5);
    CHECK(outcome(result) == kUncaught);
    REQUIRE(result.error().backtrace.size() == 1);
    const auto exception = Exception::of(result.error());
    REQUIRE(exception);
    CHECK(exception->tag() == *guest.instance->tag("e"));
    REQUIRE(exception->values().size() == 1);
    CHECK(exception->values()[0].i32() == 5);
    CHECK(!Exception::of(Error{ErrorKind::exception, "made up"}));
  }

  TEST_CASE("a host function passes an exception on") {
    for (const bool loop : {false, true}) {
      StoreConfig config;
      config.portable_loop = loop;
      Guest guest(config);
      CHECK(*guest.call("catch", 5) == 105);
      CHECK(*guest.call("catch_all", 5) == -1);
      // The frame that made the tail call is gone, its caller's handler is not.
      CHECK(*guest.call("catch_tail", 5) == 205);
      const Result<std::int32_t> result = guest.call("call", 5);
      CHECK(outcome(result) == kUncaught);
      REQUIRE(result.error().backtrace.size() == 2);
      CHECK(result.error().backtrace[0].function_name == "throw");
      CHECK(result.error().backtrace[1].function_name == "call");
      CHECK(Exception::of(result.error()));
    }
  }

  TEST_CASE("a host function throws") {
    Guest guest;
    const Tag tag = *guest.instance->tag("e");
    const Value seven[] = {std::int32_t{7}};
    const auto exception = Exception::create(tag, seven);
    REQUIRE(exception);
    guest.error = exception->error();
    CHECK(*guest.call("catch", 0) == 107);
    CHECK(*guest.call("catch", 0) == 107);
    CHECK(outcome(guest.call("call", 0)) == "exception: uncaught exception: tag \"e\" (i32 7)");
    guest.error = Error{ErrorKind::host, "no"};
    CHECK(outcome(guest.call("catch_all", 0)) == "host: no");
    guest.error = Error{ErrorKind::exception, "made up"};
    CHECK(outcome(guest.call("catch_all", 0)) == "exception: made up");
  }

  TEST_CASE("an exception of another store is an error only") {
    Guest guest;
    Guest other;
    guest.error = other.call("throw", 5).error();
    CHECK(outcome(guest.call("catch_all", 0)) == kUncaught);
  }

  TEST_CASE("values have to fit the tag") {
    Store store;
    const auto tag = Tag::create(store, {{{ValueType::i32, ValueType::f64}, {}}});
    REQUIRE(tag);
    CHECK(to_string(ExternType(tag->type())) == "(tag (param i32 f64))");
    const Value one[] = {std::int32_t{7}};
    CHECK(outcome(Exception::create(*tag, one)) == "host: 1 values for 2 of the tag");
    const Value wrong[] = {std::int32_t{7}, 1.5f};
    CHECK(outcome(Exception::create(*tag, wrong)) == "host: value 2 of 2 is to be f64 and is f32");
    const Value good[] = {std::int32_t{7}, 1.5};
    const auto exception = Exception::create(*tag, good);
    REQUIRE(exception);
    CHECK(exception->values().at(1).f64() == 1.5);
    CHECK(to_string(exception->error()) == "uncaught exception: tag of the host (i32 7, f64 1.5)");
    CHECK(outcome(Tag::create(store, {{{}, {ValueType::i32}}})) == "host: a tag has no results");
  }

  TEST_CASE("the host's tags are imported") {
    Store store;
    Linker linker(store);
    const auto tag = Tag::create(store, {{{ValueType::i32}, {}}});
    REQUIRE(tag);
    linker.define("host", "tag", *tag);
    const Instance instance = instance_of(linker, R"((module
      (import "host" "tag" (tag $t (param i32)))
      (export "t" (tag $t))
      (func (export "f") (throw $t (i32.const 3)))))");
    CHECK(*instance.tag("t") == *tag);
    const auto thrown = (*instance.func<void()>("f"))();
    CHECK(outcome(thrown) == "exception: uncaught exception: tag of the host (i32 3)");
    CHECK(Exception::of(thrown.error())->tag() == *tag);
    CHECK(outcome(linker.instantiate(module_of(R"((module (import "host" "tag" (tag))))"))) ==
          "unlinkable: incompatible import type: \"host\" \"tag\" is to be (tag) and is "
          "(tag (param i32))");
    CHECK(outcome(instance.tag("f")) == "host: the export \"f\" is not a tag");
  }
}
