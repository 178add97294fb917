// SPDX-License-Identifier: Apache-2.0
// One Module run by several Stores, each in a thread of its own: functions are translated, calls
// patched and code looked up while others run it.
#include <array>
#include <barrier>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

constexpr std::uint32_t kThreads = 4;
constexpr std::uint32_t kFunctions = 128;

/// f[i](x) = 31 * f[i / 2](x ^ i) + f[i / 3](x + i), kept in memory in between; every third
/// function makes its second call through the table. `run` calls any of them, `trap` ends below
/// f[7].
std::string tree_module() {
  std::string text = R"((module $tree
    (type $unary (func (param i32) (result i32)))
    (memory 1)
    (func $run (export "run") (param i32 i32) (result i32)
      (call_indirect (type $unary) (local.get 1) (local.get 0)))
    (func $fail (param i32) (unreachable))
    (func (export "trap") (param i32)
      (drop (call $run (i32.const 7) (local.get 0))) (call $fail (local.get 0)))
    (func $f0 (type $unary) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1))))";
  std::string elements = " $f0";
  for (std::uint32_t i = 1; i < kFunctions; ++i) {
    const std::string own = std::to_string(i);
    const std::string address = "(i32.const " + std::to_string(8 * i) + ")";
    const std::string argument = "(i32.add (local.get 0) (i32.const " + own + "))";
    const std::string third = std::to_string(i / 3);
    text += "\n(func $f" + own + " (type $unary) (i32.store " + address + " (call $f" +
            std::to_string(i / 2) + " (i32.xor (local.get 0) (i32.const " + own + "))))";
    text += i % 3 == 0 ? "(call_indirect (type $unary) " + argument + " (i32.const " + third + "))"
                       : "(call $f" + third + " " + argument + ")";
    text += "(i32.add (i32.mul (i32.load " + address + ") (i32.const 31))))";
    elements += " $f" + own;
  }
  return text + "\n(table funcref (elem" + elements + ")))";
}

std::uint32_t tree(std::uint32_t i, std::uint32_t x) {
  return i == 0 ? 3 * x + 1 : 31 * tree(i / 2, x ^ i) + tree(i / 3, x + i);
}

/// How thread number `thread` runs in a round.
StoreConfig config_of(std::uint32_t thread, std::uint32_t round) {
  switch (round % 4) {
    case 0:
      return {};
    case 1:
      return {.fuel = 100'000'000};
    case 2:
      return {.portable_loop = true};
    default:
      return {.fuel = thread == 0 ? std::optional<std::uint64_t>(100'000'000) : std::nullopt,
              .fuse = thread % 2 == 0,
              .portable_loop = thread == 3};
  }
}

/// Runs `body(thread, instance)` in every thread at once, on instances of one new module.
template <class Body>
void run_together(std::uint32_t round, Body body) {
  const Module module = module_of(tree_module());
  std::barrier start(kThreads);
  std::array<std::string, kThreads> failed;
  std::vector<std::jthread> threads;
  for (std::uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Store store(config_of(thread, round));
      Linker linker(store);
      start.arrive_and_wait();
      const auto instance = linker.instantiate(module);
      failed[thread] = instance ? body(thread, *instance) : to_string(instance.error());
    });
  }
  threads.clear();  // joins them
  for (const std::string& message : failed) CHECK(message == "");
}

}  // namespace

TEST_SUITE("threads") {
  TEST_CASE("stores share a module's code while it is being made") {
    for (std::uint32_t round = 0; round < 8; ++round) {
      run_together(round, [](std::uint32_t thread, const Instance& instance) -> std::string {
        const auto run = instance.func<std::uint32_t(std::uint32_t, std::uint32_t)>("run");
        if (!run) return to_string(run.error());
        for (std::uint32_t step = 0; step < 2 * kFunctions; ++step) {
          // Upwards, downwards and in two strides.
          const std::uint32_t stride[] = {1, kFunctions - 1, 37, 91};
          const std::uint32_t i = (step * stride[thread] + thread) % kFunctions;
          const auto result = (*run)(i, step);
          if (!result) return to_string(result.error());
          if (*result != tree(i, step)) return "wrong result of function " + std::to_string(i);
        }
        return "";
      });
    }
  }

  TEST_CASE("backtraces are made while others translate") {
    Store store;
    Linker linker(store);
    const auto trap = instance_of(linker, tree_module()).func<void(std::uint32_t)>("trap");
    REQUIRE(trap);
    const auto alone = (*trap)(1);
    REQUIRE_FALSE(alone);
    REQUIRE(alone.error().backtrace.size() == 2);
    const std::string expected = to_string(alone.error());

    for (std::uint32_t round = 0; round < 4; ++round) {
      run_together(round, [&](std::uint32_t thread, const Instance& instance) -> std::string {
        const auto again = instance.func<void(std::uint32_t)>("trap");
        const auto run = instance.func<std::uint32_t(std::uint32_t, std::uint32_t)>("run");
        if (!again || !run) return "an export is missing";
        for (std::uint32_t i = 0; i < 32; ++i) {
          const auto outcome = (*again)(i);
          if (outcome || to_string(outcome.error()) != expected) return "another error";
          const auto result = (*run)(i * kThreads + thread, i);
          if (!result || *result != tree(i * kThreads + thread, i)) return "wrong result";
        }
        return "";
      });
    }
  }
}
