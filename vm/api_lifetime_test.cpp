// SPDX-License-Identifier: Apache-2.0
// Handles, values and errors that outlive their Store; objects that were moved from; what a Store
// gives back before it ends.
#include <array>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

constexpr std::string_view kEverything = R"((module
  (type $s (struct (field i32)))
  (tag $e (export "tag") (param i32))
  (memory (export "memory") 1)
  (table (export "table") 2 funcref)
  (global (export "global") (mut i32) (i32.const 5))
  (func (export "f") (param i32) (result i32) (local.get 0))
  (func (export "object") (result anyref) (struct.new $s (i32.const 7)))
  (func (export "extern") (result externref) (extern.convert_any (struct.new $s (i32.const 7))))
  (func (export "boxed") (result externref) (extern.convert_any (ref.i31 (i32.const 7))))
  (func (export "throw") (throw $e (i32.const 5)))
  (func (export "func") (param funcref) (result i32) (ref.is_null (local.get 0)))
  (func (export "any") (param anyref) (result i32) (ref.is_null (local.get 0)))
  (func (export "externs") (param externref) (result i32) (ref.is_null (local.get 0)))))";

/// All that can be had from an instance of kEverything.
struct Handles {
  Instance instance;
  Func func;
  TypedFunc<std::int32_t(std::int32_t)> typed;
  Memory memory;
  Table table;
  Global global;
  Tag tag;
  std::vector<Value> references;
  Error error;
  std::optional<Exception> exception;

  explicit Handles(const Instance& from)
      : instance(from),
        func(*from.func("f")),
        typed(*from.func<std::int32_t(std::int32_t)>("f")),
        memory(*from.memory("memory")),
        table(*from.table("table")),
        global(*from.global("global")),
        tag(*from.tag("tag")),
        error(from.func("throw")->call().error()),
        exception(Exception::of(error)) {
    references.push_back(func.ref());
    for (const char* name : {"object", "extern", "boxed"}) {
      references.push_back(from.func(name)->call()->front());
    }
  }
};

/// Handles of a Store that is gone, and whose place another one takes.
Handles handles_of_dead_store() {
  Store store;
  Linker linker(store);
  return Handles(instance_of(linker, kEverything));
}

/// Something for callables to hold, which tells how many of them there are.
struct Counted {
  std::shared_ptr<int> alive = std::make_shared<int>(0);
  long count() const { return alive.use_count() - 1; }
};

constexpr std::string_view kCallsF =
    R"((module (import "env" "f" (func $f)) (func (export "run") (call $f))))";

}  // namespace

