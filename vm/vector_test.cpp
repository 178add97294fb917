// SPDX-License-Identifier: Apache-2.0
#include "vm/vector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>

using namespace tinywasm::vm;
using vector::InFrame;
using vector::Lane;
using vector::v128;

namespace {

template <class T>
using Array = std::array<T, 16 / sizeof(T)>;

template <class T>
v128 make(const Array<T>& lanes) {
  return std::bit_cast<v128>(lanes);
}
template <class T>
Array<T> lanes(v128 v) {
  return std::bit_cast<Array<T>>(v);
}
Array<std::uint8_t> bytes(v128 v) { return lanes<std::uint8_t>(v); }

using s8x16 = Array<std::int8_t>;
using u8x16 = Array<std::uint8_t>;
using s16x8 = Array<std::int16_t>;
using u16x8 = Array<std::uint16_t>;
using s32x4 = Array<std::int32_t>;
using u32x4 = Array<std::uint32_t>;
using s64x2 = Array<std::int64_t>;
using u64x2 = Array<std::uint64_t>;
using f32x4 = Array<float>;
using f64x2 = Array<double>;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Vectors in which extreme values of every lane size are frequent.
class Vectors {
 public:
  v128 operator()() {
    static constexpr std::uint8_t kBytes[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x40};
    Array<std::uint8_t> v{};
    const bool extreme = random_() % 4 != 0;
    for (auto& byte : v) {
      const auto bits = random_();
      byte = extreme ? kBytes[bits % 8] : static_cast<std::uint8_t>(bits);
    }
    return make(v);
  }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }

 private:
  std::mt19937_64 random_{1};  // NOLINT: the same in every run
};

/// f of every pair of lanes, as numbers that cannot overflow.
template <class T, class F>
v128 expected(v128 a, v128 b, F f) {
  Array<T> result{};
  const auto x = lanes<T>(a);
  const auto y = lanes<T>(b);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<T>(f(x[i], y[i]));
  return make(result);
}
template <class T>
auto clamped = [](std::int64_t x) {
  return std::clamp<std::int64_t>(x, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
};

void check(v128 given, v128 wanted) { CHECK(bytes(given) == bytes(wanted)); }

/// Lane `i` of the half of `v` that begins at `first`, or `i` pairs on.
template <class From, class To, class F>
v128 from_lanes(F lane) {
  Array<To> result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<To>(lane(i));
  return make(result);
}

}  // namespace

