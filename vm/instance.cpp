// SPDX-License-Identifier: Apache-2.0
#include "vm/instance.hpp"

#include <new>

#include "vm/interpreter.hpp"

namespace tinywasm::vm {
namespace {

/// Hands out consecutive arrays of a block; first run without a block to measure it.
class Carver {
 public:
  explicit Carver(std::byte* block) : block_(block) {}
  template <class T>
  void take(T*& array, std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t) && sizeof(T) % 8 == 0);
    if (block_) array = reinterpret_cast<T*>(block_ + size_);
    size_ += count * sizeof(T);
  }
  std::size_t size() const { return size_; }

 private:
  std::byte* block_;
  std::size_t size_ = 0;
};

std::size_t bit_words(std::size_t bits) { return (bits + 63) / 64; }

void carve(Carver& carver, Instance& instance, const decoder::Module& module) {
  carver.take(instance.own_globals, module.globals.size() - module.imported_globals);
  carver.take(instance.globals, module.globals.size());
  carver.take(instance.tables, module.tables.size());
  carver.take(instance.memories, module.memories.size());
  carver.take(instance.tags, module.tags.size());
  carver.take(instance.own_tags, module.tags.size() - module.imported_tags);
  carver.take(instance.imported_functions, module.imported_functions);
  carver.take(instance.dropped_data, bit_words(module.data.size()));
  carver.take(instance.dropped_elements, bit_words(module.elements.size()));
}

}  // namespace

OwnedInstance::~OwnedInstance() {
  std::free(arrays_);
  std::free(own_functions);
}

bool OwnedInstance::allocate_arrays(const decoder::Module& decoded) {
  Carver measure(nullptr);
  carve(measure, *this, decoded);
  arrays_ = std::calloc(measure.size() + 1, 1);
  own_functions = static_cast<Function*>(std::calloc(decoded.bodies.size() + 1, sizeof(Function)));
  if (!arrays_ || !own_functions) return false;
  Carver carver(static_cast<std::byte*>(arrays_));
  carve(carver, *this, decoded);
  for (std::size_t i = decoded.imported_globals; i < decoded.globals.size(); ++i) {
    const std::size_t own = i - decoded.imported_globals;
    globals[i] = new (&own_globals[own]) Global;
  }
  return true;
}

Function* Instance::function(std::uint32_t index) {
  const decoder::Module& decoded = module->module();
  if (index < decoded.imported_functions) return imported_functions[index];
  Function& own = own_functions[index - decoded.imported_functions];
  if (!own.instance) {
    own.code = module->function(index, store->code_options());
    if (own.code == nullptr) return nullptr;
    own.type_id = type_ids[decoded.functions[index]];
    own.index = index;
    own.type = &decoded.type_of_function(index);
    own.instance = this;
  }
  return &own;
}

Trap OwnedInstance::element(std::uint32_t segment, std::uint64_t index, Slot& value) {
  const decoder::ElementSegment& elements = module->module().elements[segment];
  if (elements.uses_exprs) {
    value = element_values[segment][index];
    return Trap::none;
  }
  const Function* const found = function(elements.functions[index]);
  if (found == nullptr) return Trap::out_of_memory;
  value = reinterpret_cast<std::uintptr_t>(found);
  return Trap::none;
}

std::span<const std::byte> data_of(const Instance& instance, std::uint32_t segment) {
  if (is_dropped(instance.dropped_data, segment)) return {};
  const decoder::Module& module = instance.module->module();
  return module.view(module.data[segment].begin, module.data[segment].end);
}

std::uint64_t element_count(const OwnedInstance& instance, std::uint32_t segment) {
  if (is_dropped(instance.dropped_elements, segment)) return 0;
  const decoder::ElementSegment& elements = instance.module->module().elements[segment];
  if (!elements.uses_exprs) return elements.size();
  // What is there, not what the module says: functions of an instance that trapped on the way may
  // be in somebody else's table.
  return segment < instance.element_values.size() ? instance.element_values[segment].size() : 0;
}

Trap init(OwnedInstance& instance, std::uint32_t segment, Table& table, std::uint64_t destination,
          std::uint64_t source, std::uint64_t length) {
  if (!in_bounds(source, length, element_count(instance, segment)) ||
      !in_bounds(destination, length, table.size)) {
    return Trap::table_bounds;
  }
  Trap trap = Trap::none;
  for (std::uint64_t i = 0; i < length && trap == Trap::none; ++i) {
    trap = instance.element(segment, source + i, table.elements[destination + i]);
  }
  return trap;
}

Extern extern_of(Instance& instance, decoder::ExternKind kind, std::uint32_t index) {
  switch (kind) {
    case decoder::ExternKind::func: {
      Function* const function = instance.function(index);
      if (function == nullptr) throw std::bad_alloc();
      return Extern::of(function);
    }
    case decoder::ExternKind::table:
      return Extern::of(instance.tables[index]);
    case decoder::ExternKind::memory:
      return Extern::of(instance.memories[index]);
    case decoder::ExternKind::global:
      return Extern::of(instance.globals[index]);
    case decoder::ExternKind::tag:
      break;
  }
  return Extern::of(instance.tags[index]);
}

std::optional<Extern> find_export(Instance& instance, std::string_view name) {
  const decoder::Module& module = instance.module->module();
  const auto found = module.export_index.find(name);
  if (found == module.export_index.end()) return std::nullopt;
  const decoder::Export& entry = module.exports[found->second];
  return extern_of(instance, entry.kind, entry.index);
}

Memory& exported_memory(Instance& instance) {
  auto& owner = static_cast<OwnedInstance&>(instance);  // every instance is one
  if (!owner.exported_memory) {
    const auto found = find_export(instance, "memory");
    const bool is_memory = found && found->kind == decoder::ExternKind::memory;
    owner.exported_memory = is_memory ? found->memory : instance.memory0;
  }
  return *owner.exported_memory;
}

}  // namespace tinywasm::vm
