// SPDX-License-Identifier: Apache-2.0
// The store (https://webassembly.github.io/spec/core/exec/runtime.html#store): owns all that runs.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <tinywasm/host.hpp>
#include <tinywasm/result.hpp>

#include "decoder/module.hpp"
#include "vm/fuel_account.hpp"
#include "vm/heap.hpp"
#include "vm/interpreter.hpp"
#include "vm/memory.hpp"
#include "vm/runtime.hpp"
#include "vm/table.hpp"
#include "vm/types.hpp"

namespace tinywasm::vm {

/// What an import resolves to and an export is.
struct Extern {
  decoder::ExternKind kind = decoder::ExternKind::func;
  Function* function = nullptr;
  Table* table = nullptr;
  Memory* memory = nullptr;
  Global* global = nullptr;
  Tag* tag = nullptr;

  static Extern of(Function* f) { return {.kind = decoder::ExternKind::func, .function = f}; }
  static Extern of(Table* t) { return {.kind = decoder::ExternKind::table, .table = t}; }
  static Extern of(Memory* m) { return {.kind = decoder::ExternKind::memory, .memory = m}; }
  static Extern of(Global* g) { return {.kind = decoder::ExternKind::global, .global = g}; }
  static Extern of(Tag* t) { return {.kind = decoder::ExternKind::tag, .tag = t}; }
};

struct OwnedInstance;

struct StoreLimits {
  std::uint64_t memory_bytes = 0;
  std::uint64_t table_elements = 0;
  std::uint64_t stack_bytes = 0;
  std::uint64_t heap_bytes = 0;
  std::uint32_t instances = 0;
};

class Store {
 public:
  Store(const StoreLimits& limits, const CodeOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Context& context() { return context_; }
  const CodeOptions& code_options() const { return options_; }
  TypeRegistry& types() { return types_; }
  const TypeRegistry& types() const { return types_; }
  Heap& heap() { return heap_; }
  /// Makes this the Store of another thread of the guest whose first thread has `first`: linear
  /// memories, tables and fuel come out of one account. Before anything runs here; on any thread,
  /// when `first` has its accounts: share_accounts().
  void join(const Store& first);
  void share_accounts();
  /// Bytes of linear memories. Precondition: share_accounts().
  const std::shared_ptr<Budget>& memory_account() const { return memory_budget_.account; }
  /// The other threads' part of the fuel; null without threads.
  FuelAccount* fuel_account() const { return fuel_account_.get(); }
  /// What of the fuel was taken but not used up goes back to the account.
  void return_fuel();
  /// False when the value stack could not be allocated: nothing can run.
  bool has_stack() const { return context_.stack_base != nullptr; }

  /// Instantiation (4.7.2), the start function included. `imports` are those of the module, in
  /// order. An instance that traps on the way stays: references to it may have escaped.
  Result<Instance*> instantiate(std::shared_ptr<ModuleCode> module,
                                std::span<const Extern> imports);

  // What the host allocates. The types must not refer to types of a module.
  Result<Function*> add_function(HostFunction host);
  Result<Memory*> add_memory(const decoder::MemoryType& type);
  Memory* add_memory(std::shared_ptr<SharedBytes> bytes);
  Result<Table*> add_table(const decoder::TableType& type, Slot value);
  Global* add_global(const decoder::GlobalType& type, const Slot* value);
  Result<Tag*> add_tag(const decoder::FuncType& type);

  /// Marks the objects that instances and what the host has made refer to.
  void mark_roots(Heap& heap) const;

 private:
  friend class Instantiation;
  struct HostEntry {
    HostFunction host;
    Function function;
  };
  /// A module that has instances here, with the canonical ids of its types.
  struct ModuleEntry {
    std::shared_ptr<ModuleCode> code;
    std::vector<std::uint32_t> type_ids;
  };
  Result<const ModuleEntry*> enter(std::shared_ptr<ModuleCode> module);
  bool allocate_stack(std::uint64_t bytes);

  Context context_;
  CodeOptions options_;
  Budget memory_budget_;
  Budget table_budget_;
  std::shared_ptr<FuelAccount> fuel_account_{};
  std::uint32_t max_instances_;
  std::uint64_t stack_bytes_ = 0;
  TypeRegistry types_;
  Heap heap_;
  Error host_error_;  // where Context::host_error points
  std::unordered_map<const ModuleCode*, ModuleEntry> modules_;
  std::deque<HostEntry> host_functions_;
  std::deque<OwnedMemory> host_memories_;
  std::deque<OwnedTable> host_tables_;
  std::deque<Global> host_globals_;
  std::deque<Tag> host_tags_;
  Memory no_memory_;  // memory 0 of instances that have none
  std::vector<std::unique_ptr<OwnedInstance>> instances_;
};

}  // namespace tinywasm::vm
