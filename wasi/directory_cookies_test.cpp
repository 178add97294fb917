// SPDX-License-Identifier: Apache-2.0
#include "wasi/directory_cookies.hpp"

#include <doctest/doctest.h>
#include <limits>
#include <vector>

using namespace tinywasm::wasi;

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_SUITE("directory_cookies") {
  TEST_CASE("positions come back, whatever they are, and cookies fit a long of 32 bits") {
    DirectoryCopies copies;
    DirectoryCookies cookies(copies);
    const std::vector<std::int64_t> positions = {
        0,        1,  12345, 0x3fffffff, 0x40000000, 0x123456789abcdef, 0x123456789abcdf0,
        kLargest, -1, 2,     0x50000000, 0x40000001};
    std::vector<DirCookie> given;
    for (const std::int64_t position : positions) {
      const auto cookie = cookies.cookie_of(position);
      REQUIRE(cookie.has_value());
      CHECK(*cookie < DirectoryCookies::kEnd);
      for (const DirCookie other : given) CHECK(other != *cookie);
      given.push_back(*cookie);
    }
    for (std::size_t i = 0; i < positions.size(); ++i) {
      CHECK(cookies.position_of(given[i]) == positions[i]);
      CHECK(cookies.cookie_of(positions[i]) == given[i]);
    }
    CHECK(cookies.cookie_of(5) == 5);
  }

  TEST_CASE("cookies that were never given out are none") {
    DirectoryCopies copies;
    DirectoryCookies cookies(copies);
    REQUIRE(cookies.cookie_of(kLargest).has_value());
    for (const DirCookie odd : {(DirCookie{1} << 30) + 1, (DirCookie{3} << 29), DirCookie{1} << 31,
                                DirCookie{1} << 63, ~DirCookie{0}}) {
      CHECK_FALSE(cookies.position_of(odd).has_value());
    }
  }

  TEST_CASE("what they take is bounded, and given back") {
    DirectoryCopies copies;
    {
      DirectoryCookies cookies(copies);
      REQUIRE(cookies.cookie_of(kLargest).has_value());
      REQUIRE(cookies.cookie_of(kLargest - 1).has_value());
      CHECK(copies.bytes > 0);
      const std::size_t before = copies.bytes;
      copies.bytes = DirectoryCopies::kMaxBytes;
      CHECK_FALSE(cookies.cookie_of(kLargest - 2).has_value());
      CHECK(cookies.cookie_of(kLargest).has_value());
      copies.bytes = before;
    }
    CHECK(copies.bytes == 0);
  }
}
