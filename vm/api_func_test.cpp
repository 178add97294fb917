// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "vm/api_testing.hpp"

using namespace tinywasm;

TEST_SUITE("api_func") {
  TEST_CASE("typed calls of every number type") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, R"((module
      (func (export "i32") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func (export "i64") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
      (func (export "f32") (param f32 f32) (result f32) (f32.sub (local.get 0) (local.get 1)))
      (func (export "f64") (param f64 f64) (result f64) (f64.sub (local.get 0) (local.get 1)))
      (func (export "mix") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0))
      (func (export "none"))))");
    CHECK(*(*instance.func<std::int32_t(std::int32_t, std::int32_t)>("i32"))(1, 3) == -2);
    CHECK(*(*instance.func<std::uint32_t(std::uint32_t, std::uint32_t)>("i32"))(1, 3) ==
          0xffff'fffe);
    CHECK(*(*instance.func<std::int64_t(std::int64_t, std::int64_t)>("i64"))(1, 3) == -2);
    CHECK(*(*instance.func<float(float, float)>("f32"))(0.5f, 2) == -1.5f);
    CHECK(*(*instance.func<double(double, double)>("f64"))(0.25, 2) == -1.75);
    CHECK((*instance.func<void()>("none"))());
    using Four = std::tuple<double, float, std::int64_t, std::int32_t>;
    const auto mix = instance.func<Four(std::int32_t, std::int64_t, float, double)>("mix");
    REQUIRE(mix);
    CHECK(*(*mix)(-1, -2, 3.5f, 4.25) == Four(4.25, 3.5f, -2, -1));
  }

  TEST_CASE("a signature is checked when the function is looked up") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, R"((module (memory (export "m") 1)
      (func (export "f") (param i32) (result i64) (i64.const 0))))");
    CHECK(outcome(instance.func<std::int64_t(std::int32_t)>("f")) == "ok");
    CHECK(outcome(instance.func<std::int32_t(std::int32_t)>("f")) ==
          "host: export \"f\": the function's type is (func (param i32) (result i64)), not (func "
          "(param i32) (result i32))");
    CHECK(outcome(instance.func<void()>("g")) == "host: there is no export \"g\"");
    CHECK(outcome(instance.func("m")) == "host: the export \"m\" is not a function");
    CHECK(outcome(instance.memory("f")) == "host: the export \"f\" is not a memory");
  }

  TEST_CASE("arguments of concrete types are checked against what the function says of itself") {
    Store store;
    Linker linker(store);
    // The first two types are one in the Store: indices of the module and of the Store differ.
    const Instance instance = instance_of(linker, R"((module
      (type (func)) (type (func)) (type $f (func (param i32)))
      (func (export "is_null") (param (ref null $f)) (result i32) (ref.is_null (local.get 0)))))");
    const auto is_null = instance.func("is_null");
    REQUIRE(is_null);
    const auto result = is_null->call({Value::null(is_null->type().params[0])});
    REQUIRE(result);
    CHECK((*result)[0].i32() == 1);
  }

  TEST_CASE("calls with values are checked at each call") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, R"((module
      (func (export "f") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))))");
    const auto f = instance.func("f");
    REQUIRE(f);
    CHECK(to_string(ExternType(f->type())) == "(func (param i32 f64) (result f64 i32))");
    const auto results = f->call({3, 0.5});
    REQUIRE(results);
    REQUIRE(results->size() == 2);
    CHECK((*results)[0].f64() == 0.5);
    CHECK((*results)[1].i32() == 3);
    CHECK(outcome(f->call({3})) == "host: 1 arguments for 2 parameters of \"f\"");
    CHECK(outcome(f->call({3, 4})) == "host: argument 2 of 2 to \"f\" is to be f64 and is i32");
    // The other integer types travel as they do in typed functions.
    const auto narrow = f->call({static_cast<signed char>(-1), 0.5});
    REQUIRE(narrow);
    CHECK((*narrow)[1].i32() == -1);
    CHECK(Value(1LL).type() == ValueType::i64);
    CHECK(Value(~0ULL).i64() == -1);
    CHECK(Value(true).type() == ValueType::i32);
  }

  TEST_CASE("references") {
    Store store, other;
    Linker linker(store);
    int object = 0;
    const Instance instance = instance_of(linker, R"((module
      (table (export "t") 2 funcref)
      (func $id (export "extern") (param externref) (result externref) (local.get 0))
      (func (export "null") (param externref) (result i32) (ref.is_null (local.get 0)))
      (func (export "self") (result funcref) (ref.func $id))
      (func (export "call") (param funcref) (result i32)
        (table.set 0 (i32.const 1) (local.get 0)) (call_indirect (result i32) (i32.const 1)))))");
    const auto same = instance.func<ExternRef(ExternRef)>("extern");
    REQUIRE(same);
    CHECK((*same)(ExternRef{&object})->pointer == &object);
    const auto is_null = instance.func<bool(ExternRef)>("null");
    CHECK(*(*is_null)(ExternRef{}));
    CHECK_FALSE(*(*is_null)(ExternRef{&object}));
    const auto self = instance.func<FuncRef()>("self");
    CHECK((*self)()->func() == *instance.func("extern"));

    const auto call = instance.func<std::int32_t(FuncRef)>("call");
    const auto seven = Func::wrap(store, [] { return 7; });
    REQUIRE(seven);
    CHECK(*(*call)(seven->ref()) == 7);
    CHECK(outcome((*call)(FuncRef())) == "trap: uninitialized element 1");
    CHECK(outcome((*call)((*self)()->func().ref())) == "trap: indirect call type mismatch");
    const auto foreign = Func::wrap(other, [] { return 7; });
    CHECK(outcome((*call)(foreign->ref())) ==
          "host: argument 1 of 1 to \"call\" belongs to another store");
    CHECK(outcome(call->func().call({foreign->ref()})) ==
          "host: argument 1 of 1 to \"call\" belongs to another store");
    CHECK(outcome(seven->call({1})) == "host: 1 arguments for 0 parameters of a host function");
  }

  TEST_CASE("a trap carries the Wasm backtrace") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, R"((module $m
      (func $inner (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
      (func $outer (export "outer") (call $inner (i32.const 0)))))");
    const auto done = (*instance.func<void()>("outer"))();
    CHECK(outcome(done) == "trap: integer divide by zero");
    REQUIRE(done.error().backtrace.size() == 2);
    CHECK(done.error().backtrace[0].function_name == "inner");
    CHECK(done.error().backtrace[1].function_name == "outer");
    CHECK(done.error().backtrace[1].function == 1);
    CHECK(done.error().backtrace[0].module_name == "m");
  }

  TEST_CASE("a store goes on after a trap and after an exhausted stack") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, R"((module
      (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))
      (func $forever (export "forever") (call $forever) (call $forever))))");
    const auto deep = instance.func<std::int32_t(std::int32_t)>("deep");
    CHECK(*(*deep)(100'000) == 100'000);
    const auto forever = instance.func<void()>("forever");
    CHECK(outcome((*forever)()) == "exhaustion: call stack exhausted");
    CHECK(*(*deep)(1000) == 1000);
  }
}
