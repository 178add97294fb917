// SPDX-License-Identifier: Apache-2.0
/// @file
/// Instances of modules and what they export.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <tinywasm/exception.hpp>
#include <tinywasm/export.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/memory.hpp>
#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
struct Instance;
}  // namespace vm

/// What an instance exports or imports.
using Extern = std::variant<Func, Table, Memory, Global, Tag>;

/// A module instance in a Store. Cheap to copy; it has no exports any more when the Store is gone.
class Instance {
 public:
  /// An export by name; none when there is no such export (or no memory for it).
  [[nodiscard]] TINYWASM_API std::optional<Extern> find(std::string_view name) const;

  /// The exported function of this name and C++ signature: `func<int32_t(int32_t)>("f")`.
  template <class Signature>
  [[nodiscard]] Result<TypedFunc<Signature>> func(std::string_view name) const {
    Result<Func> found = func(name);
    if (!found) return std::move(found).error();
    Result<TypedFunc<Signature>> typed = found->template typed<Signature>();
    if (!typed) return wrong_signature(name, std::move(typed).error());
    return typed;
  }
  // Exports by name and kind; an error of kind host when there is none.
  [[nodiscard]] TINYWASM_API Result<Func> func(std::string_view name) const;
  [[nodiscard]] TINYWASM_API Result<Memory> memory(std::string_view name) const;
  [[nodiscard]] TINYWASM_API Result<Table> table(std::string_view name) const;
  [[nodiscard]] TINYWASM_API Result<Global> global(std::string_view name) const;
  [[nodiscard]] TINYWASM_API Result<Tag> tag(std::string_view name) const;

  /// Names and types of all exports, in the module's order.
  [[nodiscard]] TINYWASM_API std::vector<ExportType> exports() const;
  friend bool operator==(const Instance&, const Instance&) = default;

 private:
  friend class Caller;
  friend class Linker;
  friend struct Handles;
  Instance(StoreId store, vm::Instance* instance) : store_(store), instance_(instance) {}
  TINYWASM_API static Error wrong_signature(std::string_view name, Error error);

  StoreId store_;
  vm::Instance* instance_;
};

}  // namespace tinywasm
