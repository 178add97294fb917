// SPDX-License-Identifier: Apache-2.0
#include "decoder/instruction_reader.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "decoder/fast_leb128.hpp"
#include "decoder/limits.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

constexpr bool is_prefix(std::uint8_t byte) { return byte >= 0xFB && byte <= 0xFE; }

/// The row of the opcode at the cursor.
Insn read_opcode(ByteReader& reader) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t first = reader.u8();
  if (!is_prefix(first)) {
    const std::uint16_t row = find_insn(0, first);
    if (row == kNoInsn) reader.fail(Message::illegal_opcode, start, fmt::format(" {:02x}", first));
    return row == kNoInsn ? Insn::nop : static_cast<Insn>(row);
  }
  const std::uint32_t opcode = reader.u32();
  const std::uint16_t row = find_insn(first, opcode);
  if (row == kNoInsn) {
    reader.fail(Message::illegal_opcode, start, fmt::format(" {:02x} {:02x}", first, opcode));
    return Insn::nop;
  }
  return static_cast<Insn>(row);
}

/// https://webassembly.github.io/spec/core/binary/instructions.html#memory-instructions
void read_memarg(ByteReader& reader, Instruction& insn) {
  constexpr std::uint32_t kHasMemory = 0x40;
  const std::uint32_t start = reader.offset();
  const std::uint32_t flags = reader.u32();
  if (flags >= 2 * kHasMemory) reader.fail(Message::malformed_memop_flags, start);
  insn.index = (flags & kHasMemory) != 0 ? reader.u32() : 0;
  insn.align = static_cast<std::uint8_t>(flags & (kHasMemory - 1));
  insn.value = reader.u64();
}

void read_block_immediate(ByteReader& reader, Instruction& insn) {
  const std::uint32_t start = reader.offset();
  const BlockType type = read_block_type(reader);
  if (type.index >= kMaxTypes) {
    reader.fail(Message::unknown_type, start, fmt::format(" {}", type.index));
  }
  insn.index = type.index < 0 ? Instruction::kNoIndex : static_cast<std::uint32_t>(type.index);
  insn.type = type.result;
}

void read_select_types(ByteReader& reader, Instruction& insn) {
  insn.index = reader.count();
  for (std::uint32_t i = 0; i < insn.index && reader.ok(); ++i) insn.type = read_val_type(reader);
}

void read_cast_branch(ByteReader& reader, Instruction& insn) {
  const std::uint32_t start = reader.offset();
  const std::uint8_t flags = reader.u8();
  if (flags > 3) reader.fail(Message::malformed_cast_flags, start);
  insn.index = reader.u32();
  const HeapType source = read_heap_type(reader);
  const HeapType target = read_heap_type(reader);
  insn.type = ValType::ref(source, (flags & 1) != 0);
  insn.type2 = ValType::ref(target, (flags & 2) != 0);
}

}  // namespace

bool InstructionReader::read(ByteReader& reader, Instruction& insn) {
  insn.offset = reader.offset();
  insn.id = read_opcode(reader);
  read_immediates(reader, insn);
  return reader.ok();
}

void InstructionReader::read_labels(ByteReader& reader, Instruction& insn) {
  const std::uint32_t count = reader.count();
  labels_.clear();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) labels_.push_back(reader.u32());
  labels_.push_back(reader.u32());
  insn.labels = labels_;
}

void InstructionReader::read_catches(ByteReader& reader, Instruction& insn) {
  const std::uint32_t count = reader.count();
  catches_.clear();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint32_t start = reader.offset();
    const std::uint8_t kind = reader.u8();
    if (kind > Catch::catch_all_ref) reader.fail(Message::malformed_catch_clause, start);
    Catch clause;
    clause.kind = static_cast<Catch::Kind>(kind & 3);
    if (clause.kind <= Catch::catch_ref) clause.tag = reader.u32();
    clause.label = reader.u32();
    catches_.push_back(clause);
  }
  insn.catches = catches_;
}

