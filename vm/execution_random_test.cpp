// SPDX-License-Identifier: Apache-2.0
// Random programs run alike in every way there is.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "vm/test_program.hpp"
#include "vm/test_run.hpp"

using tinywasm::FuncType;
using tinywasm::Instance;
using tinywasm::Linker;
using tinywasm::Machines;
using tinywasm::Module;
using tinywasm::RandomProgram;
using tinywasm::Store;
using tinywasm::StoreConfig;
using tinywasm::to_string;
using tinywasm::V128;
using tinywasm::Value;
using tinywasm::ValueType;

namespace {

constexpr std::uint64_t kFuel = 3000;

/// Arguments for a function's type; round 0 has small ones.
std::vector<Value> arguments(const FuncType& type, int round) {
  std::vector<Value> list;
  for (const ValueType t : type.params) {
    const int k = static_cast<int>(list.size()) + 1;
    if (t == ValueType::i32) list.emplace_back(round == 0 ? -k : k * 1000);
    if (t == ValueType::i64) list.emplace_back(std::int64_t{k} * (round == 0 ? -1 : 0x100000003));
    if (t == ValueType::f32) list.emplace_back(static_cast<float>(k) * 1.25f);
    if (t == ValueType::f64) list.emplace_back(k * -2.5);
    if (t == ValueType::v128) {
      V128 vector;
      vector.bytes.fill(static_cast<std::uint8_t>(k * 11));
      vector.bytes[3] = static_cast<std::uint8_t>(round == 0 ? 0x80 : 0x7f);
      list.emplace_back(vector);
    }
  }
  return list;
}

/// What a program leaves behind: a digest of its memory, and its globals.
std::string state(const Instance& instance) {
  std::uint64_t digest = 14695981039346656037u;
  for (const std::byte b : instance.memory("m")->bytes().first(65536)) {
    digest = (digest ^ static_cast<std::uint8_t>(b)) * 1099511628211u;
  }
  std::string text = std::to_string(instance.memory("m")->pages()) + " " + std::to_string(digest);
  for (const char* name : {"gi32", "gi64", "gf32", "gf64", "gv128"}) {
    text += " " + to_string(instance.global(name)->get());
  }
  return text;
}

/// Runs a program everywhere; false if it ran out of fuel.
bool run_alike(const RandomProgram& program, const StoreConfig& config) {
  const auto define = [](Linker& linker) {
    const auto module =
        Module::from_text("(module (global (export \"far\") (mut i64) (i64.const 3)))");
    linker.define_instance("env", *linker.instantiate(*module));
    linker.define("env", "mix", &RandomProgram::mix);
  };
  Machines machines(program.text(), define, config);
  bool finished = true;
  for (unsigned i = 0; i < RandomProgram::kFunctions; ++i) {
    const std::string name = "f" + std::to_string(i);
    for (int round = 0; round < 2; ++round) {
      FuncType type;
      machines.each([&](Store& store, Instance& instance) {
        type = instance.func(name)->type();
        if (config.fuel) store.set_fuel(kFuel);
      });
      if (machines.call(name, arguments(type, round)).starts_with("out of fuel")) finished = false;
    }
  }
  std::string first;
  machines.each([&first](Store&, Instance& instance) {
    const std::string text = state(instance);
    if (first.empty()) first = text;
    CHECK(text == first);
  });
  return finished;
}

}  // namespace

TEST_SUITE("execution_random") {
  TEST_CASE("random programs run alike") {
    StoreConfig limited;
    limited.max_memory_bytes = 1 << 20;
    limited.max_stack_bytes = 64 << 10;
    StoreConfig metered = limited;
    metered.fuel = kFuel;
    int finished = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      CAPTURE(seed);
      const RandomProgram program(seed);
      if (!run_alike(program, metered)) continue;
      ++finished;
      limited.deterministic = seed % 4 == 0;
      run_alike(program, limited);
    }
    CHECK(finished > 40);
  }
}
