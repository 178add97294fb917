// SPDX-License-Identifier: Apache-2.0
// The meaning of every VECTOR row of the instruction table: one function of the row's name
// (https://webassembly.github.io/spec/core/exec/numerics.html#vector-operations).
//
// What a row does is told by its function's type. Operands and results are scalars as in
// numeric.hpp, or v128: 16 bytes, lane 0 first, which the functions look at as lanes of any type.
// Further parameters are
//
//   Lane     the lane immediate
//   Lanes    i8x16.shuffle's immediate
//   InFrame  a v128 operand that is looked at where it lies: lanes chosen at run time
//
// For a load the first parameter is what was read from memory; for a store the result is what is
// written. Integer lanes are unsigned, signed operations convert. Relaxed operations are fixed to
// the deterministic profile's choice, which is what the ordinary instruction of that kind does.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "vm/numeric.hpp"
#include "vm/vector_lookup.hpp"

namespace tinywasm::vm::vector {

using numeric::f32;
using numeric::f64;
using numeric::s16;
using numeric::s32;
using numeric::s64;
using numeric::s8;
using numeric::u16;
using numeric::u32;
using numeric::u64;
using numeric::u8;

#define TINYWASM_INLINE_VECTOR [[gnu::always_inline]] inline

/// Which lane; below the number of lanes.
enum class Lane : u16 {};
struct Lanes {
  v128 bytes;
};
struct InFrame {
  const void* bytes;
};

// ---- Lanes

template <class T, unsigned Bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(Bytes)));
};
/// All lanes of a v128 as type T.
template <class T>
using Of = typename VectorOf<T, 16>::type;
/// Half a v128.
template <class T>
using Half = typename VectorOf<T, 8>::type;

template <class T>
inline constexpr unsigned kCount = 16 / sizeof(T);

template <class T>
TINYWASM_INLINE_VECTOR Of<T> as(v128 v) {
  return (Of<T>)v;
}
template <class V>
TINYWASM_INLINE_VECTOR v128 to_v128(V lanes) {
  static_assert(sizeof lanes == 16);
  return (v128)lanes;
}

/// The integer types of a lane of T's size.
template <class T>
using SignedLane = std::conditional_t<
    sizeof(T) == 1, s8,
    std::conditional_t<sizeof(T) == 2, s16, std::conditional_t<sizeof(T) == 4, s32, s64>>>;
template <class T>
using UnsignedLane = std::make_unsigned_t<SignedLane<T>>;
template <class T>
using Wide = std::conditional_t<
    std::is_signed_v<T>,
    std::conditional_t<sizeof(T) == 1, s16, std::conditional_t<sizeof(T) == 2, s32, s64>>,
    std::conditional_t<sizeof(T) == 1, u16, std::conditional_t<sizeof(T) == 2, u32, u64>>>;

template <class T>
TINYWASM_INLINE_VECTOR Of<T> splat(T x) {
  return Of<T>{} + x;
}
template <>
TINYWASM_INLINE_VECTOR Of<f32> splat(f32 x) {
  return Of<f32>{x, x, x, x};  // not an addition, which would make NaNs quiet
}
template <>
TINYWASM_INLINE_VECTOR Of<f64> splat(f64 x) {
  return Of<f64>{x, x};
}

/// Bits of `a` where `mask` has ones, of `b` where it has zeros.
TINYWASM_INLINE_VECTOR v128 bits_of(v128 mask, v128 a, v128 b) { return (a & mask) | (b & ~mask); }
/// Lanes of `a` where the comparison `mask` holds, else of `b`.
template <class Mask, class V>
TINYWASM_INLINE_VECTOR V choose(Mask mask, V a, V b) {
  return mask ? a : b;
}

/// F of every lane, for operations that are one instruction a lane.
template <class T, T (*F)(T), unsigned... I>
TINYWASM_INLINE_VECTOR v128 lanewise(Of<T> v, std::integer_sequence<unsigned, I...>) {
  return to_v128(Of<T>{F(v[I])...});
}
template <class T, T (*F)(T)>
TINYWASM_INLINE_VECTOR v128 lanewise(v128 v) {
  return lanewise<T, F>(as<T>(v), std::make_integer_sequence<unsigned, kCount<T>>{});
}

/// The lower or upper half of a vector's lanes.
template <class T>
TINYWASM_INLINE_VECTOR Half<T> low(Of<T> v) {
  return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
    return __builtin_shufflevector(v, v, I...);
  }(std::make_integer_sequence<unsigned, kCount<T> / 2>{});
}
template <class T>
TINYWASM_INLINE_VECTOR Half<T> high(Of<T> v) {
  return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
    return __builtin_shufflevector(v, v, (I + kCount<T> / 2)...);
  }(std::make_integer_sequence<unsigned, kCount<T> / 2>{});
}
template <class T>
TINYWASM_INLINE_VECTOR Of<T> join(Half<T> a, Half<T> b) {
  return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
    return __builtin_shufflevector(a, b, I...);
  }(std::make_integer_sequence<unsigned, kCount<T>>{});
}
template <class T>
TINYWASM_INLINE_VECTOR Of<T> with_zeros(Half<T> v) {
  return join<T>(v, Half<T>{});
}

