// SPDX-License-Identifier: Apache-2.0
// From statements to internal code: covers their trees with the largest shapes that exist and
// chooses places for what is left over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vm/allocation.hpp"
#include "vm/code.hpp"
#include "vm/covers.hpp"
#include "vm/exceptions.hpp"
#include "vm/ir.hpp"
#include "vm/known_words.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::ir {

/// Where in the module an operation of the code that can end the run comes from.
struct Position {
  std::uint32_t word;     // offset of its word in the function's code
  std::uint32_t ordinal;  // of the memory access in the word, from 1; 0: anything else
  std::uint32_t offset;   // of the instruction in the module
};

/// A branch target to be filled in.
struct Fixup {
  std::uint32_t at;    // offset of the operand
  std::uint32_t word;  // offset of its word
  Label label;
  bool absolute;
};

/// A direct call's callee to be filled in: its code cell, or the code that the cell leads to.
struct CalleeFixup {
  std::uint32_t at;  // offset of the operand
  std::uint32_t function;
  bool is_cell;
};

/// Code that is being written. Its bytes begin as zero, but for the first kBeyond, which the next
/// word's handler will take.
class CodeBuffer {
 public:
  /// Bytes beyond the end that may be written.
  static constexpr std::size_t kBeyond = 8;
  std::size_t size() const { return size_; }
  std::byte* data() { return bytes_.data(); }
  std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }
  /// Adds bytes; the pointer to them holds until more are added.
  std::byte* grow(std::size_t count) {
    if (bytes_.size() - size_ < count + kBeyond) [[unlikely]]
      bytes_.resize(2 * (size_ + count) + kBeyond);
    size_ += count;
    return bytes_.data() + (size_ - count);
  }
  void reserve(std::size_t size) {
    if (bytes_.size() < size) bytes_.resize(size);
  }
  void clear() {
    std::fill_n(bytes_.begin(), std::min(bytes_.size(), size_ + kBeyond), std::byte{0});
    size_ = 0;
  }

 private:
  std::vector<std::byte> bytes_;  // zero from size_ + kBeyond on
  std::size_t size_ = 0;
};

/// What an Emitter writes, reused from function to function, and what it learns.
struct EmitterBuffers {
  CodeBuffer code;
  std::vector<WordName> names;             // of the words; 0: never part of a sequence
  std::vector<std::uint32_t> word_begins;  // their offsets in the code
  std::vector<std::uint32_t> dispatches;   // from a word to the function's end
  std::vector<WordName> unmetered_names;   // in code that charges fuel
  std::vector<Position> positions;
  std::vector<Fixup> fixups;
  std::vector<CalleeFixup> callees;
  std::vector<std::uint32_t> label_at;
  std::vector<HandlerTable::Range> ranges;
  Covers covers;
  KnownWords known_words;
};

class Emitter {
 public:
  Emitter(const Function& f, const Allocation& allocation, const Dispatcher& dispatcher,
          ModuleCode::Variant& variant, EmitterBuffers& buffers, bool with_positions);

  /// Trap::none, or Trap::interrupted, or Trap::function_too_large: its code exceeds the Module's
  /// limit, its frame what a word can name, or it takes more scratch slots than Function::max_need
  /// says. In the last case scratch_slots() is larger, and another Emitter can write the code.
  Trap run(const Poll& poll);

  /// So many scratch slots were in use at once.
  std::uint32_t scratch_slots() const { return scratch_used_; }

  std::span<const std::byte> code() const { return code_.bytes(); }
  std::span<const Position> positions() const { return positions_; }
  bool with_positions() const { return with_positions_; }
  std::uint32_t frame() const { return frame_; }
  /// Where the function's exceptions go; null when they all go to the caller.
  std::unique_ptr<HandlerTable> handlers() const;
  /// Puts the addresses of back-edges' targets and of callees into the code, which lies at `base`
  /// now. The caller holds the variant's mutex. False: there is no memory for a callee's cell.
  bool relocate(std::byte* base) const;

 private:
  /// A place for a value: a register or a slot.
  struct Place {
    std::uint8_t reg = kInSlot;
    bool is_float = false;  // the register's class
    std::uint16_t slot = 0;
    bool in_register() const { return reg != kInSlot; }
  };
  /// An operand as the layout wants it: a value in a place, or bits. There are arrays of them for
  /// every word, so that they begin as anything.
  struct Operand {
    Operand() = default;
    Operand(OperandClass c, const Place& place) : cls(c), reg(place.reg), bits(place.slot) {}
    Operand(OperandClass c, std::uint64_t b) : cls(c), reg(kInSlot), bits(b) {}
    /// Of a value.
    Place place() const {
      return {reg, cls == OperandClass::float_value, static_cast<std::uint16_t>(bits)};
    }

