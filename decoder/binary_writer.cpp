// SPDX-License-Identifier: Apache-2.0
#include "decoder/binary_writer.hpp"

namespace tinywasm::decoder {

void BinaryWriter::unsigned_leb(std::uint64_t value) {
  while (value >= 0x80) {
    u8(static_cast<std::uint32_t>(value & 0x7F) | 0x80);
    value >>= 7;
  }
  u8(static_cast<std::uint32_t>(value));
}

void BinaryWriter::signed_leb(std::int64_t value) {
  // Ends when what remains is the sign extension of the last byte's bit 6.
  while (value < -0x40 || value >= 0x40) {
    u8(static_cast<std::uint32_t>(value & 0x7F) | 0x80);
    value >>= 7;
  }
  u8(static_cast<std::uint32_t>(value & 0x7F));
}

void BinaryWriter::fixed(std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    u8(static_cast<std::uint32_t>((value >> (8 * i)) & 0xFF));
  }
}

void BinaryWriter::append(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void BinaryWriter::append(std::string_view text) {
  append(std::as_bytes(std::span(text.data(), text.size())));
}

void BinaryWriter::name(std::string_view text) {
  unsigned_leb(text.size());
  append(text);
}

void BinaryWriter::opcode(const InsnInfo& insn) {
  if (insn.prefix != 0) {
    u8(insn.prefix);
    unsigned_leb(insn.opcode);
  } else {
    u8(insn.opcode);
  }
}

void BinaryWriter::section(std::uint32_t id, const BinaryWriter& contents) {
  u8(id);
  unsigned_leb(contents.size());
  append(contents);
}

}  // namespace tinywasm::decoder
