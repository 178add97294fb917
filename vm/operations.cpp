// SPDX-License-Identifier: Apache-2.0
#include "vm/operations.hpp"

#include <algorithm>

#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/table.hpp"

namespace tinywasm::vm {
namespace {

/// Polls after what may have taken long.
Trap or_interrupted(const Context& context, Trap trap) {
  if (trap != Trap::none) return trap;
  return context.interrupt.load(std::memory_order_relaxed) != 0 ? Trap::interrupted : Trap::none;
}

}  // namespace

// Every memory, table and instance with an index is one of the owning kind.

Trap memory_init(Context& context, std::uint32_t data, std::uint32_t memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  refresh(*instance.memories[memory]);
  return init(*instance.memories[memory], data_of(instance, data), destination, source, length,
              context.interrupt);
}

Trap memory_copy(Context& context, std::uint32_t destination_memory, std::uint32_t source_memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  refresh(*instance.memories[destination_memory]);
  refresh(*instance.memories[source_memory]);
  return copy(*instance.memories[destination_memory], *instance.memories[source_memory],
              destination, source, length, context.interrupt);
}

Trap memory_fill(Context& context, std::uint32_t memory, std::uint64_t destination,
                 std::uint32_t value, std::uint64_t length) {
  refresh(*context.instance->memories[memory]);
  return fill(*context.instance->memories[memory], destination, static_cast<std::uint8_t>(value),
              length, context.interrupt);
}

std::uint64_t memory_grow(Context& context, std::uint32_t memory, std::uint64_t delta) {
  const Instance& instance = *context.instance;
  auto& target = static_cast<OwnedMemory&>(*instance.memories[memory]);
  const std::uint64_t old_pages = target.grow(delta);
  // The same memory may also be in use under another index.
  context.set_memory_size(instance.memory0->size);
  return old_pages;
}

std::uint64_t memory_size(Context& context, std::uint32_t memory) {
  refresh(*context.instance->memories[memory]);
  return context.instance->memories[memory]->pages();
}

bool refresh_memories(Context& context) {
  const Instance& instance = *context.instance;
  bool grown = false;
  const std::size_t count = instance.module->module().memories.size();
  for (std::size_t i = 0; i < count; ++i) {
    Memory& memory = *instance.memories[i];
    const std::uint64_t before = memory.size;
    refresh(memory);
    grown |= memory.size != before;
  }
  grown |= context.access_limit[0] != instance.memory0->size;
  if (grown) context.set_memory_size(instance.memory0->size);
  return grown;
}

Trap refuel(Context& context, std::uint32_t cost) {
  /// In instructions: what an interrupt may have to wait, some 50 microseconds. What takes longer
  /// than an instruction usually does polls by itself.
  constexpr std::uint64_t kSlice = 1 << 14;
  context.fuel += cost;  // it was charged
  if (context.interrupt.load(std::memory_order_relaxed) != 0) return Trap::interrupted;
  if (FuelAccount* const account = context.store->fuel_account()) {
    context.fuel_reserve += account->take(kSlice + cost);
  }
  const std::uint64_t all = context.fuel_reserve + static_cast<std::uint64_t>(context.fuel);
  const bool suffices = all >= cost;
  const std::uint64_t slice = suffices ? std::min<std::uint64_t>(all, kSlice + cost) : 0;
  context.fuel = static_cast<std::int64_t>(slice);
  context.fuel_reserve = suffices ? all - slice : 0;
  return suffices ? Trap::none : Trap::out_of_fuel;
}

void data_drop(Context& context, std::uint32_t data) {
  set_dropped(context.instance->dropped_data, data);
}

Trap table_get(Context& context, std::uint32_t table, std::uint64_t index, Slot& result) {
  const Table& target = *context.instance->tables[table];
  if (index >= target.size) return Trap::table_bounds;
  result = target.elements[index];
  return Trap::none;
}

Trap table_set(Context& context, std::uint32_t table, std::uint64_t index, Slot value) {
  const Table& target = *context.instance->tables[table];
  if (index >= target.size) return Trap::table_bounds;
  target.elements[index] = value;
  return Trap::none;
}

Trap table_init(Context& context, std::uint32_t element, std::uint32_t table,
                std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  auto& instance = static_cast<OwnedInstance&>(*context.instance);
  return or_interrupted(
      context, init(instance, element, *instance.tables[table], destination, source, length));
}

Trap table_copy(Context& context, std::uint32_t destination_table, std::uint32_t source_table,
                std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  return or_interrupted(context, copy(*instance.tables[destination_table],
                                      *instance.tables[source_table], destination, source, length));
}

Trap table_fill(Context& context, std::uint32_t table, std::uint64_t index, Slot value,
                std::uint64_t length) {
  return or_interrupted(context, fill(*context.instance->tables[table], index, value, length));
}

std::uint64_t table_grow(Context& context, std::uint32_t table, Slot value, std::uint64_t delta) {
  return static_cast<OwnedTable&>(*context.instance->tables[table]).grow(delta, value);
}

void elem_drop(Context& context, std::uint32_t element) {
  set_dropped(context.instance->dropped_elements, element);
}

// The running function's module has its code cells, so there is one for this function, too.
Slot ref_func(Context& context, std::uint32_t function) {
  return reinterpret_cast<std::uintptr_t>(context.instance->function(function));
}

}  // namespace tinywasm::vm
