// SPDX-License-Identifier: Apache-2.0
#include "wasi/random.hpp"

#include <doctest/doctest.h>
#include <string>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

std::string random_text(TestWorld& guest, std::size_t length) {
  REQUIRE(code(random_get(guest.call(), guest.bytes(64, length))) == Errno::success);
  return guest.text(64, length);
}

WasiConfig with_random(WasiRandom random) {
  WasiConfig config;
  config.random = std::move(random);
  return config;
}

}  // namespace

TEST_SUITE("random") {
  TEST_CASE("the generator is the published one") {
    // splitmix64 of 0 gives the state, as https://prng.di.unimi.it/splitmix64.c does.
    SeededRandom random(0);
    CHECK(random.next() == 0x99ec5f36cb75f2b4);
    CHECK(random.next() == 0xbf6e1f784956452a);
    CHECK(random.next() == 0x1a5f849d4933e6e0);
  }

  TEST_CASE("a seed is a sequence") {
    TestWorld one(with_random(WasiRandom::seeded(1)));
    TestWorld again(with_random(WasiRandom::seeded(1)));
    TestWorld other(with_random(WasiRandom::seeded(2)));
    const std::string first = random_text(one, 100);
    CHECK(random_text(again, 100) == first);
    CHECK(random_text(other, 100) != first);
    CHECK(random_text(one, 100) != first);
    CHECK(random_text(one, 0).empty());
    CHECK(random_text(one, 3).size() == 3);
  }

  TEST_CASE("the embedder's bytes") {
    TestWorld guest(with_random(WasiRandom::of([](std::span<std::byte> bytes) {
      for (std::byte& byte : bytes) byte = std::byte{'r'};
    })));
    CHECK(random_text(guest, 5) == "rrrrr");
    const auto world = World::create(with_random(WasiRandom::of(nullptr)));
    REQUIRE_FALSE(world.has_value());
    CHECK(world.error().message == "random: no function given");
  }
}
