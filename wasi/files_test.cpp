// SPDX-License-Identifier: Apache-2.0
// The fd_* calls that are not reading, writing or seeking.
#include <doctest/doctest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

FileStat stat_of(TestWorld& guest, Fd fd) {
  REQUIRE(fd_filestat_get(guest.call(), fd, guest.out<FileStat>()) == Errno::success);
  FileStat stat;
  stat.dev = guest.value<std::uint64_t>(0);
  stat.ino = guest.value<std::uint64_t>(8);
  stat.filetype = FileType{guest.value<std::uint8_t>(16)};
  stat.nlink = guest.value<std::uint64_t>(24);
  stat.size = guest.value<std::uint64_t>(32);
  stat.atim = guest.value<std::uint64_t>(40);
  stat.mtim = guest.value<std::uint64_t>(48);
  return stat;
}

struct Entry {
  DirCookie next;
  std::uint64_t ino;
  FileType type;
  std::string name;
};

/// One fd_readdir: the whole entries in its buffer, and whether it was filled.
std::pair<std::vector<Entry>, bool> read_some(TestWorld& guest, Fd fd, DirCookie cookie,
                                              std::size_t length) {
  REQUIRE(fd_readdir(guest.call(), fd, guest.bytes(8192, length), cookie, guest.out<Size>()) ==
          Errno::success);
  const Size used = guest.value<Size>();
  REQUIRE(used <= length);
  std::vector<Entry> entries;
  for (std::size_t at = 0; at + DirEnt::kSize <= used;) {
    const std::size_t head = 8192 + at;
    const auto name_length = guest.value<std::uint32_t>(head + 16);
    at += DirEnt::kSize + name_length;
    if (at > used) break;
    entries.push_back({guest.value<std::uint64_t>(head), guest.value<std::uint64_t>(head + 8),
                       FileType{guest.value<std::uint8_t>(head + 20)},
                       guest.text(head + DirEnt::kSize, name_length)});
  }
  return {entries, used == length};
}

/// All entries, read with a buffer of `length` bytes as a C library does.
std::map<std::string, Entry> read_all(TestWorld& guest, Fd fd, std::size_t length) {
  std::map<std::string, Entry> all;
  DirCookie cookie = 0;
  for (;;) {
    const auto [entries, is_full] = read_some(guest, fd, cookie, length);
    for (const Entry& entry : entries) {
      CHECK(all.emplace(entry.name, entry).second);
      cookie = entry.next;
    }
    if (!is_full) return all;
    REQUIRE(!entries.empty());
  }
}

}  // namespace

