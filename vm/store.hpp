// SPDX-License-Identifier: Apache-2.0
// The store (https://webassembly.github.io/spec/core/exec/runtime.html#store): owns all that runs.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
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
#include "vm/native_stack.hpp"
#include "vm/runtime.hpp"
#include "vm/store_life.hpp"
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
  std::uint64_t native_stack_bytes = 0;
  std::uint32_t instances = 0;
  std::uint64_t bytes_per_fuel = 0;  // see fuel.hpp; 0: lengths are not charged for
  bool backtraces = true;            // errors tell where the guest was
};

class Store {
 public:
  Store(const StoreLimits& limits, const CodeOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Context& context() { return context_; }
  const CodeOptions& code_options() const { return options_; }
  std::uint64_t bytes_per_fuel() const { return bytes_per_fuel_; }
  bool has_backtraces() const { return has_backtraces_; }
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
  NativeStack& native_stack() { return native_stack_; }
  /// What handles and values know it by.
  StoreId id() const { return life_.id(); }
  /// False when the value stack could not be allocated: nothing can run.
  bool has_stack() const { return context_.stack_base != nullptr; }

  /// Instantiation (4.7.2), the start function included. `imports` are those of the module, in
  /// order. An instance that does not come about gives back what it took, unless something that
  /// stays refers to it.
  Result<Instance*> instantiate(std::shared_ptr<ModuleCode> module,
                                std::span<const Extern> imports);

  const Budget& memory_budget() const { return memory_budget_; }
  const Budget& table_budget() const { return table_budget_; }

  // What the host allocates. The types must not refer to types of a module.
  /// A host function, which goes when release() was called as often as hold() was, unless keep()
  /// was.
  Result<Function*> add_function(HostFunction host);
  Result<Memory*> add_memory(const decoder::MemoryType& type);
  Memory* add_memory(std::shared_ptr<SharedBytes> bytes);
  Result<Table*> add_table(const decoder::TableType& type, Slot value);
  Global* add_global(const decoder::GlobalType& type, const Slot* value);
  Result<Tag*> add_tag(const decoder::FuncType& type);

  // Definitions of Linkers and instances hold the host functions among their imports.
  static void hold(const Extern& item);
  void release(const Extern& item);
  // What the host has a handle of is kept as long as the Store: a handle does not say when it goes.
  static void keep(Function& function);
  static void keep(const Instance& instance);

  /// Marks the objects that instances and what the host has made refer to.
  void mark_roots(Heap& heap) const;

 private:
  friend class Instantiation;
  /// What Function::environment of a host function points to.
  struct HostEntry : HostFunction {
    Function function;
    std::uint32_t holders = 0;
    bool is_kept = false;
    std::list<HostEntry>::iterator self;
  };
  /// A module that has instances here, with the canonical ids of its types.
  struct ModuleEntry {
    std::shared_ptr<ModuleCode> code;
    std::vector<std::uint32_t> type_ids;
  };
  /// What entering a module added, to take it back.
  struct Entrance {
    const ModuleCode* module = nullptr;
    bool is_first = false;  // the module was not here before
    TypeRegistry::Mark types_before;
    TypeRegistry::Mark types_after;
  };
  Result<const ModuleEntry*> enter(std::shared_ptr<ModuleCode> module, Entrance& entrance);
  void leave(const Entrance& entrance);
  static HostEntry* entry_of(const Function& function);
  void abandon(OwnedInstance& instance, const Entrance& entrance, bool has_acted);
  bool is_referred_to(OwnedInstance& leaving);
  void mark_roots_of(Heap& heap, const OwnedInstance& instance) const;
  bool allocate_stack(std::uint64_t bytes);

  Context context_;
  CodeOptions options_;
  Budget memory_budget_;
  Budget table_budget_;
  std::shared_ptr<FuelAccount> fuel_account_{};
  std::uint32_t max_instances_;
  std::uint64_t bytes_per_fuel_;
  bool has_backtraces_;
  std::uint64_t stack_bytes_ = 0;
  TypeRegistry types_;
  Heap heap_;
  Error host_error_;  // where Context::host_error points
  std::unordered_map<const ModuleCode*, ModuleEntry> modules_;
  std::list<HostEntry> host_functions_;
  std::deque<OwnedMemory> host_memories_;
  std::deque<OwnedTable> host_tables_;
  std::deque<Global> host_globals_;
  std::deque<Tag> host_tags_;
  Memory no_memory_;  // memory 0 of instances that have none
  std::vector<std::unique_ptr<OwnedInstance>> instances_;
  NativeStack native_stack_;
  OwnedLife life_;  // the first to go: what the rest takes down with it finds no Store any more
};

// Why there is no memory or table of a type, or why it does not grow, with the figures.
Error no_memory(const decoder::MemoryType& type, const Budget& budget);
Error no_table(const decoder::TableType& type, const Budget& budget);
Error no_growth(const Memory& memory, std::uint64_t pages, const Budget& budget);
Error no_growth(const Table& table, std::uint64_t elements, const Budget& budget);

}  // namespace tinywasm::vm
