// SPDX-License-Identifier: Apache-2.0
// Covering expression trees with shapes.
//
// A shape covers the root of a tree and some inner nodes below it; what it leaves out is evaluated
// first, into scratch places. The largest cover that exists is taken.
#include <algorithm>
#include <bit>
#include <cstring>

#include "vm/emitter.hpp"

namespace tinywasm::vm::ir {
namespace {

/// Shapes with more inner nodes than this are not looked for.
constexpr unsigned kMaxInner = 4;
/// Covers of one size tried for one statement.
constexpr unsigned kMaxTries = 48;

bool is_load(const Node& n) { return n.kind == NodeKind::load || n.kind == NodeKind::far_load; }

Token leaf_token(Type type) { return is_float(type) ? kFloatLeaf : kIntLeaf; }
OperandClass leaf_class(Type type) {
  return is_float(type) ? OperandClass::float_value : OperandClass::int_value;
}
/// The token of a value type, for nodes that exist once a type.
Token type_token(Type type) {
  switch (type) {
    case Type::i32:
      return kCopy32;
    case Type::f32:
      return kCopyF32;
    case Type::f64:
      return kCopyF64;
    default:
      return kCopy64;
  }
}

}  // namespace

bool has_immediate(const Node& n) {
  if (n.kind != NodeKind::constant) return false;
  const auto value = static_cast<std::int64_t>(n.value);
  return (n.type != Type::i64 && n.type != Type::ref) || value == static_cast<std::int32_t>(value);
}

OperandClass immediate_class(Type type) {
  return type == Type::f64 ? OperandClass::imm8 : OperandClass::imm4;
}

/// A statement's trees while a cover is sought and written. Fixed arrays: there is one for every
/// statement, and trees are small.
struct Emitter::Walk {
  static constexpr unsigned kMaxNodes = 32;
  struct Inner {
    NodeId id;
    int parent;  // index in `inner`, or -1
  };
  std::array<Inner, kMaxNodes> inner;  // inner nodes in preorder
  unsigned inner_count = 0;
  Cover cover;
  TreeKey key;
  std::array<std::pair<NodeId, Place>, kMaxOperands> places;  // of operands evaluated before
  unsigned place_count = 0;
  std::array<Operand, kMaxOperands> operands;
  unsigned operand_count = 0;
  unsigned tries = 0;

