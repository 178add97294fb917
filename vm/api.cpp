// SPDX-License-Identifier: Apache-2.0
#include "vm/api.hpp"

#include <fmt/format.h>

#include "vm/public_types.hpp"

namespace tinywasm::vm {

Error out_of_memory() { return Error{ErrorKind::exhaustion, "out of memory"}; }

tinywasm::Extern to_public(Store* store, const Extern& item) {
  switch (item.kind) {
    case decoder::ExternKind::func:
      return Handles::make(store, item.function);
    case decoder::ExternKind::table:
      return Handles::make(store, item.table);
    case decoder::ExternKind::memory:
      return Handles::make(store, item.memory);
    case decoder::ExternKind::global:
      return Handles::make(store, item.global);
    case decoder::ExternKind::tag:
      break;
  }
  return Handles::make(store, item.tag);
}

Value to_value(Store* store, decoder::ValType type, const Slot* slots) {
  if (type.is_ref()) {
    if (store->types().is_subtype(type, decoder::kFuncRef)) type = decoder::kFuncRef;
    if (store->types().is_subtype(type, decoder::kExternRef)) type = decoder::kExternRef;
  }
  return Value::from_slots(store, to_public(type), slots);
}

namespace {

bool has_type(Store& store, const Value& value, decoder::ValType type) {
  const decoder::ValType given = to_decoder(value.type());
  if (!type.is_ref() || !given.is_ref()) return given == type;
  const bool is_null = value.slots()[0] == 0;
  if (is_null && !type.is_nullable()) return false;
  const decoder::ValType nullable = decoder::ValType::ref(type.heap(), true);
  if (store.types().is_subtype(given, nullable)) return true;
  // What a funcref points to may be more special than the value's type tells.
  if (given != decoder::kFuncRef || !store.types().is_subtype(type, decoder::kFuncRef)) {
    return false;
  }
  if (is_null) return true;
  const auto* function = reinterpret_cast<const Function*>(value.slots()[0]);
  return !type.heap().is_abstract() &&
         store.types().is_subtype(function->type_id, type.heap().type_index());
}

}  // namespace

Result<void> check_value(Store& store, const Value& value, decoder::ValType type,
                         const char* what) {
  const bool is_foreign =
      value.type() == ValueType::funcref && value.slots()[0] != 0 && value.store() != &store;
  if (is_foreign) return Error{ErrorKind::host, fmt::format("{} belongs to another store", what)};
  if (has_type(store, value, type)) return {};
  return Error{ErrorKind::host, fmt::format("{} is to be {} and is {}", what,
                                            decoder::to_string(type), to_string(value.type()))};
}

}  // namespace tinywasm::vm
