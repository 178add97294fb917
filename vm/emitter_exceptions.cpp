// SPDX-License-Identifier: Apache-2.0
// Exceptions: the words that throw them, where handlers begin, and the table that finds those.
#include <memory>

#include "vm/emitter.hpp"

namespace tinywasm::vm::ir {

/// A region has no code of its own, but for what lies in it.
void Emitter::region(const Statement& s) {
  region_ = s.index;
  const auto begin = static_cast<std::uint32_t>(code_.size());
  if (!ranges_.empty() && ranges_.back().begin == begin) ranges_.pop_back();
  ranges_.push_back({begin, region_});
}

/// An exception arrives here: all that is live is in its slot, as it was saved before the word that
/// threw.
void Emitter::landing(const Statement& s) {
  label_at_[s.label] = static_cast<std::uint32_t>(code_.size());
  valid_ = 0;
  clean_ = allocation_.live_in(current_);
  reachable_ = true;
}

/// Puts pinned locals that handlers want into their slots.
void Emitter::save_for_handlers() {
  const CandidateSet dirty = allocation_.live_in_handlers(region_) & valid_ & ~clean_;
  clean_ |= dirty;
  move_registers(dispatcher_.float_saves, true, dirty);
  move_registers(dispatcher_.saves, false, dirty);
}

void Emitter::throw_(const Statement& s) {
  arguments(s);
  save_for_handlers();
  auto& word = append<ThrowWord>(dispatcher_.word(WordId::throw_tag));
  word.tag = s.index;
  word.values = slot_number(frame_, s.operand_count);
  note(0, s.offset);
}

void Emitter::throw_ref(const Statement& s) {
  const Place exception = into_slot(s.node[0]);
  save_for_handlers();
  auto& word = append<SlotsWord>(dispatcher_.word(WordId::throw_ref));
  word.slot[0] = exception.slot;
  note(0, s.offset);
  release(exception);
}

/// Where handlers find an exception's values is named in their table, not in words.
void Emitter::check_handlers() {
  const decoder::Module& module = variant_.module;
  for (const Handler& handler : f_.handlers) {
    if (handler.kind == decoder::Catch::catch_ || handler.kind == decoder::Catch::catch_ref) {
      const decoder::FuncType& type = module.types[module.tags[handler.tag]].func;
      slot_number(handler.values, slots_of(type.params));
    }
    if (handler.exception != kNone) slot_number(handler.exception);
  }
}

std::unique_ptr<HandlerTable> Emitter::handlers() const {
  if (f_.handlers.empty()) return nullptr;
  auto table = std::make_unique<HandlerTable>();
  table->ranges = ranges_;
  table->regions.reserve(f_.regions.size());
  table->clauses.reserve(f_.handlers.size());
  for (const Region& region : f_.regions) {
    const auto first = static_cast<std::uint32_t>(table->clauses.size());
    for (std::uint32_t h = region.first; h != kNone; h = f_.handlers[h].next) {
      const Handler& handler = f_.handlers[h];
      table->clauses.push_back({.kind = handler.kind,
                                .values = static_cast<std::uint16_t>(handler.values),
                                .exception = static_cast<std::uint16_t>(handler.exception),
                                .tag = handler.tag,
                                .target = label_at_[handler.landing]});
    }
    const auto count = static_cast<std::uint32_t>(table->clauses.size()) - first;
    table->regions.push_back({region.parent, first, count});
  }
  return table;
}

}  // namespace tinywasm::vm::ir
