// SPDX-License-Identifier: Apache-2.0
// Every call with success and with each error that the specification, or POSIX for the function it
// is modelled on, gives it: one row each. The last test demands rows for every call of calls.def,
// so this table says what is covered; hostile_test.cpp adds what no good program passes.
#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <netinet/in.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
namespace fs = std::filesystem;

namespace {

constexpr Fd kReadOnly{4};  // preopen
constexpr Fd kListener{5};
constexpr Fd kSocket{6};  // connected
constexpr Fd kDatagrams{7};
constexpr Fd kClosed{100};

/// The sockets and the read-only directory, which must be there before the world is.
struct Host {
  Host() {
    fs::create_directory(temp / "ro");
    write_file(temp / "ro/f", "text");
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    socket = HostFd(pair[0]);
    peer = HostFd(pair[1]);
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
    datagrams = HostFd(pair[0]);
    other = HostFd(pair[1]);
    listener = HostFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    REQUIRE(::listen(listener.get(), 4) == 0);
  }
  WasiConfig config() const {
    WasiConfig config;
    config.args = {"program", "argument"};
    config.env = {{"NAME", "value"}};
    config.preopens.push_back({.guest = "/ro", .host = (temp / "ro").string(), .read_only = true});
    config.sockets = {listener.get(), socket.get(), datagrams.get()};
    config.max_open_files = 12;
    return config;
  }
  /// A connection to the listener.
  HostFd connect() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    HostFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    return client;
  }

  TempDir temp;
  HostFd socket, peer, datagrams, other, listener;
};

/// What every row finds: the file "f", the empty directory "d", "full/x", links "l" to f, "gone"
/// to nothing, "o" to itself and "out" out of the box, the FIFO "p".
struct Bench : PathCalls<Bench> {
  Bench() : guest(host.config()) {
    write_file(guest.box("f"), "text");
    fs::create_directory(guest.box("d"));
    fs::create_directory(guest.box("full"));
    write_file(guest.box("full/x"), "");
    fs::create_symlink("f", guest.box("l"));
    fs::create_symlink("nothing", guest.box("gone"));
    fs::create_symlink("o", guest.box("o"));
    fs::create_symlink("../secret", guest.box("out"));
    REQUIRE(::mkfifo(guest.box("p").c_str(), 0600) == 0);
  }

  Fd open(const std::string& path, Rights rights = kReadWrite, OFlags oflags = 0, Fd fd = kBox) {
    REQUIRE(guest.open(path, rights, oflags, 0, kSymlinkFollow, fd) == Errno::success);
    return guest.opened;
  }
  /// A descriptor without `rights`.
  Fd without(Rights rights, Fd fd) {
    const Descriptor& descriptor = *guest.world->fds.find(fd);
    REQUIRE(fd_fdstat_set_rights(guest.call(), fd, descriptor.base & ~rights,
                                 descriptor.inheriting) == Errno::success);
    return fd;
  }
  IoVecs buffer(std::uint32_t length = 4) { return guest.iovecs({{4096, length}}); }
  template <class T>
  Out<T> out(std::size_t at = 0) {
    return guest.out<T>(at);
  }
  Errno stat(const std::string& path, LookupFlags flags = kSymlinkFollow, Fd fd = kBox) {
    return path_filestat_get(guest.call(), fd, flags, {path}, out<FileStat>());
  }
  Errno times(const std::string& path, FstFlags fst = fstflags::kMtim,
              LookupFlags flags = kSymlinkFollow, Fd fd = kBox) {
    return path_filestat_set_times(guest.call(), fd, flags, {path}, 1, 1, fst);
  }
  Errno readlink(const std::string& path, Fd fd = kBox) {
    return path_readlink(guest.call(), fd, {path}, guest.bytes(64, 100), out<Size>());
  }
  Errno read(Fd fd) { return code(fd_read(guest.call(), fd, buffer(), out<Size>())); }
  Errno pread(Fd fd, FileSize offset = 0) {
    return code(fd_pread(guest.call(), fd, buffer(), offset, out<Size>()));
  }
  Errno write(Fd fd) { return code(fd_write(guest.call(), fd, buffer(), out<Size>())); }
  Errno pwrite(Fd fd, FileSize offset = 0) {
    return code(fd_pwrite(guest.call(), fd, buffer(), offset, out<Size>()));
  }
  Errno seek(Fd fd, std::int64_t offset, Whence whence = Whence::set) {
    return fd_seek(guest.call(), fd, offset, whence, out<FileSize>());
  }
  Errno tell(Fd fd) { return fd_tell(guest.call(), fd, out<FileSize>()); }
  Errno readdir(Fd fd, DirCookie cookie = 0) {
    return fd_readdir(guest.call(), fd, guest.bytes(64, 100), cookie, out<Size>());
  }
  Errno accept(Fd fd, FdFlags flags = fdflags::kNonblock) {
    return code(sock_accept(guest.call(), fd, flags, out<Fd>()));
  }
  Errno recv(Fd fd, RiFlags flags = 0) {
    return code(sock_recv(guest.call(), fd, buffer(), flags, out<Size>(), out<std::uint16_t>(8)));
  }
  Errno send(Fd fd, std::uint32_t flags = 0) {
    return code(sock_send(guest.call(), fd, buffer(), flags, out<Size>()));
  }
  Errno shutdown(Fd fd, SdFlags how = kShutWrite) { return sock_shutdown(guest.call(), fd, how); }
  Fd nonblocking(Fd fd) {
    REQUIRE(fd_fdstat_set_flags(guest.call(), fd, fdflags::kNonblock) == Errno::success);
    return fd;
  }
  Errno poll(Size count) {
    return code(poll_oneoff(guest.call(), Address{8192}, Address{16384}, count, out<Size>()));
  }
  void fill_descriptors() {
    while (guest.open("f", 0) == Errno::success) {
    }
  }
  void close_peer() { host.peer = HostFd(); }

