// SPDX-License-Identifier: Apache-2.0
// Atomic accesses, shared memories, and threads that wait.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <thread>
#include <vector>

#include "vm/test_run.hpp"

using tinywasm::Instance;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Memory;
using tinywasm::MemoryType;
using tinywasm::Module;
using tinywasm::SharedMemory;
using tinywasm::Store;
using tinywasm::StoreConfig;

namespace {

constexpr const char* kMemory = "trap: out of bounds memory access";
constexpr const char* kUnaligned = "trap: unaligned atomic";

struct Width {
  const char* type;
  const char* suffix;  // of rmw
  unsigned bytes;
};
const Width kWidths[] = {{"i32", "", 4},  {"i64", "", 8},   {"i32", "8", 1}, {"i32", "16", 2},
                         {"i64", "8", 1}, {"i64", "16", 2}, {"i64", "32", 4}};

tinywasm::Value number(const Width& width, std::uint64_t bits) {
  if (std::string(width.type) == "i32") return static_cast<std::uint32_t>(bits);
  return bits;
}

MemoryType shared_type(std::uint64_t min, std::uint64_t max) {
  return {.limits = {.min = min, .max = max}, .is_shared = true};
}

/// Runs `text`, a module that imports "m" "m", in a Store of its own.
struct Guest {
  Store store;
  Linker linker{store};
  std::optional<Instance> instance{};

  Guest(const Module& module, const SharedMemory& memory, const StoreConfig& config = {})
      : store(config) {
    linker.define("m", "m", *Memory::create(store, memory));
    auto made = linker.instantiate(module);
    REQUIRE(made);
    instance = *made;
  }
  std::string call(const char* name, std::vector<tinywasm::Value> arguments = {}) {
    return tinywasm::outcome_text((*instance->func(name)).call(arguments));
  }
};

}  // namespace

