// SPDX-License-Identifier: Apache-2.0
// <tinywasm/memory.hpp>: memories, tables and globals.
#include <tinywasm/memory.hpp>

#include "vm/api.hpp"
#include "vm/memory.hpp"
#include "vm/operations.hpp"
#include "vm/public_types.hpp"
#include "vm/table.hpp"

namespace tinywasm {
namespace {

Error trap_error(vm::Trap trap) { return Error{vm::kind(trap), vm::message(trap)}; }

Result<void> check_element(vm::Store& store, const vm::Table& table, const Value& value) {
  return vm::check_value(store, value, table.type.element, "table element");
}

}  // namespace

Result<Memory> Memory::create(Store& store, const MemoryType& type) {
  return vm::guarded([&]() -> Result<Memory> {
    if (store.impl() == nullptr) return vm::no_store();
    if (Result<void> good = vm::check_memory_type(type); !good) return std::move(good).error();
    Result<vm::Memory*> memory = store.impl()->add_memory(vm::to_decoder(type));
    if (!memory) return std::move(memory).error();
    return Memory(store.impl()->id(), *memory);
  });
}

MemoryType Memory::type() const {
  if (store_.get() == nullptr) return {};
  vm::refresh(*memory_);
  MemoryType type = vm::to_public(memory_->type);
  type.limits.min = memory_->pages();
  return type;
}

std::uint64_t Memory::pages() const noexcept {
  if (store_.get() == nullptr) return 0;
  vm::refresh(*memory_);
  return memory_->pages();
}

std::span<std::byte> Memory::bytes() const noexcept {
  if (store_.get() == nullptr) return {};
  vm::refresh(*memory_);
  return {memory_->base, memory_->size};
}

std::byte* Memory::find(std::uint64_t address, std::uint64_t length) const noexcept {
  if (store_.get() == nullptr) return nullptr;
  vm::refresh(*memory_);
  return vm::in_bounds(address, length, memory_->size) ? memory_->base + address : nullptr;
}

Error Memory::out_of_bounds() const {
  if (store_.get() == nullptr) return vm::store_is_gone("memory");
  return trap_error(vm::Trap::memory_bounds);
}

Result<std::uint64_t> Memory::grow(std::uint64_t pages) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return vm::store_is_gone("memory");
  const std::uint64_t old_pages = static_cast<vm::OwnedMemory*>(memory_)->grow(pages);
  if (old_pages == vm::kGrowFailed) {
    return vm::no_growth(*memory_, pages, store->memory_budget());
  }
  return old_pages;
}

Result<Table> Table::create(Store& store, const TableType& type, const Value& value) {
  return vm::guarded([&]() -> Result<Table> {
    if (store.impl() == nullptr) return vm::no_store();
    const std::uint64_t most = type.limits.is_64 ? ~std::uint64_t{0} : 0xffff'ffff;
    if (Result<void> good = vm::check_limits(type.limits, most); !good)
      return std::move(good).error();
    if (!type.element.is_ref() || !vm::is_closed(type.element)) {
      return Error{ErrorKind::host, "not a type of table elements"};
    }
    Result<void> fits =
        vm::check_value(*store.impl(), value, vm::to_decoder(type.element), "table element");
    if (!fits) return std::move(fits).error();
    Result<vm::Table*> table = store.impl()->add_table(vm::to_decoder(type), value.slots()[0]);
    if (!table) return std::move(table).error();
    return Table(store.impl()->id(), *table);
  });
}

TableType Table::type() const {
  if (store_.get() == nullptr) return {};
  TableType type = vm::to_public(table_->type);
  type.limits.min = table_->size;
  return type;
}

std::uint64_t Table::size() const noexcept { return store_.get() != nullptr ? table_->size : 0; }

Result<Value> Table::get(std::uint64_t index) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return vm::store_is_gone("table");
  if (index >= table_->size) return trap_error(vm::Trap::table_bounds);
  return vm::guarded([&]() -> Result<Value> {
    return vm::to_value(store, table_->type.element, &table_->elements[index]);
  });
}

Result<void> Table::set(std::uint64_t index, const Value& value) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return vm::store_is_gone("table");
  if (Result<void> fits = check_element(*store, *table_, value); !fits) return fits;
  if (index >= table_->size) return trap_error(vm::Trap::table_bounds);
  table_->elements[index] = value.slots()[0];
  return {};
}

Result<std::uint64_t> Table::grow(std::uint64_t elements, const Value& value) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return vm::store_is_gone("table");
  if (Result<void> fits = check_element(*store, *table_, value); !fits) {
    return std::move(fits).error();
  }
  const std::uint64_t old_size =
      static_cast<vm::OwnedTable*>(table_)->grow(elements, value.slots()[0]);
  if (old_size == vm::kGrowFailed) {
    return vm::no_growth(*table_, elements, store->table_budget());
  }
  return old_size;
}

Result<Global> Global::create(Store& store, const GlobalType& type, const Value& value) {
  return vm::guarded([&]() -> Result<Global> {
    if (store.impl() == nullptr) return vm::no_store();
    if (!vm::is_closed(type.type)) return Error{ErrorKind::host, "not a type of globals"};
    Result<void> fits =
        vm::check_value(*store.impl(), value, vm::to_decoder(type.type), "the global's value");
    if (!fits) return std::move(fits).error();
    return Global(store.impl()->id(),
                  store.impl()->add_global(vm::to_decoder(type), value.slots()));
  });
}

GlobalType Global::type() const {
  if (store_.get() == nullptr) return {};
  return vm::to_public(global_->type);
}

Value Global::get() const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return {};
  return vm::to_value(store, global_->type.type, global_->value);
}

Result<void> Global::set(const Value& value) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return vm::store_is_gone("global");
  if (!global_->type.is_mutable) return Error{ErrorKind::host, "the global is immutable"};
  Result<void> fits = vm::check_value(*store, value, global_->type.type, "the global's value");
  if (!fits) return fits;
  global_->value[0] = value.slots()[0];
  if (global_->type.type.is_vec()) global_->value[1] = value.slots()[1];
  return {};
}

}  // namespace tinywasm
