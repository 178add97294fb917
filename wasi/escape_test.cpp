// SPDX-License-Identifier: Apache-2.0
// Ways out of the sandbox that have been tried elsewhere, each on both resolvers. An attempt is a
// row of kAttempts: what the host finds prepared, what the guest does, the code it must get. After
// each, everything outside of the guest's writable directories must be what it was, and no
// descriptor or byte of guest memory may hold what lies there. path_test.cpp has the paths
// themselves, with every call that takes one.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "wasi/platform.hpp"
#include "wasi/test_modes.hpp"
#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
namespace fs = std::filesystem;
using Mode = PathResolver::Mode;

namespace {

constexpr Fd kReadOnly{4};  // preopen, read-only
constexpr Fd kOther{5};     // preopen, writable
constexpr const char* kSecret = "CANARY-of-the-outside";

/// Makes openat2 fail with `error` in this thread from now on, as a container's filter does. False
/// where the system has no such filters.
bool deny_openat2(int error) {
#if defined(__linux__) && defined(SYS_openat2)
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), const_cast<sock_filter*>(program)};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
#else
  (void)error;
  return false;
#endif
}

WasiConfig preopens(const TempDir& temp) {
  for (const char* name : {"ro", "ro/sub", "other"}) fs::create_directory(temp / name);
  WasiConfig config;
  config.preopens.push_back({.guest = "/ro", .host = (temp / "ro").string(), .read_only = true});
  config.preopens.push_back({.guest = "/other", .host = (temp / "other").string()});
  return config;
}

/// The guest's three directories beside one that is none of its business.
struct Cell : PathCalls<Cell> {
  explicit Cell(Mode mode) : guest(preopens(temp), mode) {
    fs::create_directories(guest.temp / "outside/deep");
    write_file(guest.temp / "outside/data", kSecret);
    write_file(guest.temp / "outside/deep/data", kSecret);
    write_file(temp / "ro/file", "read only");
    write_file(temp / "ro/sub/file", "read only");
    fs::create_symlink("file", temp / "ro/link");
    REQUIRE(::mkfifo((temp / "ro/fifo").c_str(), 0600) == 0);
    fs::create_directories(guest.box("dir/sub"));
    write_file(guest.box("file"), "mine");
    write_file(guest.box("dir/file"), "mine");
  }

  Errno open(const std::string& path, Rights rights = rights::kFdRead, OFlags oflags = 0,
             Fd fd = kBox, LookupFlags lookup = kSymlinkFollow, FdFlags fdflags = 0) {
    return guest.open(path, rights, oflags, fdflags, lookup, fd);
  }
  /// The directory `path` opened by the guest.
  Fd directory(const std::string& path, Fd fd = kBox) {
    REQUIRE(open(path, 0, oflags::kDirectory, fd) == Errno::success);
    return guest.opened;
  }
  Fd file(const std::string& path, Rights rights = rights::kFdRead, Fd fd = kBox) {
    REQUIRE(open(path, rights, 0, fd) == Errno::success);
    return guest.opened;
  }
  Errno stat(const std::string& path, LookupFlags flags = kSymlinkFollow, Fd fd = kBox) {
    return path_filestat_get(guest.call(), fd, flags, {path}, guest.out<FileStat>());
  }
  Errno times(const std::string& path, LookupFlags flags = kSymlinkFollow, Fd fd = kBox) {
    return path_filestat_set_times(guest.call(), fd, flags, {path}, 1, 1,
                                   fstflags::kAtim | fstflags::kMtim);
  }
  Errno readlink(const std::string& path, Fd fd = kBox) {
    return path_readlink(guest.call(), fd, {path}, guest.bytes(64, 256), guest.out<Size>());
  }
  /// `setup`, which must work, before the attempt itself.
  Cell& with(Errno setup) {
    CHECK(setup == Errno::success);
    return *this;
  }
  /// What the host prepares in the box.
  Cell& host_link(const std::string& target, const std::string& name) {
    fs::create_symlink(target, guest.box(name));
    return *this;
  }

  /// All that must not change: everything but the two writable directories, and what links say.
  std::multiset<std::string> surroundings() const {
    std::multiset<std::string> found;
    const auto add = [&](const fs::path& path) {
      struct stat stat{};
      REQUIRE(::lstat(path.c_str(), &stat) == 0);
      std::string entry = fmt::format("{} {:o} {} {}.{} {}.{} ", path.string(), stat.st_mode,
                                      stat.st_nlink, stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec,
                                      stat.st_ctim.tv_sec, stat.st_ctim.tv_nsec);
      if (S_ISREG(stat.st_mode)) entry += read_file(path);
      if (S_ISLNK(stat.st_mode)) entry += fs::read_symlink(path).string();
      found.insert(entry);
    };
    for (const fs::path& root : {temp / "ro", guest.temp / ""}) {
      add(root);
      for (auto it = fs::recursive_directory_iterator(root);
           it != fs::recursive_directory_iterator(); ++it) {
        const bool is_box = it->path() == guest.temp / "box";
        if (is_box) it.disable_recursion_pending();
        if (!is_box) add(it->path());
      }
    }
    return found;
  }

