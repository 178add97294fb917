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

OperandClass immediate_class(Type type) {
  return type == Type::f64 ? OperandClass::imm8 : OperandClass::imm4;
}

/// A statement's trees while a cover is sought.
struct Emitter::Walk {
  static constexpr unsigned kMaxNodes = 32;
  struct Inner {
    NodeId id;
    int parent;  // index in `inner`, or -1
  };
  const Statement* s;
  std::uint16_t token;
  std::span<const NodeId> roots;
  std::array<Inner, kMaxNodes> inner{};  // inner nodes in preorder
  unsigned inner_count = 0;
  std::uint32_t mask = 0;  // those that are covered
  bool immediates = true;  // whether leaves may be immediate operands
  unsigned tries = 0;

  bool covers(NodeId id) const {
    for (unsigned i = 0; i < inner_count; ++i) {
      if (inner[i].id == id) return (mask >> i & 1) != 0;
    }
    return false;
  }
};

namespace {

bool is_store(const Statement* s) {
  return s != nullptr && (s->kind == StatementKind::store || s->kind == StatementKind::far_store);
}
bool is_far_store(const Statement* s) {
  return s != nullptr && s->kind == StatementKind::far_store;
}

}  // namespace

/// Lists the inner nodes below `id`. Trees are at most kMaxTree nodes large.
void Emitter::collect(Walk& walk, NodeId id, int parent) const {
  const Node& n = f_.nodes[id];
  if (n.is_leaf() || walk.inner_count == Walk::kMaxNodes) return;
  const auto self = static_cast<int>(walk.inner_count);
  walk.inner[walk.inner_count++] = {id, parent};
  for (unsigned i = 0; i < n.arity; ++i) collect(walk, n.child[i], self);
}

/// Whether a node is an immediate operand of the cover.
bool Emitter::is_immediate(const Walk& walk, const Node& n) {
  return n.kind == NodeKind::constant && walk.immediates && has_immediate(n);
}

void Emitter::add_key(const Walk& walk, Key& key, NodeId id) const {
  const Node& n = f_.nodes[id];
  if (is_immediate(walk, n)) {
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
    const bool covered = (walk.mask >> i & 1) != 0;
    covered_load |= covered && i != 0 && is_load(n);
    left_out_trap |= !covered && (n.effects & kTraps) != 0;
  }
  return !(covered_load && left_out_trap);
}

/// Tries the covers with `left` more inner nodes from index `from` on, parents before children.
const Shape* Emitter::search(Walk& walk, unsigned from, unsigned left) const {
  if (left == 0) {
    if (++walk.tries > kMaxTries || !keeps_order(walk)) return nullptr;
    for (int pass = 0; pass < 2; ++pass) {
      walk.immediates = pass == 0;
      Key key;
      if (walk.token != kNoToken) key.add(walk.token);
      if (is_store(walk.s)) key.add(walk.s->op);
      if (is_far_store(walk.s)) key.add(kFar);
      for (NodeId root : walk.roots) add_key(walk, key, root);
      if (const Shape* shape = dispatcher_.find(key)) return shape;
    }
    return nullptr;
  }
  for (unsigned i = from; i < walk.inner_count; ++i) {
    const int parent = walk.inner[i].parent;
    if (parent >= 0 && (walk.mask >> parent & 1) == 0) continue;
    walk.mask |= 1u << i;
    if (const Shape* shape = search(walk, i + 1, left - 1)) return shape;
    walk.mask &= ~(1u << i);
  }
  return nullptr;
}