template <class T>
TINYWASM_INLINE_VECTOR Of<Wide<T>> widen(Half<T> v) {
  return __builtin_convertvector(v, Of<Wide<T>>);
}
template <class T>
TINYWASM_INLINE_VECTOR Of<Wide<T>> extend_low(v128 v) {
  return widen<T>(low<T>(as<T>(v)));
}
template <class T>
TINYWASM_INLINE_VECTOR Of<Wide<T>> extend_high(v128 v) {
  return widen<T>(high<T>(as<T>(v)));
}
/// Lanes 0, 2, ... and 1, 3, ..., extended.
template <class T>
TINYWASM_INLINE_VECTOR Of<Wide<T>> even_lanes(v128 v) {
  using W = Wide<T>;
  using U = UnsignedLane<W>;
  constexpr U kShift = 8 * sizeof(T);
  return as<W>(to_v128(as<U>(v) << kShift)) >> static_cast<W>(kShift);
}
template <class T>
TINYWASM_INLINE_VECTOR Of<Wide<T>> odd_lanes(v128 v) {
  using W = Wide<T>;
  return as<W>(v) >> static_cast<W>(8 * sizeof(T));
}

template <class T>
TINYWASM_INLINE_VECTOR T lane_of(InFrame v, Lane lane) {
  T x;
  std::memcpy(&x, static_cast<const std::byte*>(v.bytes) + sizeof(T) * static_cast<u16>(lane),
              sizeof x);
  return x;
}
template <class T>
TINYWASM_INLINE_VECTOR Of<T> lane_numbers() {
  return []<unsigned... I>(std::integer_sequence<unsigned, I...>) {
    return Of<T>{static_cast<T>(I)...};
  }(std::make_integer_sequence<unsigned, kCount<T>>{});
}
/// `v` with `x` in one lane.
template <class T>
TINYWASM_INLINE_VECTOR v128 replace(v128 v, T x, Lane lane) {
  const auto is_lane = lane_numbers<T>() == splat(static_cast<T>(lane));
  return bits_of(to_v128(is_lane), to_v128(splat(x)), v);
}

// ---- Bits (4.3.7: vvunop, vvbinop, vvternop, vvtestop)

TINYWASM_INLINE_VECTOR v128 v128_not(v128 a) { return ~a; }
TINYWASM_INLINE_VECTOR v128 v128_and(v128 a, v128 b) { return a & b; }
TINYWASM_INLINE_VECTOR v128 v128_andnot(v128 a, v128 b) { return a & ~b; }
TINYWASM_INLINE_VECTOR v128 v128_or(v128 a, v128 b) { return a | b; }
TINYWASM_INLINE_VECTOR v128 v128_xor(v128 a, v128 b) { return a ^ b; }
TINYWASM_INLINE_VECTOR v128 v128_bitselect(v128 a, v128 b, v128 mask) {
  return bits_of(mask, a, b);
}
TINYWASM_INLINE_VECTOR u32 v128_any_true(v128 a) {
  const Of<u64> v = as<u64>(a);
  return (v[0] | v[1]) != 0;
}

// ---- Integer lanes

