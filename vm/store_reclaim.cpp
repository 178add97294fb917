// SPDX-License-Identifier: Apache-2.0
// What a Store gives back before it ends: host functions that nothing defines, imports or refers to
// any more, and instances that did not come about.
#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include "vm/instance.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

/// Things that references may lead to, by their addresses, and which of them were met.
class Wanted {
 public:
  struct Thing {
    Slot begin;
    Slot end;
    Function* host = nullptr;  // a host function; else a part of an instance
    bool is_met = false;
  };

  template <class T>
  void add(const T* first, std::size_t count, Function* host = nullptr) {
    if (count == 0) return;
    things_.push_back({.begin = reinterpret_cast<std::uintptr_t>(first),
                       .end = reinterpret_cast<std::uintptr_t>(first + count),
                       .host = host});
  }
  /// To be called before look().
  void sort() { std::ranges::sort(things_, {}, &Thing::begin); }
  void look(Slot slot) {
    const auto after = std::ranges::upper_bound(things_, slot, {}, &Thing::begin);
    if (after != things_.begin() && slot < std::prev(after)->end) std::prev(after)->is_met = true;
  }
  void look(const Slot* first, const Slot* last) {
    for (; first < last; ++first) look(*first);
  }
  const std::vector<Thing>& things() const { return things_; }

 private:
  std::vector<Thing> things_;
};

void look_into(Wanted& wanted, const OwnedInstance& instance) {
  const decoder::Module& module = instance.module->module();
  const std::size_t own = module.globals.size() - module.imported_globals;
  for (std::size_t i = 0; i < own; ++i) wanted.look(instance.own_globals[i].value[0]);
  for (const auto& table : instance.own_tables) {
    wanted.look(table->elements, table->elements + table->size);
  }
  for (const auto& values : instance.element_values) {
    wanted.look(values.data(), values.data() + values.size());
  }
}

}  // namespace

// ---- Host functions

Store::HostEntry* Store::entry_of(const Function& function) {
  if (function.callback == nullptr) return nullptr;
  return static_cast<HostEntry*>(static_cast<HostFunction*>(function.environment));
}

void Store::hold(const Extern& item) {
  if (item.function == nullptr) return;
  if (HostEntry* entry = entry_of(*item.function)) ++entry->holders;
}

void Store::release(const Extern& item) {
  HostEntry* entry = item.function == nullptr ? nullptr : entry_of(*item.function);
  if (entry == nullptr || --entry->holders != 0 || entry->is_kept) return;
  // What its callable takes down with it may come back here.
  std::list<HostEntry> leaving;
  leaving.splice(leaving.begin(), host_functions_, entry->self);
}

void Store::keep(Function& function) {
  if (HostEntry* entry = entry_of(function)) {
    entry->is_kept = true;
  } else {
    keep(*function.instance);
  }
}

void Store::keep(const Instance& instance) {
  // Every instance is of the owning kind, and none is const.
  const_cast<OwnedInstance&>(static_cast<const OwnedInstance&>(instance)).is_kept = true;
}

// ---- Instances

void Store::leave(const Entrance& entrance) {
  if (!entrance.is_first) return;
  for (const auto& instance : instances_) {
    if (instance->module == entrance.module) return;  // the host made another one meanwhile
  }
  modules_.erase(entrance.module);
  // Its types go if nobody can have been given their ids.
  if (types_.mark() == entrance.types_after &&
      !heap_.knows_types_from(static_cast<std::uint32_t>(entrance.types_before.types))) {
    types_.forget_from(entrance.types_before);
  }
}

/// Gives back an instance that did not come about. `has_acted`: its functions may have become
/// known to others, by an element segment or in what ran.
void Store::abandon(OwnedInstance& instance, const Entrance& entrance, bool has_acted) {
  const auto at = std::ranges::find(instances_, &instance, &std::unique_ptr<OwnedInstance>::get);
  std::unique_ptr<OwnedInstance> leaving = std::move(*at);
  instances_.erase(at);
  bool stays = false;
  try {
    stays = has_acted && is_referred_to(*leaving);
  } catch (const std::bad_alloc&) {
    stays = true;  // it cannot be told
  }
  if (stays) {
    instances_.push_back(std::move(leaving));  // there is room: one was erased
    return;
  }
  for (std::uint32_t i = 0; i < leaving->module->module().imported_functions; ++i) {
    release(Extern::of(leaving->imported_functions[i]));
  }
  leaving.reset();
  leave(entrance);
}

/// Whether anything refers to an instance that is no longer in the list. Host functions that it
/// may have handed on are kept.
bool Store::is_referred_to(OwnedInstance& leaving) {
  if (leaving.is_kept) return true;
  const decoder::Module& module = leaving.module->module();
  Wanted wanted;
  wanted.add(leaving.own_functions, module.bodies.size());
  wanted.add(leaving.own_tags, module.tags.size() - module.imported_tags);
  for (std::uint32_t i = 0; i < module.imported_functions; ++i) {
    Function* function = leaving.imported_functions[i];
    if (function->callback != nullptr) wanted.add(function, 1, function);
  }
  wanted.sort();
  for (const auto& instance : instances_) look_into(wanted, *instance);
  for (const Global& global : host_globals_) wanted.look(global.value[0]);
  for (const OwnedTable& table : host_tables_) {
    wanted.look(table.elements, table.elements + table.size);
  }
  wanted.look(context_.stack_base, context_.top);
  const bool has_objects = heap_.has_objects();
  if (has_objects) {
    heap_.begin_collection(nullptr);
    heap_.for_each_marked([&](const Slot* first, const Slot* last) { wanted.look(first, last); });
  }
  bool is_met = false;
  for (const Wanted::Thing& thing : wanted.things()) {
    if (!thing.is_met) continue;
    if (thing.host != nullptr) {
      keep(*thing.host);
    } else {
      is_met = true;
    }
  }
  if (has_objects) {
    if (is_met) mark_roots_of(heap_, leaving);
    heap_.end_collection();
  }
  return is_met;
}

}  // namespace tinywasm::vm