  bool covers(NodeId id) const {
    for (unsigned i = 0; i < inner_count; ++i) {
      if (inner[i].id == id) return (cover.mask >> i & 1) != 0;
    }
    return false;
  }
  void add(const Operand& operand) { operands[operand_count++] = operand; }
};

/// What a node is to the search: all that add_key(), keeps_order() and describe() ask of it.
unsigned Emitter::token_of(const Node& n) {
  if (n.is_leaf()) {
    const unsigned type = is_float(n.type) ? 1 : 0;
    const unsigned constant = n.kind != NodeKind::constant ? 0 : has_immediate(n) ? 2 : 4;
    return 0x8000 | constant | type;
  }
  const unsigned kind = n.kind == NodeKind::load       ? 1
                        : n.kind == NodeKind::far_load ? 2
                        : n.kind == NodeKind::numeric  ? 0
                                                       : 3 + static_cast<unsigned>(n.type);
  const unsigned traps = (n.effects & kTraps) != 0 ? 1 : 0;
  return static_cast<unsigned>(n.op) << 5 | kind << 1 | traps;
}

/// Lists the inner nodes below `id` and adds to the key. Trees are at most kMaxTree nodes large.
void Emitter::collect(Walk& walk, NodeId id, int parent) {
  const Node& n = f_.nodes[id];
  walk.key.add(token_of(n));
  if (n.is_leaf() || walk.inner_count == Walk::kMaxNodes) return;
  const auto self = static_cast<int>(walk.inner_count);
  walk.inner[walk.inner_count++] = {id, parent};
  for (unsigned i = 0; i < n.arity; ++i) collect(walk, n.child[i], self);
}

void Emitter::add_key(const Walk& walk, Key& key, NodeId id) const {
  const Node& n = f_.nodes[id];
  if (n.kind == NodeKind::constant && walk.cover.immediates && has_immediate(n)) {
    key.add(kImmediateLeaf);
  } else if (n.is_leaf() || !walk.covers(id)) {
    key.add(leaf_token(n.type));
  } else {
    key.add(n.op);
    if (n.kind == NodeKind::far_load) key.add(kFar);
    if (n.kind == NodeKind::select || n.kind == NodeKind::global) key.add(type_token(n.type));
    for (unsigned i = 0; i < n.arity; ++i) add_key(walk, key, n.child[i]);
  }
}

/// A covered load would run after what is evaluated before: its trap must not change places with
/// another kind of trap.
bool Emitter::keeps_order(const Walk& walk) const {
  bool covered_load = false;
  bool left_out_trap = false;
  for (unsigned i = 0; i < walk.inner_count; ++i) {
    const Node& n = f_.nodes[walk.inner[i].id];
    const bool covered = (walk.cover.mask >> i & 1) != 0;
    covered_load |= covered && i != 0 && is_load(n);
    left_out_trap |= !covered && (n.effects & kTraps) != 0;
  }
  return !(covered_load && left_out_trap);
}

/// Tries the covers with `left` more inner nodes from index `from` on, parents before children.
const Shape* Emitter::search(Walk& walk, const Search& search_for, unsigned from, unsigned left) {
  if (left == 0) {
    if (++walk.tries > kMaxTries || !keeps_order(walk)) return nullptr;
    for (int pass = 0; pass < 2; ++pass) {
      walk.cover.immediates = pass == 0;
      Key key;
      if (search_for.token != kNoToken) key.add(search_for.token);
      if (search_for.store) key.add(search_for.op);
      if (search_for.far) key.add(kFar);
      for (NodeId root : search_for.roots) add_key(walk, key, root);
      if (const Shape* shape = dispatcher_.find(key)) return shape;
    }
    return nullptr;
  }
  for (unsigned i = from; i < walk.inner_count; ++i) {
    const int parent = walk.inner[i].parent;
    if (parent >= 0 && (walk.cover.mask >> parent & 1) == 0) continue;
    walk.cover.mask |= 1u << i;
    if (const Shape* shape = search(walk, search_for, i + 1, left - 1)) return shape;
    walk.cover.mask &= ~(1u << i);
  }
  return nullptr;
}

/// Notes what need not be done for this cover.
void Emitter::describe(Walk& walk, std::span<const NodeId> roots) const {
  walk.cover.is_whole = (std::uint64_t{1} << walk.inner_count) - 1 == walk.cover.mask;
  for (unsigned i = 0; i < walk.inner_count; ++i) {
    const Node& n = f_.nodes[walk.inner[i].id];
    walk.cover.is_noted |= is_load(n) || (n.effects & kTraps) != 0;
    for (unsigned k = 0; k < n.arity; ++k) walk.cover.is_whole &= is_operand(walk, n.child[k]);
  }
  for (NodeId root : roots) walk.cover.is_whole &= is_operand(walk, root);
}

/// Whether a leaf is an operand as it is; inner nodes are another matter.
bool Emitter::is_operand(const Walk& walk, NodeId id) const {
  const Node& n = f_.nodes[id];
  return n.kind != NodeKind::constant || (walk.cover.immediates && has_immediate(n));
}

/// The largest cover of the statement's trees.
void Emitter::find_cover(Walk& walk, const Search& search_for) {
  const bool has_key = walk.key.is_whole();
  if (const Cover* found = has_key ? buffers_.covers.find(walk.key) : nullptr) {
    walk.cover = *found;
    return;
  }
  // A store is itself a node; elsewhere the root of the tree must be covered.
  const unsigned root = search_for.store ? 0 : 1;
  const unsigned most = std::min<unsigned>(walk.inner_count, kMaxInner);
  for (unsigned n = most + 1; n-- > root && walk.cover.shape == nullptr;) {
    walk.cover.mask = root;
    walk.tries = 0;
    walk.cover.shape = search(walk, search_for, root, n - root);
  }
  describe(walk, search_for.roots);
  if (has_key) buffers_.covers.put(walk.key, walk.cover);
}

/// Evaluates, in order, what the shape leaves out.
void Emitter::prepare(Walk& walk, NodeId id) {
  const Node& n = f_.nodes[id];
  if (n.kind == NodeKind::variable) return;
  if (n.kind == NodeKind::constant) {
    if (!(walk.cover.immediates && has_immediate(n)))
      walk.places[walk.place_count++] = {id, into_place(id)};
  } else if (walk.covers(id)) {
    for (unsigned i = 0; i < n.arity; ++i) prepare(walk, n.child[i]);
  } else {
    walk.places[walk.place_count++] = {id, into_place(id)};
  }
}

/// The operands of a tree in the order in which shapes count them.
void Emitter::operands_of(Walk& walk, NodeId id) {
  const Node& n = f_.nodes[id];
  if (n.kind == NodeKind::constant && walk.cover.immediates && has_immediate(n)) {
    walk.add({immediate_class(n.type), {}, n.value});
    return;
  }
  if (n.is_leaf() || !walk.covers(id)) {
    const auto end = walk.places.begin() + walk.place_count;
    const auto at = std::find_if(walk.places.begin(), end,
                                 [id](const auto& entry) { return entry.first == id; });
    walk.add({leaf_class(n.type), at != end ? at->second : place_of(n), 0});
    return;
  }
  for (unsigned i = 0; i < n.arity; ++i) operands_of(walk, n.child[i]);
  if (n.kind == NodeKind::load || n.kind == NodeKind::global) {
    walk.add({OperandClass::index4, {}, n.value});
  } else if (n.kind == NodeKind::far_load) {
    walk.add({OperandClass::imm8, {}, n.value});
    walk.add({OperandClass::index4, {}, n.index});
  }
}

/// Notes where the memory accesses and the trap of a covered tree come from, in their order.
void Emitter::note_tree(const Walk& walk, NodeId id, std::uint32_t& ordinal) {
  const Node& n = f_.nodes[id];
  if (n.is_leaf() || !walk.covers(id)) return;
  for (unsigned i = 0; i < n.arity; ++i) note_tree(walk, n.child[i], ordinal);
  if (is_load(n)) note(++ordinal, n.offset);
  if (n.kind == NodeKind::numeric && (n.effects & kTraps) != 0) note(0, n.offset);
}

void Emitter::write(const Shape& shape, std::span<const Operand> operands) {
  std::uint8_t places[kMaxOperands];
  std::size_t index = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    places[i] = operands[i].place.reg;
    if (!is_value(operands[i].cls)) continue;
    const bool in_slot = places[i] == kInSlot;
    if (shape.narrow && i == 0) {
      index = index * 2 + (in_slot ? 1 : 0);
    } else {
      index = index * kPlaces + places[i];
    }
  }
  if (shape.count == 1) index = 0;  // the plain handlers of the loop dispatcher
  const Layout& layout = buffers_.layouts.find(shape, index, places);
  append<PlainWord>(Dispatcher::at(shape.handlers, index), layout.size, name_of(shape.key, index));
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Operand& operand = operands[i];
    const auto at = static_cast<std::uint32_t>(word_ + layout.offset[i]);
    switch (operand.cls) {
      case OperandClass::int_value:
      case OperandClass::float_value:
        if (!operand.place.in_register()) std::memcpy(code_.data() + at, &operand.place.slot, 2);
        break;
      case OperandClass::imm4:
      case OperandClass::index4:
        std::memcpy(code_.data() + at, &operand.bits, 4);
        break;
      case OperandClass::imm8:
        std::memcpy(code_.data() + at, &operand.bits, 8);
        break;
      case OperandClass::target4:
      case OperandClass::target8:
        end_block(false);
        branch_target(at, word_, static_cast<Label>(operand.bits),
                      operand.cls == OperandClass::target8);
    }
  }
}

