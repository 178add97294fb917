// SPDX-License-Identifier: Apache-2.0
#include "decoder/byte_reader.hpp"

#include <doctest/doctest.h>

#include "decoder/test_bytes.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;
using namespace tinywasm::decoder::test;

namespace {

template <class Read>
auto read(Parts parts, Read read_one) {
  const Bytes input = bytes(parts);
  ByteReader reader(input, 0, input.size());
  const auto value = read_one(reader);
  REQUIRE(reader.ok());
  CHECK(reader.at_end());
  return value;
}

template <class Read>
Error failure(Parts parts, Read read_one) {
  const Bytes input = bytes(parts);
  ByteReader reader(input, 0, input.size());
  read_one(reader);
  REQUIRE(!reader.ok());
  CHECK(reader.at_end());
  return reader.error();
}

const auto kU32 = [](ByteReader& r) { return r.u32(); };
const auto kU64 = [](ByteReader& r) { return r.u64(); };
const auto kS32 = [](ByteReader& r) { return r.s32(); };
const auto kS33 = [](ByteReader& r) { return r.s33(); };
const auto kS64 = [](ByteReader& r) { return r.s64(); };

}  // namespace

TEST_SUITE("byte_reader") {
  TEST_CASE("unsigned integers") {
    CHECK(read({0x00}, kU32) == 0);
    CHECK(read({0x7f}, kU32) == 127);
    CHECK(read({0x80, 0x01}, kU32) == 128);
    CHECK(read({0x80, 0x00}, kU32) == 0);
    CHECK(read({0xff, 0xff, 0xff, 0xff, 0x0f}, kU32) == 0xffffffff);
    CHECK(read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, kU64) == ~0ull);
  }

  TEST_CASE("signed integers") {
    CHECK(read({0x3f}, kS32) == 63);
    CHECK(read({0x40}, kS32) == -64);
    CHECK(read({0x7f}, kS32) == -1);
    CHECK(read({0xc0, 0x00}, kS32) == 64);
    CHECK(read({0xff, 0x7f}, kS32) == -1);
    CHECK(read({0x80, 0x80, 0x80, 0x80, 0x78}, kS32) == INT32_MIN);
    CHECK(read({0xff, 0xff, 0xff, 0xff, 0x07}, kS32) == INT32_MAX);
    CHECK(read({0xff, 0xff, 0xff, 0xff, 0x0f}, kS33) == 0xffffffffll);
    CHECK(read({0x80, 0x80, 0x80, 0x80, 0x70}, kS33) == -0x100000000ll);
    CHECK(read({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}, kS64) == INT64_MIN);
    CHECK(read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}, kS64) == INT64_MAX);
  }

  TEST_CASE("integers that are too long or too large") {
    CHECK(failure({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, kU32).message ==
          "integer representation too long");
    CHECK(failure({0xff, 0xff, 0xff, 0xff, 0x1f}, kU32).message == "integer too large");
    CHECK(failure({0x80, 0x80, 0x80, 0x80, 0x08}, kS32).message == "integer too large");
    CHECK(failure({0xff, 0xff, 0xff, 0xff, 0x4f}, kS32).message == "integer too large");
    CHECK(failure({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02}, kU64).message ==
          "integer too large");
    CHECK(failure({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, kS64).message ==
          "integer too large");
    const Error error = failure({0x80, 0x80}, kU32);
    CHECK(error.kind == ErrorKind::malformed);
    CHECK(error.message == "unexpected end of section or function");
    CHECK(error.offset == 2);
  }

  TEST_CASE("fixed width") {
    CHECK(read({0x01, 0x02, 0x03, 0x84}, [](ByteReader& r) { return r.fixed32(); }) == 0x84030201);
    CHECK(read({1, 2, 3, 4, 5, 6, 7, 0x88}, [](ByteReader& r) { return r.fixed64(); }) ==
          0x8807060504030201);
    CHECK(failure({1, 2, 3}, [](ByteReader& r) { return r.fixed32(); }).offset == 0);
  }

  TEST_CASE("names") {
    const auto name = [](ByteReader& r) { return std::string(r.name()); };
    CHECK(read({0}, name).empty());
    CHECK(read({5, "hello"}, name) == "hello");
    CHECK(read({4, 0xf0, 0x9f, 0xa6, 0x80}, name) == "\xf0\x9f\xa6\x80");
    CHECK(failure({2, 0xc0, 0x80}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({3, 0xed, 0xa0, 0x80}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({4, 0xf4, 0x90, 0x80, 0x80}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({3, 0xe0, 0x80, 0x80}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({1, 0x80}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({1, 0xe2}, name).message == "malformed UTF-8 encoding");
    CHECK(failure({3, "ab"}, name).message == "length out of bounds");
  }

  TEST_CASE("the first error sticks") {
    const Bytes input = bytes({0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3});
    ByteReader reader(input, 0, input.size());
    reader.u32();
    CHECK(reader.u8() == 0);
    CHECK(reader.name().empty());
    CHECK(reader.fixed64() == 0);
    reader.fail(Message::type_mismatch);
    CHECK(reader.error().message == "integer too large");
    CHECK(reader.error().offset == 4);
    CHECK(reader.remaining() == 0);
  }

  TEST_CASE("a count is bounded by what remains") {
    const Bytes input = bytes({0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2});
    ByteReader reader(input, 0, input.size());
    CHECK(reader.count() == 3);
    CHECK(reader.ok());
  }
}
