// SPDX-License-Identifier: Apache-2.0
// Blocks, branches and returns.
#include <algorithm>

#include "vm/ir_builder.hpp"
#include "vm/ir_compare.hpp"

namespace tinywasm::vm::ir {

using decoder::Instruction;
using decoder::ValType;

void Builder::block(const Instruction& insn, const decoder::BlockSignature& signature) {
  offset_ = insn.offset;
  charge();
  const NodeId condition = insn.id == Insn::if_ ? pop() : kNone;
  settle();
  const std::uint32_t params = slots_of(signature.params);
  if (insn.id == Insn::loop || insn.id == Insn::if_) place_results(params);
  Control c{.kind = insn.id, .height = height() - params, .placed = placed_};
  placed_ = std::max(placed_, c.height);
  c.params = signature.params;
  c.results = signature.results;
  c.param_slots = params;
  c.result_slots = slots_of(signature.results);
  c.fuel = control_.back().fuel;
  c.region = control_.back().region;
  c.block = static_cast<std::uint32_t>(block_open_.size());
  block_open_.push_back(true);
  c.label = new_label(insn.id == Insn::loop, c.height, label_slots(c));
  if (insn.id == Insn::loop) {
    emit_label(c.label);
    ++depth_;
    if (options_.fuel) {
      c.fuel = static_cast<std::uint32_t>(f_.statements.size());
      emit(StatementKind::fuel);
    }
  } else if (insn.id == Insn::if_) {
    c.else_label = new_label(false, c.height, params);
    branch(c.else_label, condition, false);
  } else if (insn.id == Insn::try_table) {
    begin_try_table(insn, c);
  } else if (insn.id == Insn::try_) {
    begin_region(c);
  }
  control_.push_back(c);
}

void Builder::else_(const Instruction& insn, bool reachable) {
  offset_ = insn.offset;
  Control& c = control_.back();
  if (reachable) {
    place_results(c.result_slots);
    jump(c.label);
  }
  drop_to(c.height);
  emit_label(c.else_label);
  c.else_label = kNone;
  new_block(c);  // the arms are blocks of their own
  push_temporaries(c.params);
}

/// The block goes on with a part that the one before does not dominate.
void Builder::new_block(Control& c) {
  block_open_[c.block] = false;
  c.block = static_cast<std::uint32_t>(block_open_.size());
  block_open_.push_back(true);
}

void Builder::end(const Instruction& insn, bool reachable) {
  offset_ = insn.offset;
  if (control_.size() == 1) {
    charge_zeros();
    // Branches to the function's own label carry its results in temporaries.
    if (f_.labels[control_[0].label].uses > 0) {
      if (reachable) place_results(f_.results);
      emit_label(control_[0].label);
      drop_to(0);
      push_temporaries(type_.results);
      reachable = true;
    }
    if (reachable) return_values();
    return;
  }
  leave_part(control_.back(), reachable);
  const Control c = control_.back();
  control_.pop_back();
  block_open_[c.block] = false;
  if (c.else_label != kNone) emit_label(c.else_label);
  if (c.kind == Insn::try_table) end_try_table(c, reachable);
  if (c.kind == Insn::try_ && c.handler == kNone) end_try(insn, c);
  if (c.kind == Insn::loop) {
    --depth_;
  } else {
    emit_label(c.label);
  }
  drop_to(c.height);
  placed_ = std::min(c.placed, c.height);
  push_temporaries(c.results);
}

/// The function's entry clears the locals between the first and the last that begin as zero.
void Builder::charge_zeros() {
  if (!options_.fuel) return;
  const auto begin = f_.needs_zero.begin() + f_.parameters;
  const auto first = std::find(begin, f_.needs_zero.end(), true);
  const auto last = std::find(f_.needs_zero.rbegin(), f_.needs_zero.rend(), true).base();
  if (first < last) charge_slots(static_cast<std::uint32_t>(last - first));
}

/// Pushes values that are in their temporaries; all below is settled.
void Builder::push_temporaries(std::span<const ValType> types) {
  if (types.size() > kFewValues) return push_unnamed(types);
  for (ValType type : types) push(leaf(temporary(height()), type_of(type)));
  raise_settled(height());
  clean_ = height();
}

/// The same for many values, without a node for each.
void Builder::push_unnamed(std::span<const ValType> types) {
  if (stack_.size() < height_ + 2 * types.size()) {
    stack_.resize(2 * (height_ + 2 * types.size()));
  }
  const std::uint32_t below = height_;
  for (ValType value : types) {
    const Type type = type_of(value);
    stack_[height_++] = unnamed(type);
    if (type == Type::v128) stack_[height_++] = kUnnamedUpper;
  }
  f_.max_height = std::max(f_.max_height, height_);
  unnamed_end_ = height_;
  raise_settled(height_);
  if (placed_ == below) placed_ = height_;
  clean_ = height_;
}

/// Puts the top entries, so many slots, into their temporaries.
void Builder::place_results(std::uint32_t slots) {
  if (slots > kFewValues) return place_all();
  flush_effects();
  name_top(slots);
  for (std::uint32_t i = height() - slots; i < height(); ++i) place(i);
}

/// Makes the top entries, so many slots, what move_to() can move: values that a branch brings.
void Builder::place_values(std::uint32_t slots) {
  if (slots > kFewValues) return place_all();
  name_top(slots);
  for (std::uint32_t i = height() - slots; i < height(); ++i) force(i);
}

/// Puts copies of the top entries, which are forced, where a branch to `c` wants them. Upwards: no
/// entry reads a temporary below its own. Control may go another way than through here, on which
/// those temporaries keep what they have.
void Builder::move_to(const Control& c, std::uint32_t slots) {
  if (slots > kFewValues) {
    return move(temporary(height() - slots), temporary(c.height), slots);
  }
  for (std::uint32_t i = 0; i < slots; ++i) {
    const Node value = at(stack_[height() - slots + i]);
    const Variable to = temporary(c.height + i);
    if (value.kind == NodeKind::upper) continue;
    if (value.kind == NodeKind::variable && value.value == to) continue;
    Statement& s = emit(StatementKind::set);
    s.variable = to;
    s.type = value.type;
    s.sense = false;
    s.node[s.nodes++] = add(value);
    f_.max_height = std::max(f_.max_height, c.height + i + width(value.type));
  }
}

/// Copies many slots at once; the ranges may overlap.
void Builder::move(std::uint32_t from, std::uint32_t to, std::uint32_t slots) {
  if (from == to) return;
  charge_slots(slots);
  Statement& s = emit(StatementKind::move);
  s.operands = from;
  s.index = to;
  s.operand_count = slots;
}

void Builder::branch(Label label, NodeId condition, bool sense) {
  // eqz and an integer comparison's negation cost nothing: they choose the sense or the comparison.
  while (at(condition).kind == NodeKind::numeric && at(condition).op == Insn::i32_eqz) {
    condition = at(condition).child[0];
    sense = !sense;
  }
  if (!sense && negate(condition)) sense = true;
  Statement& s = emit(StatementKind::branch);
  s.label = label;
  s.sense = sense;
  ++f_.labels[label].uses;
  consume(s, condition);
}

void Builder::jump(Label label) {
  emit(StatementKind::jump).label = label;
  ++f_.labels[label].uses;
}

/// A branch to the label `depth` if (condition != 0) == sense; the condition is on no stack.
void Builder::br_if(std::uint32_t depth, NodeId condition, bool sense) {
  flush_effects();
  Control& c = target(depth);
  const std::uint32_t count = label_slots(c);
  if (count == 0) return branch(c.label, condition, sense);
  if (c.height + count == height()) {
    place_results(count);
    return branch(c.label, condition, sense);
  }
  place_values(count);
  const Label skip = new_label(false);
  branch(skip, condition, !sense);
  move_to(c, count);
  jump(c.label);
  emit_label(skip);
}

void Builder::br_table(std::span<const std::uint32_t> depths) {
  NodeId index = pop();
  flush_effects();
  const std::uint32_t count = label_slots(target(depths.back()));
  place_values(count);
  // Targets that take values get a stub that moves them, one a depth; loops get one too, for the
  // back-edge's poll.
  stubs_.resize(control_.size(), kNone);
  stub_depths_.clear();
  Statement& s = emit(StatementKind::br_table);
  s.operands = static_cast<std::uint32_t>(f_.operands.size());
  s.operand_count = static_cast<std::uint32_t>(depths.size());
  consume(s, index);
  for (std::uint32_t depth : depths) {
    const Control& c = target(depth);
    Label label = c.label;
    if (count > 0 || c.kind == Insn::loop) {
      if (stubs_[depth] == kNone) {
        stubs_[depth] = new_label(false);
        stub_depths_.push_back(depth);
      }
      label = stubs_[depth];
    }
    ++f_.labels[label].uses;
    f_.operands.push_back(label);
  }
  for (std::uint32_t depth : stub_depths_) {
    emit_label(stubs_[depth]);
    stubs_[depth] = kNone;
    move_to(target(depth), count);
    jump(target(depth).label);
  }
}

void Builder::return_values() {
  const std::uint32_t count = f_.results;
  if (type_.results.size() == 1 && count == 2) {  // a v128 comes back as several results do
    const NodeId value = pop();
    flush_effects();
    Statement& s = emit(StatementKind::set_result);
    s.index = 0;
    s.type = Type::v128;
    consume(s, value);
    emit(StatementKind::ret_void);
    return;
  }
  if (count == 1) {
    const NodeId value = pop();
    flush_effects();
    consume(emit(StatementKind::ret), value);
    return;
  }
  flush_effects();
  if (count > kFewValues) {
    place_all();
    move(temporary(height() - count), 0, count);
  } else if (count > 1) {
    place_results(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const NodeId value = stack_[height() - count + i];
      if (at(value).kind == NodeKind::upper) continue;
      Statement& s = emit(StatementKind::set_result);
      s.index = i;
      s.type = at(value).type;
      s.node[s.nodes++] = value;
    }
  }
  emit(StatementKind::ret_void);
}

}  // namespace tinywasm::vm::ir
