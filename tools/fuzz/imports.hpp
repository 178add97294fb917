// SPDX-License-Identifier: Apache-2.0
// What a module imports, whatever it is: for programs that run any module.
#pragma once

#include <span>
#include <string>
#include <variant>

#include <tinywasm/tinywasm.hpp>

namespace tinywasm::fuzz {

/// Zero or null.
inline Value zero(ValueType type) {
  const std::uint64_t slots[2] = {0, 0};
  return Value::from_slots(nullptr, type, slots);
}
/// Whether a type has a zero: null is no value of (ref ...).
inline bool has_zero(ValueType type) { return !type.is_ref() || (type.bits() & 0xff) == 0x63; }

/// A host function that does nothing and returns zeros.
inline HostFunction idle(const std::string&, const FuncType& type) {
  return HostFunction::dynamic(
      type, [](Caller&, std::span<const Value>, std::span<Value>) -> Result<void> { return {}; });
}

/// Defines what `module` imports: functions that `function(name, type)` makes, globals that are
/// zero or else an object of the host's, and the smallest memories and tables. What cannot be made
/// stays missing.
template <class MakeFunction>
void define_imports(const Module& module, Store& store, Linker& linker, MakeFunction&& function) {
  const auto define = [&](const ImportType& import, const auto& made) {
    if (made) linker.define(import.module, import.name, *made);
  };
  for (const ImportType& import : linker.missing(module)) {
    if (const auto* type = std::get_if<FuncType>(&import.type)) {
      linker.define(import.module, import.name, function(import.name, *type));
    } else if (const auto* global = std::get_if<GlobalType>(&import.type)) {
      const Value value = has_zero(global->type) ? zero(global->type) : Value(ExternRef{&store});
      define(import, Global::create(store, *global, value));
    } else if (const auto* memory = std::get_if<MemoryType>(&import.type)) {
      define(import, Memory::create(store, *memory));
    } else if (const auto* tag = std::get_if<TagType>(&import.type)) {
      define(import, Tag::create(store, *tag));
    } else if (const auto* table = std::get_if<TableType>(&import.type)) {
      if (!has_zero(table->element)) continue;
      define(import, Table::create(store, *table, zero(table->element)));
    }
  }
}

}  // namespace tinywasm::fuzz
