// SPDX-License-Identifier: Apache-2.0
#include "vm/address_set.hpp"

#include <doctest/doctest.h>
#include <set>

namespace tinywasm::vm {

TEST_SUITE("address_set") {
  TEST_CASE("agrees with a set") {
    AddressSet addresses;
    std::set<std::uintptr_t> expected;
    CHECK(!addresses.contains(0));
    CHECK(!addresses.contains(16));
    std::uint64_t random = 1;
    for (int i = 0; i < 20000; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const std::uintptr_t address = (random >> 52) * 16 + 16;
      if (expected.insert(address).second) {
        REQUIRE(addresses.reserve());
        addresses.insert(address);
      } else {
        expected.erase(address);
        addresses.erase(address);
      }
      REQUIRE(addresses.size() == expected.size());
    }
    for (std::uintptr_t address = 16; address < 70000; address += 16) {
      REQUIRE(addresses.contains(address) == (expected.count(address) != 0));
    }
  }
}

}  // namespace tinywasm::vm