TEST_SUITE("api_lifetime") {
  TEST_CASE("handles of a Store that is gone do nothing") {
    const Handles dead = handles_of_dead_store();
    Store store;  // in its place
    CHECK_FALSE(dead.instance.find("f"));
    CHECK(dead.instance.exports().empty());
    CHECK(outcome(dead.instance.func("f")) == "host: the store of this instance is gone");
    CHECK(outcome(dead.func.call({1})) == "host: the store of this function is gone");
    CHECK(outcome(dead.typed(1)) == "host: the store of this function is gone");
    CHECK(outcome(dead.func.typed<void()>()) == "host: the store of this function is gone");
    CHECK(dead.func.type() == FuncType{});
    CHECK(dead.memory.bytes().empty());
    CHECK(dead.memory.pages() == 0);
    CHECK(dead.memory.find(0, 0) == nullptr);
    CHECK_FALSE(dead.memory.shared());
    CHECK(dead.memory.type() == MemoryType{});
    CHECK(outcome(dead.memory.grow(1)) == "host: the store of this memory is gone");
    CHECK(outcome(dead.memory.read<int>(0)) == "host: the store of this memory is gone");
    CHECK(dead.table.size() == 0);
    CHECK(dead.table.type() == TableType{});
    CHECK(outcome(dead.table.get(0)) == "host: the store of this table is gone");
    CHECK(outcome(dead.table.set(0, FuncRef())) == "host: the store of this table is gone");
    CHECK(outcome(dead.table.grow(1, FuncRef())) == "host: the store of this table is gone");
    CHECK(dead.global.get().i32() == 0);
    CHECK(dead.global.type() == GlobalType{});
    CHECK(outcome(dead.global.set(1)) == "host: the store of this global is gone");
    CHECK(dead.tag.type() == TagType{});
    CHECK(outcome(Exception::create(dead.tag, {})) == "host: the store of this tag is gone");
    CHECK(outcome(dead.references[0].funcref().func().call({1})) ==
          "host: the store of this function is gone");
  }

  TEST_CASE("a Store in the place of another takes none of its references") {
    const Handles dead = handles_of_dead_store();
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, kEverything);
    const auto table = Table::create(store, {ValueType::funcref, {.min = 1}}, FuncRef());
    const auto externs = Table::create(store, {ValueType::externref, {.min = 1}}, ExternRef());
    const auto global = Global::create(store, {ValueType::anyref, true}, AnyRef());
    REQUIRE(table);
    REQUIRE(externs);
    REQUIRE(global);
    const std::string refused = "host: table element belongs to another store";
    CHECK(outcome(table->set(0, dead.references[0])) == refused);
    CHECK(outcome(table->grow(1, dead.references[0])) == refused);
    CHECK(outcome(global->set(dead.references[1])) ==
          "host: the global's value belongs to another store");
    CHECK(outcome(externs->set(0, dead.references[2])) == refused);
    CHECK(outcome(externs->set(0, dead.references[3])) == refused);
    CHECK(outcome(instance.func("func")->call({dead.references[0]})) ==
          "host: argument 1 of 1 to \"func\" belongs to another store");
    CHECK_FALSE(instance.func("any")->call({dead.references[1]}));
    CHECK_FALSE(instance.func("externs")->call({dead.references[2]}));
    CHECK_FALSE((*instance.func<std::int32_t(FuncRef)>("func"))(dead.func.ref()));
    CHECK_FALSE((*instance.func<std::int32_t(AnyRef)>("any"))(AnyRef(dead.references[1])));
    CHECK(AnyRef::convert_extern(store, dead.references[2]).is_null());
    CHECK(dead.references[1].ref_kind() == RefKind::null);

    // Nor as the result of a host function.
    linker.define("env", "func", [&] { return dead.func.ref(); });
    linker.define("env", "any", [&] { return AnyRef(dead.references[1]); });
    linker.define("env", "dynamic",
                  HostFunction::dynamic({{}, {ValueType::externref}},
                                        [&](Caller&, std::span<const Value>,
                                            std::span<Value> results) -> Result<void> {
                                          results[0] = dead.references[2];
                                          return {};
                                        }));
    const Instance calls = instance_of(linker, R"((module
      (import "env" "func" (func $func (result funcref)))
      (import "env" "any" (func $any (result anyref)))
      (import "env" "dynamic" (func $dynamic (result externref)))
      (func (export "func") (drop (call $func)))
      (func (export "any") (drop (call $any)))
      (func (export "dynamic") (drop (call $dynamic)))))");
    CHECK(outcome(calls.func("func")->call()) ==
          "host: a host function's result is of another store");
    CHECK(outcome(calls.func("any")->call()) ==
          "host: a host function's result is of another store");
    CHECK(outcome(calls.func("dynamic")->call()) ==
          "host: result 1 of 1 of a host function belongs to another store");

    // Nor by name.
    Linker other(store);
    other.define("env", "m", dead.memory);
    CHECK(outcome(other.instantiate(module_of("(module)"))) ==
          "host: \"env\" \"m\" belongs to another store");
    Linker third(store);
    third.define_instance("env", dead.instance);
    CHECK(outcome(third.instantiate(module_of("(module)"))) ==
          "host: instance \"env\" belongs to another store");
  }

  TEST_CASE("references of a Store that lives are not taken by another either") {
    Store store;
    Linker linker(store);
    const Handles mine(instance_of(linker, kEverything));
    Store other;
    const auto externs = Table::create(other, {ValueType::externref, {.min = 1}}, ExternRef());
    REQUIRE(externs);
    CHECK_FALSE(externs->set(0, mine.references[2]));
    CHECK_FALSE(externs->set(0, mine.references[3]));
    CHECK(AnyRef::convert_extern(other, mine.references[2]).is_null());
    CHECK(AnyRef::convert_extern(store, mine.references[2]).kind() == RefKind::structure);
  }

  TEST_CASE("an exception of a Store that is gone is none") {
    const Handles dead = handles_of_dead_store();
    CHECK(dead.error.exception != nullptr);
    CHECK(to_string(dead.error).starts_with("uncaught exception: tag \"e\" (i32 5)"));
    CHECK_FALSE(Exception::of(dead.error));
    REQUIRE(dead.exception);
    CHECK(dead.exception->values().empty());
    CHECK(dead.exception->tag().type() == TagType{});
    CHECK(to_string(dead.exception->error()) == "an exception of a store that is gone");
    Store store;
    Linker linker(store);
    linker.define("env", "f", [&]() -> Result<void> { return dead.error; });
    const Instance instance = instance_of(linker, R"((module
      (import "env" "f" (func $f))
      (func (export "catch") (result i32)
        (block (try_table (catch_all 0) (call $f)) (return (i32.const 0))) (i32.const 1))))");
    CHECK(outcome(instance.func("catch")->call()) ==
          "exception: uncaught exception: tag \"e\" (i32 5)");
  }

  TEST_CASE("errors and values are dropped on another thread while their Store runs") {
    Store store;
    Linker linker(store);
    const Instance instance = instance_of(linker, kEverything);
    const Func thrower = *instance.func("throw");
    const Func maker = *instance.func("object");
    std::mutex mutex;
    std::deque<Error> errors;
    std::deque<Value> values;
    bool done = false;
    std::thread dropper([&] {
      for (;;) {
        std::optional<Error> error;
        std::optional<Value> value;
        {
          const std::lock_guard lock(mutex);
          if (errors.empty() && values.empty() && done) return;
          if (!errors.empty()) {
            error = std::move(errors.front());
            errors.pop_front();
          }
          if (!values.empty()) {
            value = std::move(values.front());
            values.pop_front();
          }
        }
        const std::optional<Error> copy = error;
      }
    });
    for (int i = 0; i < 3000; ++i) {
      Error error = thrower.call().error();
      Value value = maker.call()->front();
      const std::lock_guard lock(mutex);
      errors.push_back(std::move(error));
      values.push_back(std::move(value));
      if (i % 500 == 0) store.collect_garbage();
    }
    {
      const std::lock_guard lock(mutex);
      done = true;
    }
    dropper.join();
    store.collect_garbage();
    CHECK(store.gc_statistics().live_bytes == 0);
  }

  TEST_CASE("a Store that was moved from is empty") {
    Store store({.fuel = 7});
    Linker before(store);
    const Instance instance = instance_of(before, kEverything);
    Store moved = std::move(store);
    CHECK(*(*instance.func<std::int32_t(std::int32_t)>("f"))(0) == 0);
    CHECK(outcome(before.instantiate(module_of("(module)"))) == "ok");
    store.interrupt();
    store.clear_interrupt();
    store.set_fuel(5);
    store.collect_garbage();
    store.set_gc_stress(true);
    CHECK(store.fuel_left() == 0);
    CHECK(store.gc_statistics().collections == 0);
    const std::string error = "host: the store was moved from";
    CHECK(outcome(Memory::create(store, MemoryType{})) == error);
    CHECK(outcome(Table::create(store, {}, FuncRef())) == error);
    CHECK(outcome(Global::create(store, {ValueType::i32, false}, 1)) == error);
    CHECK(outcome(Tag::create(store, {})) == error);
    CHECK(outcome(Func::wrap(store, [] {})) == error);
    CHECK(AnyRef::convert_extern(store, ExternRef{&store}).is_null());
    Linker linker(store);
    CHECK(outcome(linker.instantiate(module_of("(module)"))) == error);
    Linker defining(store);
    defining.define("env", "f", [] {});
    CHECK(outcome(defining.instantiate(module_of("(module)"))) == error);
    store = std::move(moved);
    CHECK(outcome(before.instantiate(module_of("(module)"))) == "ok");
  }

  TEST_CASE("a Module, a Linker and a shared memory that were moved from are empty") {
    Store store;
    Linker linker(store);
    Module module = module_of(kCallsF);
    const Module moved = std::move(module);
    CHECK(module.imports().empty());
    CHECK(module.exports().empty());
    CHECK_FALSE(module.has_export("run"));
    CHECK(module.name().empty());
    CHECK(module.word_counts({}).empty());
    CHECK(linker.missing(module).empty());
    CHECK(outcome(linker.instantiate(module)) == "host: the module was moved from");
    linker.define("env", "f", [] {});
    Linker other = std::move(linker);
    CHECK(outcome(other.instantiate(moved)) == "ok");
    linker.define("env", "f", [] {});
    linker.define("env", "m", *Memory::create(store, {{.min = 1}}));
    linker.define_on_demand("env", [](std::string_view) { return std::nullopt; });
    linker.define_wasi({});
    linker.fail(Error{});
    CHECK(linker.missing(moved).empty());
    CHECK(outcome(linker.instantiate(moved)) == "host: the linker was moved from");
    auto shared = SharedMemory::create({.limits = {.min = 1, .max = 2}, .is_shared = true});
    REQUIRE(shared);
    const SharedMemory kept = *std::move(shared);
    CHECK(shared->bytes().empty());
    CHECK(shared->notify(0, 1) == 0);
    CHECK(shared->type() == MemoryType{});
    CHECK(outcome(Memory::create(store, *shared)) == "host: the shared memory was moved from");
    CHECK(kept.bytes().size() == Memory::kPageSize);
  }

  TEST_CASE("a Linker may outlive its Store") {
    std::optional<Linker> linker;
    Counted counted;
    {
      Store store;
      linker.emplace(store);
      linker->define("env", "f", [alive = counted.alive] {});
      CHECK(counted.count() == 1);
    }
    CHECK(counted.count() == 0);
    const Store other;  // in the Store's place
    CHECK(linker->missing(module_of(kCallsF)).empty());
    CHECK(outcome(linker->instantiate(module_of(kCallsF))) ==
          "host: the store of this linker is gone");
    linker->define("env", "g", [] {});
    CHECK(outcome(linker->instantiate(module_of("(module)"))) ==
          "host: the store of this linker is gone");
    linker.reset();
  }

  TEST_CASE("makers may use, move and destroy the Linker and its Store") {
    std::optional<Store> store(std::in_place);
    auto linker = std::make_unique<Linker>(*store);
    const Module module = module_of(R"((module
      (import "env" "a" (func $a)) (import "env" "b" (func $b)) (import "env" "a" (func $c))
      (func (export "run") (call $a) (call $b) (call $c))))");
    int made = 0;
    int calls = 0;
    linker->define_on_demand("env", [&](std::string_view name) -> std::optional<HostFunction> {
      ++made;
      for (int i = 0; i < 20; ++i) {
        linker->define_on_demand("more" + std::to_string(i),
                                 [](std::string_view) { return std::nullopt; });
        linker->define("env", "other" + std::to_string(made * 100 + i), [] {});
      }
      if (made == 1) CHECK(linker->missing(module).empty());
      // The name as well; what is returned replaces it.
      linker->define("env", name, [] { FAIL("replaced"); });
      return make_host_function([&calls] { ++calls; });
    });
    const auto instance = linker->instantiate(module);
    REQUIRE(instance);
    CHECK(outcome((*instance->func<void()>("run"))()) == "ok");
    CHECK(calls == 3);
    // Names that are defined are asked for at once.
    linker->define_on_demand("env", [&](std::string_view name) -> std::optional<HostFunction> {
      if (made < 500) linker->define("env", "k" + std::to_string(++made), [] {});
      if (name != "a") return std::nullopt;
      return make_host_function([] {});
    });

    auto doomed = std::make_unique<Linker>(*store);
    doomed->define_on_demand("env", [&](std::string_view) -> std::optional<HostFunction> {
      doomed.reset();
      return make_host_function([] {});
    });
    CHECK(outcome(doomed->instantiate(module)) == "ok");
    CHECK(doomed == nullptr);
    linker->define_on_demand("gone", [&](std::string_view) -> std::optional<HostFunction> {
      store.reset();
      return make_host_function([] {});
    });
    CHECK(outcome(linker->instantiate(module_of(R"((module (import "gone" "f" (func))))"))) ==
          "host: the store of this linker is gone");
  }

  TEST_CASE("to destroy a Store while it runs ends the process with a message") {
    for (const bool moves : {false, true}) {
      int ends[2];
      REQUIRE(::pipe(ends) == 0);
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        ::dup2(ends[1], STDERR_FILENO);
        std::optional<Store> store(std::in_place);
        Linker linker(*store);
        linker.define("env", "f", [&] {
          if (moves) *store = Store();
          store.reset();
        });
        (void)instance_of(linker, kCallsF).func("run")->call();
        std::_Exit(0);
      }
      ::close(ends[1]);
      char text[100] = {};
      const bool has_text = ::read(ends[0], text, sizeof text - 1) > 0;
      ::close(ends[0]);
      int status = 0;
      ::waitpid(child, &status, 0);
      CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
      CHECK(has_text);
      CHECK(std::string(text) ==
            "tinywasm: a Store is destroyed while a call is under way in it\n");
    }
  }

  TEST_CASE("a start function's host function may destroy the Linker that instantiates") {
    Store store;
    auto linker = std::make_unique<Linker>(store);
    linker->define("env", "f", [&] { linker.reset(); });
    CHECK(outcome(linker->instantiate(
              module_of(R"((module (import "env" "f" (func $f)) (start $f)))"))) == "ok");
    CHECK(linker == nullptr);
  }

  TEST_CASE("host functions go with their last use") {
    Store store;
    Counted counted;
    const auto callable = [alive = counted.alive] {};
    {
      Linker linker(store);
      linker.define("env", "f", callable);
      for (int i = 0; i < 100; ++i) linker.define("env", "g", callable);
      CHECK(counted.count() == 3);  // with the one here
      Linker moved = std::move(linker);
      CHECK(counted.count() == 3);
      moved.define("env", "g", *Memory::create(store, {{.min = 1}}));
      CHECK(counted.count() == 2);
    }
    CHECK(counted.count() == 1);

    // Imported, in a table, or known to the host: they stay.
    std::optional<Instance> instance;
    const auto table = Table::create(store, {ValueType::funcref, {.min = 2}}, FuncRef());
    REQUIRE(table);
    {
      Linker linker(store);
      linker.define("env", "f", callable);
      linker.define("env", "t", *table);
      instance = instance_of(linker, kCallsF);
      linker.define("env", "f", callable);
      CHECK(counted.count() == 3);
      // This instance does not come about, but others can call what it wrote.
      CHECK_FALSE(linker.instantiate(module_of(R"((module
        (import "env" "t" (table 2 funcref)) (import "env" "f" (func $f))
        (elem (table 0) (i32.const 1) func $f) (memory 0) (data (i32.const 1) "x")))")));
      linker.define("env", "f", [] {});
    }
    CHECK(counted.count() == 3);
    CHECK(outcome((*instance->func<void()>("run"))()) == "ok");
    CHECK(outcome(table->get(1)->funcref().func().call()) == "ok");
    CHECK(Func::wrap(store, callable));
    CHECK(counted.count() == 4);
  }

  TEST_CASE("a failed instantiation gives back what it took") {
    Counted counted;
    Store store({.max_memory_bytes = 65536, .max_table_elements = 10, .max_instances = 3});
    Linker linker(store);
    linker.define("env", "f", [alive = counted.alive] {});
    linker.define("env", "fail", [](std::int32_t) -> Result<void> { return Error{}; });
    constexpr std::array kFailing = {
        R"((module (memory 1) (table 10 funcref) (data (i32.const 70000) "x")))",
        R"((module (memory 1) (table 10 funcref) (func $s unreachable) (start $s)))",
        R"((module (memory 1) (table 10 funcref) (elem (i32.const 11) func)))",
        R"((module (import "env" "f" (func $f)) (import "env" "fail" (func $fail (param i32)))
          (memory 1) (table 10 funcref) (elem (i32.const 0) func $f $s)
          (func $s (call $f) (call $fail (i32.const 1))) (start $s)))",
        R"((module (type $t (struct (field funcref))) (memory 1) (table 10 funcref)
          (global (mut anyref) (ref.null any)) (elem declare func $s)
          (func $s (global.set 0 (struct.new $t (ref.func $s))) unreachable) (start $s)))",
        R"((module (import "env" "unknown" (func)) (memory 1)))",
        R"((module (import "env" "f" (func (param i64))) (memory 1)))",
        R"((module (table 10 funcref) (memory 2)))"};
    for (int round = 0; round < 5; ++round) {
      for (const char* text : kFailing) {
        CAPTURE(text);
        CHECK_FALSE(linker.instantiate(module_of(text)));
      }
    }
    CHECK(outcome(linker.instantiate(module_of("(module (memory 1) (table 10 funcref))"))) == "ok");
    linker = Linker(store);
    CHECK(counted.count() == 0);
  }

  TEST_CASE("an instance that did not come about stays while something refers to it") {
    constexpr std::string_view kEscape = R"((module
      (import "env" "take" (func $take (param funcref)))
      (import "env" "caller" (func $caller))
      (import "env" "any" (global $any (mut anyref)))
      (import "env" "function" (global $function (mut funcref)))
      (import "env" "table" (table 2 funcref))
      (type $holder (struct (field funcref)))
      (tag $t)
      (memory 1) (global $g (mut i32) (i32.const 41))
      (elem declare func $f)
      (func $f (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (i32.store (i32.const 0) (global.get $g))
        (i32.load (i32.const 0)))
      (func $s
        (block WAY)
        (unreachable))
      (start $s)))";
    const auto with = [&](std::string_view way) {
      std::string text(kEscape);
      return text.replace(text.find("WAY"), 3, way);
    };
    constexpr std::array kWays = {"(call $take (ref.func $f))",
                                  "(global.set $function (ref.func $f))",
                                  "(table.set (i32.const 1) (ref.func $f))",
                                  "(global.set $any (struct.new $holder (ref.func $f)))",
                                  "(call $caller)",
                                  "(throw $t)"};
    for (const std::string_view way : kWays) {
      CAPTURE(way);
      Store store({.max_memory_bytes = 65536});
      Linker linker(store);
      std::optional<Func> taken;
      std::optional<Instance> instance;
      const auto any = Global::create(store, {ValueType::anyref, true}, AnyRef());
      const auto function = Global::create(store, {ValueType::funcref, true}, FuncRef());
      const auto table = Table::create(store, {ValueType::funcref, {.min = 2}}, FuncRef());
      REQUIRE(any);
      REQUIRE(function);
      REQUIRE(table);
      linker.define("env", "take", [&](FuncRef reference) { taken = reference.func(); });
      linker.define("env", "caller", [&](Caller& caller) { instance = caller.instance(); });
      linker.define("env", "any", *any);
      linker.define("env", "function", *function);
      linker.define("env", "table", *table);
      const auto made = linker.instantiate(module_of(with(way)));
      REQUIRE_FALSE(made);
      store.collect_garbage();
      if (!function->get().funcref().is_null()) taken = function->get().funcref().func();
      if (!table->get(1)->funcref().is_null()) taken = table->get(1)->funcref().func();
      if (taken) CHECK(taken->call()->front().i32() == 42);
      if (instance) CHECK(instance->exports().empty());
      if (const auto exception = Exception::of(made.error())) {
        CHECK(to_string(ExternType(exception->tag().type())) == "(tag)");
      }
      const auto read = instance_of(linker, R"((module
        (import "env" "any" (global $any (mut anyref)))
        (type $holder (struct (field funcref)))
        (table 1 funcref)
        (func (export "call") (result i32)
          (table.set (i32.const 0) (struct.get $holder 0 (ref.cast (ref $holder) (global.get $any))))
          (call_indirect (result i32) (i32.const 0)))))");
      if (!AnyRef(any->get()).is_null()) CHECK(read.func("call")->call()->front().i32() == 42);
      // Its memory is still taken.
      CHECK_FALSE(linker.instantiate(module_of("(module (memory 1))")));
    }
  }
}
