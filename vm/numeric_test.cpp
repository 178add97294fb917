// SPDX-License-Identifier: Apache-2.0
#include "vm/numeric.hpp"

#include <bit>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>

namespace {

using namespace tinywasm::vm;
using namespace tinywasm::vm::numeric;

constexpr u32 kMin32 = 0x80000000;
constexpr u64 kMin64 = 0x8000000000000000;
constexpr u32 kMax32 = 0x7fffffff;
constexpr u64 kMax64 = 0x7fffffffffffffff;
constexpr u32 kOnes32 = 0xffffffff;
constexpr u64 kOnes64 = 0xffffffffffffffff;

constexpr f32 kInf32 = std::numeric_limits<f32>::infinity();
constexpr f64 kInf64 = std::numeric_limits<f64>::infinity();

constexpr f32 f32_of(u32 bits) { return std::bit_cast<f32>(bits); }
constexpr f64 f64_of(u64 bits) { return std::bit_cast<f64>(bits); }
constexpr u32 bits_of(f32 x) { return std::bit_cast<u32>(x); }
constexpr u64 bits_of(f64 x) { return std::bit_cast<u64>(x); }

/// NaNs: quiet ones of either sign, signalling ones, with payloads.
constexpr u32 kNans32[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fa12345, 0xffffffff};
constexpr u64 kNans64[] = {0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001,
                           0xfff0000000000001, 0x7ff4123456789abc, 0xffffffffffffffff};

constexpr bool is_arithmetic(f32 x) { return (bits_of(x) & 0x7fc00000) == 0x7fc00000; }
constexpr bool is_arithmetic(f64 x) {
  return (bits_of(x) & 0x7ff8000000000000) == 0x7ff8000000000000;
}

template <class T>
constexpr bool traps(const OrTrap<T>& result, Trap trap) {
  return result.trap == trap;
}
template <class T>
constexpr bool gives(const OrTrap<T>& result, T value) {
  return result.trap == Trap::none && result.value == value;
}

template <class F>
F next_up(F x) {
  return std::nextafter(x, std::numeric_limits<F>::infinity());
}
template <class F>
F next_down(F x) {
  return std::nextafter(x, -std::numeric_limits<F>::infinity());
}

// ---- Integers

static_assert(i32_add(kOnes32, 1) == 0 && i32_add(kMax32, 1) == kMin32);
static_assert(i64_add(kOnes64, 1) == 0 && i64_add(kMax64, 1) == kMin64);
static_assert(i32_sub(0, 1) == kOnes32 && i32_sub(kMin32, 1) == kMax32);
static_assert(i64_sub(0, 1) == kOnes64 && i64_sub(kMin64, 1) == kMax64);
static_assert(i32_mul(0x10000, 0x10000) == 0 && i32_mul(kOnes32, kOnes32) == 1);
static_assert(i32_mul(kMin32, kOnes32) == kMin32 && i32_mul(0x12345678, 0x9abcdef0) == 0x242d2080);
static_assert(i64_mul(u64{1} << 32, u64{1} << 32) == 0 && i64_mul(kOnes64, kOnes64) == 1);
static_assert(i64_mul(kMin64, kOnes64) == kMin64);

static_assert(i32_and(0xff00ff00, 0x0ff00ff0) == 0x0f000f00);
static_assert(i32_or(0xff00ff00, 0x0ff00ff0) == 0xfff0fff0);
static_assert(i32_xor(0xff00ff00, 0x0ff00ff0) == 0xf0f0f0f0);
static_assert(i64_and(kOnes64, kMin64) == kMin64 && i64_or(kMin64, kMax64) == kOnes64);
static_assert(i64_xor(kOnes64, kMin64) == kMax64);

// A shift takes its count modulo the width.
static_assert(i32_shl(1, 31) == kMin32 && i32_shl(1, 32) == 1 && i32_shl(1, 33) == 2);
static_assert(i32_shl(1, kOnes32) == kMin32 && i32_shl(0xabcd0001, 16) == 0x00010000);
static_assert(i64_shl(1, 63) == kMin64 && i64_shl(1, 64) == 1 && i64_shl(1, 65) == 2);
static_assert(i64_shl(1, kOnes64) == kMin64);
static_assert(i32_shr_s(kMin32, 31) == kOnes32 && i32_shr_s(kMin32, 32) == kMin32);
static_assert(i32_shr_s(kMax32, 30) == 1 && i32_shr_s(kMin32, 33) == 0xc0000000);
static_assert(i64_shr_s(kMin64, 63) == kOnes64 && i64_shr_s(kMin64, 64) == kMin64);
static_assert(i64_shr_s(kMax64, 62) == 1 && i64_shr_s(kMin64, 65) == u64{0xc} << 60);
static_assert(i32_shr_u(kMin32, 31) == 1 && i32_shr_u(kMin32, 32) == kMin32);
static_assert(i64_shr_u(kMin64, 63) == 1 && i64_shr_u(kMin64, 64) == kMin64);
static_assert(i32_rotl(0xabcd9876, 1) == 0x579b30ed && i32_rotl(0xabcd9876, 32) == 0xabcd9876);
static_assert(i32_rotl(0xabcd9876, 0) == 0xabcd9876 && i32_rotl(1, 31) == kMin32);
static_assert(i32_rotl(0xb0c1d2e3, 0xff05) == 0x183a5c76);
static_assert(i32_rotr(1, 1) == kMin32 && i32_rotr(1, 32) == 1 && i32_rotr(1, 33) == kMin32);
static_assert(i32_rotr(0xb0c1d2e3, 0xff05) == 0x1d860e97);
static_assert(i64_rotl(1, 63) == kMin64 && i64_rotl(1, 64) == 1 && i64_rotl(kMin64, 65) == 1);
static_assert(i64_rotl(0xabcd987602468ace, 1) == 0x579b30ec048d159d);
static_assert(i64_rotr(1, 1) == kMin64 && i64_rotr(1, 64) == 1 && i64_rotr(2, 65) == 1);

static_assert(i32_clz(0) == 32 && i32_clz(1) == 31 && i32_clz(kMin32) == 0);
static_assert(i32_ctz(0) == 32 && i32_ctz(1) == 0 && i32_ctz(kMin32) == 31);
static_assert(i32_popcnt(0) == 0 && i32_popcnt(kOnes32) == 32 && i32_popcnt(0xaaaa5555) == 16);
static_assert(i64_clz(0) == 64 && i64_clz(1) == 63 && i64_clz(kMin64) == 0);
static_assert(i64_ctz(0) == 64 && i64_ctz(1) == 0 && i64_ctz(kMin64) == 63);
static_assert(i64_popcnt(0) == 0 && i64_popcnt(kOnes64) == 64);

static_assert(i32_eqz(0) == 1 && i32_eqz(1) == 0 && i32_eqz(kMin32) == 0);
static_assert(i64_eqz(0) == 1 && i64_eqz(u64{1} << 32) == 0);

static_assert(i32_extend8_s(0x7f) == 0x7f && i32_extend8_s(0x80) == 0xffffff80);
static_assert(i32_extend8_s(0xfedcba00) == 0 && i32_extend8_s(0x012345ff) == kOnes32);
static_assert(i32_extend16_s(0x7fff) == 0x7fff && i32_extend16_s(0x8000) == 0xffff8000);
static_assert(i64_extend8_s(0x80) == 0xffffffffffffff80 && i64_extend8_s(0x7f) == 0x7f);
static_assert(i64_extend16_s(0x8000) == 0xffffffffffff8000);
static_assert(i64_extend32_s(0x80000000) == 0xffffffff80000000);
static_assert(i64_extend32_s(0xfedcba987fffffff) == 0x7fffffff);
static_assert(i32_wrap_i64(0x123456789abcdef0) == 0x9abcdef0);
static_assert(i64_extend_i32_s(kMin32) == 0xffffffff80000000 && i64_extend_i32_s(1) == 1);
static_assert(i64_extend_i32_u(kMin32) == 0x80000000);

// Division and remainder: towards zero, the sign of a remainder is the dividend's.
static_assert(gives(i32_div_s(7, 2), u32{3}) && gives(i32_div_s(-7u, 2), -3u));
static_assert(gives(i32_div_s(7, -2u), -3u) && gives(i32_div_s(-7u, -2u), u32{3}));
static_assert(gives(i32_div_s(kMin32, 1), kMin32) && gives(i32_div_s(5, kOnes32), -5u));
static_assert(gives(i32_div_s(kMin32, 2), 0xc0000000u));
static_assert(traps(i32_div_s(1, 0), Trap::integer_divide_by_zero));
static_assert(traps(i32_div_s(0, 0), Trap::integer_divide_by_zero));
static_assert(traps(i32_div_s(kMin32, kOnes32), Trap::integer_overflow));
static_assert(gives(i32_div_u(kMin32, kOnes32), u32{0}) && gives(i32_div_u(kOnes32, 1), kOnes32));
static_assert(gives(i32_div_u(-5u, 2), 0x7ffffffdu));
static_assert(traps(i32_div_u(1, 0), Trap::integer_divide_by_zero));
static_assert(gives(i32_rem_s(7, 2), u32{1}) && gives(i32_rem_s(-7u, 2), kOnes32));
static_assert(gives(i32_rem_s(7, -2u), u32{1}) && gives(i32_rem_s(kMin32, kOnes32), u32{0}));
static_assert(traps(i32_rem_s(kMin32, 0), Trap::integer_divide_by_zero));
static_assert(gives(i32_rem_u(-5u, 2), u32{1}) && gives(i32_rem_u(kMin32, kOnes32), kMin32));
static_assert(traps(i32_rem_u(0, 0), Trap::integer_divide_by_zero));
static_assert(gives(i64_div_s(u64{0} - 7, 2), u64{0} - 3) &&
              gives(i64_div_s(kMin64, 2), u64{0xc} << 60));
static_assert(traps(i64_div_s(1, 0), Trap::integer_divide_by_zero));
static_assert(traps(i64_div_s(kMin64, kOnes64), Trap::integer_overflow));
static_assert(gives(i64_div_u(kMin64, kOnes64), u64{0}));
static_assert(traps(i64_div_u(1, 0), Trap::integer_divide_by_zero));
static_assert(gives(i64_rem_s(u64{0} - 7, 2), kOnes64) &&
              gives(i64_rem_s(kMin64, kOnes64), u64{0}));
static_assert(traps(i64_rem_s(1, 0), Trap::integer_divide_by_zero));
static_assert(gives(i64_rem_u(kMin64, kOnes64), kMin64));
static_assert(traps(i64_rem_u(kMin64, 0), Trap::integer_divide_by_zero));

// ---- Floats

static_assert(bits_of(f32_min(0.0f, -0.0f)) == kMin32 && bits_of(f32_min(-0.0f, 0.0f)) == kMin32);
static_assert(bits_of(f32_max(0.0f, -0.0f)) == 0 && bits_of(f32_max(-0.0f, 0.0f)) == 0);
static_assert(bits_of(f32_max(-0.0f, -0.0f)) == kMin32 && bits_of(f32_min(0.0f, 0.0f)) == 0);
static_assert(bits_of(f64_min(0.0, -0.0)) == kMin64 && bits_of(f64_min(-0.0, 0.0)) == kMin64);
static_assert(bits_of(f64_max(0.0, -0.0)) == 0 && bits_of(f64_max(-0.0, 0.0)) == 0);
static_assert(f32_min(-kInf32, 1) == -kInf32 && f32_max(kInf32, 1) == kInf32);
static_assert(f64_min(1, 2) == 1 && f64_min(2, 1) == 1 && f64_max(1, 2) == 2 && f64_max(2, 1) == 2);

// Comparisons with a NaN are false, but for "not equal"; zeros are equal.
static_assert(f32_eq(0.0f, -0.0f) == 1 && f64_eq(0.0, -0.0) == 1);
static_assert(f32_lt(-0.0f, 0.0f) == 0 && f64_ge(-0.0, 0.0) == 1);
static_assert(f32_lt(-kInf32, kInf32) == 1 && f64_gt(kInf64, 1e308) == 1);

static_assert(bits_of(f32_convert_i32_u(kOnes32)) == bits_of(4294967296.0f));
static_assert(bits_of(f32_convert_i32_s(kMin32)) == bits_of(-2147483648.0f));
static_assert(f64_convert_i32_s(kMin32) == -2147483648.0 &&
              f64_convert_i32_u(kMin32) == 2147483648.0);

}  // namespace