template <class T>
TINYWASM_INLINE_VECTOR v128 min(v128 a, v128 b) {
  return to_v128(choose(as<T>(a) < as<T>(b), as<T>(a), as<T>(b)));
}
template <class T>
TINYWASM_INLINE_VECTOR v128 max(v128 a, v128 b) {
  return to_v128(choose(as<T>(a) > as<T>(b), as<T>(a), as<T>(b)));
}
template <class U>
TINYWASM_INLINE_VECTOR v128 abs(v128 a) {
  using S = SignedLane<U>;
  return to_v128(choose(as<S>(a) < S{0}, Of<U>{} - as<U>(a), as<U>(a)));
}
template <class U>
TINYWASM_INLINE_VECTOR u32 all_true(v128 a) {
  return v128_any_true(to_v128(as<U>(a) == U{0})) == 0;
}
/// A signed sum or difference `r` that has overflowed where `overflow` is negative is as far from
/// zero as can be, on the side of `a`.
template <class U>
TINYWASM_INLINE_VECTOR v128 saturate(Of<U> r, Of<U> overflow, Of<U> a) {
  using S = SignedLane<U>;
  constexpr U kMost = static_cast<U>(std::numeric_limits<S>::max());
  const Of<U> sign = (Of<U>)((Of<S>)a >> static_cast<S>(8 * sizeof(U) - 1));
  return to_v128(choose((Of<S>)overflow < S{0}, sign ^ kMost, r));
}
template <class U>
TINYWASM_INLINE_VECTOR v128 add_sat_s(v128 a, v128 b) {
  const Of<U> x = as<U>(a);
  const Of<U> y = as<U>(b);
  const Of<U> r = x + y;
  return saturate<U>(r, ~(x ^ y) & (x ^ r), x);
}
template <class U>
TINYWASM_INLINE_VECTOR v128 sub_sat_s(v128 a, v128 b) {
  const Of<U> x = as<U>(a);
  const Of<U> y = as<U>(b);
  const Of<U> r = x - y;
  return saturate<U>(r, (x ^ y) & (x ^ r), x);
}
template <class U>
TINYWASM_INLINE_VECTOR v128 add_sat_u(v128 a, v128 b) {
  const Of<U> r = as<U>(a) + as<U>(b);
  return to_v128(r) | to_v128(r < as<U>(a));
}
template <class U>
TINYWASM_INLINE_VECTOR v128 sub_sat_u(v128 a, v128 b) {
  return to_v128(as<U>(a) - as<U>(b)) & to_v128(as<U>(a) > as<U>(b));
}
template <class U>
TINYWASM_INLINE_VECTOR v128 avgr_u(v128 a, v128 b) {
  const Of<U> x = as<U>(a);
  const Of<U> y = as<U>(b);
  return to_v128((x | y) - ((x ^ y) >> U{1}));
}
/// Signed lanes of twice the size, each put into the range of T.
template <class T>
TINYWASM_INLINE_VECTOR v128 narrow(v128 a, v128 b) {
  using S = SignedLane<Wide<T>>;
  const auto low_end = splat(static_cast<S>(std::numeric_limits<T>::min()));
  const auto high_end = splat(static_cast<S>(std::numeric_limits<T>::max()));
  const auto clamped = [&](v128 v) {
    const Of<S> lanes = as<S>(min<S>(max<S>(v, to_v128(low_end)), to_v128(high_end)));
    return __builtin_convertvector(lanes, Half<T>);
  };
  return to_v128(join<T>(clamped(a), clamped(b)));
}
template <class T>
TINYWASM_INLINE_VECTOR v128 extmul(Of<Wide<T>> a, Of<Wide<T>> b) {
  using U = UnsignedLane<Wide<T>>;
  return to_v128((Of<U>)a * (Of<U>)b);
}
template <class T>
TINYWASM_INLINE_VECTOR v128 extadd_pairwise(v128 a) {
  return to_v128(even_lanes<T>(a) + odd_lanes<T>(a));
}

// One size of integer lanes; `p` is the shape, `U` and `S` a lane, `X` the scalar it travels in.
#define TINYWASM_INTEGER_LANES(p, U, S, X)                                                       \
  TINYWASM_INLINE_VECTOR v128 p##_splat(X x) { return to_v128(splat(static_cast<U>(x))); }       \
  TINYWASM_INLINE_VECTOR v128 p##_replace_lane(v128 v, X x, Lane lane) {                         \
    return replace(v, static_cast<U>(x), lane);                                                  \
  }                                                                                              \
  TINYWASM_INLINE_VECTOR v128 p##_eq(v128 a, v128 b) { return to_v128(as<U>(a) == as<U>(b)); }   \
  TINYWASM_INLINE_VECTOR v128 p##_ne(v128 a, v128 b) { return to_v128(as<U>(a) != as<U>(b)); }   \
  TINYWASM_INLINE_VECTOR v128 p##_lt_s(v128 a, v128 b) { return to_v128(as<S>(a) < as<S>(b)); }  \
  TINYWASM_INLINE_VECTOR v128 p##_gt_s(v128 a, v128 b) { return to_v128(as<S>(a) > as<S>(b)); }  \
  TINYWASM_INLINE_VECTOR v128 p##_le_s(v128 a, v128 b) { return to_v128(as<S>(a) <= as<S>(b)); } \
  TINYWASM_INLINE_VECTOR v128 p##_ge_s(v128 a, v128 b) { return to_v128(as<S>(a) >= as<S>(b)); } \
  TINYWASM_INLINE_VECTOR v128 p##_abs(v128 a) { return abs<U>(a); }                              \
  TINYWASM_INLINE_VECTOR v128 p##_neg(v128 a) { return to_v128(Of<U>{} - as<U>(a)); }            \
  TINYWASM_INLINE_VECTOR u32 p##_all_true(v128 a) { return all_true<U>(a); }                     \
  TINYWASM_INLINE_VECTOR v128 p##_shl(v128 a, u32 n) {                                           \
    return to_v128(as<U>(a) << splat(static_cast<U>(n & (8 * sizeof(U) - 1))));                  \
  }                                                                                              \
  TINYWASM_INLINE_VECTOR v128 p##_shr_s(v128 a, u32 n) {                                         \
    return to_v128(as<S>(a) >> splat(static_cast<S>(n & (8 * sizeof(U) - 1))));                  \
  }                                                                                              \
  TINYWASM_INLINE_VECTOR v128 p##_shr_u(v128 a, u32 n) {                                         \
    return to_v128(as<U>(a) >> splat(static_cast<U>(n & (8 * sizeof(U) - 1))));                  \
  }                                                                                              \
  TINYWASM_INLINE_VECTOR v128 p##_add(v128 a, v128 b) { return to_v128(as<U>(a) + as<U>(b)); }   \
  TINYWASM_INLINE_VECTOR v128 p##_sub(v128 a, v128 b) { return to_v128(as<U>(a) - as<U>(b)); }
