// SPDX-License-Identifier: Apache-2.0
// Directories, files and streams of the embedder, as a guest sees them.
#include "wasi/virtual_files.hpp"

#include <doctest/doctest.h>
#include <stdexcept>
#include <string>

#include <tinywasm/tinywasm.hpp>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

constexpr Fd kTree{4};  // 3 is the host's directory that every TestWorld has

WasiConfig with_tree(std::shared_ptr<WasiDirectory> tree, bool read_only = false) {
  WasiConfig config;
  config.preopens.push_back(
      {.guest = "/tree", .read_only = read_only, .directory = std::move(tree)});
  return config;
}

Errno open_in(TestWorld& guest, const std::string& path, Rights rights, OFlags oflags = 0,
              FdFlags fdflags = 0, Fd directory = kTree) {
  return guest.open(path, rights, oflags, fdflags, kSymlinkFollow, directory);
}

FileSize size_of(TestWorld& guest, const std::string& path) {
  REQUIRE(path_filestat_get(guest.call(), kTree, 0, {path}, guest.out<FileStat>()) ==
          Errno::success);
  return guest.value<FileSize>(32);
}

std::string names(TestWorld& guest, Fd fd) {
  std::string result;
  REQUIRE(fd_readdir(guest.call(), fd, guest.bytes(8192, 4096), 0, guest.out<Size>()) ==
          Errno::success);
  for (std::size_t at = 8192, end = 8192 + guest.value<Size>(); at < end;) {
    const auto length = guest.value<std::uint32_t>(at + 16);
    result += guest.text(at + DirEnt::kSize, length) + " ";
    at += DirEnt::kSize + length;
  }
  return result;
}

/// One file, which cannot be changed, and which claims odd things.
class OddFile : public WasiFile {
 public:
  WasiFileInfo info() override { return {.size = ~std::uint64_t{0}}; }
  WasiTransfer read(std::uint64_t offset, std::span<std::byte> to) override {
    if (offset >= 3) return WasiTransfer::failed(EIO);
    if (!to.empty()) to[0] = std::byte{'o'};
    return offset == 0 ? 1'000'000 : 1;
  }
};
class OddDirectory : public WasiDirectory {
 public:
  WasiFileInfo info() override { return {}; }
  WasiEntry find(const std::string& name) override {
    if (name == "throws") throw std::runtime_error("no such luck");
    return name == "file" ? WasiEntry{std::make_shared<OddFile>(), nullptr} : WasiEntry{};
  }
  std::vector<std::string> names() override { return {"file", "ghost"}; }
};

}  // namespace