/// Writes a statement: `first` are its own operands, `roots` its trees.
void Emitter::emit_tree(std::uint16_t token, std::span<const Operand> first,
                        std::span<const NodeId> roots, const Statement* s) {
  const bool is_far = s != nullptr && s->kind == StatementKind::far_store;
  const bool is_store = is_far || (s != nullptr && s->kind == StatementKind::store);
  if (!is_store && f_.nodes[roots[0]].is_leaf()) return emit_leaf(token, first, roots[0], s);
  Walk walk;
  walk.key.add(token);
  if (is_store) walk.key.add(static_cast<unsigned>(s->op) << 1 | (is_far ? 1 : 0));
  for (NodeId root : roots) collect(walk, root, -1);
  find_cover(walk, {token, is_store, is_far, is_store ? s->op : Insn{}, roots});
  const Shape* shape = walk.cover.shape;
  if (shape == nullptr) {
    // No shape has this root: evaluate it, then the statement takes a plain value.
    const Place value = into_place(roots[0]);
    emit_value(token, first, value, f_.nodes[roots[0]].type, s);
    return release(value);
  }
  if (!walk.cover.is_whole) {
    for (NodeId root : roots) prepare(walk, root);
  }
  for (const Operand& operand : first) walk.add(operand);
  if (is_store) {
    operands_of(walk, roots[0]);
    if (is_far) walk.add({OperandClass::imm8, {}, s->memory_offset});
    walk.add({OperandClass::index4, {}, s->index});
    operands_of(walk, roots[1]);
  } else {
    operands_of(walk, roots[0]);
  }
  // Narrow shapes have no handlers with other results than register 0 or a slot.
  Place result;
  const bool detour = shape->narrow && first[0].place.in_register() && first[0].place.reg != 0;
  const Type type = f_.nodes[roots[0]].type;
  if (detour) {
    result = is_busy(0, is_float(type)) ? slot(scratch_begin_ + f_.max_need - 1)
                                        : in_register(0, is_float(type));
    walk.operands[0].place = result;
  }
  write(*shape, std::span(walk.operands.data(), walk.operand_count));
  std::uint32_t ordinal = 0;
  if (s != nullptr && s->kind == StatementKind::branch) note(0, s->offset);
  if (walk.cover.is_noted) note_tree(walk, roots[is_store ? 1 : 0], ordinal);
  if (is_store) note(++ordinal, s->offset);
  for (unsigned i = 0; i < walk.place_count; ++i) release(walk.places[i].second);
  if (detour) copy(first[0].place, result, type);
}