  Host host;
  TestWorld guest;
};

struct Row {
  const char* call;
  Errno expected;
  Errno (*run)(Bench& b);
};

constexpr Rights kRead = rights::kFdRead, kWrite = rights::kFdWrite;
const std::string kLong(300, 'n'), kVeryLong(5000, 'n');

// clang-format off: a table
const Row kRows[] = {
    {"args_get", Errno::success, [](Bench& b) { return code(args_get(b.guest.call(), Address{64}, Address{128})); }},
    {"args_sizes_get", Errno::success, [](Bench& b) { return args_sizes_get(b.guest.call(), b.out<Size>(), b.out<Size>(4)); }},
    {"environ_get", Errno::success, [](Bench& b) { return code(environ_get(b.guest.call(), Address{64}, Address{128})); }},
    {"environ_sizes_get", Errno::success, [](Bench& b) { return environ_sizes_get(b.guest.call(), b.out<Size>(), b.out<Size>(4)); }},

    {"clock_res_get", Errno::success, [](Bench& b) { return clock_res_get(b.guest.call(), ClockId::monotonic, b.out<Timestamp>()); }},
    {"clock_res_get", Errno::inval, [](Bench& b) { return clock_res_get(b.guest.call(), ClockId{4}, b.out<Timestamp>()); }},
    {"clock_time_get", Errno::success, [](Bench& b) { return clock_time_get(b.guest.call(), ClockId::realtime, 1, b.out<Timestamp>()); }},
    {"clock_time_get", Errno::inval, [](Bench& b) { return clock_time_get(b.guest.call(), ClockId{4}, 1, b.out<Timestamp>()); }},

    {"fd_advise", Errno::success, [](Bench& b) { return fd_advise(b.guest.call(), b.open("f"), 0, 4, Advice::willneed); }},
    {"fd_advise", Errno::badf, [](Bench& b) { return fd_advise(b.guest.call(), kClosed, 0, 4, Advice::normal); }},
    {"fd_advise", Errno::badf, [](Bench& b) { return fd_advise(b.guest.call(), kBox, 0, 4, Advice::normal); }},
    {"fd_advise", Errno::inval, [](Bench& b) { return fd_advise(b.guest.call(), b.open("f"), 0, 4, Advice{6}); }},
    {"fd_advise", Errno::inval, [](Bench& b) { return fd_advise(b.guest.call(), b.open("f"), 0, 1ull << 63, Advice::normal); }},
    {"fd_advise", Errno::spipe, [](Bench& b) { return fd_advise(b.guest.call(), kSocket, 0, 4, Advice::normal); }},
    {"fd_advise", Errno::notcapable, [](Bench& b) { return fd_advise(b.guest.call(), b.without(rights::kFdAdvise, b.open("f")), 0, 4, Advice::normal); }},

    {"fd_allocate", Errno::success, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f"), 0, 100); }},
    {"fd_allocate", Errno::badf, [](Bench& b) { return fd_allocate(b.guest.call(), kClosed, 0, 1); }},
    {"fd_allocate", Errno::badf, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f", kRead), 0, 1); }},
    {"fd_allocate", Errno::isdir, [](Bench& b) { return fd_allocate(b.guest.call(), kBox, 0, 1); }},
    {"fd_allocate", Errno::inval, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f"), 0, 0); }},
    {"fd_allocate", Errno::inval, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f"), 1ull << 63, 1); }},
    {"fd_allocate", Errno::fbig, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f"), ~0ull >> 1, 1); }},
    {"fd_allocate", Errno::rofs, [](Bench& b) { return fd_allocate(b.guest.call(), b.open("f", kRead, 0, kReadOnly), 0, 1); }},
    {"fd_allocate", Errno::notcapable, [](Bench& b) { return fd_allocate(b.guest.call(), b.without(rights::kFdAllocate, b.open("f")), 0, 1); }},

    {"fd_close", Errno::success, [](Bench& b) { return fd_close(b.guest.call(), b.open("f")); }},
    {"fd_close", Errno::success, [](Bench& b) { return fd_close(b.guest.call(), kBox); }},
    {"fd_close", Errno::badf, [](Bench& b) { return fd_close(b.guest.call(), kClosed); }},

    {"fd_datasync", Errno::success, [](Bench& b) { return fd_datasync(b.guest.call(), b.open("f")); }},
    {"fd_datasync", Errno::badf, [](Bench& b) { return fd_datasync(b.guest.call(), kClosed); }},
    {"fd_datasync", Errno::inval, [](Bench& b) { return fd_datasync(b.guest.call(), b.open("p", kRead)); }},
    {"fd_datasync", Errno::notcapable, [](Bench& b) { return fd_datasync(b.guest.call(), b.without(rights::kFdDatasync, b.open("f"))); }},
    {"fd_sync", Errno::success, [](Bench& b) { return fd_sync(b.guest.call(), b.open("f")); }},
    {"fd_sync", Errno::badf, [](Bench& b) { return fd_sync(b.guest.call(), kClosed); }},
    {"fd_sync", Errno::inval, [](Bench& b) { return fd_sync(b.guest.call(), b.open("p", kRead)); }},
    {"fd_sync", Errno::notcapable, [](Bench& b) { return fd_sync(b.guest.call(), b.without(rights::kFdSync, b.open("f"))); }},

    {"fd_fdstat_get", Errno::success, [](Bench& b) { return fd_fdstat_get(b.guest.call(), b.open("f"), b.out<FdStat>()); }},
    {"fd_fdstat_get", Errno::badf, [](Bench& b) { return fd_fdstat_get(b.guest.call(), kClosed, b.out<FdStat>()); }},
    {"fd_fdstat_set_flags", Errno::success, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), b.open("f"), fdflags::kAppend); }},
    {"fd_fdstat_set_flags", Errno::badf, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), kClosed, 0); }},
    {"fd_fdstat_set_flags", Errno::inval, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), b.open("f"), fdflags::kSync); }},
    {"fd_fdstat_set_flags", Errno::inval, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), b.open("f"), 32); }},
    {"fd_fdstat_set_flags", Errno::notsup, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), kSocket, fdflags::kAppend); }},
    {"fd_fdstat_set_flags", Errno::notcapable, [](Bench& b) { return fd_fdstat_set_flags(b.guest.call(), b.without(rights::kFdFdstatSetFlags, b.open("f")), 0); }},
    {"fd_fdstat_set_rights", Errno::success, [](Bench& b) { return fd_fdstat_set_rights(b.guest.call(), b.open("f"), kRead, 0); }},
    {"fd_fdstat_set_rights", Errno::badf, [](Bench& b) { return fd_fdstat_set_rights(b.guest.call(), kClosed, 0, 0); }},
    {"fd_fdstat_set_rights", Errno::notcapable, [](Bench& b) { return fd_fdstat_set_rights(b.guest.call(), b.open("f", kRead), kReadWrite, 0); }},
    {"fd_fdstat_set_rights", Errno::notcapable, [](Bench& b) { return fd_fdstat_set_rights(b.guest.call(), b.open("f", kRead), kRead, kRead); }},

    {"fd_filestat_get", Errno::success, [](Bench& b) { return fd_filestat_get(b.guest.call(), b.open("f"), b.out<FileStat>()); }},
    {"fd_filestat_get", Errno::badf, [](Bench& b) { return fd_filestat_get(b.guest.call(), kClosed, b.out<FileStat>()); }},
    {"fd_filestat_get", Errno::notcapable, [](Bench& b) { return fd_filestat_get(b.guest.call(), b.without(rights::kFdFilestatGet, b.open("f")), b.out<FileStat>()); }},
    {"fd_filestat_set_size", Errno::success, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), b.open("f"), 2); }},
    {"fd_filestat_set_size", Errno::badf, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), kClosed, 0); }},
    {"fd_filestat_set_size", Errno::badf, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), b.open("f", kRead), 0); }},
    {"fd_filestat_set_size", Errno::isdir, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), kBox, 0); }},
    {"fd_filestat_set_size", Errno::inval, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), b.open("f"), 1ull << 63); }},
    {"fd_filestat_set_size", Errno::rofs, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), b.open("f", kRead, 0, kReadOnly), 0); }},
    {"fd_filestat_set_size", Errno::notcapable, [](Bench& b) { return fd_filestat_set_size(b.guest.call(), b.without(rights::kFdFilestatSetSize, b.open("f")), 0); }},
    {"fd_filestat_set_times", Errno::success, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), b.open("f"), 1, 1, fstflags::kAtimNow | fstflags::kMtim); }},
    {"fd_filestat_set_times", Errno::badf, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), kClosed, 1, 1, 0); }},
    {"fd_filestat_set_times", Errno::inval, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), b.open("f"), 1, 1, fstflags::kAtim | fstflags::kAtimNow); }},
    {"fd_filestat_set_times", Errno::inval, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), b.open("f"), 1, 1, 16); }},
    {"fd_filestat_set_times", Errno::rofs, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), kReadOnly, 1, 1, fstflags::kMtim); }},
    {"fd_filestat_set_times", Errno::notcapable, [](Bench& b) { return fd_filestat_set_times(b.guest.call(), kSocket, 1, 1, fstflags::kMtim); }},

    {"fd_prestat_get", Errno::success, [](Bench& b) { return fd_prestat_get(b.guest.call(), kBox, b.out<PreStat>()); }},
    {"fd_prestat_get", Errno::badf, [](Bench& b) { return fd_prestat_get(b.guest.call(), kClosed, b.out<PreStat>()); }},
    {"fd_prestat_get", Errno::badf, [](Bench& b) { return fd_prestat_get(b.guest.call(), b.open("d", 0), b.out<PreStat>()); }},
    {"fd_prestat_dir_name", Errno::success, [](Bench& b) { return fd_prestat_dir_name(b.guest.call(), kReadOnly, b.guest.bytes(64, 3)); }},
    {"fd_prestat_dir_name", Errno::badf, [](Bench& b) { return fd_prestat_dir_name(b.guest.call(), kClosed, b.guest.bytes(64, 3)); }},
    {"fd_prestat_dir_name", Errno::notdir, [](Bench& b) { return fd_prestat_dir_name(b.guest.call(), kSocket, b.guest.bytes(64, 3)); }},
    {"fd_prestat_dir_name", Errno::nametoolong, [](Bench& b) { return fd_prestat_dir_name(b.guest.call(), kReadOnly, b.guest.bytes(64, 2)); }},

    {"fd_read", Errno::success, [](Bench& b) { return b.read(b.open("f")); }},
    {"fd_read", Errno::badf, [](Bench& b) { return b.read(kClosed); }},
    {"fd_read", Errno::badf, [](Bench& b) { return b.read(b.open("f", kWrite)); }},
    {"fd_read", Errno::isdir, [](Bench& b) { return b.read(kBox); }},
    {"fd_read", Errno::notconn, [](Bench& b) { return b.read(kListener); }},
    {"fd_read", Errno::again, [](Bench& b) { return b.read(b.nonblocking(kSocket)); }},
    {"fd_pread", Errno::success, [](Bench& b) { return b.pread(b.open("f"), 1); }},
    {"fd_pread", Errno::badf, [](Bench& b) { return b.pread(kClosed); }},
    {"fd_pread", Errno::badf, [](Bench& b) { return b.pread(b.open("f", kWrite)); }},
    {"fd_pread", Errno::isdir, [](Bench& b) { return b.pread(kBox); }},
    {"fd_pread", Errno::inval, [](Bench& b) { return b.pread(b.open("f"), 1ull << 63); }},
    {"fd_pread", Errno::spipe, [](Bench& b) { return b.pread(b.open("p", kRead)); }},
    {"fd_pread", Errno::spipe, [](Bench& b) { return b.pread(kSocket); }},
    {"fd_write", Errno::success, [](Bench& b) { return b.write(b.open("f")); }},
    {"fd_write", Errno::badf, [](Bench& b) { return b.write(kClosed); }},
    {"fd_write", Errno::badf, [](Bench& b) { return b.write(b.open("f", kRead)); }},
    {"fd_write", Errno::badf, [](Bench& b) { return b.write(b.open("f", kRead, 0, kReadOnly)); }},
    {"fd_write", Errno::isdir, [](Bench& b) { return b.write(kBox); }},
    {"fd_write", Errno::badf, [](Bench& b) { return b.write(kListener); }},
    {"fd_write", Errno::pipe, [](Bench& b) { return b.close_peer(), b.write(kSocket); }},
    {"fd_pwrite", Errno::success, [](Bench& b) { return b.pwrite(b.open("f"), 100); }},
    {"fd_pwrite", Errno::badf, [](Bench& b) { return b.pwrite(kClosed); }},
    {"fd_pwrite", Errno::badf, [](Bench& b) { return b.pwrite(b.open("f", kRead)); }},
    {"fd_pwrite", Errno::isdir, [](Bench& b) { return b.pwrite(kBox); }},
    {"fd_pwrite", Errno::inval, [](Bench& b) { return b.pwrite(b.open("f"), 1ull << 63); }},
    {"fd_pwrite", Errno::spipe, [](Bench& b) { return b.pwrite(kSocket); }},
    {"fd_seek", Errno::success, [](Bench& b) { return b.seek(b.open("f"), 2); }},
    {"fd_seek", Errno::badf, [](Bench& b) { return b.seek(kClosed, 0); }},
    {"fd_seek", Errno::inval, [](Bench& b) { return b.seek(b.open("f"), -1); }},
    {"fd_seek", Errno::inval, [](Bench& b) { return b.seek(b.open("f"), 0, Whence{3}); }},
    {"fd_seek", Errno::isdir, [](Bench& b) { return b.seek(kBox, 0); }},
    {"fd_seek", Errno::spipe, [](Bench& b) { return b.seek(kSocket, 0); }},
    {"fd_seek", Errno::spipe, [](Bench& b) { return b.seek(b.open("p", kRead), 0); }},
    {"fd_seek", Errno::notcapable, [](Bench& b) { return b.seek(b.without(rights::kFdSeek, b.open("f")), 2); }},
    {"fd_tell", Errno::success, [](Bench& b) { return b.tell(b.open("f")); }},
    {"fd_tell", Errno::badf, [](Bench& b) { return b.tell(kClosed); }},
    {"fd_tell", Errno::isdir, [](Bench& b) { return b.tell(kBox); }},
    {"fd_tell", Errno::spipe, [](Bench& b) { return b.tell(kSocket); }},
    {"fd_tell", Errno::notcapable, [](Bench& b) { return b.tell(b.without(rights::kFdSeek | rights::kFdTell, b.open("f"))); }},

    {"fd_readdir", Errno::success, [](Bench& b) { return b.readdir(kBox); }},
    {"fd_readdir", Errno::badf, [](Bench& b) { return b.readdir(kClosed); }},
    {"fd_readdir", Errno::notdir, [](Bench& b) { return b.readdir(b.open("f")); }},
    {"fd_readdir", Errno::inval, [](Bench& b) { return b.readdir(kBox, 1ull << 63); }},
    {"fd_readdir", Errno::notcapable, [](Bench& b) { return b.readdir(b.without(rights::kFdReaddir, kBox)); }},
    {"fd_renumber", Errno::success, [](Bench& b) { return fd_renumber(b.guest.call(), kBox, Fd{1}); }},
    {"fd_renumber", Errno::badf, [](Bench& b) { return fd_renumber(b.guest.call(), kClosed, kBox); }},
    {"fd_renumber", Errno::badf, [](Bench& b) { return fd_renumber(b.guest.call(), kBox, kClosed); }},

    {"path_create_directory", Errno::success, [](Bench& b) { return b.mkdir("d/new"); }},
    {"path_create_directory", Errno::badf, [](Bench& b) { return b.mkdir("new", kClosed); }},
    {"path_create_directory", Errno::exist, [](Bench& b) { return b.mkdir("f"); }},
    {"path_create_directory", Errno::noent, [](Bench& b) { return b.mkdir("missing/new"); }},
    {"path_create_directory", Errno::notdir, [](Bench& b) { return b.mkdir("f/new"); }},
    {"path_create_directory", Errno::notdir, [](Bench& b) { return b.mkdir("new", kSocket); }},
    {"path_create_directory", Errno::loop, [](Bench& b) { return b.mkdir("o/new"); }},
    {"path_create_directory", Errno::perm, [](Bench& b) { return b.mkdir("../new"); }},
    {"path_create_directory", Errno::rofs, [](Bench& b) { return b.mkdir("new", kReadOnly); }},
    {"path_create_directory", Errno::nametoolong, [](Bench& b) { return b.mkdir(kLong); }},
    {"path_create_directory", Errno::notcapable, [](Bench& b) { return b.mkdir("new", b.without(rights::kPathCreateDirectory, kBox)); }},

    {"path_filestat_get", Errno::success, [](Bench& b) { return b.stat("l"); }},
    {"path_filestat_get", Errno::badf, [](Bench& b) { return b.stat("f", 0, kClosed); }},
    {"path_filestat_get", Errno::noent, [](Bench& b) { return b.stat("gone"); }},
    {"path_filestat_get", Errno::notdir, [](Bench& b) { return b.stat("f/"); }},
    {"path_filestat_get", Errno::notdir, [](Bench& b) { return b.stat("f", 0, kListener); }},
    {"path_filestat_get", Errno::loop, [](Bench& b) { return b.stat("o"); }},
    {"path_filestat_get", Errno::perm, [](Bench& b) { return b.stat("out"); }},
    {"path_filestat_get", Errno::inval, [](Bench& b) { return b.stat("f", 2); }},
    {"path_filestat_get", Errno::nametoolong, [](Bench& b) { return b.stat(kVeryLong); }},
    {"path_filestat_get", Errno::notcapable, [](Bench& b) { return b.stat("f", 0, b.without(rights::kPathFilestatGet, kBox)); }},

    {"path_filestat_set_times", Errno::success, [](Bench& b) { return b.times("l"); }},
    {"path_filestat_set_times", Errno::badf, [](Bench& b) { return b.times("f", 0, 0, kClosed); }},
    {"path_filestat_set_times", Errno::noent, [](Bench& b) { return b.times("gone"); }},
    {"path_filestat_set_times", Errno::notdir, [](Bench& b) { return b.times("f/"); }},
    {"path_filestat_set_times", Errno::loop, [](Bench& b) { return b.times("o"); }},
    {"path_filestat_set_times", Errno::perm, [](Bench& b) { return b.times("out"); }},
    {"path_filestat_set_times", Errno::inval, [](Bench& b) { return b.times("f", fstflags::kMtim | fstflags::kMtimNow); }},
    {"path_filestat_set_times", Errno::inval, [](Bench& b) { return b.times("f", 0, 2); }},
    {"path_filestat_set_times", Errno::rofs, [](Bench& b) { return b.times("f", fstflags::kMtim, 0, kReadOnly); }},
    {"path_filestat_set_times", Errno::notcapable, [](Bench& b) { return b.times("f", 0, 0, b.without(rights::kPathFilestatSetTimes, kBox)); }},

    {"path_link", Errno::success, [](Bench& b) { return b.link("f", "d/new"); }},
    {"path_link", Errno::badf, [](Bench& b) { return b.link("f", "new", 0, kClosed); }},
    {"path_link", Errno::badf, [](Bench& b) { return b.link("f", "new", 0, kBox, kClosed); }},
    {"path_link", Errno::exist, [](Bench& b) { return b.link("f", "full/x"); }},
    {"path_link", Errno::noent, [](Bench& b) { return b.link("missing", "new"); }},
    {"path_link", Errno::noent, [](Bench& b) { return b.link("f", "missing/new"); }},
    {"path_link", Errno::notdir, [](Bench& b) { return b.link("f", "f/new"); }},
    {"path_link", Errno::loop, [](Bench& b) { return b.link("o", "new", kSymlinkFollow); }},
    {"path_link", Errno::perm, [](Bench& b) { return b.link("d", "new"); }},
    {"path_link", Errno::perm, [](Bench& b) { return b.link("out", "new", kSymlinkFollow); }},
    {"path_link", Errno::inval, [](Bench& b) { return b.link("f", "new", 2); }},
    {"path_link", Errno::rofs, [](Bench& b) { return b.link("f", "new", 0, kBox, kReadOnly); }},
    {"path_link", Errno::rofs, [](Bench& b) { return b.link("f", "new", 0, kReadOnly); }},
    {"path_link", Errno::nametoolong, [](Bench& b) { return b.link("f", kLong); }},
    {"path_link", Errno::notcapable, [](Bench& b) { return b.link("f", "new", 0, b.without(rights::kPathLinkSource, kBox)); }},
    {"path_link", Errno::notcapable, [](Bench& b) { return b.link("f", "new", 0, kBox, b.without(rights::kPathLinkTarget, kBox)); }},

    {"path_open", Errno::success, [](Bench& b) { return b.guest.open("f", kReadWrite); }},
    {"path_open", Errno::badf, [](Bench& b) { return b.guest.open("f", kRead, 0, 0, 0, kClosed); }},
    {"path_open", Errno::exist, [](Bench& b) { return b.guest.open("f", kWrite, oflags::kCreat | oflags::kExcl); }},
    {"path_open", Errno::noent, [](Bench& b) { return b.guest.open("missing", kRead); }},
    {"path_open", Errno::notdir, [](Bench& b) { return b.guest.open("f", 0, oflags::kDirectory); }},
    {"path_open", Errno::notdir, [](Bench& b) { return b.guest.open("f", kRead, 0, 0, 0, kSocket); }},
    {"path_open", Errno::isdir, [](Bench& b) { return b.guest.open("d", kWrite); }},
    {"path_open", Errno::loop, [](Bench& b) { return b.guest.open("o", kRead); }},
    {"path_open", Errno::loop, [](Bench& b) { return b.guest.open("l", kRead, 0, 0, 0); }},
    {"path_open", Errno::perm, [](Bench& b) { return b.guest.open("out", kRead); }},
    {"path_open", Errno::nxio, [](Bench& b) { return b.guest.open("p", kWrite); }},
    {"path_open", Errno::inval, [](Bench& b) { return b.guest.open("f", kRead, 16); }},
    {"path_open", Errno::inval, [](Bench& b) { return b.guest.open("f", kRead, 0, 32); }},
    {"path_open", Errno::inval, [](Bench& b) { return b.guest.open("new", 0, oflags::kCreat | oflags::kDirectory); }},
    {"path_open", Errno::rofs, [](Bench& b) { return b.guest.open("f", kWrite, 0, 0, 0, kReadOnly); }},
    {"path_open", Errno::mfile, [](Bench& b) { return b.fill_descriptors(), b.guest.open("f", kRead); }},
    {"path_open", Errno::nametoolong, [](Bench& b) { return b.guest.open(kLong, kRead); }},
    {"path_open", Errno::notcapable, [](Bench& b) { return b.guest.open("f", kRead, 0, 0, 0, b.without(rights::kPathOpen, kBox)); }},
    {"path_open", Errno::notcapable, [](Bench& b) { return b.guest.open("new", kRead, oflags::kCreat, 0, 0, b.without(rights::kPathCreateFile, kBox)); }},
    {"path_open", Errno::notcapable, [](Bench& b) { return b.guest.open("f", kWrite, oflags::kTrunc, 0, 0, b.without(rights::kPathFilestatSetSize, kBox)); }},

    {"path_readlink", Errno::success, [](Bench& b) { return b.readlink("out"); }},
    {"path_readlink", Errno::badf, [](Bench& b) { return b.readlink("l", kClosed); }},
    {"path_readlink", Errno::inval, [](Bench& b) { return b.readlink("f"); }},
    {"path_readlink", Errno::noent, [](Bench& b) { return b.readlink("missing"); }},
    {"path_readlink", Errno::notdir, [](Bench& b) { return b.readlink("f/l"); }},
    {"path_readlink", Errno::loop, [](Bench& b) { return b.readlink("o/l"); }},
    {"path_readlink", Errno::perm, [](Bench& b) { return b.readlink("../l"); }},
    {"path_readlink", Errno::nametoolong, [](Bench& b) { return b.readlink(kLong); }},
    {"path_readlink", Errno::notcapable, [](Bench& b) { return b.readlink("l", b.without(rights::kPathReadlink, kBox)); }},

    {"path_remove_directory", Errno::success, [](Bench& b) { return b.rmdir("d"); }},
    {"path_remove_directory", Errno::badf, [](Bench& b) { return b.rmdir("d", kClosed); }},
    {"path_remove_directory", Errno::noent, [](Bench& b) { return b.rmdir("missing"); }},
    {"path_remove_directory", Errno::notdir, [](Bench& b) { return b.rmdir("f"); }},
    {"path_remove_directory", Errno::notempty, [](Bench& b) { return b.rmdir("full"); }},
    {"path_remove_directory", Errno::inval, [](Bench& b) { return b.rmdir("."); }},
    {"path_remove_directory", Errno::loop, [](Bench& b) { return b.rmdir("o/d"); }},
    {"path_remove_directory", Errno::perm, [](Bench& b) { return b.rmdir("../box"); }},
    {"path_remove_directory", Errno::rofs, [](Bench& b) { return b.rmdir("f", kReadOnly); }},
    {"path_remove_directory", Errno::notcapable, [](Bench& b) { return b.rmdir("d", b.without(rights::kPathRemoveDirectory, kBox)); }},

    {"path_rename", Errno::success, [](Bench& b) { return b.rename("f", "full/x"); }},
    {"path_rename", Errno::badf, [](Bench& b) { return b.rename("f", "new", kClosed); }},
    {"path_rename", Errno::badf, [](Bench& b) { return b.rename("f", "new", kBox, kClosed); }},
    {"path_rename", Errno::noent, [](Bench& b) { return b.rename("missing", "new"); }},
    {"path_rename", Errno::noent, [](Bench& b) { return b.rename("f", "missing/new"); }},
    {"path_rename", Errno::notdir, [](Bench& b) { return b.rename("d", "f"); }},
    {"path_rename", Errno::isdir, [](Bench& b) { return b.rename("f", "d"); }},
    {"path_rename", Errno::notempty, [](Bench& b) { return b.rename("d", "full"); }},
    {"path_rename", Errno::inval, [](Bench& b) { return b.rename("d", "d/new"); }},
    {"path_rename", Errno::busy, [](Bench& b) { return b.rename("d", "."); }},
    {"path_rename", Errno::loop, [](Bench& b) { return b.rename("f", "o/new"); }},
    {"path_rename", Errno::perm, [](Bench& b) { return b.rename("f", "../new"); }},
    {"path_rename", Errno::rofs, [](Bench& b) { return b.rename("f", "new", kReadOnly); }},
    {"path_rename", Errno::rofs, [](Bench& b) { return b.rename("f", "new", kBox, kReadOnly); }},
    {"path_rename", Errno::nametoolong, [](Bench& b) { return b.rename("f", kLong); }},
    {"path_rename", Errno::notcapable, [](Bench& b) { return b.rename("f", "new", b.without(rights::kPathRenameSource, kBox)); }},
    {"path_rename", Errno::notcapable, [](Bench& b) { return b.rename("f", "new", kBox, b.without(rights::kPathRenameTarget, kBox)); }},

    {"path_symlink", Errno::success, [](Bench& b) { return b.symlink("f", "d/new"); }},
    {"path_symlink", Errno::badf, [](Bench& b) { return b.symlink("f", "new", kClosed); }},
    {"path_symlink", Errno::exist, [](Bench& b) { return b.symlink("f", "gone"); }},
    {"path_symlink", Errno::noent, [](Bench& b) { return b.symlink("", "new"); }},
    {"path_symlink", Errno::noent, [](Bench& b) { return b.symlink("f", "missing/new"); }},
    {"path_symlink", Errno::notdir, [](Bench& b) { return b.symlink("f", "f/new"); }},
    {"path_symlink", Errno::loop, [](Bench& b) { return b.symlink("f", "o/new"); }},
    {"path_symlink", Errno::perm, [](Bench& b) { return b.symlink("/f", "new"); }},
    {"path_symlink", Errno::perm, [](Bench& b) { return b.symlink("f", "../new"); }},
    {"path_symlink", Errno::rofs, [](Bench& b) { return b.symlink("f", "new", kReadOnly); }},
    {"path_symlink", Errno::nametoolong, [](Bench& b) { return b.symlink(kVeryLong, "new"); }},
    {"path_symlink", Errno::notcapable, [](Bench& b) { return b.symlink("f", "new", b.without(rights::kPathSymlink, kBox)); }},

    {"path_unlink_file", Errno::success, [](Bench& b) { return b.unlink("f"); }},
    {"path_unlink_file", Errno::badf, [](Bench& b) { return b.unlink("f", kClosed); }},
    {"path_unlink_file", Errno::noent, [](Bench& b) { return b.unlink("missing"); }},
    {"path_unlink_file", Errno::notdir, [](Bench& b) { return b.unlink("f/"); }},
    {"path_unlink_file", Errno::isdir, [](Bench& b) { return b.unlink("d"); }},
    {"path_unlink_file", Errno::loop, [](Bench& b) { return b.unlink("o/f"); }},
    {"path_unlink_file", Errno::perm, [](Bench& b) { return b.unlink("../secret"); }},
    {"path_unlink_file", Errno::rofs, [](Bench& b) { return b.unlink("f", kReadOnly); }},
    {"path_unlink_file", Errno::nametoolong, [](Bench& b) { return b.unlink(kLong); }},
    {"path_unlink_file", Errno::notcapable, [](Bench& b) { return b.unlink("f", b.without(rights::kPathUnlinkFile, kBox)); }},

    {"poll_oneoff", Errno::success, [](Bench& b) { return b.poll(1); }},  // zeros: a clock that is due
    {"poll_oneoff", Errno::inval, [](Bench& b) { return b.poll(0); }},
    {"poll_oneoff", Errno::inval, [](Bench& b) { return b.poll(0x10000000); }},
    {"poll_oneoff", Errno::inval, [](Bench& b) { return put(b.guest.memory.data() + 8200, std::uint8_t{3}), b.poll(1); }},

    {"proc_exit", Errno::success, [](Bench& b) { return proc_exit(b.guest.call(), 0).error().exit_code == 0 ? Errno::success : Errno::io; }},
    {"proc_raise", Errno::success, [](Bench& b) { return code(proc_raise(b.guest.call(), 0)); }},
    {"proc_raise", Errno::inval, [](Bench& b) { return code(proc_raise(b.guest.call(), 31)); }},
    {"proc_raise", Errno::notsup, [](Bench& b) { return code(proc_raise(b.guest.call(), 18)); }},
    {"random_get", Errno::success, [](Bench& b) { return code(random_get(b.guest.call(), b.guest.bytes(64, 100))); }},
    {"sched_yield", Errno::success, [](Bench& b) { return sched_yield(b.guest.call()); }},

    {"sock_accept", Errno::success, [](Bench& b) { const HostFd client = b.host.connect(); return b.accept(kListener); }},
    {"sock_accept", Errno::badf, [](Bench& b) { return b.accept(kClosed); }},
    {"sock_accept", Errno::again, [](Bench& b) { return b.accept(b.nonblocking(kListener)); }},
    {"sock_accept", Errno::inval, [](Bench& b) { return b.accept(kSocket); }},
    {"sock_accept", Errno::inval, [](Bench& b) { return b.accept(kListener, fdflags::kAppend); }},
    {"sock_accept", Errno::mfile, [](Bench& b) { const HostFd client = b.host.connect(); return b.fill_descriptors(), b.accept(kListener); }},
    {"sock_accept", Errno::notsock, [](Bench& b) { return b.accept(kBox); }},
    {"sock_accept", Errno::notcapable, [](Bench& b) { return b.accept(b.without(rights::kSockAccept, kListener)); }},
    {"sock_recv", Errno::success, [](Bench& b) { return b.write(kSocket), ::write(b.host.peer.get(), "abcd", 4) == 4 ? b.recv(kSocket, kRecvWaitall) : Errno::io; }},
    {"sock_recv", Errno::badf, [](Bench& b) { return b.recv(kClosed); }},
    {"sock_recv", Errno::again, [](Bench& b) { return b.recv(b.nonblocking(kSocket)); }},
    {"sock_recv", Errno::again, [](Bench& b) { return b.recv(b.nonblocking(kDatagrams)); }},
    {"sock_recv", Errno::inval, [](Bench& b) { return b.recv(kSocket, 4); }},
    {"sock_recv", Errno::notconn, [](Bench& b) { return b.recv(kListener); }},
    {"sock_recv", Errno::notsock, [](Bench& b) { return b.recv(b.open("f")); }},
    {"sock_recv", Errno::badf, [](Bench& b) { return b.recv(b.without(kRead, kSocket)); }},
    {"sock_send", Errno::success, [](Bench& b) { return b.send(kSocket); }},
    {"sock_send", Errno::badf, [](Bench& b) { return b.send(kClosed); }},
    {"sock_send", Errno::inval, [](Bench& b) { return b.send(kSocket, 1); }},
    {"sock_send", Errno::notsock, [](Bench& b) { return b.send(kBox); }},
    {"sock_send", Errno::pipe, [](Bench& b) { return b.close_peer(), b.send(kSocket); }},
    {"sock_send", Errno::badf, [](Bench& b) { return b.send(b.without(kWrite, kSocket)); }},
    {"sock_shutdown", Errno::success, [](Bench& b) { return b.shutdown(kSocket); }},
    {"sock_shutdown", Errno::badf, [](Bench& b) { return b.shutdown(kClosed); }},
    {"sock_shutdown", Errno::inval, [](Bench& b) { return b.shutdown(kSocket, 0); }},
    {"sock_shutdown", Errno::inval, [](Bench& b) { return b.shutdown(kSocket, 4); }},
    {"sock_shutdown", Errno::notconn, [](Bench& b) { return b.shutdown(kListener); }},
    {"sock_shutdown", Errno::notsock, [](Bench& b) { return b.shutdown(kBox); }},
    {"sock_shutdown", Errno::notcapable, [](Bench& b) { return b.shutdown(b.without(rights::kSockShutdown, kSocket)); }},
};
// clang-format on

}  // namespace

TEST_SUITE("errors") {
  TEST_CASE("each call, each code") {
    for (const Row& row : kRows) {
      Bench bench;
      const std::string call = row.call, expected = to_string(row.expected);
      CAPTURE(call);
      CHECK(std::string(to_string(row.run(bench))) == expected);
    }
  }

  TEST_CASE("the table has every call, with success and with errors") {
    // These have no errors of their own: what they are given is right or out of bounds.
    const std::set<std::string> without_errors = {
        "args_get",  "args_sizes_get", "environ_get", "environ_sizes_get",
        "proc_exit", "random_get",     "sched_yield"};
    std::map<std::string, int> good, bad;
    for (const Row& row : kRows) ++(row.expected == Errno::success ? good : bad)[row.call];
#define CALL(name, preview1, unstable)   \
  CHECK_MESSAGE(good[#name] > 0, #name); \
  CHECK_MESSAGE((bad[#name] == 0) == without_errors.contains(#name), #name);
#include "wasi/calls.def"
#undef CALL
    CHECK(good.size() == 46);
  }
}