    OperandClass cls;
    std::uint8_t reg;
    std::uint64_t bits;  // of a value in a slot: the slot
  };
  struct Walk;

  // Places.
  /// The number of the first of `count` slots, as words hold it. Every slot that a word names goes
  /// through here: one that is not in the frame, or of an outgoing call, ends the translation.
  std::uint16_t slot_number(std::uint32_t first, std::uint32_t count = 1) {
    const std::uint64_t end = std::uint64_t{first} + count;
    if (end > frame_end_ && (first < frame_ || end > arguments_end_)) [[unlikely]]
      in_frame_ = false;
    return static_cast<std::uint16_t>(first);
  }
  Place slot(std::uint32_t s, std::uint32_t count = 1) {
    return {kInSlot, false, slot_number(s, count)};
  }
  static Place in_register(unsigned reg, bool is_float) {
    return {static_cast<std::uint8_t>(reg), is_float, 0};
  }
  Place home(Variable v, Type type) {
    const unsigned reg = allocation_.register_of(v);
    return reg != 0 ? in_register(reg, ir::is_float(type)) : slot(v, width(type));
  }
  Place home(const Statement& s) { return home(s.variable, s.type); }
  Place place_of(const Node& leaf) {
    const auto v = static_cast<Variable>(leaf.value);
    return f_.is_local(v) ? home(v, leaf.type) : place_of_temporary(v, leaf.type);
  }
  Place place_of_temporary(Variable v, Type type);
  Place scratch(bool is_float);
  Place scratch_slot();
  void release(const Place& place);
  unsigned free_register(bool is_float, std::uint32_t last_statement);
  Place destination(const Statement& s);

  // Registers and home slots of pinned locals.
  void ensure(CandidateSet wanted);
  unsigned register_mask(CandidateSet set, bool is_float, std::uint16_t* slots);
  void move_registers(const void* handlers, bool is_float, CandidateSet set);
  bool needed_soon(CandidateSet set) const;

  bool is_busy(unsigned reg, bool is_float) const { return (busy_[is_float] >> reg & 1) != 0; }
  void assigned(const Statement& s, const Place& place);

  // Words.
  /// Adds a word; the reference holds until the next one.
  template <class Word>
  [[gnu::always_inline]] Word& append(HandlerAddress handler, std::uint32_t size = sizeof(Word),
                                      WordName name = 0) {
    if (variant_.profile) [[unlikely]]
      count_block(name);
    word_ = static_cast<std::uint32_t>(code_.size());
    names_.push_back(name);
    word_begins_.push_back(word_);
    auto* word = reinterpret_cast<Word*>(code_.grow(size));
    word->handler = handler;
    return *word;
  }
  /// The name of a word that polls for interrupts.
  WordName polling(WordName name) const { return variant_.options.fuel ? metered(name) : name; }
  const KnownWord& learn_word(const Shape& shape, std::size_t index,
                              std::span<const Operand> operands);
  void write(const Shape& shape, std::span<const Operand> operands);
  void write_word(const Shape& shape, std::span<const Operand> operands);
  void fuse_words(const Poll& poll);
  std::uint32_t fuse_word(std::size_t i, std::span<const WordName> names, std::uint32_t fewest);
  void count_block(WordName name);
  void end_block(bool is_entered);
  void break_sequence();
  /// Remembers where the word just written comes from.
  void note(std::uint32_t ordinal, std::uint32_t offset) {
    if (with_positions_) [[unlikely]]
      positions_.push_back({word_, ordinal, offset});
  }
  void branch_target(std::uint32_t at, std::uint32_t word, Label label, bool absolute);

