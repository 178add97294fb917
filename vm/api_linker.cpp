// SPDX-License-Identifier: Apache-2.0
// <tinywasm/linker.hpp>, but for define_wasi, which is WASI's.
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <tinywasm/linker.hpp>

#include "decoder/errors.hpp"
#include "vm/api.hpp"
#include "vm/instance.hpp"
#include "vm/interpreter.hpp"
#include "vm/public_types.hpp"

namespace tinywasm {
namespace {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>()(name);
  }
};
template <class T>
using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

template <class T>
T& entry_of(ByName<T>& map, std::string_view name) {
  const auto found = map.find(name);
  return found != map.end() ? found->second : map.emplace(std::string(name), T()).first->second;
}

}  // namespace

struct Linker::Definitions {
  struct OnDemand {
    std::string module;
    HostFunctionMaker make;
  };

  vm::Store* store = nullptr;
  ByName<ByName<vm::Extern>> items;
  std::vector<OnDemand> on_demand;
  std::optional<Error> error;

  const vm::Extern* find_made(std::string_view module, std::string_view name) const {
    const auto names = items.find(module);
    if (names == items.end()) return nullptr;
    const auto found = names->second.find(name);
    return found == names->second.end() ? nullptr : &found->second;
  }
  const vm::Extern* find(std::string_view module, std::string_view name) {
    if (const vm::Extern* const made = find_made(module, name)) return made;
    for (auto latest = on_demand.rbegin(); latest != on_demand.rend(); ++latest) {
      if (latest->module != module) continue;
      std::optional<HostFunction> function = latest->make(name);
      if (!function) continue;
      keep_error(put(module, name, *std::move(function)));
      break;
    }
    return find_made(module, name);
  }
  void keep_error(Result<void> done) {
    if (!done && !error) error = std::move(done).error();
  }
  Result<void> put(std::string_view module, std::string_view name, HostFunction function) {
    if (!vm::is_closed(function.type)) {
      return Error{ErrorKind::host, "the type of a host function cannot refer to a module's types"};
    }
    Result<vm::Function*> added = store->add_function(std::move(function));
    if (!added) return std::move(added).error();
    put(module, name, vm::Extern::of(*added));
    return {};
  }
  void put(std::string_view module, std::string_view name, const vm::Extern& item) {
    entry_of(entry_of(items, module), name) = item;
  }
  Error unknown_import(const decoder::Module& module, const decoder::Import& import) {
    std::size_t missing = 0;
    for (const decoder::Import& other : module.imports) {
      if (!find(other.module, other.name)) ++missing;
    }
    std::string detail = fmt::format(": \"{}\" \"{}\" {}", import.module, import.name,
                                     to_string(vm::type_of(module, import.kind, import.index)));
    if (missing > 1) detail += fmt::format(" and {} more", missing - 1);
    return decoder::make_error(decoder::Message::unknown_import, Error::kNoOffset, detail);
  }
};

Linker::Linker(Store& store) : definitions_(std::make_unique<Definitions>()) {
  definitions_->store = store.impl();
}
Linker::~Linker() = default;
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;

void Linker::fail(Error error) { definitions_->keep_error(std::move(error)); }

void Linker::define(std::string_view module, std::string_view name, HostFunction function) {
  definitions_->keep_error(vm::guarded(
      [&]() -> Result<void> { return definitions_->put(module, name, std::move(function)); }));
}

void Linker::define_on_demand(std::string_view module, HostFunctionMaker make) {
  definitions_->keep_error(vm::guarded([&]() -> Result<void> {
    // This definition is later than those that are made already.
    if (const auto names = definitions_->items.find(module); names != definitions_->items.end()) {
      for (const auto& [name, item] : names->second) {
        std::optional<HostFunction> function = make(name);
        if (!function) continue;
        if (auto done = definitions_->put(module, name, *std::move(function)); !done) return done;
      }
    }
    definitions_->on_demand.push_back({std::string(module), std::move(make)});
    return {};
  }));
}

void Linker::define(std::string_view module, std::string_view name, const Extern& item) {
  definitions_->keep_error(vm::guarded([&]() -> Result<void> {
    const vm::Store* owner =
        std::visit([](const auto& handle) { return Handles::store(handle); }, item);
    if (owner != definitions_->store) {
      return Error{ErrorKind::host,
                   fmt::format("\"{}\" \"{}\" belongs to another store", module, name)};
    }
    definitions_->put(module, name,
                      std::visit([](const auto& handle) { return Handles::unwrap(handle); }, item));
    return {};
  }));
}

void Linker::define_instance(std::string_view name, const Instance& instance) {
  definitions_->keep_error(vm::guarded([&]() -> Result<void> {
    if (Handles::store(instance) != definitions_->store) {
      return Error{ErrorKind::host, fmt::format("instance \"{}\" belongs to another store", name)};
    }
    vm::Instance& exporter = *Handles::unwrap(instance);
    for (const decoder::Export& entry : exporter.module->module().exports) {
      definitions_->put(name, entry.name, vm::extern_of(exporter, entry.kind, entry.index));
    }
    return {};
  }));
}

std::vector<ImportType> Linker::missing(const Module& module) const {
  const decoder::Module& decoded = module.code_->module();
  std::vector<ImportType> missing;
  for (const decoder::Import& import : decoded.imports) {
    if (definitions_->find(import.module, import.name)) continue;
    missing.push_back(vm::import_type(decoded, import));
  }
  return missing;
}

Result<Instance> Linker::instantiate(const Module& module) {
  return vm::guarded([&]() -> Result<Instance> {
    if (definitions_->error) return *definitions_->error;
    const decoder::Module& decoded = module.code_->module();
    std::vector<vm::Extern> imports;
    imports.reserve(decoded.imports.size());
    for (const decoder::Import& import : decoded.imports) {
      const vm::Extern* found = definitions_->find(import.module, import.name);
      if (definitions_->error) return *definitions_->error;
      if (!found) return definitions_->unknown_import(decoded, import);
      imports.push_back(*found);
    }
    Result<vm::Instance*> made = definitions_->store->instantiate(module.code_, imports);
    if (!made) return std::move(made).error();
    return Instance(definitions_->store, *made);
  });
}

}  // namespace tinywasm
