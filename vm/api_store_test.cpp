// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

constexpr std::string_view kLoops = R"((module
  (memory 1024)
  (func (export "count") (param i32) (result i32) (local i32)
    (block (loop
      (br_if 1 (i32.ge_u (local.get 1) (local.get 0)))
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br 0)))
    (local.get 1))
  (func $f (export "recurse") (call $f) (call $f))
  (func (export "loop") (loop (br 0)))
  (func (export "store") (local i32)  ;; a loop of one sequence, the word that charges in it
    (loop
      (i32.store8 (i32.add (local.get 0) (i32.const 64)) (i32.const 1))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 0))) (i32.const 9)))))
  (func (export "fill")
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br 0)))))";

/// Every way of running.
const StoreConfig kWays[] = {{}, {.fuse = false}, {.portable_loop = true}};

/// Runs an export of kLoops that another thread interrupts after a while.
void check_interrupted(Store& store, const Instance& instance, const char* name) {
  const auto run = instance.func<void()>(name);
  REQUIRE(run);
  std::thread other([&store] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    store.interrupt();
  });
  CHECK(outcome((*run)()) == "interrupted: interrupted");
  other.join();
}

}  // namespace

TEST_SUITE("api_store") {
  TEST_CASE("fuel ends the guest and is counted") {
    for (StoreConfig config : kWays) {
      CAPTURE(config.fuse);
      CAPTURE(config.portable_loop);
      config.fuel = 100'000;
      Store store(config);
      Linker linker(store);
      const Instance instance = instance_of(linker, kLoops);
      const auto count = instance.func<std::int32_t(std::int32_t)>("count");
      REQUIRE(count);
      CHECK(store.fuel_left() == 100'000);
      CHECK(*(*count)(100) == 100);
      const std::uint64_t left = store.fuel_left();
      CHECK(left < 100'000);
      CHECK(*(*count)(1000) == 1000);
      CHECK(store.fuel_left() < left);
      CHECK(outcome((*instance.func<void()>("loop"))()) == "out of fuel: all fuel consumed");
      CHECK(store.fuel_left() == 0);
      CHECK_FALSE((*count)(100));
      store.set_fuel(50'000);
      CHECK(*(*count)(100) == 100);
    }
  }

  TEST_CASE("fuel is counted one by one however much there is") {
    for (StoreConfig config : kWays) {
      config.fuel = 50'000'000;
      Store store(config);
      Linker linker(store);
      const Instance instance = instance_of(linker, kLoops);
      const auto count = instance.func<std::int32_t(std::int32_t)>("count");
      REQUIRE(count);
      const auto cost_of = [&](std::int32_t rounds) {
        const std::uint64_t before = store.fuel_left();
        CHECK(*(*count)(rounds) == rounds);
        return before - store.fuel_left();
      };
      const std::uint64_t none = cost_of(0);
      const std::uint64_t round = cost_of(1) - none;
      CHECK(cost_of(1'000'000) == none + 1'000'000 * round);
      // Exactly enough is enough, one less is not.
      store.set_fuel(none + 300'000 * round);
      CHECK(cost_of(300'000) == none + 300'000 * round);
      CHECK(store.fuel_left() == 0);
      store.set_fuel(none + 300'000 * round - 1);
      CHECK_FALSE((*count)(300'000));
      CHECK(store.fuel_left() == 0);
      store.set_fuel(~std::uint64_t{0});
      CHECK(cost_of(10) == none + 10 * round);
    }
  }

  TEST_CASE("an interrupt ends what has fuel for long") {
    for (StoreConfig config : kWays) {
      for (const char* name : {"loop", "store", "fill"}) {
        config.fuel = ~std::uint64_t{0};
        Store store(config);
        Linker linker(store);
        check_interrupted(store, instance_of(linker, kLoops), name);
        CHECK(store.fuel_left() > 0);
      }
    }
  }

  TEST_CASE("without fuel nothing is metered") {
    Store store;
    CHECK(store.fuel_left() == 0);
    store.set_fuel(5);
    CHECK(store.fuel_left() == 0);
  }

  TEST_CASE("an interrupt from another thread ends a loop and a long fill") {
    for (const StoreConfig& config : kWays) {
      for (const char* name : {"loop", "fill"}) {
        Store store(config);
        Linker linker(store);
        const Instance instance = instance_of(linker, kLoops);
        check_interrupted(store, instance, name);
        // It lasts until it is taken back.
        CHECK(outcome((*instance.func<void()>(name))()) == "interrupted: interrupted");
        store.clear_interrupt();
        CHECK(*(*instance.func<std::int32_t(std::int32_t)>("count"))(7) == 7);
      }
    }
  }

  TEST_CASE("the stack's size is what the configuration says") {
    std::vector<std::size_t> depths;
    for (const std::uint64_t bytes : {std::uint64_t{1} << 16, std::uint64_t{1} << 22}) {
      Store store({.max_stack_bytes = bytes});
      Linker linker(store);
      int calls = 0;
      linker.define("env", "count", [&calls] { ++calls; });
      const Instance instance = instance_of(linker, R"((module (import "env" "count" (func $count))
        (func $f (export "f") (call $count) (call $f) (call $count))))");
      CHECK(outcome((*instance.func<void()>("f"))()) == "exhaustion: call stack exhausted");
      depths.push_back(static_cast<std::size_t>(calls));
    }
    CHECK(depths[0] > 100);
    CHECK(depths[1] > 30 * depths[0]);
  }

  TEST_CASE("stores run in parallel and share a module") {
    const Module module = module_of(kLoops);
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&module, &sum, i] {
        Store store;
        Linker linker(store);
        const auto instance = linker.instantiate(module);
        if (!instance) return;
        const auto count = instance->func<std::int32_t(std::int32_t)>("count");
        if (count) sum += *(*count)(1000 + i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(sum == 4006);
  }

  TEST_CASE("a store and its handles can move") {
    auto make = [] {
      Store store;
      Linker linker(store);
      return std::pair(std::move(store), instance_of(linker, kLoops));
    };
    const auto [store, instance] = make();
    CHECK(*(*instance.func<std::int32_t(std::int32_t)>("count"))(3) == 3);
  }
}
