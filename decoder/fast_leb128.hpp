// SPDX-License-Identifier: Apache-2.0
// Integers in LEB128 where so many bytes are known to follow that no end needs to be looked for
// (https://webassembly.github.io/spec/core/binary/values.html#integers).
#pragma once

#include <cstddef>
#include <cstdint>

namespace tinywasm::decoder {

/// Reads an unsigned LEB128 of at most `kMost` bytes, for which nothing can overflow. Null when it
/// is longer.
template <std::size_t kMost>
inline const std::uint8_t* fast_unsigned(const std::uint8_t* pos, std::uint32_t& value) {
  value = *pos & 0x7f;
  if (*pos < 0x80) [[likely]]
    return pos + 1;
  for (std::size_t i = 1; i < kMost; ++i) {
    value |= static_cast<std::uint32_t>(pos[i] & 0x7f) << (7 * i);
    if (pos[i] < 0x80) return pos + i + 1;
  }
  return nullptr;
}

/// The same for a signed LEB128.
template <std::size_t kMost>
inline const std::uint8_t* fast_signed(const std::uint8_t* pos, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < kMost; ++i) {
    value |= static_cast<std::uint64_t>(pos[i] & 0x7f) << (7 * i);
    if (pos[i] >= 0x80) continue;
    const std::size_t unused = 64 - 7 * (i + 1);
    value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >>
                                       static_cast<std::int64_t>(unused));
    return pos + i + 1;
  }
  return nullptr;
}

}  // namespace tinywasm::decoder
