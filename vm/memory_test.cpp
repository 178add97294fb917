// SPDX-License-Identifier: Apache-2.0
#include "vm/memory.hpp"

#include <doctest/doctest.h>

#include "vm/operations.hpp"

using tinywasm::decoder::kPageSize;
using tinywasm::decoder::MemoryType;
using tinywasm::vm::Budget;
using tinywasm::vm::kGrowFailed;
using tinywasm::vm::OwnedMemory;
using tinywasm::vm::Trap;

namespace {

MemoryType pages(std::uint64_t min, std::optional<std::uint64_t> max = {}) {
  MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

const std::atomic<std::uint32_t> kQuiet{0};

std::byte at(const OwnedMemory& memory, std::uint64_t address) { return memory.base[address]; }

}  // namespace

TEST_SUITE("memory") {
  TEST_CASE("a new memory is zeros, and grown pages are too") {
    for (const std::uint64_t initial : {0, 1, 2, 3, 40}) {
      CAPTURE(initial);
      Budget budget{0, 1 << 30};
      OwnedMemory memory(pages(initial), budget);
      REQUIRE(memory.allocate());
      CHECK(memory.pages() == initial);
      CHECK(budget.used == initial * kPageSize);
      CHECK(reinterpret_cast<std::uintptr_t>(memory.base) % 64 == 0);
      if (initial != 0) {
        CHECK(at(memory, memory.size - 1) == std::byte{0});
        memory.base[0] = std::byte{1};
        memory.base[memory.size - 1] = std::byte{2};
      }
      CHECK(memory.grow(1) == initial);
      CHECK(memory.grow(3) == initial + 1);
      CHECK(memory.grow(0) == initial + 4);
      CHECK(memory.size == (initial + 4) * kPageSize);
      CHECK(budget.used == memory.size);
      for (std::uint64_t i = initial * kPageSize; i < memory.size; ++i) {
        REQUIRE(at(memory, i) == std::byte{0});
      }
      if (initial != 0) {
        CHECK(at(memory, 0) == std::byte{1});
        CHECK(at(memory, initial * kPageSize - 1) == std::byte{2});
      }
    }
  }

  TEST_CASE("growing within the reservation moves nothing") {
    Budget budget{0, std::uint64_t{1} << 32};
    OwnedMemory memory(pages(3), budget);
    REQUIRE(memory.allocate());
    const std::byte* base = memory.base;
    if (memory.reserved >= 1000 * kPageSize) {
      CHECK(memory.grow(997) == 3);
      CHECK(memory.base == base);
    }
  }

  TEST_CASE("the type's maximum and the budget bound growth") {
    Budget budget{0, 5 * kPageSize};
    OwnedMemory memory(pages(1, 3), budget);
    REQUIRE(memory.allocate());
    CHECK(memory.grow(3) == kGrowFailed);
    CHECK(memory.grow(~std::uint64_t{0}) == kGrowFailed);
    CHECK(memory.grow(2) == 1);
    {
      OwnedMemory other(pages(1), budget);
      REQUIRE(other.allocate());
      CHECK(other.grow(2) == kGrowFailed);
      CHECK(other.grow(1) == 1);
      OwnedMemory third(pages(1), budget);
      CHECK_FALSE(third.allocate());
    }
    CHECK(budget.used == 3 * kPageSize);
  }

  TEST_CASE("4 GiB without touching them; beyond is refused") {
    Budget budget{0, ~std::uint64_t{0}};
    OwnedMemory memory(pages(0), budget);
    REQUIRE(memory.allocate());
    if (memory.grow(65536) == 0) {
      CHECK(memory.size == std::uint64_t{1} << 32);
      memory.base[memory.size - 1] = std::byte{7};
    }
    CHECK(memory.grow(1 + 65536 - memory.pages()) == kGrowFailed);
    MemoryType huge = pages(std::uint64_t{1} << 48);
    huge.limits.is_64 = true;
    OwnedMemory impossible(huge, budget);
    CHECK_FALSE(impossible.allocate());
  }

  TEST_CASE("bulk operations check bounds in 64 bits before they write") {
    Budget budget{0, 1 << 30};
    OwnedMemory memory(pages(1), budget);
    REQUIRE(memory.allocate());
    constexpr std::uint64_t kMost = ~std::uint64_t{0};
    CHECK(fill(memory, kPageSize - 4, 9, 4, kQuiet) == Trap::none);
    CHECK(fill(memory, kPageSize - 4, 8, 5, kQuiet) == Trap::memory_bounds);
    CHECK(at(memory, kPageSize - 1) == std::byte{9});
    CHECK(fill(memory, kPageSize, 8, 0, kQuiet) == Trap::none);
    CHECK(fill(memory, kPageSize + 1, 8, 0, kQuiet) == Trap::memory_bounds);
    CHECK(fill(memory, kMost, 8, 2, kQuiet) == Trap::memory_bounds);
    CHECK(fill(memory, 1, 8, kMost, kQuiet) == Trap::memory_bounds);
    CHECK(copy(memory, memory, 0, kPageSize - 4, 4, kQuiet) == Trap::none);
    CHECK(at(memory, 3) == std::byte{9});
    CHECK(copy(memory, memory, kMost, 0, 1, kQuiet) == Trap::memory_bounds);
    CHECK(copy(memory, memory, 0, kMost, 1, kQuiet) == Trap::memory_bounds);
    const std::byte data[] = {std::byte{1}, std::byte{2}, std::byte{3}};
    CHECK(init(memory, data, 10, 1, 2, kQuiet) == Trap::none);
    CHECK(at(memory, 10) == std::byte{2});
    CHECK(init(memory, data, 10, 2, 2, kQuiet) == Trap::memory_bounds);
    CHECK(init(memory, data, kPageSize, 3, 0, kQuiet) == Trap::none);
    CHECK(init(memory, {}, 0, 0, 1, kQuiet) == Trap::memory_bounds);
  }

  TEST_CASE("copies of overlapping ranges, larger than one piece") {
    Budget budget{0, 1 << 30};
    OwnedMemory memory(pages(200), budget);  // 12.5 MiB
    REQUIRE(memory.allocate());
    const std::uint64_t length = 12'000'000;
    const auto pattern = [](std::uint64_t i) { return static_cast<std::byte>(i * 31 + (i >> 8)); };
    for (const std::uint64_t to : {0, 100'000}) {
      const std::uint64_t from = 100'000 - to;
      for (std::uint64_t i = 0; i < length; ++i) memory.base[from + i] = pattern(i);
      REQUIRE(copy(memory, memory, to, from, length, kQuiet) == Trap::none);
      bool same = true;
      for (std::uint64_t i = 0; i < length; ++i) same &= memory.base[to + i] == pattern(i);
      CHECK(same);
    }
  }

  TEST_CASE("an interrupt ends a long fill, but not a short one") {
    Budget budget{0, 1 << 30};
    OwnedMemory memory(pages(200), budget);
    REQUIRE(memory.allocate());
    const std::atomic<std::uint32_t> interrupted{1};
    CHECK(fill(memory, 0, 1, 1000, interrupted) == Trap::none);
    CHECK(fill(memory, 0, 1, memory.size, interrupted) == Trap::interrupted);
    CHECK(copy(memory, memory, 0, 8, memory.size - 8, interrupted) == Trap::interrupted);
    CHECK(at(memory, memory.size - 1) == std::byte{0});
  }
}
