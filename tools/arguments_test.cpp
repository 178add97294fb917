// SPDX-License-Identifier: Apache-2.0
#include "tools/arguments.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace tinywasm;
using namespace tinywasm::tools;

namespace {

/// `text` as an argument of type `type`, printed; "" when it is not understood.
std::string read(ValueType type, const std::string& text) {
  const auto values = parse_values(FuncType{{type}, {}}, {text});
  return values ? to_string(values->front()) : "";
}

}  // namespace

TEST_SUITE("arguments") {
  TEST_CASE("directories in memory") {
    const auto clocks = WasiClocks::fixed(7);
    const auto plain = parse_memory_directory("/tmp", clocks);
    REQUIRE(plain.has_value());
    CHECK(plain->guest == "/tmp");
    REQUIRE(plain->directory);
    CHECK(plain->directory->info().modified == 7);
    const auto sized = parse_memory_directory("/tmp::1K", {});
    REQUIRE(sized.has_value());
    CHECK(sized->directory->info().modified > 1'600'000'000'000'000'000);
    CHECK(sized->directory->create_file("f") == 0);
    CHECK(sized->directory->find("f").file->resize(512) == 0);
    CHECK(sized->directory->find("f").file->resize(513) == ENOSPC);
    for (const char* bad : {"", "::1K", "/tmp::", "/tmp::some", "/tmp::1K::ro"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_memory_directory(bad, clocks).has_value());
    }
  }

  TEST_CASE("clocks") {
    using Kind = WasiClocks::Kind;
    const auto is = [](const char* text, Kind kind, std::uint64_t seconds) {
      const auto clocks = parse_clocks(text);
      return clocks && clocks->kind == kind && clocks->start == seconds * 1'000'000'000;
    };
    CHECK(parse_clocks("host")->kind == Kind::host);
    CHECK(is("fixed", Kind::fixed, 946'684'800));
    CHECK(is("virtual", Kind::virtual_time, 946'684'800));
    CHECK(is("fixed:0", Kind::fixed, 0));
    CHECK(is("virtual:1700000000", Kind::virtual_time, 1'700'000'000));
    CHECK(is("fixed:1970-01-01", Kind::fixed, 0));
    CHECK(is("fixed:2024-02-29", Kind::fixed, 1'709'164'800));
    CHECK(is("virtual:2026-11-22T15:04:05Z", Kind::virtual_time, 1'795'359'845));
    CHECK(is("fixed:18446744073", Kind::fixed, 18'446'744'073));
    for (const char* bad :
         {"", "virtue", "host:0", "fixed:", "fixed:now", "fixed:-1", "fixed:18446744074",
          "fixed:2023-02-29", "fixed:1969-12-31", "fixed:2024-2-29", "fixed:2024-02-29T24:00:00Z",
          "fixed:2024-02-29T12:60:00Z", "fixed:2024-02-29T12:00:00", "fixed:2024-02-29 12:00:00Z",
          "fixed:9999-01-01", "fixed:202x-01-01", "fixed:2024-02-29T1200:00:00"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_clocks(bad).has_value());
    }
  }

  TEST_CASE("sizes") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("65536") == 65536);
    CHECK(parse_size("64M") == 64 << 20);
    CHECK(parse_size("4G") == std::uint64_t{4} << 30);
    CHECK(parse_size("0x10K") == 16384);
    for (const char* bad :
         {"", "M", "-1", "64MB", "1.5M", "99999999999999999999", "99999999999T"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_size(bad));
    }
  }

  TEST_CASE("durations") {
    using namespace std::chrono_literals;
    CHECK(parse_duration("2") == 2s);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("20us") == 20us);
    CHECK(parse_duration("3m") == 180s);
    CHECK(parse_duration("1h") == 3600s);
    for (const char* bad : {"", "s", "-1s", "1d", "1e400s", "nan", "inf", "9999999999999s"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_duration(bad));
    }
  }

  TEST_CASE("directories") {
    const auto plain = parse_directory("data");
    REQUIRE(plain);
    CHECK(plain->host == "data");
    CHECK(plain->guest == "data");
    CHECK_FALSE(plain->read_only);
    const auto named = parse_directory("a:b::/guest");
    REQUIRE(named);
    CHECK(named->host == "a:b");
    CHECK(named->guest == "/guest");
    const auto read_only = parse_directory("data::/guest::ro");
    REQUIRE(read_only);
    CHECK(read_only->guest == "/guest");
    CHECK(read_only->read_only);
    for (const char* bad : {"", "::", "a::", "::b", "a::b::", "a::b::rw", "a::b::ro::c"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_directory(bad));
    }
  }

  TEST_CASE("integers, signed and unsigned") {
    CHECK(read(ValueType::i32, "-2147483648") == "-2147483648");
    CHECK(read(ValueType::i32, "4294967295") == "-1");
    CHECK(read(ValueType::i32, "+0x7f") == "127");
    CHECK(read(ValueType::i32, "4294967296") == "");
    CHECK(read(ValueType::i32, "-2147483649") == "");
    CHECK(read(ValueType::i64, "18446744073709551615") == "-1");
    CHECK(read(ValueType::i64, "-9223372036854775808") == "-9223372036854775808");
    CHECK(read(ValueType::i64, "18446744073709551616") == "");
    CHECK(read(ValueType::i32, "1_000") == "1000");
    CHECK(read(ValueType::i64, "-0xffff_ffff") == "-4294967295");
    for (const char* bad : {"", "-", "1x", "0x", "--1", "1.0", " 1", "0x-1", "1__0", "_1"}) {
      CAPTURE(bad);
      CHECK(read(ValueType::i32, bad) == "");
    }
  }

  TEST_CASE("floats, vectors, references") {
    CHECK(read(ValueType::f32, "1.5") == "1.5");
    CHECK(read(ValueType::f64, "-0x1p-3") == "-0.125");
    CHECK(read(ValueType::f64, "1e300") == "1e+300");
    CHECK(read(ValueType::f64, "-inf") == "-inf");
    CHECK(read(ValueType::f64, "-0") == "-0");
    CHECK(read(ValueType::f32, "nan") == "nan:0x400000");
    CHECK(read(ValueType::f32, "1.5f") == "");
    CHECK(read(ValueType::f32, "-+1") == "");
    CHECK(read(ValueType::f32, "1e-50") == "0");
    CHECK(read(ValueType::f64, "-1e-400") == "-0");
    CHECK(read(ValueType::f32, "1e50") == "");
    CHECK(read(ValueType::f32, "1_000.5") == "1000.5");
    CHECK(read(ValueType::f64, "4.9e-324") == "5e-324");
    CHECK(read(ValueType::f32, "nan:0x200000") == "nan:0x200000");
    CHECK(read(ValueType::f64, "-nan:0x1") == "-nan:0x1");
    CHECK(read(ValueType::f32, "nan:0x800000") == "");
    for (const char* bad : {"0x-1p3", "0x+1", "infinity", "nan()", "1e", "0x1p", ".5", "1.5 "}) {
      CAPTURE(bad);
      CHECK(read(ValueType::f64, bad) == "");
    }
    CHECK(read(ValueType::v128, "0x0f0e0d0c0b0a09080706050403020100") ==
          "0x0f0e0d0c0b0a09080706050403020100");
    CHECK(read(ValueType::v128, "0x00") == "");
    CHECK(read(ValueType::v128, "i32x4:1,-2,0x10,4294967295") ==
          "0xffffffff00000010fffffffe00000001");
    CHECK(read(ValueType::v128, "i8x16:0,1,2,3,4,5,6,7,8,9,10,11,12,13,255,-128") ==
          "0x80ff0d0c0b0a09080706050403020100");
    CHECK(read(ValueType::v128, "i16x8:1,2,3,4,5,6,7,-1") == "0xffff0007000600050004000300020001");
    CHECK(read(ValueType::v128, "i64x2:-1,2") == "0x0000000000000002ffffffffffffffff");
    CHECK(read(ValueType::v128, "f32x4:1,-0,inf,0.5") == "0x3f0000007f800000800000003f800000");
    CHECK(read(ValueType::v128, "f64x2:1,-2") == "0xc0000000000000003ff0000000000000");
    for (const char* bad : {"i32x4:1,2,3", "i32x4:1,2,3,4,5", "i32x4:1,2,,4",
                            "i32x4:", "i32x3:1,2,3", "i8x16:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,256",
                            "i8x16:-129,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                            "i16x8:1,2,3,4,5,6,7,18446744073709551615", "f64x2:1,x", ":"}) {
      CAPTURE(bad);
      CHECK(read(ValueType::v128, bad) == "");
    }
    CHECK(read(ValueType::externref, "null") == "null");
    CHECK(read(ValueType::funcref, "0") == "");
  }

  TEST_CASE("the number of arguments") {
    const FuncType type{{ValueType::i32, ValueType::i32}, {ValueType::i32}};
    CHECK(parse_values(type, {"1", "2"}));
    const auto few = parse_values(type, {"1"});
    REQUIRE_FALSE(few);
    CHECK(few.error().message == "(func (param i32 i32) (result i32)) takes 2 arguments, 1 given");
    const auto wrong = parse_values(type, {"1", "x"});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message == "argument 2: \"x\" is not of type i32");
  }
}
