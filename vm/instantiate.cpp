// SPDX-License-Identifier: Apache-2.0
// Instantiation (https://webassembly.github.io/spec/core/exec/modules.html#instantiation).
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "decoder/errors.hpp"
#include "vm/api.hpp"
#include "vm/const_expr.hpp"
#include "vm/instance.hpp"
#include "vm/public_types.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

using decoder::ExternKind;
using decoder::Message;
using decoder::SegmentMode;

Error trap_error(Trap trap) { return Error{kind(trap), message(trap)}; }

const char* kind_name(ExternKind kind) {
  switch (kind) {
    case ExternKind::func:
      return "a function";
    case ExternKind::table:
      return "a table";
    case ExternKind::memory:
      return "a memory";
    case ExternKind::global:
      return "a global";
    case ExternKind::tag:
      return "a tag";
  }
  return "nothing";
}

/// What is there, as text, in the types of whoever defined it.
std::string describe(const Extern& given) {
  switch (given.kind) {
    case ExternKind::func:
      return to_string(ExternType(to_public(*given.function->type)));
    case ExternKind::table: {
      TableType type = to_public(given.table->type);
      type.limits.min = given.table->size;
      return to_string(ExternType(type));
    }
    case ExternKind::memory: {
      MemoryType type = to_public(given.memory->type);
      type.limits.min = given.memory->pages();
      return to_string(ExternType(type));
    }
    case ExternKind::global:
      return to_string(ExternType(to_public(given.global->type)));
    case ExternKind::tag:
      return to_string(ExternType(TagType{to_public(*given.tag->type)}));
  }
  return kind_name(given.kind);
}

/// Import matching of limits (3.3.5): `size` is the current size.
bool limits_match(std::uint64_t size, const decoder::Limits& given, const decoder::Limits& wanted) {
  if (given.is_64 != wanted.is_64 || given.is_shared != wanted.is_shared) return false;
  if (size < wanted.min) return false;
  return !wanted.max || (given.max && *given.max <= *wanted.max);
}

}  // namespace

/// One instantiation, in the order of the specification's steps.
class Instantiation {
 public:
  Instantiation(Store& store, const decoder::Module& module, OwnedInstance& instance)
      : store_(store), module_(module), instance_(instance) {}

  Result<void> link(std::span<const Extern> imports);
  Result<void> allocate();
  /// All that may be seen by others, up to the end of the start function.
  Result<void> run();
  /// The instance's functions may have become known to others.
  bool has_acted() const { return has_acted_; }

 private:
  Trap evaluate_globals();
  Trap evaluate_elements();
  Trap fill_tables();
  Trap copy_elements();
  Trap copy_data();
  bool matches(const decoder::Import& wanted, const Extern& given) const;
  decoder::ValType canonical(decoder::ValType type) const {
    return TypeRegistry::canonical(type, instance_.type_ids);
  }
  bool equivalent(decoder::ValType a, decoder::ValType b) const {
    return store_.types().is_subtype(a, b) && store_.types().is_subtype(b, a);
  }

  Store& store_;
  const decoder::Module& module_;
  OwnedInstance& instance_;
  bool has_acted_ = false;
};

bool Instantiation::matches(const decoder::Import& wanted, const Extern& given) const {
  if (wanted.kind != given.kind) return false;
  switch (wanted.kind) {
    case ExternKind::func: {
      const std::uint32_t type = instance_.type_ids[module_.functions[wanted.index]];
      return wanted.is_exact ? given.function->type_id == type
                             : store_.types().is_subtype(given.function->type_id, type);
    }
    case ExternKind::table: {
      const decoder::TableType& type = module_.tables[wanted.index].type;
      return equivalent(given.table->type.element, canonical(type.element)) &&
             limits_match(given.table->size, given.table->type.limits, type.limits);
    }
    case ExternKind::memory:
      refresh(*given.memory);
      return given.memory->type.page_log2 == module_.memories[wanted.index].page_log2 &&
             limits_match(given.memory->pages(), given.memory->type.limits,
                          module_.memories[wanted.index].limits);
    case ExternKind::global: {
      const decoder::GlobalType& type = module_.globals[wanted.index].type;
      const decoder::GlobalType& actual = given.global->type;
      if (type.is_mutable != actual.is_mutable) return false;
      const decoder::ValType value = canonical(type.type);
      return type.is_mutable ? equivalent(actual.type, value)
                             : store_.types().is_subtype(actual.type, value);
    }
    case ExternKind::tag:
      return given.tag->type_id == instance_.type_ids[module_.tags[wanted.index]];
  }
  return false;
}

