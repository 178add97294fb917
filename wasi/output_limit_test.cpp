// SPDX-License-Identifier: Apache-2.0
// What a guest can write when that is limited.
#include "wasi/output_limit.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <thread>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

WasiConfig limited(std::uint64_t bytes) {
  WasiConfig config;
  config.max_output_bytes = bytes;
  config.report = std::make_shared<WasiReport>();
  return config;
}

/// fd_write, and how much it wrote; the name of the error in angle brackets.
std::string write_some(TestWorld& guest, Fd fd, std::uint32_t length) {
  const Errno error =
      code(fd_write(guest.call(), fd, guest.iovecs({{4096, length}}), guest.out<Size>()));
  return error == Errno::success ? std::to_string(guest.value<Size>())
                                 : std::string("<") + to_string(error) + ">";
}

FileSize left(TestWorld& guest) {
  const std::uint64_t taken = guest.world->output.take(OutputLimit::kUnlimited - 1);
  guest.world->output.give_back(taken);
  return taken;
}

}  // namespace

TEST_SUITE("output_limit") {
  TEST_CASE("all descriptors draw on one limit, and the last write is cut short") {
    WasiConfig config = limited(256 + 100);
    config.out = WasiStream::of(std::make_shared<std::string>());
    TestWorld guest(config);
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(left(guest) == 100);
    CHECK(write_some(guest, Fd{1}, 30) == "30");
    CHECK(write_some(guest, Fd{2}, 30) == "30");  // null: counts all the same
    CHECK(write_some(guest, fd, 30) == "30");
    CHECK(code(fd_pwrite(guest.call(), fd, guest.iovecs({{4096, 4}, {4100, 2}}), 0,
                         guest.out<Size>())) == Errno::success);
    CHECK(left(guest) == 4);
    CHECK_FALSE(config.report->is_output_limit_reached);
    CHECK(code(fd_write(guest.call(), fd, guest.iovecs({{4096, 3}, {4200, 30}, {4300, 1}}),
                        guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 4);
    CHECK(std::filesystem::file_size(guest.box("file")) == 34);
    CHECK(config.report->is_output_limit_reached);
    CHECK(write_some(guest, fd, 1) == "<nospc>");
    CHECK(write_some(guest, fd, 0) == "0");
    CHECK(code(fd_pwrite(guest.call(), fd, guest.iovecs({{4096, 4}}), 0, guest.out<Size>())) ==
          Errno::nospc);
    CHECK(config.report->output_error == 0);
    CHECK(write_some(guest, Fd{1}, 1) == "<nospc>");
    CHECK(config.report->output_error == ENOSPC);
    CHECK(guest.read(fd) == "");  // reading goes on
  }

  TEST_CASE("writes that fail or are short cost what they wrote") {
    TestWorld guest(limited(10'000));
    int pair[2];
    REQUIRE(::pipe(pair) == 0);
    const HostFd reader(pair[0]), writer(pair[1]);
    WasiConfig config = limited(1'000'000);
    config.out = WasiStream::fd(writer.get());
    TestWorld piped(config);
    REQUIRE(fd_fdstat_set_flags(piped.call(), Fd{1}, fdflags::kNonblock) == Errno::success);
    FileSize written = 0;
    for (;;) {
      const Errno error =
          code(fd_write(piped.call(), Fd{1}, piped.iovecs({{4096, 60000}}), piped.out<Size>()));
      if (error != Errno::success) {
        CHECK(error == Errno::again);
        break;
      }
      written += piped.value<Size>();
    }
    CHECK(left(piped) == 1'000'000 - written);
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(fd_filestat_set_size(guest.call(), fd, ~FileSize{0}) == Errno::inval);
    CHECK(left(guest) == 10'000 - 256);
  }

  TEST_CASE("a file cannot grow otherwise") {
    TestWorld guest(limited(256 + 1000));
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(fd_filestat_set_size(guest.call(), fd, 400) == Errno::success);
    CHECK(left(guest) == 600);
    CHECK(fd_filestat_set_size(guest.call(), fd, 100) == Errno::success);
    CHECK(left(guest) == 600);  // nothing is given back
    CHECK(fd_filestat_set_size(guest.call(), fd, 701) == Errno::nospc);
    CHECK(fd_filestat_set_size(guest.call(), fd, 1 << 30) == Errno::nospc);
    CHECK(fd_allocate(guest.call(), fd, 0, 601) == Errno::nospc);
    CHECK(fd_allocate(guest.call(), fd, 100, 100) == Errno::success);
    CHECK(left(guest) == 500);
    // A byte far beyond the end would make a hole, which later writes fill for a byte each.
    CHECK(code(fd_pwrite(guest.call(), fd, guest.iovecs({{4096, 1}}), 1 << 20,
                         guest.out<Size>())) == Errno::nospc);
    CHECK(code(fd_pwrite(guest.call(), fd, guest.iovecs({{4096, 1}}), 250, guest.out<Size>())) ==
          Errno::success);
    CHECK(left(guest) == 449);
    CHECK(fd_seek(guest.call(), fd, 1 << 20, Whence::set, guest.out<FileSize>()) == Errno::success);
    CHECK(write_some(guest, fd, 1) == "<nospc>");
    const Fd appender = guest.must_open("file", kReadWrite, 0, fdflags::kAppend);
    CHECK(write_some(guest, appender, 9) == "9");
    CHECK(left(guest) == 440);
  }

  TEST_CASE("names of files count") {
    TestWorld guest(limited(2 * 4096 + 2 * 256));
    const Call call = guest.call();
    CHECK(path_create_directory(call, kBox, {"dir"}) == Errno::success);
    CHECK(path_create_directory(call, kBox, {"dir"}) == Errno::exist);
    CHECK(path_symlink(call, {"target"}, kBox, {"link"}) == Errno::success);
    CHECK(left(guest) == 512);
    CHECK(path_create_directory(call, kBox, {"dir2"}) == Errno::nospc);
    CHECK(path_symlink(call, {"target"}, kBox, {"link2"}) == Errno::nospc);
    guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(left(guest) == 256);
    guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(guest.open("file", kReadWrite, oflags::kCreat | oflags::kExcl) == Errno::exist);
    CHECK(left(guest) == 256);
    CHECK(path_link(call, kBox, 0, {"file"}, kBox, {"file"}) == Errno::exist);
    CHECK(path_link(call, kBox, 0, {"file"}, kBox, {"name"}) == Errno::success);
    CHECK(left(guest) == 0);
    CHECK(guest.open("new", kReadWrite, oflags::kCreat) == Errno::nospc);
    CHECK(path_link(call, kBox, 0, {"file"}, kBox, {"name2"}) == Errno::nospc);
    CHECK(path_rename(call, kBox, {"name"}, kBox, {"name3"}) == Errno::success);
    CHECK(path_unlink_file(call, kBox, {"file"}) == Errno::success);
    CHECK(left(guest) == 0);
  }

  TEST_CASE("a write that waits takes nothing that another could have") {
    int pipe[2] = {-1, -1};
    REQUIRE(::pipe(pipe) == 0);
    const HostFd reader(pipe[0]), writer(pipe[1]);
    WasiConfig config = limited(1 << 20);
    config.out = WasiStream::fd(writer.get());
    TestWorld guest(config), other;
    guest.memory.resize(2 << 20);
    guest.world->is_threaded = true;
    const IoVecs all = guest.iovecs({{4096, 1 << 20}});
    std::thread blocked([&] {  // the pipe is full long before the limit
      const auto lock = guest.world->lock();
      CHECK_FALSE(fd_write(guest.call(), Fd{1}, all, guest.out<Size>()).has_value());
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    {
      const auto lock = guest.world->lock();
      CHECK(code(fd_write(guest.call(), Fd{2}, guest.iovecs({{4096, 1000}}), guest.out<Size>(8))) ==
            Errno::success);
      CHECK(guest.value<Size>(8) == 1000);
    }
    guest.is_interrupted = true;
    blocked.join();
  }

  TEST_CASE("sockets count") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const HostFd ours(pair[0]), guests(pair[1]);
    WasiConfig config = limited(5);
    config.sockets = {guests.get()};
    TestWorld guest(config);
    const auto send = [&] {
      return code(sock_send(guest.call(), Fd{4}, guest.iovecs({{4096, 3}}), 0, guest.out<Size>()));
    };
    CHECK(send() == Errno::success);
    CHECK(send() == Errno::success);
    CHECK(guest.value<Size>() == 2);
    CHECK(send() == Errno::nospc);
  }

  TEST_CASE("a list of buffers has a bounded length") {
    TestWorld guest;
    guest.memory.resize(1 << 20);
    const auto of_length = [&](std::size_t count) {
      return IoVecs(guest.guest_memory(), 65536, count);
    };
    const auto write = [&](std::size_t count) {
      return code(fd_write(guest.call(), Fd{1}, of_length(count), guest.out<Size>()));
    };
    CHECK(write(IoVecs::kMaxCount) == Errno::success);
    CHECK(write(IoVecs::kMaxCount + 1) == Errno::inval);
    CHECK(code(fd_read(guest.call(), Fd{0}, of_length(IoVecs::kMaxCount + 1), guest.out<Size>())) ==
          Errno::inval);
  }
}