  // Trees (emitter_trees.cpp).
  static constexpr std::uint16_t kNoToken = 0xffff;
  void collect(Walk& walk, NodeId id, int parent) const;
  static bool is_immediate(const Walk& walk, const Node& n);
  void add_key(const Walk& walk, Key& key, NodeId id) const;
  bool keeps_order(const Walk& walk) const;
  const Shape* search(Walk& walk, unsigned from, unsigned left) const;
  void describe(const Walk& walk, Cover& cover, Cover::NodePath path, NodeId id) const;
  Cover search_cover(std::uint16_t token, const Statement* s, std::span<const NodeId> roots) const;
  const Cover& cover_of(std::uint16_t token, const Statement* s, std::span<const NodeId> roots);
  void emit_cover(const Cover& cover, const Operand* own, std::span<const NodeId> roots,
                  const Statement* s);
  void emit_tree(std::uint16_t token, const Operand* own, std::span<const NodeId> roots,
                 const Statement* s);
  Operand operand_of(const Cover::Operand& o, const Node& node, const Statement* s);
  void emit_leaf(std::uint16_t token, const Operand* own, NodeId root, const Statement* s);
  void emit_value(std::uint16_t token, const Operand* own, Place value, Type type,
                  const Statement* s);
  void evaluate(Place to, NodeId id);
  void copy(Place to, Place from, Type type);
  void load_constant(Place to, const Node& constant);
  Place into_place(NodeId id);
  Place into_slot(NodeId id);
  Place table_index(NodeId id);

  // Statements.
  Trap statements(const Poll& poll);
  void statement(const Statement& s);
  void enter();
  void set(const Statement& s);
  void branch(const Statement& s);
  void jump(const Statement& s);
  void move(std::uint32_t from, std::uint32_t to, std::uint32_t count);
  void br_table(const Statement& s);
  void runtime(const Statement& s);
  void vector(const Statement& s);
  Place result_slot(const Statement& s);
  void atomic(const Statement& s);
  void object(const Statement& s);
  void wide(const Statement& s);

  // Calls (emitter_calls.cpp).
  void call(const Statement& s);
  void callee(const std::byte* const& operand, std::uint32_t function, bool is_cell = false);
  void call_direct(const Statement& s, CandidateSet saved);
  void after_call(const Statement& s, CandidateSet across);
  void take_results(const Statement& s);
  void return_call(const Statement& s);
  void arguments(const Statement& s);

  // Exceptions (emitter_exceptions.cpp).
  void region(const Statement& s);
  void landing(const Statement& s);
  void throw_(const Statement& s);
  void throw_ref(const Statement& s);
  void save_for_handlers();
  void check_handlers();
  bool step_branch(const Statement& s);
  bool set_both(const Statement& s);

  const Function& f_;
  const Allocation& allocation_;
  const Dispatcher& dispatcher_;
  ModuleCode::Variant& variant_;

  EmitterBuffers& buffers_;
  CodeBuffer& code_ = buffers_.code;
  std::vector<WordName>& names_ = buffers_.names;
  std::vector<std::uint32_t>& word_begins_ = buffers_.word_begins;
  std::vector<Position>& positions_ = buffers_.positions;
  std::vector<Fixup>& fixups_ = buffers_.fixups;
  std::vector<CalleeFixup>& callees_ = buffers_.callees;
  std::vector<std::uint32_t>& label_at_ = buffers_.label_at;  // offset of a label's word, or kNone
  std::vector<HandlerTable::Range>& ranges_ = buffers_.ranges;

  std::uint32_t frame_ = 0;          // slots from this frame to a callee's
  std::uint32_t frame_end_ = 0;      // this frame's slots, without the linkage below a callee's
  std::uint32_t arguments_end_ = 0;  // where the largest callee's arguments and results end
  bool in_frame_ = true;             // whether all slots named so far are within these
  std::uint32_t scratch_begin_ = 0;  // first scratch slot
  std::uint32_t scratch_used_ = 0;   // scratch slots that were in use at once
  std::uint32_t current_ = 0;        // statement being emitted
  std::uint32_t word_ = 0;           // offset of the word being written
  std::uint32_t region_ = kNone;     // where exceptions go
  bool reachable_ = true;
  const bool with_positions_;
  // While profiling.
  std::uint64_t* counter_ = nullptr;  // of the block that is being written, if any
  bool is_entered_ = true;            // the next block is not reached by falling into it alone

  CandidateSet valid_ = 0;  // pinned locals whose register holds their value
  CandidateSet clean_ = 0;  // pinned locals whose home slot does
  CandidateSet read_only_ = 0;
  CandidateSet in_register_[kRegisters] = {};  // pinned locals by register, of both classes
  CandidateSet of_class_[2] = {};              // integers, floats
  std::uint64_t scratch_slots_ = 0;            // bit set of scratch slots in use
  std::uint8_t busy_[2] = {0, 0};              // by class: registers that hold temporaries
  struct LiveTemporary {
    Variable variable;
    Place place;
    std::uint32_t last_use;
  };
  std::vector<LiveTemporary> temporaries_;  // temporaries in registers
};

}  // namespace tinywasm::vm::ir
