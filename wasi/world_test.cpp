// SPDX-License-Identifier: Apache-2.0
#include "wasi/world.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

Error error_of(const WasiConfig& config) {
  const auto world = World::create(config);
  REQUIRE_FALSE(world.has_value());
  return world.error();
}

}  // namespace

TEST_SUITE("world") {
  TEST_CASE("an empty configuration gives the process's own streams and nothing else") {
    const auto world = World::create({});
    REQUIRE(world.has_value());
    CHECK((*world)->fds.find(Fd{0}) != nullptr);
    CHECK((*world)->fds.find(Fd{2}) != nullptr);
    CHECK((*world)->fds.find(Fd{3}) == nullptr);
    CHECK((*world)->args.empty());
    CHECK((*world)->environment.empty());
  }

  TEST_CASE("preopens begin at 3, sockets follow") {
    TempDir temp;
    std::filesystem::create_directory(temp / "a");
    std::filesystem::create_directory(temp / "b");
    WasiConfig config;
    config.preopens = {{.guest = "/a", .host = (temp / "a").string()},
                       {.guest = ".", .host = (temp / "b").string(), .read_only = true}};
    const auto world = World::create(config);
    REQUIRE(world.has_value());
    CHECK((*world)->fds.find(Fd{3})->preopen == "/a");
    CHECK_FALSE((*world)->fds.find(Fd{3})->read_only);
    CHECK((*world)->fds.find(Fd{4})->preopen == ".");
    CHECK((*world)->fds.find(Fd{4})->read_only);
    CHECK((*world)->fds.find(Fd{5}) == nullptr);
  }

  TEST_CASE("host descriptors are not inherited by other programs") {
    TempDir temp;
    WasiConfig config;
    config.preopens = {{.guest = "/", .host = (temp / "").string()}};
    const auto world = World::create(config);
    REQUIRE(world.has_value());
    const int fd = (*world)->fds.find(Fd{3})->host.get();
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }

  TEST_CASE("what cannot be had is an error that names it") {
    WasiConfig config;
    config.preopens = {{.guest = "/x", .host = "/does/not/exist"}};
    CHECK(error_of(config).kind == ErrorKind::io);
    CHECK(error_of(config).message == "preopen '/does/not/exist': No such file or directory");
    config.preopens = {{.guest = "/x", .host = "/dev/null"}};
    CHECK(error_of(config).message == "preopen '/dev/null': Not a directory");
    config.preopens = {{.guest = "", .host = "/"}};
    CHECK(error_of(config).kind == ErrorKind::host);
    config.preopens = {{.guest = std::string("a\0b", 3), .host = "/"}};
    CHECK(error_of(config).kind == ErrorKind::host);
    config.preopens = {{.guest = "/x", .host = std::string("/\0b", 3)}};
    CHECK(error_of(config).kind == ErrorKind::io);

    config = {};
    config.in = WasiStream::fd(1'000'000);
    CHECK(error_of(config).message == "standard input (descriptor 1000000): Bad file descriptor");
    config = {};
    config.out.kind = WasiStream::Kind::buffer;
    CHECK(error_of(config).message == "standard output: no buffer given");
    config = {};
    config.sockets = {1'000'000};
    CHECK(error_of(config).kind == ErrorKind::io);
    const HostFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    config.sockets = {file.get()};
    CHECK(error_of(config).kind == ErrorKind::host);
  }

  TEST_CASE("strings that a guest could not be given") {
    WasiConfig config;
    config.args = {std::string("a\0b", 3)};
    CHECK(error_of(config).kind == ErrorKind::host);
    for (const std::pair<std::string, std::string>& variable :
         {std::pair<std::string, std::string>{"", "x"},
          {"A=B", "x"},
          {std::string("\0", 1), "x"},
          {"A", std::string("\0", 1)}}) {
      config = {};
      config.env = {variable};
      CHECK(error_of(config).kind == ErrorKind::host);
    }
    config = {};
    config.env = {{"A", "b=c"}};
    CHECK(World::create(config).has_value());
  }

  TEST_CASE("too small a limit of open files") {
    WasiConfig config;
    config.max_open_files = 2;
    CHECK(error_of(config).message == "more preopened files than max_open_files");
  }

  TEST_CASE("standard streams go one way") {
    TestWorld guest;
    CHECK((guest.world->fds.find(Fd{0})->base & kReadWrite) == rights::kFdRead);
    CHECK((guest.world->fds.find(Fd{1})->base & kReadWrite) == rights::kFdWrite);
    CHECK((guest.world->fds.find(Fd{2})->base & kReadWrite) == rights::kFdWrite);
  }
}