TINYWASM_INTEGER_LANES(i8x16, u8, s8, u32)
TINYWASM_INTEGER_LANES(i16x8, u16, s16, u32)
TINYWASM_INTEGER_LANES(i32x4, u32, s32, u32)
TINYWASM_INTEGER_LANES(i64x2, u64, s64, u64)
#undef TINYWASM_INTEGER_LANES

// What lanes of 64 bits do not have.
#define TINYWASM_SMALL_LANES(p, U, S)                                                            \
  TINYWASM_INLINE_VECTOR v128 p##_lt_u(v128 a, v128 b) { return to_v128(as<U>(a) < as<U>(b)); }  \
  TINYWASM_INLINE_VECTOR v128 p##_gt_u(v128 a, v128 b) { return to_v128(as<U>(a) > as<U>(b)); }  \
  TINYWASM_INLINE_VECTOR v128 p##_le_u(v128 a, v128 b) { return to_v128(as<U>(a) <= as<U>(b)); } \
  TINYWASM_INLINE_VECTOR v128 p##_ge_u(v128 a, v128 b) { return to_v128(as<U>(a) >= as<U>(b)); } \
  TINYWASM_INLINE_VECTOR v128 p##_min_s(v128 a, v128 b) { return min<S>(a, b); }                 \
  TINYWASM_INLINE_VECTOR v128 p##_min_u(v128 a, v128 b) { return min<U>(a, b); }                 \
  TINYWASM_INLINE_VECTOR v128 p##_max_s(v128 a, v128 b) { return max<S>(a, b); }                 \
  TINYWASM_INLINE_VECTOR v128 p##_max_u(v128 a, v128 b) { return max<U>(a, b); }
TINYWASM_SMALL_LANES(i8x16, u8, s8)
TINYWASM_SMALL_LANES(i16x8, u16, s16)
TINYWASM_SMALL_LANES(i32x4, u32, s32)
#undef TINYWASM_SMALL_LANES

// Saturation exists for lanes of 8 and 16 bits.
#define TINYWASM_SATURATING_LANES(p, U)                                                    \
  TINYWASM_INLINE_VECTOR v128 p##_add_sat_s(v128 a, v128 b) { return add_sat_s<U>(a, b); } \
  TINYWASM_INLINE_VECTOR v128 p##_add_sat_u(v128 a, v128 b) { return add_sat_u<U>(a, b); } \
  TINYWASM_INLINE_VECTOR v128 p##_sub_sat_s(v128 a, v128 b) { return sub_sat_s<U>(a, b); } \
  TINYWASM_INLINE_VECTOR v128 p##_sub_sat_u(v128 a, v128 b) { return sub_sat_u<U>(a, b); } \
  TINYWASM_INLINE_VECTOR v128 p##_avgr_u(v128 a, v128 b) { return avgr_u<U>(a, b); }
TINYWASM_SATURATING_LANES(i8x16, u8)
TINYWASM_SATURATING_LANES(i16x8, u16)
#undef TINYWASM_SATURATING_LANES

// Lanes of shape `p` and type `W` from those of half the size, shape `q` and types `U` and `S`.
#define TINYWASM_WIDENING_LANES(p, q, U, S)                                                        \
  TINYWASM_INLINE_VECTOR v128 p##_extend_low_##q##_s(v128 a) { return to_v128(extend_low<S>(a)); } \
  TINYWASM_INLINE_VECTOR v128 p##_extend_high_##q##_s(v128 a) {                                    \
    return to_v128(extend_high<S>(a));                                                             \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_extend_low_##q##_u(v128 a) { return to_v128(extend_low<U>(a)); } \
  TINYWASM_INLINE_VECTOR v128 p##_extend_high_##q##_u(v128 a) {                                    \
    return to_v128(extend_high<U>(a));                                                             \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_extmul_low_##q##_s(v128 a, v128 b) {                             \
    return extmul<S>(extend_low<S>(a), extend_low<S>(b));                                          \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_extmul_high_##q##_s(v128 a, v128 b) {                            \
    return extmul<S>(extend_high<S>(a), extend_high<S>(b));                                        \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_extmul_low_##q##_u(v128 a, v128 b) {                             \
    return extmul<U>(extend_low<U>(a), extend_low<U>(b));                                          \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_extmul_high_##q##_u(v128 a, v128 b) {                            \
    return extmul<U>(extend_high<U>(a), extend_high<U>(b));                                        \
  }
