// SPDX-License-Identifier: Apache-2.0
// A cursor over a module's bytes: integers in LEB128, names, raw bytes
// (https://webassembly.github.io/spec/core/binary/values.html).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "decoder/errors.hpp"

namespace tinywasm::decoder {

/// Its first error sticks: from then on the cursor is at its end and everything it reads is zero or
/// empty, so that a caller may read a whole item and then check ok().
class ByteReader {
 public:
  ByteReader() = default;
  /// Reads [begin, end) of `module`. Reading beyond is `end_message`.
  ByteReader(std::span<const std::byte> module, std::size_t begin, std::size_t end,
             Message end_message = Message::unexpected_end_of_section)
      : base_(reinterpret_cast<const std::uint8_t*>(module.data())),
        pos_(base_ + begin),
        end_(base_ + end),
        end_message_(end_message) {}

  bool ok() const { return !failed_; }
  void set_end_message(Message message) { end_message_ = message; }
  /// The first error; only when !ok().
  const Error& error() const { return error_; }
  /// Keeps the error when it is the first, and goes to the end.
  void fail(Message message, std::uint64_t offset, std::string_view detail = {});
  void fail(Message message) { fail(message, offset()); }

  bool at_end() const { return pos_ == end_; }
  /// The place of the next byte in the module.
  std::uint32_t offset() const { return static_cast<std::uint32_t>(pos_ - base_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - pos_); }

  /// The next byte without taking it; 0 at the end.
  std::uint8_t peek() const { return pos_ == end_ ? std::uint8_t{0} : *pos_; }

  /// For a caller that reads ahead: the next byte in memory, and the end.
  const std::uint8_t* position() const { return pos_; }
  const std::uint8_t* end_position() const { return end_; }
  void set_position(const std::uint8_t* position) { pos_ = position; }
  std::uint32_t offset_of(const std::uint8_t* position) const {
    return static_cast<std::uint32_t>(position - base_);
  }

  std::uint8_t u8() {
    if (pos_ == end_) [[unlikely]] {
      fail(end_message_);
      return 0;
    }
    return *pos_++;
  }

  std::uint32_t u32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return static_cast<std::uint32_t>(unsigned_leb(32));
  }
  std::uint64_t u64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return unsigned_leb(64);
  }
  std::int32_t s32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return one_byte_signed();
    return static_cast<std::int32_t>(signed_leb(32));
  }
  std::int64_t s33() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return one_byte_signed();
    return signed_leb(33);
  }
  std::int64_t s64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return one_byte_signed();
    return signed_leb(64);
  }

  /// Four or eight bytes, little-endian.
  std::uint32_t fixed32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t fixed64() { return fixed(8); }

  /// The next `count` bytes; fewer than that remaining is an error and gives none.
  std::span<const std::uint8_t> bytes(std::size_t count);
  /// A length in bytes; more than remain is an error.
  std::uint32_t length();
  /// The number of a vector's items. Each takes at least one byte, so that no more than one beyond
  /// what remains need to be tried: it can be used to reserve memory, and an absurd one ends in the
  /// error of the item that is not there.
  std::uint32_t count();
  /// A name: its length, then its characters in UTF-8.
  std::string_view name();
  /// Leaves out `count` bytes, with the error of `bytes`.
  void skip(std::size_t count) { bytes(count); }

 private:
  std::int32_t one_byte_signed() {
    const std::uint8_t byte = *pos_++;
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(byte) << 25) >> 25;
  }
  std::uint64_t unsigned_leb(unsigned bits);
  std::int64_t signed_leb(unsigned bits);
  std::uint64_t fixed(std::size_t size);

  const std::uint8_t* base_ = nullptr;
  const std::uint8_t* pos_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  Message end_message_ = Message::unexpected_end;
  bool failed_ = false;
  Error error_;
};

}  // namespace tinywasm::decoder
