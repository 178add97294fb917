// SPDX-License-Identifier: Apache-2.0
// Decodes instructions one at a time, by their rows in the instruction table.
#pragma once

#include <optional>
#include <vector>

#include "decoder/byte_reader.hpp"
#include "decoder/instruction.hpp"
#include "decoder/module.hpp"

namespace tinywasm::decoder {

class InstructionReader {
 public:
  /// Decodes the instruction at `reader`. Its labels and catches are views that last until the next
  /// one is read. False after an error, which `reader` keeps.
  bool read(ByteReader& reader, Instruction& insn);

 private:
  void read_immediates(ByteReader& reader, Instruction& insn);
  void read_labels(ByteReader& reader, Instruction& insn);
  void read_catches(ByteReader& reader, Instruction& insn);

  std::vector<std::uint32_t> labels_;
  std::vector<Catch> catches_;
};

/// The constant expression that nearly all segments have: one integer constant. Programs have as
/// many as 100,000 of them, which is worth not starting a validator or a stack for each.
struct PlainConstant {
  ValType type;
  std::uint64_t bits = 0;
  std::uint32_t length = 0;  // of the expression in bytes
};
/// The expression that `bytes` begin with, if it is one; what follows it is looked at, too. Empty
/// says nothing but that the expression has to be read with care.
std::optional<PlainConstant> plain_constant(std::span<const std::uint8_t> bytes);
std::optional<PlainConstant> plain_constant(const Module& module, const ConstExpr& expr);

/// Goes over an expression that ends in the `end` of depth 0, and past it.
ConstExpr skip_expression(ByteReader& reader, InstructionReader& instructions);

/// The instructions of a valid constant expression, its last `end` left out:
///
///   ConstExprReader reader(module, global.init);
///   while (const Instruction* insn = reader.next()) ...
class ConstExprReader {
 public:
  ConstExprReader(const Module& module, const ConstExpr& expr)
      : reader_(module.bytes, expr.begin, expr.end) {}

  /// The next instruction, or null at the end.
  const Instruction* next() {
    if (!instructions_.read(reader_, insn_) || insn_.id == Insn::end) return nullptr;
    return &insn_;
  }

 private:
  ByteReader reader_;
  InstructionReader instructions_;
  Instruction insn_;
};

}  // namespace tinywasm::decoder
