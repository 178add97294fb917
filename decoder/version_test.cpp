// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <string>

#include <tinywasm/version.hpp>

TEST_SUITE("version") {
  TEST_CASE("the library reports the version of its headers") {
    CHECK(std::string{tinywasm::version()} == TINYWASM_VERSION_STRING);
  }

  TEST_CASE("the string is made of the three numbers") {
    CHECK(std::string{TINYWASM_VERSION_STRING} == std::to_string(TINYWASM_VERSION_MAJOR) + "." +
                                                      std::to_string(TINYWASM_VERSION_MINOR) + "." +
                                                      std::to_string(TINYWASM_VERSION_PATCH));
  }
}
