// SPDX-License-Identifier: Apache-2.0
// <tinywasm/store.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <tinywasm/store.hpp>

#include "vm/api.hpp"
#include "vm/fuel.hpp"
#include "vm/store.hpp"

namespace tinywasm {
namespace {

vm::StoreLimits limits_of(const StoreConfig& config) {
  return {.memory_bytes = config.max_memory_bytes,
          .table_elements = config.max_table_elements,
          .stack_bytes = config.max_stack_bytes,
          .heap_bytes = config.max_gc_bytes,
          .native_stack_bytes = config.max_native_stack_bytes,
          .instances = config.max_instances,
          .bytes_per_fuel = config.bytes_per_fuel,
          .backtraces = config.backtraces};
}

}  // namespace

namespace vm {

CodeOptions options_of(const StoreConfig& config) {
  return {.fuse = config.fuse && !config.portable_loop,
          .fuel = config.fuel.has_value(),
          .portable_loop = config.portable_loop,
          .deterministic = config.deterministic,
          .count_words = config.count_words};
}

}  // namespace vm

Store::Store(const StoreConfig& config)
    : impl_(new vm::Store(limits_of(config), vm::options_of(config))) {
  if (config.fuel) set_fuel(*config.fuel);
}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

void Store::Deleter::operator()(vm::Store* store) const noexcept {
  if (store->context().depth != 0) {
    std::fputs("tinywasm: a Store is destroyed while a call is under way in it\n", stderr);
    std::abort();
  }
  delete store;
}

void Store::interrupt() noexcept {
  if (impl_) impl_->context().interrupt.store(1, std::memory_order_relaxed);
}

void Store::clear_interrupt() noexcept {
  if (impl_) impl_->context().interrupt.store(0, std::memory_order_relaxed);
}

GcStatistics Store::gc_statistics() const noexcept {
  if (!impl_) return {};
  const vm::HeapStatistics heap = impl_->heap().statistics();
  return {.live_bytes = heap.live_bytes,
          .used_bytes = heap.used_bytes,
          .allocated_bytes = heap.allocated_bytes,
          .collections = heap.collections,
          .pause_nanoseconds = heap.pause_nanoseconds,
          .longest_pause_nanoseconds = heap.longest_pause_nanoseconds};
}

void Store::collect_garbage() {
  if (impl_) impl_->heap().collect(nullptr);
}

void Store::set_gc_stress(bool on) noexcept {
  if (impl_) impl_->heap().set_stress(on);
}

std::uint64_t Store::fuel_left() const noexcept {
  if (!impl_) return 0;
  const vm::Context& context = impl_->context();
  const vm::FuelAccount* const account = impl_->fuel_account();
  return (account ? account->left() : 0) + context.fuel_reserve +
         static_cast<std::uint64_t>(std::max(context.fuel, std::int64_t{0}));
}

void Store::set_fuel(std::uint64_t fuel) noexcept {
  if (!impl_ || !impl_->code_options().fuel) return;
  impl_->context().fuel = 0;  // the first word that charges takes a slice
  vm::FuelAccount* const account = impl_->fuel_account();
  impl_->context().fuel_reserve = account ? 0 : fuel;
  if (account) account->set(fuel);
}

bool Store::charge_fuel(std::uint64_t amount) noexcept {
  return vm::charge(impl_->context(), amount) == vm::Trap::none;
}

}  // namespace tinywasm
