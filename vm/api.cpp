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
  return Value::from_slots(store, to_public(shown_type(*store, type)), slots);
}

Result<void> check_value(Store& store, const Value& value, decoder::ValType type,
                         const char* what) {
  if (is_foreign(store, value)) {
    return Error{ErrorKind::host, fmt::format("{} belongs to another store", what)};
  }
  if (has_type(store, value, type)) return {};
  return Error{ErrorKind::host, fmt::format("{} is to be {} and is {}", what,
                                            decoder::to_string(type), to_string(value.type()))};
}

}  // namespace tinywasm::vm
