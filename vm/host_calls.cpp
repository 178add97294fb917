// SPDX-License-Identifier: Apache-2.0
#include "vm/host_calls.hpp"

#include <exception>
#include <fmt/format.h>
#include <new>
#include <utility>

#include <tinywasm/host.hpp>
#include <tinywasm/instance.hpp>

#include "vm/api.hpp"
#include "vm/fuel.hpp"
#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/public_types.hpp"
#include "vm/store.hpp"

namespace tinywasm {

/// Makes Callers, and reads what became of them.
struct HostCalls {
  [[gnu::always_inline]] static vm::Trap run(const HostFunction& host, vm::Context& context,
                                             vm::Instance* instance, vm::Slot* slots) {
    Caller caller(context.store, instance);
    try {
      host.thunk(host.environment.get(), caller, slots);
    } catch (...) {
      fail_with_current(caller);
    }
    if (caller.error_) [[unlikely]]
      return take_error(caller, context);
    // It may have taken long, and a loop around it that charges fuel polls rarely.
    if (context.interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return vm::Trap::interrupted;
    return vm::Trap::none;
  }

 private:
  // Apart from run(), which every call of a host function goes through.
  [[gnu::noinline, gnu::cold]] static void fail_with_current(Caller& caller) {
    try {
      try {
        throw;
      } catch (const std::bad_alloc&) {
        caller.fail(Error{ErrorKind::exhaustion, "out of memory in a host function"});
      } catch (const std::exception& exception) {
        caller.fail(Error{ErrorKind::host, exception.what()});
      } catch (...) {
        caller.fail(Error{ErrorKind::host, "a host function threw an exception"});
      }
    } catch (...) {  // not even for the message: handlers cannot be unwound
      caller.fail(Error{ErrorKind::exhaustion, "out of memory"});  // short enough for no memory
    }
  }
  [[gnu::noinline, gnu::cold]] static vm::Trap take_error(Caller& caller, vm::Context& context) {
    *context.host_error = *std::move(caller.error_);
    return vm::Trap::host;
  }
};

std::span<std::byte> Caller::memory() const noexcept {
  if (!instance_) return {};
  vm::refresh(*instance_->memory0);
  return {instance_->memory0->base, instance_->memory0->size};
}

std::byte* Caller::find(std::uint64_t address, std::uint64_t length) const noexcept {
  if (!instance_) return nullptr;
  vm::Memory& memory = *instance_->memory0;
  vm::refresh(memory);
  return vm::in_bounds(address, length, memory.size) ? memory.base + address : nullptr;
}

std::span<std::byte> Caller::bytes(std::uint64_t address, std::uint64_t length) {
  if (std::byte* found = find(address, length)) return {found, static_cast<std::size_t>(length)};
  fail(Error{vm::kind(vm::Trap::memory_bounds), vm::message(vm::Trap::memory_bounds)});
  return {};
}

void Caller::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

bool Caller::charge_fuel(std::uint64_t amount) {
  const vm::Trap trap = vm::charge(store_->context(), amount);
  if (trap != vm::Trap::none) fail(Error{vm::kind(trap), vm::message(trap)});
  return trap == vm::Trap::none;
}

bool Caller::charge_bytes(std::uint64_t bytes) {
  return charge_fuel(vm::fuel_of_bytes(store_->context(), bytes));
}

bool Caller::interrupted() const noexcept {
  return store_->context().interrupt.load(std::memory_order_relaxed) != 0;
}

std::optional<Instance> Caller::instance() const {
  if (!instance_) return std::nullopt;
  return Handles::make(store_->id(), instance_);
}

namespace {

struct DynamicFunction {
  FuncType type;
  HostFunction::Dynamic function;

  static void run(void* environment, Caller& caller, std::uint64_t* slots) {
    const auto& self = *static_cast<const DynamicFunction*>(environment);
    std::vector<Value> arguments;
    arguments.reserve(self.type.params.size());
    const std::uint64_t* next = slots;
    for (ValueType type : self.type.params) {
      arguments.push_back(Value::from_slots(caller.store(), type, next));
      next += type.slots();
    }
    constexpr std::uint64_t kZero[2] = {0, 0};
    std::vector<Value> results;
    results.reserve(self.type.results.size());
    for (ValueType type : self.type.results) {
      results.push_back(Value::from_slots(nullptr, type, kZero));
    }
    if (Result<void> done = self.function(caller, arguments, results); !done) {
      return caller.fail(std::move(done).error());
    }
    self.write_results(caller, results, slots);
  }

  void write_results(Caller& caller, const std::vector<Value>& results,
                     std::uint64_t* slots) const {
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Value& value = results[i];
      const auto what = [&] {
        return fmt::format("result {} of {} of a host function", i + 1, results.size());
      };
      if (value.is_foreign(caller.store())) {
        return caller.fail(Error{ErrorKind::host, what() + " belongs to another store"});
      }
      if (!vm::has_type(*caller.store(), value, vm::to_decoder(type.results[i]))) {
        return caller.fail(Error{ErrorKind::host,
                                 fmt::format("{} is to be {} and is {}", what(),
                                             to_string(type.results[i]), to_string(value.type()))});
      }
      for (std::uint32_t slot = 0; slot < value.type().slots(); ++slot) {
        *slots++ = value.slots()[slot];
      }
    }
  }
};

}  // namespace

HostFunction HostFunction::dynamic(FuncType type, Dynamic function) {
  HostFunction host;
  host.type = type;
  host.thunk = &DynamicFunction::run;
  host.environment =
      std::make_shared<DynamicFunction>(DynamicFunction{std::move(type), std::move(function)});
  return host;
}

}  // namespace tinywasm

namespace tinywasm::vm {

Trap run_host_function(void* environment, Context& context, Instance* caller, Slot* slots) {
  return HostCalls::run(*static_cast<const HostFunction*>(environment), context, caller, slots);
}

}  // namespace tinywasm::vm
