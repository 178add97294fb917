// SPDX-License-Identifier: Apache-2.0
// The sandbox, on both resolvers.
#include "wasi/path.hpp"

#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string>
#include <sys/stat.h>
#include <thread>

#include "wasi/test_modes.hpp"
#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
using Mode = PathResolver::Mode;

namespace {

/// A box to stay in, with everything around and in it that might help to get out.
struct Prison {
  explicit Prison(Mode mode, bool read_only = false) : guest({}, mode, read_only) {
    namespace fs = std::filesystem;
    const fs::path root = guest.temp / "";
    write_file(root / "secret", "secret");
    fs::create_directories(root / "outside" / "deeper");
    write_file(root / "outside" / "data", "secret data");
    fs::create_directories(guest.box("dir/sub"));
    write_file(guest.box("file"), "inside");
    write_file(guest.box("dir/data"), "inside data");
    const auto link = [&](const fs::path& target, const std::string& name) {
      fs::create_symlink(target, guest.box(name));
    };
    link("../secret", "link_out");
    link("../outside", "link_out_dir");
    link("../outside/", "link_out_slash");
    link("../outside/new", "link_out_new");
    link(root / "secret", "link_abs");
    link(root / "outside", "link_abs_dir");
    link("/", "link_root");
    link("//", "link_slashes");
    link("..", "link_dotdot");
    link("dir/../..", "link_dotdot_late");
    link(".", "link_dot");
    link("../../secret", "dir/link_up");
    link("../../outside", "dir/link_up_dir");
    link("chain2", "chain1");
    link("dir/chain3", "chain2");
    link("../link_out", "dir/chain3");
    link("dir_chain2", "dir_chain1");
    link("link_out_dir", "dir_chain2");
    link("dir/sub/../../../secret", "link_deep");
    link("/proc/self/root", "link_proc_root");
    link("/proc/self/cwd", "link_proc_cwd");
    link("/dev/fd/3", "link_dev_fd");
    link("dir/sub", "link_inside");
    link("../box/file", "link_back_in");
    link("loop_b", "loop_a");
    link("loop_a", "loop_b");
    link("self/self", "self");
    outside_before = outside();
  }

  /// Everything outside of the box: names, sizes, times and contents.
  std::multiset<std::string> outside() const {
    std::multiset<std::string> found;
    namespace fs = std::filesystem;
    for (auto it = fs::recursive_directory_iterator(guest.temp / "");
         it != fs::recursive_directory_iterator(); ++it) {
      if (it->path().filename() == "box") {
        it.disable_recursion_pending();
        continue;
      }
      struct stat stat{};
      REQUIRE(::lstat(it->path().c_str(), &stat) == 0);
      found.insert(it->path().string() + " " + std::to_string(stat.st_mtim.tv_nsec) + " " +
                   std::to_string(stat.st_nlink) + " " + read_file(it->path()));
    }
    return found;
  }