/// A statement whose only tree is a leaf.
void Emitter::emit_leaf(std::uint16_t token, std::span<const Operand> first, NodeId root,
                        const Statement* s) {
  const Node& n = f_.nodes[root];
  if (n.kind == NodeKind::variable) return emit_value(token, first, place_of(n), n.type, s);
  if (token == kSet) return load_constant(first[0].place, n);
  if (has_immediate(n)) {
    Key key;
    key.add(token);
    key.add(type_token(n.type));
    key.add(kImmediateLeaf);
    if (const Shape* shape = dispatcher_.find(key)) {
      Walk walk;
      for (const Operand& operand : first) walk.add(operand);
      walk.add({immediate_class(n.type), {}, n.value});
      return write(*shape, std::span(walk.operands.data(), walk.operand_count));
    }
  }
  const Place value = into_place(root);
  emit_value(token, first, value, n.type, s);
  release(value);
}

/// A statement on a value that lies in `value`.
void Emitter::emit_value(std::uint16_t token, std::span<const Operand> first, Place value,
                         Type type, const Statement* s) {
  if (token == kSet) return copy(first[0].place, value, type);
  Walk walk;
  for (const Operand& operand : first) walk.add(operand);
  walk.add({leaf_class(type), value, 0});
  Key key;
  if (s->kind == StatementKind::branch) {
    key.add(f_.labels[s->label].is_loop ? kBranchIfBack : kBranchIf);
    key.add(s->sense ? Insn::i32_ne : Insn::i32_eq);
    key.add(kIntLeaf);
    key.add(kImmediateLeaf);
    walk.add({OperandClass::imm4, {}, 0});
  } else {
    key.add(token);
    key.add(is_float(type) ? kCopyF64 : kCopy64);
    key.add(leaf_token(type));
  }
  write(*dispatcher_.find(key), std::span(walk.operands.data(), walk.operand_count));
  note(0, s->offset);
}

/// Evaluates a tree into a place.
void Emitter::evaluate(Place to, NodeId id) {
  const Operand result{leaf_class(f_.nodes[id].type), to, 0};
  emit_tree(kSet, std::span(&result, 1), std::span(&id, 1), nullptr);
}

void Emitter::copy(Place to, Place from, Type type) {
  if (to.reg == from.reg && (to.in_register() || to.slot == from.slot)) return;
  if (type == Type::v128) {
    auto& word = append<VectorWord>(dispatcher_.word(WordId::vector_copy));
    word.operand[0] = from.slot;
    word.result = to.slot;
    return;
  }
  Key key;
  key.add(kSet);
  key.add(is_float(type) ? kCopyF64 : kCopy64);
  key.add(leaf_token(type));
  if (dispatcher_.plain && from.in_register()) {
    // Only a call's result is ever in a register here.
    const WordId id = is_float(type) ? WordId::take_float : WordId::take_int;
    append<SlotsWord>(dispatcher_.word(id)).slot[0] = to.slot;
    return;
  }
  const Operand operands[] = {{leaf_class(type), to, 0}, {leaf_class(type), from, 0}};
  write(*dispatcher_.find(key), operands);
}

void Emitter::load_constant(Place to, const Node& constant) {
  const bool wide = !has_immediate(constant);
  Key key;
  key.add(kSet);
  key.add(type_token(constant.type));
  key.add(wide ? kWideImmediateLeaf : kImmediateLeaf);
  const Operand operands[] = {
      {leaf_class(constant.type), to, 0},
      {wide ? OperandClass::imm8 : immediate_class(constant.type), {}, constant.value}};
  write(*dispatcher_.find(key), operands);
}

/// A place that holds the value of a tree; release() it after use.
Emitter::Place Emitter::into_place(NodeId id) {
  const Node& n = f_.nodes[id];
  if (n.kind == NodeKind::variable) return place_of(n);
  // The tree's own scratch places are free again when its value is written.
  const Place to = scratch(is_float(n.type));
  evaluate(to, id);
  return to;
}

Emitter::Place Emitter::into_slot(NodeId id) {
  const Node& n = f_.nodes[id];
  if (n.kind == NodeKind::variable) {
    const Place place = place_of(n);
    if (!place.in_register()) return place;
  }
  const auto free = static_cast<unsigned>(std::countr_one(scratch_slots_));
  scratch_slots_ |= 1u << free;
  const Place to = slot(scratch_begin_ + free);
  evaluate(to, id);
  return to;
}

}  // namespace tinywasm::vm::ir