TINYWASM_WIDENING_LANES(i16x8, i8x16, u8, s8)
TINYWASM_WIDENING_LANES(i32x4, i16x8, u16, s16)
TINYWASM_WIDENING_LANES(i64x2, i32x4, u32, s32)
#undef TINYWASM_WIDENING_LANES

TINYWASM_INLINE_VECTOR v128 i16x8_extadd_pairwise_i8x16_s(v128 a) { return extadd_pairwise<s8>(a); }
TINYWASM_INLINE_VECTOR v128 i16x8_extadd_pairwise_i8x16_u(v128 a) { return extadd_pairwise<u8>(a); }
TINYWASM_INLINE_VECTOR v128 i32x4_extadd_pairwise_i16x8_s(v128 a) {
  return extadd_pairwise<s16>(a);
}
TINYWASM_INLINE_VECTOR v128 i32x4_extadd_pairwise_i16x8_u(v128 a) {
  return extadd_pairwise<u16>(a);
}

TINYWASM_INLINE_VECTOR v128 i8x16_narrow_i16x8_s(v128 a, v128 b) { return narrow<s8>(a, b); }
TINYWASM_INLINE_VECTOR v128 i8x16_narrow_i16x8_u(v128 a, v128 b) { return narrow<u8>(a, b); }
TINYWASM_INLINE_VECTOR v128 i16x8_narrow_i32x4_s(v128 a, v128 b) { return narrow<s16>(a, b); }
TINYWASM_INLINE_VECTOR v128 i16x8_narrow_i32x4_u(v128 a, v128 b) { return narrow<u16>(a, b); }

TINYWASM_INLINE_VECTOR v128 i16x8_mul(v128 a, v128 b) { return to_v128(as<u16>(a) * as<u16>(b)); }
TINYWASM_INLINE_VECTOR v128 i32x4_mul(v128 a, v128 b) { return to_v128(as<u32>(a) * as<u32>(b)); }
TINYWASM_INLINE_VECTOR v128 i64x2_mul(v128 a, v128 b) { return to_v128(as<u64>(a) * as<u64>(b)); }

/// Bits counted in pairs, in fours, in eights.
TINYWASM_INLINE_VECTOR v128 i8x16_popcnt(v128 a) {
  constexpr u8 kPairs = 0x55;
  constexpr u8 kFours = 0x33;
  constexpr u8 kEights = 0x0f;
  a = a - ((a >> u8{1}) & kPairs);
  a = (a & kFours) + ((a >> u8{2}) & kFours);
  return (a + (a >> u8{4})) & kEights;
}

// The sign bits of a word's lanes, moved to its highest bits by a multiplication in which no two
// partial products meet.
TINYWASM_INLINE_VECTOR u32 i8x16_bitmask(v128 a) {
  const Of<u64> v = as<u64>(a);
  const auto half = [](u64 x) {
    return static_cast<u32>(((x >> 7 & 0x0101010101010101) * 0x0102040810204080) >> 56);
  };
  return half(v[0]) | half(v[1]) << 8;
}
TINYWASM_INLINE_VECTOR u32 i16x8_bitmask(v128 a) {
  const Of<u64> v = as<u64>(a);
  const auto half = [](u64 x) {
    return static_cast<u32>(((x >> 15 & 0x0001000100010001) * 0x1000200040008000) >> 60);
  };
  return half(v[0]) | half(v[1]) << 4;
}
TINYWASM_INLINE_VECTOR u32 i32x4_bitmask(v128 a) {
  const Of<u64> v = as<u64>(a);
  const auto half = [](u64 x) { return static_cast<u32>((x >> 31 & 1) | (x >> 63) << 1); };
  return half(v[0]) | half(v[1]) << 2;
}
TINYWASM_INLINE_VECTOR u32 i64x2_bitmask(v128 a) {
  const Of<u64> v = as<u64>(a);
  return static_cast<u32>(v[0] >> 63 | (v[1] >> 63) << 1);
}

TINYWASM_INLINE_VECTOR v128 i32x4_dot_i16x8_s(v128 a, v128 b) {
  return to_v128((Of<u32>)even_lanes<s16>(a) * (Of<u32>)even_lanes<s16>(b) +
                 (Of<u32>)odd_lanes<s16>(a) * (Of<u32>)odd_lanes<s16>(b));
}
TINYWASM_INLINE_VECTOR v128 i16x8_q15mulr_sat_s(v128 a, v128 b) {
  const auto product = [](Of<s32> x, Of<s32> y) { return to_v128((x * y + 0x4000) >> 15); };
  return narrow<s16>(product(extend_low<s16>(a), extend_low<s16>(b)),
                     product(extend_high<s16>(a), extend_high<s16>(b)));
}

// ---- Lanes in and out, and their order