  /// Whether the guest has got hold of what is outside: in its memory, or through a descriptor.
  bool holds_secret() {
    const auto has_canary = [&] {
      const std::string_view memory(reinterpret_cast<const char*>(guest.memory.data()),
                                    guest.memory.size());
      return memory.find(kSecret) != std::string_view::npos;
    };
    if (has_canary()) return true;
    for (std::uint32_t fd = 3; fd < 32; ++fd) {
      const auto buffers = guest.iovecs({{4096, 4096}});
      (void)fd_pread(guest.call(), Fd{fd}, buffers, 0, guest.out<Size>());
      (void)guest.open("data", rights::kFdRead, 0, 0, 0, Fd{fd});
      if (has_canary()) return true;
    }
    return false;
  }

  TempDir temp;
  TestWorld guest;
};

struct Attempt {
  const char* name;
  Errno (*run)(Cell& cell);
  Errno expected;
};

constexpr Rights kRead = rights::kFdRead, kWrite = rights::kFdWrite;
constexpr OFlags kCreat = oflags::kCreat, kTrunc = oflags::kTrunc, kExcl = oflags::kExcl;

// clang-format off: a table
const Attempt kAttempts[] = {
    // "..", wherever a path begins, in every call.
    {"open ..", [](Cell& c) { return c.open(".."); }, Errno::perm},
    {"open below ..", [](Cell& c) { return c.open("../outside/data"); }, Errno::perm},
    {"from an opened directory", [](Cell& c) { return c.open("../file", kRead, 0, c.directory("dir")); }, Errno::perm},
    {"from . opened as a directory", [](Cell& c) { return c.open("..", 0, 0, c.directory(".")); }, Errno::perm},
    {"from the end of dir/sub/..", [](Cell& c) { return c.open("..", 0, 0, c.directory("dir/sub/..")); }, Errno::perm},
    {"stat ..", [](Cell& c) { return c.stat("..", 0); }, Errno::perm},
    {"stat dir/../..", [](Cell& c) { return c.stat("dir/../..", 0); }, Errno::perm},
    {"times of ..", [](Cell& c) { return c.times("..", 0); }, Errno::perm},
    {"mkdir beside the box", [](Cell& c) { return c.mkdir("../new"); }, Errno::perm},
    {"rmdir beside the box", [](Cell& c) { return c.rmdir("dir/../../outside/deep"); }, Errno::perm},
    {"unlink beside the box", [](Cell& c) { return c.unlink("./../outside/data"); }, Errno::perm},
    {"rename from outside", [](Cell& c) { return c.rename("../outside", "got"); }, Errno::perm},
    {"rename to outside", [](Cell& c) { return c.rename("file", "../file"); }, Errno::perm},
    {"hard link from outside", [](Cell& c) { return c.link("../outside/data", "got"); }, Errno::perm},
    {"hard link to outside", [](Cell& c) { return c.link("file", "dir/../../file"); }, Errno::perm},
    {"symbolic link outside", [](Cell& c) { return c.symlink("file", "../link"); }, Errno::perm},
    {"read a link outside", [](Cell& c) { return c.readlink("../box"); }, Errno::perm},
    {"box's own name through ..", [](Cell& c) { return c.open("../box/file"); }, Errno::perm},
    {"another preopen through ..", [](Cell& c) { return c.open("../other"); }, Errno::perm},
    {".. after the longest way", [](Cell& c) {
       std::string path;
       for (int i = 0; i < 500; ++i) path += "dir/../";
       return c.open(path + "..");
     }, Errno::perm},
    {"names that only look like ..", [](Cell& c) { return c.open(".../outside/data"); }, Errno::noent},
    {".. with a space", [](Cell& c) { return c.open(".. /outside/data"); }, Errno::noent},
    {"backslashes", [](Cell& c) { return c.open("..\\outside\\data"); }, Errno::noent},
    {"percent", [](Cell& c) { return c.open("%2e%2e/outside/data"); }, Errno::noent},
    {"full-width dots", [](Cell& c) { return c.open("\xef\xbc\x8e\xef\xbc\x8e/outside/data"); }, Errno::noent},
    {"overlong dots", [](Cell& c) { return c.open("\xc0\xae\xc0\xae/outside/data"); }, Errno::ilseq},
    {"NUL before ..", [](Cell& c) { return c.open(std::string("dir\0/../../outside/data", 23)); }, Errno::inval},

    // Absolute paths.
    {"open /", [](Cell& c) { return c.open("/"); }, Errno::perm},
    {"open an absolute path", [](Cell& c) { return c.open((c.guest.temp / "outside/data").string()); }, Errno::perm},
    {"an absolute path into the box", [](Cell& c) { return c.open(c.guest.box("file").string()); }, Errno::perm},
    {"absolute after many slashes", [](Cell& c) { return c.open("////" + (c.guest.temp / "outside/data").string()); }, Errno::perm},
    {"rename to an absolute path", [](Cell& c) { return c.rename("file", (c.guest.temp / "outside/got").string()); }, Errno::perm},
    {"hard link to an absolute path", [](Cell& c) { return c.link("file", (c.guest.temp / "outside/got").string()); }, Errno::perm},
    {"hard link from an absolute path", [](Cell& c) { return c.link((c.guest.temp / "outside/data").string(), "got"); }, Errno::perm},
    {"mkdir of an absolute path", [](Cell& c) { return c.mkdir((c.guest.temp / "outside/new").string()); }, Errno::perm},
    {"read an absolute link", [](Cell& c) { return c.readlink("/proc/self/exe"); }, Errno::perm},

    // Links that the guest makes.
    {"a link to /", [](Cell& c) { return c.symlink("/", "l"); }, Errno::perm},
    {"a link to /proc/self/root", [](Cell& c) { return c.symlink("/proc/self/root", "l"); }, Errno::perm},
    {"a link up", [](Cell& c) { return c.with(c.symlink("../outside", "l")).open("l/data"); }, Errno::perm},
    {"a link up, opened", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).open("l"); }, Errno::perm},
    {"a link up, without following", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).open("l", kRead, 0, kBox, 0); }, Errno::loop},
    {"a link up with a slash", [](Cell& c) { return c.with(c.symlink("../outside", "l")).open("l/", 0, 0, kBox, 0); }, Errno::perm},
    {"a link up with slash and dot", [](Cell& c) { return c.with(c.symlink("../outside", "l")).open("l/.", 0, 0, kBox, 0); }, Errno::perm},
    {"a link up and down", [](Cell& c) { return c.with(c.symlink("../box/dir", "l")).open("l/file"); }, Errno::perm},
    {"a link up from below", [](Cell& c) { return c.with(c.symlink("../../..", "dir/sub/l")).open("dir/sub/l/outside/data"); }, Errno::perm},
    {"a link made of dots", [](Cell& c) { return c.with(c.symlink("./dir/.././../.", "l")).open("l"); }, Errno::perm},
    {"a chain of links", [](Cell& c) { return c.with(c.symlink("b", "a")).with(c.symlink("dir/c", "b")).with(c.symlink("../d", "dir/c")).with(c.symlink("../outside/data", "d")).open("a"); }, Errno::perm},
    {"links that add up", [](Cell& c) { return c.with(c.symlink("dir/..", "a")).with(c.symlink("a/..", "b")).open("b/outside/data"); }, Errno::perm},
    {".. after a link down", [](Cell& c) { return c.with(c.symlink("dir/sub", "l")).open("l/../../../outside/data"); }, Errno::perm},
    {"a loop", [](Cell& c) { return c.with(c.symlink("b", "a")).with(c.symlink("a", "b")).open("a/../outside"); }, Errno::loop},
    {"a loop of one, with a slash", [](Cell& c) { return c.with(c.symlink("a/", "a")).open("a"); }, Errno::loop},
    {"a loop that grows", [](Cell& c) { return c.with(c.symlink("a/../a/..", "a")).open("a"); }, Errno::loop},
    {"create through a link", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).open("l", kWrite, kCreat); }, Errno::perm},
    {"create anew through a link", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).open("l", kWrite, kCreat | kExcl); }, Errno::exist},
    {"create through two links", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).with(c.symlink("l", "m")).open("m", kWrite, kCreat); }, Errno::perm},
    {"truncate through a link", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).open("l", kWrite, kTrunc); }, Errno::perm},
    {"mkdir at a link", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).mkdir("l"); }, Errno::exist},
    {"mkdir at a link with a slash", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).mkdir("l/"); }, Errno::exist},
    {"mkdir below a link", [](Cell& c) { return c.with(c.symlink("../outside", "l")).mkdir("l/new"); }, Errno::perm},
    {"rmdir of a link with a slash", [](Cell& c) { return c.with(c.symlink("../outside/deep", "l")).rmdir("l/"); }, Errno::notdir},
    {"unlink of a link with a slash", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).unlink("l/"); }, Errno::notdir},
    {"unlink below a link", [](Cell& c) { return c.with(c.symlink("../outside", "l")).unlink("l/data"); }, Errno::perm},
    {"unlink of a link takes the link", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).unlink("l"); }, Errno::success},
    {"rename onto a link takes the link", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).rename("file", "l"); }, Errno::success},
    {"rename a directory onto a link", [](Cell& c) { return c.with(c.symlink("../outside/deep", "l")).rename("dir", "l"); }, Errno::notdir},
    {"rename a directory onto a link with a slash", [](Cell& c) { return c.with(c.symlink("../outside/deep", "l")).rename("dir", "l/"); }, Errno::notdir},
    {"rename below a link", [](Cell& c) { return c.with(c.symlink("../outside", "l")).rename("file", "l/file"); }, Errno::perm},
    {"rename from below a link", [](Cell& c) { return c.with(c.symlink("../outside", "l")).rename("l/data", "got"); }, Errno::perm},
    {"times of what a link means", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).times("l"); }, Errno::perm},
    {"times of a link are its own", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).times("l", 0); }, Errno::success},
    {"attributes of what a link means", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).stat("l"); }, Errno::perm},
    {"hard link to what a link means", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).link("l", "got", kSymlinkFollow); }, Errno::perm},
    {"hard link to a link", [](Cell& c) { return c.with(c.symlink("../outside/data", "l")).with(c.link("l", "got")).open("got"); }, Errno::perm},
    {"a link made at a link", [](Cell& c) { return c.with(c.symlink("../outside/new", "l")).symlink("x", "l"); }, Errno::exist},
    {"a link made below a link", [](Cell& c) { return c.with(c.symlink("../outside", "l")).symlink("x", "l/new"); }, Errno::perm},

    // What is no escape where it is made.
    {"a moved link", [](Cell& c) { return c.with(c.symlink("../../file", "dir/sub/l")).with(c.rename("dir/sub/l", "l")).open("l"); }, Errno::perm},
    {"a link in a moved directory", [](Cell& c) { return c.with(c.symlink("../../file", "dir/sub/l")).with(c.rename("dir/sub", "sub")).open("sub/l"); }, Errno::perm},
    {"a hard link to a link, higher up", [](Cell& c) { return c.with(c.symlink("../../file", "dir/sub/l")).with(c.link("dir/sub/l", "l")).open("l"); }, Errno::perm},
    {"a link moved to another preopen", [](Cell& c) { return c.with(c.symlink("../file", "dir/l")).with(c.rename("dir/l", "l", kBox, kOther)).open("l", kRead, 0, kOther); }, Errno::perm},
    {"a directory moved to another preopen", [](Cell& c) { return c.with(c.symlink("../file", "dir/l")).with(c.rename("dir", "dir", kBox, kOther)).open("dir/l", kRead, 0, kOther); }, Errno::noent},
    {"an open directory that has moved", [](Cell& c) {
       const Fd sub = c.directory("dir/sub");
       return c.with(c.rename("dir/sub", "sub", kBox, kOther)).open("../outside/data", kRead, 0, sub);
     }, Errno::perm},
    {"an open directory that is gone", [](Cell& c) {
       const Fd sub = c.directory("dir/sub");
       return c.with(c.rmdir("dir/sub")).open("..", 0, 0, sub);
     }, Errno::perm},
    {"creating in a directory that is gone", [](Cell& c) {
       const Fd sub = c.directory("dir/sub");
       return c.with(c.rmdir("dir/sub")).open("new", kWrite, kCreat, sub);
     }, Errno::noent},
    {"a file in the place of a directory", [](Cell& c) { return c.with(c.rename("file", "dir/sub/x")).open("dir/sub/x/../../../../outside/data"); }, Errno::notdir},

    // Links that the host has left lying about.
    {"the host's absolute link", [](Cell& c) { return c.host_link((c.guest.temp / "outside/data").string(), "l").open("l"); }, Errno::perm},
    {"the host's absolute link to a directory", [](Cell& c) { return c.host_link((c.guest.temp / "outside").string(), "l").open("l/data"); }, Errno::perm},
    {"the host's link back into the box", [](Cell& c) { return c.host_link(c.guest.box("dir").string(), "l").open("l/file"); }, Errno::perm},
    {"a link to the process's own root", [](Cell& c) { return c.host_link("/proc/self/root", "l").open("l/etc/passwd"); }, Errno::perm},
    {"a link to the process's descriptors", [](Cell& c) { return c.host_link("/proc/self/fd/3/../outside", "l").open("l/data"); }, Errno::perm},
    {"a relative link to the process's descriptors", [](Cell& c) { return c.host_link("../../../../../../../proc/self/fd", "l").open("l/3"); }, Errno::perm},
    {"a link with a huge target", [](Cell& c) { return c.host_link(std::string(4000, '/'), "l").open("l"); }, Errno::perm},
    {"links that go a long way about, inside", [](Cell& c) {
       std::string target;
       for (int i = 0; i < 1000; ++i) target += "./";
       return c.host_link(target + "dir", "l").host_link(target + "l", "m").host_link(target + "m", "n").open("n/" + target + "/file");
     }, Errno::success},

    // A read-only preopen.
    {"write", [](Cell& c) { return c.open("file", kWrite, 0, kReadOnly); }, Errno::rofs},
    {"read and write", [](Cell& c) { return c.open("sub/file", kReadWrite, 0, kReadOnly); }, Errno::rofs},
    {"write through its own link", [](Cell& c) { return c.open("link", kWrite, 0, kReadOnly); }, Errno::rofs},
    {"write at the end", [](Cell& c) { return c.open("file", kWrite, 0, kReadOnly, kSymlinkFollow, fdflags::kAppend); }, Errno::rofs},
    {"truncate when opening", [](Cell& c) { return c.open("file", kRead, kTrunc, kReadOnly); }, Errno::rofs},
    {"truncate through its own link", [](Cell& c) { return c.open("link", 0, kTrunc, kReadOnly); }, Errno::rofs},
    {"create and truncate", [](Cell& c) { return c.open("file", kRead, kCreat | kTrunc, kReadOnly); }, Errno::rofs},
    {"create", [](Cell& c) { return c.open("new", 0, kCreat, kReadOnly); }, Errno::rofs},
    {"create in a directory of it", [](Cell& c) { return c.open("new", kWrite, kCreat | kExcl, c.directory("sub", kReadOnly)); }, Errno::rofs},
    {"create through a writable directory's link", [](Cell& c) { return c.host_link((c.temp / "ro").string(), "l").open("l/new", kWrite, kCreat); }, Errno::perm},
    {"set the size", [](Cell& c) { return fd_filestat_set_size(c.guest.call(), c.file("file", kRead, kReadOnly), 0); }, Errno::rofs},
    {"allocate", [](Cell& c) { return fd_allocate(c.guest.call(), c.file("file", kRead, kReadOnly), 0, 4096); }, Errno::rofs},
    {"set an open file's times", [](Cell& c) { return fd_filestat_set_times(c.guest.call(), c.file("file", kRead, kReadOnly), 1, 1, fstflags::kMtim); }, Errno::rofs},
    {"set the directory's own times", [](Cell& c) { return fd_filestat_set_times(c.guest.call(), kReadOnly, 1, 1, fstflags::kMtim); }, Errno::rofs},
    {"set times", [](Cell& c) { return c.times("file", 0, kReadOnly); }, Errno::rofs},
    {"set times of .", [](Cell& c) { return c.times(".", 0, kReadOnly); }, Errno::rofs},
    {"set times through its own link", [](Cell& c) { return c.times("link", kSymlinkFollow, kReadOnly); }, Errno::rofs},
    {"set times of its own link", [](Cell& c) { return c.times("link", 0, kReadOnly); }, Errno::rofs},
    {"make a directory", [](Cell& c) { return c.mkdir("new", kReadOnly); }, Errno::rofs},
    {"remove a directory", [](Cell& c) { return c.rmdir("sub", kReadOnly); }, Errno::rofs},
    {"unlink", [](Cell& c) { return c.unlink("sub/file", kReadOnly); }, Errno::rofs},
    {"unlink a link", [](Cell& c) { return c.unlink("link", kReadOnly); }, Errno::rofs},
    {"make a link", [](Cell& c) { return c.symlink("file", "new", kReadOnly); }, Errno::rofs},
    {"rename within", [](Cell& c) { return c.rename("file", "new", kReadOnly, kReadOnly); }, Errno::rofs},
    {"rename onto itself", [](Cell& c) { return c.rename("file", "file", kReadOnly, kReadOnly); }, Errno::rofs},
    {"rename out of it", [](Cell& c) { return c.rename("file", "got", kReadOnly, kBox); }, Errno::rofs},
    {"rename a directory out of it", [](Cell& c) { return c.rename("sub", "got", kReadOnly, kBox); }, Errno::rofs},
    {"rename into it", [](Cell& c) { return c.rename("file", "file", kBox, kReadOnly); }, Errno::rofs},
    {"rename a directory into it", [](Cell& c) { return c.rename("dir", "new", kBox, kReadOnly); }, Errno::rofs},
    {"hard link out of it", [](Cell& c) { return c.link("file", "got", 0, kReadOnly, kBox); }, Errno::rofs},
    {"hard link out of it, through a link", [](Cell& c) { return c.link("link", "got", kSymlinkFollow, kReadOnly, kBox); }, Errno::rofs},
    {"hard link to a link in it", [](Cell& c) { return c.link("link", "got", 0, kReadOnly, kBox); }, Errno::rofs},
    {"hard link into it", [](Cell& c) { return c.link("file", "new", 0, kBox, kReadOnly); }, Errno::rofs},
    {"hard link out of a directory of it", [](Cell& c) { return c.link("file", "got", 0, c.directory("sub", kReadOnly), kBox); }, Errno::rofs},
    {"get back rights", [](Cell& c) { return fd_fdstat_set_rights(c.guest.call(), c.file("file", kRead, kReadOnly), kReadWrite, 0); }, Errno::notcapable},

    // Descriptor numbers.
    {"a file becomes a directory's number", [](Cell& c) {
       (void)fd_renumber(c.guest.call(), c.file("file"), kBox);
       return c.open("dir");
     }, Errno::notdir},
    {"a read-only directory under a writable one's number", [](Cell& c) {
       (void)fd_renumber(c.guest.call(), kReadOnly, kBox);
       return c.open("new", kWrite, kCreat);
     }, Errno::rofs},
    {"a directory of a read-only one under a writable one's number", [](Cell& c) {
       (void)fd_renumber(c.guest.call(), c.directory("sub", kReadOnly), kBox);
       return c.unlink("file");
     }, Errno::rofs},
    {"a writable directory under a read-only one's number", [](Cell& c) {
       (void)fd_renumber(c.guest.call(), kOther, kReadOnly);
       return c.open("file", kWrite, 0, kReadOnly);  // the other directory, which has no such file
     }, Errno::noent},
    {"a closed preopen's number", [](Cell& c) {
       (void)fd_close(c.guest.call(), kBox);
       return c.open("file");
     }, Errno::badf},
    {"a reused number is no preopen", [](Cell& c) {
       (void)fd_close(c.guest.call(), kReadOnly);
       (void)c.directory("dir");
       return fd_prestat_get(c.guest.call(), kReadOnly, c.guest.out<PreStat>());
     }, Errno::badf},
    {"renumber onto a number that is not open", [](Cell& c) { return fd_renumber(c.guest.call(), kBox, Fd{100}); }, Errno::badf},
    {"renumber to the last number there is", [](Cell& c) { return fd_renumber(c.guest.call(), kBox, Fd{0xffffffff}); }, Errno::badf},
    {"open below standard input", [](Cell& c) { return c.open("x", kRead, 0, Fd{0}); }, Errno::notdir},
    {"open below a directory under standard input's number", [](Cell& c) {
       (void)fd_renumber(c.guest.call(), c.directory("dir"), Fd{0});
       return c.open("../file", kRead, 0, Fd{0});
     }, Errno::perm},

    // Things that are neither files nor directories.
    {"a FIFO nobody reads", [](Cell& c) {
       REQUIRE(::mkfifo(c.guest.box("fifo").c_str(), 0600) == 0);
       return c.open("fifo", kWrite);
     }, Errno::nxio},
    {"a FIFO nobody writes", [](Cell& c) {
       REQUIRE(::mkfifo(c.guest.box("fifo").c_str(), 0600) == 0);
       return c.open("fifo", kRead, kTrunc | kCreat);
     }, Errno::success},
    {"a FIFO at a position", [](Cell& c) {
       REQUIRE(::mkfifo(c.guest.box("fifo").c_str(), 0600) == 0);
       return code(fd_pread(c.guest.call(), c.file("fifo"), c.guest.iovecs({{4096, 1}}), 0, c.guest.out<Size>()));
     }, Errno::spipe},
    {"a FIFO as a directory", [](Cell& c) {
       REQUIRE(::mkfifo(c.guest.box("fifo").c_str(), 0600) == 0);
       return c.open("fifo/..");
     }, Errno::notdir},
    {"a FIFO in a read-only preopen", [](Cell& c) { return c.open("fifo", kWrite, 0, kReadOnly); }, Errno::rofs},
    {"a socket", [](Cell& c) {
       const HostFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
       sockaddr_un address{};
       address.sun_family = AF_UNIX;
       const std::string path = c.guest.box("socket");
       REQUIRE(path.size() < sizeof address.sun_path);
       std::memcpy(address.sun_path, path.c_str(), path.size());
       REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
       return c.open("socket", kReadWrite);
     }, Errno::nxio},
    {"a link to a device", [](Cell& c) { return c.host_link("/dev/zero", "l").open("l"); }, Errno::perm},
};
// clang-format on

