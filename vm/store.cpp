// SPDX-License-Identifier: Apache-2.0
#include "vm/store.hpp"

#include <algorithm>
#include <utility>

#include "vm/address_space.hpp"
#include "vm/code.hpp"
#include "vm/host_calls.hpp"
#include "vm/instance.hpp"
#include "vm/public_types.hpp"

namespace tinywasm::vm {
namespace {

Error too_many_types() { return Error{ErrorKind::unsupported, "too many types in one store"}; }

}  // namespace

Store::Store(const StoreLimits& limits, const CodeOptions& options)
    : options_(options), max_instances_(limits.instances), heap_(*this, limits.heap_bytes) {
  memory_budget_.limit = limits.memory_bytes;
  table_budget_.limit = limits.table_elements;
  context_.store = this;
  context_.host_error = &host_error_;
  allocate_stack(limits.stack_bytes);
  no_memory_.base = empty_memory_base();
}

Store::~Store() {
  if (context_.stack_base) {
    context_.shadow.finish(context_.stack_base, context_.stack_limit);
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
  context_.shadow.begin(context_.stack_base, context_.stack_limit);
  return true;
}

Result<const Store::ModuleEntry*> Store::enter(std::shared_ptr<ModuleCode> module) {
  const ModuleCode* key = module.get();
  if (const auto known = modules_.find(key); known != modules_.end()) return &known->second;
  std::optional<std::vector<std::uint32_t>> ids = types_.add(module->module());
  if (!ids) return too_many_types();
  return &modules_.emplace(key, ModuleEntry{std::move(module), *std::move(ids)}).first->second;
}

Result<Function*> Store::add_function(HostFunction host) {
  const std::optional<std::uint32_t> id = types_.add(to_decoder(host.type));
  if (!id) return too_many_types();
  HostEntry& entry = host_functions_.emplace_back();
  entry.host = std::move(host);
  entry.function.callback = &run_host_function;
  entry.function.environment = &entry.host;
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
  return Error{ErrorKind::exhaustion, "out of memory: cannot allocate the linear memory"};
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
  return Error{ErrorKind::exhaustion, "out of memory: cannot allocate the table"};
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