TEST_SUITE("files") {
  TEST_CASE("every call refuses descriptors that are not open") {
    TestWorld guest;
    const Call call = guest.call();
    for (const std::uint32_t number : {4u, 5u, 1000u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      const Fd fd{number};
      CAPTURE(number);
      const IoVecs none = guest.iovecs({});
      CHECK(fd_advise(call, fd, 0, 0, Advice::normal) == Errno::badf);
      CHECK(fd_allocate(call, fd, 0, 1) == Errno::badf);
      CHECK(fd_close(call, fd) == Errno::badf);
      CHECK(fd_datasync(call, fd) == Errno::badf);
      CHECK(fd_fdstat_get(call, fd, guest.out<FdStat>()) == Errno::badf);
      CHECK(fd_fdstat_set_flags(call, fd, 0) == Errno::badf);
      CHECK(fd_fdstat_set_rights(call, fd, 0, 0) == Errno::badf);
      CHECK(fd_filestat_get(call, fd, guest.out<FileStat>()) == Errno::badf);
      CHECK(fd_filestat_set_size(call, fd, 0) == Errno::badf);
      CHECK(fd_filestat_set_times(call, fd, 0, 0, 0) == Errno::badf);
      CHECK(code(fd_pread(call, fd, none, 0, guest.out<Size>())) == Errno::badf);
      CHECK(fd_prestat_get(call, fd, guest.out<PreStat>()) == Errno::badf);
      CHECK(fd_prestat_dir_name(call, fd, guest.bytes(0, 10)) == Errno::badf);
      CHECK(code(fd_pwrite(call, fd, none, 0, guest.out<Size>())) == Errno::badf);
      CHECK(code(fd_read(call, fd, none, guest.out<Size>())) == Errno::badf);
      CHECK(fd_readdir(call, fd, guest.bytes(0, 10), 0, guest.out<Size>()) == Errno::badf);
      CHECK(fd_renumber(call, fd, kBox) == Errno::badf);
      CHECK(fd_renumber(call, kBox, fd) == Errno::badf);
      CHECK(fd_seek(call, fd, 0, Whence::set, guest.out<FileSize>()) == Errno::badf);
      CHECK(fd_sync(call, fd) == Errno::badf);
      CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::badf);
      CHECK(code(fd_write(call, fd, none, guest.out<Size>())) == Errno::badf);
      CHECK(path_create_directory(call, fd, {"x"}) == Errno::badf);
      CHECK(path_filestat_get(call, fd, 0, {"x"}, guest.out<FileStat>()) == Errno::badf);
      CHECK(path_filestat_set_times(call, fd, 0, {"x"}, 0, 0, 0) == Errno::badf);
      CHECK(path_link(call, fd, 0, {"x"}, kBox, {"y"}) == Errno::badf);
      CHECK(path_link(call, kBox, 0, {"x"}, fd, {"y"}) == Errno::badf);
      CHECK(guest.open("x", 0, 0, 0, 0, fd) == Errno::badf);
      CHECK(path_readlink(call, fd, {"x"}, guest.bytes(0, 1), guest.out<Size>(8)) == Errno::badf);
      CHECK(path_remove_directory(call, fd, {"x"}) == Errno::badf);
      CHECK(path_rename(call, fd, {"x"}, kBox, {"y"}) == Errno::badf);
      CHECK(path_rename(call, kBox, {"x"}, fd, {"y"}) == Errno::badf);
      CHECK(path_symlink(call, {"x"}, fd, {"y"}) == Errno::badf);
      CHECK(path_unlink_file(call, fd, {"x"}) == Errno::badf);
      CHECK(code(sock_accept(call, fd, 0, guest.out<Fd>())) == Errno::badf);
      CHECK(code(sock_recv(call, fd, none, 0, guest.out<Size>(), guest.out<std::uint16_t>(8))) ==
            Errno::badf);
      CHECK(code(sock_send(call, fd, none, 0, guest.out<Size>())) == Errno::badf);
      CHECK(sock_shutdown(call, fd, kShutRead) == Errno::badf);
    }
  }

  TEST_CASE("the description of a preopen") {
    TestWorld guest;
    const Call call = guest.call();
    CHECK(fd_prestat_get(call, kBox, guest.out<PreStat>()) == Errno::success);
    CHECK(guest.value<std::uint8_t>(0) == 0);
    CHECK(guest.value<Size>(4) == 1);
    CHECK(fd_prestat_dir_name(call, kBox, guest.bytes(16, 0)) == Errno::nametoolong);
    CHECK(fd_prestat_dir_name(call, kBox, guest.bytes(16, 1)) == Errno::success);
    CHECK(guest.text(16, 2) == std::string("/\0", 2));
    CHECK(fd_prestat_dir_name(call, kBox, guest.bytes(16, 9)) == Errno::success);
    const Fd sub = guest.must_open(".", 0, oflags::kDirectory);
    CHECK(fd_prestat_get(call, sub, guest.out<PreStat>()) == Errno::badf);
    CHECK(fd_prestat_dir_name(call, sub, guest.bytes(16, 1)) == Errno::notdir);
    CHECK(fd_prestat_get(call, Fd{0}, guest.out<PreStat>()) == Errno::badf);
    CHECK(fd_close(call, kBox) == Errno::success);
    CHECK(fd_prestat_get(call, kBox, guest.out<PreStat>()) == Errno::badf);
  }

  TEST_CASE("rights: reading and writing as asked for, the rest by the type of file") {
    TestWorld guest;
    const Call call = guest.call();
    write_file(guest.box("file"), "text");
    const auto base_of = [&](Fd fd) {
      CHECK(fd_fdstat_get(call, fd, guest.out<FdStat>()) == Errno::success);
      return guest.value<Rights>(8);
    };
    CHECK(base_of(guest.must_open("file", 0)) == (rights::kFile & ~kReadWrite));
    CHECK(base_of(guest.must_open("file", rights::kFdRead)) == (rights::kFile & ~rights::kFdWrite));
    CHECK(base_of(guest.must_open("file", kReadWrite)) == rights::kFile);
    CHECK(base_of(guest.must_open(".", rights::kFdSeek | rights::kFdReaddir)) ==
          rights::kDirectory);
    CHECK(base_of(kBox) == rights::kDirectory);
    CHECK((guest.value<Rights>(16) & rights::kFile) == rights::kFile);
    CHECK(guest.value<std::uint8_t>(0) == static_cast<std::uint8_t>(FileType::directory));
  }

  TEST_CASE("rights can be taken away for good") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(fd_fdstat_set_rights(call, fd, rights::kFile | rights::kPathOpen, 0) ==
          Errno::notcapable);
    CHECK(fd_fdstat_set_rights(call, fd, rights::kFdWrite, rights::kFdWrite) == Errno::notcapable);
    CHECK(fd_fdstat_set_rights(call, fd, rights::kFdWrite, 0) == Errno::success);
    CHECK(guest.write(fd, "x") == Errno::success);
    CHECK(guest.read(fd) == "<badf>");
    CHECK(fd_seek(call, fd, 0, Whence::set, guest.out<FileSize>()) == Errno::notcapable);
    CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::notcapable);
    CHECK(fd_filestat_get(call, fd, guest.out<FileStat>()) == Errno::notcapable);
    CHECK(fd_filestat_set_size(call, fd, 0) == Errno::notcapable);
    CHECK(fd_filestat_set_times(call, fd, 0, 0, 0) == Errno::notcapable);
    CHECK(fd_advise(call, fd, 0, 0, Advice::normal) == Errno::notcapable);
    CHECK(fd_allocate(call, fd, 0, 1) == Errno::notcapable);
    CHECK(fd_sync(call, fd) == Errno::notcapable);
    CHECK(fd_datasync(call, fd) == Errno::notcapable);
    CHECK(fd_fdstat_set_flags(call, fd, 0) == Errno::notcapable);
    CHECK(fd_fdstat_set_rights(call, fd, kReadWrite, 0) == Errno::notcapable);

    // A directory hands down no more than its inheriting rights.
    const Fd dir = guest.must_open(".", 0, oflags::kDirectory);
    CHECK(fd_fdstat_set_rights(call, dir, rights::kPathOpen, rights::kFdRead) == Errno::success);
    CHECK(guest.open("file", rights::kFdWrite, 0, 0, 0, dir) == Errno::notcapable);
    CHECK(guest.open("file", 0, oflags::kTrunc, 0, 0, dir) == Errno::notcapable);
    CHECK(guest.open("new", 0, oflags::kCreat, 0, 0, dir) == Errno::notcapable);
    REQUIRE(guest.open("file", rights::kFdRead, 0, 0, 0, dir) == Errno::success);
    CHECK(guest.read(guest.opened) == "x");
    CHECK(fd_tell(call, guest.opened, guest.out<FileSize>()) == Errno::notcapable);
    CHECK(path_create_directory(call, dir, {"d"}) == Errno::notcapable);
    CHECK(path_unlink_file(call, dir, {"file"}) == Errno::notcapable);
    CHECK(fd_readdir(call, dir, guest.bytes(0, 10), 0, guest.out<Size>(64)) == Errno::notcapable);
  }

  TEST_CASE("sizes and space") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    CHECK(stat_of(guest, fd).size == 0);
    CHECK(fd_filestat_set_size(call, fd, 100) == Errno::success);
    CHECK(stat_of(guest, fd).size == 100);
    CHECK(fd_filestat_set_size(call, fd, 10) == Errno::success);
    CHECK(stat_of(guest, fd).size == 10);
    CHECK(fd_filestat_set_size(call, fd, ~FileSize{0}) == Errno::inval);
    CHECK(fd_filestat_set_size(call, fd, FileSize{1} << 63) == Errno::inval);
    // Each of the steps in which much is cut off is paid for.
    std::uint64_t bytes = 0;
    Call counting = guest.call();
    counting.transferred = &bytes;
    CHECK(fd_filestat_set_size(counting, fd, 1 << 30) == Errno::success);
    CHECK(bytes == 8192);
    CHECK(fd_filestat_set_size(counting, fd, 10) == Errno::success);
    CHECK(bytes == 8192 + 16 * 8192);
    CHECK(fd_allocate(call, fd, 90, 20) == Errno::success);
    CHECK(stat_of(guest, fd).size == 110);
    CHECK(fd_allocate(call, fd, 0, 10) == Errno::success);
    CHECK(stat_of(guest, fd).size == 110);
    CHECK(fd_allocate(call, fd, 0, 0) == Errno::inval);
    CHECK(fd_allocate(call, fd, ~FileSize{0}, 1) == Errno::inval);
    CHECK(fd_allocate(call, fd, 1, ~FileSize{0}) == Errno::inval);
    CHECK(fd_allocate(call, fd, FileSize{1} << 62, (FileSize{1} << 63) - 1) == Errno::fbig);
    const Fd reader = guest.must_open("file", rights::kFdRead);
    CHECK(fd_filestat_set_size(call, reader, 0) == Errno::badf);
    CHECK(fd_allocate(call, reader, 0, 1) == Errno::badf);
    CHECK(fd_filestat_set_size(call, kBox, 0) == Errno::isdir);
    CHECK(fd_allocate(call, kBox, 0, 1) == Errno::isdir);
  }

  TEST_CASE("times") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", rights::kFdRead, oflags::kCreat);
    using namespace fstflags;
    CHECK(fd_filestat_set_times(call, fd, 1'000'000'001, 2'000'000'002, kAtim | kMtim) ==
          Errno::success);
    CHECK(stat_of(guest, fd).atim == 1'000'000'001);
    CHECK(stat_of(guest, fd).mtim == 2'000'000'002);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, kMtim) == Errno::success);
    CHECK(stat_of(guest, fd).atim == 1'000'000'001);
    CHECK(stat_of(guest, fd).mtim == 6);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, 0) == Errno::success);
    CHECK(stat_of(guest, fd).mtim == 6);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, kAtimNow) == Errno::success);
    CHECK(stat_of(guest, fd).atim > 1'000'000'000'000);
    CHECK(stat_of(guest, fd).mtim == 6);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, kAtim | kAtimNow) == Errno::inval);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, kMtim | kMtimNow) == Errno::inval);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, 16) == Errno::inval);
    CHECK(fd_filestat_set_times(call, fd, 5, 6, 0xffffffff) == Errno::inval);
    CHECK(fd_filestat_set_times(call, kBox, 7, 8, kMtim) == Errno::success);
    CHECK(stat_of(guest, kBox).mtim == 8);
  }

  TEST_CASE("flags") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd =
        guest.must_open("file", kReadWrite, oflags::kCreat, fdflags::kAppend | fdflags::kSync);
    const auto flags = [&] {
      CHECK(fd_fdstat_get(call, fd, guest.out<FdStat>()) == Errno::success);
      return guest.value<std::uint16_t>(2);
    };
    CHECK(flags() == (fdflags::kAppend | fdflags::kSync));
    CHECK(guest.write(fd, "one") == Errno::success);
    CHECK(fd_seek(call, fd, 0, Whence::set, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.write(fd, "two") == Errno::success);
    CHECK(read_file(guest.box("file")) == "onetwo");
    CHECK(fd_fdstat_set_flags(call, fd, 0) == Errno::inval);  // sync is decided at opening
    CHECK(fd_fdstat_set_flags(call, fd, fdflags::kSync) == Errno::success);
    CHECK(fd_seek(call, fd, 0, Whence::set, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.write(fd, "TH") == Errno::success);
    CHECK(read_file(guest.box("file")) == "THetwo");
    CHECK(fd_fdstat_set_flags(call, fd, fdflags::kSync | fdflags::kNonblock) == Errno::success);
    CHECK(flags() == (fdflags::kSync | fdflags::kNonblock));
    CHECK(fd_fdstat_set_flags(call, fd, 32) == Errno::inval);
    CHECK(fd_fdstat_set_flags(call, fd, 0xffffffff) == Errno::inval);
  }

  TEST_CASE("advice and synchronisation") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    for (std::uint32_t advice = 0; advice < 6; ++advice) {
      CHECK(fd_advise(call, fd, 0, 100, Advice{advice}) == Errno::success);
    }
    CHECK(fd_advise(call, fd, 0, 100, Advice{6}) == Errno::inval);
    CHECK(fd_advise(call, fd, 0, 100, Advice{256}) == Errno::inval);
    CHECK(fd_advise(call, fd, ~FileSize{0}, 1, Advice::normal) == Errno::inval);
    CHECK(fd_advise(call, fd, 1, ~FileSize{0}, Advice::normal) == Errno::inval);
    CHECK(fd_advise(call, kBox, 0, 0, Advice::normal) == Errno::badf);
    CHECK(fd_advise(call, Fd{0}, 0, 0, Advice::normal) == Errno::spipe);
    CHECK(fd_sync(call, fd) == Errno::success);
    CHECK(fd_datasync(call, fd) == Errno::success);
    CHECK(fd_sync(call, kBox) == Errno::success);
    CHECK(fd_sync(call, Fd{1}) == Errno::success);
  }

  TEST_CASE("the attributes in the layout of snapshot 0") {
    TestWorld guest;
    write_file(guest.box("file"), "12345");
    const Fd fd = guest.must_open("file", rights::kFdRead);
    CHECK(unstable::fd_filestat_get(guest.call(), fd, guest.out<UnstableFileStat>()) ==
          Errno::success);
    CHECK(guest.value<std::uint32_t>(20) == 1);
    CHECK(guest.value<std::uint64_t>(24) == 5);
    CHECK(unstable::path_filestat_get(guest.call(), kBox, 0, {"file"},
                                      guest.out<UnstableFileStat>(100)) == Errno::success);
    CHECK(guest.value<std::uint64_t>(124) == 5);
  }

  TEST_CASE("directory entries") {
    TestWorld guest;
    const std::size_t kFiles = 100;
    for (std::size_t i = 0; i < kFiles; ++i) {
      write_file(guest.box("file." + std::to_string(i)), "");
    }
    std::filesystem::create_directory(guest.box("sub"));
    std::filesystem::create_symlink("sub", guest.box("link"));
    for (const std::size_t length : {64u, 100u, 255u, 256u, 1000u, 40'000u}) {
      CAPTURE(length);
      const auto all = read_all(guest, kBox, length);
      CHECK(all.size() == kFiles + 4);
      REQUIRE(all.contains("."));
      REQUIRE(all.contains(".."));
      REQUIRE(all.contains("sub"));
      REQUIRE(all.contains("link"));
      CHECK(all.at(".").type == FileType::directory);
      CHECK(all.at(".").ino == stat_of(guest, kBox).ino);
      CHECK(all.at("..").ino == all.at(".").ino);  // nothing is known of what is outside
      CHECK(all.at("sub").type == FileType::directory);
      CHECK(all.at("link").type == FileType::symbolic_link);
      CHECK(all.at("file.7").type == FileType::regular_file);
    }
    for (const char* same : {".", "sub/..", "./."}) {
      const Fd again = guest.must_open(same, 0, oflags::kDirectory);
      CHECK(read_all(guest, again, 1000).at("..").ino == stat_of(guest, kBox).ino);
    }
    // From any cookie on, in any order.
    const auto [entries, is_full] = read_some(guest, kBox, 0, 40'000);
    REQUIRE(entries.size() > 20);
    for (const std::size_t from : {10u, 2u, 19u, 3u}) {
      const auto [rest, ignored] = read_some(guest, kBox, entries[from].next, 100);
      REQUIRE(!rest.empty());
      CHECK(rest.front().name == entries[from + 1].name);
    }
    CHECK(read_some(guest, kBox, entries.back().next, 100).first.empty());
  }

  TEST_CASE("reading a directory from elsewhere is paid for, going on is not") {
    for (const bool is_sorted : {false, true}) {
      CAPTURE(is_sorted);
      WasiConfig config;
      config.sorted_directories = is_sorted;
      TestWorld guest(config);
      for (int i = 0; i < 50; ++i) write_file(guest.box(std::to_string(i)), "");
      std::uint64_t bytes = 0;
      Call call = guest.call();
      call.transferred = &bytes;
      const auto read = [&](DirCookie cookie) {
        bytes = 0;
        CHECK(fd_readdir(call, kBox, guest.bytes(8192, 24), cookie, guest.out<Size>()) ==
              Errno::success);
        return guest.value<DirCookie>(8192);
      };
      const DirCookie second = read(0);
      CHECK(bytes == (is_sorted ? 52 * 512 : 96 << 10));
      const DirCookie third = read(second);
      CHECK(bytes == 0);
      read(third);
      CHECK(bytes == 0);
      read(second);
      CHECK(bytes == (is_sorted ? 0 : 96 << 10));
      read(0);
      CHECK(bytes == (is_sorted ? 52 * 512 : 96 << 10));
    }
  }

  TEST_CASE("a directory buffer of any size is filled to its end") {
    TestWorld guest;
    const Call call = guest.call();
    write_file(guest.box("some file"), "");
    for (std::size_t length = 0; length < 60; ++length) {
      CAPTURE(length);
      CHECK(fd_readdir(call, kBox, guest.bytes(8192, length), 0, guest.out<Size>()) ==
            Errno::success);
      CHECK(guest.value<Size>() == std::min<std::size_t>(length, 3 * 24 + 1 + 2 + 9));
    }
  }

  TEST_CASE("removing files while reading their directory") {
    TestWorld guest;
    const Call call = guest.call();
    for (int i = 0; i < 200; ++i) write_file(guest.box(std::to_string(i)), "");
    DirCookie cookie = 0;
    for (;;) {
      const auto [entries, is_full] = read_some(guest, kBox, cookie, 300);
      for (const Entry& entry : entries) {
        cookie = entry.next;
        if (entry.type == FileType::directory) continue;
        CHECK(path_unlink_file(call, kBox, {entry.name}) == Errno::success);
      }
      if (!is_full) break;
    }
    CHECK(read_all(guest, kBox, 1000).size() == 2);
  }

  TEST_CASE("new entries are seen from the start on, and odd cookies do no harm") {
    TestWorld guest;
    const Call call = guest.call();
    CHECK(read_all(guest, kBox, 1000).size() == 2);
    write_file(guest.box("file"), "");
    CHECK(read_all(guest, kBox, 1000).size() == 3);
    for (const DirCookie cookie : {DirCookie{1} << 62, DirCookie{12345}, ~DirCookie{0} >> 1}) {
      (void)fd_readdir(call, kBox, guest.bytes(8192, 1000), cookie, guest.out<Size>());
    }
    CHECK(fd_readdir(call, kBox, guest.bytes(8192, 1000), ~DirCookie{0}, guest.out<Size>()) ==
          Errno::inval);
    CHECK(read_all(guest, kBox, 1000).size() == 3);
    const Fd file = guest.must_open("file", rights::kFdRead);
    CHECK(fd_readdir(call, file, guest.bytes(8192, 10), 0, guest.out<Size>()) == Errno::notdir);
    CHECK(fd_readdir(call, Fd{0}, guest.bytes(8192, 10), 0, guest.out<Size>()) == Errno::notdir);
  }

  TEST_CASE("renumbering") {
    TestWorld guest;
    const Call call = guest.call();
    const Fd file = guest.must_open("file", kReadWrite, oflags::kCreat);
    const Fd other = guest.must_open("other", kReadWrite, oflags::kCreat);
    CHECK(guest.write(file, "file") == Errno::success);
    CHECK(fd_renumber(call, file, other) == Errno::success);
    CHECK(fd_close(call, file) == Errno::badf);
    CHECK(guest.write(other, "more") == Errno::success);
    CHECK(read_file(guest.box("file")) == "filemore");
    // A preopen, and standard output, can be replaced as well.
    CHECK(fd_renumber(call, other, Fd{1}) == Errno::success);
    CHECK(guest.write(Fd{1}, "out") == Errno::success);
    CHECK(read_file(guest.box("file")) == "filemoreout");
    const Fd sub = guest.must_open(".", 0, oflags::kDirectory);
    CHECK(fd_renumber(call, sub, kBox) == Errno::success);
    CHECK(fd_prestat_get(call, kBox, guest.out<PreStat>()) == Errno::badf);
    CHECK(guest.open("file", rights::kFdRead) == Errno::success);
  }

  TEST_CASE("no more open files than allowed") {
    WasiConfig config;
    config.max_open_files = 6;
    TestWorld guest(config);
    CHECK(guest.open("a", 0, oflags::kCreat) == Errno::success);
    CHECK(guest.open("b", 0, oflags::kCreat) == Errno::success);
    CHECK(guest.open("c", 0, oflags::kCreat) == Errno::mfile);
    CHECK_FALSE(std::filesystem::exists(guest.box("c")));
    CHECK(fd_close(guest.call(), guest.opened) == Errno::success);
    CHECK(guest.open("c", 0, oflags::kCreat) == Errno::success);
  }
}