TEST_SUITE("virtual_files") {
  TEST_CASE("a file's life") {
    WasiMemoryFiles files;
    TestWorld guest(with_tree(files.root()));
    const Call call = guest.call();
    CHECK(path_create_directory(call, kTree, {"dir"}) == Errno::success);
    CHECK(path_create_directory(call, kTree, {"dir"}) == Errno::exist);
    CHECK(path_create_directory(call, kTree, {"no/dir"}) == Errno::noent);
    REQUIRE(open_in(guest, "dir/file", kReadWrite, oflags::kCreat) == Errno::success);
    const Fd fd = guest.opened;
    CHECK(guest.write(fd, "hello world") == Errno::success);
    CHECK(*files.read("dir/file") == "hello world");
    CHECK(fd_tell(call, fd, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.value<FileSize>() == 11);
    CHECK(fd_seek(call, fd, -5, Whence::cur, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.read(fd) == "world");
    CHECK(guest.read(fd) == "");
    CHECK(fd_seek(call, fd, -11, Whence::end, guest.out<FileSize>()) == Errno::success);
    CHECK(guest.value<FileSize>() == 0);
    CHECK(fd_seek(call, fd, -1, Whence::set, guest.out<FileSize>()) == Errno::inval);
    CHECK(fd_seek(call, fd, std::numeric_limits<std::int64_t>::max(), Whence::end,
                  guest.out<FileSize>()) == Errno::overflow);
    CHECK(code(fd_pread(call, fd, guest.iovecs({{4096, 3}, {4200, 2}}), 4, guest.out<Size>())) ==
          Errno::success);
    CHECK(guest.value<Size>() == 5);
    CHECK(guest.text(4096, 3) == "o w");
    CHECK(guest.text(4200, 2) == "or");
    guest.put_text(4096, "HE");
    CHECK(code(fd_pwrite(call, fd, guest.iovecs({{4096, 2}}), 0, guest.out<Size>())) ==
          Errno::success);
    CHECK(*files.read("dir/file") == "HEllo world");
    CHECK(fd_filestat_set_size(call, fd, 4) == Errno::success);
    CHECK(fd_allocate(call, fd, 2, 4) == Errno::success);
    CHECK(fd_allocate(call, fd, 0, 1) == Errno::success);
    CHECK(size_of(guest, "dir/file") == 6);
    CHECK(fd_advise(call, fd, 0, 0, Advice::normal) == Errno::success);
    CHECK(fd_sync(call, fd) == Errno::success);
    CHECK(fd_datasync(call, fd) == Errno::success);
    CHECK(fd_filestat_set_times(call, fd, 7, 8, fstflags::kAtim | fstflags::kMtim) ==
          Errno::success);
    CHECK(fd_filestat_get(call, fd, guest.out<FileStat>()) == Errno::success);
    CHECK(guest.value<std::uint8_t>(16) == static_cast<std::uint8_t>(FileType::regular_file));
    CHECK(guest.value<Timestamp>(40) == 7);
    CHECK(guest.value<Timestamp>(48) == 8);
    REQUIRE(open_in(guest, "dir/file", rights::kFdWrite, 0, fdflags::kAppend) == Errno::success);
    CHECK(guest.write(guest.opened, "!") == Errno::success);
    CHECK(size_of(guest, "dir/file") == 7);
    CHECK(code(fd_read(call, guest.opened, guest.iovecs({{4096, 1}}), guest.out<Size>())) ==
          Errno::badf);
    REQUIRE(open_in(guest, "dir/file", rights::kFdWrite, oflags::kTrunc) == Errno::success);
    CHECK(size_of(guest, "dir/file") == 0);
    CHECK(path_unlink_file(call, kTree, {"dir/file"}) == Errno::success);
    CHECK(guest.write(fd, "still there") == Errno::success);
    CHECK(path_remove_directory(call, kTree, {"dir/"}) == Errno::success);
    CHECK(fd_close(call, fd) == Errno::success);
  }

  TEST_CASE("paths lead nowhere else") {
    WasiMemoryFiles files;
    REQUIRE(files.write("a/b/f", "deep").has_value());
    TestWorld guest(with_tree(files.root()));
    write_file(guest.temp / "secret", "secret");
    const auto open = [&](const std::string& path) {
      return open_in(guest, path, rights::kFdRead);
    };
    CHECK(open("a/./b//../b/f") == Errno::success);
    CHECK(guest.read(guest.opened) == "deep");
    CHECK(open("a/b/..") == Errno::success);
    CHECK(names(guest, guest.opened) == ". .. b ");
    const Fd inner = guest.opened;
    CHECK(open_in(guest, "../a/b/f", rights::kFdRead, 0, 0, inner) == Errno::perm);
    CHECK(open("..") == Errno::perm);
    CHECK(open("a/../../secret") == Errno::perm);
    CHECK(open("/a") == Errno::perm);
    CHECK(open("") == Errno::noent);
    CHECK(open("x/..") == Errno::noent);
    CHECK(open("a/b/f/") == Errno::notdir);
    CHECK(open("a/b/f/x") == Errno::notdir);
    CHECK(open(std::string("a\0b", 3)) == Errno::inval);
    CHECK(open("a\xff") == Errno::ilseq);
    CHECK(open(std::string(5000, 'x')) == Errno::nametoolong);
    CHECK(open(std::string(255, 'x')) == Errno::noent);
    CHECK(open(std::string(256, 'x')) == Errno::nametoolong);
    CHECK(open_in(guest, std::string(256, 'x'), kReadWrite, oflags::kCreat) == Errno::nametoolong);
    CHECK(path_create_directory(guest.call(), kTree, {std::string(256, 'x')}) ==
          Errno::nametoolong);
    CHECK(open(".") == Errno::success);
    CHECK(open_in(guest, "a", kReadWrite) == Errno::isdir);
    CHECK(open_in(guest, "a/b/f", rights::kFdRead, oflags::kDirectory) == Errno::notdir);
    CHECK(open_in(guest, "a", 0, oflags::kCreat | oflags::kExcl) == Errno::exist);
    CHECK(open_in(guest, "new/", 0, oflags::kCreat) == Errno::isdir);
    CHECK(open_in(guest, "a", 0, 16) == Errno::inval);
    std::string deep;
    for (int i = 0; i < 300; ++i) deep += "d/";
    WasiMemoryFiles far;
    REQUIRE(far.write(deep + "f", "").has_value());
    TestWorld other(with_tree(far.root()));
    CHECK(open_in(other, deep + "f", rights::kFdRead) == Errno::nametoolong);
  }

  TEST_CASE("what there is not") {
    WasiMemoryFiles files;
    REQUIRE(files.write("f", "x").has_value());
    REQUIRE(files.write("d/g", "y").has_value());
    TestWorld guest(with_tree(files.root()));
    write_file(guest.box("host"), "");
    const Call call = guest.call();
    CHECK(path_symlink(call, {"f"}, kTree, {"link"}) == Errno::notsup);
    CHECK(path_symlink(call, {"/f"}, kTree, {"link"}) == Errno::perm);
    CHECK(path_link(call, kTree, 0, {"f"}, kTree, {"link"}) == Errno::notsup);
    CHECK(path_link(call, kBox, 0, {"host"}, kTree, {"link"}) == Errno::xdev);
    CHECK(path_rename(call, kBox, {"host"}, kTree, {"f"}) == Errno::xdev);
    CHECK(path_rename(call, kTree, {"f"}, kBox, {"f"}) == Errno::xdev);
    CHECK(path_readlink(call, kTree, {"f"}, guest.bytes(64, 10), guest.out<Size>()) ==
          Errno::inval);
    CHECK(path_readlink(call, kTree, {"no"}, guest.bytes(64, 10), guest.out<Size>()) ==
          Errno::noent);
    CHECK(path_rename(call, kTree, {"f"}, kTree, {"d/f"}) == Errno::success);
    CHECK(*files.read("d/f") == "x");
    CHECK(path_rename(call, kTree, {"d"}, kTree, {"d/e"}) == Errno::inval);
    CHECK(path_rename(call, kTree, {"d/f"}, kTree, {"f/"}) == Errno::notdir);
    CHECK(path_rename(call, kTree, {"no"}, kTree, {"f"}) == Errno::noent);
    CHECK(path_rename(call, kTree, {"."}, kTree, {"f"}) == Errno::inval);
    CHECK(path_unlink_file(call, kTree, {"d"}) == Errno::isdir);
    CHECK(path_unlink_file(call, kTree, {"no"}) == Errno::noent);
    CHECK(path_remove_directory(call, kTree, {"d"}) == Errno::notempty);
    CHECK(path_remove_directory(call, kTree, {"d/f"}) == Errno::notdir);
    CHECK(path_remove_directory(call, kTree, {"."}) == Errno::inval);
    CHECK(path_filestat_get(call, kTree, 2, {"d"}, guest.out<FileStat>()) == Errno::inval);
    CHECK(path_filestat_set_times(call, kTree, 0, {"d"}, 1, 2, fstflags::kMtim) == Errno::success);
    CHECK(code(fd_read(call, kTree, guest.iovecs({{0, 1}}), guest.out<Size>())) == Errno::isdir);
    CHECK(fd_filestat_get(call, kTree, guest.out<FileStat>()) == Errno::success);
    CHECK(fd_prestat_get(call, kTree, guest.out<PreStat>()) == Errno::success);
    CHECK(guest.value<Size>(4) == 5);
  }

  TEST_CASE("a read-only tree") {
    WasiMemoryFiles files;
    REQUIRE(files.write("d/f", "x").has_value());
    TestWorld guest(with_tree(files.root(), true));
    const Call call = guest.call();
    REQUIRE(open_in(guest, "d/f", rights::kFdRead, oflags::kCreat) == Errno::success);
    CHECK(guest.read(guest.opened) == "x");
    CHECK(fd_filestat_set_times(call, guest.opened, 1, 1, fstflags::kAtim) == Errno::rofs);
    CHECK(fd_filestat_set_size(call, guest.opened, 0) == Errno::rofs);
    CHECK(open_in(guest, "d/f", kReadWrite) == Errno::rofs);
    CHECK(open_in(guest, "d/f", rights::kFdRead, oflags::kTrunc) == Errno::rofs);
    CHECK(open_in(guest, "new", rights::kFdRead, oflags::kCreat) == Errno::rofs);
    CHECK(path_create_directory(call, kTree, {"new"}) == Errno::rofs);
    CHECK(path_remove_directory(call, kTree, {"d"}) == Errno::rofs);
    CHECK(path_unlink_file(call, kTree, {"d/f"}) == Errno::rofs);
    CHECK(path_rename(call, kTree, {"d/f"}, kTree, {"f"}) == Errno::rofs);
    CHECK(path_symlink(call, {"f"}, kTree, {"link"}) == Errno::rofs);
    CHECK(path_link(call, kTree, 0, {"d/f"}, kTree, {"link"}) == Errno::rofs);
    CHECK(path_filestat_set_times(call, kTree, 0, {"d"}, 1, 1, fstflags::kAtim) == Errno::rofs);
    CHECK(*files.read("d/f") == "x");
  }

  TEST_CASE("the limit of output") {
    WasiMemoryFiles files;
    WasiConfig config = with_tree(files.root());
    config.max_output_bytes = 256 + 10;
    TestWorld guest(config);
    REQUIRE(open_in(guest, "f", kReadWrite, oflags::kCreat) == Errno::success);
    CHECK(open_in(guest, "g", kReadWrite, oflags::kCreat) == Errno::nospc);
    CHECK(guest.write(guest.opened, "123456789abc") == Errno::success);
    CHECK(guest.value<Size>() == 10);
    CHECK(guest.write(guest.opened, "x") == Errno::nospc);
    CHECK(fd_filestat_set_size(guest.call(), guest.opened, 11) == Errno::nospc);
    CHECK(path_create_directory(guest.call(), kTree, {"d"}) == Errno::nospc);
  }

  TEST_CASE("an embedder's mistakes") {
    TestWorld guest(with_tree(std::make_shared<OddDirectory>()));
    const Call call = guest.call();
    CHECK(names(guest, kTree) == ". .. file ");
    REQUIRE(open_in(guest, "file", rights::kFdRead) == Errno::success);
    const Fd fd = guest.opened;
    const std::string read = guest.read(fd, 3);
    CHECK(read == "o" + guest.text(4097, 2));
    CHECK(guest.read(fd, 1) == "<io>");
    CHECK(fd_seek(call, fd, 0, Whence::end, guest.out<FileSize>()) == Errno::overflow);
    CHECK(open_in(guest, "new", kReadWrite, oflags::kCreat) == Errno::rofs);
    CHECK(path_create_directory(call, kTree, {"new"}) == Errno::rofs);
    CHECK(path_unlink_file(call, kTree, {"file"}) == Errno::rofs);
    REQUIRE(open_in(guest, "file", kReadWrite) == Errno::success);
    CHECK(guest.write(guest.opened, "x") == Errno::rofs);
    CHECK(fd_filestat_set_size(call, guest.opened, 0) == Errno::rofs);
    CHECK(fd_filestat_set_times(call, guest.opened, 0, 0, fstflags::kAtim) == Errno::notsup);
  }

  TEST_CASE("what a directory throws ends the guest") {
    Store store;
    Linker linker(store);
    WasiConfig config = with_tree(std::make_shared<OddDirectory>());
    config.in = config.out = config.err = WasiStream::null();
    linker.define_wasi(config);
    const auto module = Module::from_text(R"((module
      (import "wasi_snapshot_preview1" "path_unlink_file"
        (func $unlink (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 8) "throws")
      (func (export "run") (result i32)
        (call $unlink (i32.const 3) (i32.const 8) (i32.const 6)))))");
    REQUIRE(module.has_value());
    const auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    const auto run = instance->func<std::int32_t()>("run");
    REQUIRE(run.has_value());
    const auto result = (*run)();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::host);
    CHECK(result.error().message == "no such luck");
  }

  TEST_CASE("streams that are callbacks") {
    std::string in = "some input", out;
    WasiConfig config;
    config.in = WasiStream::reading([&](std::span<std::byte> to) -> WasiTransfer {
      if (in.empty()) return 0;
      const std::size_t length = std::min({to.size(), in.size(), std::size_t{4}});
      std::memcpy(to.data(), in.data(), length);
      in.erase(0, length);
      return length;
    });
    config.out = WasiStream::writing([&](std::span<const std::byte> from) -> WasiTransfer {
      if (out.size() > 8) return WasiTransfer::failed(EPIPE);
      out.append(reinterpret_cast<const char*>(from.data()), from.size());
      return from.size();
    });
    config.report = std::make_shared<WasiReport>();
    TestWorld guest(config);
    CHECK(guest.read(Fd{0}) == "some");
    CHECK(guest.read(Fd{0}, 2) == " i");
    CHECK(guest.read(Fd{0}) == "nput");
    CHECK(guest.read(Fd{0}) == "");
    CHECK(guest.write(Fd{0}, "x") == Errno::badf);
    guest.put_text(4096, "abcdefgh");
    CHECK(code(fd_write(guest.call(), Fd{1}, guest.iovecs({{4096, 4}, {4100, 4}}),
                        guest.out<Size>())) == Errno::success);
    CHECK(out == "abcdefgh");
    CHECK(guest.write(Fd{1}, "ij") == Errno::success);
    CHECK(guest.write(Fd{1}, "k") == Errno::pipe);
    CHECK(out == "abcdefghij");
    CHECK(config.report->output_error == EPIPE);
    CHECK(fd_seek(guest.call(), Fd{1}, 0, Whence::set, guest.out<FileSize>()) == Errno::spipe);
    config.out = WasiStream::writing(nullptr);
    const auto world = World::create(config);
    REQUIRE_FALSE(world.has_value());
    CHECK(world.error().message == "standard output: no function given");
  }
}
