// SPDX-License-Identifier: Apache-2.0
// Directories that are read in order.
#include "wasi/directory.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

WasiConfig sorted() {
  WasiConfig config;
  config.sorted_directories = true;
  return config;
}

/// The names from `cookie` on, each with a space after it; the last `next` in `cookie`.
std::string names(TestWorld& guest, Fd fd, DirCookie& cookie, std::size_t length = 32768) {
  std::string result;
  REQUIRE(fd_readdir(guest.call(), fd, guest.bytes(8192, length), cookie, guest.out<Size>()) ==
          Errno::success);
  const Size used = guest.value<Size>();
  for (std::size_t at = 0; at + DirEnt::kSize <= used;) {
    const auto name_length = guest.value<std::uint32_t>(8192 + at + 16);
    if (at + DirEnt::kSize + name_length > used) break;
    cookie = guest.value<DirCookie>(8192 + at);
    result += guest.text(8192 + at + DirEnt::kSize, name_length) + " ";
    at += DirEnt::kSize + name_length;
  }
  return result;
}

}  // namespace

TEST_SUITE("directory") {
  TEST_CASE("sorted by the bytes of the names") {
    TestWorld guest(sorted());
    for (const char* name : {"b", "a", "B", "10", "9", "\xc3\xa4", "a.b", "a-b"}) {
      write_file(guest.box(name), "");
    }
    DirCookie cookie = 0;
    CHECK(names(guest, kBox, cookie) == ". .. 10 9 B a a-b a.b b \xc3\xa4 ");
    CHECK(names(guest, kBox, cookie) == "");
    std::string pieces;
    cookie = 0;
    for (std::string piece; !(piece = names(guest, kBox, cookie, 60)).empty();) pieces += piece;
    CHECK(pieces == ". .. 10 9 B a a-b a.b b \xc3\xa4 ");
  }

  TEST_CASE("the copy is renewed at the start, and odd cookies do no harm") {
    TestWorld guest(sorted());
    write_file(guest.box("b"), "");
    DirCookie cookie = 0;
    CHECK(names(guest, kBox, cookie) == ". .. b ");
    write_file(guest.box("a"), "");
    cookie = 2;
    CHECK(names(guest, kBox, cookie) == "b ");
    cookie = 0;
    CHECK(names(guest, kBox, cookie) == ". .. a b ");
    for (const DirCookie odd : {DirCookie{5}, DirCookie{1} << 63, ~DirCookie{0}}) {
      cookie = odd;
      CHECK(names(guest, kBox, cookie) == "");
    }
  }

  TEST_CASE("copies take a bounded amount of memory, given back with the descriptor") {
    TestWorld guest(sorted());
    write_file(guest.box("a"), "");
    std::size_t& bytes = guest.world->directory_copies.bytes;
    DirCookie cookie = 0;
    const Fd fd = guest.must_open(".", 0, oflags::kDirectory);
    CHECK(names(guest, fd, cookie) == ". .. a ");
    const std::size_t one = bytes;
    CHECK(one > 0);
    cookie = 0;
    CHECK(names(guest, fd, cookie) == ". .. a ");
    CHECK(bytes == one);
    CHECK(fd_close(guest.call(), fd) == Errno::success);
    CHECK(bytes == 0);
    bytes = DirectoryCopies::kMaxBytes - 10;
    CHECK(fd_readdir(guest.call(), kBox, guest.bytes(8192, 100), 0, guest.out<Size>()) ==
          Errno::nomem);
    CHECK(bytes == DirectoryCopies::kMaxBytes - 10);
    bytes = 0;
  }
}
