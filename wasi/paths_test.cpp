// SPDX-License-Identifier: Apache-2.0
// The path_* calls where they are allowed to work; path_test.cpp has the sandbox.
#include <doctest/doctest.h>
#include <string>
#include <sys/stat.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

struct Fixture {
  TestWorld guest;
  Call call = guest.call();

  Errno make_directory(const std::string& path) {
    return path_create_directory(call, kBox, {path});
  }
  Errno remove_directory(const std::string& path) {
    return path_remove_directory(call, kBox, {path});
  }
  Errno unlink(const std::string& path) { return path_unlink_file(call, kBox, {path}); }
  Errno rename(const std::string& from, const std::string& to) {
    return path_rename(call, kBox, {from}, kBox, {to});
  }
  Errno link(const std::string& from, const std::string& to, LookupFlags flags = 0) {
    return path_link(call, kBox, flags, {from}, kBox, {to});
  }
  Errno symlink(const std::string& target, const std::string& path) {
    return path_symlink(call, {target}, kBox, {path});
  }
  Errno stat(const std::string& path, LookupFlags flags = 0) {
    return path_filestat_get(call, kBox, flags, {path}, guest.out<FileStat>());
  }
  FileType type() const { return FileType{guest.value<std::uint8_t>(16)}; }
  /// The text of a link, or the name of the error.
  std::string read_link(const std::string& path, std::size_t length = 100) {
    const Errno error =
        path_readlink(call, kBox, {path}, guest.bytes(16, length), guest.out<Size>());
    return error == Errno::success ? guest.text(16, guest.value<Size>()) : to_string(error);
  }
  void file(const std::string& name, const std::string& text = "") {
    write_file(guest.box(name), text);
  }
  bool exists(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(guest.box(name)));
  }
};

}  // namespace