Result<void> Instantiation::link(std::span<const Extern> imports) {
  if (imports.size() != module_.imports.size()) {
    return decoder::make_error(
        Message::unknown_import, Error::kNoOffset,
        fmt::format(": {} imports, {} given", module_.imports.size(), imports.size()));
  }
  for (std::size_t i = 0; i < imports.size(); ++i) {
    const decoder::Import& wanted = module_.imports[i];
    const Extern& given = imports[i];
    if (!matches(wanted, given)) {
      return decoder::make_error(
          Message::incompatible_import_type, Error::kNoOffset,
          fmt::format(": \"{}\" \"{}\" is to be {} and is {}", wanted.module, wanted.name,
                      to_string(type_of(module_, wanted.kind, wanted.index)), describe(given)));
    }
    switch (wanted.kind) {
      case ExternKind::func:
        instance_.imported_functions[wanted.index] = given.function;
        break;
      case ExternKind::table:
        instance_.tables[wanted.index] = given.table;
        break;
      case ExternKind::memory:
        instance_.memories[wanted.index] = given.memory;
        break;
      case ExternKind::global:
        instance_.globals[wanted.index] = given.global;
        break;
      case ExternKind::tag:
        instance_.tags[wanted.index] = given.tag;
        break;
    }
  }
  return {};
}

Result<void> Instantiation::allocate() {
  for (std::size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
    const decoder::MemoryType& type = module_.memories[i];
    auto memory = std::make_unique<OwnedMemory>(type, store_.memory_budget_);
    if (!memory->allocate()) {
      return no_memory(type, store_.memory_budget_);
    }
    instance_.memories[i] = memory.get();
    instance_.own_memories.push_back(std::move(memory));
  }
  for (std::size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    decoder::TableType type = module_.tables[i].type;
    type.element = canonical(type.element);
    auto table = std::make_unique<OwnedTable>(type, store_.table_budget_);
    if (!table->allocate()) {
      return no_table(type, store_.table_budget_);
    }
    instance_.tables[i] = table.get();
    instance_.own_tables.push_back(std::move(table));
  }
  for (std::uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
    const std::uint32_t id = instance_.type_ids[module_.tags[i]];
    instance_.tags[i] = new (&instance_.own_tags[i - module_.imported_tags])
        Tag{.instance = &instance_, .type = &store_.types()[id].func, .type_id = id, .index = i};
  }
  instance_.memory0 = module_.memories.empty() ? &store_.no_memory_ : instance_.memories[0];
  return {};
}

Trap Instantiation::evaluate_globals() {
  for (std::size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    const decoder::Global& global = module_.globals[i];
    Global& own = *instance_.globals[i];
    own.type = global.type;
    own.type.type = canonical(global.type.type);
    if (own.type.type.is_ref() && !own.type.type.heap().is_abstract()) {
      own.type_id = own.type.type.heap().type_index();
    }
    std::array<Slot, 2> value{};
    if (const Trap trap = evaluate(instance_, global.init, value); trap != Trap::none) return trap;
    own.value[0] = value[0];
    own.value[1] = value[1];
  }
  return Trap::none;
}

Trap Instantiation::evaluate_elements() {
  for (std::size_t i = 0; i < module_.elements.size(); ++i) {
    const decoder::ElementSegment& segment = module_.elements[i];
    if (!segment.uses_exprs) continue;
    if (instance_.element_values.empty()) instance_.element_values.resize(module_.elements.size());
    std::vector<Slot>& values = instance_.element_values[i];
    values.reserve(segment.exprs.size());
    for (const decoder::ConstExpr& expr : segment.exprs) {
      std::array<Slot, 2> value{};
      if (const Trap trap = evaluate(instance_, expr, value); trap != Trap::none) return trap;
      values.push_back(value[0]);
    }
  }
  return Trap::none;
}

