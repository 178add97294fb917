// SPDX-License-Identifier: Apache-2.0
// What the api_*.cpp files share: handles from run-time structures and back, checked values, and
// the boundary that lets no exception out.
#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <tinywasm/exception.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/instance.hpp>
#include <tinywasm/memory.hpp>

#include "vm/store.hpp"

namespace tinywasm {

struct Handles {
  // What has a handle stays as long as the Store: a function, and its instance with all it owns.
  static Func make(StoreId store, vm::Function* function) {
    vm::Store::keep(*function);
    return {store, function};
  }
  static Instance make(StoreId store, vm::Instance* instance) {
    vm::Store::keep(*instance);
    return {store, instance};
  }
  static Tag make(StoreId store, vm::Tag* tag) {
    if (tag->instance != nullptr) vm::Store::keep(*tag->instance);
    return {store, tag};
  }
  // Handles of these come out of an instance's, or are of what the host has made.
  static Memory make(StoreId store, vm::Memory* memory) { return {store, memory}; }
  static Table make(StoreId store, vm::Table* table) { return {store, table}; }
  static Global make(StoreId store, vm::Global* global) { return {store, global}; }

  /// Null when it is gone.
  static vm::Store* store(const auto& handle) { return handle.store_.get(); }
  static vm::Extern unwrap(const Func& func) { return vm::Extern::of(func.function_); }
  static vm::Extern unwrap(const Memory& memory) { return vm::Extern::of(memory.memory_); }
  static vm::Extern unwrap(const Table& table) { return vm::Extern::of(table.table_); }
  static vm::Extern unwrap(const Global& global) { return vm::Extern::of(global.global_); }
  static vm::Extern unwrap(const Tag& tag) { return vm::Extern::of(tag.tag_); }
  static vm::Instance* unwrap(const Instance& instance) { return instance.instance_; }
};

namespace vm {

/// `item` as the public API shows it.
tinywasm::Extern to_public(StoreId store, const Extern& item);

CodeOptions options_of(const StoreConfig& config);

/// A value of canonical type `type`; references are shown as the top of their hierarchy.
Value to_value(Store* store, decoder::ValType type, const Slot* slots);
/// Whether `value` is of canonical type `type` in `store`; an error that begins with `what`.
Result<void> check_value(Store& store, const Value& value, decoder::ValType type,
                         std::string_view what);
/// The name that an error shows a function by: in quotes when it has one.
std::string shown_name(const Function& function);

/// Limits, and types of memories, that come from outside.
Result<void> check_limits(const Limits& limits, std::uint64_t most);
Result<void> check_memory_type(const MemoryType& type);
/// The type that values of a canonical reference type are shown with (api_references.cpp).
decoder::ValType shown_type(const Store& store, decoder::ValType type);
/// Whether `value` is of canonical type `type`; references by what they refer to.
bool has_type(Store& store, const Value& value, decoder::ValType type);

Error out_of_memory();
/// "the Store of this table is gone"; for a Store that was moved from, and a handle that outlived
/// it.
Error no_store();
Error store_is_gone(const char* what);

/// Runs what may allocate; running out of memory is an error like any other.
template <class F>
auto guarded(F&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {
    return out_of_memory();
  }
}

}  // namespace vm
}  // namespace tinywasm