TEST_SUITE("execution_atomics") {
  TEST_CASE("loads, stores and read-modify-write of every width") {
    for (const char* memory : {"(memory 1 1)", "(memory 1 1 shared)", "(memory i64 1 1)",
                               "(memory $other 1) (memory 1 1 shared)"}) {
      const std::string text = memory;
      const std::string address = text.find("i64") != std::string::npos ? "i64" : "i32";
      const std::string index = text.find("other") != std::string::npos ? " 1" : "";
      for (const Width& width : kWidths) {
        CAPTURE(text);
        CAPTURE(width.suffix);
        const std::string t = width.type;
        const std::string narrow = width.suffix[0] == '\0' ? "" : "_u";
        const std::string at = address + ".const 16 ";
        const auto offset = index + " offset=8 ";
        std::string source = text + "(func (export \"load\") (result " + t + ") " + at + t +
                             ".atomic.load" + width.suffix + narrow + offset +
                             ") (func (export \"store\") (param " + t + ") " + at + "local.get 0 " +
                             t + ".atomic.store" + width.suffix + offset + ")";
        for (const char* operation : {"add", "sub", "and", "or", "xor", "xchg"}) {
          source += "(func (export \"" + std::string(operation) + "\") (param " + t + ") (result " +
                    t + ") " + at + "local.get 0 " + t + ".atomic.rmw" + width.suffix + "." +
                    operation + narrow + offset + ")";
        }
        source += "(func (export \"cmpxchg\") (param " + t + " " + t + ") (result " + t + ") " +
                  at + "local.get 0 local.get 1 " + t + ".atomic.rmw" + width.suffix + ".cmpxchg" +
                  narrow + offset + ")";
        Machines machines(source);
        const std::uint64_t mask =
            width.bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * width.bytes) - 1;
        const auto text_of = [&](std::uint64_t bits) {
          return to_string(number(width, bits & mask));
        };
        const std::uint64_t a = 0x8877665544332211;
        const std::uint64_t b = 0x0f1e2d3c4b5a6978;
        CHECK(machines.call("store", {number(width, a)}).empty());
        CHECK(machines.call("load") == text_of(a));
        CHECK(machines.call("add", {number(width, b)}) == text_of(a));
        CHECK(machines.call("sub", {number(width, a)}) == text_of(a + b));
        CHECK(machines.call("xchg", {number(width, a)}) == text_of(b));
        CHECK(machines.call("and", {number(width, b)}) == text_of(a));
        CHECK(machines.call("or", {number(width, a)}) == text_of(a & b));
        CHECK(machines.call("xor", {number(width, b)}) == text_of((a & b) | a));
        CHECK(machines.call("load") == text_of(((a & b) | a) ^ b));
        CHECK(machines.call("store", {number(width, a)}).empty());
        CHECK(machines.call("cmpxchg", {number(width, b), number(width, b)}) == text_of(a));
        CHECK(machines.call("cmpxchg", {number(width, a), number(width, b)}) == text_of(a));
        CHECK(machines.call("load") == text_of(b));
      }
    }
  }

  TEST_CASE("alignment and bounds") {
    Machines machines(
        "(memory 1 2 shared) (func (export \"f\") (param i32) (result i64)"
        " local.get 0 i64.atomic.load offset=8)"
        "(func (export \"g\") (param i32) local.get 0 i32.const 1 i32.atomic.rmw16.add_u drop)"
        "(func (export \"fence\") atomic.fence)"
        "(func (export \"wait\") (param i32) (result i32)"
        " local.get 0 i32.const 1 i64.const 0 memory.atomic.wait32)"
        "(func (export \"wait64\") (param i32) (result i32)"
        " local.get 0 i64.const 0 i64.const 1000 memory.atomic.wait64)"
        "(func (export \"notify\") (param i32) (result i32)"
        " local.get 0 i32.const 1 memory.atomic.notify)");
    CHECK(machines.call("f", {0}) == "0");
    CHECK(machines.call("f", {65520}) == "0");
    CHECK(machines.call("f", {65528}) == kMemory);
    CHECK(machines.call("f", {-8}) == kMemory);
    for (const int address : {1, 2, 4, 65529}) CHECK(machines.call("f", {address}) == kUnaligned);
    CHECK(machines.call("g", {2}).empty());
    CHECK(machines.call("g", {3}) == kUnaligned);
    CHECK(machines.call("fence").empty());
    CHECK(machines.call("wait", {4}) == "1");
    CHECK(machines.call("wait", {2}) == kUnaligned);
    CHECK(machines.call("wait", {65536}) == kMemory);
    CHECK(machines.call("wait64", {8}) == "2");
    CHECK(machines.call("wait64", {4}) == kUnaligned);
    CHECK(machines.call("notify", {4}) == "0");
    CHECK(machines.call("notify", {3}) == kUnaligned);
    CHECK(machines.call("notify", {65536}) == kMemory);
  }

  TEST_CASE("an unshared memory has nobody to wait for") {
    Machines machines(
        "(memory 1) (func (export \"wait\") (result i32)"
        " i32.const 0 i32.const 0 i64.const -1 memory.atomic.wait32)"
        "(func (export \"notify\") (result i32)"
        " i32.const 0 i32.const 1 memory.atomic.notify)");
    CHECK(machines.call("wait") == "trap: expected shared memory");
    CHECK(machines.call("notify") == "0");
  }

  TEST_CASE("alignment must be natural") {
    for (const char* body : {"i32.const 0 i32.atomic.load align=2 drop",
                             "i32.const 0 i64.atomic.load32_u align=8 drop",
                             "i32.const 0 i32.const 0 i32.atomic.rmw8.add_u align=2 drop"}) {
      CAPTURE(body);
      const auto module = Module::from_text("(module (memory 1) (func " + std::string(body) + "))");
      REQUIRE(!module);
      CHECK(module.error().message.starts_with("alignment must be equal to natural"));
    }
    CHECK(Module::from_text("(module (memory 1) (func i32.const 0 i32.atomic.load align=4 drop))"));
  }

  TEST_CASE("a shared memory of several stores") {
    auto module = Module::from_text(
        "(module (import \"m\" \"m\" (memory 1 4 shared))"
        "(func (export \"size\") (result i32) memory.size)"
        "(func (export \"grow\") (param i32) (result i32) local.get 0 memory.grow)"
        "(func (export \"load\") (param i32) (result i32) local.get 0 i32.load)"
        "(func (export \"store\") (param i32 i32) local.get 0 local.get 1 i32.store)"
        "(func (export \"fill\") (param i32) local.get 0 i32.const 1 i32.const 4 memory.fill)"
        "(func (export \"sum\") (param i32) (result i32)"
        " local.get 0 i32.load local.get 0 i32.load offset=4 i32.add))");
    REQUIRE(module);
    for (const bool portable : {false, true}) {
      CAPTURE(portable);
      auto memory = SharedMemory::create(shared_type(1, 4));
      REQUIRE(memory);
      StoreConfig config;
      config.portable_loop = portable;
      Guest a(*module, *memory, config);
      Guest b(*module, *memory, config);
      CHECK(a.call("store", {8, 42}).empty());
      CHECK(b.call("load", {8}) == "42");
      const std::byte* const base = memory->bytes().data();
      CHECK(b.call("load", {65536}) == kMemory);
      CHECK(a.call("grow", {1}) == "1");
      // What is out of bounds is found out with the real size.
      CHECK(b.call("load", {65536}) == "0");
      CHECK(a.call("grow", {1}) == "2");
      CHECK(b.call("store", {131072, 7}).empty());
      CHECK(b.call("sum", {131072}) == "7");
      CHECK(b.call("size") == "3");
      CHECK(a.call("grow", {1}) == "3");
      CHECK(b.call("fill", {196608}).empty());
      CHECK(b.call("load", {196608}) == "16843009");
      CHECK(b.call("grow", {1}) == "-1");
      CHECK(a.call("load", {262144}) == kMemory);
      CHECK(memory->bytes().data() == base);
      CHECK(memory->type().limits.min == 4);
      CHECK(to_string(tinywasm::ExternType(memory->type())) == "(memory 4 4 shared)");
    }
  }

  TEST_CASE("what a shared memory must be") {
    CHECK(!SharedMemory::create({.limits = {.min = 1}, .is_shared = true}));
    CHECK(!SharedMemory::create({.limits = {.min = 1, .max = 2}}));
    CHECK(!SharedMemory::create(shared_type(2, 4), 65536));
    auto small = SharedMemory::create(shared_type(1, 65536), 2 * 65536);
    REQUIRE(small);
    auto module = Module::from_text(
        "(module (import \"m\" \"m\" (memory 1 65536 shared))"
        "(func (export \"grow\") (param i32) (result i32) local.get 0 memory.grow))");
    REQUIRE(module);
    Guest guest(*module, *small);
    CHECK(guest.call("grow", {2}) == "-1");
    CHECK(guest.call("grow", {1}) == "1");
    CHECK(Machines("(memory i64 1 0x1000000000000 shared)", {},
                   {.max_memory_bytes = std::uint64_t{1} << 62})
              .created()
              .starts_with("exhaustion"));
    for (const char* import : {"(memory 1 4)", "(memory 1 3 shared)"}) {
      CAPTURE(import);
      auto other = Module::from_text("(module (import \"m\" \"m\" " + std::string(import) + "))");
      REQUIRE(other);
      Store store;
      Linker linker{store};
      linker.define("m", "m", *Memory::create(store, *SharedMemory::create(shared_type(1, 4))));
      CHECK(!linker.instantiate(*other));
    }
    Store store;
    const auto own = Memory::create(store, shared_type(1, 2));
    REQUIRE(own);
    CHECK(own->shared());
    CHECK(!Memory::create(store, {.limits = {.min = 1}})->shared());
  }

  TEST_CASE("threads count together, wait for each other and grow the memory") {
    auto module = Module::from_text(
        "(module (import \"m\" \"m\" (memory 1 20 shared))"
        // Adds 1 to [0] n times; then adds 1 to [8] and wakes everybody who waits for it.
        "(func (export \"count\") (param i32)"
        " loop i32.const 0 i32.const 1 i32.atomic.rmw.add drop"
        "  local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end"
        " i32.const 8 i32.const 1 i32.atomic.rmw.add drop"
        " i32.const 8 i32.const -1 memory.atomic.notify drop)"
        // Waits until [8] is n; what [0] is then.
        "(func (export \"await\") (param i32) (result i32) (local i32)"
        " block loop i32.const 8 i32.atomic.load local.tee 1 local.get 0 i32.eq br_if 1"
        "  i32.const 8 local.get 1 i64.const -1 memory.atomic.wait32 drop br 0 end end"
        " i32.const 0 i32.atomic.load)"
        "(func (export \"grow\") (result i32) i32.const 1 memory.grow)"
        "(func (export \"last\") (param i32) (result i32) local.get 0 i32.atomic.load)"
        "(func (export \"forever\") (result i32)"
        " i32.const 16 i32.const 0 i64.const -1 memory.atomic.wait32))");
    REQUIRE(module);
    for (const bool portable : {false, true}) {
      constexpr int kThreads = 4;
      constexpr int kCount = 2000;
      auto memory = SharedMemory::create(shared_type(1, 20));
      REQUIRE(memory);
      StoreConfig config;
      config.portable_loop = portable;
      std::vector<std::thread> threads;
      std::atomic<int> failures{0};
      std::atomic<int> grown{0};
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
          Guest guest(*module, *memory, config);
          for (int k = 0; k < 3; ++k) {
            if (guest.call("grow") != "-1") ++grown;
          }
          if (!guest.call("count", {kCount}).empty()) ++failures;
        });
      }
      Guest guest(*module, *memory, config);
      CHECK(guest.call("await", {kThreads}) == std::to_string(kThreads * kCount));
      for (std::thread& thread : threads) thread.join();
      CHECK(failures == 0);
      CHECK(grown == 3 * kThreads);
      CHECK(guest.call("last", {(1 + 3 * kThreads) * 65536 - 4}) == "0");
      CHECK(guest.call("last", {(1 + 3 * kThreads) * 65536}) == kMemory);

      // Woken from outside; ended by an interrupt.
      std::thread waker([&] {
        while (memory->notify(16, 1) == 0) std::this_thread::yield();
      });
      CHECK(guest.call("forever") == "0");
      waker.join();
      std::thread interrupter([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        guest.store.interrupt();
      });
      CHECK(guest.call("forever") == "interrupted: interrupted");
      interrupter.join();
      CHECK(memory->notify(16, 1) == 0);
    }
  }

  TEST_CASE("a wait ends in time") {
    Machines machines(
        "(memory 1 1 shared) (func (export \"f\") (result i32)"
        " i32.const 0 i32.const 0 i64.const 30000000 memory.atomic.wait32)");
    const auto start = std::chrono::steady_clock::now();
    CHECK(machines.call("f") == "2");
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(30));
  }
}
