// SPDX-License-Identifier: Apache-2.0
// For tests: runs a module in every way this library has, which must all agree, down to traps' byte
// offsets and the fuel that is left.
#pragma once

#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/tinywasm.hpp>

namespace tinywasm {

/// Values, or "kind: message".
inline std::string outcome_text(const Result<std::vector<Value>>& result) {
  std::string text;
  if (!result) return std::string(to_string(result.error().kind)) + ": " + result.error().message;
  for (const Value& value : *result) text += (text.empty() ? "" : " ") + to_string(value);
  return text;
}

/// Instances of one module: superinstructions, one instruction at a time, and the portable loop,
/// each without and with fuel.
class Machines {
 public:
  static constexpr std::uint64_t kFuel = std::uint64_t{1} << 40;
  using Define = std::function<void(Linker&)>;

  explicit Machines(std::string_view source, const Define& define = {}, StoreConfig config = {}) {
    const bool whole = source.starts_with("(module");
    const std::string text = whole ? std::string(source) : "(module " + std::string(source) + ")";
    auto module = Module::from_text(text);
    if (!module) FAIL(to_string(module.error()) << " in " << text);
    const std::optional<std::uint64_t> fuel = config.fuel;
    for (int i = 0; i < 6; ++i) {
      config.fuse = i / 2 == 0;
      config.portable_loop = i / 2 == 2;
      config.fuel = i % 2 == 0 ? std::nullopt : std::optional(fuel.value_or(kFuel));
      if (fuel && i % 2 == 0) continue;
      auto& machine = machines_.emplace_back(std::make_unique<Machine>(config));
      machine->name = std::string(i / 2 == 0   ? "fused"
                                  : i / 2 == 1 ? "plain"
                                               : "loop") +
                      (i % 2 == 0 ? "" : " with fuel");
      if (define) define(machine->linker);
      auto instance = machine->linker.instantiate(*module);
      machine->created = instance ? "ok" : outcome_text(std::move(instance).error());
      if (instance) machine->instance = *instance;
      INFO(machine->name);
      CHECK(machine->created == machines_[0]->created);
    }
  }

  /// "ok", or why there is no instance.
  const std::string& created() const { return machines_[0]->created; }

  /// Calls an export everywhere; what came out of it.
  std::string call(std::string_view name, std::span<const Value> arguments) {
    REQUIRE(created() == "ok");
    std::string first;
    std::string first_place;
    std::optional<std::uint64_t> fuel;
    for (auto& machine : machines_) {
      INFO(machine->name << ": " << name);
      auto function = machine->instance->func(name);
      REQUIRE(function);
      const Result<std::vector<Value>> result = function->call(arguments);
      const std::string text = outcome_text(result);
      const std::string place = result ? "" : places(result.error());
      if (machine == machines_[0]) {
        first = text;
        first_place = place;
        if (!result) error_ = result.error();
      }
      CHECK(text == first);
      CHECK(place == first_place);
      if (!machine->is_metered) continue;
      if (!fuel) fuel = machine->store.fuel_left();
      CHECK(machine->store.fuel_left() == *fuel);
    }
    return first;
  }
  std::string call(std::string_view name, std::initializer_list<Value> arguments = {}) {
    return call(name, std::span(arguments.begin(), arguments.size()));
  }

  /// How the last call that failed did.
  const Error& error() const { return error_; }

  /// For each instance, with its store.
  template <class F>
  void each(F&& visit) {
    for (auto& machine : machines_) {
      INFO(machine->name);
      visit(machine->store, *machine->instance);
    }
  }

 private:
  struct Machine {
    explicit Machine(const StoreConfig& config)
        : store(config), linker(store), is_metered(config.fuel.has_value()) {}
    Store store;
    Linker linker;
    bool is_metered;
    std::string name{};
    std::string created{};
    std::optional<Instance> instance{};
  };

  static std::string places(const Error& error) {
    std::string text = std::to_string(error.offset) + ":";
    for (const Frame& frame : error.backtrace) {
      text += " " + std::to_string(frame.function) + "@" + std::to_string(frame.offset);
    }
    return text;
  }

  std::vector<std::unique_ptr<Machine>> machines_;
  Error error_;
};

/// The functions of the last error's backtrace.
inline std::string trace(const Machines& machines) {
  std::string names;
  for (const Frame& frame : machines.error().backtrace) {
    names += (names.empty() ? "" : " ") + (frame.function_name.empty() ? "?" : frame.function_name);
  }
  return names;
}

/// What the export "f" of a module gives everywhere.
inline std::string run(std::string_view source, std::initializer_list<Value> arguments = {}) {
  return Machines(source).call("f", arguments);
}

}  // namespace tinywasm
