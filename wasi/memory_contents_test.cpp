// SPDX-License-Identifier: Apache-2.0
#include "wasi/memory_contents.hpp"

#include <algorithm>
#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "vm/test_random.hpp"

using namespace tinywasm;

namespace {

std::string read_all(const MemoryContents& contents) {
  std::string text(contents.size(), '?');
  CHECK(contents.read(0, std::as_writable_bytes(std::span(text))) == text.size());
  return text;
}

}  // namespace

TEST_SUITE("memory_contents") {
  TEST_CASE("as a string that is written to at any place and cut") {
    TestRandom random;
    MemoryContents contents;
    std::string expected;
    for (int round = 0; round < 2000; ++round) {
      // Around the ends of chunks, of 64 KiB, and far from them.
      const std::size_t offset = random.below(4) * 65536 + random.below(20) * random.below(500);
      const std::size_t length = random.below(3) == 0 ? random.below(150'000) : random.below(40);
      if (random.below(4) == 0) {
        contents.resize(offset);
        expected.resize(offset);
      } else if (length != 0) {
        const std::string text(length, static_cast<char>('a' + random.below(26)));
        REQUIRE(contents.write(offset, std::as_bytes(std::span(text))));
        expected.resize(std::max(expected.size(), offset + length));
        expected.replace(offset, length, text);
      }
      REQUIRE(contents.size() == expected.size());
      std::string part(length, '?');
      part.resize(contents.read(offset, std::as_writable_bytes(std::span(part))));
      REQUIRE(part == (offset < expected.size() ? expected.substr(offset, length) : ""));
    }
    CHECK(read_all(contents) == expected);
  }

  TEST_CASE("holes take neither memory nor time") {
    constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
    const auto start = std::chrono::steady_clock::now();
    MemoryContents contents;
    contents.resize(kHuge);
    const std::string_view text = "end";
    REQUIRE(contents.write(kHuge - 1, std::as_bytes(std::span(text))));
    CHECK(contents.size() == kHuge + 2);
    std::byte byte{1};
    CHECK(contents.read(kHuge / 2, {&byte, 1}) == 1);
    CHECK(byte == std::byte{0});
    contents.resize(0);
    CHECK(contents.read(0, {&byte, 1}) == 0);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
  }
}