TEST_SUITE("numeric") {
  TEST_CASE("comparisons of integers heed signs") {
    struct Case {
      u64 a, b;
      bool less_s, less_u;
    };
    const Case cases[] = {{0, 0, false, false},          {0, 1, true, true},
                          {kOnes64, 0, true, false},     {kMin64, kMax64, true, false},
                          {kMax64, kMin64, false, true}, {kOnes64, kMin64, false, false}};
    for (const Case& c : cases) {
      CAPTURE(c.a);
      CAPTURE(c.b);
      const auto a = static_cast<u32>(c.a >> 32);
      const auto b = static_cast<u32>(c.b >> 32);
      const bool equal = c.a == c.b;
      const bool equal32 = a == b;
      CHECK(i64_eq(c.a, c.b) == equal);
      CHECK(i64_ne(c.a, c.b) == !equal);
      CHECK(i64_lt_s(c.a, c.b) == c.less_s);
      CHECK(i64_lt_u(c.a, c.b) == c.less_u);
      CHECK(i64_gt_s(c.b, c.a) == c.less_s);
      CHECK(i64_gt_u(c.b, c.a) == c.less_u);
      CHECK(i64_le_s(c.a, c.b) == (c.less_s || equal));
      CHECK(i64_le_u(c.a, c.b) == (c.less_u || equal));
      CHECK(i64_ge_s(c.b, c.a) == (c.less_s || equal));
      CHECK(i64_ge_u(c.b, c.a) == (c.less_u || equal));
      CHECK(i32_eq(a, b) == equal32);
      CHECK(i32_ne(a, b) == !equal32);
      CHECK(i32_lt_s(a, b) == (c.less_s && !equal32));
      CHECK(i32_lt_u(a, b) == (c.less_u && !equal32));
      CHECK(i32_gt_s(b, a) == (c.less_s && !equal32));
      CHECK(i32_gt_u(b, a) == (c.less_u && !equal32));
      CHECK(i32_le_s(a, b) == (c.less_s || equal32));
      CHECK(i32_le_u(a, b) == (c.less_u || equal32));
      CHECK(i32_ge_s(b, a) == (c.less_s || equal32));
      CHECK(i32_ge_u(b, a) == (c.less_u || equal32));
    }
  }

  TEST_CASE("comparisons with a NaN are false, but for ne") {
    for (const u32 nan : kNans32) {
      for (const f32 x : {0.0f, 1.0f, -kInf32, f32_of(nan)}) {
        const f32 n = f32_of(nan);
        CHECK((f32_eq(n, x) | f32_lt(n, x) | f32_gt(n, x) | f32_le(n, x) | f32_ge(n, x)) == 0);
        CHECK((f32_eq(x, n) | f32_lt(x, n) | f32_gt(x, n) | f32_le(x, n) | f32_ge(x, n)) == 0);
        CHECK((f32_ne(n, x) & f32_ne(x, n)) == 1);
      }
    }
    for (const u64 nan : kNans64) {
      for (const f64 x : {0.0, 1.0, -kInf64, f64_of(nan)}) {
        const f64 n = f64_of(nan);
        CHECK((f64_eq(n, x) | f64_lt(n, x) | f64_gt(n, x) | f64_le(n, x) | f64_ge(n, x)) == 0);
        CHECK((f64_eq(x, n) | f64_lt(x, n) | f64_gt(x, n) | f64_le(x, n) | f64_ge(x, n)) == 0);
        CHECK((f64_ne(n, x) & f64_ne(x, n)) == 1);
      }
    }
  }

  TEST_CASE("abs, neg and copysign change the sign bit alone, of NaNs too") {
    for (const u32 nan : kNans32) {
      CHECK(bits_of(f32_abs(f32_of(nan))) == (nan & kMax32));
      CHECK(bits_of(f32_neg(f32_of(nan))) == (nan ^ kMin32));
      CHECK(bits_of(f32_copysign(f32_of(nan), 1.0f)) == (nan & kMax32));
      CHECK(bits_of(f32_copysign(f32_of(nan), -0.0f)) == (nan | kMin32));
      CHECK(bits_of(f32_copysign(2.0f, f32_of(nan))) == (0x40000000 | (nan & kMin32)));
    }
    for (const u64 nan : kNans64) {
      CHECK(bits_of(f64_abs(f64_of(nan))) == (nan & kMax64));
      CHECK(bits_of(f64_neg(f64_of(nan))) == (nan ^ kMin64));
      CHECK(bits_of(f64_copysign(f64_of(nan), 1.0)) == (nan & kMax64));
      CHECK(bits_of(f64_copysign(f64_of(nan), -0.0)) == (nan | kMin64));
      CHECK(bits_of(f64_copysign(2.0, f64_of(nan))) == (0x4000000000000000 | (nan & kMin64)));
    }
    CHECK(bits_of(f32_neg(0.0f)) == kMin32);
    CHECK(bits_of(f64_abs(-0.0)) == 0);
    CHECK(f64_neg(kInf64) == -kInf64);
  }

  TEST_CASE("reinterpretations keep every bit") {
    for (const u32 nan : kNans32) {
      CHECK(i32_reinterpret_f32(f32_reinterpret_i32(nan)) == nan);
    }
    for (const u64 nan : kNans64) {
      CHECK(i64_reinterpret_f64(f64_reinterpret_i64(nan)) == nan);
    }
    CHECK(i32_reinterpret_f32(1.0f) == 0x3f800000);
    CHECK(i64_reinterpret_f64(-2.0) == 0xc000000000000000);
  }

  TEST_CASE("arithmetic on NaNs gives quiet NaNs") {
    for (const u32 nan : kNans32) {
      const f32 n = f32_of(nan);
      for (const f32 x : {1.0f, kInf32, -0.0f, n}) {
        CHECK(is_arithmetic(f32_min(n, x)));
        CHECK(is_arithmetic(f32_min(x, n)));
        CHECK(is_arithmetic(f32_max(n, x)));
        CHECK(is_arithmetic(f32_max(x, n)));
        CHECK(is_arithmetic(f32_add(n, x)));
        CHECK(is_arithmetic(f32_sub(x, n)));
        CHECK(is_arithmetic(f32_mul(n, x)));
        CHECK(is_arithmetic(f32_div(x, n)));
      }
      CHECK(is_arithmetic(f32_sqrt(n)));
      CHECK(is_arithmetic(f32_ceil(n)));
      CHECK(is_arithmetic(f32_floor(n)));
      CHECK(is_arithmetic(f32_trunc(n)));
      CHECK(is_arithmetic(f32_nearest(n)));
      CHECK(is_arithmetic(f64_promote_f32(n)));
    }
    for (const u64 nan : kNans64) {
      const f64 n = f64_of(nan);
      for (const f64 x : {1.0, kInf64, -0.0, n}) {
        CHECK(is_arithmetic(f64_min(n, x)));
        CHECK(is_arithmetic(f64_min(x, n)));
        CHECK(is_arithmetic(f64_max(n, x)));
        CHECK(is_arithmetic(f64_max(x, n)));
        CHECK(is_arithmetic(f64_add(n, x)));
        CHECK(is_arithmetic(f64_sub(x, n)));
        CHECK(is_arithmetic(f64_mul(n, x)));
        CHECK(is_arithmetic(f64_div(x, n)));
      }
      CHECK(is_arithmetic(f64_sqrt(n)));
      CHECK(is_arithmetic(f64_ceil(n)));
      CHECK(is_arithmetic(f64_floor(n)));
      CHECK(is_arithmetic(f64_trunc(n)));
      CHECK(is_arithmetic(f64_nearest(n)));
      CHECK(is_arithmetic(f32_demote_f64(n)));
    }
    CHECK(is_arithmetic(f32_sqrt(-1.0f)));
    CHECK(is_arithmetic(f64_sub(kInf64, kInf64)));
    CHECK(is_arithmetic(f64_div(0.0, 0.0)));
    CHECK(is_arithmetic(f32_mul(kInf32, 0.0f)));
  }

  TEST_CASE("float arithmetic rounds once, to nearest, ties to even") {
    CHECK(f32_add(16777216.0f, 1.0f) == 16777216.0f);
    CHECK(f32_add(16777216.0f, 3.0f) == 16777220.0f);
    CHECK(f64_add(9007199254740992.0, 1.0) == 9007199254740992.0);
    CHECK(f64_add(9007199254740992.0, 3.0) == 9007199254740996.0);
    CHECK(f32_div(1.0f, 0.0f) == kInf32);
    CHECK(f64_div(-1.0, 0.0) == -kInf64);
    CHECK(f64_mul(1e308, 10.0) == kInf64);
    CHECK(bits_of(f64_mul(f64_of(1), 0.5)) == 0);  // the smallest subnormal, halved
    CHECK(bits_of(f64_sub(0.5, 0.5)) == 0);
    CHECK(bits_of(f32_sqrt(-0.0f)) == kMin32);
    CHECK(f64_sqrt(2.0) == 1.4142135623730951);
  }

  TEST_CASE("rounding to integers keeps the sign of zero") {
    struct Case {
      f64 x, ceil, floor, trunc, nearest;
    };
    const Case cases[] = {{0.5, 1, 0, 0, 0},
                          {-0.5, -0.0, -1, -0.0, -0.0},
                          {1.5, 2, 1, 1, 2},
                          {2.5, 3, 2, 2, 2},
                          {-1.5, -1, -2, -1, -2},
                          {-2.5, -2, -3, -2, -2},
                          {-0.25, -0.0, -1, -0.0, -0.0},
                          {0.0, 0, 0, 0, 0},
                          {-0.0, -0.0, -0.0, -0.0, -0.0},
                          {kInf64, kInf64, kInf64, kInf64, kInf64},
                          {8388609.0, 8388609.0, 8388609.0, 8388609.0, 8388609.0}};
    for (const Case& c : cases) {
      CAPTURE(c.x);
      CHECK(bits_of(f64_ceil(c.x)) == bits_of(c.ceil));
      CHECK(bits_of(f64_floor(c.x)) == bits_of(c.floor));
      CHECK(bits_of(f64_trunc(c.x)) == bits_of(c.trunc));
      CHECK(bits_of(f64_nearest(c.x)) == bits_of(c.nearest));
      const auto x = static_cast<f32>(c.x);
      CHECK(bits_of(f32_ceil(x)) == bits_of(static_cast<f32>(c.ceil)));
      CHECK(bits_of(f32_floor(x)) == bits_of(static_cast<f32>(c.floor)));
      CHECK(bits_of(f32_trunc(x)) == bits_of(static_cast<f32>(c.trunc)));
      CHECK(bits_of(f32_nearest(x)) == bits_of(static_cast<f32>(c.nearest)));
    }
    CHECK(f64_nearest(4503599627370497.5) == 4503599627370498.0);
    CHECK(f32_nearest(4194304.5f) == 4194304.0f);
  }

  TEST_CASE("truncation traps beyond the exact bounds") {
    const auto i32_bounds = [](auto trunc, auto low_bad, auto low_good, auto high_good,
                               auto high_bad) {
      CHECK(traps(trunc(low_bad), Trap::integer_overflow));
      CHECK(trunc(low_good).trap == Trap::none);
      CHECK(trunc(high_good).trap == Trap::none);
      CHECK(traps(trunc(high_bad), Trap::integer_overflow));
      using F = decltype(low_bad);
      CHECK(traps(trunc(std::numeric_limits<F>::infinity()), Trap::integer_overflow));
      CHECK(traps(trunc(-std::numeric_limits<F>::infinity()), Trap::integer_overflow));
      CHECK(traps(trunc(std::numeric_limits<F>::quiet_NaN()), Trap::invalid_conversion));
      CHECK(traps(trunc(-std::numeric_limits<F>::quiet_NaN()), Trap::invalid_conversion));
    };
    i32_bounds(i32_trunc_f32_s, next_down(-2147483648.0f), -2147483648.0f, next_down(2147483648.0f),
               2147483648.0f);
    i32_bounds(i32_trunc_f32_u, -1.0f, next_up(-1.0f), next_down(4294967296.0f), 4294967296.0f);
    i32_bounds(i32_trunc_f64_s, -2147483649.0, next_up(-2147483649.0), next_down(2147483648.0),
               2147483648.0);
    i32_bounds(i32_trunc_f64_u, -1.0, next_up(-1.0), next_down(4294967296.0), 4294967296.0);
    i32_bounds(i64_trunc_f32_s, next_down(-9223372036854775808.0f), -9223372036854775808.0f,
               next_down(9223372036854775808.0f), 9223372036854775808.0f);
    i32_bounds(i64_trunc_f32_u, -1.0f, next_up(-1.0f), next_down(18446744073709551616.0f),
               18446744073709551616.0f);
    i32_bounds(i64_trunc_f64_s, next_down(-9223372036854775808.0), -9223372036854775808.0,
               next_down(9223372036854775808.0), 9223372036854775808.0);
    i32_bounds(i64_trunc_f64_u, -1.0, next_up(-1.0), next_down(18446744073709551616.0),
               18446744073709551616.0);
  }

  TEST_CASE("truncation goes towards zero") {
    CHECK(gives(i32_trunc_f64_s(-2147483648.9), kMin32));
    CHECK(gives(i32_trunc_f64_s(2147483647.9), kMax32));
    CHECK(gives(i32_trunc_f64_u(4294967295.9), kOnes32));
    CHECK(gives(i32_trunc_f64_u(-0.9), u32{0}));
    CHECK(gives(i32_trunc_f32_s(-1.9f), kOnes32));
    CHECK(gives(i32_trunc_f32_u(3e9f), u32{3000000000}));
    CHECK(gives(i64_trunc_f64_s(-1.9), kOnes64));
    CHECK(gives(i64_trunc_f64_s(-9223372036854775808.0), kMin64));
    CHECK(gives(i64_trunc_f64_u(next_down(18446744073709551616.0)), u64{0xfffffffffffff800}));
    CHECK(gives(i64_trunc_f32_u(1.5e19f), u64{15000000520515485696u}));
    CHECK(gives(i64_trunc_f32_s(-0.0f), u64{0}));
  }

  TEST_CASE("saturating truncation") {
    CHECK(i32_trunc_sat_f32_s(kInf32) == kMax32);
    CHECK(i32_trunc_sat_f32_s(-kInf32) == kMin32);
    CHECK(i32_trunc_sat_f32_s(2147483648.0f) == kMax32);
    CHECK(i32_trunc_sat_f32_u(-5.0f) == 0);
    CHECK(i32_trunc_sat_f32_u(4294967296.0f) == kOnes32);
    CHECK(i32_trunc_sat_f64_s(2147483647.9) == kMax32);
    CHECK(i32_trunc_sat_f64_s(-2147483649.0) == kMin32);
    CHECK(i32_trunc_sat_f64_u(-kInf64) == 0);
    CHECK(i32_trunc_sat_f64_u(kInf64) == kOnes32);
    CHECK(i64_trunc_sat_f32_s(9223372036854775808.0f) == kMax64);
    CHECK(i64_trunc_sat_f32_s(-1e30f) == kMin64);
    CHECK(i64_trunc_sat_f32_u(-0.5f) == 0);
    CHECK(i64_trunc_sat_f32_u(1e30f) == kOnes64);
    CHECK(i64_trunc_sat_f64_s(-9223372036854775808.0) == kMin64);
    CHECK(i64_trunc_sat_f64_s(kInf64) == kMax64);
    CHECK(i64_trunc_sat_f64_u(18446744073709551616.0) == kOnes64);
    CHECK(i64_trunc_sat_f64_u(-kInf64) == 0);
    for (const u32 nan : kNans32) {
      CHECK(i32_trunc_sat_f32_s(f32_of(nan)) == 0);
      CHECK(i32_trunc_sat_f32_u(f32_of(nan)) == 0);
      CHECK(i64_trunc_sat_f32_s(f32_of(nan)) == 0);
      CHECK(i64_trunc_sat_f32_u(f32_of(nan)) == 0);
    }
    for (const u64 nan : kNans64) {
      CHECK(i32_trunc_sat_f64_s(f64_of(nan)) == 0);
      CHECK(i32_trunc_sat_f64_u(f64_of(nan)) == 0);
      CHECK(i64_trunc_sat_f64_s(f64_of(nan)) == 0);
      CHECK(i64_trunc_sat_f64_u(f64_of(nan)) == 0);
    }
  }

  TEST_CASE("conversions to floats round to nearest, ties to even") {
    CHECK(f32_convert_i32_s(16777217) == 16777216.0f);
    CHECK(f32_convert_i32_s(16777219) == 16777220.0f);
    CHECK(f32_convert_i32_s(-16777217u) == -16777216.0f);
    CHECK(f32_convert_i32_u(kMin32 + 128) == 2147483648.0f);
    CHECK(f32_convert_i32_u(kMin32 + 129) == 2147483904.0f);
    CHECK(f32_convert_i64_s(kMin64) == -9223372036854775808.0f);
    CHECK(f32_convert_i64_u(kOnes64) == 18446744073709551616.0f);
    // Rounding to f64 first would make this a tie.
    CHECK(f32_convert_i64_u(0x8000008000000001) == 9223373136366403584.0f);
    CHECK(f32_convert_i64_s(0x0020000020000001) == 9007200328482816.0f);
    CHECK(f64_convert_i64_s(0x0020000000000001) == 9007199254740992.0);
    CHECK(f64_convert_i64_s(0x0020000000000003) == 9007199254740996.0);
    CHECK(f64_convert_i64_u(kOnes64) == 18446744073709551616.0);
    CHECK(f64_convert_i64_u(0x8000000000000400) == 9223372036854775808.0);
    CHECK(f64_convert_i64_u(0x8000000000000401) == 9223372036854777856.0);
  }

  TEST_CASE("demotion rounds, overflows to infinity and underflows to subnormals") {
    CHECK(f32_demote_f64(1.0000000596046448) == 1.0f);           // half a unit above 1
    CHECK(f32_demote_f64(1.0000000596046450) == next_up(1.0f));  // more than half
    CHECK(f32_demote_f64(3.4028235677973366e38) == kInf32);      // half a unit above the largest
    CHECK(f32_demote_f64(3.4028235677973362e38) == std::numeric_limits<f32>::max());
    CHECK(bits_of(f32_demote_f64(1.401298464324817e-45)) == 1);
    CHECK(bits_of(f32_demote_f64(7.006492321624085e-46)) == 0);  // half the smallest: to even
    CHECK(bits_of(f32_demote_f64(-1e-60)) == kMin32);
    CHECK(f64_promote_f32(f32_of(1)) == 1.401298464324817e-45);
    CHECK(f64_promote_f32(-kInf32) == -kInf64);
  }
}
