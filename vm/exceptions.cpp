// SPDX-License-Identifier: Apache-2.0
#include "vm/exceptions.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <string>

#include "decoder/errors.hpp"
#include "decoder/names.hpp"
#include "vm/api.hpp"
#include "vm/frames.hpp"
#include "vm/fuel.hpp"
#include "vm/heap.hpp"
#include "vm/interpreter.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {

using decoder::Catch;

std::uint32_t HandlerTable::region_at(std::uint32_t word) const {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), word,
                                      [](std::uint32_t w, const Range& r) { return w < r.begin; });
  return after == ranges.begin() ? kNone : std::prev(after)->region;
}

namespace {

/// An exception on its way. The object is made when somebody wants a reference to it.
struct Thrown {
  Tag* tag = nullptr;
  const Slot* values = nullptr;
  Exception* object = nullptr;
};

/// Clauses that are looked at for one unit of fuel.
constexpr std::uint64_t kLooksPerFuel = 16;

bool is_for_all(Catch::Kind kind) {
  return kind == Catch::catch_all || kind == Catch::catch_all_ref;
}
bool wants_reference(Catch::Kind kind) {
  return kind == Catch::catch_ref || kind == Catch::catch_all_ref;
}

/// The clause for exceptions of `tag` from the code at `word`, or null. Adds to `looks` how many
/// clauses it has looked at.
const HandlerTable::Clause* find_clause(const HandlerTable& table, std::uint32_t word,
                                        const Instance& instance, const Tag* tag,
                                        std::uint64_t& looks) {
  for (std::uint32_t region = table.region_at(word); region != HandlerTable::kNone;) {
    const HandlerTable::Region& r = table.regions[region];
    ++looks;
    for (std::uint32_t i = r.first; i < r.first + r.count; ++i) {
      const HandlerTable::Clause& clause = table.clauses[i];
      ++looks;
      if (is_for_all(clause.kind) || instance.tags[clause.tag] == tag) return &clause;
    }
    region = r.parent;
  }
  return nullptr;
}

Exception* object_of(Context& context, Thrown& thrown) {
  if (thrown.object != nullptr) return thrown.object;
  // A new exception's values lie above all frames.
  thrown.object = make_exception(*context.store, *thrown.tag,
                                 thrown.values + slot_count(thrown.tag->type->params));
  if (thrown.object == nullptr) {
    context.trap = context.store->heap().failure();
    return nullptr;
  }
  std::copy_n(thrown.values, thrown.object->count, thrown.object->values());
  return thrown.object;
}

Landing land(Context& context, const FrameWalk& walk, const HandlerTable::Clause& clause,
             Thrown& thrown) {
  Slot* const fp = walk.fp();
  Exception* object = nullptr;
  if (wants_reference(clause.kind)) {
    object = object_of(context, thrown);
    if (object == nullptr) return {};
  }
  if (!is_for_all(clause.kind)) {
    // The values may lie in this very frame.
    std::memmove(fp + clause.values, thrown.values,
                 slot_count(thrown.tag->type->params) * sizeof(Slot));
  }
  if (object != nullptr) fp[clause.exception] = reinterpret_cast<Slot>(object);
  context.instance = &walk.instance();
  context.own_globals = context.instance->own_globals;
  return {walk.function().begin + clause.target, fp};
}

/// The innermost handler from where `walk` stands; none, with Context::trap as it was, when the
/// exception leaves the activation.
Landing find_handler(Context& context, FrameWalk walk, Thrown& thrown) {
  for (; !walk.done(); walk.next()) {
    if (context.interrupt.load(std::memory_order_relaxed) != 0) {
      context.trap = Trap::interrupted;
      return {};
    }
    const HandlerTable* const table = walk.function().handlers;
    if (table == nullptr) continue;
    std::uint64_t looks = 0;
    const auto* const clause = find_clause(*table, walk.word(), walk.instance(), thrown.tag, looks);
    if (const Trap trap = charge(context, looks / kLooksPerFuel); trap != Trap::none) {
      context.trap = trap;
      return {};
    }
    if (clause != nullptr) return land(context, walk, *clause, thrown);
  }
  return {};
}

FrameWalk frames_from(Context& context, const std::byte* pc, Slot* fp) {
  const CodeOptions& options = context.store->code_options();
  const ModuleCode::Variant& variant = context.instance->module->variant(options);
  return {context.instance, pc, fp, variant.dispatcher, options};
}

Landing throw_thrown(Context& context, const std::byte* pc, Slot* fp, Thrown& thrown) {
  context.trap = Trap::none;
  const Landing landing = find_handler(context, frames_from(context, pc, fp), thrown);
  if (landing.pc != nullptr || context.trap != Trap::none) return landing;
  context.exception = object_of(context, thrown);
  if (context.exception != nullptr) context.trap = Trap::exception;
  return {};
}

}  // namespace

