// SPDX-License-Identifier: Apache-2.0
#include "wasi/fd_table.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace tinywasm::wasi;

namespace {

Descriptor with_flags(FdFlags flags) {
  Descriptor descriptor;
  descriptor.flags = flags;
  return descriptor;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_SUITE("fd_table") {
  TEST_CASE("the lowest free number is given out") {
    FdTable table(10);
    for (std::uint32_t i = 0; i < 5; ++i) CHECK(*table.insert(with_flags(i)) == Fd{i});
    CHECK(table.close(Fd{3}) == Errno::success);
    CHECK(table.close(Fd{1}) == Errno::success);
    CHECK(table.find(Fd{1}) == nullptr);
    CHECK(*table.insert(with_flags(11)) == Fd{1});
    CHECK(*table.insert(with_flags(13)) == Fd{3});
    CHECK(*table.insert(with_flags(15)) == Fd{5});
    CHECK(table.find(Fd{3})->flags == 13);
    CHECK(table.find(Fd{4})->flags == 4);
  }

  TEST_CASE("numbers out of range are not open") {
    FdTable table(10);
    (void)table.insert({});
    for (const std::uint32_t fd : {1u, 9u, 10u, 0x7fffffffu, 0xffffffffu}) {
      CHECK(table.find(Fd{fd}) == nullptr);
      CHECK(table.close(Fd{fd}) == Errno::badf);
      CHECK(table.renumber(Fd{0}, Fd{fd}) == Errno::badf);
      CHECK(table.renumber(Fd{fd}, Fd{0}) == Errno::badf);
    }
    CHECK(table.find(Fd{0}) != nullptr);
  }

  TEST_CASE("no more than the limit") {
    FdTable table(2);
    CHECK(static_cast<bool>(table.insert({})));
    CHECK(static_cast<bool>(table.insert({})));
    CHECK(table.is_full());
    CHECK(table.insert({}).error() == Errno::mfile);
    CHECK(table.close(Fd{0}) == Errno::success);
    CHECK(*table.insert({}) == Fd{0});
  }

  TEST_CASE("renumber closes the target and frees the source") {
    FdTable table(10);
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const HostFd reader(pipe[0]);
    Descriptor owner;
    owner.host = HostFd(pipe[1]);
    CHECK(*table.insert(with_flags(7)) == Fd{0});
    CHECK(*table.insert(std::move(owner)) == Fd{1});
    CHECK(table.renumber(Fd{0}, Fd{1}) == Errno::success);
    CHECK_FALSE(is_open(pipe[1]));
    CHECK(table.find(Fd{0}) == nullptr);
    CHECK(table.find(Fd{1})->flags == 7);
    CHECK(table.renumber(Fd{1}, Fd{1}) == Errno::success);
    CHECK(table.find(Fd{1})->flags == 7);
    CHECK(*table.insert({}) == Fd{0});
    CHECK(*table.insert({}) == Fd{2});
  }

  TEST_CASE("closing closes what is owned, not what is borrowed") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    {
      FdTable table(10);
      Descriptor owner, borrower;
      owner.host = HostFd(pipe[0]);
      borrower.host = HostFd::borrow(pipe[1]);
      (void)table.insert(std::move(owner));
      (void)table.insert(std::move(borrower));
      CHECK(table.close(Fd{1}) == Errno::success);
      CHECK(is_open(pipe[0]));
    }
    CHECK_FALSE(is_open(pipe[0]));
    CHECK(is_open(pipe[1]));
    ::close(pipe[1]);
  }

  TEST_CASE("a guest's file is never one of the process's standard streams") {
    const HostFd saved(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    ::close(0);
    const int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
      const auto descriptor = Descriptor::of(HostFd(lowest));
      REQUIRE(static_cast<bool>(descriptor));
      CHECK(lowest == 0);
      CHECK(descriptor->host.get() > 2);
      CHECK_FALSE(is_open(0));
    }
    if (saved) ::dup2(saved.get(), 0);
  }

  TEST_CASE("a descriptor knows what it is of") {
    auto directory = Descriptor::of(HostFd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    REQUIRE(static_cast<bool>(directory));
    CHECK(directory->kind == Descriptor::Kind::directory);
    CHECK(directory->type == FileType::directory);
    CHECK((directory->base & (rights::kFdSeek | rights::kFdFilestatSetSize)) == 0);

    auto device = Descriptor::of(HostFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
    REQUIRE(static_cast<bool>(device));
    CHECK(device->kind == Descriptor::Kind::stream);
    CHECK(device->type == FileType::character_device);
    CHECK((device->base & rights::kFdSeek) != 0);  // not to be taken for a terminal
    CHECK((device->base & rights::kFdRead) == 0);
    CHECK((device->base & rights::kFdWrite) != 0);

    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    const HostFd other(pair[1]);
    auto socket = Descriptor::of(HostFd(pair[0]));
    REQUIRE(static_cast<bool>(socket));
    CHECK(socket->kind == Descriptor::Kind::socket);
    CHECK(socket->type == FileType::socket_dgram);

    CHECK(Descriptor::of(HostFd::borrow(-1)).error() == Errno::badf);
  }
}
