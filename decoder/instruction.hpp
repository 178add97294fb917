// SPDX-License-Identifier: Apache-2.0
// One decoded instruction, as the validator hands it to its sink.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/instructions.hpp"
#include "decoder/types.hpp"

namespace tinywasm::decoder {

/// A clause of try_table.
struct Catch {
  enum Kind : std::uint8_t { catch_ = 0, catch_ref = 1, catch_all = 2, catch_all_ref = 3 };
  Kind kind = catch_;
  std::uint32_t tag = 0;  // catch_ and catch_ref only
  std::uint32_t label = 0;
};

struct Instruction {
  /// `index` of a block type that is not a type index.
  static constexpr std::uint32_t kNoIndex = 0xffff'ffff;

  Insn id{};
  std::uint32_t offset = 0;  // of its first byte in the module
  std::uint32_t index = 0;   // the index immediate; with memargs the memory; with br* the label
                             // depth; block_type: the type index or kNoIndex; select_types: how
                             // many types there are
  std::uint32_t index2 = 0;  // the second index: table_table, elem_table's table, data_memory's
                             // memory, memory_memory's source, type_table's table, type_field, ...
  std::uint64_t value = 0;   // constants as bits (i32 zero-extended), a memarg's offset
  std::uint8_t lane = 0;
  std::uint8_t align = 0;                // a memarg's alignment as a power of two
  std::array<std::uint8_t, 16> bytes{};  // v128.const and i8x16.shuffle only
  ValType type;   // select_types, heap_type (as a reference type); block_type: the result when
                  // there is no index, bottom when there is none; cast_branch: the source
  ValType type2;  // cast_branch: the target
  std::span<const std::uint32_t> labels;  // br_table, the default label last
  std::span<const Catch> catches;         // try_table
  // Only the members that the row's immediates name are meaningful: others may be left over from
  // an earlier instruction.
};

/// The type of a block: parameters and results, views that live as long as the module.
struct BlockSignature {
  std::span<const ValType> params;
  std::span<const ValType> results;
};

// A sink of validate_function (validator.hpp) sees the reachable part of a body in order:
//
//   bool wants_all_locals();   // false: begin() may be given the first ones only
//   void begin(std::span<const ValType> locals);   // parameters first; the type is the function's
//   void block(const Instruction&, const BlockSignature&);   // block, loop, if, try_table and the
//                                                            // legacy try (see .id)
//   void else_(const Instruction&, bool reachable);
//   void catch_(const Instruction&, std::span<const ValType> params, bool reachable);
//                                                  // catch and catch_all of a legacy try
//   void end(const Instruction&, bool reachable);  // the last one ends the function; delegate
//   void insn(const Instruction&);                 // everything else, br*, return, call* included
//   bool go_on();  // asked after every few kilobytes of a body: false ends the walk
//
// `reachable` says whether control can fall into the else, catch or end from above. A block that
// begins in unreachable code is not reported at all, nor is anything in it; an else or end is
// reported exactly for the blocks that were. Every block a sink is told of is well typed, so that a
// sink can keep its own operand stack without checking. Nothing is reported after the first error.
struct NullSink {
  void begin(std::span<const ValType>) {}
  void block(const Instruction&, const BlockSignature&) {}
  void else_(const Instruction&, bool) {}
  void catch_(const Instruction&, std::span<const ValType>, bool) {}
  void end(const Instruction&, bool) {}
  void insn(const Instruction&) {}
};

}  // namespace tinywasm::decoder
