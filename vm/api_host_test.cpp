// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <new>
#include <optional>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

enum class Color : std::uint8_t { red = 1, green = 2 };

std::int64_t plain_function(std::int32_t a, std::int64_t b) { return a - b; }

template <class F>
std::string type_of(F&& function) {
  return to_string(ExternType(make_host_function(std::forward<F>(function)).type));
}

/// A store in which `f` is called by a guest that passes its parameters on.
struct Guest {
  Store store;
  Linker linker{store};

  template <class Signature, class F>
  TypedFunc<Signature> through(F&& function) {
    const HostFunction host = make_host_function(std::forward<F>(function));
    linker.define("host", "f", host);
    std::string type, arguments;
    for (ValueType param : host.type.params) {
      type += " (param " + to_string(param) + ")";
      arguments += " (local.get " + std::to_string(count_++) + ")";
    }
    count_ = 0;
    for (ValueType result : host.type.results) type += " (result " + to_string(result) + ")";
    const Instance instance =
        instance_of(linker, "(module (import \"host\" \"f\" (func $f" + type +
                                ")) (memory (export \"memory\") 1) (data (i32.const 10) \"hello\")"
                                " (data (i32.const 21) \"\\01\\00\\00\\00\\02\\00\\00\\00\")"
                                " (func (export \"g\")" +
                                type + " (call $f" + arguments + ")))");
    memory = *instance.memory("memory");
    auto typed = instance.func<Signature>("g");
    if (!typed) FAIL(to_string(typed.error()));
    return *typed;
  }
  std::optional<Memory> memory;

 private:
  int count_ = 0;
};

}  // namespace