Trap Instantiation::fill_tables() {
  for (std::size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    const decoder::Table& table = module_.tables[i];
    if (!table.init) continue;
    std::array<Slot, 2> value{};
    if (const Trap trap = evaluate(instance_, *table.init, value); trap != Trap::none) return trap;
    fill(*instance_.tables[i], 0, value[0], instance_.tables[i]->size);
  }
  return Trap::none;
}

Trap Instantiation::copy_elements() {
  for (std::uint32_t i = 0; i < module_.elements.size(); ++i) {
    const decoder::ElementSegment& segment = module_.elements[i];
    if (segment.mode == SegmentMode::passive) continue;
    if (segment.mode == SegmentMode::active) {
      std::array<Slot, 2> offset{};
      Trap trap = evaluate(instance_, segment.offset, offset);
      if (trap == Trap::none) {
        has_acted_ |= segment.table < module_.imported_tables;
        trap = init(instance_, i, *instance_.tables[segment.table], offset[0], 0, segment.size());
      }
      if (trap != Trap::none) return trap;
    }
    set_dropped(instance_.dropped_elements, i);
    if (!instance_.element_values.empty()) std::vector<Slot>().swap(instance_.element_values[i]);
  }
  return Trap::none;
}

Result<void> Instantiation::run() {
  Trap trap = evaluate_globals();
  if (trap == Trap::none) trap = fill_tables();
  if (trap == Trap::none) trap = evaluate_elements();
  if (trap == Trap::none) trap = copy_elements();
  if (trap == Trap::none) trap = copy_data();
  if (trap != Trap::none) return trap_error(trap);
  if (!module_.start) return {};
  Function* const start = instance_.function(*module_.start);
  if (start == nullptr) return trap_error(Trap::out_of_memory);
  has_acted_ = true;
  Slot none[1] = {0};
  return call(store_.context(), *start, none);
}

Trap Instantiation::copy_data() {
  for (std::uint32_t i = 0; i < module_.data.size(); ++i) {
    const decoder::DataSegment& segment = module_.data[i];
    if (segment.mode != SegmentMode::active) continue;
    std::array<Slot, 2> offset{};
    Trap trap = evaluate(instance_, segment.offset, offset);
    const std::span<const std::byte> bytes = data_of(instance_, i);
    if (trap == Trap::none) {
      refresh(*instance_.memories[segment.memory]);
      trap = init(*instance_.memories[segment.memory], bytes, offset[0], 0, bytes.size(),
                  store_.context().interrupt);
    }
    if (trap != Trap::none) return trap;
    set_dropped(instance_.dropped_data, i);
  }
  return Trap::none;
}

Result<Instance*> Store::instantiate(std::shared_ptr<ModuleCode> code,
                                     std::span<const Extern> imports) {
  const decoder::Module& module = code->module();
  if (!has_stack()) {
    return Error{ErrorKind::exhaustion, "out of memory: cannot allocate the value stack"};
  }
  if (instances_.size() >= max_instances_) {
    return Error{ErrorKind::exhaustion,
                 fmt::format("too many instances in one store: the limit is {}", max_instances_)};
  }
  auto owned = std::make_unique<OwnedInstance>();
  OwnedInstance& instance = *owned;
  instance.module = code.get();
  instance.store = this;
  Instantiation steps(*this, module, instance);

  // Until here nothing is known of it outside.
  Entrance entrance;
  const Result<void> prepared = guarded([&]() -> Result<void> {
    const auto entry = enter(std::move(code), entrance);
    if (!entry) return entry.error();
    instance.type_ids = (*entry)->type_ids.data();
    if (!instance.allocate_arrays(module)) {
      return Error{ErrorKind::exhaustion, "out of memory: cannot allocate the instance"};
    }
    if (auto linked = steps.link(imports); !linked) return linked;
    if (auto allocated = steps.allocate(); !allocated) return allocated;
    instances_.push_back(std::move(owned));
    return {};
  });
  if (!prepared) {
    owned.reset();
    leave(entrance);
    return prepared.error();
  }
  for (std::uint32_t i = 0; i < module.imported_functions; ++i) {
    hold(Extern::of(instance.imported_functions[i]));
  }

  const Result<void> started = guarded([&] { return steps.run(); });
  if (started) return &instance;
  abandon(instance, entrance, steps.has_acted());
  return started.error();
}

}  // namespace tinywasm::vm
