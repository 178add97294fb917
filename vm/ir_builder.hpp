// SPDX-License-Identifier: Apache-2.0
// A sink of the validator that turns a body into statements and expression trees.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>
#include <vector>

#include "decoder/instruction.hpp"
#include "decoder/module.hpp"
#include "vm/heap_types.hpp"
#include "vm/interpreter.hpp"
#include "vm/ir.hpp"
#include "vm/used_locals.hpp"

namespace tinywasm::vm::ir {

/// Operands stay on an abstract stack as trees until something forces them into their temporary:
/// an effect that must come after them, a change of a local they read, or a control boundary.
class Builder {
 public:
  /// `used`: the only locals that count, beside the parameters (used_locals.hpp); null: all.
  Builder(const decoder::Module& module, std::uint32_t function_index, const CodeOptions& options,
          const std::vector<UsedLocal>* used, Function& function, Forms& forms, const Poll& poll);

  bool wants_all_locals() const { return used_locals_ == nullptr; }
  /// False: the walk is to end. Asked after every few kilobytes of the body.
  bool go_on() const { return f_.is_in_limits() && !poll_.due(); }
  void begin(std::span<const decoder::ValType> locals);
  void block(const decoder::Instruction& insn, const decoder::BlockSignature& signature);
  void else_(const decoder::Instruction& insn, bool reachable);
  void catch_(const decoder::Instruction& insn, std::span<const decoder::ValType> params,
              bool reachable);
  void end(const decoder::Instruction& insn, bool reachable);
  void insn(const decoder::Instruction& insn);

 private:
  /// So many entries of the operand stack may be pending: what looks at them stays linear.
  static constexpr std::uint32_t kMaxPending = 64;
  static constexpr std::uint32_t kSlotsPerFuel = 64;
  /// Entries without a node: kUnnamed + Type, and the second slot of a v128.
  static constexpr NodeId kUnnamed = 0xffff'fff0;
  static constexpr NodeId kUnnamedUpper = kUnnamed + 8;

  struct Control {
    Insn kind{};
    Label label = kNone;           // where a branch to it goes
    Label else_label = kNone;      // if: where a false condition goes
    std::uint32_t height = 0;      // of the stack below its parameters
    std::uint32_t placed = 0;      // what placed_ was outside
    std::uint32_t block = 0;       // number of the block, for first assignments of locals
    std::uint32_t fuel = kNone;    // statement that charges: the innermost loop's or the function's
    std::uint32_t region = kNone;  // where exceptions of its current part go
    std::uint32_t handler = kNone;  // of the current clause of a legacy try
    std::uint32_t handles = kNone;  // the region whose exceptions such clauses handle
    std::uint32_t landings = 0;     // try_table: its first in landings_
    std::span<const decoder::ValType> params{};
    std::span<const decoder::ValType> results{};
    std::uint32_t param_slots = 0;
    std::uint32_t result_slots = 0;
  };

  // Nodes.
  NodeId add(const Node& node);
  NodeId leaf(Variable variable, Type type);
  NodeId constant(std::uint64_t bits, Type type);
  template <std::size_t N>
  NodeId inner(Node node, std::array<NodeId, N> children, bool reversed = false);
  Node& at(NodeId id) { return f_.nodes[id]; }
  static Form form_of_leaf(const Node& node);
  static std::uint16_t token_of(const Node& node);
  bool negate(NodeId id);

