// SPDX-License-Identifier: Apache-2.0
// Reading, writing and seeking, and how a wait ends.
#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    reader = HostFd(fds[0]);
    writer = HostFd(fds[1]);
  }
  HostFd reader, writer;
};

WasiConfig with_streams(WasiStream in, WasiStream out) {
  WasiConfig config;
  config.in = std::move(in);
  config.out = std::move(out);
  config.report = std::make_shared<WasiReport>();
  return config;
}

/// Runs `blocking` and, meanwhile, `other` after a moment.
template <class F, class G>
auto during(F&& blocking, G&& other) {
  std::thread thread([&] {
    std::this_thread::sleep_for(30ms);
    other();
  });
  auto result = blocking();
  thread.join();
  return result;
}

Errno seek(TestWorld& guest, Fd fd, std::int64_t offset, std::uint32_t whence) {
  return fd_seek(guest.call(), fd, offset, Whence{whence}, guest.out<FileSize>());
}

}  // namespace

TEST_SUITE("streams") {
  TEST_CASE("files are read and written through several buffers") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    guest.put_text(5000, "onetwothree");
    CHECK(code(fd_write(call, fd, guest.iovecs({{5000, 3}, {5003, 0}, {5003, 3}, {5006, 5}}),
                        guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 11);
    CHECK(read_file(guest.box("file")) == "onetwothree");
    CHECK(guest.read(fd) == "");
    CHECK(seek(guest, fd, 3, 0) == Errno::success);
    CHECK(code(fd_read(call, fd, guest.iovecs({{6000, 3}, {7000, 100}}), guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.value<Size>() == 8);
    CHECK(guest.text(6000, 3) == "two");
    CHECK(guest.text(7000, 5) == "three");
    CHECK(code(fd_read(call, fd, guest.iovecs({}), guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 0);
  }

  TEST_CASE("positioned transfers leave the position alone") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    guest.put_text(5000, "0123456789");
    CHECK(code(fd_pwrite(call, fd, guest.iovecs({{5000, 10}}), 0, guest.out<Size>())) ==
          Errno::success);
    CHECK(code(fd_pwrite(call, fd, guest.iovecs({{5000, 2}, {5005, 2}}), 4, guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.value<Size>() == 4);
    CHECK(read_file(guest.box("file")) == "0123015689");
    CHECK(code(fd_pread(call, fd, guest.iovecs({{6000, 3}}), 7, guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.text(6000, 3) == "689");
    CHECK(code(fd_pread(call, fd, guest.iovecs({{6000, 3}}), 100, guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.value<Size>() == 0);
    CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.value<FileSize>() == 0);
    for (const FileSize offset : {FileSize{1} << 63, ~FileSize{0}}) {
      CHECK(code(fd_pread(call, fd, guest.iovecs({{6000, 3}}), offset, guest.out<Size>())) ==
            Errno::inval);
      CHECK(code(fd_pwrite(call, fd, guest.iovecs({{6000, 3}}), offset, guest.out<Size>())) ==
            Errno::inval);
    }
    CHECK(code(fd_pread(call, Fd{0}, guest.iovecs({{6000, 3}}), 0, guest.out<Size>())) ==
          Errno::spipe);
    CHECK(code(fd_pwrite(call, Fd{1}, guest.iovecs({{6000, 3}}), 0, guest.out<Size>())) ==
          Errno::spipe);
  }

  TEST_CASE("seeking") {
    TestWorld guest;
    const Call call = guest.call();
    write_file(guest.box("file"), "0123456789");
    const Fd fd = guest.must_open("file", rights::kFdRead);
    CHECK(seek(guest, fd, 4, 0) == Errno::success);
    CHECK(guest.value<FileSize>() == 4);
    CHECK(seek(guest, fd, -1, 1) == Errno::success);
    CHECK(guest.value<FileSize>() == 3);
    CHECK(seek(guest, fd, -2, 2) == Errno::success);
    CHECK(guest.value<FileSize>() == 8);
    CHECK(guest.read(fd) == "89");
    CHECK(seek(guest, fd, 1000, 2) == Errno::success);
    CHECK(guest.value<FileSize>() == 1010);
    CHECK(seek(guest, fd, -1, 0) == Errno::inval);
    CHECK(seek(guest, fd, -2000, 1) == Errno::inval);
    CHECK(seek(guest, fd, INT64_MIN, 2) == Errno::inval);
    CHECK(seek(guest, fd, INT64_MAX, 1) != Errno::success);
    CHECK(seek(guest, fd, 0, 3) == Errno::inval);
    CHECK(seek(guest, fd, 0, 256) == Errno::inval);
    CHECK(seek(guest, fd, 0, 0xffffffff) == Errno::inval);
    CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.value<FileSize>() == 1010);
    // Snapshot 0 counted from the current position first.
    const auto old = [&](std::int64_t offset, std::uint32_t whence) {
      return unstable::fd_seek(call, fd, offset, whence, guest.out<FileSize>());
    };
    CHECK(old(2, 2) == Errno::success);
    CHECK(guest.value<FileSize>() == 2);
    CHECK(old(2, 0) == Errno::success);
    CHECK(guest.value<FileSize>() == 4);
    CHECK(old(-1, 1) == Errno::success);
    CHECK(guest.value<FileSize>() == 9);
    CHECK(old(0, 3) == Errno::inval);
  }

  TEST_CASE("directories are not read, written or sought in") {
    TestWorld guest;
    const Call call = guest.call();
    CHECK(guest.read(kBox) == "<isdir>");
    CHECK(guest.write(kBox, "x") == Errno::isdir);
    CHECK(code(fd_pread(call, kBox, guest.iovecs({{0, 1}}), 0, guest.out<Size>())) == Errno::isdir);
    CHECK(code(fd_pwrite(call, kBox, guest.iovecs({{0, 1}}), 0, guest.out<Size>())) ==
          Errno::isdir);
    CHECK(seek(guest, kBox, 0, 1) == Errno::isdir);
    CHECK(fd_tell(call, kBox, guest.out<FileSize>()) == Errno::isdir);
  }

  TEST_CASE("the wrong direction") {
    TestWorld guest;
    write_file(guest.box("file"), "text");
    CHECK(guest.write(guest.must_open("file", rights::kFdRead), "x") == Errno::badf);
    CHECK(guest.read(guest.must_open("file", rights::kFdWrite)) == "<badf>");
    CHECK(guest.read(guest.must_open("file", 0)) == "<badf>");
    CHECK(guest.write(Fd{0}, "x") == Errno::badf);
    CHECK(guest.read(Fd{1}) == "<badf>");
    CHECK(guest.read(Fd{2}) == "<badf>");
  }

  TEST_CASE("buffers out of bounds end the guest before anything is transferred") {
    TestWorld guest;
    const Call call = guest.call();
    write_file(guest.box("file"), "text");
    const Fd fd = guest.must_open("file", kReadWrite);
    const auto end = static_cast<std::uint32_t>(guest.memory.size());
    CHECK(code(fd_read(call, fd, guest.iovecs({{end - 4, 4}}), guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.text(end - 4, 4) == "text");
    CHECK(code(fd_read(call, fd, guest.iovecs({{end, 0}, {0xffffffff, 0}}), guest.out<Size>())) ==
          Errno::success);
    for (const TestWorld::Buffer bad : {TestWorld::Buffer{end - 4, 5},
                                        {end, 1},
                                        {end + 1, 1},
                                        {0xffffffff, 1},
                                        {0xffffffff, 0xffffffff},
                                        {1, 0xffffffff},
                                        {end - 1, 0x80000000}}) {
      for (const bool is_first : {true, false}) {
        const IoVecs buffers = is_first ? guest.iovecs({bad}) : guest.iovecs({{0, 4}, bad});
        CHECK_FALSE(fd_read(call, fd, buffers, guest.out<Size>()).has_value());
        CHECK_FALSE(fd_write(call, fd, buffers, guest.out<Size>()).has_value());
        CHECK_FALSE(fd_pread(call, fd, buffers, 0, guest.out<Size>()).has_value());
        const auto result = fd_pwrite(call, fd, buffers, 0, guest.out<Size>());
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().kind == ErrorKind::trap);
        CHECK(result.error().message == "out of bounds memory access");
      }
    }
    CHECK(read_file(guest.box("file")) == "text");
  }

  TEST_CASE("long lists of buffers are transferred in part, empty ones skipped") {
    TestWorld guest;
    const Call call = guest.call();
    guest.memory.resize(1 << 20);
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    constexpr std::size_t kCount = 5000;
    std::byte* at = guest.memory.data() + 65536;
    for (std::size_t i = 0; i < kCount; ++i, at += 8) {
      put(at, static_cast<std::uint32_t>(i));
      put(at + 4, static_cast<std::uint32_t>(i < 3000 ? 0 : 1));
    }
    const IoVecs buffers(guest.guest_memory(), 65536, kCount);
    CHECK(code(fd_write(call, fd, buffers, guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 1024);
    CHECK(std::filesystem::file_size(guest.box("file")) == 1024);
  }

  TEST_CASE("buffers that add up to more than a transfer can be") {
    std::vector<std::byte> memory(32);
    // Pretends to a memory of 4 GiB; nothing is touched.
    std::span<std::byte> huge(memory.data(), std::size_t{1} << 32);
    const GuestMemory pretended(
        [](const void* span) { return *static_cast<const std::span<std::byte>*>(span); }, &huge);
    for (std::size_t i = 0; i < 4; ++i) put(memory.data() + i * 8 + 4, 0xf0000000u);
    iovec vectors[4];
    const auto count = IoVecs(pretended, 0, 4).gather(vectors);
    REQUIRE(count.has_value());
    CHECK(*count == 1);
    CHECK(vectors[0].iov_len == IoVecs::kMaxBytes);
  }

  TEST_CASE("standard streams in memory") {
    const auto in = std::make_shared<std::string>("first\nsecond");
    const auto out = std::make_shared<std::string>("> ");
    TestWorld guest(with_streams(WasiStream::of(in), WasiStream::of(out)));
    const Call call = guest.call();
    CHECK(guest.read(Fd{0}, 6) == "first\n");
    CHECK(guest.read(Fd{0}, 3) == "sec");
    CHECK(guest.read(Fd{0}, 100) == "ond");
    CHECK(guest.read(Fd{0}, 100) == "");
    CHECK(in->empty());
    in->append("more");
    CHECK(guest.read(Fd{0}, 100) == "more");
    CHECK(guest.write(Fd{1}, "hello ") == Errno::success);
    CHECK(guest.write(Fd{1}, "there") == Errno::success);
    CHECK(*out == "> hello there");
    CHECK(seek(guest, Fd{1}, 0, 0) == Errno::spipe);
    CHECK(fd_filestat_get(call, Fd{1}, guest.out<FileStat>()) == Errno::success);
    CHECK(fd_fdstat_set_flags(call, Fd{1}, fdflags::kNonblock) == Errno::success);
    CHECK(fd_sync(call, Fd{1}) == Errno::success);
    CHECK(fd_close(call, Fd{1}) == Errno::success);
    CHECK(guest.write(Fd{1}, "x") == Errno::badf);
    CHECK(*out == "> hello there");
  }

  TEST_CASE("a large input is consumed in small pieces without being moved each time") {
    const auto in = std::make_shared<std::string>(std::size_t{32} << 20, 'x');
    TestWorld guest(with_streams(WasiStream::of(in), WasiStream::null()));
    std::size_t total = 0;
    for (std::string part; !(part = guest.read(Fd{0}, 1000)).empty();) total += part.size();
    CHECK(total == std::size_t{32} << 20);
  }

  TEST_CASE("streams that are nothing") {
    TestWorld guest;
    CHECK(guest.read(Fd{0}) == "");
    CHECK(guest.write(Fd{1}, "gone") == Errno::success);
    CHECK(guest.value<Size>() == 4);
  }

  TEST_CASE("pipes: data, end, and a closed reader") {
    Pipe in, out;
    TestWorld guest(
        with_streams(WasiStream::fd(in.reader.get()), WasiStream::fd(out.writer.get())));
    REQUIRE(::write(in.writer.get(), "hello", 5) == 5);
    CHECK(guest.read(Fd{0}) == "hello");
    in.writer = HostFd();
    CHECK(guest.read(Fd{0}) == "");
    CHECK(guest.write(Fd{1}, "out") == Errno::success);
    char buffer[8];
    CHECK(::read(out.reader.get(), buffer, sizeof buffer) == 3);
    CHECK(seek(guest, Fd{0}, 0, 1) == Errno::spipe);
    CHECK(code(fd_pread(guest.call(), Fd{0}, guest.iovecs({{0, 1}}), 0, guest.out<Size>())) ==
          Errno::spipe);
  }

  TEST_CASE("a read waits for data") {
    Pipe in;
    TestWorld guest(with_streams(WasiStream::fd(in.reader.get()), WasiStream::null()));
    const std::string text = during([&] { return guest.read(Fd{0}); },
                                    [&] { (void)::write(in.writer.get(), "late", 4); });
    CHECK(text == "late");
  }

  TEST_CASE("a nonblocking read does not wait, and the host's descriptor is left alone") {
    Pipe in, out;
    TestWorld guest(
        with_streams(WasiStream::fd(in.reader.get()), WasiStream::fd(out.writer.get())));
    const Call call = guest.call();
    CHECK(fd_fdstat_set_flags(call, Fd{0}, fdflags::kNonblock) == Errno::success);
    CHECK(fd_fdstat_set_flags(call, Fd{1}, fdflags::kNonblock) == Errno::success);
    CHECK(guest.read(Fd{0}) == "<again>");
    CHECK((::fcntl(in.reader.get(), F_GETFL) & O_NONBLOCK) == 0);
    Errno last = Errno::success;
    std::size_t written = 0;
    for (int i = 0; i < 1000 && last == Errno::success; ++i) {
      last = guest.write(Fd{1}, std::string(1000, 'x'));
      if (last == Errno::success) written += guest.value<Size>();
    }
    CHECK(last == Errno::again);
    CHECK(written > 1000);
    CHECK(fd_fdstat_set_flags(call, Fd{1}, fdflags::kAppend) == Errno::notsup);
  }

  TEST_CASE("a write waits until all is written") {
    Pipe out;
    TestWorld guest(with_streams(WasiStream::null(), WasiStream::fd(out.writer.get())));
    guest.memory.resize(1 << 20);
    std::size_t total = 0;
    std::thread reader([&] {
      char buffer[50'000];
      for (ssize_t count; (count = ::read(out.reader.get(), buffer, sizeof buffer)) > 0;) {
        total += static_cast<std::size_t>(count);
      }
    });
    CHECK(code(fd_write(guest.call(), Fd{1}, guest.iovecs({{0, 700'000}, {10, 300'000}}),
                        guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 1'000'000);
    out.writer = HostFd();
    reader.join();
    CHECK(total == 1'000'000);
  }

  TEST_CASE("an interruption ends every wait") {
    Pipe in, out;
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const HostFd other(pair[1]), socket(pair[0]);
    WasiConfig config =
        with_streams(WasiStream::fd(in.reader.get()), WasiStream::fd(out.writer.get()));
    config.sockets = {socket.get()};
    TestWorld guest(config);
    guest.memory.resize(1 << 20);
    const Call call = guest.call();
    const Fd socket_fd{4};
    const IoVecs big = guest.iovecs({{0, 1 << 20}});
    const std::function<Result<Errno>()> waits[] = {
        [&] { return fd_read(call, Fd{0}, big, guest.out<Size>()); },
        [&] { return fd_write(call, Fd{1}, big, guest.out<Size>()); },
        [&] { return fd_read(call, socket_fd, big, guest.out<Size>()); },
        [&] { return fd_write(call, socket_fd, big, guest.out<Size>()); },
        [&] {
          return sock_recv(call, socket_fd, big, kRecvWaitall, guest.out<Size>(),
                           guest.out<std::uint16_t>(8));
        },
        [&] { return sock_send(call, socket_fd, big, 0, guest.out<Size>()); },
    };
    for (const auto& wait : waits) {
      guest.is_interrupted = false;
      const auto start = std::chrono::steady_clock::now();
      const auto result = during(wait, [&] { guest.is_interrupted = true; });
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == ErrorKind::interrupted);
      CHECK(result.error().message == "interrupted");
      CHECK(std::chrono::steady_clock::now() - start < 2s);
    }
  }

  TEST_CASE("long transfers end between slices when the guest is to end") {
    WasiConfig config;
    WasiMemoryFiles files;
    config.preopens.push_back({.guest = "/tmp", .directory = files.root()});
    TestWorld guest(config);
    constexpr std::uint32_t kLong = 8 << 20;
    guest.memory.resize(kLong + 65536);
    for (const Fd directory : {kBox, Fd{4}}) {
      CAPTURE(directory);
      REQUIRE(guest.open("f", kReadWrite, oflags::kCreat, 0, 0, directory) == Errno::success);
      const Fd fd = guest.opened;
      int looks = 0;
      const Call call{
          *guest.world, guest.guest_memory(),
          [](const void* count) { return ++*static_cast<int*>(const_cast<void*>(count)) > 2; },
          &looks};
      const IoVecs all = guest.iovecs({{65536, kLong}});
      const std::function<Result<Errno>()> transfers[] = {
          [&] { return fd_write(call, fd, all, guest.out<Size>()); },
          [&] { return fd_pwrite(call, fd, all, 0, guest.out<Size>()); },
          [&] { return fd_read(call, fd, all, guest.out<Size>()); },
          [&] { return fd_pread(call, fd, all, 0, guest.out<Size>()); },
      };
      for (std::size_t i = 0; i < std::size(transfers); ++i) {
        CAPTURE(i);
        CHECK(fd_filestat_set_size(guest.call(), fd, kLong) == Errno::success);
        CHECK(fd_seek(guest.call(), fd, 0, Whence::set, guest.out<FileSize>()) == Errno::success);
        looks = 0;
        const auto result = transfers[i]();
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().kind == ErrorKind::interrupted);
        CHECK(guest.value<Size>() > 0);
        CHECK(guest.value<Size>() < kLong);
      }
      // So do others that take long.
      looks = 2;
      CHECK(fd_allocate(call, fd, 0, FileSize{1} << 40) != Errno::success);
    }
  }

  TEST_CASE("failures of standard output are reported") {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0) return;  // Linux only
    const HostFd owner(full);
    WasiConfig config = with_streams(WasiStream::null(), WasiStream::fd(full));
    config.err = WasiStream::fd(full);
    TestWorld guest(config);
    CHECK(guest.write(Fd{2}, "x") == Errno::nospc);
    CHECK(config.report->output_error == 0);
    CHECK(guest.write(Fd{1}, "x") == Errno::nospc);
    CHECK(config.report->output_error == ENOSPC);
    CHECK(guest.write(Fd{1}, "x") == Errno::nospc);
  }

  TEST_CASE("what cannot be written because the guest may not is no failure of the output") {
    WasiConfig config = with_streams(WasiStream::null(), WasiStream::null());
    TestWorld guest(config);
    CHECK(fd_close(guest.call(), Fd{1}) == Errno::success);
    CHECK(guest.write(Fd{1}, "x") == Errno::badf);
    CHECK(config.report->output_error == 0);
  }

  TEST_CASE("devices") {
    WasiConfig config;
    config.preopens.push_back({.guest = "/dev", .host = "/dev"});
    TestWorld guest(config);
    const Fd dev{4};
    REQUIRE(guest.open("zero", rights::kFdRead, 0, 0, 0, dev) == Errno::success);
    CHECK(guest.read(guest.opened, 10) == std::string(10, '\0'));
    REQUIRE(guest.open("null", kReadWrite, 0, 0, 0, dev) == Errno::success);
    CHECK(guest.read(guest.opened) == "");
    CHECK(guest.write(guest.opened, "gone") == Errno::success);
    CHECK(seek(guest, guest.opened, 0, 0) == Errno::success);
    CHECK(guest.open("stdin", rights::kFdRead, 0, 0, kSymlinkFollow, dev) == Errno::perm);
    CHECK(guest.open("fd/0", rights::kFdRead, 0, 0, kSymlinkFollow, dev) == Errno::perm);
  }
}