TEST_SUITE("api_host") {
  TEST_CASE("a host function during which the guest is interrupted is the last that it calls") {
    for (const std::optional<std::uint64_t> fuel :
         {std::optional<std::uint64_t>(), std::optional(~std::uint64_t{0})}) {
      Store store({.fuel = fuel});
      Linker linker(store);
      int calls = 0;
      linker.define("host", "f", make_host_function([&] {
                      if (++calls == 3) store.interrupt();
                    }));
      const Instance instance = instance_of(linker,
                                            "(module (import \"host\" \"f\" (func $f))"
                                            " (func (export \"loop\") (loop (call $f) (br 0))))");
      const auto loop = instance.func<void()>("loop");
      REQUIRE(loop);
      CHECK(outcome((*loop)()) == "interrupted: interrupted");
      CHECK(calls == 3);
      CHECK(outcome((*loop)()) == "interrupted: interrupted");
      CHECK(calls == 3);
    }
  }

  TEST_CASE("C++ types define the WebAssembly type") {
    CHECK(type_of([] {}) == "(func)");
    CHECK(type_of(&plain_function) == "(func (param i32 i64) (result i64))");
    CHECK(type_of([](bool, char, std::uint16_t, long, float, double, Color) {
            return Color::red;
          }) == "(func (param i32 i32 i32 i64 f32 f64 i32) (result i32))");
    CHECK(type_of([](Caller&, GuestSpan<const char>, std::string_view, GuestPtr<int>) {}) ==
          "(func (param i32 i32 i32 i32 i32))");
    CHECK(type_of([](V128, ExternRef, FuncRef) { return std::tuple(1, 2.0); }) ==
          "(func (param v128 externref funcref) (result i32 f64))");
    CHECK(type_of([](const double&) -> Result<std::pair<float, std::uint64_t>> {
            return std::pair(1.f, std::uint64_t{2});
          }) == "(func (param f64) (result f32 i64))");
    CHECK(type_of([]() -> Result<void> { return {}; }) == "(func)");
  }

  TEST_CASE("values arrive and return") {
    Guest guest;
    const auto minus = guest.through<std::int64_t(std::int32_t, std::int64_t)>(&plain_function);
    CHECK(*minus(-3, 4) == -7);
    const auto swap = guest.through<std::tuple<float, double>(double, float)>(
        [](double a, float b) { return std::pair(b, a); });
    CHECK(*swap(1.5, 2.5f) == std::tuple(2.5f, 1.5));
    const auto color = guest.through<Color(Color)>([](Color c) { return c; });
    CHECK(*color(Color::green) == Color::green);
    const auto byte = guest.through<std::int32_t(std::int32_t)>([](std::int8_t x) { return x; });
    CHECK(*byte(0x1ff) == -1);
    const auto flag = guest.through<std::int32_t(std::int32_t)>([](bool x) { return x; });
    CHECK(*flag(0x100) == 1);
  }

  TEST_CASE("lambdas keep state, mutable ones too") {
    Guest guest;
    const auto next = guest.through<std::int32_t()>([n = 0]() mutable { return ++n; });
    CHECK(*next() == 1);
    CHECK(*next() == 2);
  }

  TEST_CASE("guest memory is bounds-checked") {
    Guest guest;
    std::string seen;
    const auto log = guest.through<void(std::uint32_t, std::uint32_t)>(
        [&seen](GuestSpan<const char> text) { seen.assign(text.begin(), text.end()); });
    REQUIRE(log(10, 5));
    CHECK(seen == "hello");
    REQUIRE(log(65536, 0));
    CHECK(seen.empty());
    for (const auto& [address, size] :
         {std::pair(65535u, 2u), {65537u, 0u}, {0u, 0xffff'ffffu}, {0xffff'ffffu, 0xffff'ffffu}}) {
      seen = "untouched";
      CHECK(outcome(log(address, size)) == "trap: out of bounds memory access");
      CHECK(seen == "untouched");
    }
  }

  TEST_CASE("elements wider than a byte at any address") {
    Guest guest;
    const auto sum = guest.through<std::uint32_t(std::uint32_t, std::uint32_t)>(
        [](GuestSpan<std::uint32_t> numbers) {
          std::uint32_t total = 0;
          for (const std::uint32_t number : numbers) total += number;
          if (!numbers.empty()) numbers.set(0, total);
          return total;
        });
    CHECK(*sum(21, 2) == 3);
    CHECK(*guest.memory->read<std::uint32_t>(21) == 3);
    CHECK(outcome(sum(0, 0x4000'0001)) == "trap: out of bounds memory access");
    const auto bump = guest.through<void(std::uint32_t)>(
        [](GuestPtr<std::uint64_t> p) { p.store(p.load() + 1); });
    REQUIRE(bump(21));
    CHECK(*guest.memory->read<std::uint32_t>(21) == 2);
    CHECK(outcome(bump(65529)) == "trap: out of bounds memory access");
  }

  TEST_CASE("errors end the guest with their kind") {
    Guest guest;
    const auto check =
        guest.through<std::int32_t(std::int32_t)>([](std::int32_t x) -> Result<std::int32_t> {
          if (x < 0) return Error{ErrorKind::host, "negative"};
          return x;
        });
    CHECK(*check(4) == 4);
    const auto failed = check(-1);
    CHECK(outcome(failed) == "host: negative");
    REQUIRE(failed.error().backtrace.size() >= 1);
    CHECK(failed.error().backtrace.back().function_name == "g");
    CHECK(*check(5) == 5);
    const auto leave = guest.through<void(std::int32_t)>([](std::int32_t code) -> Result<void> {
      Error error{ErrorKind::exit, "exit"};
      error.exit_code = code;
      return error;
    });
    const auto left = leave(3);
    REQUIRE_FALSE(left);
    CHECK(left.error().kind == ErrorKind::exit);
    CHECK(left.error().exit_code == 3);
  }

  TEST_CASE("exceptions become errors") {
    Guest guest;
    const auto raise = guest.through<void(std::int32_t)>([](std::int32_t what) {
      if (what == 0) throw std::runtime_error("out of tea");
      if (what == 1) throw std::bad_alloc();
      throw what;
    });
    CHECK(outcome(raise(0)) == "host: out of tea");
    CHECK(outcome(raise(1)) == "exhaustion: out of memory in a host function");
    CHECK(outcome(raise(2)) == "host: a host function threw an exception");
  }

  TEST_CASE("a host function calls back into the guest") {
    Store store;
    Linker linker(store);
    linker.define("env", "apply", [](Caller& caller, std::int32_t x) -> Result<std::int32_t> {
      const auto instance = caller.instance();
      if (!instance) return Error{ErrorKind::host, "no caller"};
      const auto f = instance->func<std::int32_t(std::int32_t)>("fact");
      if (!f) return f.error();
      return (*f)(x);
    });
    const Instance instance = instance_of(linker, R"((module
      (import "env" "apply" (func $apply (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "fact") (param $n i32) (result i32)
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 70000) (local.get $n))
        (if (result i32) (i32.eqz (local.get $n))
          (then (i32.const 1))
          (else (i32.mul (local.get $n) (call $apply (i32.sub (local.get $n) (i32.const 1)))))))))");
    const auto fact = instance.func<std::int32_t(std::int32_t)>("fact");
    CHECK(*(*fact)(10) == 3628800);
    CHECK(instance.memory("memory")->pages() == 12);
    // Each level takes native stack, so the depth is bounded.
    CHECK((*fact)(1'000'000).error().kind == ErrorKind::exhaustion);
    CHECK(*(*fact)(5) == 120);
    CHECK(outcome(linker.instantiate(module_of(
              R"((module (import "env" "apply" (func (param i32) (result i32)))))"))) == "ok");
  }

  TEST_CASE("calls nest as deep as the native stack may grow") {
    constexpr std::string_view kNest =
        R"((module (import "env" "f" (func $f)) (func (export "run") (call $f))))";
    constexpr std::string_view kEnd = "exhaustion: call stack exhausted";
    struct Nest {
      explicit Nest(const StoreConfig& config) : store(config) {}
      Store store;
      Linker linker{store};
      std::optional<TypedFunc<void()>> run;
      int depth = 0;
    };
    // A host function that takes little of it, one that takes much.
    const auto small = [](Nest& nest) -> Result<void> {
      ++nest.depth;
      return (*nest.run)();
    };
    const auto large = [](Nest& nest) -> Result<void> {
      char buffer[65536];
      asm volatile("" : : "r"(buffer) : "memory");  // it is in use, for all that anybody knows
      ++nest.depth;
      return (*nest.run)();
    };
    const auto deepest = [&](const auto& function, const StoreConfig& config) {
      Nest nest(config);
      nest.linker.define("env", "f", [&] { return function(nest); });
      nest.run = *instance_of(nest.linker, kNest).func<void()>("run");
      CHECK(outcome((*nest.run)()) == kEnd);
      const int first = std::exchange(nest.depth, 0);
      CHECK(outcome((*nest.run)()) == kEnd);
      CHECK(nest.depth == first);
      return first;
    };
    const int usual = deepest(small, {});
    CHECK(usual > 20);
    CHECK(deepest(small, {.max_native_stack_bytes = 2 << 20}) > 4 * usual);
    CHECK(deepest(small, {.max_native_stack_bytes = 0}) == 1);
    CHECK(deepest(large, {}) <= 4);
    CHECK(deepest(large, {}) >= 1);

    // A thread whose stack is no larger than what may be used.
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    std::function<void()> body = [&] {
      CHECK(deepest(small, {}) > 10);
      CHECK(deepest(small, {.max_native_stack_bytes = std::uint64_t{1} << 40}) > 10);
    };
    pthread_t thread{};
    REQUIRE(pthread_create(
                &thread, &attributes,
                [](void* run) -> void* {
                  (*static_cast<std::function<void()>*>(run))();
                  return nullptr;
                },
                &body) == 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);

    // On a thread of its own each call nests as usual, and they are bounded together.
    Nest nest({});
    nest.linker.define("env", "f", [&]() -> Result<void> {
      ++nest.depth;
      Result<void> done;
      std::thread([&] { done = (*nest.run)(); }).join();
      return done;
    });
    nest.run = *instance_of(nest.linker, kNest).func<void()>("run");
    CHECK(outcome((*nest.run)()) == kEnd);
    CHECK(nest.depth > 10);
    CHECK(nest.depth <= 200);
  }

  TEST_CASE("an ExternRef is never an object of the guest's") {
    Store store;
    Linker linker(store);
    int object = 0;
    std::vector<void*> seen;
    linker.define("env", "typed",
                  [&](ExternRef reference, std::int32_t) { seen.push_back(reference.pointer); });
    RefKind kind{};
    linker.define("env", "dynamic",
                  HostFunction::dynamic({{ValueType::externref}, {}},
                                        [&](Caller&, std::span<const Value> arguments,
                                            std::span<Value>) -> Result<void> {
                                          kind = arguments[0].ref_kind();
                                          seen.push_back(arguments[0].externref().pointer);
                                          return {};
                                        }));
    const Instance instance = instance_of(linker, R"((module
      (import "env" "typed" (func $typed (param externref i32)))
      (import "env" "dynamic" (func $dynamic (param externref)))
      (type $s (struct (field i64)))
      (type $a (array i8))
      (func $struct (export "struct") (result externref)
        (extern.convert_any (struct.new $s (i64.const 0x4141414141414141))))
      (func $array (export "array") (result externref)
        (extern.convert_any (array.new_default $a (i32.const 100000))))
      (func $i31 (export "i31") (result externref) (extern.convert_any (ref.i31 (i32.const 5))))
      (func $host (export "host") (param externref) (result externref)
        (extern.convert_any (any.convert_extern (local.get 0))))
      (func (export "give_struct") (call $typed (call $struct) (i32.const 1)))
      (func (export "give_array") (call $typed (call $array) (i32.const 1)))
      (func (export "give_i31") (call $typed (call $i31) (i32.const 1)))
      (func (export "give_host") (param externref)
        (call $typed (call $host (local.get 0)) (i32.const 1)))
      (func (export "dynamic_struct") (call $dynamic (call $struct)))
      (func (export "dynamic_i31") (call $dynamic (call $i31)))
      (func (export "two") (result i32 externref) (i32.const 1) (call $struct))))");
    for (const char* name : {"struct", "array", "i31"}) {
      CAPTURE(name);
      CHECK(outcome(instance.func(std::string("give_") + name)->call()) ==
            "host: an externref of the guest's own where the host expects one of its own");
      CHECK(outcome((*instance.func<ExternRef()>(name))()) ==
            std::string("host: \"") + name +
                "\" returned an externref of the guest's own, which is no ExternRef");
      const Value value = instance.func(name)->call()->front();
      CHECK(value.externref() == ExternRef{});
      CHECK(value.host_pointer() == nullptr);
    }
    CHECK_FALSE((*instance.func<std::tuple<int, ExternRef>()>("two"))());
    CHECK(seen.empty());
    CHECK(instance.func("dynamic_struct")->call());
    CHECK(kind == RefKind::structure);
    CHECK(instance.func("dynamic_i31")->call());
    CHECK(kind == RefKind::i31);
    CHECK((*instance.func<void(ExternRef)>("give_host"))(ExternRef{&object}));
    CHECK((*instance.func<void(ExternRef)>("give_host"))(ExternRef{}));
    CHECK((*instance.func<ExternRef(ExternRef)>("host"))(ExternRef{&object})->pointer == &object);
    CHECK(seen == std::vector<void*>{nullptr, nullptr, &object, nullptr});
    // Values say what they are whatever they are asked for.
    CHECK(Value(std::int64_t{4096}).externref() == ExternRef{});
    CHECK(Value(std::int64_t{4096}).funcref().is_null());
    CHECK(AnyRef(Value(ExternRef{&object})).is_null());
    CHECK(AnyRef(Value(7)).is_null());
  }

  TEST_CASE("what can be a host function") {
    struct Object {
      int member(int x) { return x; }
    };
    static_assert(HostCallable<int (*)(int)>);
    static_assert(!HostCallable<int (Object::*)(int)>);
    static_assert(!HostCallable<int Object::*>);
    static_assert(!HostCallable<int>);
    static_assert(detail::kIsHostResult<Result<std::tuple<int, AnyRef>>>);
    static_assert(!detail::kIsHostResult<Result<std::tuple<int, std::string>>>);
    static_assert(!detail::kIsHostArg<std::string>);
    CHECK(Object{}.member(1) == 1);
  }

  TEST_CASE("functions with a type known at run time only") {
    Store store;
    Linker linker(store);
    const FuncType type{{ValueType::i32, ValueType::f64}, {ValueType::f64, ValueType::i32}};
    linker.define("env", "swap",
                  HostFunction::dynamic(type,
                                        [](Caller&, std::span<const Value> arguments,
                                           std::span<Value> results) -> Result<void> {
                                          if (arguments[0].i32() == 0)
                                            return Error{ErrorKind::host, "zero"};
                                          results[0] = arguments[1];
                                          if (arguments[0].i32() != 1) results[1] = arguments[0];
                                          if (arguments[0].i32() == 2) results[1] = 2.0;
                                          return {};
                                        }));
    const Instance instance = instance_of(linker, R"((module
      (import "env" "swap" (func (param i32 f64) (result f64 i32))) (export "swap" (func 0))))");
    const auto swap = instance.func<std::tuple<double, std::int32_t>(std::int32_t, double)>("swap");
    REQUIRE(swap);
    CHECK(*(*swap)(3, 1.5) == std::tuple(1.5, 3));
    CHECK(*(*swap)(1, 1.5) == std::tuple(1.5, 0));
    CHECK(outcome((*swap)(0, 1.5)) == "host: zero");
    CHECK(outcome((*swap)(2, 1.5)) ==
          "host: result 2 of 2 of a host function is to be i32 and is f64");
  }
}