/// Runs `attempt` and checks what must hold after any.
void run(const Attempt& attempt, Mode mode) {
  const std::string name = attempt.name, resolver = name_of(mode);
  CAPTURE(name);
  CAPTURE(resolver);
  Cell cell(mode);
  std::multiset<std::string> before = cell.surroundings();
  const auto start = std::chrono::steady_clock::now();
  CHECK(std::string(to_string(attempt.run(cell))) == std::string(to_string(attempt.expected)));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));  // did not hang
  CHECK(cell.surroundings() == before);
  CHECK_FALSE(cell.holds_secret());
}

/// Does `disturb` over and over in another thread while the guest does `act`, for `milliseconds`
/// and until `count`, of what has succeeded, is no longer 0.
template <class Disturb, class Act>
void race(Disturb&& disturb, Act&& act, const int& count, int milliseconds = 120) {
  std::atomic<bool> is_done{false};
  std::thread other([&] {
    while (!is_done) disturb();
  });
  // On a machine that is very busy it may take long until anything succeeds.
  const auto start = std::chrono::steady_clock::now();
  const auto enough = start + std::chrono::milliseconds(milliseconds);
  const auto too_long = start + std::chrono::seconds(20);
  for (auto now = start; now < enough || (count == 0 && now < too_long);
       now = std::chrono::steady_clock::now()) {
    act();
  }
  is_done = true;
  other.join();
}

