// SPDX-License-Identifier: Apache-2.0
// Modules that cost as much as a module of their size can, made of any bytes: what few bytes can
// name (thousands of values, fields, locals, labels) is named as often as there is room for, in
// sequence and nested.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decoder/binary_writer.hpp"
#include "decoder/instructions.hpp"
#include "tools/fuzz/choices.hpp"

namespace tinywasm::fuzz {

/// A valid module of 1 kB to 256 kB in the binary format.
std::vector<std::byte> make_bomb(Choices& choices);
/// The same in the text format, with what only that has: identifiers, abbreviations, comments.
std::string make_text_bomb(Choices& choices);

/// A number from 1 to `most`: each power of two as likely as another.
std::uint32_t choose_count(Choices& choices, std::uint32_t most);

/// What the bodies of a bomb may use. `wide` is the number of values that calls, blocks, branches
/// and exceptions carry. Each of them is of a type that is called T here, and taken as one of a
/// type U, of which T is a subtype, or the same.
struct BombPlan {
  // Types, by index: [] -> [], structures of which each is a subtype of the one before it, then
  // these.
  static constexpr std::uint32_t kNothing = 0;
  static constexpr std::uint32_t kTop = 1;
  std::uint32_t bottom() const { return kTop + depth - 1; }
  std::uint32_t give() const { return kTop + depth; }       // [] -> [T...]
  std::uint32_t take() const { return kTop + depth + 1; }   // [U...] -> []
  std::uint32_t same() const { return kTop + depth + 2; }   // [T...] -> [T...]
  std::uint32_t upper() const { return kTop + depth + 3; }  // [] -> [U...]
  std::uint32_t pass() const { return kTop + depth + 4; }   // [T...] -> []
  std::uint32_t array() const { return kTop + depth + 5; }  // (array (mut i32))
  std::uint32_t types() const { return kTop + depth + 6; }

  // Functions after the imports, by index.
  std::uint32_t nothing() const { return imports; }
  std::uint32_t giver() const { return imports + 1; }
  std::uint32_t taker() const { return imports + 2; }
  std::uint32_t mover() const { return imports + 3; }
  static constexpr std::uint32_t kFunctions = 4;

  // Others: a memory, a table of functions whose elements are the four above, two tags.
  static constexpr std::uint32_t kTagOfNothing = 0;
  static constexpr std::uint32_t kTagOfWide = 1;

  /// The types of values, by kind of constant: what `wide` values may be.
  enum class Value : std::uint8_t { i32, i64, f32, f64, v128, func, extern_, any, object };
  static constexpr std::uint32_t kValues = 9;

  std::uint32_t wide = 0;
  Value value = Value::i32;
  std::uint32_t depth = 1;   // of the chain of structures
  std::uint32_t fields = 0;  // of each structure
  Value field = Value::i32;
  std::uint32_t imports = 0;  // functions of the type take(), or kNothing
  bool imports_take = false;
  std::uint32_t globals = 1;  // of type i32, mutable
};

/// Writes the type of a value; of an object, one of a structure of this index.
void write_bomb_type(decoder::BinaryWriter& out, BombPlan::Value value, std::uint32_t structure);

constexpr std::uint32_t slots_of(BombPlan::Value value) {
  return value == BombPlan::Value::v128 ? 2 : 1;
}

/// Writes a constant, or null: of the structure that is a subtype of all.
void write_bomb_constant(decoder::BinaryWriter& out, BombPlan::Value value, const BombPlan& plan);

/// Writes one body.
class BombBody {
 public:
  BombBody(const BombPlan& plan, Choices& choices, std::size_t most_bytes)
      : plan_(plan), choices_(choices), most_bytes_(most_bytes) {}

  /// Of a function [] -> [], or [T...] -> [T...].
  decoder::BinaryWriter write(bool is_wide);

 private:
  using Insn = decoder::Insn;
  using Value = BombPlan::Value;
  enum class Label : std::uint8_t { nothing, wide, other };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // ---- bomb_body.cpp. Statements leave the stack as it is. `is_wide`: T... are on top of it.
  void locals(decoder::BinaryWriter& out);
  void statements(bool is_wide, std::uint32_t depth);
  void statement(bool is_wide, std::uint32_t depth);
  void nest(bool is_wide, std::uint32_t depth);
  struct Targets {
    std::uint32_t nothing = kNone;
    std::uint32_t wide = kNone;
  };
  void open(Insn insn, std::uint32_t type, Label label);
  std::uint32_t block_count();
  void close(std::uint32_t count, bool has_else);
  void catches(std::uint32_t count, std::uint32_t nth, const Targets& targets);
  void giving_nest(std::uint32_t depth);
  void pending(std::uint32_t depth);
  void wide_statements(bool is_wide, std::uint32_t depth);
  void branch(bool is_wide);
  void branch_table();
  void null_branch();
  void cast_branch();
  void upper_branches();
  void call(bool is_wide);
  void tail_call();
  void many_catches(std::uint32_t depth);
  void throwing();
  void legacy_try(std::uint32_t depth);
  void dead_code();

  // ---- bomb_values.cpp
  void value_statement();
  void left_tree();
  void right_tree();
  void selects();
  void tees();
  void sets();
  void memory_access();
  void bulk();
  void table_access();
  void objects();
  void fixed_array();
  void object_fields();
  void casts();
  void lanes();

  // ---- both
  void op(Insn insn) { code_.opcode(insn); }
  void op(Insn insn, std::uint64_t index) {
    code_.opcode(insn);
    code_.unsigned_leb(index);
  }
  void number(std::int32_t value = 0) {
    op(Insn::i32_const);
    code_.signed_leb(value);
  }
  void constant(Value value) { write_bomb_constant(code_, value, plan_); }
  void give() { op(Insn::call, plan_.giver()); }
  void take() { op(Insn::call, plan_.taker()); }
  void block_of(std::uint32_t type) {
    op(Insn::block);
    code_.signed_leb(type);
  }
  void end() { op(Insn::end); }
  /// The index of a local of a type: there are kLocals of each kind.
  std::uint32_t local(Value value);
  /// How many labels of this kind there are, up to a number; the depth of one, or kNone.
  std::uint32_t some_label(Label kind);
  std::size_t left() const { return code_.size() < most_bytes_ ? most_bytes_ - code_.size() : 0; }
  /// How many values of a type may be on the stack, or have locals, besides those that are.
  std::uint32_t room(Value value) const;
  /// How often something of so many bytes is written.
  std::uint32_t times(std::size_t bytes) {
    return choose_count(choices_, static_cast<std::uint32_t>(left() / bytes) + 1);
  }
  /// Writes what is behind `begin` again, some times.
  void repeat(std::size_t begin);

  static constexpr std::uint32_t kLocals = 2;
  const BombPlan& plan_;
  Choices& choices_;
  std::size_t most_bytes_;
  decoder::BinaryWriter code_;
  std::vector<Label> labels_;
  std::uint32_t first_local_ = 0;
  std::uint32_t more_locals_ = 0;  // behind those of all kinds
  std::uint32_t slots_ = 0;        // of locals, and of values that stay on the stack
};

}  // namespace tinywasm::fuzz
