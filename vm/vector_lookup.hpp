// SPDX-License-Identifier: Apache-2.0
// The one operation on vectors that needs the machine: bytes by indices that are themselves a
// vector. Compilers have it for constant indices only.
#pragma once

#include <cstdint>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tinywasm::vm::vector {

/// 16 bytes, lane 0 first.
using v128 = std::uint8_t __attribute__((vector_size(16)));

/// Byte i is table[indices[i] mod 16], or 0 where the highest bit of indices[i] is set.
[[gnu::always_inline]] inline v128 lookup(v128 table, v128 indices) {
#if defined(__SSSE3__)
  return (v128)_mm_shuffle_epi8((__m128i)table, (__m128i)indices);
#elif defined(__aarch64__)
  return (v128)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)(indices & std::uint8_t{0x8f}));
#else
  v128 result{};
  for (unsigned i = 0; i < 16; ++i) {
    if (indices[i] < 0x80) result[i] = table[indices[i] & 15];
  }
  return result;
#endif
}

}  // namespace tinywasm::vm::vector
