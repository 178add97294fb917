// SPDX-License-Identifier: Apache-2.0
// Damaged modules: every one ends in a value or an error, under fuel and small limits. What they
// import does nothing and returns zeros.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "vm/test_random.hpp"

namespace tinywasm {
namespace {

using Bytes = std::vector<std::byte>;

Bytes read_program(std::string_view name) {
  std::ifstream file(std::string(TINYWASM_SOURCE_DIRECTORY) + "/" + std::string(name),
                     std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(text.size() > 8);
  Bytes bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

Bytes damage(const Bytes& sound, TestRandom& random) {
  Bytes bytes = sound;
  const std::size_t changes = 1 + random.below(4);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(4)) {
      case 0:
        bytes[at] = static_cast<std::byte>(random.below(256));
        break;
      case 1: {  // a piece moves
        const std::size_t count = std::min(bytes.size() - at, 1 + random.below(64));
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        std::rotate(from, from + static_cast<std::ptrdiff_t>(random.below(count + 1)),
                    from + static_cast<std::ptrdiff_t>(count));
        break;
      }
      default:
        bytes[at] ^= static_cast<std::byte>(1u << random.below(8));
    }
  }
  return bytes;
}

void check_error(const Error& error) {
  const std::string text = to_string(error);
  CHECK_FALSE(error.message.empty());
  CHECK(text.find('\n') == std::string::npos);
}

Value zero(ValueType type) {
  if (type == ValueType::i32) return Value(std::int32_t{0});
  if (type == ValueType::i64) return Value(std::int64_t{0});
  if (type == ValueType::f32) return Value(0.0f);
  if (type == ValueType::f64) return Value(0.0);
  if (type == ValueType::v128) return Value(V128{});
  if (type == ValueType::externref) return Value(ExternRef{});
  return Value(FuncRef{});
}

/// Loads the bytes and calls all they export. True: they were a module.
bool survive(Bytes bytes, const StoreConfig& config) {
  const auto module = Module::from_bytes(std::move(bytes));
  if (!module) {
    const ErrorKind kind = module.error().kind;
    CHECK((kind == ErrorKind::malformed || kind == ErrorKind::invalid ||
           kind == ErrorKind::unsupported));
    check_error(module.error());
    return false;
  }
  Store store(config);
  Linker linker(store);
  for (const ImportType& import : linker.missing(*module)) {
    const auto* type = std::get_if<FuncType>(&import.type);
    if (type == nullptr) continue;
    const auto nothing = [](Caller&, std::span<const Value>, std::span<Value>) -> Result<void> {
      return {};
    };
    linker.define(import.module, import.name, HostFunction::dynamic(*type, nothing));
  }
  auto instance = linker.instantiate(*module);
  if (!instance) {
    check_error(instance.error());
    return true;
  }
  for (const ExportType& entry : instance->exports()) {
    const auto* type = std::get_if<FuncType>(&entry.type);
    if (type == nullptr) continue;
    std::vector<Value> arguments;
    for (const ValueType param : type->params) arguments.push_back(zero(param));
    const auto function = instance->func(entry.name);
    REQUIRE(function);
    store.set_fuel(20'000);
    const auto result = function->call(arguments);
    if (!result) check_error(result.error());
  }
  return true;
}

constexpr std::string_view kPrograms[] = {
    "bench/programs/hello.wasm", "bench/programs/fib.wasm", "bench/programs/trees.wasm",
    "examples/calc.wasm",        "examples/pack.wasm",
};
constexpr int kDamagedPerProgram = 1500;
constexpr std::size_t kTruncatedPerProgram = 200;

StoreConfig small_limits() {
  StoreConfig config;
  config.max_memory_bytes = 16 << 20;
  config.max_stack_bytes = 256 << 10;
  config.max_table_elements = 100'000;
  config.fuel = 20'000;
  return config;
}

}  // namespace

TEST_SUITE("robustness") {
  TEST_CASE("truncated modules are refused") {
    for (const std::string_view name : kPrograms) {
      CAPTURE(name);
      const Bytes sound = read_program(name);
      CHECK(survive(sound, small_limits()));
      for (std::size_t i = 0; i < kTruncatedPerProgram; ++i) {
        const std::size_t size = 1 + i * (sound.size() - 1) / kTruncatedPerProgram;
        CAPTURE(size);
        // Between two sections it may still be a module.
        survive(Bytes(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)),
                small_limits());
      }
    }
  }

  TEST_CASE("damaged modules are refused or run to some end") {
    TestRandom random;
    int modules = 0;
    for (const std::string_view name : kPrograms) {
      CAPTURE(name);
      const Bytes sound = read_program(name);
      for (int i = 0; i < kDamagedPerProgram; ++i) {
        CAPTURE(i);
        StoreConfig config = small_limits();
        config.fuse = i % 4 != 1;
        config.portable_loop = i % 4 == 2;
        modules += survive(damage(sound, random), config) ? 1 : 0;
      }
    }
    CHECK(modules > 100);  // or the rest of this test would test nothing
  }
}

}  // namespace tinywasm
