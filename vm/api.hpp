// SPDX-License-Identifier: Apache-2.0
// What the api_*.cpp files share: handles from run-time structures and back, checked values, and
// the boundary that lets no exception out.
#pragma once

#include <new>
#include <stdexcept>

#include <tinywasm/exception.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/instance.hpp>
#include <tinywasm/memory.hpp>

#include "vm/store.hpp"

namespace tinywasm {

struct Handles {
  static Func make(vm::Store* store, vm::Function* function) { return {store, function}; }
  static Memory make(vm::Store* store, vm::Memory* memory) { return {store, memory}; }
  static Table make(vm::Store* store, vm::Table* table) { return {store, table}; }
  static Global make(vm::Store* store, vm::Global* global) { return {store, global}; }
  static Tag make(vm::Store* store, vm::Tag* tag) { return {store, tag}; }
  static Instance make(vm::Store* store, vm::Instance* instance) { return {store, instance}; }

  static vm::Store* store(const auto& handle) { return handle.store_; }
  static vm::Extern unwrap(const Func& func) { return vm::Extern::of(func.function_); }
  static vm::Extern unwrap(const Memory& memory) { return vm::Extern::of(memory.memory_); }
  static vm::Extern unwrap(const Table& table) { return vm::Extern::of(table.table_); }
  static vm::Extern unwrap(const Global& global) { return vm::Extern::of(global.global_); }
  static vm::Extern unwrap(const Tag& tag) { return vm::Extern::of(tag.tag_); }
  static vm::Instance* unwrap(const Instance& instance) { return instance.instance_; }
};

namespace vm {

/// `item` as the public API shows it.
tinywasm::Extern to_public(Store* store, const Extern& item);

CodeOptions options_of(const StoreConfig& config);

/// A value of canonical type `type`; references are shown as the top of their hierarchy.
Value to_value(Store* store, decoder::ValType type, const Slot* slots);
/// Whether `value` is of canonical type `type` in `store`; an error that begins with `what`.
Result<void> check_value(Store& store, const Value& value, decoder::ValType type, const char* what);

/// Limits, and types of memories, that come from outside.
Result<void> check_limits(const Limits& limits, std::uint64_t most);
Result<void> check_memory_type(const MemoryType& type);
/// The type that values of a canonical reference type are shown with (api_references.cpp).
decoder::ValType shown_type(const Store& store, decoder::ValType type);
/// A reference that only another Store can understand.
bool is_foreign(const Store& store, const Value& value);
/// Whether `value` is of canonical type `type`; references by what they refer to.
bool has_type(Store& store, const Value& value, decoder::ValType type);

Error out_of_memory();

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