  TestWorld guest;
  std::multiset<std::string> outside_before;
};

// Paths that lead out of the box, or would if the sandbox were not there.
const char* const kEscapes[] = {
    "..",
    "../",
    "../.",
    "./..",
    "../secret",
    "../outside/data",
    "../box/file",
    "./../secret",
    ".//..//secret",
    "dir/../../secret",
    "dir/sub/../../../secret",
    "dir/./../.././secret",
    "dir//..///..//secret",
    "../../../../../../../../../../../../etc/passwd",
    "/",
    "//",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/root",
    "link_out",
    "link_out/",
    "link_out_dir",
    "link_out_dir/",
    "link_out_dir/data",
    "link_out_dir/.",
    "link_out_dir/..",
    "link_out_dir/../secret",
    "link_out_dir/deeper/../data",
    "link_out_slash",
    "link_out_slash/data",
    "link_out_new",
    "link_abs",
    "link_abs_dir",
    "link_abs_dir/data",
    "link_root",
    "link_root/etc/passwd",
    "link_slashes/etc/passwd",
    "link_dotdot",
    "link_dotdot/secret",
    "link_dotdot/box/file",
    "link_dotdot_late",
    "link_dotdot_late/secret",
    "link_dot/../secret",
    "link_dot/link_dot/../secret",
    "dir/link_up",
    "dir/link_up_dir/data",
    "dir/link_up_dir/../secret",
    "dir/../link_out",
    "chain1",
    "chain2",
    "dir/chain3",
    "dir_chain1",
    "dir_chain1/data",
    "link_deep",
    "link_proc_root",
    "link_proc_root/etc/passwd",
    "link_proc_cwd",
    "link_dev_fd",
    "link_inside/../../../secret",
    "link_inside/../../..",
    "link_back_in",
    "loop_a",
    "loop_a/../../secret",
    "self",
    "self/../../secret",
    "file/../../secret",
    "missing/../../secret",
};

std::string escape_under(const char* path, const std::string& name) {
  return std::string(path) + "/" + name;
}

/// Tries every call that takes a path. Only reading a link of the box itself may succeed.
void try_to_escape(Prison& prison, const std::string& path) {
  TestWorld& guest = prison.guest;
  CAPTURE(path);
  for (const Rights rights : {Rights{0}, rights::kFdRead, rights::kFdWrite, kReadWrite}) {
    for (const OFlags oflags : {OFlags{0}, oflags::kCreat, oflags::kDirectory, oflags::kTrunc,
                                oflags::kCreat | oflags::kTrunc}) {
      CHECK(guest.open(path, rights, oflags) != Errno::success);
    }
  }
  const Call call = guest.call();
  CHECK(path_filestat_get(call, kBox, kSymlinkFollow, {path}, guest.out<FileStat>()) !=
        Errno::success);
  CHECK(path_filestat_set_times(call, kBox, kSymlinkFollow, {path}, 1, 1,
                                fstflags::kAtim | fstflags::kMtim) != Errno::success);
  CHECK(path_link(call, kBox, kSymlinkFollow, {path}, kBox, {"stolen"}) != Errno::success);
}

/// Tries to change what lies behind a path, as a directory.
void try_to_change(Prison& prison, const char* path) {
  TestWorld& guest = prison.guest;
  const Call call = guest.call();
  CAPTURE(path);
  for (const char* name : {"new", "data", "deeper", "secret"}) {
    const std::string under = escape_under(path, name);
    try_to_escape(prison, under);
    CHECK(guest.open(under, kReadWrite, oflags::kCreat | oflags::kExcl) != Errno::success);
    CHECK(path_create_directory(call, kBox, {under}) != Errno::success);
    CHECK(path_remove_directory(call, kBox, {under}) != Errno::success);
    CHECK(path_unlink_file(call, kBox, {under}) != Errno::success);
    CHECK(path_symlink(call, {"file"}, kBox, {under}) != Errno::success);
    CHECK(path_link(call, kBox, 0, {"file"}, kBox, {under}) != Errno::success);
    CHECK(path_link(call, kBox, 0, {under}, kBox, {"stolen"}) != Errno::success);
    CHECK(path_rename(call, kBox, {"file"}, kBox, {under}) != Errno::success);
    CHECK(path_rename(call, kBox, {under}, kBox, {"stolen"}) != Errno::success);
    CHECK(path_filestat_get(call, kBox, 0, {under}, guest.out<FileStat>()) != Errno::success);
    CHECK(path_filestat_set_times(call, kBox, 0, {under}, 1, 1, fstflags::kMtim) != Errno::success);
    CHECK(path_readlink(call, kBox, {under}, guest.bytes(0, 100), guest.out<Size>(200)) !=
          Errno::success);
  }
}

}  // namespace

