// SPDX-License-Identifier: Apache-2.0
// Standard streams that lead to more than a stream: the guest reads or writes them in order, and
// has none of the other powers.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

constexpr Rights kPowers =
    ~(rights::kFdRead | rights::kFdWrite | rights::kFdFdstatSetFlags | rights::kFdFilestatGet |
      rights::kPollFdReadwrite | rights::kFdSync | rights::kFdDatasync);

/// `fd` is standard input and output.
WasiConfig config_with(int fd) {
  WasiConfig config;
  config.in = WasiStream::fd(fd);
  config.out = WasiStream::fd(fd);
  return config;
}

bool is_refused(Errno error) { return error == Errno::notcapable || error == Errno::spipe; }

}  // namespace

TEST_SUITE("standard_streams") {
  TEST_CASE("a directory is no directory") {
    TempDir temp;
    write_file(temp / "victim", "text");
    const HostFd directory(::open((temp / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    TestWorld guest(config_with(directory.get()));
    const Call call = guest.call();
    const Fd in{0};
    CHECK((guest.world->fds.find(in)->base & kPowers) == 0);
    CHECK(guest.world->fds.find(in)->inheriting == 0);
    CHECK(guest.read(in) == "<isdir>");
    CHECK(guest.write(Fd{1}, "x") == Errno::isdir);
    CHECK(guest.open("victim", rights::kFdRead, 0, 0, 0, in) == Errno::notcapable);
    CHECK(guest.open("new", rights::kFdWrite, oflags::kCreat, 0, 0, in) == Errno::notcapable);
    CHECK(path_filestat_get(call, in, 0, {"victim"}, guest.out<FileStat>()) == Errno::notcapable);
    CHECK(path_create_directory(call, in, {"made"}) == Errno::notcapable);
    CHECK(path_unlink_file(call, in, {"victim"}) == Errno::notcapable);
    CHECK(path_symlink(call, {"target"}, in, {"link"}) == Errno::notcapable);
    CHECK(path_rename(call, in, {"victim"}, kBox, {"moved"}) == Errno::notcapable);
    CHECK(path_link(call, in, 0, {"victim"}, kBox, {"linked"}) == Errno::notcapable);
    CHECK(path_readlink(call, in, {"victim"}, guest.bytes(0, 8), guest.out<Size>()) ==
          Errno::notcapable);
    CHECK(path_filestat_set_times(call, in, 0, {"victim"}, 1, 1, fstflags::kMtim) ==
          Errno::notcapable);
    CHECK(fd_readdir(call, in, guest.bytes(0, 512), 0, guest.out<Size>()) == Errno::notcapable);
    CHECK(fd_filestat_set_times(call, in, 1, 1, fstflags::kMtim) == Errno::notcapable);
    CHECK(fd_prestat_get(call, in, guest.out<PreStat>()) == Errno::badf);
    CHECK(read_file(temp / "victim") == "text");
    CHECK_FALSE(std::filesystem::exists(temp / "made"));
  }

  TEST_CASE("a file is read and written in order, and neither cut nor moved in nor touched") {
    TempDir temp;
    write_file(temp / "log", "old");
    const HostFd file(::open((temp / "log").c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    struct stat before{};
    REQUIRE(::fstat(file.get(), &before) == 0);
    TestWorld guest(config_with(file.get()));
    const Call call = guest.call();
    guest.put_text(4096, "evil");
    for (const Fd fd : {Fd{0}, Fd{1}}) {
      CHECK((guest.world->fds.find(fd)->base & kPowers) == 0);
      CHECK(fd_filestat_set_size(call, fd, 0) == Errno::notcapable);
      CHECK(fd_allocate(call, fd, 0, 100'000) == Errno::notcapable);
      CHECK(fd_filestat_set_times(call, fd, 1, 1, fstflags::kMtim) == Errno::notcapable);
      CHECK(fd_filestat_set_times(call, fd, 0, 0, fstflags::kAtimNow) == Errno::notcapable);
      for (const Whence whence : {Whence::set, Whence::cur, Whence::end}) {
        CHECK(fd_seek(call, fd, 0, whence, guest.out<FileSize>()) == Errno::spipe);
      }
      CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::spipe);
      const IoVecs buffers = guest.iovecs({{4096, 4}});
      CHECK(code(fd_pread(call, fd, buffers, 0, guest.out<Size>())) == Errno::spipe);
      CHECK(code(fd_pwrite(call, fd, buffers, 0, guest.out<Size>())) == Errno::spipe);
      CHECK(fd_advise(call, fd, 0, 0, Advice::dontneed) == Errno::spipe);
      CHECK(fd_fdstat_set_flags(call, fd, 0) == Errno::notsup);  // append stays
      CHECK(fd_fdstat_set_rights(call, fd, ~Rights{0}, 0) == Errno::notcapable);
    }
    struct stat after{};
    REQUIRE(::fstat(file.get(), &after) == 0);
    CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    CHECK(guest.read(Fd{0}, 2) == "ol");
    CHECK(guest.write(Fd{1}, "new") == Errno::success);
    CHECK(read_file(temp / "log") == "oldnew");
  }

  TEST_CASE("moved to another number it stays a stream") {
    TempDir temp;
    write_file(temp / "log", "old");
    const HostFd file(::open((temp / "log").c_str(), O_RDWR | O_CLOEXEC));
    TestWorld guest(config_with(file.get()));
    const Fd other = guest.must_open("x", kReadWrite, oflags::kCreat);
    CHECK(fd_renumber(guest.call(), Fd{1}, other) == Errno::success);
    CHECK(fd_seek(guest.call(), other, 0, Whence::set, guest.out<FileSize>()) == Errno::spipe);
    CHECK(fd_filestat_set_size(guest.call(), other, 0) == Errno::notcapable);
  }

  TEST_CASE("a socket is neither accepted from nor shut down") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const HostFd ours(pair[0]), guests(pair[1]);
    TestWorld guest(config_with(guests.get()));
    const Call call = guest.call();
    CHECK(code(sock_accept(call, Fd{0}, 0, guest.out<Fd>())) == Errno::notsock);
    CHECK(sock_shutdown(call, Fd{0}, kShutRead) == Errno::notsock);
    REQUIRE(::send(ours.get(), "hello", 5, 0) == 5);
    CHECK(code(sock_recv(call, Fd{0}, guest.iovecs({{4096, 8}}), kRecvPeek, guest.out<Size>(),
                         guest.out<std::uint16_t>(8))) == Errno::notsock);
    CHECK(guest.read(Fd{0}) == "hello");
    CHECK(guest.write(Fd{1}, "there") == Errno::success);
    char buffer[8];
    CHECK(::recv(ours.get(), buffer, sizeof buffer, 0) == 5);
  }

  TEST_CASE("a socket that listens is of no use") {
    const HostFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    TestWorld guest(config_with(listener.get()));
    CHECK(code(sock_accept(guest.call(), Fd{0}, 0, guest.out<Fd>())) == Errno::notsock);
    CHECK(sock_shutdown(guest.call(), Fd{0}, kShutRead) == Errno::notsock);
    CHECK(guest.read(Fd{0}) == "<notconn>");
  }

  TEST_CASE("a device that is no terminal does not look like one") {
    const HostFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    TestWorld guest(config_with(null.get()));
    const Rights base = guest.world->fds.find(Fd{0})->base;
    CHECK(guest.world->fds.find(Fd{0})->type == FileType::character_device);
    CHECK((base & rights::kFdTell) != 0);
    CHECK((base & rights::kFdSeek) == 0);
    CHECK(is_refused(fd_seek(guest.call(), Fd{0}, 5, Whence::set, guest.out<FileSize>())));
  }

  TEST_CASE("clocks that are not the host's show nothing of when and where a stream was made") {
    TempDir temp;
    write_file(temp / "in", "text");
    const HostFd file(::open((temp / "in").c_str(), O_RDONLY | O_CLOEXEC));
    WasiConfig config;
    config.in = WasiStream::fd(file.get());
    config.clocks = WasiClocks::fixed();
    TestWorld guest(config);
    REQUIRE(fd_filestat_get(guest.call(), Fd{0}, guest.out<FileStat>()) == Errno::success);
    for (const std::size_t place : {0, 8, 40, 48, 56})
      CHECK(guest.value<std::uint64_t>(place) == 0);
    CHECK(guest.value<std::uint64_t>(32) == 4);  // the input itself is the same
    REQUIRE(fd_filestat_get(guest.call(), kBox, guest.out<FileStat>()) == Errno::success);
    CHECK(guest.value<std::uint64_t>(8) != 0);
  }
}
