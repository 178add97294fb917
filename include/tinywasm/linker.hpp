// SPDX-License-Identifier: Apache-2.0
/// @file
/// The Linker: what modules may import, by name.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/host.hpp>
#include <tinywasm/instance.hpp>
#include <tinywasm/memory.hpp>
#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/wasi.hpp>

namespace tinywasm {

/// Makes the host function of a name, or none if it has none; see Linker::define_on_demand.
using HostFunctionMaker = std::function<std::optional<HostFunction>(std::string_view name)>;

/// Names what instances of one Store may import. A later definition of a name replaces the earlier
/// one, for modules instantiated from then on. Definitions return nothing: their first error is
/// kept and returned by instantiate(). Used by the Store's thread. It is an error of instantiate()
/// when the Store is gone, when it was moved from already when the Linker was made, or when the
/// Linker has been moved from; definitions then do nothing.
///
/// What a Linker calls back - makers of host functions, and through instantiate() the guest's start
/// function and host functions - may use the Linker, move it and destroy it. Host functions live as
/// long as a Linker defines them, an instance imports them, or the host or a guest has a reference.
class Linker {
 public:
  TINYWASM_API explicit Linker(Store& store);
  TINYWASM_API ~Linker();
  TINYWASM_API Linker(Linker&&) noexcept;
  TINYWASM_API Linker& operator=(Linker&&) noexcept;

  /// A host function; see host.hpp for the C++ types it may have.
  template <HostCallable F>
  void define(std::string_view module, std::string_view name, F&& function) {
    define(module, name, make_host_function(std::forward<F>(function)));
  }
  TINYWASM_API void define(std::string_view module, std::string_view name, HostFunction function);
  /// Host functions of `module` that `make` makes when an import first asks for them: for modules
  /// of many functions, of which a program imports few. It is called on the Store's thread, by
  /// instantiate() and missing(), once for a name that it knows; and here, for names of `module`
  /// that have been defined before, which this definition replaces. It is kept as long as the
  /// Linker.
  TINYWASM_API void define_on_demand(std::string_view module, HostFunctionMaker make);
  /// A function, memory, table, global or tag of the same Store.
  TINYWASM_API void define(std::string_view module, std::string_view name, const Extern& item);
  /// All exports of an instance, under the module name `name`.
  TINYWASM_API void define_instance(std::string_view name, const Instance& instance);
  /// WASI preview 1 ("wasi_snapshot_preview1" and its older name "wasi_unstable").
  TINYWASM_API void define_wasi(const WasiConfig& config);

  /// Keeps `error`, when it is the first, for instantiate() to return.
  TINYWASM_API void fail(Error error);

  /// The imports of `module` that nothing is defined for.
  [[nodiscard]] TINYWASM_API std::vector<ImportType> missing(const Module& module) const;
  /// The first of them, if any.
  [[nodiscard]] TINYWASM_API std::optional<ImportType> first_missing(const Module& module) const;
  /// Makes an instance and runs its start function. Errors are those of the definitions,
  /// unlinkable, unsupported, exhaustion, or how the start function ended.
  [[nodiscard]] TINYWASM_API Result<Instance> instantiate(const Module& module);

 private:
  struct Definitions;
  std::shared_ptr<Definitions> definitions_;
};

}  // namespace tinywasm
