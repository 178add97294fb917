// SPDX-License-Identifier: Apache-2.0
#include "vm/table.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "vm/operations.hpp"

namespace tinywasm::vm {

OwnedTable::OwnedTable(const decoder::TableType& table_type, Budget& budget) : budget_(budget) {
  type = table_type;
  const std::uint64_t of_address_type = type.limits.is_64 ? ~std::uint64_t{0} : 0xffff'ffff;
  // Beyond the budget's limit there is nothing to reach; this also keeps sizes in bytes in range.
  max = std::min({type.limits.max.value_or(of_address_type), of_address_type, budget.limit,
                  std::uint64_t{1} << 40});
}

OwnedTable::~OwnedTable() {
  std::free(elements);
  budget_.give_back(size);
}

bool OwnedTable::allocate() {
  const std::uint64_t wanted = type.limits.min;
  if (wanted > max || !budget_.take(wanted)) return false;
  if (wanted == 0) return true;
  elements = static_cast<Slot*>(std::calloc(wanted, sizeof(Slot)));
  if (!elements) {
    budget_.give_back(wanted);
    return false;
  }
  size = capacity = wanted;
  return true;
}

std::uint64_t OwnedTable::grow(std::uint64_t delta, Slot value,
                               const std::atomic<std::uint32_t>* interrupt) {
  const std::uint64_t old_size = size;
  if (delta == 0) return old_size;
  if (old_size > max || delta > max - old_size || !budget_.take(delta)) return kGrowFailed;
  const std::uint64_t new_size = old_size + delta;
  if (new_size > capacity && !set_capacity(std::min(max, std::max(new_size, 2 * capacity))) &&
      !set_capacity(new_size)) {
    budget_.give_back(delta);
    return kGrowFailed;
  }
  constexpr std::uint64_t kElementsPerPoll = 1 << 16;
  for (std::uint64_t at = old_size; at < new_size;) {
    const std::uint64_t part = std::min(new_size - at, kElementsPerPoll);
    std::fill_n(elements + at, part, value);
    at += part;
    if (at < new_size && interrupt && interrupt->load(std::memory_order_relaxed) != 0) {
      budget_.give_back(delta);
      return kGrowFailed;
    }
  }
  size = new_size;
  return old_size;
}

bool OwnedTable::set_capacity(std::uint64_t new_capacity) {
  void* block = std::realloc(elements, new_capacity * sizeof(Slot));
  if (!block) return false;
  elements = static_cast<Slot*>(block);
  capacity = new_capacity;
  return true;
}

Trap copy(Table& to, const Table& from, std::uint64_t destination, std::uint64_t source,
          std::uint64_t length) {
  if (!in_bounds(source, length, from.size) || !in_bounds(destination, length, to.size)) {
    return Trap::table_bounds;
  }
  if (length != 0) {
    std::memmove(to.elements + destination, from.elements + source, length * sizeof(Slot));
  }
  return Trap::none;
}

Trap fill(Table& table, std::uint64_t start, Slot value, std::uint64_t length) {
  if (!in_bounds(start, length, table.size)) return Trap::table_bounds;
  if (length != 0) std::fill_n(table.elements + start, length, value);
  return Trap::none;
}

}  // namespace tinywasm::vm