/// Adds to a cover what it makes of the tree at `path`: operands in the order in which shapes count
/// them, traps in the order in which they happen.
void Emitter::describe(const Walk& walk, Cover& cover, Cover::NodePath path, NodeId id) const {
  using Source = Cover::Source;
  const Node& n = f_.nodes[id];
  const std::uint8_t self = cover.node_count;
  cover.nodes[cover.node_count++] = path;
  const auto add = [&](Source source, OperandClass cls) {
    cover.operands[cover.operand_count++] = {source, cls, self};
  };
  if (is_immediate(walk, n)) return add(Source::bits, immediate_class(n.type));
  if (n.kind == NodeKind::variable) return add(Source::variable, leaf_class(n.type));
  if (n.is_leaf() || !walk.covers(id)) {
    cover.before[cover.before_count++] = self;
    return add(Source::evaluated, leaf_class(n.type));
  }
  for (std::uint8_t i = 0; i < n.arity; ++i) describe(walk, cover, {self, i}, n.child[i]);
  if (n.kind == NodeKind::load || n.kind == NodeKind::global) {
    add(Source::bits, OperandClass::index4);
  } else if (n.kind == NodeKind::far_load) {
    add(Source::bits, OperandClass::imm8);
    add(Source::memory, OperandClass::index4);
  }
  const bool may_trap = n.kind == NodeKind::numeric && (n.effects & kTraps) != 0;
  if (is_load(n) || may_trap) cover.trapping[cover.trapping_count++] = self;
}

/// The largest cover of the statement's trees.
Cover Emitter::search_cover(std::uint16_t token, const Statement* s,
                            std::span<const NodeId> roots) const {
  Walk walk{.s = s, .token = token, .roots = roots};
  for (NodeId root : roots) collect(walk, root, -1);
  // A store is itself a node; elsewhere the root of the tree must be covered.
  const unsigned root = is_store(s) ? 0 : 1;
  const unsigned most = std::min<unsigned>(walk.inner_count, kMaxInner);
  Cover cover;
  for (unsigned n = most + 1; n-- > root && cover.shape == nullptr;) {
    walk.mask = root;
    walk.tries = 0;
    cover.shape = search(walk, root, n - root);
  }
  if (cover.shape == nullptr) return cover;
  for (unsigned i = 0; i < roots.size(); ++i) {
    describe(walk, cover, {Cover::kRoot, static_cast<std::uint8_t>(i)}, roots[i]);
    if (i != 0 || !is_store(s)) continue;
    if (is_far_store(s)) {
      cover.operands[cover.operand_count++] = {Cover::Source::store_offset, OperandClass::imm8, 0};
    }
    cover.operands[cover.operand_count++] = {Cover::Source::store_index, OperandClass::index4, 0};
  }
  return cover;
}

/// The cover of a statement's trees. It lasts until the next is asked for.
[[gnu::always_inline]] inline const Cover& Emitter::cover_of(std::uint16_t token,
                                                             const Statement* s,
                                                             std::span<const NodeId> roots) {
  const Form first = f_.nodes[roots[0]].form;
  const Form second = roots.size() > 1 ? f_.nodes[roots[1]].form : Forms::kNoChild;
  const bool has_key = first != kNoForm && second != kNoForm;
  const std::uint64_t head =
      is_store(s) ? 0x10000 | static_cast<unsigned>(s->op) << 1 | (is_far_store(s) ? 1u : 0u)
                  : token;
  const Covers::Key key = head << 32 | std::uint64_t{first} << 16 | second;
  const Cover* const found = has_key ? buffers_.covers.find(key) : nullptr;
  if (found != nullptr) [[likely]]
    return *found;
  const Cover cover = search_cover(token, s, roots);
  return has_key ? buffers_.covers.put(key, cover) : buffers_.covers.keep(cover);
}

/// What is to be known of a shape's word that was not written lately.
[[gnu::noinline]] const KnownWord& Emitter::learn_word(const Shape& shape, std::size_t index,
                                                       std::span<const Operand> operands) {
  std::uint8_t places[kMaxOperands];
  for (std::size_t i = 0; i < operands.size(); ++i) places[i] = operands[i].reg;
  return buffers_.known_words.add(shape, index, places);
}