TEST_SUITE("vector") {
  using namespace vector;

  TEST_CASE("integer lanes are what they are one by one") {
    Vectors vectors;
    for (int round = 0; round < 2000; ++round) {
      const v128 a = vectors();
      const v128 b = round % 8 == 0 ? a : vectors();
      const std::uint32_t n = vectors.number();
      using i64 = std::int64_t;
#define SAME(name, T, expression)                                                             \
  check(name(a, b), expected<T>(a, b, [&]([[maybe_unused]] auto x, [[maybe_unused]] auto y) { \
          return expression;                                                                  \
        }))
#define SAME_SIZE(p, U, S)                                                                     \
  SAME(p##_add, U, i64(x) + i64(y));                                                           \
  SAME(p##_sub, U, i64(x) - i64(y));                                                           \
  SAME(p##_eq, U, x == y ? -1 : 0);                                                            \
  SAME(p##_ne, U, x != y ? -1 : 0);                                                            \
  SAME(p##_lt_s, S, x < y ? -1 : 0);                                                           \
  SAME(p##_gt_s, S, x > y ? -1 : 0);                                                           \
  SAME(p##_le_s, S, x <= y ? -1 : 0);                                                          \
  SAME(p##_ge_s, S, x >= y ? -1 : 0);                                                          \
  SAME(p##_lt_u, U, x < y ? -1 : 0);                                                           \
  SAME(p##_gt_u, U, x > y ? -1 : 0);                                                           \
  SAME(p##_le_u, U, x <= y ? -1 : 0);                                                          \
  SAME(p##_ge_u, U, x >= y ? -1 : 0);                                                          \
  SAME(p##_min_s, S, std::min(x, y));                                                          \
  SAME(p##_max_s, S, std::max(x, y));                                                          \
  SAME(p##_min_u, U, std::min(x, y));                                                          \
  SAME(p##_max_u, U, std::max(x, y));                                                          \
  check(p##_neg(a), expected<U>(a, a, [](auto x, auto) { return -i64(x); }));                  \
  check(p##_abs(a), expected<S>(a, a, [](auto x, auto) { return x < 0 ? -i64(x) : i64(x); })); \
  check(p##_shl(a, n),                                                                         \
        expected<U>(a, a, [&](auto x, auto) { return i64(x) << n % (8 * sizeof x); }));        \
  check(p##_shr_s(a, n),                                                                       \
        expected<S>(a, a, [&](auto x, auto) { return x >> n % (8 * sizeof x); }));             \
  check(p##_shr_u(a, n), expected<U>(a, a, [&](auto x, auto) { return x >> n % (8 * sizeof x); }))
      SAME_SIZE(i8x16, std::uint8_t, std::int8_t);
      SAME_SIZE(i16x8, std::uint16_t, std::int16_t);
      SAME_SIZE(i32x4, std::uint32_t, std::int32_t);
#define SAME_SATURATED(p, U, S)                   \
  SAME(p##_add_sat_s, S, clamped<S>(i64(x) + y)); \
  SAME(p##_add_sat_u, U, clamped<U>(i64(x) + y)); \
  SAME(p##_sub_sat_s, S, clamped<S>(i64(x) - y)); \
  SAME(p##_sub_sat_u, U, clamped<U>(i64(x) - y)); \
  SAME(p##_avgr_u, U, (i64(x) + y + 1) / 2)
      SAME_SATURATED(i8x16, std::uint8_t, std::int8_t);
      SAME_SATURATED(i16x8, std::uint16_t, std::int16_t);
      SAME(i16x8_mul, std::uint16_t, i64(x) * y);
      SAME(i32x4_mul, std::uint32_t, std::uint64_t{x} * y);
      SAME(i64x2_mul, std::uint64_t, x* y);
      SAME(i64x2_add, std::uint64_t, x + y);
      SAME(i64x2_sub, std::uint64_t, x - y);
      SAME(i64x2_eq, std::uint64_t, x == y ? ~std::uint64_t{0} : 0);
      SAME(i64x2_ne, std::uint64_t, x != y ? ~std::uint64_t{0} : 0);
      SAME(i64x2_lt_s, std::int64_t, x < y ? -1 : 0);
      SAME(i64x2_gt_s, std::int64_t, x > y ? -1 : 0);
      SAME(i64x2_le_s, std::int64_t, x <= y ? -1 : 0);
      SAME(i64x2_ge_s, std::int64_t, x >= y ? -1 : 0);
      check(i64x2_neg(a), expected<std::uint64_t>(a, a, [](auto x, auto) { return 0 - x; }));
      check(i64x2_abs(a),
            expected<std::uint64_t>(a, a, [](auto x, auto) { return x >> 63 != 0 ? 0 - x : x; }));
      check(i64x2_shl(a, n),
            expected<std::uint64_t>(a, a, [&](auto x, auto) { return x << n % 64; }));
      check(i64x2_shr_s(a, n),
            expected<std::int64_t>(a, a, [&](auto x, auto) { return x >> n % 64; }));
      check(i64x2_shr_u(a, n),
            expected<std::uint64_t>(a, a, [&](auto x, auto) { return x >> n % 64; }));
      SAME(i16x8_q15mulr_sat_s, std::int16_t, clamped<std::int16_t>((i64(x) * y + 0x4000) >> 15));
      check(i8x16_popcnt(a),
            expected<std::uint8_t>(a, a, [](auto x, auto) { return std::popcount(x); }));
#undef SAME_SATURATED
#undef SAME_SIZE
#undef SAME
    }
  }

  TEST_CASE("lanes of other sizes") {
    Vectors vectors;
    for (int round = 0; round < 2000; ++round) {
      const v128 a = vectors();
      const v128 b = vectors();
      using i64 = std::int64_t;
#define WIDENING(p, q, U, S, WU, WS)                                                              \
  {                                                                                               \
    constexpr std::size_t kHalf = 16 / sizeof(WU);                                                \
    const auto s = lanes<S>(a);                                                                   \
    const auto u = lanes<U>(a);                                                                   \
    const auto t = lanes<S>(b);                                                                   \
    const auto v = lanes<U>(b);                                                                   \
    check(p##_extend_low_##q##_s(a), from_lanes<S, WS>([&](auto i) { return s[i]; }));            \
    check(p##_extend_low_##q##_u(a), from_lanes<U, WU>([&](auto i) { return u[i]; }));            \
    check(p##_extend_high_##q##_s(a), from_lanes<S, WS>([&](auto i) { return s[i + kHalf]; }));   \
    check(p##_extend_high_##q##_u(a), from_lanes<U, WU>([&](auto i) { return u[i + kHalf]; }));   \
    check(p##_extmul_low_##q##_s(a, b),                                                           \
          from_lanes<S, WS>([&](auto i) { return i64{s[i]} * t[i]; }));                           \
    check(p##_extmul_low_##q##_u(a, b),                                                           \
          from_lanes<U, WU>([&](auto i) { return std::uint64_t{u[i]} * v[i]; }));                 \
    check(p##_extmul_high_##q##_s(a, b),                                                          \
          from_lanes<S, WS>([&](auto i) { return i64{s[i + kHalf]} * t[i + kHalf]; }));           \
    check(p##_extmul_high_##q##_u(a, b),                                                          \
          from_lanes<U, WU>([&](auto i) { return std::uint64_t{u[i + kHalf]} * v[i + kHalf]; })); \
  }
      WIDENING(i16x8, i8x16, std::uint8_t, std::int8_t, std::uint16_t, std::int16_t)
      WIDENING(i32x4, i16x8, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t)
      WIDENING(i64x2, i32x4, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t)
#undef WIDENING
#define PAIRWISE(p, q, U, S, WU, WS)                                                       \
  check(p##_extadd_pairwise_##q##_s(a),                                                    \
        from_lanes<S, WS>([x = lanes<S>(a)](auto i) { return x[2 * i] + x[2 * i + 1]; })); \
  check(p##_extadd_pairwise_##q##_u(a),                                                    \
        from_lanes<U, WU>([x = lanes<U>(a)](auto i) { return x[2 * i] + x[2 * i + 1]; }))
      PAIRWISE(i16x8, i8x16, std::uint8_t, std::int8_t, std::uint16_t, std::int16_t);
      PAIRWISE(i32x4, i16x8, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t);
#undef PAIRWISE
#define NARROWING(name, W, T)                                                     \
  check(name(a, b), from_lanes<W, T>([x = lanes<W>(a), y = lanes<W>(b)](auto i) { \
          return clamped<T>(i < x.size() ? x[i] : y[i - x.size()]);               \
        }))
      NARROWING(i8x16_narrow_i16x8_s, std::int16_t, std::int8_t);
      NARROWING(i8x16_narrow_i16x8_u, std::int16_t, std::uint8_t);
      NARROWING(i16x8_narrow_i32x4_s, std::int32_t, std::int16_t);
      NARROWING(i16x8_narrow_i32x4_u, std::int32_t, std::uint16_t);
#undef NARROWING
      const auto dot16 = [x = lanes<std::int16_t>(a), y = lanes<std::int16_t>(b)](auto i) {
        return i64{x[2 * i]} * y[2 * i] + i64{x[2 * i + 1]} * y[2 * i + 1];
      };
      check(i32x4_dot_i16x8_s(a, b), from_lanes<std::int16_t, std::uint32_t>(dot16));
      const auto dot8 = [x = lanes<std::int8_t>(a), y = lanes<std::int8_t>(b)](auto i) {
        return clamped<std::int16_t>(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]);
      };
      check(i16x8_relaxed_dot_i8x16_i7x16_s(a, b), from_lanes<std::int8_t, std::int16_t>(dot8));
      const auto dot_add = [&, c = lanes<std::uint32_t>(b)](auto i) {
        return dot8(2 * i) + dot8(2 * i + 1) + c[i];
      };
      check(i32x4_relaxed_dot_i8x16_i7x16_add_s(a, b, b),
            from_lanes<std::int8_t, std::uint32_t>(dot_add));
    }
  }

  TEST_CASE("bit masks and tests") {
    Vectors vectors;
    for (int round = 0; round < 500; ++round) {
      const v128 a = vectors();
      const auto mask = [&](auto values) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < values.size(); ++i) bits |= (values[i] < 0 ? 1u : 0u) << i;
        return bits;
      };
      const auto all = [&](auto values) {
        for (const auto value : values) {
          if (value == 0) return 0u;
        }
        return 1u;
      };
      CHECK(i8x16_bitmask(a) == mask(lanes<std::int8_t>(a)));
      CHECK(i16x8_bitmask(a) == mask(lanes<std::int16_t>(a)));
      CHECK(i32x4_bitmask(a) == mask(lanes<std::int32_t>(a)));
      CHECK(i64x2_bitmask(a) == mask(lanes<std::int64_t>(a)));
      CHECK(i8x16_all_true(a) == all(lanes<std::int8_t>(a)));
      CHECK(i16x8_all_true(a) == all(lanes<std::int16_t>(a)));
      CHECK(i32x4_all_true(a) == all(lanes<std::int32_t>(a)));
      CHECK(i64x2_all_true(a) == all(lanes<std::int64_t>(a)));
    }
    CHECK(v128_any_true(make(u64x2{0, 0})) == 0);
    CHECK(v128_any_true(make(u64x2{0, 1})) == 1);
    CHECK(v128_any_true(make(u64x2{std::uint64_t{1} << 63, 0})) == 1);
    const v128 a = make(u64x2{0x0f0f, 0xffff});
    const v128 b = make(u64x2{0x00ff, 0x1234});
    check(v128_not(a), make(u64x2{~std::uint64_t{0x0f0f}, ~std::uint64_t{0xffff}}));
    check(v128_and(a, b), make(u64x2{0x000f, 0x1234}));
    check(v128_andnot(a, b), make(u64x2{0x0f00, 0xedcb}));
    check(v128_or(a, b), make(u64x2{0x0fff, 0xffff}));
    check(v128_xor(a, b), make(u64x2{0x0ff0, 0xedcb}));
    check(v128_bitselect(a, b, make(u64x2{0xff00, 0x0ff0})), make(u64x2{0x0fff, 0x1ff4}));
    check(i16x8_relaxed_laneselect(a, b, make(u64x2{0xff00, 0x0ff0})), make(u64x2{0x0fff, 0x1ff4}));
  }

  TEST_CASE("lanes in, out and in another order") {
    u8x16 numbers{};
    for (std::size_t i = 0; i < 16; ++i) numbers[i] = static_cast<std::uint8_t>(0xf0 + i);
    const v128 a = make(numbers);
    const InFrame in{&a};
    const v128 zero{};
    for (std::uint16_t i = 0; i < 16; ++i) {
      CHECK(i8x16_extract_lane_u(in, Lane{i}) == 0xf0u + i);
      CHECK(i8x16_extract_lane_s(in, Lane{i}) == 0xfffffff0u + i);
      u8x16 one{};
      one[i] = 0x81;
      check(i8x16_replace_lane(zero, 0x12345681, Lane{i}), make(one));
      check(v128_load8_lane(0x81, zero, Lane{i}), make(one));
      CHECK(v128_store8_lane(in, Lane{i}) == 0xf0 + i);
    }
    CHECK(i16x8_extract_lane_s(in, Lane{1}) == 0xfffff3f2);
    CHECK(i16x8_extract_lane_u(in, Lane{7}) == 0xfffe);
    CHECK(i32x4_extract_lane(in, Lane{3}) == 0xfffefdfc);
    CHECK(i64x2_extract_lane(in, Lane{1}) == 0xfffefdfcfbfaf9f8);
    check(i64x2_replace_lane(a, 5, Lane{0}), make(u64x2{5, 0xfffefdfcfbfaf9f8}));
    check(i16x8_replace_lane(zero, 0x54321, Lane{7}), make(u16x8{0, 0, 0, 0, 0, 0, 0, 0x4321}));
    check(i32x4_splat(7), make(u32x4{7, 7, 7, 7}));
    check(i8x16_splat(0x1ff), make(u64x2{~std::uint64_t{0}, ~std::uint64_t{0}}));
    check(i8x16_swizzle(a, make(u8x16{15, 14, 16, 128, 255, 0, 1, 127, 31, 2})),
          make(u8x16{0xff, 0xfe, 0, 0, 0, 0xf0, 0xf1, 0, 0, 0xf2, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0,
                     0xf0}));
    const v128 b = v128_not(a);
    check(i8x16_shuffle(a, b, {make(u8x16{0, 16, 31, 15, 1, 17, 1, 30})}),
          make(u8x16{0xf0, 0x0f, 0x00, 0xff, 0xf1, 0x0e, 0xf1, 0x01, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0,
                     0xf0, 0xf0, 0xf0}));
  }

  TEST_CASE("floats: signs of zero, NaNs, infinities") {
    const v128 a = make(f32x4{0.0f, -0.0f, kNan, 1.0f});
    const v128 b = make(f32x4{-0.0f, 0.0f, 1.0f, kNan});
    const auto is_nan = [](v128 v, std::size_t i) { return std::isnan(lanes<float>(v)[i]); };
    const auto negative = [](v128 v, std::size_t i) { return std::signbit(lanes<float>(v)[i]); };
    for (const auto lane : {0, 1}) {
      CHECK(negative(f32x4_min(a, b), lane));
      CHECK_FALSE(negative(f32x4_max(a, b), lane));
      CHECK(negative(f32x4_relaxed_min(a, b), lane));
      CHECK_FALSE(negative(f32x4_relaxed_max(a, b), lane));
    }
    for (const auto lane : {2, 3}) {
      CHECK(is_nan(f32x4_min(a, b), lane));
      CHECK(is_nan(f32x4_max(a, b), lane));
    }
    // pmin is b < a ? b : a, pmax a < b ? b : a.
    CHECK_FALSE(negative(f32x4_pmin(a, b), 0));
    CHECK(negative(f32x4_pmin(a, b), 1));
    CHECK(is_nan(f32x4_pmin(a, b), 2));
    CHECK(lanes<float>(f32x4_pmin(a, b))[3] == 1);
    CHECK(lanes<float>(f32x4_pmax(a, b))[3] == 1);
    check(f32x4_pmin(make(f32x4{1, 2, -kInf, 3}), make(f32x4{2, 1, 0, kInf})),
          make(f32x4{1, 1, -kInf, 3}));
    check(f32x4_min(make(f32x4{1, 2, -kInf, 3}), make(f32x4{2, 1, 0, kInf})),
          make(f32x4{1, 1, -kInf, 3}));
    check(f64x2_max(make(f64x2{1, 2}), make(f64x2{2, -1})), make(f64x2{2, 2}));
    // A signalling NaN becomes quiet, but for what only moves bits.
    v128 signalling = make(u32x4{0x7fa00000, 0xffa00000, 0x7f800001, 0});
    asm("" : "+m"(signalling));  // not for the compiler to compute with: it may keep them so
    for (const v128 v :
         {f32x4_min(signalling, signalling), f32x4_add(signalling, a), f32x4_ceil(signalling),
          f32x4_sqrt(signalling), f32x4_nearest(signalling), f32x4_max(a, signalling)}) {
      for (const auto lane : {0, 1, 2}) CHECK((lanes<std::uint32_t>(v)[lane] & 0x00400000) != 0);
    }
    check(f32x4_abs(signalling), make(u32x4{0x7fa00000, 0x7fa00000, 0x7f800001, 0}));
    check(f32x4_neg(signalling), make(u32x4{0xffa00000, 0x7fa00000, 0xff800001, 0x80000000}));
    const float x = std::bit_cast<float>(0x7fa00000u);
    check(f32x4_splat(x), make(u32x4{0x7fa00000, 0x7fa00000, 0x7fa00000, 0x7fa00000}));
    check(f32x4_replace_lane(v128{}, x, Lane{2}), make(u32x4{0, 0, 0x7fa00000, 0}));
  }

  TEST_CASE("floats: rounding and arithmetic") {
    const v128 a = make(f32x4{0.5f, -1.5f, 2.5f, -0.25f});
    check(f32x4_nearest(a), make(f32x4{0, -2, 2, -0.0f}));
    check(f32x4_ceil(a), make(f32x4{1, -1, 3, -0.0f}));
    check(f32x4_floor(a), make(f32x4{0, -2, 2, -1}));
    check(f32x4_trunc(a), make(f32x4{0, -1, 2, -0.0f}));
    const v128 d = make(f64x2{4503599627370497.5, -0.5});
    check(f64x2_nearest(d), make(f64x2{4503599627370498, -0.0}));
    check(f64x2_sqrt(make(f64x2{2, 0.25})), make(f64x2{std::sqrt(2.0), 0.5}));
    check(f64x2_div(make(f64x2{1, -1}), make(f64x2{3, 0})),
          make(f64x2{1.0 / 3, -std::numeric_limits<double>::infinity()}));
    // Relaxed multiplication and addition rounds twice.
    const float e = 1 + std::numeric_limits<float>::epsilon();
    const float product = e * e;
    const v128 v = f32x4_splat(e);
    check(f32x4_relaxed_madd(v, v, f32x4_splat(-product)), make(f32x4{0, 0, 0, 0}));
    check(f32x4_relaxed_nmadd(v, v, f32x4_splat(product)), make(f32x4{0, 0, 0, 0}));
    check(f64x2_relaxed_nmadd(make(f64x2{2, 3}), make(f64x2{5, 7}), make(f64x2{1, 1})),
          make(f64x2{-9, -20}));
  }

  TEST_CASE("conversions saturate, and NaN is zero") {
    constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
    constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
    const float below = std::nextafter(2147483648.0f, 0.0f);
    const auto both = [](v128 v, const s32x4& s, const u32x4& u) {
      check(i32x4_trunc_sat_f32x4_s(v), make(s));
      check(i32x4_relaxed_trunc_f32x4_s(v), make(s));
      check(i32x4_trunc_sat_f32x4_u(v), make(u));
      check(i32x4_relaxed_trunc_f32x4_u(v), make(u));
    };
    both(make(f32x4{kNan, -kNan, kInf, -kInf}), {0, 0, kMax, kMin}, {0, 0, 0xffffffff, 0});
    both(make(f32x4{2147483648.0f, below, -2147483648.0f, -2147483904.0f}),
         {kMax, 2147483520, kMin, kMin}, {2147483648, 2147483520, 0, 0});
    both(make(f32x4{4294967296.0f, 4294967040.0f, -0.9f, 1.9f}), {kMax, kMax, 0, 1},
         {0xffffffff, 4294967040, 0, 1});
    check(i32x4_trunc_sat_f64x2_s_zero(make(f64x2{2147483647.9, -2147483648.9})),
          make(s32x4{kMax, kMin, 0, 0}));
    check(i32x4_trunc_sat_f64x2_s_zero(make(f64x2{kNan, 1e300})), make(s32x4{0, kMax, 0, 0}));
    check(i32x4_trunc_sat_f64x2_u_zero(make(f64x2{4294967295.9, -0.9})),
          make(u32x4{0xffffffff, 0, 0, 0}));
    check(i32x4_relaxed_trunc_f64x2_u_zero(make(f64x2{4294967296, 4294967294.5})),
          make(u32x4{0xffffffff, 0xfffffffe, 0, 0}));
    check(f32x4_convert_i32x4_s(make(s32x4{kMin, kMax, -1, 16777217})),
          make(f32x4{-2147483648.0f, 2147483648.0f, -1, 16777216}));
    check(f32x4_convert_i32x4_u(make(u32x4{0xffffffff, 0x80000001, 0, 16777219})),
          make(f32x4{4294967296.0f, 2147483648.0f, 0, 16777220}));
    check(f64x2_convert_low_i32x4_s(make(s32x4{kMin, -1, 7, 7})), make(f64x2{-2147483648.0, -1}));
    check(f64x2_convert_low_i32x4_u(make(u32x4{0xffffffff, 1, 7, 7})),
          make(f64x2{4294967295.0, 1}));
    check(f32x4_demote_f64x2_zero(make(f64x2{1e300, 0.1})), make(f32x4{kInf, 0.1f, 0, 0}));
    check(f64x2_promote_low_f32x4(make(f32x4{0.1f, -0.0f, 1, 1})), make(f64x2{double{0.1f}, -0.0}));
  }

  TEST_CASE("memory") {
    const std::uint64_t stored = 0x8001fe7f00ff1080;
    check(v128_load8x8_s(stored), make(s16x8{-128, 16, -1, 0, 127, -2, 1, -128}));
    check(v128_load8x8_u(stored), make(u16x8{0x80, 0x10, 0xff, 0, 0x7f, 0xfe, 1, 0x80}));
    check(v128_load16x4_s(stored), make(s32x4{0x1080, 0x00ff, -385, -32767}));
    check(v128_load32x2_u(stored), make(u64x2{0x00ff1080, 0x8001fe7f}));
    check(v128_load32x2_s(stored), make(s64x2{0x00ff1080, std::int32_t(0x8001fe7f)}));
    check(v128_load16_splat(0x1234), make(u64x2{0x1234123412341234, 0x1234123412341234}));
    check(v128_load32_zero(0x12345678), make(u64x2{0x12345678, 0}));
    check(v128_load64_zero(stored), make(u64x2{stored, 0}));
  }
}
