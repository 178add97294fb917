// SPDX-License-Identifier: Apache-2.0
#include "vm/fuel.hpp"

#include <algorithm>

#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {

Trap charge(Context& context, std::uint64_t amount) {
  if (!context.store->code_options().fuel) return Trap::none;
  const auto slice = static_cast<std::uint64_t>(std::max(context.fuel, std::int64_t{0}));
  const std::uint64_t own = context.fuel_reserve + slice;
  if (FuelAccount* const account = context.store->fuel_account(); account && amount > own) {
    context.fuel_reserve += account->take(amount - own);
  }
  if (amount <= context.fuel_reserve) {
    context.fuel_reserve -= amount;
    return Trap::none;
  }
  // The slice is what remains to be counted before the next look for interrupts; it only shrinks.
  const std::uint64_t of_slice = amount - context.fuel_reserve;
  context.fuel_reserve = 0;
  context.fuel = of_slice <= slice ? static_cast<std::int64_t>(slice - of_slice) : 0;
  return of_slice <= slice ? Trap::none : Trap::out_of_fuel;
}

std::uint64_t fuel_of_bytes(const Context& context, std::uint64_t bytes) {
  const std::uint64_t bytes_per_fuel = context.store->bytes_per_fuel();
  return bytes_per_fuel == 0 || bytes == 0 ? 0 : (bytes - 1) / bytes_per_fuel;
}

Trap charge_long(Context& context, std::uint64_t bytes) {
  const std::uint64_t amount = fuel_of_bytes(context, bytes);
  return amount == 0 ? Trap::none : charge(context, amount);
}

void refund_bytes(Context& context, std::uint64_t bytes) {
  context.fuel_reserve += fuel_of_bytes(context, bytes);
}

std::uint64_t growth_of_memory(const Memory& memory, std::uint64_t delta) {
  const std::uint64_t pages = memory.pages();
  if (pages > memory.max_pages || delta > memory.max_pages - pages) return 0;
  return delta << memory.type.page_log2;
}

std::uint64_t growth_of_table(const Table& table, std::uint64_t delta) {
  if (table.size > table.max || delta > table.max - table.size) return 0;
  return delta * sizeof(Slot);
}

Trap charge_memory_growth(Context& context, std::uint32_t memory, std::uint64_t delta) {
  Memory& target = *context.instance->memories[memory];
  refresh(target);
  return charge_bytes(context, growth_of_memory(target, delta));
}

Trap charge_table_growth(Context& context, std::uint32_t table, std::uint64_t delta) {
  return charge_bytes(context, growth_of_table(*context.instance->tables[table], delta));
}

}  // namespace tinywasm::vm
