// SPDX-License-Identifier: Apache-2.0
// Nodes, the operand stack and statements; control is in ir_builder_control.cpp, everything else in
// ir_builder_insns.cpp.
#include "vm/ir_builder.hpp"

#include <algorithm>
#include <type_traits>

#include "vm/ir_compare.hpp"

namespace tinywasm::vm::ir {

using decoder::ValType;

namespace {

/// Of a larger function's body, so many bytes are prepared for.
constexpr std::size_t kMaxReserved = 1 << 20;

}  // namespace

Type type_of(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return Type::i32;
    case ValType::kI64:
      return Type::i64;
    case ValType::kF32:
      return Type::f32;
    case ValType::kF64:
      return Type::f64;
    case ValType::kV128:
      return Type::v128;
    default:
      return Type::ref;
  }
}

std::uint32_t slots_of(std::span<const ValType> types) {
  return static_cast<std::uint32_t>(slot_count(types));
}

void Function::clear() {
  nodes.clear();
  statements.clear();
  operands.clear();
  labels.clear();
  handlers.clear();
  regions.clear();
  max_height = max_need = max_arguments = 0;
}

Builder::Builder(const decoder::Module& module, std::uint32_t function_index,
                 const CodeOptions& options, const std::vector<UsedLocal>* used, Function& function,
                 Forms& forms, const Poll& poll)
    : module_(module),
      type_(module.type_of_function(function_index)),
      options_(options),
      used_locals_(used),
      f_(function),
      forms_(forms),
      poll_(poll) {
  f_.clear();
  f_.parameters = slots_of(type_.params);
  f_.results = slots_of(type_.results);
  const decoder::FunctionBody& body = module.body(function_index);
  f_.offset = body.begin;
  // About what a function of this size needs, or twice as much as any before: memory that is not
  // touched costs nothing, growing does.
  const std::size_t bytes = std::min<std::size_t>(body.end - body.begin, kMaxReserved);
  const auto make_room = [](auto& list, std::size_t count) {
    if (list.capacity() >= count) return;
    const std::size_t room = std::max(count, 2 * list.capacity());
    // Before the larger one is made: they need not be there at the same time.
    list = std::remove_reference_t<decltype(list)>();
    list.reserve(room);
  };
  make_room(f_.nodes, bytes / 2);
  make_room(f_.statements, bytes / 6);
}

void Builder::begin(std::span<const ValType> locals) {
  lay_out_locals(locals);
  f_.weight.assign(f_.locals, 0);
  f_.needs_zero.assign(f_.locals, false);
  f_.written.assign(f_.locals, false);
  local_leaves_.assign(f_.locals, kNone);
  first_block_.assign(f_.locals, kNone);
  offset_ = f_.offset;
  block_open_.assign(1, true);
  Control body{.kind = Insn::block, .label = new_label(false, 0, f_.results)};
  body.results = type_.results;
  body.result_slots = f_.results;
  control_.push_back(body);
  if (options_.fuel) {
    control_.back().fuel = static_cast<std::uint32_t>(f_.statements.size());
    emit(StatementKind::fuel);
  }
}

/// Finds the types of the variables that are locals, and each local's variable.
void Builder::lay_out_locals(std::span<const ValType> locals) {
  f_.local_types.clear();
  if (used_locals_ != nullptr) {
    for (ValType parameter : type_.params) add_local(parameter);
    for (const UsedLocal& local : *used_locals_) add_local(local.type);
  } else if (slots_of(locals) != locals.size()) {
    for (ValType local : locals) add_local(local);
  } else {
    f_.local_types.resize(locals.size());
    std::transform(locals.begin(), locals.end(), f_.local_types.begin(), type_of);
  }
  f_.locals = static_cast<std::uint32_t>(f_.local_types.size());
}

/// A local whose number is not that of its slot.
void Builder::add_local(ValType local) {
  const Type type = type_of(local);
  local_slots_.push_back(static_cast<Variable>(f_.local_types.size()));
  f_.local_types.insert(f_.local_types.end(), width(type), type);
}

Variable Builder::used_local(std::uint32_t index) const {
  const std::size_t parameters = type_.params.size();
  if (index < parameters) return local_slots_[index];
  const auto at =
      std::lower_bound(used_locals_->begin(), used_locals_->end(), index,
                       [](const UsedLocal& local, std::uint32_t i) { return local.index < i; });
  return local_slots_[parameters + static_cast<std::size_t>(at - used_locals_->begin())];
}

// ---- Nodes

/// Makes a comparison its opposite; false: it is none of integers.
bool Builder::negate(NodeId id) {
  Node& n = at(id);
  const Insn opposite = n.kind == NodeKind::numeric ? negated(n.op) : Insn::nop;
  if (opposite == Insn::nop) return false;
  n.op = opposite;
  const auto form = [&](unsigned i) { return i < n.arity ? at(n.child[i]).form : Forms::kNoChild; };
  n.form = forms_.of(token_of(n), form(0), form(1), form(2));
  return true;
}

// ---- The operand stack

/// What push() leaves to it: vectors, trees with effects, anything that has no room.
void Builder::push_slowly(NodeId id) {
  const Type type = at(id).type;
  if (at(id).top > height_ + width(type)) {
    // It reads temporaries above its own, which later entries may want. One entry at a time may.
    if (above_ != kNone) force(above_);
    above_ = height_;
  }
  if ((at(id).effects & kTraps) != 0) trapping_ = std::min(trapping_, height_);
  if (height_ + 2 > stack_.size()) stack_.resize(2 * (std::size_t{height_} + 16));
  stack_[height_++] = id;
  if (type == Type::v128) stack_[height_++] = add({.kind = NodeKind::upper});
  f_.max_height = std::max(f_.max_height, height_);
  if (height_ - settled_ <= kMaxPending) return;
  force(settled_);
  raise_settled(settled_ + 1);
}