void InstructionReader::read_immediates(ByteReader& reader, Instruction& insn) {
  switch (info(insn.id).immediates) {
    case Immediates::none:
      return;
    case Immediates::block_type:
      return read_block_immediate(reader, insn);
    case Immediates::labels:
      return read_labels(reader, insn);
    case Immediates::label:
    case Immediates::function:
    case Immediates::type:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::elem:
    case Immediates::data:
    case Immediates::memory:
    case Immediates::tag:
      insn.index = reader.u32();
      return;
    case Immediates::type_table:
    case Immediates::table_table:
    case Immediates::elem_table:
    case Immediates::data_memory:
    case Immediates::memory_memory:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_elem:
    case Immediates::type_type:
      insn.index = reader.u32();
      insn.index2 = reader.u32();
      return;
    case Immediates::zero_byte: {
      const std::uint32_t start = reader.offset();
      if (reader.u8() != 0) reader.fail(Message::zero_byte_expected, start);
      return;
    }
    case Immediates::i32:
      insn.value = static_cast<std::uint32_t>(reader.s32());
      return;
    case Immediates::i64:
      insn.value = static_cast<std::uint64_t>(reader.s64());
      return;
    case Immediates::f32:
      insn.value = reader.fixed32();
      return;
    case Immediates::f64:
      insn.value = reader.fixed64();
      return;
    case Immediates::v128:
    case Immediates::lanes: {
      const auto bytes = reader.bytes(insn.bytes.size());
      std::copy(bytes.begin(), bytes.end(), insn.bytes.begin());
      return;
    }
    case Immediates::mem8:
    case Immediates::mem16:
    case Immediates::mem32:
    case Immediates::mem64:
    case Immediates::mem128:
      return read_memarg(reader, insn);
    case Immediates::mem8_lane:
    case Immediates::mem16_lane:
    case Immediates::mem32_lane:
    case Immediates::mem64_lane:
      read_memarg(reader, insn);
      insn.lane = reader.u8();
      return;
    case Immediates::lane2:
    case Immediates::lane4:
    case Immediates::lane8:
    case Immediates::lane16:
      insn.lane = reader.u8();
      return;
    case Immediates::heap_type: {
      const bool nullable = insn.id == Insn::ref_null || insn.id == Insn::ref_test_null ||
                            insn.id == Insn::ref_cast_null ||
                            insn.id == Insn::ref_cast_desc_eq_null;
      insn.type = ValType::ref(read_heap_type(reader), nullable);
      return;
    }
    case Immediates::select_types:
      return read_select_types(reader, insn);
    case Immediates::catches:
      read_block_immediate(reader, insn);
      return read_catches(reader, insn);
    case Immediates::cast_branch:
      return read_cast_branch(reader, insn);
  }
}

std::optional<PlainConstant> plain_constant(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kLongest = 11;  // the opcode, nine bytes, and the end's opcode
  if (bytes.size() < kLongest) return {};
  PlainConstant constant;
  const std::uint8_t* next = nullptr;
  if (bytes[0] == info(Insn::i32_const).opcode) {
    constant.type = ValType::kI32;
    next = fast_signed<4>(&bytes[1], constant.bits);
    constant.bits = static_cast<std::uint32_t>(constant.bits);
  } else if (bytes[0] == info(Insn::i64_const).opcode) {
    constant.type = ValType::kI64;
    next = fast_signed<9>(&bytes[1], constant.bits);
  }
  if (next == nullptr || *next != info(Insn::end).opcode) return {};
  constant.length = static_cast<std::uint32_t>(next + 1 - bytes.data());
  return constant;
}

std::optional<PlainConstant> plain_constant(const Module& module, const ConstExpr& expr) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(module.bytes.data());
  return plain_constant(std::span(bytes, module.bytes.size()).subspan(expr.begin));
}

ConstExpr skip_expression(ByteReader& reader, InstructionReader& instructions) {
  ConstExpr expr{.begin = reader.offset()};
  if (const auto plain = plain_constant(std::span(reader.position(), reader.remaining()))) {
    reader.set_position(reader.position() + plain->length);
    expr.end = reader.offset();
    return expr;
  }
  Instruction insn;
  for (std::uint64_t depth = 1; depth != 0;) {
    if (!instructions.read(reader, insn)) return expr;
    switch (insn.id) {
      case Insn::block:
      case Insn::loop:
      case Insn::if_:
      case Insn::try_:
      case Insn::try_table:
        ++depth;
        break;
      case Insn::end:
      case Insn::delegate:
        --depth;
        break;
      default:
        break;
    }
  }
  expr.end = reader.offset();
  return expr;
}

}  // namespace tinywasm::decoder
