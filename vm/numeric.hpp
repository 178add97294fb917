// SPDX-License-Identifier: Apache-2.0
// The meaning of every NUMERIC row of the instruction table: one function of the row's name
// (https://webassembly.github.io/spec/core/exec/numerics.html). Integers are unsigned, signed
// operations convert; those that can trap return OrTrap. Handlers, constant expressions and tests
// use the same functions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// A value, or the trap that took its place.
template <class T>
struct OrTrap {
  T value{};
  Trap trap = Trap::none;
  constexpr OrTrap(T v) : value(v) {}
  constexpr OrTrap(Trap t) : trap(t) {}
};

template <class T>
inline constexpr bool is_or_trap = false;
template <class T>
inline constexpr bool is_or_trap<OrTrap<T>> = true;

namespace numeric {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using f32 = float;
using f64 = double;

template <class U>
using Signed = std::make_signed_t<U>;
template <class U>
constexpr Signed<U> as_signed(U x) {
  return static_cast<Signed<U>>(x);
}
template <class U>
inline constexpr U kBits = sizeof(U) * 8;

// Division (4.3.2 idiv, irem): zero divisors and the one overflow trap.
template <class U>
constexpr OrTrap<U> div_s(U a, U b) {
  if (b == 0) return Trap::integer_divide_by_zero;
  if (b == static_cast<U>(-1)) {
    if (a == U{1} << (kBits<U> - 1)) return Trap::integer_overflow;
    return static_cast<U>(U{0} - a);
  }
  return static_cast<U>(as_signed(a) / as_signed(b));
}
template <class U>
constexpr OrTrap<U> div_u(U a, U b) {
  if (b == 0) return Trap::integer_divide_by_zero;
  return static_cast<U>(a / b);
}
template <class U>
constexpr OrTrap<U> rem_s(U a, U b) {
  if (b == 0) return Trap::integer_divide_by_zero;
  if (b == static_cast<U>(-1)) return U{0};
  return static_cast<U>(as_signed(a) % as_signed(b));
}
template <class U>
constexpr OrTrap<U> rem_u(U a, U b) {
  if (b == 0) return Trap::integer_divide_by_zero;
  return static_cast<U>(a % b);
}

// One integer width; `p` is i32 or i64, `T` its unsigned type.
#define TINYWASM_INTEGER_FUNCTIONS(p, T)                                                           \
  constexpr u32 p##_eqz(T a) { return a == 0; }                                                    \
  constexpr u32 p##_eq(T a, T b) { return a == b; }                                                \
  constexpr u32 p##_ne(T a, T b) { return a != b; }                                                \
  constexpr u32 p##_lt_s(T a, T b) { return as_signed(a) < as_signed(b); }                         \
  constexpr u32 p##_lt_u(T a, T b) { return a < b; }                                               \
  constexpr u32 p##_gt_s(T a, T b) { return as_signed(a) > as_signed(b); }                         \
  constexpr u32 p##_gt_u(T a, T b) { return a > b; }                                               \
  constexpr u32 p##_le_s(T a, T b) { return as_signed(a) <= as_signed(b); }                        \
  constexpr u32 p##_le_u(T a, T b) { return a <= b; }                                              \
  constexpr u32 p##_ge_s(T a, T b) { return as_signed(a) >= as_signed(b); }                        \
  constexpr u32 p##_ge_u(T a, T b) { return a >= b; }                                              \
  constexpr T p##_clz(T a) { return static_cast<T>(std::countl_zero(a)); }                         \
  constexpr T p##_ctz(T a) { return static_cast<T>(std::countr_zero(a)); }                         \
  constexpr T p##_popcnt(T a) { return static_cast<T>(std::popcount(a)); }                         \
  constexpr T p##_add(T a, T b) { return a + b; }                                                  \
  constexpr T p##_sub(T a, T b) { return a - b; }                                                  \
  constexpr T p##_mul(T a, T b) { return a * b; }                                                  \
  constexpr OrTrap<T> p##_div_s(T a, T b) { return div_s<T>(a, b); }                               \
  constexpr OrTrap<T> p##_div_u(T a, T b) { return div_u<T>(a, b); }                               \
  constexpr OrTrap<T> p##_rem_s(T a, T b) { return rem_s<T>(a, b); }                               \
  constexpr OrTrap<T> p##_rem_u(T a, T b) { return rem_u<T>(a, b); }                               \
  constexpr T p##_and(T a, T b) { return a & b; }                                                  \
  constexpr T p##_or(T a, T b) { return a | b; }                                                   \
  constexpr T p##_xor(T a, T b) { return a ^ b; }                                                  \
  constexpr T p##_shl(T a, T b) { return a << (b & (kBits<T> - 1)); }                              \
  constexpr T p##_shr_s(T a, T b) { return static_cast<T>(as_signed(a) >> (b & (kBits<T> - 1))); } \
  constexpr T p##_shr_u(T a, T b) { return a >> (b & (kBits<T> - 1)); }                            \
  constexpr T p##_rotl(T a, T b) { return std::rotl(a, static_cast<int>(b & (kBits<T> - 1))); }    \
  constexpr T p##_rotr(T a, T b) { return std::rotr(a, static_cast<int>(b & (kBits<T> - 1))); }    \
  constexpr T p##_extend8_s(T a) { return static_cast<T>(static_cast<s8>(a)); }                    \
  constexpr T p##_extend16_s(T a) { return static_cast<T>(static_cast<s16>(a)); }
TINYWASM_INTEGER_FUNCTIONS(i32, u32)
TINYWASM_INTEGER_FUNCTIONS(i64, u64)
#undef TINYWASM_INTEGER_FUNCTIONS

constexpr u64 i64_extend32_s(u64 a) { return static_cast<u64>(static_cast<s32>(a)); }
constexpr u32 i32_wrap_i64(u64 a) { return static_cast<u32>(a); }
constexpr u64 i64_extend_i32_s(u32 a) { return static_cast<u64>(static_cast<s32>(a)); }
constexpr u64 i64_extend_i32_u(u32 a) { return a; }

// Floats (4.3.3). abs, neg and copysign act on the sign bit alone and keep NaN payloads.
template <class F>
using Bits = std::conditional_t<sizeof(F) == 4, u32, u64>;
template <class F>
inline constexpr Bits<F> kSign = Bits<F>{1} << (sizeof(F) * 8 - 1);
template <class F>
constexpr Bits<F> bits(F x) {
  return std::bit_cast<Bits<F>>(x);
}

/// Makes a NaN result a quiet one, as 4.3.3 "NaN propagation" allows for arithmetic NaNs.
template <class F>
constexpr F quiet(F x) {
  return std::bit_cast<F>(bits(x) | (Bits<F>{1} << (std::numeric_limits<F>::digits - 2)));
}

template <class F>
constexpr F min(F a, F b) {
  if (a != a) return quiet(a);
  if (b != b) return quiet(b);
  if (a == b) return std::bit_cast<F>(bits(a) | bits(b));  // -0 is less than +0
  return a < b ? a : b;
}
template <class F>
constexpr F max(F a, F b) {
  if (a != a) return quiet(a);
  if (b != b) return quiet(b);
  if (a == b) return std::bit_cast<F>(bits(a) & bits(b));
  return a > b ? a : b;
}
/// Rounding functions of <cmath> keep signs and quiet NaNs on the hosts we run on; __builtin forms
/// become single instructions where the target has them.
#define TINYWASM_FLOAT_FUNCTIONS(p, F, suffix)                               \
  constexpr u32 p##_eq(F a, F b) { return a == b; }                          \
  constexpr u32 p##_ne(F a, F b) { return a != b; }                          \
  constexpr u32 p##_lt(F a, F b) { return a < b; }                           \
  constexpr u32 p##_gt(F a, F b) { return a > b; }                           \
  constexpr u32 p##_le(F a, F b) { return a <= b; }                          \
  constexpr u32 p##_ge(F a, F b) { return a >= b; }                          \
  constexpr F p##_abs(F a) { return std::bit_cast<F>(bits(a) & ~kSign<F>); } \
  constexpr F p##_neg(F a) { return std::bit_cast<F>(bits(a) ^ kSign<F>); }  \
  inline F p##_ceil(F a) { return __builtin_ceil##suffix(a); }               \
  inline F p##_floor(F a) { return __builtin_floor##suffix(a); }             \
  inline F p##_trunc(F a) { return __builtin_trunc##suffix(a); }             \
  inline F p##_nearest(F a) { return __builtin_rint##suffix(a); }            \
  inline F p##_sqrt(F a) { return __builtin_sqrt##suffix(a); }               \
  constexpr F p##_add(F a, F b) { return a + b; }                            \
  constexpr F p##_sub(F a, F b) { return a - b; }                            \
  constexpr F p##_mul(F a, F b) { return a * b; }                            \
  constexpr F p##_div(F a, F b) { return a / b; }                            \
  constexpr F p##_min(F a, F b) { return min<F>(a, b); }                     \
  constexpr F p##_max(F a, F b) { return max<F>(a, b); }                     \
  constexpr F p##_copysign(F a, F b) {                                       \
    return std::bit_cast<F>((bits(a) & ~kSign<F>) | (bits(b) & kSign<F>));   \
  }
