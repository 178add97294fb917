// SPDX-License-Identifier: Apache-2.0
#include "vm/ir_builder.hpp"

#include <algorithm>

namespace tinywasm::vm::ir {

using decoder::info;
using decoder::Instruction;
using decoder::ValType;

namespace {

/// Trees grow to this many inner nodes; larger ones are cut so that translation stays linear.
constexpr unsigned kMaxTree = 8;
constexpr std::uint32_t kWeights[] = {1, 8, 64, 512, 4096, 32768};

Type letter_type(char letter) {
  switch (letter) {
    case 'I': return Type::i64;
    case 'f': return Type::f32;
    case 'F': return Type::f64;
    default: return Type::i32;  // 'i', and 'a' of 32-bit memories
  }
}

bool can_trap(Insn op) {
  switch (op) {
    case Insn::i32_div_s:
    case Insn::i32_div_u:
    case Insn::i32_rem_s:
    case Insn::i32_rem_u:
    case Insn::i64_div_s:
    case Insn::i64_div_u:
    case Insn::i64_rem_s:
    case Insn::i64_rem_u: return true;
    default: return op >= Insn::i32_trunc_f32_s && op <= Insn::i64_trunc_f64_u &&
                    op != Insn::i64_extend_i32_s && op != Insn::i64_extend_i32_u;
  }
}

/// The comparison that holds when its operands change places, or the instruction itself when they
/// may; nop when neither.
Insn swapped(Insn op) {
  switch (op) {
#define TINYWASM_SWAP(p)                            \
  case Insn::p##_add:                               \
  case Insn::p##_mul:                               \
  case Insn::p##_and:                               \
  case Insn::p##_or:                                \
  case Insn::p##_xor:                               \
  case Insn::p##_eq:                                \
  case Insn::p##_ne: return op;                     \
  case Insn::p##_lt_s: return Insn::p##_gt_s;       \
  case Insn::p##_lt_u: return Insn::p##_gt_u;       \
  case Insn::p##_gt_s: return Insn::p##_lt_s;       \
  case Insn::p##_gt_u: return Insn::p##_lt_u;       \
  case Insn::p##_le_s: return Insn::p##_ge_s;       \
  case Insn::p##_le_u: return Insn::p##_ge_u;       \
  case Insn::p##_ge_s: return Insn::p##_le_s;       \
  case Insn::p##_ge_u: return Insn::p##_le_u;
    TINYWASM_SWAP(i32)
    TINYWASM_SWAP(i64)
#undef TINYWASM_SWAP
    case Insn::f32_add:
    case Insn::f32_mul:
    case Insn::f64_add:
    case Insn::f64_mul: return op;
    default: return Insn::nop;
  }
}

/// The integer comparison that is true when `op` is false; nop when there is none.
Insn negated(Insn op) {
  switch (op) {
#define TINYWASM_NEGATE(p)                          \
  case Insn::p##_eq: return Insn::p##_ne;           \
  case Insn::p##_ne: return Insn::p##_eq;           \
  case Insn::p##_lt_s: return Insn::p##_ge_s;       \
  case Insn::p##_lt_u: return Insn::p##_ge_u;       \
  case Insn::p##_gt_s: return Insn::p##_le_s;       \
  case Insn::p##_gt_u: return Insn::p##_le_u;       \
  case Insn::p##_le_s: return Insn::p##_gt_s;       \
  case Insn::p##_le_u: return Insn::p##_gt_u;       \
  case Insn::p##_ge_s: return Insn::p##_lt_s;       \
  case Insn::p##_ge_u: return Insn::p##_lt_u;
    TINYWASM_NEGATE(i32)
    TINYWASM_NEGATE(i64)
#undef TINYWASM_NEGATE
    default: return Insn::nop;
  }
}

}  // namespace

Type type_of(ValType type) {
  switch (type.code()) {
    case ValType::kI32: return Type::i32;
    case ValType::kI64: return Type::i64;
    case ValType::kF32: return Type::f32;
    case ValType::kF64: return Type::f64;
    default: return Type::ref;
  }
}

void Function::clear() {
  nodes.clear();
  statements.clear();
  operands.clear();
  labels.clear();
  max_height = max_need = max_arguments = 0;
}

Builder::Builder(const decoder::Module& module, std::uint32_t function_index,
                 const CodeOptions& options, Function& function)
    : module_(module),
      type_(module.type_of_function(function_index)),
      options_(options),
      f_(function) {
  f_.clear();
  f_.parameters = static_cast<std::uint32_t>(type_.params.size());
  f_.results = static_cast<std::uint32_t>(type_.results.size());
  f_.offset = module.body(function_index).begin;
}

void Builder::begin(std::span<const ValType> locals) {
  f_.locals = static_cast<std::uint32_t>(locals.size());
  f_.local_types.resize(locals.size());
  std::transform(locals.begin(), locals.end(), f_.local_types.begin(), type_of);
  f_.weight.assign(locals.size(), 0);
  f_.needs_zero.assign(locals.size(), false);
  f_.written.assign(locals.size(), false);
  pending_reads_.assign(locals.size(), 0);
  first_block_.assign(locals.size(), kNone);
  offset_ = f_.offset;
  block_open_.assign(1, true);
  Control body{.kind = Insn::block, .label = new_label(false)};
  body.results = type_.results;
  control_.push_back(body);
  if (options_.fuel) {
    control_.back().fuel = static_cast<std::uint32_t>(f_.statements.size());
    emit(StatementKind::fuel);
  }
}

// ---- Nodes

NodeId Builder::add(const Node& node) {
  f_.nodes.push_back(node);
  f_.nodes.back().offset = offset_;
  return static_cast<NodeId>(f_.nodes.size() - 1);
}

NodeId Builder::leaf(Variable variable, Type type) {
  Node node{.kind = NodeKind::variable, .type = type, .value = variable};
  if (!f_.is_local(variable)) node.top = variable - f_.locals + 1;
  return add(node);
}

NodeId Builder::constant(std::uint64_t bits, Type type) {
  return add({.kind = NodeKind::constant, .type = type, .value = bits});
}

/// A node over children that were on top of the stack, in order or, of two, in reverse.
NodeId Builder::inner(Node node, std::span<const NodeId> children, bool reversed) {
  NodeId child[3] = {kNone, kNone, kNone};
  std::copy(children.begin(), children.end(), child);
  unsigned size = 1;
  for (NodeId id : children) size += at(id).size;
  const bool cut = size > kMaxTree || !options_.fuse;
  unsigned held = 0;
  unsigned need = 0;
  node.size = 1;
  for (unsigned i = 0; i < children.size(); ++i) {
    if (cut) evaluate(child[i], height() + (reversed ? 1 - i : i));
    const Node& c = at(child[i]);
    node.effects |= c.effects;
    node.size = static_cast<std::uint8_t>(node.size + c.size);
    // A leaf may still take a scratch place: a constant that has no immediate form.
    need = std::max<unsigned>(need, held + std::max<unsigned>(c.need, 1));
    ++held;
    node.child[i] = child[i];
    node.top = std::max(node.top, c.top);
  }
  node.arity = static_cast<std::uint8_t>(children.size());
  node.need = static_cast<std::uint8_t>(std::max(need, held));
  f_.max_need = std::max<std::uint32_t>(f_.max_need, node.need + 1u);
  const NodeId id = add(node);
  if (!options_.fuse) {
    NodeId forced = id;
    evaluate(forced, height());
    return forced;
  }
  return id;
}

// ---- The operand stack

void Builder::push(NodeId id) {
  if (at(id).top > height() + 1) {
    // It reads temporaries above its own, which later entries may want. One entry at a time may.
    if (above_ != kNone) force(above_);
    above_ = height();
  }
  if ((at(id).effects & kTraps) != 0) trapping_ = std::min(trapping_, height());
  stack_.push_back(id);
  f_.max_height = std::max(f_.max_height, height());
}

NodeId Builder::pop() {
  const NodeId id = stack_.back();
  stack_.pop_back();
  if (above_ != kNone && above_ >= height()) above_ = kNone;
  settled_ = std::min(settled_, height());
  clean_ = std::min(clean_, height());
  if (trapping_ >= height()) trapping_ = kNone;
  return id;
}

/// Counts the leaves of a tree as pending reads of their locals.
void Builder::reads(NodeId id, int change) {
  const Node& n = at(id);
  if (n.kind == NodeKind::variable) {
    if (f_.is_local(static_cast<Variable>(n.value))) {
      pending_reads_[n.value] += static_cast<std::uint32_t>(change);
    }
    return;
  }
  for (unsigned i = 0; i < n.arity; ++i) reads(n.child[i], change);  // at most kMaxTree deep
}

/// Makes stack entry `position` a constant or its temporary.
void Builder::force(std::uint32_t position) {
  if (at(stack_[position]).kind != NodeKind::constant) place(position);
}

/// Makes stack entry `position` its temporary.
void Builder::place(std::uint32_t position) {
  const Node& n = at(stack_[position]);
  const Variable home = temporary(position);
  if (n.kind == NodeKind::variable && n.value == home) return;
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
  for (std::uint32_t i = height(); i > settled_ && pending_reads_[local] > 0; --i) {
    const std::uint32_t before = pending_reads_[local];
    reads(stack_[i - 1], -1);
    const bool concerned = pending_reads_[local] != before;
    reads(stack_[i - 1], 1);
    if (concerned) force(i - 1);
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
void Builder::consume(Statement& statement, NodeId id) {
  reads(id, -1);
  statement.node[statement.nodes++] = id;
}

/// variable = value, a tree that is no longer on the stack.
Statement& Builder::set(Variable variable, NodeId value) {
  reads(value, -1);
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

Label Builder::new_label(bool is_loop) {
  f_.labels.push_back({is_loop, 0});
  return static_cast<Label>(f_.labels.size() - 1);
}

void Builder::emit_label(Label label) {
  if (f_.labels[label].uses == 0 && !f_.labels[label].is_loop) return;
  emit(StatementKind::label).label = label;
}

// ---- Control

void Builder::block(const Instruction& insn, const decoder::BlockSignature& signature) {
  offset_ = insn.offset;
  charge();
  const NodeId condition = insn.id == Insn::if_ ? pop() : kNone;
  settle();
  const auto params = static_cast<std::uint32_t>(signature.params.size());
  if (insn.id != Insn::block) place_results(params);
  Control c{.kind = insn.id, .height = height() - params};
  c.params = signature.params;
  c.results = signature.results;
  c.block = static_cast<std::uint32_t>(block_open_.size());
  block_open_.push_back(true);
  c.label = new_label(insn.id == Insn::loop);
  if (insn.id == Insn::loop) {
    emit_label(c.label);
    ++depth_;
    if (options_.fuel) {
      c.fuel = static_cast<std::uint32_t>(f_.statements.size());
      emit(StatementKind::fuel);
    }
  } else if (insn.id == Insn::if_) {
    c.else_label = new_label(false);
    branch(c.else_label, condition, false);
  }
  control_.push_back(c);
}

void Builder::else_(const Instruction& insn, bool reachable) {
  offset_ = insn.offset;
  Control& c = control_.back();
  if (reachable) {
    place_results(c.results.size());
    jump(c.label);
  }
  while (height() > c.height) reads(pop(), -1);
  emit_label(c.else_label);
  c.else_label = kNone;
  block_open_[c.block] = false;  // the arms are blocks of their own
  c.block = static_cast<std::uint32_t>(block_open_.size());
  block_open_.push_back(true);
  push_temporaries(c.params);
}

void Builder::end(const Instruction& insn, bool reachable) {
  offset_ = insn.offset;
  if (control_.size() == 1) {
    // Branches to the function's own label carry its results in temporaries.
    if (f_.labels[control_[0].label].uses > 0) {
      if (reachable) place_results(type_.results.size());
      emit_label(control_[0].label);
      while (height() > 0) reads(pop(), -1);
      push_temporaries(type_.results);
      reachable = true;
    }
    if (reachable) return_values();
    return;
  }
  if (reachable) place_results(control_.back().results.size());
  const Control c = control_.back();
  control_.pop_back();
  block_open_[c.block] = false;
  if (c.else_label != kNone) emit_label(c.else_label);
  if (c.kind == Insn::loop) {
    --depth_;
  } else {
    emit_label(c.label);
  }
  while (height() > c.height) reads(pop(), -1);
  push_temporaries(c.results);
}

void Builder::push_temporaries(std::span<const ValType> types) {
  for (ValType type : types) push(leaf(temporary(height()), type_of(type)));
  settled_ = clean_ = height();
}

/// Puts the top entries into their temporaries.
void Builder::place_results(std::size_t count) {
  flush_effects();
  for (std::uint32_t i = height() - static_cast<std::uint32_t>(count); i < height(); ++i) place(i);
}

/// Puts copies of the top entries, which are forced, where a branch to `c` wants them. Upwards: no
/// entry reads a temporary below its own.
void Builder::move_to(const Control& c, std::size_t count) {
  const auto n = static_cast<std::uint32_t>(count);
  for (std::uint32_t i = 0; i < n; ++i) {
    const Node value = at(stack_[height() - n + i]);
    const Variable to = temporary(c.height + i);
    if (value.kind == NodeKind::variable && value.value == to) continue;
    Statement& s = emit(StatementKind::set);
    s.variable = to;
    s.type = value.type;
    s.node[s.nodes++] = add(value);
    f_.max_height = std::max(f_.max_height, c.height + i + 1);
  }
}

void Builder::branch(Label label, NodeId condition, bool sense) {
  // eqz and an integer comparison's negation cost nothing: they choose the sense or the comparison.
  while (at(condition).kind == NodeKind::numeric && at(condition).op == Insn::i32_eqz) {
    condition = at(condition).child[0];
    sense = !sense;
  }
  if (!sense && at(condition).kind == NodeKind::numeric &&
      negated(at(condition).op) != Insn::nop) {
    at(condition).op = negated(at(condition).op);
    sense = true;
  }
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

void Builder::br_if(std::uint32_t depth) {
  const NodeId condition = pop();
  flush_effects();
  Control& c = target(depth);
  const auto count = static_cast<std::uint32_t>(label_types(c).size());
  if (count == 0) return branch(c.label, condition, true);
  if (c.height + count == height()) {
    place_results(count);
    return branch(c.label, condition, true);
  }
  for (std::uint32_t i = height() - count; i < height(); ++i) force(i);
  const Label skip = new_label(false);
  branch(skip, condition, false);
  move_to(c, count);
  jump(c.label);
  emit_label(skip);
}

void Builder::br_table(std::span<const std::uint32_t> depths) {
  NodeId index = pop();
  flush_effects();
  const auto count = static_cast<std::uint32_t>(label_types(target(depths.back())).size());
  for (std::uint32_t i = height() - count; i < height(); ++i) force(i);
  // Targets that take values get a stub that moves them, one a depth; loops get one too, for the
  // back-edge's poll.
  std::vector<Label> stubs(control_.size(), kNone);
  Statement& s = emit(StatementKind::br_table);
  s.operands = static_cast<std::uint32_t>(f_.operands.size());
  s.operand_count = static_cast<std::uint32_t>(depths.size());
  consume(s, index);
  for (std::uint32_t depth : depths) {
    const Control& c = target(depth);
    Label label = c.label;
    if (count > 0 || c.kind == Insn::loop) {
      if (stubs[depth] == kNone) stubs[depth] = new_label(false);
      label = stubs[depth];
    }
    ++f_.labels[label].uses;
    f_.operands.push_back(label);
  }
  for (std::uint32_t depth = 0; depth < stubs.size(); ++depth) {
    if (stubs[depth] == kNone) continue;
    emit_label(stubs[depth]);
    move_to(target(depth), count);
    jump(target(depth).label);
  }
}

void Builder::return_values() {
  const auto count = static_cast<std::uint32_t>(type_.results.size());
  if (count == 1) {
    const NodeId value = pop();
    flush_effects();
    consume(emit(StatementKind::ret), value);
    return;
  }
  flush_effects();
  if (count > 1) {
    for (std::uint32_t i = height() - count; i < height(); ++i) place(i);
    for (std::uint32_t i = 0; i < count; ++i) {
      Statement& s = emit(StatementKind::set_result);
      s.index = i;
      const NodeId value = stack_[height() - count + i];
      s.type = at(value).type;
      s.node[s.nodes++] = value;
    }
  }
  emit(StatementKind::ret_void);
}

/// Counts an instruction for the fuel statement of the innermost loop or the function.
void Builder::charge() {
  if (!options_.fuel) return;
  for (std::size_t i = control_.size(); i-- > 0;) {
    if (control_[i].fuel == kNone) continue;
    ++f_.statements[control_[i].fuel].index;
    return;
  }
}

// ---- Instructions

void Builder::numeric(const Instruction& insn) {
  const std::string_view signature = info(insn.id).signature;
  const std::size_t arity = signature.find(':');
  Node node{.kind = NodeKind::numeric, .type = letter_type(signature.back()), .op = insn.id};
  if (can_trap(insn.id)) node.effects = kTraps;
  if (arity == 1) {
    const NodeId a = pop();
    if (insn.id == Insn::i32_eqz && at(a).kind == NodeKind::numeric &&
        negated(at(a).op) != Insn::nop) {
      at(a).op = negated(at(a).op);
      return push(a);
    }
    return push(inner(node, std::span(&a, 1)));
  }
  NodeId b = pop();
  NodeId a = pop();
  // Constants go to the right, inner nodes to the left: fewer shapes to have handlers for. Leaves
  // have no effects, so nothing changes its order.
  const bool better = at(a).kind == NodeKind::constant || (at(a).is_leaf() && !at(b).is_leaf());
  const bool swap = options_.fuse && better && at(b).kind != NodeKind::constant &&
                    swapped(insn.id) != Insn::nop;
  if (swap) {
    std::swap(a, b);
    node.op = swapped(insn.id);
  }
  const NodeId operands[] = {a, b};
  push(inner(node, operands, swap));
}

void Builder::load(const Instruction& insn) {
  const NodeId address = pop();
  Node node{.kind = NodeKind::load,
            .type = letter_type(info(insn.id).signature.back()),
            .effects = kReadsMemory,
            .op = insn.id,
            .value = insn.value};
  push(inner(node, std::span(&address, 1)));
}

void Builder::store(const Instruction& insn) {
  const NodeId value = pop();
  const NodeId address = pop();
  flush_effects();
  Statement& s = emit(StatementKind::store);
  s.op = insn.id;
  s.index = static_cast<std::uint32_t>(insn.value);
  consume(s, address);
  consume(s, value);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, at(address).need + at(value).need + 2u);
}

void Builder::select() {
  const NodeId condition = pop();
  const NodeId b = pop();
  const NodeId a = pop();
  const NodeId operands[] = {a, b, condition};
  push(inner({.kind = NodeKind::select, .type = at(a).type, .op = Insn::select}, operands));
}

void Builder::drop() {
  const NodeId id = pop();
  // What can trap must still do so.
  if ((at(id).effects & (kReadsMemory | kTraps)) != 0) {
    NodeId value = id;
    evaluate(value, height());
  } else {
    reads(id, -1);
    Statement* last = f_.statements.empty() ? nullptr : &f_.statements.back();
    if (last != nullptr && is_call(last->kind) && last->results == 1 &&
        at(id).kind == NodeKind::variable && last->variable == at(id).value) {
      last->variable = kNone;  // nobody wants the result
    }
  }
}

void Builder::access_local(std::uint32_t local, bool is_set) {
  std::uint32_t& weight = f_.weight[local];
  weight = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{weight} + kWeights[std::min(depth_, 5u)], 1u << 30));
  if (is_set) f_.written[local] = true;
  // A local whose first access is an assignment in a block that encloses all others never shows its
  // initial zero: the assignment dominates what follows in the block.
  if (local < f_.parameters || f_.needs_zero[local]) return;
  if (first_block_[local] == kNone) {
    if (is_set) {
      first_block_[local] = control_.back().block;
    } else {
      f_.needs_zero[local] = true;
    }
  } else if (!block_open_[first_block_[local]]) {
    f_.needs_zero[local] = true;
  }
}

void Builder::assign_local(std::uint32_t local, bool keep) {
  NodeId value = pop();
  access_local(local, true);
  preserve(local);
  const Type type = f_.local_types[local];
  const Node n = at(value);
  Statement* last = f_.statements.empty() ? nullptr : &f_.statements.back();
  if (n.kind == NodeKind::variable && n.value == local) {
    reads(value, -1);
  } else if (options_.fuse && n.kind == NodeKind::variable && !f_.is_local(static_cast<Variable>(n.value)) &&
             last != nullptr && last->variable == n.value && last->results <= 1) {
    last->variable = local;  // the statement that made the temporary assigns the local instead
  } else {
    set(local, value).offset = offset_;
  }
  if (!keep) return;
  access_local(local, false);
  if (n.kind == NodeKind::constant) {
    push(constant(n.value, n.type));
  } else {
    const NodeId copy = leaf(local, type);
    reads(copy, 1);
    push(copy);
  }
}

void Builder::get_global(const Instruction& insn) {
  const Type type = type_of(module_.globals[insn.index].type.type);
  if (insn.index < module_.imported_globals) {
    return runtime(WordId::global_get_far, 0, &type, insn.index);
  }
  push(inner({.kind = NodeKind::global,
              .type = type,
              .effects = kReadsGlobal,
              .op = Insn::global_get,
              .value = insn.index - module_.imported_globals},
             {}));
}

void Builder::set_global(const Instruction& insn) {
  if (insn.index < module_.imported_globals) {
    return runtime(WordId::global_set_far, 1, nullptr, insn.index);
  }
  const NodeId value = pop();
  flush_effects();
  Statement& s = emit(StatementKind::set_global);
  s.index = insn.index - module_.imported_globals;
  s.type = at(value).type;
  consume(s, value);
}

void Builder::call(StatementKind kind, const decoder::FuncType& type, std::uint32_t index,
                   std::uint32_t index2) {
  const NodeId callee = kind == StatementKind::call_indirect ||
                                kind == StatementKind::return_call_indirect
                            ? pop()
                            : kNone;
  const auto count = static_cast<std::uint32_t>(type.params.size());
  const auto first = static_cast<std::uint32_t>(f_.operands.size());
  f_.operands.insert(f_.operands.end(), stack_.end() - count, stack_.end());
  for (std::uint32_t i = 0; i < count; ++i) pop();
  flush_effects();
  const auto results = static_cast<std::uint32_t>(type.results.size());
  for (std::uint32_t i = 0; i < results; ++i) preserve_temporary(height() + i);
  {
    Statement& s = emit(kind);
    s.index = index;
    s.index2 = index2;
    s.operands = first;
    s.operand_count = count;
    s.results = results;
    for (std::uint32_t i = 0; i < count; ++i) reads(f_.operands[first + i], -1);
    if (callee != kNone) {
      consume(s, callee);
      f_.max_need = std::max<std::uint32_t>(f_.max_need, at(callee).need + 1u);
    }
    if (results > 0) s.variable = temporary(height());
    if (results == 1) s.type = type_of(type.results[0]);
  }
  f_.max_arguments = std::max({f_.max_arguments, count, results});
  if (is_return_call(kind)) return;
  for (ValType result : type.results) push(leaf(temporary(height()), type_of(result)));
}

void Builder::call_function(std::uint32_t index, bool is_tail) {
  const bool imported = module_.is_imported_function(index);
  const StatementKind kind = is_tail ? (imported ? StatementKind::return_call_import
                                                 : StatementKind::return_call)
                                     : (imported ? StatementKind::call_import
                                                 : StatementKind::call);
  call(kind, module_.type_of_function(index), index);
}

void Builder::runtime(WordId word, unsigned operands, const Type* result, std::uint32_t index,
                      std::uint32_t index2) {
  NodeId nodes[3];
  for (unsigned i = operands; i-- > 0;) nodes[i] = pop();
  flush_effects();
  if (result != nullptr) preserve_temporary(height());
  Statement& s = emit(StatementKind::runtime);
  s.word = word;
  s.index = index;
  s.index2 = index2;
  unsigned need = 0;
  for (unsigned i = 0; i < operands; ++i) {
    consume(s, nodes[i]);
    need += at(nodes[i]).need + 1u;
  }
  f_.max_need = std::max<std::uint32_t>(f_.max_need, need);
  if (result == nullptr) return;
  s.variable = temporary(height());
  s.type = *result;
  push(leaf(s.variable, *result));
}

/// Instructions whose work is done outside the handlers. False: it is none of them.
bool Builder::runtime_insn(const Instruction& insn) {
  const Type i32 = Type::i32;
  const Type ref = Type::ref;
  switch (insn.id) {
    case Insn::memory_size: runtime(WordId::memory_size, 0, &i32, insn.index); break;
    case Insn::memory_grow: runtime(WordId::memory_grow, 1, &i32, insn.index); break;
    case Insn::memory_init:
      runtime(WordId::memory_init, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::data_drop: runtime(WordId::data_drop, 0, nullptr, insn.index); break;
    case Insn::memory_copy:
      runtime(WordId::memory_copy, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::memory_fill: runtime(WordId::memory_fill, 3, nullptr, insn.index); break;
    case Insn::table_get: runtime(WordId::table_get, 1, &ref, insn.index); break;
    case Insn::table_set: runtime(WordId::table_set, 2, nullptr, insn.index); break;
    case Insn::table_size: runtime(WordId::table_size, 0, &i32, insn.index); break;
    case Insn::table_grow: runtime(WordId::table_grow, 2, &i32, insn.index); break;
    case Insn::table_fill: runtime(WordId::table_fill, 3, nullptr, insn.index); break;
    case Insn::table_copy: runtime(WordId::table_copy, 3, nullptr, insn.index, insn.index2); break;
    case Insn::table_init: runtime(WordId::table_init, 3, nullptr, insn.index, insn.index2); break;
    case Insn::elem_drop: runtime(WordId::elem_drop, 0, nullptr, insn.index); break;
    case Insn::ref_func: runtime(WordId::ref_func, 0, &ref, insn.index); break;
    default: return false;
  }
  return true;
}

void Builder::insn(const Instruction& insn) {
  offset_ = insn.offset;
  charge();
  switch (insn.id) {
    case Insn::nop: return;
    case Insn::unreachable:
      flush_effects();
      emit(StatementKind::unreachable);
      return;
    case Insn::br: {
      flush_effects();
      Control& c = target(insn.index);
      const std::size_t count = label_types(c).size();
      for (std::uint32_t i = height() - static_cast<std::uint32_t>(count); i < height(); ++i) {
        force(i);
      }
      move_to(c, count);
      return jump(c.label);
    }
    case Insn::br_if: return br_if(insn.index);
    case Insn::br_table: return br_table(insn.labels);
    case Insn::return_: return return_values();
    case Insn::call: return call_function(insn.index, false);
    case Insn::return_call: return call_function(insn.index, true);
    case Insn::call_indirect:
    case Insn::return_call_indirect:
      return call(insn.id == Insn::call_indirect ? StatementKind::call_indirect
                                                 : StatementKind::return_call_indirect,
                  module_.types[insn.index].func, insn.index, insn.index2);
    case Insn::drop: return drop();
    case Insn::select:
    case Insn::select_t: return select();
    case Insn::local_get: {
      access_local(insn.index, false);
      const NodeId id = leaf(insn.index, f_.local_types[insn.index]);
      reads(id, 1);
      return push(id);
    }
    case Insn::local_set: return assign_local(insn.index, false);
    case Insn::local_tee: return assign_local(insn.index, true);
    case Insn::global_get: return get_global(insn);
    case Insn::global_set: return set_global(insn);
    case Insn::i32_const: return push(constant(static_cast<std::uint32_t>(insn.value), Type::i32));
    case Insn::i64_const: return push(constant(insn.value, Type::i64));
    case Insn::f32_const: return push(constant(insn.value, Type::f32));
    case Insn::f64_const: return push(constant(insn.value, Type::f64));
    case Insn::ref_null: return push(constant(0, Type::ref));
    case Insn::ref_is_null: {
      const NodeId value = pop();
      return push(inner({.kind = NodeKind::numeric, .type = Type::i32, .op = Insn::i64_eqz},
                        std::span(&value, 1)));
    }
    default: break;
  }
  if (runtime_insn(insn)) return;
  if (insn.id >= Insn::i32_load && insn.id <= Insn::i64_load32_u) return load(insn);
  if (insn.id >= Insn::i32_store && insn.id <= Insn::i64_store32) return store(insn);
  numeric(insn);
}

}  // namespace tinywasm::vm::ir