/// What lies outside, by name and content: times change when names come and go beside it.
std::set<std::string> outside_names(const Cell& cell) {
  std::set<std::string> names;
  const fs::path outside = cell.guest.temp / "outside";
  for (const auto& entry : fs::recursive_directory_iterator(outside)) {
    names.insert(entry.path().string() +
                 (entry.is_regular_file() ? " " + read_file(entry.path()) : ""));
  }
  return names;
}

}  // namespace

TEST_SUITE("escape") {
  TEST_CASE("no attempt gets out") {
    CHECK(std::size(kAttempts) >= 60);
    for (const Mode mode : modes()) {
      for (const Attempt& attempt : kAttempts) run(attempt, mode);
    }
  }

  TEST_CASE("changes go nowhere else while a directory is swapped for a link") {
    for (const Mode mode : modes()) {
      const std::string resolver = name_of(mode);
      CAPTURE(resolver);
      Cell cell(mode);
      cell.host_link("../outside", "trap");
      const std::set<std::string> before = outside_names(cell);
      const std::string dir = cell.guest.box("dir"), trap = cell.guest.box("trap"),
                        away = cell.guest.box("away");
      write_file(cell.guest.box("dir/data"), "mine");
      int changes = 0;
      race(
          [&] {
            ::rename(dir.c_str(), away.c_str());
            ::rename(trap.c_str(), dir.c_str());
            ::rename(dir.c_str(), trap.c_str());
            ::rename(away.c_str(), dir.c_str());
          },
          [&] {
            const Errno errors[] = {
                cell.open("dir/new", kWrite, kCreat),
                cell.open("dir/data", kWrite, kTrunc),
                cell.mkdir("dir/made"),
                cell.rmdir("dir/deep"),
                cell.symlink("x", "dir/linked"),
                cell.link("file", "dir/hard"),
                cell.rename("dir/deep", "got"),
                cell.rename("file", "dir/data"),
                cell.rename("dir/data", "file"),
                cell.times("dir/data", 0),
                cell.unlink("dir/data"),
                cell.unlink("dir/new"),
                cell.unlink("dir/linked"),
                cell.unlink("dir/hard"),
                cell.rmdir("dir/made"),
            };
            for (const Errno error : errors) changes += error == Errno::success ? 1 : 0;
            for (std::uint32_t fd = 6; fd < 16; ++fd) (void)fd_close(cell.guest.call(), Fd{fd});
          },
          changes, 250);
      CHECK(changes > 0);
      CHECK(outside_names(cell) == before);
      CHECK_FALSE(fs::exists(cell.guest.box("got")));
    }
  }

  TEST_CASE("\"..\" leads back to where the path came from while a directory moves out") {
    for (const Mode mode : modes()) {
      const std::string resolver = name_of(mode);
      CAPTURE(resolver);
      Cell cell(mode);
      // Where the directory moves to, three times ".." finds the canary.
      const std::string inside = cell.guest.box("dir/sub"),
                        outside = cell.guest.temp / "outside/deep/sub";
      write_file(cell.guest.temp / "outside/file", kSecret);
      write_file(cell.guest.temp / "file", kSecret);
      int opened = 0, wrong = 0;
      race(
          [&] {
            ::rename(inside.c_str(), outside.c_str());
            ::rename(outside.c_str(), inside.c_str());
          },
          [&] {
            for (const char* path : {"dir/sub/../../file", "dir/sub/../sub/../file"}) {
              if (cell.open(path) != Errno::success) continue;
              ++opened;
              if (cell.guest.read(cell.guest.opened) != "mine") ++wrong;
              (void)fd_close(cell.guest.call(), cell.guest.opened);
            }
          },
          opened, 250);
      CHECK(opened > 0);
      CHECK(wrong == 0);
    }
  }

  TEST_CASE("links are read once: one that changes its target leads nowhere else") {
    for (const Mode mode : modes()) {
      const std::string resolver = name_of(mode);
      CAPTURE(resolver);
      Cell cell(mode);
      write_file(cell.guest.box("dir/data"), "mine");
      const std::string link = cell.guest.box("l"), next = cell.guest.box("next");
      int opened = 0, wrong = 0;
      race(
          [&] {
            for (const char* target : {"dir", "../outside"}) {
              if (::symlink(target, next.c_str()) == 0) ::rename(next.c_str(), link.c_str());
            }
          },
          [&] {
            for (const char* path : {"l/data", "l/../dir/data", "l/./data"}) {
              if (cell.open(path) != Errno::success) continue;
              ++opened;
              if (cell.guest.read(cell.guest.opened) != "mine") ++wrong;
              (void)fd_close(cell.guest.call(), cell.guest.opened);
            }
          },
          opened);
      CHECK(opened > 0);
      CHECK(wrong == 0);
    }
  }

  TEST_CASE("a preopened /proc/self/fd gives no descriptor of the host") {
    if (!fs::exists("/proc/self/fd")) return;
    for (const Mode mode : modes()) {
      const std::string resolver = name_of(mode);
      CAPTURE(resolver);
      TempDir temp;
      write_file(temp / "data", kSecret);
      const HostFd file(::open((temp / "data").c_str(), O_RDONLY | O_CLOEXEC));
      const HostFd directory(::open((temp / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      int pipe[2];
      REQUIRE(::pipe(pipe) == 0);
      const HostFd reader(pipe[0]), writer(pipe[1]);
      WasiConfig config;
      config.preopens.push_back({.guest = "/fd", .host = "/proc/self/fd"});
      config.preopens.push_back({.guest = "/proc", .host = "/proc/self"});
      TestWorld guest(config, mode);
      for (const HostFd* fd : {&file, &directory, &reader}) {
        const std::string name = std::to_string(fd->get());
        for (const std::string& path :
             {name, name + "/", name + "/.", name + "/data", "../fd/" + name, "../cwd/" + name}) {
          CAPTURE(path);
          for (const LookupFlags lookup : {LookupFlags{0}, kSymlinkFollow}) {
            CHECK(guest.open(path, kRead, 0, 0, lookup, Fd{4}) != Errno::success);
            CHECK(guest.open("fd/" + path, kRead, 0, 0, lookup, Fd{5}) != Errno::success);
            CHECK(guest.open("task/../fd/" + path, kWrite, 0, 0, lookup, Fd{5}) != Errno::success);
          }
          CHECK(path_link(guest.call(), Fd{4}, kSymlinkFollow, {path}, kBox, {"got"}) !=
                Errno::success);
          CHECK(path_filestat_get(guest.call(), Fd{4}, kSymlinkFollow, {path},
                                  guest.out<FileStat>()) != Errno::success);
        }
      }
      for (const char* path : {"ns/mnt", "ns/mnt/", "exe", "root/..", "cwd/.."}) {
        CAPTURE(path);
        CHECK(guest.open(path, kRead, 0, 0, kSymlinkFollow, Fd{5}) != Errno::success);
      }
    }
  }

  TEST_CASE("numbers of the host's descriptors mean nothing") {
    Cell cell(Mode::automatic);
    const HostFd file(::open((cell.guest.temp / "outside/data").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(file);
    const auto number = static_cast<std::uint32_t>(file.get());
    REQUIRE(number > 5);
    const Call call = cell.guest.call();
    for (const std::uint32_t fd : {number, number + (1u << 16), number | 0x80000000u}) {
      CHECK(cell.guest.read(Fd{fd}) == "<badf>");
      CHECK(cell.guest.write(Fd{fd}, "x") == Errno::badf);
      CHECK(fd_close(call, Fd{fd}) == Errno::badf);
      CHECK(fd_renumber(call, Fd{fd}, kBox) == Errno::badf);
      CHECK(fd_renumber(call, kBox, Fd{fd}) == Errno::badf);
      CHECK(cell.open("data", kRead, 0, Fd{fd}) == Errno::badf);
      CHECK(sock_shutdown(call, Fd{fd}, kShutRead) == Errno::badf);
    }
    CHECK(::fcntl(file.get(), F_GETFD) >= 0);
  }

  TEST_CASE("without openat2, because it is missing or forbidden, the walk takes over") {
    for (const int error : {ENOSYS, EPERM}) {
      CAPTURE(error);
      std::thread([&] {  // the filter is the thread's own and goes with it
        if (!deny_openat2(error)) return;
        const HostFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        CHECK(platform::open_directory_beneath(root.get(), "tmp") == -1);
        for (const Attempt& attempt : kAttempts) run(attempt, Mode::automatic);
        Cell cell(Mode::automatic);
        CHECK(cell.open("dir/sub/../file") == Errno::success);
        CHECK(cell.guest.read(cell.guest.opened) == "mine");
        Cell forced(Mode::kernel);
        CHECK(forced.open("dir/file") != Errno::success);
      })
          .join();
    }
  }
}
