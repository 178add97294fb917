// SPDX-License-Identifier: Apache-2.0
// The deterministic profile (https://webassembly.github.io/spec/core/appendix/profiles.html): a NaN
// that an instruction computes is the positive canonical one.
#pragma once

#include <limits>

#include "vm/vector.hpp"

namespace tinywasm::vm {

template <class F>
inline constexpr auto kCanonicalNan = numeric::bits(std::numeric_limits<F>::quiet_NaN());
static_assert(kCanonicalNan<float> == 0x7fc00000);
static_assert(kCanonicalNan<double> == 0x7ff8000000000000);

/// The bits of a float.
template <class F>
constexpr numeric::Bits<F> canonical(F x) {
  return x != x ? kCanonicalNan<F> : numeric::bits(x);
}

/// Lanes of type F.
template <class F>
[[gnu::always_inline]] inline vector::v128 canonical_lanes(vector::v128 v) {
  const auto lanes = vector::as<F>(v);
  const auto is_number = vector::to_v128(lanes == lanes);
  return vector::bits_of(is_number, v, vector::to_v128(vector::splat(kCanonicalNan<F>)));
}

}  // namespace tinywasm::vm