Landing throw_new(Context& context, const std::byte* pc, Slot* fp, std::uint32_t tag,
                  const Slot* values) {
  Thrown thrown{.tag = context.instance->tags[tag], .values = values};
  return throw_thrown(context, pc, fp, thrown);
}

Landing throw_again(Context& context, const std::byte* pc, Slot* fp, Slot exception) {
  auto* const object = reinterpret_cast<Exception*>(exception);
  if (object == nullptr) {
    context.trap = Trap::null_exception;
    return {};
  }
  Thrown thrown{.tag = object->tag, .values = object->values(), .object = object};
  return throw_thrown(context, pc, fp, thrown);
}

Landing throw_from_host(Context& context, const std::byte* pc, Slot* fp, bool left) {
  if (context.trap != Trap::host || context.host_error->exception == nullptr) return {};
  const HeldException& held = *context.host_error->exception;
  if (held.store.get() != context.store) return {};
  Thrown thrown{.tag = held.object->tag, .values = held.object->values(), .object = held.object};
  FrameWalk walk = frames_from(context, pc, fp);
  if (left && !walk.done()) walk.next();
  const Landing landing = find_handler(context, walk, thrown);
  if (landing.pc != nullptr) {
    context.trap = Trap::none;
    *context.host_error = {};
  }
  return landing;
}

// ---- Objects

static_assert(sizeof(Exception) == kObjectHeader + sizeof(Slot));

Exception* make_exception(Store& store, Tag& tag, const Slot* stack_end) {
  return reinterpret_cast<Exception*>(
      store.heap().allocate_exception(tag.type_id, &tag, stack_end));
}

HeldException::HeldException(Store& of, Exception& held)
    : store(of.id()),
      object(&held),
      root_(of.heap().add_root(reinterpret_cast<std::uintptr_t>(&held))) {}

HeldException::~HeldException() { Heap::release(root_); }

// ---- Errors

namespace {

constexpr std::size_t kShownValues = 8;

/// The name of a tag in quotes, from the name section or an export, else its index.
std::string name_of(const Tag& tag) {
  if (tag.instance == nullptr) return "of the host";
  const decoder::Module& module = tag.instance->module->module();
  for (const decoder::IndexName& name : decoder::names_of(module, decoder::NameKind::tag)) {
    if (name.index == tag.index) return fmt::format("\"{}\"", decoder::escape(name.name));
  }
  for (const decoder::Export& entry : module.exports) {
    if (entry.kind == decoder::ExternKind::tag && entry.index == tag.index) {
      return fmt::format("\"{}\"", decoder::escape(entry.name));
    }
  }
  return std::to_string(tag.index);
}

std::string values_text(Store& store, Exception& exception) {
  std::string text;
  const Slot* slot = exception.values();
  std::size_t shown = 0;
  for (const decoder::ValType type : exception.tag->type->params) {
    if (++shown > kShownValues) {
      text += ", ...";
      break;
    }
    const Value value = to_value(&store, type, slot);
    if (!text.empty()) text += ", ";
    if (!type.is_ref()) text += decoder::to_string(type) + ' ';
    text += to_string(value);
    slot += value.type().slots();
  }
  return text.empty() ? "" : " (" + text + ')';
}

}  // namespace

Error exception_error(Store& store, Exception& exception) {
  Error error{.kind = ErrorKind::exception};
  error.message = fmt::format("{}: tag {}{}", message(Trap::exception), name_of(*exception.tag),
                              values_text(store, exception));
  error.exception = std::make_shared<const HeldException>(store, exception);
  return error;
}

}  // namespace tinywasm::vm