/// Adds a shape's word. The handler is that of the operands' places. Inline, as all that every tree
/// goes through.
[[gnu::always_inline]] inline void Emitter::write_word(const Shape& shape,
                                                       std::span<const Operand> operands) {
  std::size_t index = 0;
  std::size_t i = 0;
  if (shape.narrow) index = operands[i++].reg == kInSlot ? 1 : 0;
  for (; i < operands.size(); ++i) {
    if (is_value(operands[i].cls)) index = index * kPlaces + operands[i].reg;
  }
  if (shape.count == 1) index = 0;  // the plain handlers of the loop dispatcher
  const KnownWord* known = buffers_.known_words.find(shape, index);
  if (known == nullptr) [[unlikely]]
    known = &learn_word(shape, index, operands);
  const OperandClass first = operands[0].cls;
  const bool is_back_edge = first == OperandClass::target8;
  auto* const word = reinterpret_cast<std::byte*>(&append<PlainWord>(
      known->handler, known->size, is_back_edge ? polling(known->name) : known->name));
  // Eight bytes of each: what is too much lies where the next operand or word will.
  for (std::size_t k = 0; k < known->stored_count; ++k) {
    const auto [operand, offset] = known->stored[k];
    std::memcpy(word + offset, &operands[operand].bits, CodeBuffer::kBeyond);
  }
  if (is_back_edge || first == OperandClass::target4) {
    end_block(false);
    branch_target(word_ + known->first_offset, word_, static_cast<Label>(operands[0].bits),
                  is_back_edge);
  }
}

void Emitter::write(const Shape& shape, std::span<const Operand> operands) {
  write_word(shape, operands);
}

/// Writes a statement: `own` is its own operand, or null, `roots` are its trees.
void Emitter::emit_tree(std::uint16_t token, const Operand* own, std::span<const NodeId> roots,
                        const Statement* s) {
  if (!is_store(s) && f_.nodes[roots[0]].is_leaf()) return emit_leaf(token, own, roots[0], s);
  const Cover& cover = cover_of(token, s, roots);
  if (cover.shape == nullptr) [[unlikely]] {
    // No shape has this root: evaluate it, then the statement takes a plain value.
    const Place value = into_place(roots[0]);
    emit_value(token, own, value, f_.nodes[roots[0]].type, s);
    return release(value);
  }
  if (cover.before_count == 0) return emit_cover(cover, own, roots, s);
  const Cover copy = cover;  // what is left out is covered first
  emit_cover(copy, own, roots, s);
}

/// Writes what a cover leaves out, then its word.
[[gnu::always_inline]] inline void Emitter::emit_cover(const Cover& cover, const Operand* own,
                                                       std::span<const NodeId> roots,
                                                       const Statement* s) {
  std::array<NodeId, Cover::kMaxNodes> nodes;
  for (unsigned i = 0; i < cover.node_count; ++i) {
    const auto [parent, child] = cover.nodes[i];
    nodes[i] = parent == Cover::kRoot ? roots[child] : f_.nodes[nodes[parent]].child[child];
  }
  Place places[Cover::kMaxNodes];  // of what the shape leaves out
  for (unsigned i = 0; i < cover.before_count; ++i) {
    places[cover.before[i]] = into_place(nodes[cover.before[i]]);
  }
  std::array<Operand, kMaxOperands> operands;
  std::size_t count = 0;
  if (own != nullptr) operands[count++] = *own;
  for (unsigned i = 0; i < cover.operand_count; ++i) {
    const Cover::Operand& o = cover.operands[i];
    operands[count++] = o.source == Cover::Source::evaluated
                            ? Operand(o.cls, places[o.node])
                            : operand_of(o, f_.nodes[nodes[o.node]], s);
  }
  // Narrow shapes have no handlers with other results than register 0 or a slot.
  const Type type = f_.nodes[roots[0]].type;
  Place result;
  const bool detour = cover.shape->narrow && own->place().in_register() && own->reg != 0;
  if (detour) {
    result = is_busy(0, is_float(type)) ? scratch_slot() : in_register(0, is_float(type));
    operands[0] = Operand(own->cls, result);
  }
  write_word(*cover.shape, std::span(operands.data(), count));
  if (s != nullptr && s->kind == StatementKind::branch) note(0, s->offset);
  std::uint32_t accesses = 0;
  for (unsigned i = 0; i < cover.trapping_count; ++i) {
    const Node& n = f_.nodes[nodes[cover.trapping[i]]];
    note(is_load(n) ? ++accesses : 0, n.offset);
  }
  if (is_store(s)) note(++accesses, s->offset);
  for (unsigned i = 0; i < cover.before_count; ++i) release(places[cover.before[i]]);
  if (!detour) return;
  copy(own->place(), result, type);
  if (!result.in_register()) release(result);
}

