// SPDX-License-Identifier: Apache-2.0
// <tinywasm/linker.hpp>, but for define_wasi, which is WASI's.
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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

// Makers, callables and what goes with them may call back, so: nothing is kept over such a call but
// copies and shared pointers, and what a map held is let go of only after the map is in order.
struct Linker::Definitions {
  struct OnDemand {
    std::string module;
    HostFunctionMaker make;
  };

  StoreId id;
  ByName<ByName<vm::Extern>> items;
  std::vector<std::shared_ptr<const OnDemand>> on_demand;
  std::optional<Error> error;

  Definitions() = default;
  Definitions(const Definitions&) = delete;
  Definitions& operator=(const Definitions&) = delete;
  ~Definitions() {
    for (const auto& [module, names] : items) {
      for (const auto& [name, item] : names) {
        if (vm::Store* store = id.get()) store->release(item);
      }
    }
  }

  Result<vm::Store*> store() const {
    if (id.life() == nullptr) return vm::no_store();
    if (vm::Store* there = id.get()) return there;
    return vm::store_is_gone("linker");
  }
  std::optional<vm::Extern> find_made(std::string_view module, std::string_view name) const {
    const auto names = items.find(module);
    if (names == items.end()) return std::nullopt;
    const auto found = names->second.find(name);
    return found == names->second.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<vm::Extern> find(std::string_view module, std::string_view name) {
    if (auto made = find_made(module, name)) return made;
    // The latest first; makers may add more behind.
    for (std::size_t i = on_demand.size(); i-- > 0;) {
      const std::shared_ptr<const OnDemand> maker = on_demand[i];
      if (maker->module != module) continue;
      std::optional<HostFunction> function = maker->make(name);
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
    auto into = store();
    if (!into) return std::move(into).error();
    Result<vm::Function*> added = (*into)->add_function(std::move(function));
    if (!added) return std::move(added).error();
    put(**into, module, name, vm::Extern::of(*added));
    return {};
  }
  void put(vm::Store& into, std::string_view module, std::string_view name,
           const vm::Extern& item) {
    vm::Extern& place = entry_of(entry_of(items, module), name);
    const vm::Extern before = std::exchange(place, item);
    vm::Store::hold(item);
    into.release(before);
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

namespace {

/// What a module is going to import, held meanwhile: makers may define other things of the names.
class Imports {
 public:
  explicit Imports(StoreId store) : store_(store) {}
  ~Imports() {
    for (const vm::Extern& item : items_) {
      if (vm::Store* store = store_.get()) store->release(item);
    }
  }
  Imports(const Imports&) = delete;
  Imports& operator=(const Imports&) = delete;
  void reserve(std::size_t count) { items_.reserve(count); }
  void add(const vm::Extern& item) {
    if (store_.get() == nullptr) return;  // the item went with it
    items_.push_back(item);
    vm::Store::hold(item);
  }
  std::span<const vm::Extern> items() const { return items_; }

 private:
  StoreId store_;
  std::vector<vm::Extern> items_;
};

}  // namespace

Linker::Linker(Store& store) : definitions_(std::make_shared<Definitions>()) {
  if (store.impl() != nullptr) definitions_->id = store.impl()->id();
}
Linker::~Linker() = default;
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;

void Linker::fail(Error error) {
  if (definitions_) definitions_->keep_error(std::move(error));
}

void Linker::define(std::string_view module, std::string_view name, HostFunction function) {
  const auto definitions = definitions_;
  if (!definitions) return;
  definitions->keep_error(vm::guarded(
      [&]() -> Result<void> { return definitions->put(module, name, std::move(function)); }));
}

void Linker::define_on_demand(std::string_view module, HostFunctionMaker make) {
  const auto definitions = definitions_;
  if (!definitions) return;
  definitions->keep_error(vm::guarded([&]() -> Result<void> {
    const auto maker = std::make_shared<const Definitions::OnDemand>(
        Definitions::OnDemand{std::string(module), std::move(make)});
    // This definition is later than those that are made already.
    std::vector<std::string> made;
    if (const auto names = definitions->items.find(module); names != definitions->items.end()) {
      for (const auto& [name, item] : names->second) made.push_back(name);
    }
    for (const std::string& name : made) {
      std::optional<HostFunction> function = maker->make(name);
      if (!function) continue;
      if (auto done = definitions->put(maker->module, name, *std::move(function)); !done) {
        return done;
      }
    }
    definitions->on_demand.push_back(maker);
    return {};
  }));
}

void Linker::define(std::string_view module, std::string_view name, const Extern& item) {
  const auto definitions = definitions_;
  if (!definitions) return;
  definitions->keep_error(vm::guarded([&]() -> Result<void> {
    auto store = definitions->store();
    if (!store) return std::move(store).error();
    const vm::Store* owner =
        std::visit([](const auto& handle) { return Handles::store(handle); }, item);
    if (owner != *store) {
      return Error{ErrorKind::host, fmt::format("\"{}\" \"{}\" belongs to another store",
                                                decoder::escape(module), decoder::escape(name))};
    }
    definitions->put(**store, module, name,
                     std::visit([](const auto& handle) { return Handles::unwrap(handle); }, item));
    return {};
  }));
}

void Linker::define_instance(std::string_view name, const Instance& instance) {
  const auto definitions = definitions_;
  if (!definitions) return;
  definitions->keep_error(vm::guarded([&]() -> Result<void> {
    auto store = definitions->store();
    if (!store) return std::move(store).error();
    if (Handles::store(instance) != *store) {
      return Error{ErrorKind::host,
                   fmt::format("instance \"{}\" belongs to another store", decoder::escape(name))};
    }
    vm::Instance& exporter = *Handles::unwrap(instance);
    for (const decoder::Export& entry : exporter.module->module().exports) {
      definitions->put(**store, name, entry.name, vm::extern_of(exporter, entry.kind, entry.index));
    }
    return {};
  }));
}

std::vector<ImportType> Linker::missing(const Module& module) const {
  const auto definitions = definitions_;
  const std::shared_ptr<vm::ModuleCode> code = module.code_;
  std::vector<ImportType> missing;
  if (!definitions || !code) return missing;
  for (const decoder::Import& import : code->module().imports) {
    if (definitions->find(import.module, import.name)) continue;
    missing.push_back(vm::import_type(code->module(), import));
  }
  return missing;
}

std::optional<ImportType> Linker::first_missing(const Module& module) const {
  const decoder::Module& decoded = module.code_->module();
  for (const decoder::Import& import : decoded.imports) {
    if (!definitions_->find(import.module, import.name)) return vm::import_type(decoded, import);
  }
  return std::nullopt;
}

Result<Instance> Linker::instantiate(const Module& module) {
  const auto definitions = definitions_;
  const std::shared_ptr<vm::ModuleCode> code = module.code_;
  return vm::guarded([&]() -> Result<Instance> {
    if (!definitions) return Error{ErrorKind::host, "the linker was moved from"};
    if (!code) return Error{ErrorKind::host, "the module was moved from"};
    if (definitions->error) return *definitions->error;
    const decoder::Module& decoded = code->module();
    Imports imports(definitions->id);
    imports.reserve(decoded.imports.size());
    for (const decoder::Import& import : decoded.imports) {
      const std::optional<vm::Extern> found = definitions->find(import.module, import.name);
      if (definitions->error) return *definitions->error;
      if (!found) return definitions->unknown_import(decoded, import);
      imports.add(*found);
    }
    auto store = definitions->store();
    if (!store) return std::move(store).error();
    Result<vm::Instance*> made = (*store)->instantiate(code, imports.items());
    if (!made) return std::move(made).error();
    return Handles::make(definitions->id, *made);
  });
}

}  // namespace tinywasm
