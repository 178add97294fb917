// SPDX-License-Identifier: Apache-2.0
// Exceptions: try_table and the legacy try become regions of statements whose exceptions go to
// handlers. A handler begins at a landing, which finds the exception's values in temporaries.
#include <algorithm>

#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

using decoder::Catch;
using decoder::Instruction;
using decoder::ValType;

// ---- Regions

void Builder::begin_region(Control& c) {
  const std::uint32_t outer = c.region;
  c.region = static_cast<std::uint32_t>(f_.regions.size());
  f_.regions.push_back({.parent = outer});
  Statement& s = emit(StatementKind::region);
  s.index = c.region;
  s.index2 = outer;
  s.sense = false;
}

/// The innermost region ends.
void Builder::end_region(std::uint32_t region, std::uint32_t outer) {
  Statement& s = emit(StatementKind::region);
  s.index = outer;
  s.index2 = region;
  s.sense = true;
}

std::uint32_t Builder::add_handler(std::uint32_t region, const Handler& handler) {
  const auto number = static_cast<std::uint32_t>(f_.handlers.size());
  f_.handlers.push_back(handler);
  Region& r = f_.regions[region];
  (r.last == kNone ? r.first : f_.handlers[r.last].next) = number;
  r.last = number;
  return number;
}

// ---- try_table

/// Handlers put the values where the labels of the clauses want them. Clauses of one label share a
/// landing.
void Builder::begin_try_table(const Instruction& insn, Control& c) {
  c.landings = static_cast<std::uint32_t>(landings_.size());
  if (insn.catches.empty()) return;
  begin_region(c);
  stubs_.resize(std::max(stubs_.size(), control_.size()), kNone);
  stub_depths_.clear();
  for (const Catch& clause : insn.catches) {
    const Control& to = target(clause.label);
    if (stubs_[clause.label] == kNone) {
      stubs_[clause.label] = new_label(false);
      stub_depths_.push_back(clause.label);
      landings_.push_back({stubs_[clause.label], to.label});
    }
    const std::uint32_t count = label_slots(to);
    Handler handler{.kind = clause.kind, .tag = clause.tag, .landing = stubs_[clause.label]};
    handler.values = temporary(to.height);
    const bool wants_exception =
        clause.kind == Catch::catch_ref || clause.kind == Catch::catch_all_ref;
    if (wants_exception) handler.exception = temporary(to.height + count - 1);
    f_.max_height = std::max(f_.max_height, to.height + count);
    add_handler(c.region, handler);
  }
  for (const std::uint32_t depth : stub_depths_) stubs_[depth] = kNone;
}

void Builder::end_try_table(const Control& c, bool reachable) {
  if (c.landings == landings_.size()) return;  // it has no clauses
  end_region(c.region, control_.back().region);
  if (reachable) jump(c.label);
  for (std::size_t i = c.landings; i < landings_.size(); ++i) {
    emit(StatementKind::landing).label = landings_[i].label;
    jump(landings_[i].target);
  }
  landings_.resize(c.landings);
}

// ---- The legacy try

/// Control leaves the body of a block, or a part of a try, at its end.
void Builder::leave_part(Control& c, bool reachable) {
  if (!reachable) return;
  const std::uint32_t count = c.result_slots;
  if (c.handler == kNone) return place_results(count);
  flush_effects();  // the caught exception lies below
  place_values(count);
  move_to(c, count);
}

/// The exception is kept below the operands of its clause, for rethrow.
void Builder::catch_(const Instruction& insn, std::span<const ValType> params, bool reachable) {
  offset_ = insn.offset;
  Control& c = control_.back();
  leave_part(c, reachable);
  if (reachable) jump(c.label);
  drop_to(c.height);
  if (c.handler == kNone) {
    c.handles = c.region;
    c.region = control_[control_.size() - 2].region;
    end_region(c.handles, c.region);
  }
  new_block(c);
  Handler handler{.kind = insn.id == Insn::catch_ ? Catch::catch_ : Catch::catch_all,
                  .tag = insn.index,
                  .landing = new_label(false)};
  handler.exception = temporary(c.height);
  handler.values = temporary(c.height + 1);
  c.handler = add_handler(c.handles, handler);
  emit(StatementKind::landing).label = handler.landing;
  push(leaf(temporary(c.height), Type::ref));
  push_temporaries(params);
}

/// The end of a try without clauses.
void Builder::end_try(const Instruction& insn, const Control& c) {
  end_region(c.region, control_.back().region);
  if (insn.id == Insn::delegate) f_.regions[c.region].parent = target(insn.index).region;
}

void Builder::rethrow(std::uint32_t depth) {
  const Control& c = target(depth);
  Handler& handler = f_.handlers[c.handler];
  if (handler.kind == Catch::catch_) handler.kind = Catch::catch_ref;
  if (handler.kind == Catch::catch_all) handler.kind = Catch::catch_all_ref;
  push(leaf(temporary(c.height), Type::ref));
  throw_ref();
}

void Builder::throw_ref() {
  const NodeId exception = pop();
  flush_effects();
  consume(emit(StatementKind::throw_ref), exception);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, at(exception).need + 1u);
}

}  // namespace tinywasm::vm::ir
