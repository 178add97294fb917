// SPDX-License-Identifier: Apache-2.0
// How a run can end: traps with their backtraces, exhaustion, fuel and interrupts.
#include <chrono>
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <thread>

#include "vm/test_run.hpp"

using tinywasm::Error;
using tinywasm::ErrorKind;
using tinywasm::Instance;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Module;
using tinywasm::Store;
using tinywasm::StoreConfig;
using tinywasm::trace;
using tinywasm::Value;

namespace {

constexpr const char* kMemory = "trap: out of bounds memory access";
constexpr const char* kExhausted = "exhaustion: call stack exhausted";

}  // namespace

TEST_SUITE("execution_traps") {
  TEST_CASE("a backtrace names the functions, innermost first") {
    Machines machines(
        "(module $example (memory 1)"
        "(func $inner (param i32) (result i32) local.get 0 i32.load)"
        "(func $middle (param i32) (result i32) i32.const 1 local.get 0 call $inner i32.add)"
        "(func (param i32) (result i32) local.get 0 call $middle i32.const 1 i32.add)"
        "(func $outer (export \"f\") (param i32) (result i32) local.get 0 call 2 i32.const 1"
        " i32.add)"
        "(func $tail (export \"tail\") (param i32) (result i32) local.get 0 return_call $middle)"
        "(table funcref (elem $middle))"
        "(func $indirect (export \"indirect\") (param i32) (result i32) local.get 0 i32.const 0"
        " call_indirect (param i32) (result i32) i32.const 2 i32.mul))");
    CHECK(machines.call("f", {0}) == "3");
    CHECK(machines.call("f", {-1}) == kMemory);
    CHECK(trace(machines) == "inner middle ? outer");
    CHECK(machines.error().backtrace.at(0).function == 0);
    CHECK(machines.error().backtrace.at(2).function == 2);
    CHECK(machines.error().backtrace.at(0).module_name == "example");
    CHECK(machines.error().offset == machines.error().backtrace.at(0).offset);
    CHECK(machines.call("tail", {-1}) == kMemory);
    CHECK(trace(machines) == "inner middle");
    CHECK(machines.call("indirect", {-1}) == kMemory);
    CHECK(trace(machines) == "inner middle indirect");
  }

  TEST_CASE("a backtrace shows the beginnings of long names") {
    const std::string name(100000, 'x');
    Machines machines(
        "(module $" + name + " (func $" + name +
        " (export \"f\") (param i32)"
        " local.get 0 if local.get 0 i32.const 1 i32.sub call 0 else unreachable end))");
    const std::string clipped = std::string(128, 'x') + "...";
    CHECK(machines.call("f", {63}) == "trap: unreachable");
    CHECK(machines.error().backtrace.size() == 64);
    CHECK_FALSE(machines.error().is_backtrace_cut);
    CHECK(machines.error().backtrace.at(63).function_name == clipped);
    CHECK(machines.error().backtrace.at(63).module_name == clipped);
    CHECK(machines.call("f", {64}) == "trap: unreachable");
    CHECK(machines.error().backtrace.size() == 64);
    CHECK(machines.error().is_backtrace_cut);
  }

  TEST_CASE("the offset is that of the instruction that trapped") {
    // Bodies whose instructions each are three bytes long or have an easily found place.
    Machines machines(
        "(memory 1)"
        "(func (export \"sum\") (param i32 i32) (result i32)"
        " local.get 0 i32.load local.get 1 i32.load i32.add)"
        "(func (export \"copy\") (param i32 i32)"
        " local.get 0 local.get 1 i32.load i32.store)"
        "(func (export \"change\") (param i32 i32)"
        " local.get 0 local.get 1 i32.load i32.const 5 i32.add i32.store)"
        "(func (export \"compare\") (param i32 i32) (result i32)"
        " local.get 0 i32.load local.get 1 i32.eq if i32.const 1 return end i32.const 2)"
        "(func (export \"product\") (param i32 i32) (result f64)"
        " local.get 0 f64.load f64.const 2 f64.mul local.get 1 f64.load f64.add)"
        "(func (export \"chain\") (param i32 i32) (result i32)"
        " local.get 0 i32.load i32.load local.get 1 i32.add i32.load)"
        "(func (export \"div\") (param i32 i32) (result i32)"
        " local.get 0 local.get 1 i32.div_s local.get 1 local.get 0 i32.rem_u i32.add)");
    const auto offset = [&](const char* name, int a, int b) {
      INFO(name);
      CHECK(machines.call(name, {a, b}).starts_with("trap"));
      return machines.error().offset;
    };
    const std::uint64_t sum = offset("sum", -1, 0);
    CHECK(offset("sum", 0, -1) == sum + 5);
    CHECK(offset("sum", -1, -1) == sum);
    const std::uint64_t copy = offset("copy", 0, -1);
    CHECK(offset("copy", -1, 0) == copy + 3);
    CHECK(offset("copy", -1, -1) == copy);
    const std::uint64_t change = offset("change", 0, -1);
    CHECK(offset("change", -1, 0) == change + 6);
    CHECK(offset("compare", -1, 0) + 3 > offset("change", -1, 0));
    const std::uint64_t product = offset("product", -1, 0);
    CHECK(offset("product", 0, -1) == product + 3 + 9 + 1 + 2);
    const std::uint64_t chain = offset("chain", -1, 0);
    CHECK(offset("chain", 0, -1) == chain + 3 + 3 + 2 + 1);
    const std::uint64_t div = offset("div", 1, 0);
    CHECK(offset("div", 0, 1) == div + 5);
    // Where the code stands in the module: the first load comes after a header, five sections'
    // beginnings and one local.get.
    CHECK(sum > 8);
    CHECK(copy > sum);
    CHECK(div > chain);
  }

  TEST_CASE("traps name their place in a known module") {
    // (module (func (export "f") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get
    // 0)))), byte by byte.
    const std::uint8_t bytes[] = {0,  'a', 's', 'm',  1,   0,    0, 0,     //
                                  1,  6,   1,   0x60, 1,   0x7f, 1, 0x7f,  // types
                                  3,  2,   1,   0,                         // functions
                                  7,  5,   1,   1,    'f', 0,    0,        // exports
                                  10, 9,   1,   7,    0,   0x41, 1, 0x20, 0, 0x6d, 0x0b};  // code
    for (const bool fuse : {true, false}) {
      for (const bool loop : {true, false}) {
        StoreConfig config;
        config.fuse = fuse;
        config.portable_loop = loop;
        Store store(config);
        Linker linker(store);
        auto module = Module::from_bytes(std::as_bytes(std::span(bytes)));
        REQUIRE(module);
        auto instance = linker.instantiate(*module);
        REQUIRE(instance);
        const auto result = instance->func("f")->call({0});
        REQUIRE(!result);
        CHECK(result.error().offset == 36);
        REQUIRE(result.error().backtrace.size() == 1);
        CHECK(result.error().backtrace[0].offset == 36);
      }
    }
  }

  TEST_CASE("traps in a large function name their place, time and again") {
    std::string filler;
    for (int i = 0; i < 30'000; ++i) filler += " local.get 0 i32.const 3 i32.add local.set 0";
    Machines machines(
        "(func (export \"f\") (param i32 i32) (result i32)"
        " i32.const 1 local.get 0 i32.div_s drop" +
        filler + " i32.const 1 local.get 1 i32.div_s)");
    for (int i = 0; i < 3; ++i) {
      CHECK(machines.call("f", {0, 0}) == "trap: integer divide by zero");
      const std::uint64_t first = machines.error().offset;
      CHECK(machines.call("f", {1, 0}) == "trap: integer divide by zero");
      CHECK(machines.error().offset == first + 1 + 1 + 30'000 * 7 + 2 + 2);
    }
  }

  TEST_CASE("traps in calls of other instances and after them") {
    const auto define = [](Linker& linker) {
      auto module = Module::from_text(
          "(module $lib (memory 0) (func $load (export \"load\") (param i32) (result i32)"
          " local.get 0 i32.load)"
          "(func $id (export \"id\") (param i32) (result i32) local.get 0))");
      REQUIRE(module);
      auto instance = linker.instantiate(*module);
      REQUIRE(instance);
      linker.define_instance("lib", *instance);
    };
    Machines machines(
        "(module $main (import \"lib\" \"load\" (func $load (param i32) (result i32)))"
        "(import \"lib\" \"id\" (func $id (param i32) (result i32)))"
        "(memory 1)"
        "(func $a (param i32) (result i32) local.get 0 call $load i32.const 1 i32.add)"
        "(func $b (param i32) (result i32) local.get 0 return_call $load)"
        "(func $f (export \"f\") (param i32) (result i32) local.get 0 call $a)"
        "(func $g (export \"g\") (param i32) (result i32) local.get 0 call $b)"
        "(func $h (export \"h\") (param i32) (result i32) local.get 0 call $id i32.load))",
        define);
    CHECK(machines.call("f", {0}) == kMemory);
    CHECK(trace(machines) == "load a f");
    CHECK(machines.error().backtrace.at(0).module_name == "lib");
    CHECK(machines.error().backtrace.at(1).module_name == "main");
    CHECK(machines.call("g", {0}) == kMemory);
    CHECK(trace(machines) == "load g");
    CHECK(machines.call("h", {8}) == "0");
    CHECK(machines.call("h", {-8}) == kMemory);
    CHECK(trace(machines) == "h");
  }

  TEST_CASE("deep recursion exhausts the call stack, and the store goes on") {
    for (const std::uint64_t bytes : {std::uint64_t{4096}, std::uint64_t{1} << 20}) {
      StoreConfig config;
      config.max_stack_bytes = bytes;
      Machines machines(
          "(func $f (export \"f\") (param i32) (result i32)"
          " local.get 0 i32.eqz if i32.const 0 return end"
          " local.get 0 i32.const 1 i32.sub call $f i32.const 1 i32.add)"
          "(func $endless (export \"endless\") call $endless)"
          "(func $m (export \"mutual\") (param f64) (result f64) local.get 0 i32.const 0"
          " call_indirect (param f64) (result f64) f64.const 1 f64.add)"
          "(table funcref (elem $m))",
          {}, config);
      CHECK(machines.call("f", {20}) == "20");
      CHECK(machines.call("f", {10000000}) == kExhausted);
      CHECK(machines.call("endless") == kExhausted);
      CHECK(machines.error().backtrace.size() == 64);
      CHECK(machines.error().is_backtrace_cut);
      CHECK(machines.error().backtrace.at(0).function_name == "endless");
      CHECK(machines.call("mutual", {1.0}) == kExhausted);
      CHECK(machines.call("f", {20}) == "20");
    }
  }

  TEST_CASE("fuel is used up at the same place everywhere") {
    const char* const source =
        "(global $n (export \"n\") (mut i32) (i32.const 0))"
        "(func $step (param i32) (result i32) local.get 0 i32.const 3 i32.mul i32.const 1 i32.add)"
        "(func (export \"f\") (param i32) (result i32) (local i32)"
        " loop"
        "  global.get $n i32.const 1 i32.add global.set $n"
        "  local.get 1 call $step local.set 1"
        "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0"
        " end local.get 1)"
        "(func (export \"endless\") loop br 0 end)";
    int out = 0;
    for (std::uint64_t fuel = 0; fuel < 200; fuel += 3) {
      CAPTURE(fuel);
      StoreConfig config;
      config.fuel = fuel;
      Machines machines(source, {}, config);
      const std::string result = machines.call("f", {8});
      if (result.starts_with("out of fuel")) ++out;
      int reached = -1;
      machines.each([&reached](Store&, Instance& instance) {
        const int n = instance.global("n")->get().i32();
        if (reached < 0) reached = n;
        CHECK(n == reached);
      });
      CHECK(result == (reached == 8 && !result.starts_with("out of fuel")
                           ? "3280"
                           : "out of fuel: all fuel consumed"));
    }
    CHECK(out > 20);
    CHECK(out < 67);
    StoreConfig config;
    config.fuel = 100000;
    Machines machines(source, {}, config);
    CHECK(machines.call("endless") == "out of fuel: all fuel consumed");
    // With more fuel it goes on.
    machines.each([](Store& store, Instance&) { store.set_fuel(1000); });
    CHECK(machines.call("f", {8}) == "3280");
  }

  TEST_CASE("an interrupt from another thread ends what does not end by itself") {
    const char* const bodies[] = {
        " loop br 0 end",
        " loop i32.const 1 br_if 0 end",
        " (local i32) loop local.get 0 i32.const 2 i32.add local.tee 0 i32.eqz br_if 0 br 0 end",
        " loop i32.const 0 br_table 0 0 end",
        " loop call $leaf br 0 end",
        " return_call 0",
        " i32.const 0 return_call_indirect",
        " (local i64)  ;; two sequences, of which the first charges fuel\n"
        " loop local.get 0 i64.const 3 i64.mul i64.const 1 i64.add local.set 0"
        "      local.get 0 local.get 0 i64.const 1 i64.shr_u"
        "      local.get 0 i64.const 1 i64.and i32.wrap_i64 select local.tee 0"
        "      i64.const 0 i64.ge_s br_if 0 br 0 end",
        " loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end",
        " loop i32.const 0 ref.null func i32.const 60000 table.fill 1 br 0 end",
        " loop i32.const 60000 array.new_default $a drop br 0 end",
        " loop struct.new_default $s drop br 0 end",
    };
    for (const char* body : bodies) {
      for (const int mode : {0, 1, 2, 3, 4, 5}) {
        CAPTURE(body);
        CAPTURE(mode);
        StoreConfig config;
        config.fuse = mode % 3 == 0;
        config.portable_loop = mode % 3 == 2;
        if (mode >= 3) config.fuel = ~std::uint64_t{0};
        Store store(config);
        Linker linker(store);
        auto module = Module::from_text(
            "(module (type $a (array (mut i64))) (type $s (struct (field i64)))"
            " (func (export \"f\") " +
            std::string(body) +
            ") (func $leaf) (table funcref (elem 0)) (table 60000 funcref) (memory 1))");
        REQUIRE(module);
        auto instance = linker.instantiate(*module);
        REQUIRE(instance);
        std::thread other([&store] {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          store.interrupt();
        });
        const auto result = instance->func("f")->call();
        other.join();
        REQUIRE(!result);
        CHECK(result.error().kind == ErrorKind::interrupted);
        // Until it is cleared everything ends at once; then everything works again.
        CHECK(instance->func("f")->call().error().kind == ErrorKind::interrupted);
        store.clear_interrupt();
      }
    }
  }

  TEST_CASE("a trap leaves the instance usable, also inside host calls") {
    const auto define = [](Linker& linker) {
      linker.define("env", "try", [](tinywasm::Caller& caller, std::int32_t address) {
        const auto result = caller.instance()->func("load")->call({address});
        return result ? result->at(0).i32() : -1;
      });
    };
    Machines machines(
        "(import \"env\" \"try\" (func $try (param i32) (result i32)))"
        "(memory 1) (data (i32.const 4) \"\\2a\")"
        "(func $load (export \"load\") (param i32) (result i32) local.get 0 i32.load)"
        "(func (export \"f\") (param i32) (result i32) (local i32 i32 i32)"
        " i32.const 100 local.set 1 i32.const 200 local.set 2 i32.const 300 local.set 3"
        " local.get 0 call $try local.get 1 i32.add local.get 2 i32.add local.get 3 i32.add"
        " i32.const 4 call $load i32.add)",
        define);
    CHECK(machines.call("f", {4}) == "684");
    CHECK(machines.call("f", {-4}) == "641");
    CHECK(machines.call("load", {65533}) == kMemory);
    CHECK(machines.call("load", {65532}) == "0");
  }
}
