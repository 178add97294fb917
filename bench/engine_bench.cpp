// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks of the steps a module goes through, and of calls each way:
//
//   build/release/bench/tinywasm_bench --benchmark_filter=Call
//
// Whole programs are compared by their user time (bench/programs).
#include <benchmark/benchmark.h>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"
#include "vm/interpreter.hpp"
#include "vm/translator.hpp"

namespace {

namespace tw = tinywasm;

std::vector<std::byte> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The largest committed module: C++ with its standard library.
const std::vector<std::byte>& sample() {
  static const std::vector<std::byte> bytes = read_file(TINYWASM_SOURCE_DIR "/examples/json.wasm");
  return bytes;
}

void Decode(benchmark::State& state) {
  for (auto _ : state) {
    auto module = tw::decoder::read_module(sample());
    if (!module) return state.SkipWithError("the sample does not decode");
    benchmark::DoNotOptimize(module);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sample().size()));
}
BENCHMARK(Decode);

void Validate(benchmark::State& state) {
  auto module = tw::decoder::read_module(sample());
  if (!module) return state.SkipWithError("the sample does not decode");
  for (auto _ : state) {
    if (!tw::decoder::validate_module(*module)) return state.SkipWithError("invalid");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sample().size()));
}
BENCHMARK(Validate);

/// Translation of every function of the sample, in code bytes read.
void Translate(benchmark::State& state) {
  auto module = tw::decoder::read_module(sample());
  if (!module || !tw::decoder::validate_module(*module)) return state.SkipWithError("invalid");
  const auto shared = std::make_shared<const tw::decoder::Module>(std::move(*module));
  tw::vm::ModuleCode code(shared);
  auto& variant = code.variant({});
  tw::vm::Translation translation;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const std::lock_guard lock(variant.mutex);
    for (std::uint32_t i = 0; i < shared->bodies.size(); ++i) {
      if (!translation.run(variant, shared->imported_functions + i)) {
        return state.SkipWithError("a function does not translate");
      }
      bytes += shared->bodies[i].end - shared->bodies[i].begin;
    }
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(Translate);

constexpr std::string_view kCalls = R"((module
  (import "host" "next" (func $next (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "one") (param i32) (result i32) (call $one (local.get 0)))
  (func (export "loop_wasm") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (call $one (local.get 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "loop_host") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (call $next (local.get 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.xor (local.get 1) (local.get 0)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))))";

/// Runs an exported loop of state.range(0) rounds; one item is a round.
void run_loop(benchmark::State& state, const char* name) {
  auto module = tw::Module::from_text(kCalls);
  if (!module) return state.SkipWithError("the module does not load");
  tw::Store store;
  tw::Linker linker{store};
  linker.define("host", "next", [](std::int32_t x) { return x + 1; });
  auto instance = linker.instantiate(*module);
  if (!instance) return state.SkipWithError("the module does not link");
  auto loop = instance->func<std::int32_t(std::int32_t)>(name);
  if (!loop) return state.SkipWithError("no such function");
  const auto rounds = static_cast<std::int32_t>(state.range(0));
  for (auto _ : state) {
    auto result = (*loop)(rounds);
    if (!result) return state.SkipWithError("trap");
    benchmark::DoNotOptimize(*result);
  }
  state.SetItemsProcessed(state.iterations() * rounds);
}
void LoopRound(benchmark::State& state) { run_loop(state, "loop"); }
BENCHMARK(LoopRound)->Arg(100000);
void CallWasmFromWasm(benchmark::State& state) { run_loop(state, "loop_wasm"); }
BENCHMARK(CallWasmFromWasm)->Arg(100000);
void CallHostFromWasm(benchmark::State& state) { run_loop(state, "loop_host"); }
BENCHMARK(CallHostFromWasm)->Arg(100000);

void CallWasmFromHost(benchmark::State& state) {
  auto module = tw::Module::from_text(kCalls);
  tw::Store store;
  tw::Linker linker{store};
  linker.define("host", "next", [](std::int32_t x) { return x + 1; });
  auto instance = linker.instantiate(*module);
  if (!instance) return state.SkipWithError("the module does not link");
  auto one = instance->func<std::int32_t(std::int32_t)>("one");
  if (!one) return state.SkipWithError("no such function");
  std::int32_t x = 0;
  for (auto _ : state) {
    auto result = (*one)(x);
    if (!result) return state.SkipWithError("trap");
    x = *result;
  }
}
BENCHMARK(CallWasmFromHost);

void Instantiate(benchmark::State& state) {
  auto module = tw::Module::from_text(kCalls);
  for (auto _ : state) {
    tw::Store store;
    tw::Linker linker{store};
    linker.define("host", "next", [](std::int32_t x) { return x + 1; });
    auto instance = linker.instantiate(*module);
    if (!instance) return state.SkipWithError("the module does not link");
    benchmark::DoNotOptimize(instance);
  }
}
BENCHMARK(Instantiate);

}  // namespace
