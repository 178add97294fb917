// SPDX-License-Identifier: Apache-2.0
// One module in many Stores at once: its functions are translated while others run them.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <thread>
#include <vector>

#include "vm/test_run.hpp"

using tinywasm::Linker;
using tinywasm::Module;
using tinywasm::Store;
using tinywasm::StoreConfig;
using tinywasm::Value;

namespace {

/// A chain of functions, each of which calls the next in one of several ways; the last traps when
/// its argument is odd.
std::string chain(int length) {
  std::string source =
      "(module (memory 1) (table " + std::to_string(length) + " funcref) (elem (i32.const 0) func";
  for (int i = 0; i < length; ++i) source += " " + std::to_string(i);
  source += ")\n";
  for (int i = 0; i + 1 < length; ++i) {
    const std::string next = std::to_string(i + 1);
    const char* const ways[] = {"call ", "return_call ", "i32.const ", "i32.const "};
    source += "(func (param i32) (result i32) local.get 0 i32.const 2 i32.add " +
              std::string(ways[i % 4]) + next;
    if (i % 4 == 2) source += " call_indirect (param i32) (result i32)";
    if (i % 4 == 3) source += " return_call_indirect (param i32) (result i32)";
    source += i % 4 == 0 || i % 4 == 2 ? " i32.const 1 i32.add)\n" : ")\n";
  }
  return source +
         "(func (param i32) (result i32) local.get 0 i32.const 1 i32.and if unreachable end"
         " local.get 0) (export \"f\" (func 0)))";
}

}  // namespace

TEST_SUITE("execution_threads") {
  TEST_CASE("stores of several threads share a module's code") {
    constexpr int kLength = 201;
    const auto module = Module::from_text(chain(kLength));
    REQUIRE(module);
    for (const int mode : {0, 1, 2}) {
      CAPTURE(mode);
      StoreConfig config;
      config.fuse = mode == 0;
      config.portable_loop = mode == 2;
      std::vector<std::string> results(8);
      std::vector<std::thread> threads;
      for (std::size_t t = 0; t < results.size(); ++t) {
        threads.emplace_back([&, t] {
          Store store(config);
          Linker linker(store);
          const auto instance = linker.instantiate(*module);
          if (!instance) return;
          const auto f = instance->func("f");
          std::string text;
          for (int round = 0; round < 3; ++round) {
            text += tinywasm::outcome_text(f->call({static_cast<int>(t) * 2})) + ", ";
            const auto trap = f->call({1});
            text += trap ? "no trap" : std::to_string(trap.error().backtrace.size()) + ", ";
          }
          results[t] = text;
        });
      }
      for (std::thread& thread : threads) thread.join();
      for (std::size_t t = 0; t < results.size(); ++t) {
        const std::string round = std::to_string(t * 2 + 400 + 100) + ", 64, ";
        CHECK(results[t] == round + round + round);
      }
    }
  }
}
