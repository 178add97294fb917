// SPDX-License-Identifier: Apache-2.0
// Nodes, the operand stack and statements; control is in ir_builder_control.cpp, everything else in
// ir_builder_insns.cpp.
#include "vm/ir_builder.hpp"

#include <algorithm>

#include "vm/ir_compare.hpp"

namespace tinywasm::vm::ir {

using decoder::ValType;

namespace {

/// Trees grow to this many inner nodes; larger ones are cut so that translation stays linear.
constexpr unsigned kMaxTree = 8;
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
                 const CodeOptions& options, Function& function, Forms& forms)
    : module_(module),
      type_(module.type_of_function(function_index)),
      options_(options),
      f_(function),
      forms_(forms) {
  f_.clear();
  f_.parameters = slots_of(type_.params);
  f_.results = slots_of(type_.results);
  const decoder::FunctionBody& body = module.body(function_index);
  f_.offset = body.begin;
  // About what a function of this size needs, or twice as much as any before: memory that is not
  // touched costs nothing, growing does.
  const std::size_t bytes = std::min<std::size_t>(body.end - body.begin, kMaxReserved);
  const auto make_room = [](auto& list, std::size_t count) {
    if (list.capacity() < count) list.reserve(std::max(count, 2 * list.capacity()));
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
  f_.locals = slots_of(locals);
  f_.local_types.clear();
  f_.local_types.reserve(f_.locals);
  const bool has_vectors = f_.locals != locals.size();
  for (ValType local : locals) {
    const Type type = type_of(local);
    if (has_vectors) local_slots_.push_back(static_cast<Variable>(f_.local_types.size()));
    f_.local_types.insert(f_.local_types.end(), width(type), type);
  }
}

// ---- Nodes

/// Adds a leaf.
NodeId Builder::add(const Node& node) {
  Node& added = f_.nodes.emplace_back(node);
  added.offset = offset_;
  added.form = form_of_leaf(added);
  return static_cast<NodeId>(f_.nodes.size() - 1);
}

Form Builder::form_of_leaf(const Node& n) {
  const bool narrow = has_immediate(n) && n.type != Type::f64;  // an immediate of four bytes
  const unsigned constant = n.kind != NodeKind::constant ? 0 : narrow ? 2 : 4;
  return static_cast<Form>(1 + (constant | (is_float(n.type) ? 1u : 0u)));
}

/// What the search for covers looks at in an inner node.
inline std::uint16_t Builder::token_of(const Node& n) {
  const unsigned kind = n.kind == NodeKind::numeric    ? 0
                        : n.kind == NodeKind::load     ? 1
                        : n.kind == NodeKind::far_load ? 2
                                                       : 3 + static_cast<unsigned>(n.type);
  const unsigned traps = (n.effects & kTraps) != 0 ? 1 : 0;
  return static_cast<std::uint16_t>(static_cast<unsigned>(n.op) << 5 | kind << 1 | traps);
}

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

/// The leaves of a local are all the same.
NodeId Builder::leaf(Variable variable, Type type) {
  if (f_.is_local(variable)) {
    NodeId& known = local_leaves_[variable];
    if (known == kNone) {
      known = add({.kind = NodeKind::variable,
                   .type = type,
                   .locals = local_bit(variable),
                   .value = variable});
    }
    return known;
  }
  return add({.kind = NodeKind::variable,
              .type = type,
              .top = variable - f_.locals + width(type),
              .value = variable});
}

NodeId Builder::constant(std::uint64_t bits, Type type) {
  return add({.kind = NodeKind::constant, .type = type, .value = bits});
}

/// A node over children that were on top of the stack, in order or, of two, in reverse.
NodeId Builder::inner(const Node& node, std::span<const NodeId> children, bool reversed) {
  NodeId child[3] = {kNone, kNone, kNone};
  unsigned size = 1;
  for (unsigned i = 0; i < children.size(); ++i) {
    child[i] = children[i];
    size += at(child[i]).size;
  }
  if (size > kMaxTree || !options_.fuse) [[unlikely]] {
    size = 1;
    for (unsigned i = 0; i < children.size(); ++i) {
      evaluate(child[i], height() + (reversed ? 1 - i : i));
    }
  }
  const auto id = static_cast<NodeId>(f_.nodes.size());
  Node& n = f_.nodes.emplace_back(node);
  unsigned need = 0;
  Form forms[3] = {Forms::kNoChild, Forms::kNoChild, Forms::kNoChild};
  for (unsigned i = 0; i < children.size(); ++i) {
    const Node& c = at(child[i]);
    n.child[i] = child[i];
    forms[i] = c.form;
    n.effects |= c.effects;
    n.locals |= c.locals;
    n.top = std::max(n.top, c.top);
    // A leaf may still take a scratch place: a constant that has no immediate form.
    need = std::max(need, i + std::max<unsigned>(c.need, 1));
  }
  n.size = static_cast<std::uint8_t>(size);
  n.arity = static_cast<std::uint8_t>(children.size());
  n.need = static_cast<std::uint8_t>(std::max<unsigned>(need, n.arity));
  n.offset = offset_;
  n.form = forms_.of(token_of(n), forms[0], forms[1], forms[2]);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, n.need + 1u);
  if (options_.fuse) return id;
  NodeId forced = id;
  evaluate(forced, height());
  return forced;
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
  if (height_ - settled_ > kMaxPending) force(settled_++);
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
  if (at(stack_[position]).kind != NodeKind::constant) place(position);
}

/// Makes stack entry `position` its temporary.
void Builder::place(std::uint32_t position) {
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
  for (; settled_ < height(); ++settled_) force(settled_);
  clean_ = height();
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
