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
#include <optional>
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
    for (std::uint32_t i = 0; i < shared->bodies.size(); ++i) {
      if (translation.run(variant, shared->imported_functions + i) != tw::vm::Trap::none) {
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
  (type $step (func (param i32) (result i32)))
  (table funcref (elem $one $one))
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
  (func (export "loop_indirect") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (call_indirect (type $step) (local.get 1) (i32.and (local.get 0) (i32.const 1))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "loop_memory") (param i32) (result i32) (local i32)
    (loop $l
      (i32.store (i32.and (local.get 0) (i32.const 0xfffc)) (local.get 1))
      (local.set 1 (i32.load offset=16 (i32.and (local.get 0) (i32.const 0xff00))))
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
void CallIndirect(benchmark::State& state) { run_loop(state, "loop_indirect"); }
BENCHMARK(CallIndirect)->Arg(100000);
void StoreAndLoad(benchmark::State& state) { run_loop(state, "loop_memory"); }
BENCHMARK(StoreAndLoad)->Arg(100000);

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

/// Loads a module of the text format and instantiates it in a Store of its own.
struct Machine {
  explicit Machine(std::string_view text) : linker(store) {
    if (auto module = tw::Module::from_text(text)) {
      if (auto linked = linker.instantiate(*module)) instance = *linked;
    }
  }
  tw::Store store;
  tw::Linker linker;
  std::optional<tw::Instance> instance;
};

constexpr std::string_view kMemory = R"((module
  (memory 64)
  (func (export "copy") (param i32)
    (memory.copy (i32.const 0x200000) (i32.const 0x100) (local.get 0)))
  (func (export "fill") (param i32)
    (memory.fill (i32.const 0x100) (i32.const 7) (local.get 0)))))";

/// Calls an exported function with state.range(0).
void call_with_range(benchmark::State& state, std::string_view text, const char* name) {
  Machine machine(text);
  if (!machine.instance) return state.SkipWithError("the module does not link");
  auto function = machine.instance->func<void(std::int32_t)>(name);
  if (!function) return state.SkipWithError("no such function");
  for (auto _ : state) {
    if (!(*function)(static_cast<std::int32_t>(state.range(0)))) {
      return state.SkipWithError("trap");
    }
  }
}

/// memory.copy and memory.fill of state.range(0) bytes, with the call from the host.
void bulk(benchmark::State& state, const char* name) {
  call_with_range(state, kMemory, name);
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
void MemoryCopy(benchmark::State& state) { bulk(state, "copy"); }
BENCHMARK(MemoryCopy)->Arg(16)->Arg(4096)->Arg(1 << 20);
void MemoryFill(benchmark::State& state) { bulk(state, "fill"); }
BENCHMARK(MemoryFill)->Arg(16)->Arg(4096)->Arg(1 << 20);

constexpr std::string_view kObjects = R"((module
  (rec (type $node (struct (field (mut (ref null $node))) (field i64))))
  (global $kept (mut (ref null $node)) (ref.null $node))
  (func (export "drop") (param i32)
    (loop $l
      (drop (struct.new $node (ref.null $node) (i64.const 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "keep") (param i32)
    (global.set $kept (ref.null $node))
    (loop $l
      (global.set $kept (struct.new $node (global.get $kept) (i64.const 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))";

/// Allocation of objects that die at once, or that all live in one list until the next iteration;
/// the collector's work is in it. One item is an object.
void objects(benchmark::State& state, const char* name) {
  call_with_range(state, kObjects, name);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void ObjectsThatDie(benchmark::State& state) { objects(state, "drop"); }
BENCHMARK(ObjectsThatDie)->Arg(100000);
void ObjectsThatLive(benchmark::State& state) { objects(state, "keep"); }
BENCHMARK(ObjectsThatLive)->Arg(100000);

/// An instance in a Store that is there already; instances go with their Store, so it is made anew
/// from time to time, which is not counted.
void instantiate_in_store(benchmark::State& state, std::string_view text) {
  auto module = tw::Module::from_text(text);
  if (!module) return state.SkipWithError("the module does not load");
  std::optional<tw::Store> store;
  std::optional<tw::Linker> linker;
  int left = 0;
  for (auto _ : state) {
    if (left-- == 0) {
      state.PauseTiming();
      linker.reset();
      store.emplace();
      linker.emplace(*store);
      left = 500;
      state.ResumeTiming();
    }
    auto instance = linker->instantiate(*module);
    if (!instance) return state.SkipWithError("the module does not link");
    benchmark::DoNotOptimize(instance);
  }
}
void InstantiateWithoutMemory(benchmark::State& state) {
  instantiate_in_store(state, R"((func (export "f") (result i32) (i32.const 1)))");
}
BENCHMARK(InstantiateWithoutMemory);
void InstantiateWithMemory(benchmark::State& state) {
  instantiate_in_store(state, R"((memory 1 4) (data (i32.const 8) "hello"))");
}
BENCHMARK(InstantiateWithMemory);

/// A Store, a Linker with a host function, and an instance with a memory.
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