  // The operand stack.
  void push(NodeId id) {
    const Node& n = at(id);
    const bool is_plain = n.top <= height_ + 1 && n.type != Type::v128 && (n.effects & kTraps) == 0;
    if (!is_plain || height_ >= stack_.size() || height_ - settled_ >= kMaxPending) [[unlikely]]
      return push_slowly(id);
    stack_[height_++] = id;
    f_.max_height = std::max(f_.max_height, height_);
  }
  void push_slowly(NodeId id);
  NodeId pop() {
    if (is_unnamed(stack_[height_ - 1])) [[unlikely]]
      name(height_ - 1);
    if (at(stack_[--height_]).kind == NodeKind::upper) --height_;
    cut_marks();
    return stack_[height_];
  }
  void drop_to(std::uint32_t height);
  /// What is remembered of entries does not reach beyond the top.
  void cut_marks() {
    if (above_ >= height_) above_ = kNone;
    settled_ = std::min(settled_, height_);
    clean_ = std::min(clean_, height_);
    if (trapping_ >= height_) trapping_ = kNone;
  }
  std::uint32_t height() const { return height_; }
  /// An entry that is in its temporary and has no node: of many values that came at once. The
  /// entry holds its type.
  static bool is_unnamed(NodeId id) { return id >= kUnnamed; }
  static NodeId unnamed(Type type) { return kUnnamed + static_cast<NodeId>(type); }
  void name(std::uint32_t position);
  void name_top(std::uint32_t slots);
  bool is_upper(std::uint32_t position) const {
    const NodeId id = stack_[position];
    return id == kUnnamedUpper || (!is_unnamed(id) && f_.nodes[id].kind == NodeKind::upper);
  }
  Variable temporary(std::uint32_t height) const { return f_.locals + height; }
  bool reads(NodeId id, Variable local) const;
  void force(std::uint32_t position);
  void place(std::uint32_t position);
  void evaluate(NodeId& id, std::uint32_t position);
  void flush_effects();
  void flush_effects_below(std::uint32_t position);
  void keep_trap_order(std::uint8_t effects, std::uint32_t position);
  void settle();
  void place_all();
  void place_values(std::uint32_t slots);
  void raise_settled(std::uint32_t height);
  void preserve(Variable local);
  void preserve_temporary(std::uint32_t position);

  // Statements.
  Statement& emit(StatementKind kind);
  Statement& set(Variable variable, NodeId value);
  void consume(Statement& statement, NodeId id);
  void emit_label(Label label);
  Label new_label(bool is_loop, std::uint32_t height = 0, std::uint32_t values = 0);

  // Locals.
  Variable local(std::uint32_t index) const {
    if (local_slots_.empty()) return index;
    return used_locals_ == nullptr ? local_slots_[index] : used_local(index);
  }
  Variable used_local(std::uint32_t index) const;
  void add_local(decoder::ValType type);
  void lay_out_locals(std::span<const decoder::ValType> locals);

  // Control.
  Control& target(std::uint32_t depth) { return control_[control_.size() - 1 - depth]; }
  std::span<const decoder::ValType> label_types(const Control& c) const {
    return c.kind == Insn::loop ? c.params : c.results;
  }
  std::uint32_t label_slots(const Control& c) const {
    return c.kind == Insn::loop ? c.param_slots : c.result_slots;
  }
  void place_results(std::uint32_t slots);
  void move_to(const Control& c, std::uint32_t slots);
  void move(std::uint32_t from, std::uint32_t to, std::uint32_t slots);
  void push_temporaries(std::span<const decoder::ValType> types);
  void push_unnamed(std::span<const decoder::ValType> types);
  void branch(Label label, NodeId condition, bool sense);
  void jump(Label label);
  void br_if(std::uint32_t depth, NodeId condition, bool sense);
  void br_table(std::span<const std::uint32_t> depths);
  void return_values();
  /// Counts an instruction for the fuel statement of the innermost loop or the function.
  void charge() {
    if (options_.fuel) [[unlikely]]
      ++f_.statements[control_.back().fuel].index;
  }
  /// The same for slots that an instruction copies or clears: many of them take as long as many
  /// instructions.
  void charge_slots(std::uint32_t slots) {
    if (options_.fuel) f_.statements[control_.back().fuel].index += slots / kSlotsPerFuel;
  }
  void charge_zeros();
  void new_block(Control& c);

  // Exceptions (ir_builder_exceptions.cpp).
  void begin_region(Control& c);
  void end_region(std::uint32_t region, std::uint32_t outer);
  std::uint32_t add_handler(std::uint32_t region, const Handler& handler);
  void begin_try_table(const decoder::Instruction& insn, Control& c);
  void end_try_table(const Control& c, bool reachable);
  void leave_part(Control& c, bool reachable);
  void end_try(const decoder::Instruction& insn, const Control& c);
  void rethrow(std::uint32_t depth);
  void throw_ref();