TINYWASM_FLOAT_FUNCTIONS(f32, f32, f)
TINYWASM_FLOAT_FUNCTIONS(f64, f64, )
#undef TINYWASM_FLOAT_FUNCTIONS

// Float to integer (4.3.4 trunc, trunc_sat). `kLow` is the largest float that is too small and
// `kHigh` the smallest that is too large; both are exact.
template <class I, class F>
struct TruncRange {
  static constexpr int kDigits = std::numeric_limits<I>::digits;
  static constexpr F kHigh = static_cast<F>(I{1} << (kDigits - 1)) * F{2};  // 2^digits
  static constexpr bool fits(F x) {
    if constexpr (std::is_unsigned_v<I>) {
      return x > F{-1} && x < kHigh;
    } else if constexpr (std::numeric_limits<F>::digits > kDigits) {
      return x > -kHigh - F{1} && x < kHigh;
    } else {
      return x >= -kHigh && x < kHigh;
    }
  }
};
template <class I, class F>
constexpr OrTrap<std::make_unsigned_t<I>> trunc_to(F x) {
  if (x != x) return Trap::invalid_conversion;
  if (!TruncRange<I, F>::fits(x)) return Trap::integer_overflow;
  return static_cast<std::make_unsigned_t<I>>(static_cast<I>(x));
}
template <class I, class F>
constexpr std::make_unsigned_t<I> trunc_sat_to(F x) {
  using U = std::make_unsigned_t<I>;
  if (x != x) return 0;
  if (TruncRange<I, F>::fits(x)) return static_cast<U>(static_cast<I>(x));
  return static_cast<U>(x < 0 ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max());
}
constexpr OrTrap<u32> i32_trunc_f32_s(f32 a) { return trunc_to<s32>(a); }
constexpr OrTrap<u32> i32_trunc_f32_u(f32 a) { return trunc_to<u32>(a); }
constexpr OrTrap<u32> i32_trunc_f64_s(f64 a) { return trunc_to<s32>(a); }
constexpr OrTrap<u32> i32_trunc_f64_u(f64 a) { return trunc_to<u32>(a); }
constexpr OrTrap<u64> i64_trunc_f32_s(f32 a) { return trunc_to<s64>(a); }
constexpr OrTrap<u64> i64_trunc_f32_u(f32 a) { return trunc_to<u64>(a); }
constexpr OrTrap<u64> i64_trunc_f64_s(f64 a) { return trunc_to<s64>(a); }
constexpr OrTrap<u64> i64_trunc_f64_u(f64 a) { return trunc_to<u64>(a); }
constexpr u32 i32_trunc_sat_f32_s(f32 a) { return trunc_sat_to<s32>(a); }
constexpr u32 i32_trunc_sat_f32_u(f32 a) { return trunc_sat_to<u32>(a); }
constexpr u32 i32_trunc_sat_f64_s(f64 a) { return trunc_sat_to<s32>(a); }
constexpr u32 i32_trunc_sat_f64_u(f64 a) { return trunc_sat_to<u32>(a); }
constexpr u64 i64_trunc_sat_f32_s(f32 a) { return trunc_sat_to<s64>(a); }
constexpr u64 i64_trunc_sat_f32_u(f32 a) { return trunc_sat_to<u64>(a); }
constexpr u64 i64_trunc_sat_f64_s(f64 a) { return trunc_sat_to<s64>(a); }
constexpr u64 i64_trunc_sat_f64_u(f64 a) { return trunc_sat_to<u64>(a); }

