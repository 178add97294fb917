// SPDX-License-Identifier: Apache-2.0
// Nodes are made for nearly every instruction: here, so that what calls these takes them in. Part
// of ir_builder.hpp.
#pragma once

#include <algorithm>

#include "vm/ir_builder.hpp"

namespace tinywasm::vm::ir {

/// Trees grow to this many inner nodes; larger ones are cut so that translation stays linear.
inline constexpr unsigned kMaxTree = 8;

/// Adds a leaf.
inline NodeId Builder::add(const Node& node) {
  Node& added = f_.nodes.emplace_back(node);
  added.offset = offset_;
  added.form = form_of_leaf(added);
  return static_cast<NodeId>(f_.nodes.size() - 1);
}

inline Form Builder::form_of_leaf(const Node& n) {
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

/// The leaves of a local are all the same.
inline NodeId Builder::leaf(Variable variable, Type type) {
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

inline NodeId Builder::constant(std::uint64_t bits, Type type) {
  return add({.kind = NodeKind::constant, .type = type, .value = bits});
}

/// A node over children that were on top of the stack, in order or, of two, in reverse.
template <std::size_t N>
NodeId Builder::inner(Node node, std::array<NodeId, N> children, bool reversed) {
  unsigned size = 1;
  for (const NodeId child : children) size += at(child).size;
  if (size > kMaxTree || !options_.fuse) [[unlikely]] {
    size = 1;
    for (unsigned i = 0; i < N; ++i) {
      evaluate(children[i], height() + (reversed ? 1 - i : i));
    }
  }
  unsigned need = N;
  Form forms[3] = {Forms::kNoChild, Forms::kNoChild, Forms::kNoChild};
  for (unsigned i = 0; i < N; ++i) {
    const Node& c = at(children[i]);
    node.child[i] = children[i];
    forms[i] = c.form;
    node.effects |= c.effects;
    node.locals |= c.locals;
    node.top = std::max(node.top, c.top);
    // A leaf may still take a scratch place: a constant that has no immediate form.
    need = std::max(need, i + std::max<unsigned>(c.need, 1));
  }
  node.size = static_cast<std::uint8_t>(size);
  node.arity = N;
  node.need = static_cast<std::uint8_t>(need);
  node.offset = offset_;
  node.form = forms_.of(token_of(node), forms[0], forms[1], forms[2]);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, need + 1);
  auto id = static_cast<NodeId>(f_.nodes.size());
  f_.nodes.push_back(node);
  if (!options_.fuse) [[unlikely]]
    evaluate(id, height());
  return id;
}

}  // namespace tinywasm::vm::ir
