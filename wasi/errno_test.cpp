// SPDX-License-Identifier: Apache-2.0
#include "wasi/errno.hpp"

#include <cerrno>
#include <doctest/doctest.h>
#include <string>

using tinywasm::wasi::Errno;
using tinywasm::wasi::from_host;
using tinywasm::wasi::OrErrno;
using tinywasm::wasi::to_string;

TEST_SUITE("errno") {
  TEST_CASE("the numbers are the specification's") {
    CHECK(static_cast<int>(Errno::success) == 0);
    CHECK(static_cast<int>(Errno::e2big) == 1);
    CHECK(static_cast<int>(Errno::acces) == 2);
    CHECK(static_cast<int>(Errno::again) == 6);
    CHECK(static_cast<int>(Errno::badf) == 8);
    CHECK(static_cast<int>(Errno::exist) == 20);
    CHECK(static_cast<int>(Errno::ilseq) == 25);
    CHECK(static_cast<int>(Errno::intr) == 27);
    CHECK(static_cast<int>(Errno::inval) == 28);
    CHECK(static_cast<int>(Errno::io) == 29);
    CHECK(static_cast<int>(Errno::isdir) == 31);
    CHECK(static_cast<int>(Errno::loop) == 32);
    CHECK(static_cast<int>(Errno::mfile) == 33);
    CHECK(static_cast<int>(Errno::nametoolong) == 37);
    CHECK(static_cast<int>(Errno::noent) == 44);
    CHECK(static_cast<int>(Errno::nospc) == 51);
    CHECK(static_cast<int>(Errno::nosys) == 52);
    CHECK(static_cast<int>(Errno::notdir) == 54);
    CHECK(static_cast<int>(Errno::notempty) == 55);
    CHECK(static_cast<int>(Errno::notsock) == 57);
    CHECK(static_cast<int>(Errno::notsup) == 58);
    CHECK(static_cast<int>(Errno::overflow) == 61);
    CHECK(static_cast<int>(Errno::perm) == 63);
    CHECK(static_cast<int>(Errno::pipe) == 64);
    CHECK(static_cast<int>(Errno::range) == 68);
    CHECK(static_cast<int>(Errno::rofs) == 69);
    CHECK(static_cast<int>(Errno::spipe) == 70);
    CHECK(static_cast<int>(Errno::txtbsy) == 74);
    CHECK(static_cast<int>(Errno::xdev) == 75);
    CHECK(static_cast<int>(Errno::notcapable) == 76);
  }

  TEST_CASE("every host code of the table becomes its own code") {
#define ERRNO(name, host)                \
  CHECK(from_host(host) == Errno::name); \
  CHECK(std::string(to_string(Errno::name)) == #name);
#include "wasi/errno.def"
#undef ERRNO
    CHECK(from_host(0) == Errno::success);
    CHECK(from_host(EWOULDBLOCK) == Errno::again);
    CHECK(from_host(EOPNOTSUPP) == Errno::notsup);
  }

  TEST_CASE("what WASI has no name for is an input/output error") {
    CHECK(from_host(100'000) == Errno::io);
    CHECK(from_host(-1) == Errno::io);
  }

  TEST_CASE("a value or an error") {
    const OrErrno<int> value(3);
    REQUIRE(static_cast<bool>(value));
    CHECK(*value == 3);
    const OrErrno<int> error(Errno::badf);
    CHECK_FALSE(static_cast<bool>(error));
    CHECK(error.error() == Errno::badf);
  }
}