/// An operand of a cover; the node is not left out.
[[gnu::always_inline]] inline Emitter::Operand Emitter::operand_of(const Cover::Operand& o,
                                                                   const Node& node,
                                                                   const Statement* s) {
  switch (o.source) {
    case Cover::Source::variable:
    case Cover::Source::evaluated:
      return {o.cls, place_of(node)};
    case Cover::Source::bits:
      return {o.cls, node.value};
    case Cover::Source::memory:
      return {o.cls, std::uint64_t{node.index}};
    case Cover::Source::store_offset:
      return {o.cls, s->memory_offset};
    case Cover::Source::store_index:
      break;
  }
  return {o.cls, std::uint64_t{s->index}};
}

/// A statement whose only tree is a leaf.
void Emitter::emit_leaf(std::uint16_t token, const Operand* own, NodeId root, const Statement* s) {
  const Node& n = f_.nodes[root];
  if (n.kind == NodeKind::variable) return emit_value(token, own, place_of(n), n.type, s);
  if (token == kSet) return load_constant(own->place(), n);
  if (has_immediate(n)) {
    Key key;
    key.add(token);
    key.add(type_token(n.type));
    key.add(kImmediateLeaf);
    if (const Shape* shape = dispatcher_.find(key)) {
      const Operand operands[] = {own != nullptr ? *own : Operand{},
                                  {immediate_class(n.type), n.value}};
      return write(*shape, std::span(operands).subspan(own != nullptr ? 0 : 1));
    }
  }
  const Place value = into_place(root);
  emit_value(token, own, value, n.type, s);
  release(value);
}

/// A statement on a value that lies in `value`.
void Emitter::emit_value(std::uint16_t token, const Operand* own, Place value, Type type,
                         const Statement* s) {
  if (token == kSet) return copy(own->place(), value, type);
  const bool is_branch = s->kind == StatementKind::branch;
  Key key;
  if (is_branch) {
    key.add(f_.labels[s->label].is_loop ? kBranchIfBack : kBranchIf);
    key.add(s->sense ? Insn::i32_ne : Insn::i32_eq);
    key.add(kIntLeaf);
    key.add(kImmediateLeaf);
  } else {
    key.add(token);
    key.add(is_float(type) ? kCopyF64 : kCopy64);
    key.add(leaf_token(type));
  }
  const Operand operands[] = {own != nullptr ? *own : Operand{},
                              {leaf_class(type), value},
                              {OperandClass::imm4, std::uint64_t{0}}};
  const std::size_t first = own != nullptr ? 0 : 1;
  write(*dispatcher_.find(key), std::span(operands).subspan(first, (is_branch ? 3 : 2) - first));
  note(0, s->offset);
}

/// Evaluates a tree into a place.
void Emitter::evaluate(Place to, NodeId id) {
  const Operand result(leaf_class(f_.nodes[id].type), to);
  emit_tree(kSet, &result, std::span(&id, 1), nullptr);
}

void Emitter::copy(Place to, Place from, Type type) {
  if (to.reg == from.reg && (to.in_register() || to.slot == from.slot)) return;
  if (type == Type::v128) {
    auto& word = append<VectorWord>(dispatcher_.word(WordId::vector_copy));
    word.operand[0] = slot_number(from.slot, width(type));
    word.result = slot_number(to.slot, width(type));
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
  const Operand operands[] = {{leaf_class(type), to}, {leaf_class(type), from}};
  write(*dispatcher_.find(key), operands);
}

void Emitter::load_constant(Place to, const Node& constant) {
  const bool wide = !has_immediate(constant);
  Key key;
  key.add(kSet);
  key.add(type_token(constant.type));
  key.add(wide ? kWideImmediateLeaf : kImmediateLeaf);
  const Operand operands[] = {
      {leaf_class(constant.type), to},
      {wide ? OperandClass::imm8 : immediate_class(constant.type), constant.value}};
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
  const Place to = scratch_slot();
  evaluate(to, id);
  return to;
}

}  // namespace tinywasm::vm::ir