TINYWASM_INLINE_VECTOR u32 i8x16_extract_lane_s(InFrame v, Lane lane) {
  return static_cast<u32>(lane_of<s8>(v, lane));
}
TINYWASM_INLINE_VECTOR u32 i8x16_extract_lane_u(InFrame v, Lane lane) {
  return lane_of<u8>(v, lane);
}
TINYWASM_INLINE_VECTOR u32 i16x8_extract_lane_s(InFrame v, Lane lane) {
  return static_cast<u32>(lane_of<s16>(v, lane));
}
TINYWASM_INLINE_VECTOR u32 i16x8_extract_lane_u(InFrame v, Lane lane) {
  return lane_of<u16>(v, lane);
}
TINYWASM_INLINE_VECTOR u32 i32x4_extract_lane(InFrame v, Lane lane) {
  return lane_of<u32>(v, lane);
}
TINYWASM_INLINE_VECTOR u64 i64x2_extract_lane(InFrame v, Lane lane) {
  return lane_of<u64>(v, lane);
}
TINYWASM_INLINE_VECTOR f32 f32x4_extract_lane(InFrame v, Lane lane) {
  return lane_of<f32>(v, lane);
}
TINYWASM_INLINE_VECTOR f64 f64x2_extract_lane(InFrame v, Lane lane) {
  return lane_of<f64>(v, lane);
}

TINYWASM_INLINE_VECTOR v128 i8x16_swizzle(v128 a, v128 indices) {
  return lookup(a, indices | to_v128(indices > u8{15}));
}
TINYWASM_INLINE_VECTOR v128 i8x16_shuffle(v128 a, v128 b, Lanes lanes) {
  const v128 in_b = lanes.bytes - u8{16};  // the highest bit is set where it is a lane of `a`
  return lookup(a, lanes.bytes | to_v128(lanes.bytes > u8{15})) | lookup(b, in_b);
}

// ---- Float lanes (4.3.3)

template <class F>
using FloatBits = UnsignedLane<F>;

/// fmin and fmax: any NaN gives a quiet NaN, which the sum of both is, and -0 is less than +0.
template <class F>
TINYWASM_INLINE_VECTOR v128 min_or_max(v128 a, v128 b, v128 if_equal, v128 if_ordered) {
  const Of<F> x = as<F>(a);
  const Of<F> y = as<F>(b);
  const v128 is_equal = to_v128(x == y);
  const v128 is_nan = to_v128(x != x) | to_v128(y != y);
  return bits_of(is_nan, to_v128(x + y), bits_of(is_equal, if_equal, if_ordered));
}
template <class F>
TINYWASM_INLINE_VECTOR v128 float_min(v128 a, v128 b) {
  return min_or_max<F>(a, b, a | b, bits_of(to_v128(as<F>(a) < as<F>(b)), a, b));
}
template <class F>
TINYWASM_INLINE_VECTOR v128 float_max(v128 a, v128 b) {
  return min_or_max<F>(a, b, a & b, bits_of(to_v128(as<F>(a) > as<F>(b)), a, b));
}