TEST_SUITE("path") {
  TEST_CASE("no path leads out") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      for (const char* path : kEscapes) try_to_escape(prison, path);
      CHECK(prison.outside() == prison.outside_before);
      CHECK(read_file(prison.guest.box("file")) == "inside");
    }
  }

  TEST_CASE("nothing can be changed outside") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      for (const char* path : kEscapes) try_to_change(prison, path);
      CHECK(prison.outside() == prison.outside_before);
      CHECK(read_file(prison.guest.box("file")) == "inside");
      CHECK_FALSE(std::filesystem::exists(prison.guest.box("stolen")));
    }
  }

  TEST_CASE("the errors tell why") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      const auto open = [&](const std::string& path) { return guest.open(path, rights::kFdRead); };
      CHECK(open("") == Errno::noent);
      CHECK(open("/") == Errno::perm);
      CHECK(open("/etc/passwd") == Errno::perm);
      CHECK(open("..") == Errno::perm);
      CHECK(open("dir/../../secret") == Errno::perm);
      CHECK(open("link_out") == Errno::perm);
      CHECK(open("link_out_dir/data") == Errno::perm);
      CHECK(open("link_abs") == Errno::perm);
      CHECK(open("link_abs_dir/data") == Errno::perm);
      CHECK(open("loop_a") == Errno::loop);
      CHECK(open("loop_a/x") == Errno::loop);
      CHECK(open("self") == Errno::loop);
      CHECK(open("missing") == Errno::noent);
      CHECK(open("missing/x") == Errno::noent);
      CHECK(open("file/x") == Errno::notdir);
      CHECK(open("file/") == Errno::notdir);
      CHECK(open("file///") == Errno::notdir);
      CHECK(open("file/.") == Errno::notdir);
      CHECK(open("file/..") == Errno::notdir);
      CHECK(open("dir/data/..") == Errno::notdir);
      CHECK(open(std::string("file\0", 5)) == Errno::inval);
      CHECK(open(std::string("\0", 1)) == Errno::inval);
      CHECK(open("\xff") == Errno::ilseq);
      CHECK(open("dir/\xc0\xae\xc0\xae/secret") == Errno::ilseq);  // overlong dots
      CHECK(open(std::string(256, 'a')) == Errno::nametoolong);
      CHECK(open(std::string(5000, 'a')) == Errno::nametoolong);
      CHECK(open(std::string(3000, '/') + "file") == Errno::perm);
      CHECK(open("./" + std::string(5000, '/') + "file") == Errno::nametoolong);
    }
  }

  TEST_CASE("paths that stay inside work, whatever they look like") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      for (const char* path :
           {"file", "./file", ".//./file", "dir/../file", "dir/sub/../../file",
            "dir/.//sub/../../dir/sub/../..///./file", "link_dot/file", "link_dot/link_dot/file",
            "link_inside/../../file", "link_dot/dir/sub/../../file"}) {
        CAPTURE(path);
        REQUIRE(guest.open(path, rights::kFdRead) == Errno::success);
        CHECK(guest.read(guest.opened) == "inside");
        CHECK(fd_close(guest.call(), guest.opened) == Errno::success);
      }
      for (const char* path : {".", "./", "dir", "dir/", "dir//", "dir/.", "dir/sub/..",
                               "link_inside", "link_inside/", "link_dot", "link_inside/.."}) {
        CAPTURE(path);
        REQUIRE(guest.open(path, 0, oflags::kDirectory) == Errno::success);
        CHECK(fd_close(guest.call(), guest.opened) == Errno::success);
      }
    }
  }

  TEST_CASE("a last link is followed only when asked to, or before a slash") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      CHECK(guest.open("link_inside", 0, 0, 0, 0) == Errno::loop);
      CHECK(guest.open("link_inside/", 0, 0, 0, 0) == Errno::success);
      CHECK(guest.open("link_inside/.", 0, 0, 0, 0) == Errno::success);
      CHECK(guest.open("link_out/", 0, 0, 0, 0) == Errno::perm);
      CHECK(guest.open("self", 0, 0, 0, 0) == Errno::loop);
    }
  }

  TEST_CASE("a directory opened by the guest is a root of its own") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      const Fd dir = guest.must_open("dir", 0, oflags::kDirectory);
      CHECK(guest.open("data", rights::kFdRead, 0, 0, 0, dir) == Errno::success);
      CHECK(guest.open("../file", rights::kFdRead, 0, 0, 0, dir) == Errno::perm);
      CHECK(guest.open("link_up", rights::kFdRead, 0, 0, kSymlinkFollow, dir) == Errno::perm);
    }
  }

  TEST_CASE("links the guest makes lead nowhere either") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      const Call call = guest.call();
      CHECK(path_symlink(call, {"/etc"}, kBox, {"mine"}) == Errno::perm);
      CHECK(path_symlink(call, {""}, kBox, {"mine"}) == Errno::noent);
      CHECK(path_symlink(call, {"../secret"}, kBox, {"mine"}) == Errno::success);
      CHECK(guest.open("mine", rights::kFdRead) == Errno::perm);
      // Harmless where it was made, an escape where it is moved to.
      CHECK(path_symlink(call, {"../file"}, kBox, {"dir/moved"}) == Errno::success);
      CHECK(guest.open("dir/moved", rights::kFdRead) == Errno::success);
      CHECK(path_rename(call, kBox, {"dir/moved"}, kBox, {"moved"}) == Errno::success);
      CHECK(guest.open("moved", rights::kFdRead) == Errno::perm);
      // A directory that moves takes the meaning of ".." with it.
      CHECK(path_symlink(call, {"../../file"}, kBox, {"dir/sub/up"}) == Errno::success);
      CHECK(guest.open("dir/sub/up", rights::kFdRead) == Errno::success);
      CHECK(path_rename(call, kBox, {"dir/sub"}, kBox, {"sub"}) == Errno::success);
      CHECK(guest.open("sub/up", rights::kFdRead) == Errno::perm);
      CHECK(prison.outside() == prison.outside_before);
    }
  }

  TEST_CASE("long chains of links end") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      TestWorld guest({}, mode);
      write_file(guest.box("l0"), "end");
      for (int i = 1; i <= 60; ++i) {
        std::filesystem::create_symlink("l" + std::to_string(i - 1),
                                        guest.box("l" + std::to_string(i)));
      }
      CHECK(guest.open("l30", rights::kFdRead) == Errno::success);
      CHECK(guest.open("l60", rights::kFdRead) == Errno::loop);
      // Each link doubles the path: the text is bounded, too.
      std::filesystem::create_directory(guest.box("d"));
      std::filesystem::create_symlink("d/../d/../d", guest.box("e0"));
      for (int i = 1; i < 20; ++i) {
        const std::filesystem::path before = "e" + std::to_string(i - 1);
        std::filesystem::create_symlink(before / ".." / before / ".",
                                        guest.box("e" + std::to_string(i)));
      }
      CHECK(guest.open("e19/x", rights::kFdRead) == Errno::loop);
    }
  }

  TEST_CASE("no path keeps the host busy for long") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      TestWorld guest({}, mode);
      std::filesystem::create_directories(guest.box("d"));
      // Links that walk to and fro before they lead on to the next, and a last link that does so
      // again and again.
      std::string about;
      for (int i = 0; i < 700; ++i) about += "d/../";
      std::filesystem::create_symlink(about + "d", guest.box("l0"));
      std::filesystem::create_symlink("missing", guest.box("d/m0"));
      for (int i = 1; i < 36; ++i) {
        const std::string number = std::to_string(i), before = std::to_string(i - 1);
        std::filesystem::create_symlink(about + "l" + before, guest.box("l" + number));
        std::filesystem::create_symlink("m" + before, guest.box("d/m" + number));
      }
      CHECK(guest.open("l35/m35", rights::kFdRead) == Errno::loop);
      // What is long but not absurd is found.
      write_file(guest.box("d/file"), "here");
      CHECK(guest.open("l2/file", rights::kFdRead) == Errno::success);

      const auto lookups = [&](std::string_view path, Errno expected) {
        const HostFd box(::open(guest.box("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        std::uint64_t count = 0;
        const auto place = PathResolver(mode).resolve(box.get(), path, LastLink::follow, count);
        CHECK((place ? Errno::success : place.error()) == expected);
        return count;
      };
      const std::uint64_t walked = mode == Mode::walk ? 1 : 0;
      CHECK(lookups("d/file", Errno::success) == walked);
      CHECK(lookups("l0/file", Errno::success) == 702 + 3501 / 64);
      CHECK(lookups("l35/m35", Errno::loop) == PathResolver::kMaxSteps);
      CHECK(lookups("d/m9", Errno::success) >= 20);

      // Links of nothing but dots and slashes, walked once more for each of as many last links.
      for (const std::string piece : {"./", "//"}) {
        const std::string kind = piece == "./" ? "dots" : "slashes";
        std::string filler = "./";
        while (filler.size() < 4000) filler += piece;
        const auto link = [&](const std::string& target, const std::string& name) {
          std::filesystem::create_symlink(target, guest.box(name + kind));
        };
        link(".", "n38");
        link("missing", "o38");
        for (int i = 0; i < 38; ++i) {
          const std::string next = std::to_string(i + 1) + kind;
          link(filler + "n" + next, "n" + std::to_string(i));
          link("o" + next, "o" + std::to_string(i));
        }
        const std::string first = "0" + kind;
        CHECK(lookups("n" + first + "/o" + first, Errno::loop) >= PathResolver::kMaxSteps);
      }
    }
  }

  TEST_CASE("deep directories") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      TestWorld guest({}, mode);
      std::string path = ".";
      for (int i = 0; i < 200; ++i) path += "/d";
      std::filesystem::create_directories(guest.box(path));
      CHECK(guest.open(path + "/f", kReadWrite, oflags::kCreat) == Errno::success);
      CHECK(guest.open(path + "/f", rights::kFdRead) == Errno::success);
    }
  }

  TEST_CASE("swapping a directory for a link while the guest opens a file in it") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      namespace fs = std::filesystem;
      fs::create_directory(guest.box("swap"));
      write_file(guest.box("swap/data"), "inside data");
      fs::create_symlink("../outside", guest.box("trap"));
      std::atomic<bool> done{false};
      std::thread swapper([&] {
        const std::string swap = guest.box("swap"), trap = guest.box("trap"),
                          other = guest.box("other");
        while (!done) {
          ::rename(swap.c_str(), other.c_str());
          ::rename(trap.c_str(), swap.c_str());
          ::rename(swap.c_str(), trap.c_str());
          ::rename(other.c_str(), swap.c_str());
        }
      });
      const auto start = std::chrono::steady_clock::now();
      const auto enough = start + std::chrono::milliseconds(300);
      const auto too_long = start + std::chrono::seconds(30);  // on a machine that is very busy
      int opened = 0, wrong = 0;
      for (auto now = start; now < enough || (opened == 0 && now < too_long);
           now = std::chrono::steady_clock::now()) {
        if (guest.open("swap/data", rights::kFdRead) != Errno::success) continue;
        ++opened;
        if (guest.read(guest.opened) != "inside data") ++wrong;
        (void)fd_close(guest.call(), guest.opened);
      }
      done = true;
      swapper.join();
      CHECK(opened > 0);
      CHECK(wrong == 0);
    }
  }

  TEST_CASE("swapping a file for a link while the guest opens it") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode);
      TestWorld& guest = prison.guest;
      write_file(guest.box("a"), "inside data");
      std::atomic<bool> done{false};
      std::thread swapper([&] {
        const std::string a = guest.box("a"), b = guest.box("b");
        while (!done) {
          ::rename(a.c_str(), b.c_str());
          (void)::symlink("../secret", a.c_str());
          ::unlink(a.c_str());
          ::rename(b.c_str(), a.c_str());
        }
      });
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
      int wrong = 0;
      while (std::chrono::steady_clock::now() < end) {
        if (guest.open("a", rights::kFdRead) != Errno::success) continue;
        if (guest.read(guest.opened) != "inside data") ++wrong;
        (void)fd_close(guest.call(), guest.opened);
      }
      done = true;
      swapper.join();
      CHECK(wrong == 0);
    }
  }

  TEST_CASE("a read-only preopen stays as it is") {
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      Prison prison(mode, /*read_only=*/true);
      TestWorld& guest = prison.guest;
      const Call call = guest.call();
      CHECK(guest.open("file", rights::kFdRead) == Errno::success);
      const Fd file = guest.opened;
      CHECK(guest.read(file) == "inside");
      CHECK(guest.write(file, "x") == Errno::badf);
      CHECK(fd_filestat_set_size(call, file, 0) == Errno::rofs);
      CHECK(fd_allocate(call, file, 0, 100) == Errno::rofs);
      CHECK(fd_filestat_set_times(call, file, 1, 1, fstflags::kMtim) == Errno::rofs);
      CHECK(guest.open("file", rights::kFdWrite) == Errno::rofs);
      CHECK(guest.open("file", kReadWrite) == Errno::rofs);
      CHECK(guest.open("file", rights::kFdRead, oflags::kTrunc) == Errno::rofs);
      CHECK(guest.open("file", 0, oflags::kCreat) == Errno::success);  // it is there
      CHECK(guest.open("file", 0, oflags::kCreat | oflags::kExcl) == Errno::exist);
      CHECK(guest.open("new", 0, oflags::kCreat) == Errno::rofs);
      CHECK(guest.open("new", kReadWrite) == Errno::noent);
      CHECK(path_create_directory(call, kBox, {"new"}) == Errno::rofs);
      CHECK(path_create_directory(call, kBox, {"dir"}) == Errno::exist);
      CHECK(path_remove_directory(call, kBox, {"dir/sub"}) == Errno::rofs);
      CHECK(path_unlink_file(call, kBox, {"file"}) == Errno::rofs);
      CHECK(path_unlink_file(call, kBox, {"missing"}) == Errno::noent);
      CHECK(path_rename(call, kBox, {"file"}, kBox, {"new"}) == Errno::rofs);
      CHECK(path_symlink(call, {"file"}, kBox, {"new"}) == Errno::rofs);
      CHECK(path_link(call, kBox, 0, {"file"}, kBox, {"new"}) == Errno::rofs);
      CHECK(path_filestat_set_times(call, kBox, 0, {"file"}, 1, 1, fstflags::kMtim) == Errno::rofs);
      // What is opened through it is read-only, too.
      const Fd dir = guest.must_open("dir", 0, oflags::kDirectory);
      CHECK(guest.open("data", rights::kFdWrite, 0, 0, 0, dir) == Errno::rofs);
      CHECK(guest.open("data", rights::kFdRead, 0, 0, 0, dir) == Errno::success);
      CHECK(path_unlink_file(call, dir, {"data"}) == Errno::rofs);
      CHECK(fd_filestat_set_times(call, dir, 1, 1, fstflags::kMtim) == Errno::rofs);
    }
  }

  TEST_CASE("a read-only file gets no second name in a writable preopen") {
    TempDir writable;
    std::filesystem::create_directory(writable / "w");
    WasiConfig config;
    config.preopens.push_back({.guest = "/w", .host = (writable / "w").string()});
    TestWorld guest(config, Mode::automatic, /*read_only=*/true);
    write_file(guest.box("file"), "inside");
    const Call call = guest.call();
    const Fd other{4};
    CHECK(path_link(call, kBox, 0, {"file"}, other, {"file"}) == Errno::rofs);
    CHECK(path_rename(call, kBox, {"file"}, other, {"file"}) == Errno::rofs);
    CHECK(guest.open("mine", kReadWrite, oflags::kCreat, 0, 0, other) == Errno::success);
    CHECK(path_link(call, other, 0, {"mine"}, kBox, {"mine"}) == Errno::rofs);
    CHECK(path_rename(call, other, {"mine"}, kBox, {"mine"}) == Errno::rofs);
    CHECK(path_rename(call, other, {"mine"}, other, {"yours"}) == Errno::success);
    CHECK_FALSE(std::filesystem::exists(writable / "w/file"));
  }

  TEST_CASE("magic links of /proc are no way out") {
    if (!std::filesystem::exists("/proc/self/fd")) return;
    for (const Mode mode : modes()) {
      CAPTURE(name_of(mode));
      WasiConfig config;
      config.preopens.push_back({.guest = "/proc", .host = "/proc/self"});
      TestWorld guest(config, mode);
      const Fd proc{4};
      for (const char* path : {"root", "root/etc/passwd", "cwd", "cwd/.", "exe", "fd/0", "fd/3",
                               "fd/3/..", "task/../root/etc"}) {
        CAPTURE(path);
        CHECK(guest.open(path, rights::kFdRead, 0, 0, kSymlinkFollow, proc) != Errno::success);
        CHECK(guest.open(path, rights::kFdRead, 0, 0, 0, proc) != Errno::success);
        CHECK(path_filestat_get(guest.call(), proc, kSymlinkFollow, {path},
                                guest.out<FileStat>()) != Errno::success);
      }
    }
  }
}
