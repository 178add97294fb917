// SPDX-License-Identifier: Apache-2.0
// The validation algorithm for one function body or constant expression
// (https://webassembly.github.io/spec/core/appendix/algorithm.html).
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

#include "decoder/byte_reader.hpp"
#include "decoder/instruction.hpp"
#include "decoder/instruction_reader.hpp"
#include "decoder/limits.hpp"
#include "decoder/module.hpp"
#include "decoder/signature.hpp"

namespace tinywasm::decoder {

/// What does not depend on the sink: the stacks and every instruction's rule. An error sticks to
/// the reader and takes it to its end; what runs on until then does no harm.
class FunctionValidatorBase {
 public:
  explicit FunctionValidatorBase(const Module& module);

  /// What ends it from now on.
  void set_interrupt(const InterruptToken* interrupt) { interrupt_ = interrupt; }

  /// Checks a constant expression of type `expected` that may name the first `known_globals`.
  Result<void> validate_expression(const ConstExpr& expr, ValType expected,
                                   std::uint32_t known_globals);

 protected:
  struct Frame {
    BlockSignature signature;
    std::uint32_t height = 0;       // of the operand stack below the block's parameters
    std::uint32_t init_height = 0;  // of init_stack_
    Insn id = Insn::block;          // the function's own frame is a block; else_, catch_ and
                                    // catch_all from there on
    bool unreachable = false;
    bool reported = true;  // the sink was told of it
    bool is_catch() const { return id == Insn::catch_ || id == Insn::catch_all; }
    std::span<const ValType> label_types() const {
      return id == Insn::loop ? signature.params : signature.results;
    }
  };

  // Starting and ending (function_validator.cpp).
  void start_function(std::uint32_t function, bool all_locals);
  void read_locals(std::span<const ValType> params, bool all_locals);
  void start_body(std::span<const ValType> results);
  Result<void> finish();
  std::span<const ValType> locals() const { return locals_; }

  void fail(Message message, std::string_view detail = {}) {
    reader_.fail(message, insn_.offset, detail);
  }
  void fail_index(Message message, std::uint64_t index);
  void poll() {
    if (interrupt_ != nullptr && interrupt_->is_set()) reader_.fail(Message::interrupted);
  }

  // The operand stack.
  std::size_t operands_in_frame() const { return static_cast<std::size_t>(sp_ - frame_base_); }
  bool ensure(std::size_t count) {
    return static_cast<std::size_t>(limit_ - sp_) >= count || grow(count);
  }
  bool grow(std::size_t count);
  void push(ValType type) {
    if (type.is_vec() && !holds_vectors_) hold_vectors();
    if (ensure(1)) *sp_++ = type;
  }
  void hold_vectors();
  void push_values(std::span<const ValType> types);
  void pop_values(std::span<const ValType> types);
  void pop_values(std::initializer_list<ValType> types) {
    pop_values(std::span<const ValType>(types.begin(), types.size()));
  }
  void pop(ValType type) { pop_values({type}); }
  ValType pop_any();
  ValType pop_ref();
  void check_values(std::span<const ValType> types);
  bool matches(ValType sub, ValType super) { return sub == super || is_known_subtype(sub, super); }
  bool is_known_subtype(ValType sub, ValType super);
  bool all_match(std::span<const ValType> sub, std::span<const ValType> super);
  void mismatch(std::span<const ValType> required, const char* who = "instruction");
  void set_unreachable();

  // Blocks.
  BlockSignature block_signature(const Instruction& insn);
  void enter_block(const Instruction& insn, const BlockSignature& signature);
  /// The types of a block whose type is this one byte, if there are any.
  static const BlockSignature* one_byte_block_type(std::uint8_t byte);
  void check_block_end(const Frame& frame);
  void enter_else(const Frame& frame);
  void leave_block();
  void restore_locals(std::uint32_t init_height);

  // Instructions (validate_instruction.cpp).
  void check_instruction(const Instruction& insn);
  bool check_control(const Instruction& insn);
  bool check_variable(const Instruction& insn);
  bool check_reference(const Instruction& insn);
  bool check_table(const Instruction& insn);
  bool check_bulk_memory(const Instruction& insn);
  void check_plain(const Instruction& insn);
  void check_call(const FuncType& callee);
  void check_tail_call(const FuncType& callee);
  const FuncType& indirect_callee(const Instruction& insn);
  void check_br_table(const Instruction& insn);
  void check_br_on_null(const Instruction& insn);
  void check_br_on_non_null(const Instruction& insn);
  void check_select(const Instruction& insn);
  void check_select_t(const Instruction& insn);
  void check_memarg(const Instruction& insn);
  void check_lanes(const Instruction& insn);
  void check_global_get(const Instruction& insn);
  void check_ref_func(const Instruction& insn);
  bool check_constant(const Instruction& insn);

