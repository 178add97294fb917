// SPDX-License-Identifier: Apache-2.0
// What the translator works on: a function as a list of statements with expression trees. Variables
// are the slots of the frame: the locals, then one temporary for each height of the operand stack.
// A v128 is never part of a tree: it is a local, or the temporary that a statement has assigned.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/instruction.hpp"
#include "decoder/instructions.hpp"
#include "decoder/types.hpp"
#include "vm/dispatch.hpp"
#include "vm/forms.hpp"

namespace tinywasm::vm::ir {

using decoder::Insn;

enum class Type : std::uint8_t { i32, i64, f32, f64, ref, v128 };
/// A v128 takes two variables, of which the first names it.
constexpr std::uint32_t width(Type t) { return t == Type::v128 ? 2 : 1; }
constexpr bool is_float(Type t) { return t == Type::f32 || t == Type::f64; }
Type type_of(decoder::ValType type);
std::uint32_t slots_of(std::span<const decoder::ValType> types);

/// Whether translation is to end: everything that walks a function asks now and then.
struct Poll {
  const std::atomic<std::uint32_t>* interrupt = nullptr;  // null: never
  bool due() const {
    return interrupt != nullptr && interrupt->load(std::memory_order_relaxed) != 0;
  }
  /// The same in a walk over statements or words, at number `i`: looked at now and then.
  bool due_at(std::size_t i) const { return i % kPolled == 0 && due(); }

  /// Calls work(i) for each of `count` statements, as long as nothing is due; whether all were
  /// done.
  template <class Work>
  bool forwards(std::size_t count, Work work) const {
    for (std::size_t i = 0; i < count;) {
      if (due()) return false;
      for (const std::size_t end = std::min(count, i + kPolled); i < end; ++i) work(i);
    }
    return true;
  }
  template <class Work>
  bool backwards(std::size_t count, Work work) const {
    for (std::size_t i = count; i > 0;) {
      if (due()) return false;
      for (const std::size_t end = i - std::min(i, kPolled); i > end;) work(--i);
    }
    return true;
  }

 private:
  static constexpr std::size_t kPolled = 4096;
};

using NodeId = std::uint32_t;
using Variable = std::uint32_t;
using Label = std::uint32_t;
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

enum class NodeKind : std::uint8_t {
  variable,
  constant,
  upper,  // stands above a v128 on the operand stack, for its second slot
  numeric,
  load,
  far_load,
  global,
  select,
};

/// What keeps a tree from being evaluated later than where it stood.
enum Effect : std::uint8_t {
  kReadsMemory = 1,  // and may trap out of bounds
  kReadsGlobal = 2,
  kTraps = 4,  // division, truncation
};

struct Node {
  NodeKind kind = NodeKind::variable;
  Type type = Type::i32;
  std::uint8_t effects = 0;
  std::uint8_t size = 0;  // inner nodes of the tree
  std::uint8_t need = 0;  // scratch places its evaluation may take (Sethi and Ullman 1970)
  std::uint8_t arity = 0;
  Insn op{};
  std::uint32_t offset = 0;  // of the instruction in the module
  std::uint32_t top = 0;     // 1 + height of the highest temporary it reads, or 0
  NodeId child[3] = {kNone, kNone, kNone};
  Form form = kNoForm;
  std::uint16_t locals = 0;  // local_bit() of those it reads
  std::uint32_t index = 0;   // far_load: the memory
  std::uint64_t value = 0;   // the variable, the constant's bits, the memarg's offset, the global

  bool is_leaf() const { return kind <= NodeKind::upper; }
};

/// Tells most of the trees that read a local from those that do not.
constexpr std::uint16_t local_bit(Variable local) {
  return static_cast<std::uint16_t>(1u << local % 16);
}

/// Whether a node is a constant that can be an immediate operand of its type.
constexpr bool has_immediate(const Node& n) {
  if (n.kind != NodeKind::constant) return false;
  const auto value = static_cast<std::int64_t>(n.value);
  return (n.type != Type::i64 && n.type != Type::ref) || value == static_cast<std::int32_t>(value);
}

enum class StatementKind : std::uint8_t {
  set,         // variable = node[0]; without `sense` on one way of several, see move_to()
  set_result,  // slot `index` of the frame = node[0]: results of a function that has several
  move,        // `operand_count` slots from `operands` on to those from `index` on
  store,       // memory 0 [node[0] + index] = node[1]
  far_store,   // memory `index` [node[0] + memory_offset] = node[1]
  set_global,  // own global `index` = node[0]
  branch,      // to `label` if (node[0] != 0) == sense
  jump,
  br_table,  // node[0]; labels in operands
  label,
  call,  // function `index`; arguments in operands, or see in_slots()
  call_import,
  call_indirect,  // type `index`, table `index2`, node[0] the table index
  call_ref,       // type `index`, node[0] the function
  return_call,
  return_call_import,
  return_call_indirect,
  return_call_ref,
  throw_,     // an exception of tag `index`; its values in operands
  throw_ref,  // the exception node[0]
  ret,        // node[0]
  ret_void,
  unreachable,
  runtime,  // `word` with up to three nodes and immediates index, index2
  vector,   // VECTOR row `op` with up to three nodes; `index` a lane, `index2` a memory,
            // memory_offset; 128-bit immediates in operands
  object,   // `word` with immediates index, index2 on the slots from `operands` on
  wide,     // `word` with the nodes in operands; two results in consecutive temporaries
  atomic,   // `op` with up to three nodes on memory `index`, memory_offset
  fuel,     // charge `index`
  region,   // from here on exceptions go to region `index`; until here it was `index2`, which
            // ends here if `sense`
  landing,  // `label`, where an exception's handling begins
};

struct Statement {
  StatementKind kind{};
  std::uint8_t depth = 0;  // loops around it
  std::uint8_t nodes = 0;
  bool sense = true;
  Insn op{};      // store, vector
  WordId word{};  // runtime
  std::uint32_t offset = 0;
  Variable variable = kNone;  // what it assigns
  Type type = Type::i32;      // of the variable
  NodeId node[3] = {kNone, kNone, kNone};
  Label label = kNone;
  std::uint32_t index = 0;
  std::uint32_t index2 = 0;
  std::uint32_t operands = 0;  // first of operand_count in Function::operands
  std::uint32_t operand_count = 0;
  std::uint32_t results = 0;  // calls: how many slots; more than one come back in the callee's
  std::uint64_t memory_offset = 0;  // far_store, vector
  std::uint32_t last_use = 0;       // set by allocation: statement that last uses a temporary