#define TINYWASM_FLOAT_LANES(p, F, n)                                                              \
  TINYWASM_INLINE_VECTOR v128 p##_splat(F x) { return to_v128(splat(x)); }                         \
  TINYWASM_INLINE_VECTOR v128 p##_replace_lane(v128 v, F x, Lane lane) {                           \
    return replace(v, std::bit_cast<FloatBits<F>>(x), lane);                                       \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_eq(v128 a, v128 b) { return to_v128(as<F>(a) == as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_ne(v128 a, v128 b) { return to_v128(as<F>(a) != as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_lt(v128 a, v128 b) { return to_v128(as<F>(a) < as<F>(b)); }      \
  TINYWASM_INLINE_VECTOR v128 p##_gt(v128 a, v128 b) { return to_v128(as<F>(a) > as<F>(b)); }      \
  TINYWASM_INLINE_VECTOR v128 p##_le(v128 a, v128 b) { return to_v128(as<F>(a) <= as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_ge(v128 a, v128 b) { return to_v128(as<F>(a) >= as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_abs(v128 a) {                                                    \
    return to_v128(as<FloatBits<F>>(a) & ~numeric::kSign<F>);                                      \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_neg(v128 a) {                                                    \
    return to_v128(as<FloatBits<F>>(a) ^ numeric::kSign<F>);                                       \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_ceil(v128 a) { return lanewise<F, numeric::n##_ceil>(a); }       \
  TINYWASM_INLINE_VECTOR v128 p##_floor(v128 a) { return lanewise<F, numeric::n##_floor>(a); }     \
  TINYWASM_INLINE_VECTOR v128 p##_trunc(v128 a) { return lanewise<F, numeric::n##_trunc>(a); }     \
  TINYWASM_INLINE_VECTOR v128 p##_nearest(v128 a) { return lanewise<F, numeric::n##_nearest>(a); } \
  TINYWASM_INLINE_VECTOR v128 p##_sqrt(v128 a) { return lanewise<F, numeric::n##_sqrt>(a); }       \
  TINYWASM_INLINE_VECTOR v128 p##_add(v128 a, v128 b) { return to_v128(as<F>(a) + as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_sub(v128 a, v128 b) { return to_v128(as<F>(a) - as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_mul(v128 a, v128 b) { return to_v128(as<F>(a) * as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_div(v128 a, v128 b) { return to_v128(as<F>(a) / as<F>(b)); }     \
  TINYWASM_INLINE_VECTOR v128 p##_min(v128 a, v128 b) { return float_min<F>(a, b); }               \
  TINYWASM_INLINE_VECTOR v128 p##_max(v128 a, v128 b) { return float_max<F>(a, b); }               \
  TINYWASM_INLINE_VECTOR v128 p##_pmin(v128 a, v128 b) {                                           \
    return bits_of(to_v128(as<F>(b) < as<F>(a)), b, a);                                            \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_pmax(v128 a, v128 b) {                                           \
    return bits_of(to_v128(as<F>(a) < as<F>(b)), b, a);                                            \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_relaxed_madd(v128 a, v128 b, v128 c) {                           \
    return p##_add(p##_mul(a, b), c);                                                              \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_relaxed_nmadd(v128 a, v128 b, v128 c) {                          \
    return p##_add(p##_mul(p##_neg(a), b), c);                                                     \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR v128 p##_relaxed_min(v128 a, v128 b) { return p##_min(a, b); }            \
  TINYWASM_INLINE_VECTOR v128 p##_relaxed_max(v128 a, v128 b) { return p##_max(a, b); }
TINYWASM_FLOAT_LANES(f32x4, f32, f32)
TINYWASM_FLOAT_LANES(f64x2, f64, f64)
#undef TINYWASM_FLOAT_LANES

// ---- Conversions (4.3.4)

/// trunc_sat of lanes of type F, in the range of I. A lane that is converted is in range: others
/// become zero first and are set afterwards.
template <class I, class F, class Converted, class Values>
TINYWASM_INLINE_VECTOR Converted trunc_sat(Values v) {
  using Limits = std::numeric_limits<I>;
  constexpr F kHigh = numeric::TruncRange<I, F>::kHigh;
  constexpr F kLow = std::is_signed_v<I> ? -kHigh : F{0};
  const auto is_high = v >= kHigh;
  const auto is_low = v < kLow;
  const auto fits = (v >= kLow) & (v < kHigh);  // not so for NaN
  const Values safe = choose(fits, v, Values{});
  Converted result = __builtin_convertvector(safe, Converted);
  using Mask = typename VectorOf<SignedLane<I>, sizeof(Converted)>::type;
  const auto high_mask = (Converted) __builtin_convertvector(is_high, Mask);
  const auto low_mask = (Converted) __builtin_convertvector(is_low, Mask);
  result |= high_mask & Limits::max();
  return result | (low_mask & Limits::min());
}
TINYWASM_INLINE_VECTOR v128 i32x4_trunc_sat_f32x4_s(v128 a) {
  return to_v128(trunc_sat<s32, f32, Of<s32>>(as<f32>(a)));
}
TINYWASM_INLINE_VECTOR v128 i32x4_trunc_sat_f32x4_u(v128 a) {
  return to_v128(trunc_sat<u32, f32, Of<u32>>(as<f32>(a)));
}
TINYWASM_INLINE_VECTOR v128 i32x4_trunc_sat_f64x2_s_zero(v128 a) {
  return to_v128(with_zeros<s32>(trunc_sat<s32, f64, Half<s32>>(as<f64>(a))));
}
TINYWASM_INLINE_VECTOR v128 i32x4_trunc_sat_f64x2_u_zero(v128 a) {
  return to_v128(with_zeros<u32>(trunc_sat<u32, f64, Half<u32>>(as<f64>(a))));
}
TINYWASM_INLINE_VECTOR v128 f32x4_convert_i32x4_s(v128 a) {
  return to_v128(__builtin_convertvector(as<s32>(a), Of<f32>));
}
TINYWASM_INLINE_VECTOR v128 f32x4_convert_i32x4_u(v128 a) {
  return to_v128(__builtin_convertvector(as<u32>(a), Of<f32>));
}
TINYWASM_INLINE_VECTOR v128 f64x2_convert_low_i32x4_s(v128 a) {
  return to_v128(__builtin_convertvector(low<s32>(as<s32>(a)), Of<f64>));
}
TINYWASM_INLINE_VECTOR v128 f64x2_convert_low_i32x4_u(v128 a) {
  return to_v128(__builtin_convertvector(low<u32>(as<u32>(a)), Of<f64>));
}
TINYWASM_INLINE_VECTOR v128 f32x4_demote_f64x2_zero(v128 a) {
  return to_v128(with_zeros<f32>(__builtin_convertvector(as<f64>(a), Half<f32>)));
}
TINYWASM_INLINE_VECTOR v128 f64x2_promote_low_f32x4(v128 a) {
  return to_v128(__builtin_convertvector(low<f32>(as<f32>(a)), Of<f64>));
}

// ---- Memory. What lies there is little-endian, as the lanes are.

TINYWASM_INLINE_VECTOR v128 v128_load(v128 stored) { return stored; }
TINYWASM_INLINE_VECTOR v128 v128_store(v128 value) { return value; }
template <class T>
TINYWASM_INLINE_VECTOR v128 load_extended(u64 stored) {
  return to_v128(widen<T>(std::bit_cast<Half<T>>(stored)));
}
TINYWASM_INLINE_VECTOR v128 v128_load8x8_s(u64 stored) { return load_extended<s8>(stored); }
TINYWASM_INLINE_VECTOR v128 v128_load8x8_u(u64 stored) { return load_extended<u8>(stored); }
TINYWASM_INLINE_VECTOR v128 v128_load16x4_s(u64 stored) { return load_extended<s16>(stored); }
TINYWASM_INLINE_VECTOR v128 v128_load16x4_u(u64 stored) { return load_extended<u16>(stored); }
TINYWASM_INLINE_VECTOR v128 v128_load32x2_s(u64 stored) { return load_extended<s32>(stored); }
TINYWASM_INLINE_VECTOR v128 v128_load32x2_u(u64 stored) { return load_extended<u32>(stored); }
#define TINYWASM_MEMORY_LANES(bits, U)                                                             \
  TINYWASM_INLINE_VECTOR v128 v128_load##bits##_splat(U stored) { return to_v128(splat(stored)); } \
  TINYWASM_INLINE_VECTOR v128 v128_load##bits##_lane(U stored, v128 v, Lane lane) {                \
    return replace(v, stored, lane);                                                               \
  }                                                                                                \
  TINYWASM_INLINE_VECTOR U v128_store##bits##_lane(InFrame v, Lane lane) {                         \
    return lane_of<U>(v, lane);                                                                    \
  }
TINYWASM_MEMORY_LANES(8, u8)
TINYWASM_MEMORY_LANES(16, u16)
TINYWASM_MEMORY_LANES(32, u32)
TINYWASM_MEMORY_LANES(64, u64)
#undef TINYWASM_MEMORY_LANES
TINYWASM_INLINE_VECTOR v128 v128_load32_zero(u32 stored) {
  return to_v128(Of<u32>{stored, 0, 0, 0});
}
TINYWASM_INLINE_VECTOR v128 v128_load64_zero(u64 stored) { return to_v128(Of<u64>{stored, 0}); }

// ---- Relaxed operations (4.3.8)

TINYWASM_INLINE_VECTOR v128 i8x16_relaxed_swizzle(v128 a, v128 indices) {
  return i8x16_swizzle(a, indices);
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_trunc_f32x4_s(v128 a) {
  return i32x4_trunc_sat_f32x4_s(a);
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_trunc_f32x4_u(v128 a) {
  return i32x4_trunc_sat_f32x4_u(a);
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_trunc_f64x2_s_zero(v128 a) {
  return i32x4_trunc_sat_f64x2_s_zero(a);
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_trunc_f64x2_u_zero(v128 a) {
  return i32x4_trunc_sat_f64x2_u_zero(a);
}
TINYWASM_INLINE_VECTOR v128 i8x16_relaxed_laneselect(v128 a, v128 b, v128 mask) {
  return bits_of(mask, a, b);
}
TINYWASM_INLINE_VECTOR v128 i16x8_relaxed_laneselect(v128 a, v128 b, v128 mask) {
  return bits_of(mask, a, b);
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_laneselect(v128 a, v128 b, v128 mask) {
  return bits_of(mask, a, b);
}
TINYWASM_INLINE_VECTOR v128 i64x2_relaxed_laneselect(v128 a, v128 b, v128 mask) {
  return bits_of(mask, a, b);
}
TINYWASM_INLINE_VECTOR v128 i16x8_relaxed_q15mulr_s(v128 a, v128 b) {
  return i16x8_q15mulr_sat_s(a, b);
}
TINYWASM_INLINE_VECTOR v128 i16x8_relaxed_dot_i8x16_i7x16_s(v128 a, v128 b) {
  const auto products = [](Of<s16> x, Of<s16> y) { return to_v128(x * y); };  // below 2^15
  return add_sat_s<u16>(products(even_lanes<s8>(a), even_lanes<s8>(b)),
                        products(odd_lanes<s8>(a), odd_lanes<s8>(b)));
}
TINYWASM_INLINE_VECTOR v128 i32x4_relaxed_dot_i8x16_i7x16_add_s(v128 a, v128 b, v128 c) {
  return i32x4_add(extadd_pairwise<s16>(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

#undef TINYWASM_INLINE_VECTOR

}  // namespace tinywasm::vm::vector