  // Aggregates and casts (validate_gc.cpp).
  bool check_gc(const Instruction& insn);
  bool check_struct(const Instruction& insn);
  bool check_array(const Instruction& insn);
  bool check_array_segment(const Instruction& insn);
  bool check_cast(const Instruction& insn);
  bool check_conversion(const Instruction& insn);
  void check_array_copy(const Instruction& insn);
  void check_br_on_cast(const Instruction& insn);
  void check_packing(ValType field, bool has_sign);
  void check_defaultable(const FieldType& field);
  void check_all_defaultable(std::uint32_t type_index);
  void convert_reference(HeapType from, HeapType to);
  const SubType& struct_type(std::uint32_t type_index);
  const FieldType& struct_field(const Instruction& insn);
  const FieldType& array_element(std::uint32_t type_index);
  const FieldType& mutable_element(std::uint32_t type_index);
  /// What a field of packed type looks like on the operand stack (3.2.11).
  static ValType unpacked(ValType type) { return type.is_packed() ? ValType(ValType::kI32) : type; }
  // Descriptors (validate_descriptors.cpp).
  bool check_descriptor(const Instruction& insn);
  void check_struct_new(const Instruction& insn);
  void check_get_descriptor(const Instruction& insn);
  std::optional<ValType> descriptor_to_cast(ValType target);
  // Exceptions (validate_exceptions.cpp).
  bool check_exception(const Instruction& insn);
  void check_rethrow(const Instruction& insn);
  void check_catches(const Instruction& insn);
  bool catch_fits(std::span<const ValType> params, bool has_reference,
                  std::span<const ValType> label);
  bool check_catch_place(const Frame& frame);
  void enter_catch(const Frame& frame, std::span<const ValType> params);
  bool check_delegate(const Frame& frame);
  std::span<const ValType> tag_params(std::uint32_t tag);

  // Index spaces: false, or a harmless value, after an error.
  std::span<const ValType> label_types(std::uint32_t depth);
  const FuncType& callee_type(std::uint32_t function);
  const FuncType& func_type(std::uint32_t type_index);
  ValType local_type(std::uint32_t index);
  bool check_index(std::uint32_t index, std::size_t count, Message message);
  bool check_heap_type(HeapType type);
  void check_data_index(std::uint32_t index);
  ValType memory_address(std::uint32_t memory);
  TableType table_type(std::uint32_t table);
  void get_local(std::uint32_t index);
  void initialise_local(std::uint32_t index);

  const Module& module_;
  const InterruptToken* interrupt_ = nullptr;
  ByteReader reader_;
  InstructionReader instructions_;
  Instruction insn_;  // the one being checked, outside of the fast paths

  // Operand types. Two entries lie below the first, so that a pair can always be loaded.
  std::vector<ValType> stack_;
  ValType* sp_ = nullptr;
  ValType* frame_base_ = nullptr;  // of the innermost block
  ValType* limit_ = nullptr;
  std::size_t max_operands_ = 0;
  bool holds_vectors_ = false;  // there may be operands of two slots

  // What has been found to match lately, so that a few bytes of a body cannot make thousands of
  // types be compared step by step again and again. Places follow from the pairs themselves.
  struct SubtypePair {
    ValType sub;
    ValType super;
  };
  std::vector<SubtypePair> known_subtypes_;
  std::size_t unknown_subtypes_ = 0;  // lookups in vain since it grew
  struct TypesPair {
    const ValType* sub = nullptr;
    const ValType* super = nullptr;
  };
  std::array<TypesPair, 64> known_matches_{};
  std::unordered_map<std::uint32_t, bool> defaultable_;  // structures: whether all fields are

  std::vector<Frame> frames_;
  std::uint32_t known_globals_ = 0;
  const std::uint8_t* module_end_ = nullptr;
  bool is_constant_ = false;       // in a constant expression
  bool has_plain_memory_ = false;  // memory 0 exists and has 32-bit addresses
  bool is_live_ = true;            // the sink is told of the next instruction

