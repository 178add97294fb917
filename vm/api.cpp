// SPDX-License-Identifier: Apache-2.0
#include "vm/api.hpp"

#include <fmt/format.h>

#include "decoder/errors.hpp"
#include "vm/interpreter.hpp"
#include "vm/public_types.hpp"

namespace tinywasm::vm {

Error out_of_memory() { return Error{ErrorKind::exhaustion, "out of memory"}; }

Error no_store() { return Error{ErrorKind::host, "the store was moved from"}; }

Error store_is_gone(const char* what) {
  return Error{ErrorKind::host, fmt::format("the store of this {} is gone", what)};
}

std::string shown_name(const Function& function) {
  if (function.instance == nullptr) return "a host function";
  const std::string_view name = function.instance->module->module().function_name(function.index);
  if (name.empty()) return fmt::format("function {}", function.index);
  return fmt::format("\"{}\"", decoder::escape(name));
}

tinywasm::Extern to_public(StoreId store, const Extern& item) {
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
                         std::string_view what) {
  if (value.is_foreign(&store)) {
    return Error{ErrorKind::host, fmt::format("{} belongs to another store", what)};
  }
  if (has_type(store, value, type)) return {};
  return Error{ErrorKind::host, fmt::format("{} is to be {} and is {}", what,
                                            decoder::to_string(type), to_string(value.type()))};
}

}  // namespace tinywasm::vm
