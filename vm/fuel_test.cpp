// SPDX-License-Identifier: Apache-2.0
// Fuel for what takes longer than an instruction: by size, before anything is done, and the same in
// all ways of running.
#include <cstdint>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

#include "vm/test_random.hpp"
#include "vm/test_run.hpp"

namespace tinywasm {
namespace {

/// One of everything that has a length: the exports take their operands as parameters.
constexpr const char* kBulk = R"((module
  (memory $m (export "memory") 4 200) (memory $n 1)
  (table $t 1000 funcref) (table $u 500 5000 funcref)
  (type $bytes (array (mut i8))) (type $longs (array (mut i64)))
  (type $refs (array (mut funcref)))
  (data $d "0123456789012345678901234567890123456789012345678901234567890123456789"
           "0123456789012345678901234567890123456789012345678901234567890123456789")
  (elem $e func $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f)
  (global $b (ref $bytes) (array.new_default $bytes (i32.const 3000)))
  (global $l (ref $longs) (array.new_default $longs (i32.const 3000)))
  (global $r (ref $refs) (array.new_default $refs (i32.const 3000)))
  (func $f)
  (func (export "memory.fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.fill 1") (param i32 i32 i32)
    (memory.fill $n (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.copy 1") (param i32 i32 i32)
    (memory.copy $m $n (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.init") (param i32 i32 i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.grow") (param i32 i32 i32) (drop (memory.grow (local.get 2))))
  (func (export "table.fill") (param i32 i32 i32)
    (table.fill $t (local.get 0) (ref.null func) (local.get 2)))
  (func (export "table.copy") (param i32 i32 i32)
    (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.init") (param i32 i32 i32)
    (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.grow") (param i32 i32 i32)
    (drop (table.grow $u (ref.func $f) (local.get 2))))
  (func (export "array.new") (param i32 i32 i32)
    (drop (array.new $longs (i64.const 7) (local.get 2))))
  (func (export "array.new_default") (param i32 i32 i32)
    (drop (array.new_default $bytes (local.get 2))))
  (func (export "array.new_data") (param i32 i32 i32)
    (drop (array.new_data $bytes $d (local.get 1) (local.get 2))))
  (func (export "array.new_elem") (param i32 i32 i32)
    (drop (array.new_elem $refs $e (local.get 1) (local.get 2))))
  (func (export "array.fill") (param i32 i32 i32)
    (array.fill $longs (global.get $l) (local.get 0) (i64.const 5) (local.get 2)))
  (func (export "array.copy") (param i32 i32 i32)
    (array.copy $longs $longs (global.get $l) (local.get 0) (global.get $l) (local.get 1)
                (local.get 2)))
  (func (export "array.init_data") (param i32 i32 i32)
    (array.init_data $longs $d (global.get $l) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "array.init_elem") (param i32 i32 i32)
    (array.init_elem $refs $e (global.get $r) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "loads") (param i32 i32 i32) (result i64 i64)
    (i64.load (local.get 0)) (i64.load $n (local.get 0))))
)";

std::uint64_t fuel_left(Machines& machines) {
  std::uint64_t left = 0;
  machines.each([&](Store& store, const Instance&) {
    if (store.fuel_left() != 0) left = store.fuel_left();
  });
  return left;
}

/// What a call takes beyond one with the length `none`.
std::uint64_t extra(Machines& machines, const std::string& name, std::int32_t length,
                    std::int32_t at = 0, std::int32_t none = 0) {
  const std::uint64_t begin = fuel_left(machines);
  machines.call(name, {at, 0, none});
  const std::uint64_t base = begin - fuel_left(machines);
  machines.call(name, {at, 0, length});
  return begin - fuel_left(machines) - 2 * base;
}

}  // namespace

TEST_SUITE("fuel") {
  TEST_CASE("bulk instructions are charged by their length") {
    Machines machines(kBulk);
    for (const char* name : {"memory.fill", "memory.copy", "memory.fill 1", "memory.copy 1"}) {
      CAPTURE(std::string(name));
      CHECK(extra(machines, name, 32) == 0);
      CHECK(extra(machines, name, 64) == 0);
      CHECK(extra(machines, name, 65) == 1);
      CHECK(extra(machines, name, 128) == 1);
      CHECK(extra(machines, name, 129) == 2);
      CHECK(extra(machines, name, 65536) == 1023);
    }
    CHECK(extra(machines, "memory.init", 140) == 2);
    CHECK(extra(machines, "memory.grow", 3) == 3 * 1024 - 1);
    CHECK(extra(machines, "table.fill", 1000) == 124);
    CHECK(extra(machines, "table.copy", 1000) == 124);
    CHECK(extra(machines, "table.init", 24) == 2);
    CHECK(extra(machines, "table.grow", 17) == 2);
    CHECK(extra(machines, "array.fill", 3000) == 374);
    CHECK(extra(machines, "array.copy", 3000) == 374);
    CHECK(extra(machines, "array.init_data", 17) == 2);
    CHECK(extra(machines, "array.init_elem", 24) == 2);
    // Objects have a header of 8 bytes.
    CHECK(extra(machines, "array.new", 7) == 0);
    CHECK(extra(machines, "array.new", 1000) == 125);
    CHECK(extra(machines, "array.new_default", 56) == 0);
    CHECK(extra(machines, "array.new_default", 57) == 1);
    CHECK(extra(machines, "array.new_data", 140) == 2);
    CHECK(extra(machines, "array.new_elem", 24) == 3);
  }

  TEST_CASE("wide structures and arrays of many operands are charged, too") {
    std::string fields;
    std::string values;
    for (int i = 0; i < 60; ++i) fields += "(field i64)", values += "(i64.const 1)";
    Machines machines("(module (type $s (struct " + fields + ")) (type $a (array i64))" +
                      "(func (export \"wide\") (drop (struct.new_default $s)))" +
                      "(func (export \"narrow\") (drop (array.new_default $a (i32.const 0))))" +
                      "(func (export \"fixed\") (drop (array.new_fixed $a 60 " + values + "))))");
    const std::uint64_t begin = fuel_left(machines);
    machines.call("narrow");  // three instructions
    const std::uint64_t narrow = begin - fuel_left(machines);
    machines.call("wide");
    CHECK(begin - fuel_left(machines) - narrow == narrow - 1 + 7);
    const std::uint64_t before = fuel_left(machines);
    machines.call("fixed");
    CHECK(before - fuel_left(machines) == narrow - 1 + 60 + 7);
  }

  TEST_CASE("what fails is not charged for its length") {
    Machines machines(kBulk);
    const std::uint64_t begin = fuel_left(machines);
    machines.call("memory.fill", {0, 0, 0});
    const std::uint64_t base = begin - fuel_left(machines);
    CHECK(machines.call("memory.fill", {0, 0, 1 << 20}) == "trap: out of bounds memory access");
    CHECK(begin - fuel_left(machines) == 2 * base);
    CHECK(extra(machines, "memory.grow", 1000) == 0);  // beyond the maximum
    CHECK(extra(machines, "table.grow", 10000) == 0);
    StoreConfig config;
    config.max_memory_bytes = 8 << 16;
    config.max_table_elements = 2000;
    Machines small(kBulk, {}, config);
    CHECK(extra(small, "memory.grow", 100) == 0);  // beyond the Store's limits
    CHECK(extra(small, "table.grow", 1000) == 0);
    CHECK(extra(small, "memory.grow", 1) == 1023);
  }

  TEST_CASE("what cannot be paid for is not begun") {
    StoreConfig config;
    config.fuel = 1000;
    Machines machines(kBulk, {}, config);
    const auto set_fuel = [&](std::uint64_t fuel) {
      machines.each([&](Store& store, const Instance&) { store.set_fuel(fuel); });
    };
    for (const char* name : {"memory.fill", "memory.fill 1", "memory.copy 1", "memory.grow",
                             "table.fill", "table.copy", "table.grow", "array.new", "array.fill",
                             "array.copy", "array.new_default"}) {
      CAPTURE(std::string(name));
      const bool is_growth = std::string(name).ends_with("grow");
      const bool is_table = std::string(name).starts_with("table");
      const std::int32_t length = is_growth ? (is_table ? 500 : 1) : is_table ? 1000 : 3000;
      set_fuel(40);
      const std::int32_t value = std::string(name).starts_with("memory.fill") ? 0x55 : 0;
      CHECK(machines.call(name, {0, value, length}) == "out of fuel: all fuel consumed");
      CHECK(fuel_left(machines) == 0);
    }
    set_fuel(10000);
    CHECK(machines.call("loads", {0, 0, 0}) == "0 0");
    machines.each(
        [](Store&, const Instance& instance) { CHECK(instance.memory("memory")->pages() == 4); });
  }

  TEST_CASE("the price of bytes is the Store's; none without fuel") {
    StoreConfig config;
    config.bytes_per_fuel = 4096;
    Machines coarse(kBulk, {}, config);
    CHECK(extra(coarse, "memory.fill", 65536) == 15);
    config.bytes_per_fuel = 0;
    Machines free(kBulk, {}, config);
    CHECK(extra(free, "memory.fill", 65536) == 0);
    config.bytes_per_fuel = 1;  // no less than what short copies do without asking
    Machines fine(kBulk, {}, config);
    CHECK(extra(fine, "memory.fill", 65536) == 1023);
  }

  TEST_CASE("random lengths take the same fuel in all ways of running, cold or warm") {
    constexpr const char* kNames[] = {
        "memory.fill", "memory.fill 1",   "memory.copy",       "memory.copy 1",  "memory.init",
        "memory.grow", "table.fill",      "table.copy",        "table.init",     "table.grow",
        "array.new",   "array.fill",      "array.new_default", "array.new_data", "array.new_elem",
        "array.copy",  "array.init_data", "array.init_elem"};
    constexpr std::size_t kLengths[] = {30, 100, 1000, 5000, 70000};
    TestRandom random;
    for (int round = 0; round < 3; ++round) {
      StoreConfig config;
      config.fuel = 100'000;
      config.bytes_per_fuel = 64 + random.below(200);
      Machines machines(kBulk, {}, config);
      for (int i = 0; i < 400; ++i) {
        const auto number = [&] {
          return static_cast<std::int32_t>(random.below(kLengths[random.below(5)]));
        };
        const std::uint64_t fuel = random.below(3) == 0 ? random.below(30) : random.below(3000);
        machines.each([&](Store& store, const Instance&) { store.set_fuel(fuel); });
        const char* const name = kNames[random.below(std::size(kNames))];
        std::int32_t length = number();
        if (name == std::string("memory.grow")) length %= 3;
        // The same outcome and the same fuel everywhere: call() looks.
        machines.call(name, {number(), number(), length});
      }
    }
  }

  TEST_CASE("a call that throws pays for the clauses it is compared with") {
    std::string begin;
    std::string end;
    for (int i = 0; i < 320; ++i) begin += "(try_table (catch $other $out) ", end += ")";
    const std::string body = "(block $out " + begin + "(throw $mine)" + end + ")";
    Machines machines(
        "(module (tag $mine) (tag $other) (func $thrower " + body + ")" +
        "(func (export \"f\") (block $h (try_table (catch_all $h) (call $thrower))))" +
        "(func (export \"g\") (block $h (try_table (catch_all $h) (throw $mine)))))");
    const std::uint64_t start = fuel_left(machines);
    machines.call("g");
    const std::uint64_t near = start - fuel_left(machines);
    machines.call("f");
    // 320 regions and as many clauses; `throw`, `block` and the try_tables are instructions.
    const std::uint64_t far = start - fuel_left(machines) - near;
    CHECK(far > near + 320 + 640 / 16 - 10);
    CHECK(far < near + 2 * 320 + 640 / 16 + 10);
  }

  TEST_CASE("host functions charge, too") {
    const auto define = [](Linker& linker) {
      linker.define("h", "work", [](Caller& caller, std::int32_t amount) {
        caller.charge_fuel(static_cast<std::uint32_t>(amount));
      });
      linker.define("h", "bytes", [](Caller& caller, std::int32_t bytes) {
        caller.charge_bytes(static_cast<std::uint32_t>(bytes));
      });
    };
    StoreConfig config;
    config.fuel = 2000;
    Machines machines(R"((module
      (import "h" "work" (func $work (param i32))) (import "h" "bytes" (func $bytes (param i32)))
      (func (export "work") (param i32 i32 i32) (call $work (local.get 2)))
      (func (export "bytes") (param i32 i32 i32) (call $bytes (local.get 2)))))",
                      define, config);
    CHECK(extra(machines, "work", 100) == 100);
    CHECK(extra(machines, "bytes", 6400) == 99);
    CHECK(machines.call("work", {0, 0, 3000}) == "out of fuel: all fuel consumed");
    CHECK(fuel_left(machines) == 0);
    Store store{{.fuel = 10}};
    CHECK(store.charge_fuel(4));
    CHECK(store.fuel_left() == 6);
    CHECK(!store.charge_fuel(7));
    CHECK(store.fuel_left() == 0);
    Store unmetered;
    CHECK(unmetered.charge_fuel(1u << 30));
  }

  TEST_CASE("WASI calls pay for what they transfer") {
    const auto define = [](Linker& linker) {
      WasiConfig config;
      config.in = config.out = config.err = WasiStream::null();
      linker.define_wasi(config);
    };
    Machines machines(R"((module
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "random") (param i32 i32 i32) (drop (call $random (i32.const 0) (local.get 2))))
      (func (export "write") (param i32 i32 i32)
        (i64.store (i32.const 0) (i64.shl (i64.extend_i32_u (local.get 2)) (i64.const 32)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))",
                      define);
    CHECK(extra(machines, "random", 64) == 0);
    CHECK(extra(machines, "random", 6400) == 99);
    CHECK(extra(machines, "write", 64) == 0);
    CHECK(extra(machines, "write", 128'000) == 1999);
  }

  TEST_CASE("WASI calls pay for what they look at") {
    const auto define = [](Linker& linker) {
      WasiConfig config;
      config.in = config.out = config.err = WasiStream::null();
      linker.define_wasi(config);
    };
    Machines machines(R"((module
      (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_remove_directory"
        (func $remove (param i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "poll") (param i32 i32 i32)
        (drop (call $poll (i32.const 0) (i32.const 65536) (local.get 2) (i32.const 131064))))
      (func (export "spoilt") (param i32 i32 i32)
        (i32.store8 (i32.sub (i32.mul (local.get 2) (i32.const 48)) (i32.const 40)) (i32.const 9))
        (drop (call $poll (i32.const 0) (i32.const 65536) (local.get 2) (i32.const 131064))))
      (func (export "path") (param i32 i32 i32)
        (drop (call $remove (i32.const 9) (i32.const 0) (local.get 2))))))",
                      define);
    CHECK(extra(machines, "poll", 101, 0, 1) == 400);  // of 256 bytes each
    CHECK(extra(machines, "spoilt", 101, 0, 1) == 400);
    CHECK(extra(machines, "path", 104, 0, 4) == 25);  // 16 for a character
    const std::uint64_t begin = fuel_left(machines);
    machines.call("path", {0, 0, 0});
    CHECK(begin - fuel_left(machines) == 5 + 31);  // and 2048 for any
  }

  TEST_CASE("waiting takes more than an instruction") {
    Machines machines(R"((module (memory 1 1 shared)
      (func (export "notify") (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
      (func (export "wait")
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1))))))");
    const std::uint64_t begin = fuel_left(machines);
    machines.call("notify");
    const std::uint64_t notify = begin - fuel_left(machines);
    machines.call("wait");
    CHECK(begin - fuel_left(machines) - notify == notify + 1 + 100);
  }

  TEST_CASE("errors without backtraces") {
    for (const bool wanted : {true, false}) {
      StoreConfig config;
      config.backtraces = wanted;
      Machines machines("(module (func $f unreachable) (func (export \"f\") (call $f)))", {},
                        config);
      CHECK(machines.call("f") == "trap: unreachable");
      CHECK(machines.error().backtrace.size() == (wanted ? 2 : 0));
    }
  }
}

}  // namespace tinywasm
