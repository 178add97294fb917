// SPDX-License-Identifier: Apache-2.0
// The layout of records in guest memory, byte by byte.
#include <array>
#include <cstddef>
#include <doctest/doctest.h>
#include <string>

#include "wasi/types.hpp"

using namespace tinywasm::wasi;

namespace {

/// A record's bytes in hexadecimal, with everything around it unchanged.
template <class Record>
std::string encoded(const Record& record) {
  std::array<std::byte, Record::kSize + 2> bytes;
  bytes.fill(std::byte{0xEE});
  record.encode(bytes.data() + 1);
  CHECK(bytes.front() == std::byte{0xEE});
  CHECK(bytes.back() == std::byte{0xEE});
  std::string text;
  for (std::size_t i = 1; i <= Record::kSize; ++i) {
    const auto value = std::to_integer<unsigned>(bytes[i]);
    text += "0123456789abcdef"[value >> 4];
    text += "0123456789abcdef"[value & 15];
    if (i % 8 == 0) text += ' ';
  }
  return text;
}

}  // namespace

TEST_SUITE("layout") {
  TEST_CASE("integers are little-endian") {
    std::array<std::byte, 8> bytes{};
    put(bytes.data(), std::uint32_t{0x01020304});
    CHECK(bytes[0] == std::byte{4});
    CHECK(bytes[3] == std::byte{1});
    CHECK(take<std::uint32_t>(bytes.data()) == 0x01020304);
    put(bytes.data(), ~std::uint64_t{1});
    CHECK(take<std::uint64_t>(bytes.data()) == ~std::uint64_t{1});
    CHECK(take<std::uint16_t>(bytes.data()) == 0xFFFE);
  }

  TEST_CASE("fdstat") {
    CHECK(encoded(FdStat{FileType::directory, 0x1F, 0x1122334455667788, 1}) ==
          "03001f0000000000 8877665544332211 0100000000000000 ");
  }

  TEST_CASE("filestat") {
    const FileStat stat{1, 2, FileType::regular_file, 3, 4, 5, 6, 7};
    CHECK(encoded(stat) ==
          "0100000000000000 0200000000000000 0400000000000000 0300000000000000 "
          "0400000000000000 0500000000000000 0600000000000000 0700000000000000 ");
    CHECK(encoded(UnstableFileStat{stat}) ==
          "0100000000000000 0200000000000000 0400000003000000 0400000000000000 "
          "0500000000000000 0600000000000000 0700000000000000 ");
  }

  TEST_CASE("prestat and dirent") {
    CHECK(encoded(PreStat{0x0A0B}) == "000000000b0a0000 ");
    CHECK(encoded(DirEnt{9, 8, 7, FileType::symbolic_link}) ==
          "0900000000000000 0800000000000000 0700000007000000 ");
  }

  TEST_CASE("event") {
    CHECK(encoded(Event{1, Errno::badf, 2, 3, kEventHangup}) ==
          "0100000000000000 0800020000000000 0300000000000000 0100000000000000 ");
  }

  TEST_CASE("subscription") {
    std::array<std::byte, UnstableSubscription::kSize> bytes{};
    put(bytes.data(), std::uint64_t{42});
    put(bytes.data() + 16, std::uint32_t{1});
    put(bytes.data() + 24, std::uint64_t{1000});
    put(bytes.data() + 40, std::uint16_t{1});
    const Subscription clock = Subscription::decode(bytes.data());
    CHECK(clock.userdata == 42);
    CHECK(clock.tag == 0);
    CHECK(clock.clock == ClockId::monotonic);
    CHECK(clock.timeout == 1000);
    CHECK(clock.flags == 1);

    bytes = {};
    put(bytes.data() + 8, std::uint8_t{1});
    put(bytes.data() + 16, std::uint32_t{5});
    CHECK(Subscription::decode(bytes.data()).tag == 1);
    CHECK(Subscription::decode(bytes.data()).fd == Fd{5});
    CHECK(UnstableSubscription::decode(bytes.data()).fd == Fd{5});

    bytes = {};
    put(bytes.data() + 24, std::uint32_t{1});
    put(bytes.data() + 32, std::uint64_t{1000});
    put(bytes.data() + 48, std::uint16_t{1});
    const Subscription old = UnstableSubscription::decode(bytes.data());
    CHECK(old.clock == ClockId::monotonic);
    CHECK(old.timeout == 1000);
    CHECK(old.flags == 1);
  }

  TEST_CASE("the sizes are those of the ABI") {
    CHECK(FdStat::kSize == 24);
    CHECK(FileStat::kSize == 64);
    CHECK(UnstableFileStat::kSize == 56);
    CHECK(PreStat::kSize == 8);
    CHECK(DirEnt::kSize == 24);
    CHECK(Subscription::kSize == 48);
    CHECK(UnstableSubscription::kSize == 56);
    CHECK(Event::kSize == 32);
  }
}
