// SPDX-License-Identifier: Apache-2.0
// <tinywasm/instance.hpp>
#include <fmt/format.h>
#include <new>
#include <utility>

#include <tinywasm/instance.hpp>

#include "decoder/errors.hpp"
#include "vm/api.hpp"
#include "vm/instance.hpp"
#include "vm/interpreter.hpp"
#include "vm/public_types.hpp"

namespace tinywasm {
namespace {

template <class T>
Result<T> find_as(const Instance& instance, std::string_view name, const char* kind) {
  return vm::guarded([&]() -> Result<T> {
    vm::Store* const store = Handles::store(instance);
    if (store == nullptr) return vm::store_is_gone("instance");
    const std::optional<vm::Extern> found = vm::find_export(*Handles::unwrap(instance), name);
    if (!found) {
      return Error{ErrorKind::host,
                   fmt::format("there is no export \"{}\"", decoder::escape(name))};
    }
    const Extern item = vm::to_public(store->id(), *found);
    if (const T* wanted = std::get_if<T>(&item)) return *wanted;
    return Error{ErrorKind::host,
                 fmt::format("the export \"{}\" is not a {}", decoder::escape(name), kind)};
  });
}

}  // namespace

std::optional<Extern> Instance::find(std::string_view name) const {
  if (store_.get() == nullptr) return std::nullopt;
  try {
    const std::optional<vm::Extern> found = vm::find_export(*instance_, name);
    if (!found) return std::nullopt;
    return vm::to_public(store_, *found);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

Result<Func> Instance::func(std::string_view name) const {
  return find_as<Func>(*this, name, "function");
}
Result<Memory> Instance::memory(std::string_view name) const {
  return find_as<Memory>(*this, name, "memory");
}
Result<Table> Instance::table(std::string_view name) const {
  return find_as<Table>(*this, name, "table");
}
Result<Global> Instance::global(std::string_view name) const {
  return find_as<Global>(*this, name, "global");
}
Result<Tag> Instance::tag(std::string_view name) const { return find_as<Tag>(*this, name, "tag"); }

std::vector<ExportType> Instance::exports() const {
  if (store_.get() == nullptr) return {};
  return vm::exports_of(instance_->module->module());
}

Error Instance::wrong_signature(std::string_view name, Error error) {
  error.message = fmt::format("export \"{}\": {}", decoder::escape(name), error.message);
  return error;
}

}  // namespace tinywasm
