// SPDX-License-Identifier: Apache-2.0
// Writes one body of a program. What a function leaves on the operand stack is in its name or its
// comment; "depth" is how deep trees may still become.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decoder/binary_writer.hpp"
#include "decoder/instructions.hpp"
#include "tools/fuzz/choices.hpp"
#include "tools/fuzz/program_plan.hpp"

namespace tinywasm::fuzz {

class Body {
 public:
  Body(Plan& plan, Choices& choices) : plan_(plan), choices_(choices) {}

  /// The body of a function; of an entry, which calls one of the functions.
  decoder::BinaryWriter function(const Plan::Function& function);
  decoder::BinaryWriter entry(std::uint32_t number_of_entry);

 private:
  using Insn = decoder::Insn;

  struct Label {
    Types types;            // what a branch to it takes
    bool is_target = true;  // false: of a loop, that only its own end may branch to
  };
  struct Counter {
    std::uint32_t local = 0;
    bool is_64 = false;
    std::uint32_t label = 0;  // of the loop, as an index of labels_
    std::uint32_t rounds = 0;
    bool counts_down = false;
  };

  // ---- program_body.cpp: locals, labels, the smallest pieces
  void begin(const Signature& type);
  decoder::BinaryWriter finish();
  std::uint32_t add_local(Type t);
  void initialise_locals();
  void op(Insn insn) { code_.opcode(insn); }
  void op(Insn insn, std::uint64_t index) {
    code_.opcode(insn);
    code_.unsigned_leb(index);
  }
  void number(std::int64_t value) { constant_of(Type::i32, value); }
  void constant_of(Type t, std::int64_t value);
  void constant(Type t);
  void null(Type t);
  void leaf(Type t);
  /// A local of the type.
  std::uint32_t local(Type t);
  std::uint32_t global(Type t);
  void open(Insn insn, const Signature& type, bool is_target = true);
  void block_type(const Signature& type);
  void close();
  std::uint32_t depth_of(std::size_t label) const {
    return static_cast<std::uint32_t>(labels_.size() - 1 - label);
  }
  /// A label that branches may choose.
  std::size_t some_label();
  /// One whose branches take these; labels_.size() when there is none.
  std::size_t label_of(const Types& types);
  bool has_room();
  std::uint32_t some_depth() {
    if (is_plain_) return 2 + choices_.below(is_chain_ ? 14 : 8);
    return 1 + choices_.below(choices_.one_in(3) ? 7 : 4);
  }
  /// Replaces a NaN on the stack, in programs that must not tell NaNs apart; of vectors those in
  /// lanes of f64 or f32.
  void without_nan(Type t, bool in_doubles = false);
  /// Takes values off the stack, into locals and globals or nowhere.
  void take(const Types& types);

  // ---- program_values.cpp
  void value(Type t, std::uint32_t depth);
  void values(const Types& types);
  void condition() { value(Type::i32, some_depth()); }
  void plain_value(Type t, std::uint32_t depth);
  void numeric(Type t, std::uint32_t depth, bool same);
  void instruction(Insn insn, std::uint32_t depth);
  void operand_done(Insn insn, std::uint32_t number, Type t);
  void between_operands();
  void immediates(Insn insn);
  void load(Type t, std::uint32_t depth);
  /// An address, then (after the other operands) the memarg that goes with it.
  std::uint32_t address(std::uint32_t depth);
  void memory_argument(Insn insn, std::uint32_t memory);
  void select(Type t, std::uint32_t depth);
  void tee(Type t, std::uint32_t depth);
  void block_value(Type t, std::uint32_t depth);
  void if_value(Type t, std::uint32_t depth);
  void loop_value(Type t, std::uint32_t depth);
  void block_with_parameters(Type t, std::uint32_t depth);
  void branch_value(Type t, std::uint32_t depth);
  void size_value(std::uint32_t depth);
  void of_reference(std::uint32_t depth);

  // ---- program_objects.cpp
  void reference(Type t, std::uint32_t depth);
  void subtype_of(Type t, std::uint32_t depth);
  void new_point(std::uint32_t depth);
  void new_array(Type t, std::uint32_t depth);
  void function_reference(std::uint32_t depth);
  void cast(Type t, std::uint32_t depth);
  void cast_branch(Type t, std::uint32_t depth);
  void table_get(std::uint32_t table, std::uint32_t depth);
  /// One that is mostly not null.
  void object(Type t, std::uint32_t depth);
  void array_index(std::uint32_t depth);
  /// A field or an element; a leaf when no object has one of the type.
  void field(Type t, std::uint32_t depth);
  void object_statement();
  void array_statement();
  void table_index(std::uint32_t table, std::uint32_t depth);
  void table_count(std::uint32_t table, std::uint32_t most);
  void table_statement();
  void null_branch_statement();

  // ---- program_calls.cpp
  /// A call with these results, whatever kind of call; false: nothing was written.
  bool call_with_results(const Types& results, bool is_tail);
  bool call_with_first_result(Type t);
  void call(const Plan::Function& function, bool is_tail);
  void import_call(std::uint32_t import);
  void call_statement();
  void try_statement();
  void try_value(Type t, std::uint32_t depth);
  void catch_reference();
  void legacy_try();
  void throw_();
  void throw_if();

  // ---- program_statements.cpp
  void statements(std::uint32_t count);
  void statement();
  void set_statement();
  void store();
  void if_statement();
  void block_statement();
  void loop_statement();
  void begin_counter(std::uint32_t rounds);
  void end_counter();
  void continue_statement();
  void count_and_branch(const Counter& counter);
  void update_locals();
  void hot_loops();
  void hot_statement();
  void step_pointer();
  void branch_if();
  void branch_table();
  void leave();
  void memory_statement();
  void wide_statement();
  void trap();
  void effect();
  void trap_beside_effect();

  Plan& plan_;
  Choices& choices_;
  decoder::BinaryWriter code_;
  Types locals_;
  std::uint32_t params_ = 0;
  std::vector<std::uint32_t> locals_of_[kTypes];
  std::uint32_t pointers_[2] = {0, 0};  // i32 and i64; they are mostly good addresses
  std::uint32_t scratch_[kTypes] = {};  // of without_nan
  bool has_scratch_[kTypes] = {};
  std::vector<std::uint32_t> counter_locals_[2];
  std::vector<Label> labels_;
  std::vector<Counter> counters_;  // of the loops around
  int budget_ = 0;
  std::uint32_t nesting_ = 0;
  bool is_leaf_ = false;
  bool is_plain_ = false;  // in a tree of arithmetic only
  bool is_chain_ = false;  // whose instructions have one operand that is no leaf
};

}  // namespace tinywasm::fuzz