TEST_SUITE("paths") {
  TEST_CASE_FIXTURE(Fixture, "directories are made and removed") {
    CHECK(make_directory("d") == Errno::success);
    CHECK(make_directory("d") == Errno::exist);
    CHECK(make_directory("d/e/") == Errno::success);
    CHECK(make_directory("x/y") == Errno::noent);
    CHECK(make_directory(".") == Errno::exist);
    CHECK(make_directory("d/..") == Errno::exist);
    CHECK(remove_directory("d") == Errno::notempty);
    CHECK(remove_directory("d/e/") == Errno::success);
    CHECK(remove_directory("d") == Errno::success);
    CHECK(remove_directory("d") == Errno::noent);
    CHECK(remove_directory(".") == Errno::inval);
    file("f");
    CHECK(remove_directory("f") == Errno::notdir);
    CHECK(remove_directory("f/") == Errno::notdir);
    CHECK(make_directory("f") == Errno::exist);
    CHECK(make_directory("f/g") == Errno::notdir);
    CHECK(symlink("gone", "l") == Errno::success);
    CHECK(make_directory("l") == Errno::exist);
    CHECK(remove_directory("l") == Errno::notdir);
  }

  TEST_CASE_FIXTURE(Fixture, "a slash does not make a link a directory to remove") {
    CHECK(make_directory("d") == Errno::success);
    CHECK(symlink("d", "l") == Errno::success);
    CHECK(remove_directory("l/") == Errno::notdir);
    CHECK(unlink("l/") == Errno::notdir);
    CHECK(rename("l/", "m") == Errno::notdir);
    CHECK(exists("d"));
    CHECK(unlink("l") == Errno::success);
    CHECK(exists("d"));
  }

  TEST_CASE_FIXTURE(Fixture, "files are unlinked") {
    file("f");
    CHECK(make_directory("d") == Errno::success);
    CHECK(unlink("f/") == Errno::notdir);
    CHECK(unlink("f") == Errno::success);
    CHECK(unlink("f") == Errno::noent);
    CHECK(unlink("d") == Errno::isdir);
    CHECK(unlink("d/") == Errno::isdir);
    CHECK(unlink(".") == Errno::isdir);
    CHECK(unlink("x/") == Errno::noent);
  }

  TEST_CASE_FIXTURE(Fixture, "renaming") {
    file("f", "text");
    CHECK(make_directory("d") == Errno::success);
    CHECK(rename("f", "d/g") == Errno::success);
    CHECK(read_file(guest.box("d/g")) == "text");
    CHECK(rename("f", "h") == Errno::noent);
    CHECK(rename("d/g", "h/") == Errno::notdir);
    CHECK(rename("d/g/", "h") == Errno::notdir);
    CHECK(rename("d/g", ".") == Errno::busy);
    CHECK(rename("d/", "e/") == Errno::success);
    CHECK(rename("e", "e/sub") == Errno::inval);
    CHECK(make_directory("full") == Errno::success);
    file("full/x");
    CHECK(rename("e", "full") == Errno::notempty);
    CHECK(rename("full/x", "e") == Errno::isdir);
    CHECK(rename("e", "full/x") == Errno::notdir);
    // Between two directories of the guest.
    const Fd e = guest.must_open("e", 0, oflags::kDirectory);
    CHECK(path_rename(call, e, {"g"}, kBox, {"g"}) == Errno::success);
    CHECK(exists("g"));
  }

  TEST_CASE_FIXTURE(Fixture, "hard links") {
    file("f", "text");
    CHECK(make_directory("d") == Errno::success);
    CHECK(link("f", "g") == Errno::success);
    CHECK(stat("g") == Errno::success);
    CHECK(guest.value<std::uint64_t>(24) == 2);
    CHECK(link("f", "g") == Errno::exist);
    CHECK(link("f", "f") == Errno::exist);
    CHECK(link("f", "d") == Errno::exist);
    CHECK(link("d", "e") == Errno::perm);
    CHECK(link("f", "h/") == Errno::noent);
    CHECK(link("f", "d/") == Errno::exist);
    CHECK(link("f", "g/") == Errno::notdir);
    CHECK(link("f/", "h") == Errno::notdir);
    CHECK(link("x", "h") == Errno::noent);
    CHECK(symlink("f", "l") == Errno::success);
    CHECK(link("l", "m") == Errno::success);
    CHECK(read_link("m") == "f");
    CHECK(link("l", "n", kSymlinkFollow) == Errno::success);
    CHECK(read_link("n") == "inval");
    CHECK(symlink("gone", "dangling") == Errno::success);
    CHECK(link("dangling", "o", kSymlinkFollow) == Errno::noent);
    CHECK(link("f", "dangling") == Errno::exist);
    CHECK(link("f", "p", 2) == Errno::inval);
  }

  TEST_CASE_FIXTURE(Fixture, "symbolic links") {
    file("f", "text");
    CHECK(make_directory("d") == Errno::success);
    CHECK(symlink("f", "l") == Errno::success);
    CHECK(symlink("f", "l") == Errno::exist);
    CHECK(symlink("f", "d") == Errno::exist);
    CHECK(symlink("f", "d/") == Errno::exist);
    CHECK(symlink("f", "f/") == Errno::notdir);
    CHECK(symlink("f", "new/") == Errno::noent);
    CHECK(symlink("f", "x/y") == Errno::noent);
    CHECK(symlink("a\xff", "m") == Errno::ilseq);
    CHECK(symlink(std::string("a\0b", 3), "m") == Errno::inval);
    CHECK(symlink(std::string(4096, 'a'), "m") == Errno::nametoolong);
    CHECK(read_link("l") == "f");
    CHECK(symlink("somewhere/else", "m") == Errno::success);
    CHECK(read_link("m") == "somewhere/else");
    guest.put_text(16, "????????");
    CHECK(read_link("m", 4) == "some");
    CHECK(guest.text(20, 1) == "?");
    CHECK(read_link("m", 0) == "");
    CHECK(read_link("f") == "inval");
    CHECK(read_link("d/") == "inval");
    CHECK(read_link("f/") == "notdir");
    CHECK(read_link("x") == "noent");
  }

  TEST_CASE_FIXTURE(Fixture, "attributes") {
    file("f", "12345");
    CHECK(make_directory("d") == Errno::success);
    CHECK(symlink("f", "l") == Errno::success);
    CHECK(symlink("d", "ld") == Errno::success);
    CHECK(stat("f") == Errno::success);
    CHECK(type() == FileType::regular_file);
    CHECK(guest.value<std::uint64_t>(32) == 5);
    CHECK(stat("l") == Errno::success);
    CHECK(type() == FileType::symbolic_link);
    CHECK(stat("l", kSymlinkFollow) == Errno::success);
    CHECK(type() == FileType::regular_file);
    CHECK(stat("d") == Errno::success);
    CHECK(type() == FileType::directory);
    CHECK(stat("d/") == Errno::success);
    CHECK(stat("ld/") == Errno::success);
    CHECK(type() == FileType::directory);
    CHECK(stat(".") == Errno::success);
    CHECK(stat("d/..") == Errno::success);
    CHECK(stat("f/") == Errno::notdir);
    CHECK(stat("l/") == Errno::notdir);
    CHECK(stat("x") == Errno::noent);
    CHECK(stat("") == Errno::noent);
    CHECK(stat("f", 2) == Errno::inval);
    CHECK(stat("f", 0xffffffff) == Errno::inval);
  }

  TEST_CASE_FIXTURE(Fixture, "times") {
    file("f");
    CHECK(symlink("f", "l") == Errno::success);
    const auto set = [&](const char* path, LookupFlags flags, Timestamp time) {
      return path_filestat_set_times(call, kBox, flags, {path}, 0, time, fstflags::kMtim);
    };
    const auto mtim = [&](const char* path) {
      CHECK(stat(path) == Errno::success);
      return guest.value<Timestamp>(48);
    };
    CHECK(set("f", 0, 1000) == Errno::success);
    CHECK(mtim("f") == 1000);
    CHECK(set("l", 0, 2000) == Errno::success);
    CHECK(mtim("l") == 2000);
    CHECK(mtim("f") == 1000);
    CHECK(set("l", kSymlinkFollow, 3000) == Errno::success);
    CHECK(mtim("l") == 2000);
    CHECK(mtim("f") == 3000);
    CHECK(set(".", 0, 4000) == Errno::success);
    CHECK(mtim(".") == 4000);
    CHECK(set("x", 0, 1) == Errno::noent);
    CHECK(set("f/", 0, 1) == Errno::notdir);
    CHECK(set("f", 4, 1) == Errno::inval);
    CHECK(path_filestat_set_times(call, kBox, 0, {"f"}, 0, 0,
                                  fstflags::kMtim | fstflags::kMtimNow) == Errno::inval);
    CHECK(mtim("f") == 3000);
  }

  TEST_CASE_FIXTURE(Fixture, "opening") {
    using namespace oflags;
    file("f", "text");
    CHECK(make_directory("d") == Errno::success);
    CHECK(symlink("f", "l") == Errno::success);
    CHECK(symlink("created", "dangling") == Errno::success);
    CHECK(guest.open("new", kReadWrite) == Errno::noent);
    CHECK(guest.open("new", kReadWrite, kCreat) == Errno::success);
    CHECK(guest.open("new", kReadWrite, kCreat | kExcl) == Errno::exist);
    CHECK(guest.open("l", kReadWrite, kCreat | kExcl) == Errno::exist);
    CHECK(guest.open("dangling", kReadWrite, kCreat | kExcl) == Errno::exist);
    CHECK_FALSE(exists("created"));
    CHECK(guest.open("dangling", kReadWrite, kCreat) == Errno::success);
    CHECK(exists("created"));
    CHECK(guest.open("d", rights::kFdRead) == Errno::success);
    CHECK(guest.open("d", rights::kFdRead, kDirectory) == Errno::success);
    CHECK(guest.open("d", rights::kFdWrite) == Errno::isdir);
    CHECK(guest.open("d", kReadWrite, kDirectory) == Errno::isdir);
    CHECK(guest.open("d", 0, kCreat) == Errno::isdir);
    CHECK(guest.open("f", 0, kDirectory) == Errno::notdir);
    CHECK(guest.open("l", 0, kDirectory) == Errno::notdir);
    CHECK(guest.open("l", 0, kDirectory, 0, 0) != Errno::success);
    CHECK(guest.open("n", 0, kCreat | kDirectory) == Errno::inval);
    CHECK(guest.open("n/", 0, kCreat) == Errno::isdir);
    CHECK(guest.open("f/", 0, kCreat) == Errno::isdir);
    CHECK(guest.open("f", 0, 16) == Errno::inval);
    CHECK(guest.open("f", 0, 0, 32) == Errno::inval);
    CHECK(guest.open("f", 0, 0, 0, 2) == Errno::inval);
    CHECK(guest.open("f", rights::kFdRead, kExcl) == Errno::success);
    CHECK(guest.read(guest.opened) == "text");
    CHECK(guest.open("f", kReadWrite, kTrunc) == Errno::success);
    CHECK(guest.read(guest.opened) == "");
    CHECK(read_file(guest.box("f")) == "");
    CHECK(guest.open(".", 0, 0, fdflags::kNonblock) == Errno::success);
    const Fd f = guest.must_open("f", 0);
    CHECK(guest.open("g", 0, kCreat, 0, 0, f) == Errno::notdir);
    CHECK(guest.open("g", 0, kCreat, 0, 0, Fd{0}) == Errno::notdir);
  }

  TEST_CASE_FIXTURE(Fixture, "all calls want a directory to start from") {
    file("f");
    for (const Fd fd : {guest.must_open("f", kReadWrite), Fd{0}, Fd{1}}) {
      CHECK(path_create_directory(call, fd, {"x"}) == Errno::notdir);
      CHECK(path_filestat_get(call, fd, 0, {"x"}, guest.out<FileStat>()) == Errno::notdir);
      CHECK(path_filestat_set_times(call, fd, 0, {"x"}, 0, 0, 0) == Errno::notdir);
      CHECK(path_link(call, fd, 0, {"x"}, kBox, {"y"}) == Errno::notdir);
      CHECK(path_link(call, kBox, 0, {"f"}, fd, {"y"}) == Errno::notdir);
      CHECK(path_readlink(call, fd, {"x"}, guest.bytes(16, 1), guest.out<Size>()) == Errno::notdir);
      CHECK(path_remove_directory(call, fd, {"x"}) == Errno::notdir);
      CHECK(path_rename(call, fd, {"x"}, kBox, {"y"}) == Errno::notdir);
      CHECK(path_rename(call, kBox, {"f"}, fd, {"y"}) == Errno::notdir);
      CHECK(path_symlink(call, {"x"}, fd, {"y"}) == Errno::notdir);
      CHECK(path_unlink_file(call, fd, {"x"}) == Errno::notdir);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "opening a FIFO does not hang") {
    REQUIRE(::mkfifo(guest.box("fifo").c_str(), 0600) == 0);
    CHECK(guest.open("fifo", rights::kFdWrite) == Errno::nxio);  // nobody reads
    const Fd reader = guest.must_open("fifo", rights::kFdRead);
    const Fd writer = guest.must_open("fifo", rights::kFdWrite);
    CHECK(guest.write(writer, "through") == Errno::success);
    CHECK(guest.read(reader) == "through");
    CHECK(fd_close(call, writer) == Errno::success);
    CHECK(guest.read(reader) == "");
  }

  TEST_CASE("changes of a directory are paid for") {
    TestWorld guest;
    std::uint64_t bytes = 0;
    Call call = guest.call();
    call.transferred = &bytes;
    CHECK(path_create_directory(call, kBox, {"d"}) == Errno::success);
    CHECK(bytes == 16384);
    CHECK(path_filestat_get(call, kBox, 0, {"d"}, guest.out<FileStat>()) == Errno::success);
    CHECK(bytes == 16384);
    CHECK(path_remove_directory(call, kBox, {"d"}) == Errno::success);
    CHECK(bytes == 2 * 16384);
    CHECK(path_open(call, kBox, 0, {"f"}, oflags::kCreat, rights::kFdWrite, 0, 0,
                    guest.out<Fd>()) == Errno::success);
    CHECK(bytes == 3 * 16384);
    CHECK(path_rename(call, kBox, {"f"}, kBox, {"g"}) == Errno::success);
    CHECK(bytes == 5 * 16384);
    CHECK(path_filestat_get(call, kBox, kSymlinkFollow, {"g"}, guest.out<FileStat>()) ==
          Errno::success);
    CHECK(bytes == 5 * 16384);
  }
}
