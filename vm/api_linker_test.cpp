// SPDX-License-Identifier: Apache-2.0
#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

/// What comes of a module that imports `import` from what `linker` defines.
std::string link(Linker& linker, std::string_view import) {
  return outcome(linker.instantiate(module_of("(module (import " + std::string(import) + "))")));
}

}  // namespace

TEST_SUITE("api_linker") {
  TEST_CASE("what is not defined is named") {
    Store store;
    Linker linker(store);
    linker.define("env", "f", [] {});
    CHECK(link(linker, "\"env\" \"f\" (func)") == "ok");
    CHECK(link(linker, "\"env\" \"g\" (func (param i32))") ==
          "unlinkable: unknown import: \"env\" \"g\" (func (param i32))");
    CHECK(link(linker, "\"other\" \"f\" (memory 1)") ==
          "unlinkable: unknown import: \"other\" \"f\" (memory 1)");
    const Module module = module_of(R"((module (import "env" "f" (func))
      (import "env" "g" (func)) (import "x" "y" (global i32)) (import "x" "z" (table 0 funcref))))");
    CHECK(outcome(linker.instantiate(module)) ==
          "unlinkable: unknown import: \"env\" \"g\" (func) and 2 more");
    const auto missing = linker.missing(module);
    REQUIRE(missing.size() == 3);
    CHECK(to_string(missing[1]) == "\"x\" \"y\" (global i32)");
  }

  TEST_CASE("definitions on demand are made once, for imports that nothing else is defined for") {
    Store store;
    Linker linker(store);
    std::vector<std::string> asked;
    linker.define("env", "early", [](std::int32_t) {});
    linker.define_on_demand("env", [&](std::string_view name) -> std::optional<HostFunction> {
      asked.emplace_back(name);
      if (name == "unknown") return std::nullopt;
      return make_host_function([] {});
    });
    linker.define("env", "late", [](std::int64_t) {});
    const std::string bad = "unlinkable: incompatible import type: ";
    CHECK(link(linker, "\"env\" \"early\" (func)") ==
          "ok");  // replaced, as by any later definition
    CHECK(link(linker, "\"env\" \"late\" (func (param i64))") == "ok");
    CHECK(link(linker, "\"other\" \"f\" (func)") ==
          "unlinkable: unknown import: \"other\" \"f\" (func)");
    CHECK(asked == std::vector<std::string>{"early"});
    CHECK(link(linker, "\"env\" \"f\" (func)") == "ok");
    CHECK(link(linker, "\"env\" \"f\" (func (param i32))").starts_with(bad));
    CHECK(asked == std::vector<std::string>{"early", "f"});

    const Module module =
        module_of("(module (import \"env\" \"g\" (func)) (import \"env\" \"unknown\" (func)))");
    REQUIRE(linker.missing(module).size() == 1);
    CHECK(linker.missing(module)[0].name == "unknown");

    // The latest one that knows the name.
    linker.define_on_demand("env", [](std::string_view name) -> std::optional<HostFunction> {
      if (name != "f" && name != "h") return std::nullopt;
      return make_host_function([](float) {});
    });
    CHECK(link(linker, "\"env\" \"f\" (func (param f32))") == "ok");
    CHECK(link(linker, "\"env\" \"g\" (func)") == "ok");
    CHECK(link(linker, "\"env\" \"h\" (func (param f32))") == "ok");
    CHECK(link(linker, "\"env\" \"i\" (func)") == "ok");
  }

  TEST_CASE("an error of a definition on demand is the instance's") {
    Store store;
    Linker linker(store);
    linker.define_on_demand("env", [](std::string_view) -> std::optional<HostFunction> {
      HostFunction function = make_host_function([] {});
      const Module other = module_of(R"((module (type $t (func))
        (func (export "f") (param (ref null $t)))))");
      function.type = std::get<FuncType>(other.exports()[0].type);
      return function;
    });
    CHECK(link(linker, "\"env\" \"f\" (func)") ==
          "host: the type of a host function cannot refer to a module's types");
  }

  TEST_CASE("functions match by type") {
    Store store;
    Linker linker(store);
    linker.define("env", "f", [](std::int32_t, double) -> std::int64_t { return 0; });
    CHECK(link(linker, "\"env\" \"f\" (func (param i32 f64) (result i64))") == "ok");
    CHECK(link(linker, "\"env\" \"f\" (func (param i32) (result i64))") ==
          "unlinkable: incompatible import type: \"env\" \"f\" is to be (func (param i32) (result "
          "i64)) and is (func (param i32 f64) (result i64))");
    CHECK(
        link(linker, "\"env\" \"f\" (global i32)").starts_with("unlinkable: incompatible import"));
  }

  TEST_CASE("memories and tables match by their current size and maximum") {
    Store store;
    Linker linker(store);
    const auto memory = Memory::create(store, {{.min = 1, .max = 4}});
    REQUIRE(memory);
    linker.define("env", "m", *memory);
    const std::string bad = "unlinkable: incompatible import type: ";
    CHECK(link(linker, "\"env\" \"m\" (memory 1)") == "ok");
    CHECK(link(linker, "\"env\" \"m\" (memory 0 4)") == "ok");
    CHECK(link(linker, "\"env\" \"m\" (memory 2)") ==
          bad + "\"env\" \"m\" is to be (memory 2) and is (memory 1 4)");
    CHECK(link(linker, "\"env\" \"m\" (memory 1 3)").starts_with(bad));
    REQUIRE(memory->grow(1));
    CHECK(link(linker, "\"env\" \"m\" (memory 2)") == "ok");

    const auto table = Table::create(store, {ValueType::externref, {.min = 2}}, ExternRef());
    REQUIRE(table);
    linker.define("env", "t", *table);
    CHECK(link(linker, "\"env\" \"t\" (table 2 externref)") == "ok");
    CHECK(link(linker, "\"env\" \"t\" (table 2 funcref)").starts_with(bad));
    CHECK(link(linker, "\"env\" \"t\" (table 3 externref)").starts_with(bad));
    CHECK(link(linker, "\"env\" \"t\" (table 2 9 externref)").starts_with(bad));
  }

  TEST_CASE("globals match by type and mutability") {
    Store store;
    Linker linker(store);
    const auto constant = Global::create(store, {ValueType::i32, false}, 7);
    const auto variable = Global::create(store, {ValueType::i32, true}, 7);
    REQUIRE(constant);
    REQUIRE(variable);
    linker.define("env", "c", *constant);
    linker.define("env", "v", *variable);
    const std::string bad = "unlinkable: incompatible import type: ";
    CHECK(link(linker, "\"env\" \"c\" (global i32)") == "ok");
    CHECK(link(linker, "\"env\" \"v\" (global (mut i32))") == "ok");
    CHECK(link(linker, "\"env\" \"c\" (global (mut i32))").starts_with(bad));
    CHECK(link(linker, "\"env\" \"v\" (global i32)").starts_with(bad));
    CHECK(link(linker, "\"env\" \"c\" (global i64)").starts_with(bad));
  }

  TEST_CASE("an instance's exports can be imported, and are shared") {
    Store store;
    Linker linker(store);
    const Instance library = instance_of(linker, R"((module
      (memory (export "memory") 1)
      (global (export "count") (mut i32) (i32.const 5))
      (table (export "table") 4 funcref)
      (func (export "next") (result i32)
        (global.set 0 (i32.add (global.get 0) (i32.const 1))) (global.get 0))))");
    linker.define_instance("lib", library);
    const Instance user = instance_of(linker, R"((module
      (import "lib" "memory" (memory 1))
      (import "lib" "count" (global (mut i32)))
      (import "lib" "table" (table 4 funcref))
      (import "lib" "next" (func $next (result i32)))
      (elem (i32.const 2) $next)
      (data (i32.const 100) "hi")
      (func (export "twice") (result i32) (drop (call $next)) (call_indirect (result i32) (i32.const 2)))))");
    const auto twice = user.func<std::int32_t()>("twice");
    REQUIRE(twice);
    CHECK(*(*twice)() == 7);
    CHECK(library.global("count")->get().i32() == 7);
    CHECK(*library.memory("memory")->read<char>(101) == 'i');
    CHECK_FALSE(library.table("table")->get(2)->funcref().is_null());
    CHECK(library.table("table")->get(2)->funcref().func() == *library.func("next"));
  }

  TEST_CASE("a definition replaces an earlier one; the first error is kept") {
    Store store, other;
    Linker linker(store);
    linker.define("env", "f", [] { return 1; });
    linker.define("env", "f", [] { return 2; });
    const Instance instance = instance_of(
        linker, R"((module (import "env" "f" (func (result i32))) (export "f" (func 0))))");
    CHECK(*(*instance.func<std::int32_t()>("f"))() == 2);
    linker.define("env", "m", *Memory::create(other, {{.min = 1}}));
    linker.fail(Error{ErrorKind::host, "second"});
    CHECK(link(linker, "\"env\" \"f\" (func (result i32))") ==
          "host: \"env\" \"m\" belongs to another store");
  }

  TEST_CASE("segments out of bounds trap, and what was written before stays") {
    Store store;
    Linker linker(store);
    const auto memory = Memory::create(store, {{.min = 1}});
    const auto table = Table::create(store, {ValueType::funcref, {.min = 3}}, FuncRef());
    REQUIRE(memory);
    REQUIRE(table);
    linker.define("env", "m", *memory);
    linker.define("env", "t", *table);
    CHECK(outcome(linker.instantiate(module_of(R"((module (import "env" "m" (memory 1))
      (data (i32.const 0) "a") (data (i32.const 65535) "bc") (data (i32.const 1) "d")))"))) ==
          "trap: out of bounds memory access");
    CHECK(*memory->read<char>(0) == 'a');
    CHECK(*memory->read<char>(65535) == '\0');
    CHECK(*memory->read<char>(1) == '\0');
    // The function stays callable although its instance was never given out.
    CHECK(outcome(linker.instantiate(module_of(R"((module (import "env" "t" (table 3 funcref))
      (func $f (result i32) (i32.const 42))
      (elem (i32.const 1) $f) (elem (i32.const 2) $f $f)))"))) ==
          "trap: out of bounds table access");
    const FuncRef escaped = table->get(1)->funcref();
    REQUIRE_FALSE(escaped.is_null());
    CHECK(table->get(2)->funcref().is_null());
    const auto results = escaped.func().call();
    REQUIRE(results);
    CHECK(results->front().i32() == 42);
  }

  TEST_CASE("functions that an instance left behind when it trapped find the segments it had") {
    // The one before $decl ends the instantiation, so that $decl was not dropped either.
    constexpr std::string_view kLeft = R"((module
      (type $f (func (param i32 i32) (result i32)))
      (type $refs (array (mut funcref)))
      (import "env" "t" (table $t 10 funcref))
      (func $declared (type $f)
        (array.len (array.new_elem $refs $decl (local.get 0) (local.get 1))))
      (func $written (type $f)
        (local $a (ref $refs)) (local.set $a (array.new_default $refs (i32.const 4)))
        (array.init_elem $refs $decl (local.get $a) (i32.const 0) (local.get 0) (local.get 1))
        (i32.const 9))
      (func $init (type $f)
        (table.init $t $decl (i32.const 5) (local.get 0) (local.get 1)) (i32.const 9))
      (func $passive (type $f)
        (array.len (array.new_elem $refs $pass (local.get 0) (local.get 1))))
      (elem (table $t) (i32.const 0) func $declared $written $init $passive)
      (elem $pass funcref (ref.func $init))
      (elem (table $t) (i32.const 100) func $init)
      (elem $decl declare funcref (ref.func $init) (ref.func $init) (ref.func $init))))";
    Store store;
    Linker linker(store);
    const auto table = Table::create(store, {ValueType::funcref, {.min = 10}}, FuncRef());
    REQUIRE(table);
    linker.define("env", "t", *table);
    CHECK(outcome(linker.instantiate(module_of(kLeft))) == "trap: out of bounds table access");
    const auto call = [&](std::uint64_t function, std::int32_t from, std::int32_t count) {
      return table->get(function)->funcref().func().call({from, count});
    };
    for (const std::uint64_t function : {0, 1, 2}) {
      CAPTURE(function);
      CHECK(outcome(call(function, 1, 2)) == "ok");
      CHECK(outcome(call(function, 0, 4)) == "trap: out of bounds table access");
      CHECK(outcome(call(function, 0x100000, 1)) == "trap: out of bounds table access");
    }
    CHECK(table->get(6)->funcref() == table->get(2)->funcref());
    CHECK(call(3, 0, 1)->front().i32() == 1);
    CHECK(outcome(call(3, 0, 2)) == "trap: out of bounds table access");
  }

  TEST_CASE("the start function runs; its trap is the outcome") {
    Store store;
    Linker linker(store);
    int calls = 0;
    linker.define("env", "hello", [&calls] { ++calls; });
    instance_of(linker, R"((module (import "env" "hello" (func $hello)) (start $hello)))");
    CHECK(calls == 1);
    CHECK(outcome(linker.instantiate(module_of("(module (func $f unreachable) (start $f))"))) ==
          "trap: unreachable");
  }

  TEST_CASE("constant expressions: globals, references, arithmetic") {
    Store store;
    Linker linker(store);
    linker.define("env", "base", *Global::create(store, {ValueType::i32, false}, 1000));
    const Instance instance = instance_of(linker, R"((module
      (import "env" "base" (global $base i32))
      (func $f (export "f"))
      (global (export "a") i32
        (i32.mul (i32.add (global.get $base) (i32.const 24)) (i32.sub (i32.const 1) (i32.const 3))))
      (global (export "b") i64 (i64.mul (i64.const -1) (i64.add (i64.const 5) (i64.sub (i64.const 1) (i64.const 2)))))
      (global (export "c") f32 (f32.const nan:0x200000))
      (global (export "d") funcref (ref.func $f))
      (global (export "e") externref (ref.null extern))
      (memory (export "m") 1)
      (data (i32.add (global.get $base) (i32.const 1)) "x")))");
    CHECK(instance.global("a")->get().i32() == -2048);
    CHECK(instance.global("b")->get().i64() == -4);
    CHECK(to_string(instance.global("c")->get()) == "nan:0x200000");
    CHECK(instance.global("d")->get().funcref().func() == *instance.func("f"));
    CHECK(instance.global("e")->get().externref().pointer == nullptr);
    CHECK(*instance.memory("m")->read<char>(1001) == 'x');
  }

  TEST_CASE("limits of the store") {
    Store store(
        {.max_memory_bytes = 3 * Memory::kPageSize, .max_table_elements = 10, .max_instances = 3});
    Linker linker(store);
    const Instance first = instance_of(linker, R"((module (memory (export "m") 2) (table 6 funcref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
    CHECK(outcome(linker.instantiate(module_of("(module (memory 2))"))) ==
          "exhaustion: out of memory: a linear memory of 2 pages is beyond the limit (131072 bytes "
          "asked for; the store's limit is 196608, 131072 are in use)");
    CHECK(outcome(linker.instantiate(module_of("(module (table 5 funcref))"))) ==
          "exhaustion: out of memory: a table of 5 elements is beyond the limit (5 elements asked "
          "for; the store's limit is 10, 6 are in use)");
    const auto grow = first.func<std::int32_t(std::int32_t)>("grow");
    CHECK(*(*grow)(2) == -1);
    CHECK(*(*grow)(1) == 2);
    CHECK(outcome(first.memory("m")->grow(1)) ==
          "exhaustion: the memory cannot grow so far (65536 bytes asked for; the store's limit is "
          "196608, 196608 are in use)");
    instance_of(linker, "(module)");
    instance_of(linker, "(module)");
    CHECK(outcome(linker.instantiate(module_of("(module)"))) ==
          "exhaustion: too many instances in one store: the limit is 3");
  }
}
