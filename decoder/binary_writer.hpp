// SPDX-License-Identifier: Apache-2.0
// Writes the primitives of the binary format
// (https://webassembly.github.io/spec/core/binary/values.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "decoder/instructions.hpp"

namespace tinywasm::decoder {

class BinaryWriter {
 public:
  void u8(std::uint32_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  /// LEB128, shortest form: any unsigned width, and any signed one (s33 included).
  void unsigned_leb(std::uint64_t value);
  void signed_leb(std::int64_t value);
  /// Little-endian, `size` bytes.
  void fixed(std::uint64_t value, std::size_t size);
  void append(std::span<const std::byte> bytes);
  void append(const BinaryWriter& other) { append(other.bytes()); }
  void append(std::string_view text);
  /// A vector of bytes: the length, then the bytes. Also the form of names.
  void name(std::string_view text);
  /// The opcode of an instruction, prefix included.
  void opcode(const InsnInfo& insn);
  void opcode(Insn insn) { opcode(info(insn)); }
  /// A section, or a subsection: the id, the size, the contents.
  void section(std::uint32_t id, const BinaryWriter& contents);

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  void clear() { bytes_.clear(); }
  void truncate(std::size_t size) { bytes_.resize(size); }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace tinywasm::decoder
