// SPDX-License-Identifier: Apache-2.0
#include "decoder/byte_reader.hpp"

#include <algorithm>

#include "decoder/utf8.hpp"

namespace tinywasm::decoder {

void ByteReader::fail(Message message, std::uint64_t offset, std::string_view detail) {
  // What ends reading from outside has nothing to do with the place.
  if (message == Message::interrupted) offset = Error::kNoOffset;
  if (!failed_) error_ = make_error(message, offset, detail);
  failed_ = true;
  pos_ = end_;
}

// Both loops look at a group's unused bits before its continuation bit, as the reference
// implementation does: a last byte that has both wrong is "too large".

std::uint64_t ByteReader::unsigned_leb(unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (shift >= bits) {
      fail(Message::integer_too_long);
      return 0;
    }
    if (pos_ == end_) {
      fail(end_message_);
      return 0;
    }
    const std::uint8_t byte = *pos_;
    const std::uint8_t group = byte & 0x7f;
    if (bits - shift < 7 && group >> (bits - shift) != 0) {
      fail(Message::integer_too_large);
      return 0;
    }
    ++pos_;
    value |= static_cast<std::uint64_t>(group) << shift;
    if (byte < 0x80) return value;
  }
}

std::int64_t ByteReader::signed_leb(unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (shift >= bits) {
      fail(Message::integer_too_long);
      return 0;
    }
    if (pos_ == end_) {
      fail(end_message_);
      return 0;
    }
    const std::uint8_t byte = *pos_;
    const std::uint8_t group = byte & 0x7f;
    if (bits - shift < 7) {
      // What lies above the sign bit must repeat it.
      const std::uint8_t mask = (0x7f << (bits - shift - 1)) & 0x7f;
      if ((group & mask) != 0 && (group & mask) != mask) {
        fail(Message::integer_too_large);
        return 0;
      }
    }
    ++pos_;
    value |= static_cast<std::uint64_t>(group) << shift;
    if (byte < 0x80) {
      const unsigned used = shift + 7;
      if (used < 64 && (group & 0x40) != 0) value |= ~std::uint64_t{0} << used;
      return static_cast<std::int64_t>(value);
    }
  }
}

std::uint64_t ByteReader::fixed(std::size_t size) {
  if (remaining() < size) {
    fail(end_message_);
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(pos_[i]) << (8 * i);
  pos_ += size;
  return value;
}

std::span<const std::uint8_t> ByteReader::bytes(std::size_t count) {
  if (remaining() < count) {
    fail(end_message_);
    return {};
  }
  const std::span<const std::uint8_t> taken(pos_, count);
  pos_ += count;
  return taken;
}

std::uint32_t ByteReader::length() {
  const std::uint32_t start = offset();
  const std::uint32_t size = u32();
  if (size <= remaining()) return size;
  fail(Message::length_out_of_bounds, start);
  return 0;
}

std::uint32_t ByteReader::count() {
  const std::uint32_t items = u32();
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(items, std::uint64_t{remaining()} + 1));
}

std::string_view ByteReader::name() {
  const std::uint32_t size = length();
  const std::uint32_t start = offset();
  const auto chars = bytes(size);
  const std::string_view text(reinterpret_cast<const char*>(chars.data()), chars.size());
  if (is_utf8(text)) return text;
  fail(Message::malformed_utf8, start);
  return {};
}

}  // namespace tinywasm::decoder
