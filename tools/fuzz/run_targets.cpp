// SPDX-License-Identifier: Apache-2.0
// Targets that run what they are given in every way of running; all must do the same.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "tools/fuzz/body.hpp"
#include "tools/fuzz/imports.hpp"
#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr std::uint64_t kFuel = 20'000;

/// Superinstructions, one instruction at a time, the portable dispatcher.
struct Way {
  bool fuse;
  bool portable_loop;
};
constexpr Way kWays[] = {{true, false}, {false, false}, {false, true}};

StoreConfig limits(const Way& way) {
  StoreConfig config;
  config.max_memory_bytes = 16 << 20;
  config.max_stack_bytes = 256 << 10;
  config.max_table_elements = 100'000;
  config.fuel = kFuel;
  config.deterministic = true;  // or NaNs may differ in their bits
  config.fuse = way.fuse;
  config.portable_loop = way.portable_loop;
  return config;
}

/// An end, without the place: of two accesses that are out of bounds, fused code may name either.
std::string describe(const Error& error) {
  require(!error.message.empty(), "an error without a message");
  return std::string(to_string(error.kind)) + ": " + error.message + '\n';
}

std::uint64_t hash(std::span<const std::byte> bytes) {
  std::uint64_t value = 14695981039346656037u;  // FNV-1a
  for (const std::byte byte : bytes) {
    value = (value ^ static_cast<std::uint64_t>(byte)) * 1099511628211u;
  }
  return value;
}

/// Of references, which lie elsewhere in every Store, only whether they are null.
std::string describe(const Value& value) {
  if (value.type().is_ref()) return value.slots()[0] == 0 ? "null " : "reference ";
  return to_string(value) + ' ';
}

/// Interrupts a Store after a while: fuel does not run out while the guest waits for a thread that
/// is not there.
class Watch {
 public:
  explicit Watch(Store& store)
      : thread_([this, &store] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, kPatience, [this] { return is_over_; })) store.interrupt();
        }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  static constexpr std::chrono::milliseconds kPatience{100};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::thread thread_;  // begins when the others are there
};

/// What a module did, in words.
std::string run(const Module& module, const Way& way, bool may_wait) {
  Store store(limits(way));
  std::optional<Watch> watch;
  if (may_wait) watch.emplace(store);
  Linker linker(store);
  define_imports(module, store, linker, idle);
  auto instance = linker.instantiate(module);
  if (!instance) return describe(instance.error());
  std::string report;
  for (const ExportType& entry : instance->exports()) {
    const auto* type = std::get_if<FuncType>(&entry.type);
    if (type == nullptr) continue;
    std::vector<Value> arguments;
    auto function = instance->func(entry.name);
    require(static_cast<bool>(function), "an export that is not there");
    // The Store's types, which it compares arguments with, not the module's.
    for (const ValueType param : function->type().params) arguments.push_back(zero(param));
    store.set_fuel(kFuel);
    const auto result = function->call(arguments);
    report += entry.name + ' ';
    if (result) {
      for (const Value& value : *result) report += describe(value);
    } else {
      report += describe(result.error());
    }
    report += "fuel " + std::to_string(store.fuel_left()) + '\n';
  }
  for (const ExportType& entry : instance->exports()) {
    if (!std::holds_alternative<MemoryType>(entry.type)) continue;
    report += "memory " + std::to_string(hash(instance->memory(entry.name)->bytes())) + '\n';
  }
  return report;
}

void run_bytes(std::vector<std::byte> bytes) {
  static const Features without_threads = *Features::parse("-threads");
  auto module = Module::from_bytes(bytes, without_threads);
  const bool may_wait = !module && module.error().kind == ErrorKind::unsupported;
  if (may_wait) module = Module::from_bytes(std::move(bytes));
  if (!module) return require(!module.error().message.empty(), "an error without a message");
  const std::string first = run(*module, kWays[0], may_wait);
  for (const Way& way : std::span(kWays).subspan(1)) {
    const std::string other = run(*module, way, may_wait);
    // When the interruption came is different each time.
    if (may_wait && (first + other).find("interrupted") != std::string::npos) return;
    require(other == first, "two ways of running differ:\n" + first + "and\n" + other);
  }
}

}  // namespace

void run_module(Input input) { run_bytes({input.begin(), input.end()}); }
void run_body(Input input) { run_bytes(module_around(input)); }

}  // namespace tinywasm::fuzz
