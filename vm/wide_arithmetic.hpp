// SPDX-License-Identifier: Apache-2.0
// What the wide arithmetic instructions compute: 128-bit numbers as two i64
// (https://github.com/WebAssembly/wide-arithmetic).
#pragma once

#include "vm/numeric.hpp"

namespace tinywasm::vm::numeric {

struct Wide {
  u64 low = 0;
  u64 high = 0;
  friend constexpr bool operator==(const Wide&, const Wide&) = default;
};

constexpr Wide i64_add128(u64 a_low, u64 a_high, u64 b_low, u64 b_high) {
  const u64 low = a_low + b_low;
  return {low, a_high + b_high + (low < a_low ? 1 : 0)};
}
constexpr Wide i64_sub128(u64 a_low, u64 a_high, u64 b_low, u64 b_high) {
  return {a_low - b_low, a_high - b_high - (a_low < b_low ? 1 : 0)};
}

/// By halves of 32 bits, whose products fit 64 bits.
constexpr Wide i64_mul_wide_u(u64 a, u64 b) {
  constexpr u64 kHalf = 0xffff'ffff;
  const u64 low = (a & kHalf) * (b & kHalf);
  const u64 left = (a >> 32) * (b & kHalf) + (low >> 32);
  const u64 right = (a & kHalf) * (b >> 32) + (left & kHalf);
  return {right << 32 | (low & kHalf), (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32)};
}
/// The unsigned product, less 2^64 times the other factor for every negative one.
constexpr Wide i64_mul_wide_s(u64 a, u64 b) {
  Wide product = i64_mul_wide_u(a, b);
  if (a >> 63 != 0) product.high -= b;
  if (b >> 63 != 0) product.high -= a;
  return product;
}

}  // namespace tinywasm::vm::numeric
