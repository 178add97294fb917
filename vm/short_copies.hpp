// SPDX-License-Identifier: Apache-2.0
// Copies and fills of a few bytes, without a call: what programs ask of memory.copy and memory.fill
// most of the time.
#pragma once

#include <cstdint>
#include <cstring>

#include "vm/registers.hpp"

namespace tinywasm::vm {

inline constexpr std::uint64_t kShortCopy = 32;

/// Two blocks that begin and end the range, which may overlap: all is read before any is written.
template <class Block>
TINYWASM_INLINE void copy_ends(std::byte* to, const std::byte* from, std::uint64_t size) {
  Block first;
  Block last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}
template <class Block>
TINYWASM_INLINE void fill_ends(std::byte* to, const Block& block, std::uint64_t size) {
  std::memcpy(to, &block, sizeof block);
  std::memcpy(to + size - sizeof block, &block, sizeof block);
}

/// memmove of up to kShortCopy bytes.
TINYWASM_INLINE void short_copy(std::byte* to, const std::byte* from, std::uint64_t size) {
  if (size >= 16) return copy_ends<V128>(to, from, size);
  if (size >= 8) return copy_ends<std::uint64_t>(to, from, size);
  if (size >= 4) return copy_ends<std::uint32_t>(to, from, size);
  if (size >= 2) return copy_ends<std::uint16_t>(to, from, size);
  if (size == 1) *to = *from;
}

/// memset of up to kShortCopy bytes.
TINYWASM_INLINE void short_fill(std::byte* to, std::uint8_t value, std::uint64_t size) {
  const std::uint64_t bytes = value * 0x0101010101010101u;
  if (size >= 16) {
    const std::uint64_t block[2] = {bytes, bytes};
    return fill_ends(to, block, size);
  }
  if (size >= 8) return fill_ends(to, bytes, size);
  if (size >= 4) return fill_ends(to, static_cast<std::uint32_t>(bytes), size);
  if (size >= 2) return fill_ends(to, static_cast<std::uint16_t>(bytes), size);
  if (size == 1) *to = static_cast<std::byte>(value);
}

}  // namespace tinywasm::vm
