// SPDX-License-Identifier: Apache-2.0
#include "vm/store.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "vm/address_space.hpp"
#include "vm/code.hpp"
#include "vm/fuel.hpp"
#include "vm/host_calls.hpp"
#include "vm/instance.hpp"
#include "vm/public_types.hpp"
#include "vm/stack_shadow.hpp"

namespace tinywasm::vm {
namespace {

Error too_many_types() { return Error{ErrorKind::unsupported, "too many types in one store"}; }

}  // namespace

Store::Store(const StoreLimits& limits, const CodeOptions& options)
    : options_(options),
      max_instances_(limits.instances),
      bytes_per_fuel_(options.fuel && limits.bytes_per_fuel != 0
                          ? std::max(limits.bytes_per_fuel, kBytesOfInstruction)
                          : 0),
      has_backtraces_(limits.backtraces),
      heap_(*this, limits.heap_bytes),
      life_(*this) {
  memory_budget_.limit = limits.memory_bytes;
  table_budget_.limit = limits.table_elements;
  native_stack_.limit = limits.native_stack_bytes;
  context_.store = this;
  context_.host_error = &host_error_;
  allocate_stack(limits.stack_bytes);
  no_memory_.base = empty_memory_base();
}

Store::~Store() {
  if (context_.stack_base) {
    finish_shadow(context_.shadow, context_.stack_base, context_.stack_limit);
    release_pages(reinterpret_cast<std::byte*>(context_.stack_base), stack_bytes_);
  }
}

void Store::share_accounts() {
  memory_budget_.shared();
  table_budget_.shared();
  if (options_.fuel && !fuel_account_) {
    fuel_account_ = std::make_shared<FuelAccount>(std::exchange(context_.fuel_reserve, 0));
  }
}

void Store::join(const Store& first) {
  memory_budget_.account = first.memory_budget_.account;
  table_budget_.account = first.table_budget_.account;
  fuel_account_ = first.fuel_account_;
}

void Store::return_fuel() {
  if (!fuel_account_) return;
  const std::int64_t slice = std::max(std::exchange(context_.fuel, 0), std::int64_t{0});
  fuel_account_->give_back(static_cast<std::uint64_t>(slice) +
                           std::exchange(context_.fuel_reserve, 0));
}

bool Store::allocate_stack(std::uint64_t bytes) {
  constexpr std::uint64_t kGranularity = 65536;  // a multiple of every host's page size
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const std::uint64_t size =
      (std::clamp(bytes, kGranularity, kMost) + kGranularity - 1) / kGranularity * kGranularity;
  std::byte* stack = reserve_pages(size);
  if (!stack) return false;
  if (!commit_pages(stack, size)) {
    release_pages(stack, size);
    return false;
  }
  prefer_small_pages(stack, size);
  stack_bytes_ = size;
  context_.stack_base = reinterpret_cast<Slot*>(stack);
  context_.stack_limit = context_.stack_base + size / sizeof(Slot);
  context_.top = context_.stack_base;
  begin_shadow(context_.shadow, context_.stack_base, context_.stack_limit);
  return true;
}

// ---- Figures

namespace {

/// What a budget has left to say: nothing if it was not the reason.
std::string of_budget(std::uint64_t asked, const Budget& budget, const char* unit) {
  const Budget& account = budget.account ? *budget.account : budget;
  const std::uint64_t used =
      std::atomic_ref(const_cast<std::uint64_t&>(account.used)).load(std::memory_order_relaxed);
  if (asked <= account.limit - used) return "";
  return fmt::format(" ({} {} asked for; the store's limit is {}, {} are in use)", asked, unit,
                     account.limit, used);
}

/// Bytes of so many pages as they come out of the budget.
std::uint64_t budget_bytes(std::uint64_t pages, const decoder::MemoryType& type) {
  constexpr std::uint64_t kPage = decoder::kPageSize;
  constexpr std::uint64_t kMost = ~std::uint64_t{0} / kPage * kPage;
  if (pages > kMost >> type.page_log2) return kMost;
  const std::uint64_t bytes = pages << type.page_log2;
  return bytes > kMost - kPage ? kMost : (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

Error no_memory(const decoder::MemoryType& type, const Budget& budget) {
  const std::string reason = of_budget(budget_bytes(type.limits.min, type), budget, "bytes");
  return Error{
      ErrorKind::exhaustion,
      fmt::format("out of memory: a linear memory of {} pages is beyond {}", type.limits.min,
                  reason.empty() ? "what the system gives" : "the limit" + reason)};
}

Error no_table(const decoder::TableType& type, const Budget& budget) {
  const std::string reason = of_budget(type.limits.min, budget, "elements");
  return Error{ErrorKind::exhaustion,
               fmt::format("out of memory: a table of {} elements is beyond {}", type.limits.min,
                           reason.empty() ? "what the system gives" : "the limit" + reason)};
}

Error no_growth(const Memory& memory, std::uint64_t pages, const Budget& budget) {
  const std::uint64_t now = memory.pages();
  std::string reason;
  if (now > memory.max_pages || pages > memory.max_pages - now) {
    reason = fmt::format(" ({} pages asked for; it has {}, its type allows {})", pages, now,
                         memory.max_pages);
  } else {
    const std::uint64_t before = budget_bytes(now, memory.type);
    reason = of_budget(budget_bytes(now + pages, memory.type) - before, budget, "bytes");
  }
  return Error{ErrorKind::exhaustion, "the memory cannot grow so far" + reason};
}

Error no_growth(const Table& table, std::uint64_t elements, const Budget& budget) {
  std::string reason = of_budget(elements, budget, "elements");
  if (reason.empty() && (table.size > table.max || elements > table.max - table.size)) {
    reason = fmt::format(" ({} elements asked for; it has {}, its type allows {})", elements,
                         table.size, table.max);
  }
  return Error{ErrorKind::exhaustion, "the table cannot grow so far" + reason};
}

// ---- Modules, and what the host allocates

Result<const Store::ModuleEntry*> Store::enter(std::shared_ptr<ModuleCode> module,
                                               Entrance& entrance) {
  const ModuleCode* key = module.get();
  entrance.module = key;
  entrance.types_before = types_.mark();
  if (const auto known = modules_.find(key); known != modules_.end()) return &known->second;
  entrance.is_first = true;
  std::optional<std::vector<std::uint32_t>> ids = types_.add(module->module());
  entrance.types_after = types_.mark();
  if (!ids) return too_many_types();
  return &modules_.emplace(key, ModuleEntry{std::move(module), *std::move(ids)}).first->second;
}

Result<Function*> Store::add_function(HostFunction host) {
  const std::optional<std::uint32_t> id = types_.add(to_decoder(host.type));
  if (!id) return too_many_types();
  HostEntry& entry = host_functions_.emplace_front();
  entry.self = host_functions_.begin();
  static_cast<HostFunction&>(entry) = std::move(host);
  entry.function.callback = &run_host_function;
  entry.function.environment = static_cast<HostFunction*>(&entry);
  entry.function.type_id = *id;
  entry.function.type = &types_[*id].func;
  entry.function.host_frame_slots =
      static_cast<std::uint32_t>(host_frame_slots(*entry.function.type));
  return &entry.function;
}

Result<Memory*> Store::add_memory(const decoder::MemoryType& type) {
  OwnedMemory& memory = host_memories_.emplace_back(type, memory_budget_);
  if (memory.allocate()) return &memory;
  host_memories_.pop_back();
  return no_memory(type, memory_budget_);
}

Memory* Store::add_memory(std::shared_ptr<SharedBytes> bytes) {
  return &host_memories_.emplace_back(std::move(bytes), memory_budget_);
}

Result<Table*> Store::add_table(const decoder::TableType& type, Slot value) {
  OwnedTable& table = host_tables_.emplace_back(type, table_budget_);
  if (table.allocate()) {
    fill(table, 0, value, table.size);
    return &table;
  }
  host_tables_.pop_back();
  return no_table(type, table_budget_);
}

Global* Store::add_global(const decoder::GlobalType& type, const Slot* value) {
  Global& global = host_globals_.emplace_back();
  global.type = type;
  global.value[0] = value[0];
  if (type.type.is_vec()) global.value[1] = value[1];
  return &global;
}

Result<Tag*> Store::add_tag(const decoder::FuncType& type) {
  const std::optional<std::uint32_t> id = types_.add(type);
  if (!id) return too_many_types();
  Tag& tag = host_tags_.emplace_back();
  tag.type = &types_[*id].func;
  tag.type_id = *id;
  return &tag;
}

}  // namespace tinywasm::vm
