// SPDX-License-Identifier: Apache-2.0
// What keeps objects alive: the value stack, what instances and the host hold.
#include <algorithm>
#include <new>

#include "vm/heap.hpp"
#include "vm/instance.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

/// How values of a type that a Store has canonicalised keep objects alive.
FieldRoots roots_of_type(const TypeRegistry& types, decoder::ValType type) {
  const bool is_function = type.is_ref() && !type.heap().is_abstract() &&
                           types[type.heap().type_index()].kind == decoder::CompositeKind::func;
  return roots_of(type, is_function);
}

void mark_table(Heap& heap, const TypeRegistry& types, const Table& table) {
  const FieldRoots roots = roots_of_type(types, table.type.element);
  if (roots == FieldRoots::none) return;
  heap.mark_range(table.elements, table.size, roots);
}

void mark_global(Heap& heap, const TypeRegistry& types, const Global& global) {
  heap.mark_slot(global.value[0], roots_of_type(types, global.type.type));
}

}  // namespace

void Heap::mark_roots(const Slot* stack_end) {
  const Context& context = store_.context();
  if (stack_end != nullptr) {
    for (const Slot slot : context.live_registers) mark_conservatively(slot);
  } else {
    stack_end = context.top;  // the host asks: what the guest needs was saved when it called
  }
  mark_range(context.stack_base, static_cast<std::uint64_t>(stack_end - context.stack_base),
             FieldRoots::loose);
  mark_reference(reinterpret_cast<std::uintptr_t>(context.exception));
  drop_roots();
  for (const HostRoot* root = roots_; root != nullptr; root = root->next) {
    mark_conservatively(root->value);
  }
  for (const TemporaryRoots* roots = temporaries_; roots != nullptr; roots = roots->outer_) {
    for (const Slot slot : roots->slots) mark_conservatively(slot);
  }
  store_.mark_roots(*this);
}

void Store::mark_roots(Heap& heap) const {
  for (const auto& instance : instances_) mark_roots_of(heap, *instance);
  for (const Global& global : host_globals_) mark_global(heap, types_, global);
  for (const OwnedTable& table : host_tables_) mark_table(heap, types_, table);
}

void Store::mark_roots_of(Heap& heap, const OwnedInstance& instance) const {
  const decoder::Module& module = instance.module->module();
  const std::size_t own = module.globals.size() - module.imported_globals;
  for (std::size_t i = 0; i < own; ++i) mark_global(heap, types_, instance.own_globals[i]);
  for (const auto& table : instance.own_tables) mark_table(heap, types_, *table);
  for (std::size_t i = 0; i < instance.element_values.size(); ++i) {
    const decoder::ValType type =
        TypeRegistry::canonical(module.elements[i].type, instance.type_ids);
    const FieldRoots roots = roots_of_type(types_, type);
    heap.mark_range(instance.element_values[i].data(), instance.element_values[i].size(), roots);
  }
}

// ---- References that the host holds

HostRoot* Heap::add_root(Slot value) {
  if (root_count_ >= drop_roots_at_) drop_roots();
  auto* root = new HostRoot;
  root->value = value;
  root->heap = this;
  root->next = roots_;
  roots_ = root;
  ++root_count_;
  return root;
}

/// Takes those out of the list that nobody else holds.
void Heap::drop_roots() {
  constexpr std::size_t kFew = 64;
  for (HostRoot** at = &roots_; *at != nullptr;) {
    HostRoot* root = *at;
    if (root->holders.load(std::memory_order_acquire) == 1) {
      *at = root->next;
      delete root;
      --root_count_;
    } else {
      at = &root->next;
    }
  }
  drop_roots_at_ = std::max(kFew, 2 * root_count_);  // looking costs a constant share
}

}  // namespace tinywasm::vm