  // Locals: groups of equal types, of which the first flat_locals_ are also laid out one by one.
  // Only as many as the body is long, so that short bodies with many locals are cheap.
  struct LocalGroup {
    std::uint32_t end = 0;  // the index after its last local
    ValType type;
  };
  std::vector<LocalGroup> local_groups_;
  std::vector<ValType> locals_;
  std::uint32_t local_count_ = 0;
  std::uint32_t fast_locals_ = 0;  // below it, a local needs no check but its type's
  // Which locals that have no default were set, and in which order since the blocks began.
  bool tracks_locals_ = false;
  std::vector<bool> is_set_;
  std::vector<std::uint32_t> init_stack_;

  ValType expected_;  // storage for the result of a constant expression
};

/// Walks a body and reports it to the sink (instruction.hpp).
template <class Sink>
class FunctionValidator : public FunctionValidatorBase {
 public:
  FunctionValidator(const Module& module, Sink& sink)
      : FunctionValidatorBase(module), sink_(sink) {}

  /// Can be called for one function after the other: allocations are kept.
  Result<void> validate(std::uint32_t function) {
    if constexpr (kReports) {
      start_function(function, sink_.wants_all_locals());
      if (reader_.ok()) sink_.begin(locals());
    } else {
      start_function(function, false);
    }
    while (!reader_.at_end() && !frames_.empty()) {
      fast_steps();
      poll();
      if (!reader_.at_end()) slow_step();
      if constexpr (kReports) {
        if (!sink_.go_on()) [[unlikely]]
          return Error{ErrorKind::interrupted, "interrupted"};
      }
    }
    return finish();
  }

 private:
  static constexpr bool kReports = !std::is_same_v<Sink, NullSink>;

  void slow_step();
  void end_block();
  void catch_step();
  void report(const Instruction& insn, bool was_live) {
    if constexpr (kReports) {
      if (was_live && reader_.ok()) sink_.insn(insn);
    }
  }

  // The fast path (function_validator_fast.hpp).
  struct FastState;
  void fast_steps();
  bool fast_step(FastState& state);
  bool fast_block(FastState& state, const FastRow& row);
  bool fast_end(FastState& state, const FastRow& row);
  bool fast_branch(FastState& state, const FastRow& row, std::span<const ValType> types,
                   const std::uint8_t* next, std::uint32_t label);
  bool fast_br_if(FastState& state, const FastRow& row);
  bool fast_call(FastState& state, const FastRow& row);
  bool fast_report(FastState& state, const FastRow& row, const std::uint8_t* next,
                   std::uint32_t index = 0, std::uint64_t value = 0);

  Sink& sink_;
};

template <class Sink>
void FunctionValidator<Sink>::slow_step() {
  if (!instructions_.read(reader_, insn_)) return;
  const bool was_live = is_live_;
  switch (insn_.id) {
    case Insn::block:
    case Insn::loop:
    case Insn::if_:
    case Insn::try_:
    case Insn::try_table: {
      if (insn_.id == Insn::try_table) check_catches(insn_);
      const BlockSignature signature = block_signature(insn_);
      enter_block(insn_, signature);
      if constexpr (kReports) {
        if (was_live && reader_.ok()) sink_.block(insn_, signature);
      }
      return;
    }
    case Insn::else_: {
      const Frame frame = frames_.back();
      if (frame.id != Insn::if_) return fail(Message::misplaced_else);
      check_block_end(frame);
      if constexpr (kReports) {
        if (frame.reported && reader_.ok()) sink_.else_(insn_, !frame.unreachable);
      }
      return enter_else(frame);
    }
    case Insn::catch_:
    case Insn::catch_all:
      return catch_step();
    case Insn::delegate:
      if (!check_delegate(frames_.back())) return;
      return end_block();
    case Insn::end:
      return end_block();
    default:
      check_instruction(insn_);
      report(insn_, was_live);
  }
}

/// A clause of the legacy try.
template <class Sink>
void FunctionValidator<Sink>::catch_step() {
  const Frame frame = frames_.back();
  if (!check_catch_place(frame)) return;
  check_block_end(frame);
  const auto params =
      insn_.id == Insn::catch_ ? tag_params(insn_.index) : std::span<const ValType>{};
  if constexpr (kReports) {
    if (frame.reported && reader_.ok()) sink_.catch_(insn_, params, !frame.unreachable);
  }
  enter_catch(frame, params);
}

template <class Sink>
void FunctionValidator<Sink>::end_block() {
  const Frame frame = frames_.back();
  check_block_end(frame);
  if constexpr (kReports) {
    if (frame.reported && reader_.ok()) sink_.end(insn_, !frame.unreachable);
  }
  leave_block();
}

}  // namespace tinywasm::decoder

#include "decoder/function_validator_fast.hpp"
