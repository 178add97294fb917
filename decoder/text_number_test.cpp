// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_number.hpp"

#include <bit>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <string_view>

using namespace tinywasm::decoder;

namespace {

std::uint64_t f64_bits(double value) { return std::bit_cast<std::uint64_t>(value); }
std::uint32_t f32_bits(float value) { return std::bit_cast<std::uint32_t>(value); }

constexpr auto kMaxU64 = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_SUITE("text_number") {
  TEST_CASE("forms") {
    for (const std::string_view text :
         {"0", "007", "1_000", "0x1F", "0xa_b", "18446744073709551616"}) {
      CAPTURE(text);
      CHECK(number_form(text) == NumberForm::natural);
    }
    for (const std::string_view text : {"+0", "-1", "-0x1_f"}) {
      CAPTURE(text);
      CHECK(number_form(text) == NumberForm::integer);
    }
    for (const std::string_view text :
         {"1.", "1.5", "1e5", "1E+5", "1.e-5", "0x1.", "0x1p3", "0x1.8P-3", "-inf", "+inf", "inf",
          "nan", "-nan", "nan:0x1", "-nan:0x7f_ff", "1_0.0_1e1_0"}) {
      CAPTURE(text);
      CHECK(number_form(text) == NumberForm::real);
    }
    for (const std::string_view text : {"",         "+",     "-",     "_1",     "1_",
                                        "1__0",     "0x",    "0x_1",  "0x1_",   "1e",
                                        "1e+",      "1e_1",  "1._0",  "1_.0",   "0x1p",
                                        "0x1pf",    "0x1.g", ".5",    "+-1",    "0X1",
                                        "1.5.5",    "nan:",  "nan:1", "nan:0x", "nan:canonical",
                                        "infinity", "NaN",   "1a",    "1 ",     " 1"}) {
      CAPTURE(text);
      CHECK(number_form(text) == NumberForm::none);
    }
  }

  TEST_CASE("natural numbers") {
    CHECK(parse_natural("0", 0) == 0);
    CHECK(parse_natural("1", 0) == std::nullopt);
    CHECK(parse_natural("0xff", 255) == 255);
    CHECK(parse_natural("0x100", 255) == std::nullopt);
    CHECK(parse_natural("4294967295", 0xffffffff) == 0xffffffff);
    CHECK(parse_natural("4294967296", 0xffffffff) == std::nullopt);
    CHECK(parse_natural("18446744073709551615", kMaxU64) == kMaxU64);
    CHECK(parse_natural("0xffff_ffff_ffff_ffff", kMaxU64) == kMaxU64);
    CHECK(parse_natural("18446744073709551616", kMaxU64) == std::nullopt);
    CHECK(parse_natural("0x1_0000_0000_0000_0000", kMaxU64) == std::nullopt);
    CHECK(parse_natural("99999999999999999999999999", kMaxU64) == std::nullopt);
    CHECK(parse_natural("-0", 5) == std::nullopt);
    CHECK(parse_natural("1.0", 5) == std::nullopt);
  }

  TEST_CASE("integers are signed or unsigned") {
    CHECK(parse_integer("4294967295", 32) == 0xffffffff);
    CHECK(parse_integer("4294967296", 32) == std::nullopt);
    CHECK(parse_integer("-2147483648", 32) == 0x80000000);
    CHECK(parse_integer("-2147483649", 32) == std::nullopt);
    CHECK(parse_integer("-1", 32) == 0xffffffff);
    CHECK(parse_integer("-0", 32) == 0);
    CHECK(parse_integer("+0x7f", 8) == 0x7f);
    CHECK(parse_integer("255", 8) == 255);
    CHECK(parse_integer("256", 8) == std::nullopt);
    CHECK(parse_integer("-128", 8) == 0x80);
    CHECK(parse_integer("-129", 8) == std::nullopt);
    CHECK(parse_integer("-0x8000", 16) == 0x8000);
    CHECK(parse_integer("-0x8000_0000_0000_0000", 64) == 0x8000'0000'0000'0000);
    CHECK(parse_integer("-0x8000_0000_0000_0001", 64) == std::nullopt);
    CHECK(parse_integer("0xffff_ffff_ffff_ffff", 64) == kMaxU64);
    CHECK(parse_integer("1.0", 32) == std::nullopt);
    CHECK(parse_integer("inf", 32) == std::nullopt);
  }

  TEST_CASE("decimal floats are rounded to the nearest") {
    CHECK(parse_f64("0.1") == f64_bits(0.1));
    CHECK(parse_f64("1_000.5_5e1_0") == f64_bits(1000.55e10));
    CHECK(parse_f64("-0") == f64_bits(-0.0));
    CHECK(parse_f64("17") == f64_bits(17.0));
    CHECK(parse_f64("5.") == f64_bits(5.0));
    CHECK(parse_f32("16777217") == f32_bits(16777216.0F));  // a tie
    CHECK(parse_f32("16777217.0000000000000000000000000000000000000000000001") ==
          f32_bits(16777218.0F));
    CHECK(parse_f32("16777219") == f32_bits(16777220.0F));
    // A double in between would round twice.
    CHECK(parse_f32("1.00000005960464477539062500000000000000000001") ==
          f32_bits(1.00000011920928955078125F));
    CHECK(parse_f64("9007199254740993") == f64_bits(9007199254740992.0));
    CHECK(parse_f64("2.2250738585072011e-308") == f64_bits(2.2250738585072011e-308));
  }

  TEST_CASE("decimal floats at the ends of the range") {
    CHECK(parse_f64("1.7976931348623157e308") == f64_bits(std::numeric_limits<double>::max()));
    CHECK(parse_f64("1.7976931348623159e308") == std::nullopt);
    CHECK(parse_f64("1e309") == std::nullopt);
    CHECK(parse_f64("-1e99999999999999999999") == std::nullopt);
    CHECK(parse_f32("340282346638528859811704183484516925440") ==
          f32_bits(std::numeric_limits<float>::max()));
    CHECK(parse_f32("340282356779733661637539395458142568447") ==
          f32_bits(std::numeric_limits<float>::max()));
    CHECK(parse_f32("340282356779733661637539395458142568448") == std::nullopt);
    CHECK(parse_f64("4.9406564584124654e-324") == 1);
    CHECK(parse_f64("2.4703282292062328e-324") == 1);
    CHECK(parse_f64("2.4703282292062327e-324") == 0);
    CHECK(parse_f64("1e-400") == 0);
    CHECK(parse_f64("-1e-99999999999999999999") == f64_bits(-0.0));
    CHECK(parse_f64("1000000e-400") == 0);
    CHECK(parse_f64("0e99999999999999999999") == 0);
    CHECK(parse_f64(std::string(5000, '0') + "." + std::string(5000, '0') + "1e5001") ==
          f64_bits(1.0));
  }

  TEST_CASE("hexadecimal floats are rounded to the nearest, ties to even") {
    CHECK(parse_f64("0x1.8p1") == f64_bits(3.0));
    CHECK(parse_f64("-0xA.8") == f64_bits(-10.5));
    CHECK(parse_f64("0x1p-1074") == 1);
    CHECK(parse_f64("0x1p-1075") == 0);
    CHECK(parse_f64("0x1.0000000000000001p-1075") == 1);
    CHECK(parse_f64("0x3p-1075") == 2);
    CHECK(parse_f64("0x1p-99999999999999999999") == 0);
    CHECK(parse_f64("0x0p99999999999999999999") == 0);
    CHECK(parse_f64("0x1.00000000000008p0") == f64_bits(1.0));
    CHECK(parse_f64("0x1.00000000000008000000000000000000001p0") == f64_bits(0x1.0000000000001p0));
    CHECK(parse_f64("0x1.00000000000018p0") == f64_bits(0x1.0000000000002p0));
    CHECK(parse_f64("0x100000000000000000000000000000000p-128") == f64_bits(1.0));
    CHECK(parse_f64("0x0.00000000000000000000000000000001p128") == f64_bits(1.0));
    CHECK(parse_f64("0x1.fffffffffffffp1023") == f64_bits(std::numeric_limits<double>::max()));
    CHECK(parse_f64("0x1.fffffffffffff7p1023") == f64_bits(std::numeric_limits<double>::max()));
    CHECK(parse_f64("0x1.fffffffffffff8p1023") == std::nullopt);
    CHECK(parse_f64("0x1p1024") == std::nullopt);
    CHECK(parse_f32("0x1.fffffep127") == f32_bits(std::numeric_limits<float>::max()));
    CHECK(parse_f32("0x1.ffffffp127") == std::nullopt);
    CHECK(parse_f32("0x1.000001p0") == f32_bits(1.0F));
    CHECK(parse_f32("0x1.000003p0") == f32_bits(0x1.000004p0F));
    CHECK(parse_f32("0x1p-149") == 1);
    CHECK(parse_f32("0x1d1f7b3p-151") == f32_bits(0x1.d1f7b4p-127F));
    CHECK(parse_f32("0x0.ffffffp-126") == f32_bits(0x1p-126F));  // up to the normal numbers
  }

  TEST_CASE("infinity and NaN") {
    CHECK(parse_f32("inf") == 0x7f800000);
    CHECK(parse_f32("-inf") == 0xff800000);
    CHECK(parse_f32("nan") == 0x7fc00000);
    CHECK(parse_f32("-nan") == 0xffc00000);
    CHECK(parse_f32("nan:0x1") == 0x7f800001);
    CHECK(parse_f32("-nan:0x7f_ffff") == 0xffffffff);
    CHECK(parse_f32("nan:0x0") == std::nullopt);
    CHECK(parse_f32("nan:0x80_0000") == std::nullopt);
    CHECK(parse_f64("nan") == 0x7ff8'0000'0000'0000);
    CHECK(parse_f64("nan:0xf_ffff_ffff_ffff") == 0x7fff'ffff'ffff'ffff);
    CHECK(parse_f64("nan:0x10_0000_0000_0000") == std::nullopt);
    CHECK(parse_f64("nan:canonical") == std::nullopt);
  }
}