constexpr f32 f32_convert_i32_s(u32 a) { return static_cast<f32>(as_signed(a)); }
constexpr f32 f32_convert_i32_u(u32 a) { return static_cast<f32>(a); }
constexpr f32 f32_convert_i64_s(u64 a) { return static_cast<f32>(as_signed(a)); }
constexpr f32 f32_convert_i64_u(u64 a) { return static_cast<f32>(a); }
constexpr f64 f64_convert_i32_s(u32 a) { return static_cast<f64>(as_signed(a)); }
constexpr f64 f64_convert_i32_u(u32 a) { return static_cast<f64>(a); }
constexpr f64 f64_convert_i64_s(u64 a) { return static_cast<f64>(as_signed(a)); }
constexpr f64 f64_convert_i64_u(u64 a) { return static_cast<f64>(a); }
constexpr f32 f32_demote_f64(f64 a) { return static_cast<f32>(a); }
constexpr f64 f64_promote_f32(f32 a) { return static_cast<f64>(a); }
constexpr u32 i32_reinterpret_f32(f32 a) { return std::bit_cast<u32>(a); }
constexpr u64 i64_reinterpret_f64(f64 a) { return std::bit_cast<u64>(a); }
constexpr f32 f32_reinterpret_i32(u32 a) { return std::bit_cast<f32>(a); }
constexpr f64 f64_reinterpret_i64(u64 a) { return std::bit_cast<f64>(a); }

}  // namespace numeric
}  // namespace tinywasm::vm