/// Gives the entry at `position`, the highest unnamed one, its node.
void Builder::name(std::uint32_t position) {
  const bool is_upper = stack_[position] == kUnnamedUpper;
  if (is_upper) stack_[position--] = add({.kind = NodeKind::upper});
  stack_[position] = leaf(temporary(position), static_cast<Type>(stack_[position] - kUnnamed));
  unnamed_end_ = position;
}

/// Gives all of the top entries, so many slots, their nodes.
void Builder::name_top(std::uint32_t slots) {
  for (std::uint32_t i = height(); i-- > height() - slots;) {
    if (is_unnamed(stack_[i])) name(i);
  }
}

/// Forgets all entries from `height` on.
void Builder::drop_to(std::uint32_t height) {
  height_ = height;
  cut_marks();
}

/// Entries below `height` are constants or in their temporary. `placed_` is a mark below it, which
/// pop() does not move: where entries were popped since, settled_ has gone down below it.
void Builder::raise_settled(std::uint32_t height) {
  placed_ = std::min(placed_, settled_);
  settled_ = height;
}

/// Whether a tree reads a local.
bool Builder::reads(NodeId id, Variable local) const {
  const Node& n = f_.nodes[id];
  if ((n.locals & local_bit(local)) == 0) return false;
  if (n.kind == NodeKind::variable) return n.value == local;
  for (unsigned i = 0; i < n.arity; ++i) {
    if (reads(n.child[i], local)) return true;  // at most kMaxTree deep
  }
  return false;
}

/// Makes stack entry `position` a constant or its temporary.
void Builder::force(std::uint32_t position) {
  if (is_unnamed(stack_[position])) return;
  if (at(stack_[position]).kind != NodeKind::constant) place(position);
}

/// Makes stack entry `position` its temporary.
void Builder::place(std::uint32_t position) {
  if (is_unnamed(stack_[position])) return;
  const Node& n = at(stack_[position]);
  const Variable home = temporary(position);
  if (n.kind == NodeKind::upper || (n.kind == NodeKind::variable && n.value == home)) return;
  const Type type = n.type;
  const NodeId value = stack_[position];
  const NodeId result = leaf(home, type);
  stack_[position] = result;
  if (above_ == position) above_ = kNone;
  set(home, value);
}

/// Evaluates a tree that was popped from `position` now; leaves stay.
void Builder::evaluate(NodeId& id, std::uint32_t position) {
  const Node& n = at(id);
  if (n.is_leaf()) return;
  const Type type = n.type;
  const Variable home = temporary(position);
  f_.max_height = std::max(f_.max_height, position + 1);
  set(home, id);
  id = leaf(home, type);
}

/// Forces what an effect that comes now must not overtake.
void Builder::flush_effects() {
  flush_effects_below(height());
  trapping_ = kNone;
}

void Builder::flush_effects_below(std::uint32_t position) {
  for (position = std::min(position, height()); clean_ < position; ++clean_) {
    if (at(stack_[clean_]).effects != 0) force(clean_);
  }
}

/// A tree of `effects` from `position` is evaluated now: entries below that may trap for another
/// reason come first.
void Builder::keep_trap_order(std::uint8_t effects, std::uint32_t position) {
  if ((effects & kTraps) != 0 || ((effects & kReadsMemory) != 0 && trapping_ < position)) {
    flush_effects_below(position);
  }
}

/// Forces everything: control may join here.
void Builder::settle() {
  for (std::uint32_t i = settled_; i < height(); ++i) force(i);
  raise_settled(height());
  clean_ = height();
}

/// Puts everything of the innermost block into its temporary, constants too: those of blocks around
/// it stay what they are, as control may leave this one before here. Each entry is looked at once.
void Builder::place_all() {
  settle();
  for (; placed_ < height(); ++placed_) place(placed_);
}

/// Forces what reads a local that is about to change.
void Builder::preserve(Variable local) {
  for (std::uint32_t i = height(); i > settled_; --i) {
    if (reads(stack_[i - 1], local)) force(i - 1);
  }
}

/// The same for the temporary at `position`, which only the entry `above_` may read.
void Builder::preserve_temporary(std::uint32_t position) {
  if (above_ != kNone && above_ < position && at(stack_[above_]).top > position) force(above_);
}

// ---- Statements

Statement& Builder::emit(StatementKind kind) {
  Statement& s = f_.statements.emplace_back();
  s.kind = kind;
  s.offset = offset_;
  s.depth = static_cast<std::uint8_t>(std::min<std::uint32_t>(depth_, 5));
  return s;
}

/// Adds a tree to a statement: it is evaluated there and no longer pending.
void Builder::consume(Statement& statement, NodeId id) { statement.node[statement.nodes++] = id; }

/// variable = value, a tree that is no longer on the stack.
Statement& Builder::set(Variable variable, NodeId value) {
  const bool is_local = f_.is_local(variable);
  keep_trap_order(at(value).effects, is_local ? height() : variable - f_.locals);
  if (!is_local) preserve_temporary(variable - f_.locals);
  Statement& s = emit(StatementKind::set);
  s.variable = variable;
  s.type = at(value).type;
  s.offset = at(value).offset;
  s.node[s.nodes++] = value;
  return s;
}

Label Builder::new_label(bool is_loop, std::uint32_t height, std::uint32_t values) {
  f_.labels.push_back({is_loop, 0, height, values});
  return static_cast<Label>(f_.labels.size() - 1);
}

void Builder::emit_label(Label label) {
  if (f_.labels[label].uses == 0 && !f_.labels[label].is_loop) return;
  emit(StatementKind::label).label = label;
}

}  // namespace tinywasm::vm::ir
