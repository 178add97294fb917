// SPDX-License-Identifier: Apache-2.0
#include "vm/operations.hpp"

#include <algorithm>
#include <span>

#include "vm/fuel.hpp"
#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/table.hpp"

namespace tinywasm::vm {
namespace {

/// Charges for bytes of what is in bounds. Otherwise the instruction will say so.
Trap charge_if(bool is_in_bounds, Context& context, std::uint64_t bytes) {
  return is_in_bounds ? charge_bytes(context, bytes) : Trap::none;
}

/// The same for elements of a table.
Trap charge_elements(bool is_in_bounds, Context& context, std::uint64_t count) {
  return charge_if(is_in_bounds, context, is_in_bounds ? count * sizeof(Slot) : 0);
}

/// Elements of a table that are written between two looks at the interrupt flag.
constexpr std::uint64_t kElementsPerPoll = 1 << 16;

/// Calls work(first, count) for parts of [0, count), in order or backwards, at least once.
template <class Work>
Trap in_parts(const Context& context, std::uint64_t count, bool backwards, Work work) {
  std::uint64_t done = 0;
  do {
    const std::uint64_t part = std::min(count - done, kElementsPerPoll);
    const Trap trap = work(backwards ? count - done - part : done, part);
    if (trap != Trap::none) return trap;
    done += part;
    if (context.interrupt.load(std::memory_order_relaxed) != 0) return Trap::interrupted;
  } while (done < count);
  return Trap::none;
}

}  // namespace

// Every memory, table and instance with an index is one of the owning kind.

Trap memory_init(Context& context, std::uint32_t data, std::uint32_t memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  Memory& target = *instance.memories[memory];
  refresh(target);
  const std::span<const std::byte> segment = data_of(instance, data);
  const bool fits =
      in_bounds(source, length, segment.size()) && in_bounds(destination, length, target.size);
  if (const Trap trap = charge_if(fits, context, length); trap != Trap::none) return trap;
  return init(target, segment, destination, source, length, context.interrupt);
}

Trap memory_copy(Context& context, std::uint32_t destination_memory, std::uint32_t source_memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  Memory& to = *instance.memories[destination_memory];
  Memory& from = *instance.memories[source_memory];
  refresh(to);
  refresh(from);
  const bool fits = in_bounds(source, length, from.size) && in_bounds(destination, length, to.size);
  if (const Trap trap = charge_if(fits, context, length); trap != Trap::none) return trap;
  return copy(to, from, destination, source, length, context.interrupt);
}

Trap memory_fill(Context& context, std::uint32_t memory, std::uint64_t destination,
                 std::uint32_t value, std::uint64_t length) {
  Memory& target = *context.instance->memories[memory];
  refresh(target);
  const bool fits = in_bounds(destination, length, target.size);
  if (const Trap trap = charge_if(fits, context, length); trap != Trap::none) return trap;
  return fill(target, destination, static_cast<std::uint8_t>(value), length, context.interrupt);
}

std::uint64_t memory_grow(Context& context, std::uint32_t memory, std::uint64_t delta) {
  const Instance& instance = *context.instance;
  auto& target = static_cast<OwnedMemory&>(*instance.memories[memory]);
  const std::uint64_t added = growth_of_memory(target, delta);
  const std::uint64_t old_pages = target.grow(delta);
  if (old_pages == kGrowFailed) refund_bytes(context, added);
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
  Table& target = *instance.tables[table];
  const bool fits = in_bounds(source, length, element_count(instance, element)) &&
                    in_bounds(destination, length, target.size);
  if (const Trap trap = charge_elements(fits, context, length); trap != Trap::none) return trap;
  if (!fits) return Trap::table_bounds;
  return in_parts(context, length, false, [&](std::uint64_t first, std::uint64_t part) {
    return init(instance, element, target, destination + first, source + first, part);
  });
}

Trap table_copy(Context& context, std::uint32_t destination_table, std::uint32_t source_table,
                std::uint64_t destination, std::uint64_t source, std::uint64_t length) {
  const Instance& instance = *context.instance;
  Table& to = *instance.tables[destination_table];
  const Table& from = *instance.tables[source_table];
  const bool fits = in_bounds(source, length, from.size) && in_bounds(destination, length, to.size);
  if (const Trap trap = charge_elements(fits, context, length); trap != Trap::none) return trap;
  if (!fits) return Trap::table_bounds;
  // Parts of overlapping ranges are taken in the order that never reads what was written.
  const bool backwards = destination > source;
  return in_parts(context, length, backwards, [&](std::uint64_t first, std::uint64_t part) {
    return copy(to, from, destination + first, source + first, part);
  });
}

Trap table_fill(Context& context, std::uint32_t table, std::uint64_t index, Slot value,
                std::uint64_t length) {
  Table& target = *context.instance->tables[table];
  const bool fits = in_bounds(index, length, target.size);
  if (const Trap trap = charge_elements(fits, context, length); trap != Trap::none) return trap;
  if (!fits) return Trap::table_bounds;
  return in_parts(context, length, false, [&](std::uint64_t first, std::uint64_t part) {
    return fill(target, index + first, value, part);
  });
}

std::uint64_t table_grow(Context& context, std::uint32_t table, Slot value, std::uint64_t delta) {
  auto& target = static_cast<OwnedTable&>(*context.instance->tables[table]);
  const std::uint64_t added = growth_of_table(target, delta);
  const std::uint64_t old_size = target.grow(delta, value, &context.interrupt);
  if (old_size == kGrowFailed) refund_bytes(context, added);
  return old_size;
}

void elem_drop(Context& context, std::uint32_t element) {
  set_dropped(context.instance->dropped_elements, element);
}

// The running function's module has its code cells, so there is one for this function, too.
Slot ref_func(Context& context, std::uint32_t function) {
  return reinterpret_cast<std::uintptr_t>(context.instance->function(function));
}

}  // namespace tinywasm::vm