  // Instructions.
  void numeric(const decoder::Instruction& insn);
  void load(const decoder::Instruction& insn);
  void store(const decoder::Instruction& insn);
  // Memories and tables (ir_builder_memory.cpp).
  bool is_far(const decoder::Instruction& insn) const;
  Type memory_address(std::uint32_t memory) const;
  Type table_address(std::uint32_t table) const;
  void far_load(const decoder::Instruction& insn, Type type);
  void far_store(const decoder::Instruction& insn);
  void atomic_insn(const decoder::Instruction& insn);  // ir_builder_atomic.cpp
  // Wide arithmetic (ir_builder_wide.cpp).
  void wide(WordId word, const decoder::Instruction& insn);
  bool wide_insn(const decoder::Instruction& insn);
  void select();
  void drop();
  void assign_local(Variable local, bool keep);
  void get_global(const decoder::Instruction& insn);
  void set_global(const decoder::Instruction& insn);
  void call(StatementKind kind, const decoder::FuncType& type, std::uint32_t index,
            std::uint32_t index2 = 0);
  void call_function(std::uint32_t index, bool is_tail);
  void runtime(WordId word, unsigned operands, const Type* result, std::uint32_t index,
               std::uint32_t index2 = 0);
  bool runtime_insn(const decoder::Instruction& insn);
  void access_local(Variable local, bool is_set);

  // References and the heap (ir_builder_gc.cpp).
  bool reference_insn(const decoder::Instruction& insn);
  NodeId copy_of(std::uint32_t position);
  NodeId copy_of_top() { return copy_of(height() - 1); }
  NodeId is_null(NodeId reference);
  void trap_if_zero(NodeId value, Trap trap);
  void br_on_null(std::uint32_t depth);
  void br_on_non_null(std::uint32_t depth);
  bool object_insn(const decoder::Instruction& insn);
  bool struct_insn(const decoder::Instruction& insn);
  bool array_insn(const decoder::Instruction& insn);
  bool i31_insn(const decoder::Instruction& insn);
  bool cast_insn(const decoder::Instruction& insn);
  void object(WordId word, std::uint32_t operands, const Type* result, std::uint32_t index,
              std::uint32_t index2 = 0);
  void test(decoder::ValType target);
  void cast(decoder::ValType target);
  void drop_for(std::uint32_t constant);
  std::uint32_t cast_operand(decoder::ValType target) const;
  const StructOffsets& offsets_of(std::uint32_t type);
  std::uint32_t struct_slots(std::uint32_t type) const;
  // Descriptors (ir_builder_descriptors.cpp).
  bool descriptor_insn(const decoder::Instruction& insn);
  void test_descriptor(bool nullable);

  /// In the deterministic profile, makes a NaN that `op` has just pushed canonical.
  void canonicalise(Insn op);

  // Vectors (ir_builder_vector.cpp).
  Statement& vector_statement(StatementKind kind, std::uint32_t operands, const Type* result,
                              bool may_trap);
  void vector_insn(const decoder::Instruction& insn);
  void vector_runtime(WordId word, std::uint32_t operands, const Type* result,
                      std::uint32_t index = 0);

  const decoder::Module& module_;
  const decoder::FuncType& type_;
  const CodeOptions& options_;
  const std::vector<UsedLocal>* used_locals_;
  Function& f_;
  Forms& forms_;
  const Poll poll_;
  // The operand stack: `height_` of the entries. A v128 takes two, the second `upper`.
  std::vector<NodeId> stack_;
  std::uint32_t height_ = 0;
  std::vector<Variable> local_slots_;  // by index, when it is not the index itself; of parameters
                                       // and used locals, when these are all that count
  std::vector<Control> control_;
  std::vector<NodeId> local_leaves_;        // by local, or kNone
  std::vector<std::uint32_t> first_block_;  // by local: block of its first assignment, or kNone
  std::vector<bool> block_open_;            // by block
  std::unordered_map<std::uint32_t, StructOffsets> struct_offsets_;  // by type
  std::vector<Label> stubs_;                                         // of a br_table, by depth
  std::vector<std::uint32_t> stub_depths_;                           // those it has
  struct Landing {
    Label label;   // of the landing
    Label target;  // where it jumps to
  };
  std::vector<Landing> landings_;  // of the open try_tables
  std::uint32_t above_ = kNone;    // the entry that reads temporaries above its own
  std::uint32_t settled_ = 0;      // entries below are constants or in their temporary
  // Entries of the innermost block below this are in their temporary, if it is not above settled_.
  std::uint32_t placed_ = 0;
  std::uint32_t unnamed_end_ = 0;   // no entry from here on is unnamed
  std::uint32_t clean_ = 0;         // entries below have no effects
  std::uint32_t trapping_ = kNone;  // entries below do not divide or truncate
  std::uint32_t offset_ = 0;        // of the current instruction
  std::uint32_t depth_ = 0;         // of loops
};

}  // namespace tinywasm::vm::ir

#include "vm/ir_builder_nodes.hpp"