  /// Its operands are no nodes, but the slots from `operands` on.
  bool in_slots() const;
};

/// So many values of a block, a branch or a call are handled one by one. More of them are put into
/// the slots of their temporaries, once, and moved all together: code and the memory to make it
/// stay linear in the size of a body whose every instruction may name a thousand values.
inline constexpr std::uint32_t kFewValues = 2;

constexpr bool is_call(StatementKind k) {
  return k >= StatementKind::call && k <= StatementKind::call_ref;
}
/// The callee is a value: node[0].
constexpr bool is_indirect(StatementKind k) {
  return k == StatementKind::call_indirect || k == StatementKind::call_ref ||
         k == StatementKind::return_call_indirect || k == StatementKind::return_call_ref;
}
constexpr bool is_throw(StatementKind k) {
  return k == StatementKind::throw_ || k == StatementKind::throw_ref;
}
/// An exception may leave it.
constexpr bool may_throw(StatementKind k) { return is_call(k) || is_throw(k); }
constexpr bool is_return_call(StatementKind k) {
  return k >= StatementKind::return_call && k <= StatementKind::return_call_ref;
}
/// Of these `sense` says that the operands are nodes.
constexpr bool has_arguments(StatementKind k) {
  return k >= StatementKind::call && k <= StatementKind::throw_;
}

inline bool Statement::in_slots() const {
  return kind == StatementKind::move || kind == StatementKind::object ||
         (has_arguments(kind) && !sense);
}

/// Control may come in or leave.
constexpr bool is_boundary(StatementKind k) {
  return k == StatementKind::branch || k == StatementKind::jump || k == StatementKind::br_table ||
         k == StatementKind::label || k == StatementKind::landing;
}

struct LabelInfo {
  bool is_loop = false;
  std::uint32_t uses = 0;
  // A branch to it brings values in this many temporaries from a height of the operand stack on.
  std::uint32_t height = 0;
  std::uint32_t values = 0;
};

/// A clause of a try_table, or of a legacy try.
struct Handler {
  decoder::Catch::Kind kind{};
  std::uint32_t tag = 0;
  Label landing = kNone;
  Variable values = kNone;     // the first temporary for the exception's values
  Variable exception = kNone;  // the temporary for the exception itself, if `kind` wants it
  std::uint32_t next = kNone;  // of the same region
};

/// Code whose exceptions go to the same handlers: the body of a try_table or legacy try.
struct Region {
  std::uint32_t parent = kNone;  // where they go when no handler takes them; kNone: to the caller
  std::uint32_t first = kNone;   // handlers, in their order
  std::uint32_t last = kNone;
};

/// Reused from function to function.
struct Function {
  std::vector<Node> nodes;
  std::vector<Statement> statements;
  std::vector<std::uint32_t> operands;  // arguments (nodes), br_table labels
  std::vector<LabelInfo> labels;
  std::vector<Handler> handlers;
  std::vector<Region> regions;
  // Of locals, by variable.
  std::vector<Type> local_types;
  std::vector<std::uint32_t> weight;     // uses, times 8 for each loop around
  std::vector<std::uint8_t> needs_zero;  // of those that are no parameters: whether
  std::vector<std::uint8_t> written;     // whether
  // Numbers of slots.
  std::uint32_t parameters = 0;
  std::uint32_t locals = 0;         // parameters included
  std::uint32_t max_height = 0;     // of the operand stack
  std::uint32_t max_need = 0;       // scratch slots
  std::uint32_t max_arguments = 0;  // slots of outgoing calls, arguments and results
  std::uint32_t results = 0;
  std::uint32_t offset = 0;  // of the body in the module

  bool is_local(Variable v) const { return v < locals; }
  /// Whether there are so few parts that their numbers hold, and will after some more of the body.
  bool is_in_limits() const {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    return nodes.size() < kMost && statements.size() < kMost && operands.size() < kMost &&
           labels.size() < kMost && handlers.size() < kMost && regions.size() < kMost;
  }
  void clear();
};

}  // namespace tinywasm::vm::ir
