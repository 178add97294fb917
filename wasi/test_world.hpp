// SPDX-License-Identifier: Apache-2.0
// What the tests of the calls share: a directory of its own below the system's temporary one, a
// world whose descriptor 3 is the directory "box" in it, and a guest memory to call with.
#pragma once

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "wasi/calls.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {

/// A temporary directory, removed with the object.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "tinywasm-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The code a call answered with; fails the test when it would have ended the guest.
inline Errno code(Errno error) { return error; }
inline Errno code(const Result<Errno>& result) {
  REQUIRE(result.has_value());
  return *result;
}

inline constexpr Fd kBox{3};
inline constexpr Rights kReadWrite = rights::kFdRead | rights::kFdWrite;

/// A guest's memory that is a vector.
inline GuestMemory memory_of(const std::vector<std::byte>& bytes) {
  return {[](const void* environment) {
            auto& vector = *static_cast<std::vector<std::byte>*>(const_cast<void*>(environment));
            return std::span(vector);
          },
          &bytes};
}

class TestWorld {
 public:
  explicit TestWorld(WasiConfig config = {},
                     PathResolver::Mode mode = PathResolver::Mode::automatic,
                     bool read_only = false)
      : config_(std::move(config)), memory(65536) {
    std::filesystem::create_directory(temp / "box");
    if (config_.in.kind == WasiStream::Kind::inherit) config_.in = WasiStream::null();
    if (config_.out.kind == WasiStream::Kind::inherit) config_.out = WasiStream::null();
    if (config_.err.kind == WasiStream::Kind::inherit) config_.err = WasiStream::null();
    config_.preopens.insert(
        config_.preopens.begin(),
        {.guest = "/", .host = (temp / "box").string(), .read_only = read_only});
    auto created = World::create(config_);
    REQUIRE(created.has_value());
    world = *created;
    world->paths.set_mode(mode);
  }

  Call call() {
    return {*world, guest_memory(),
            [](const void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load(); },
            &is_interrupted};
  }
  GuestMemory guest_memory() const { return memory_of(memory); }
  std::filesystem::path box(const std::string& name) const { return temp / "box" / name; }

  /// A result slot at the front of memory.
  template <class T>
  Out<T> out(std::size_t at = 0) {
    return {guest_memory(), at};
  }
  template <class T>
  T value(std::size_t at = 0) const {
    return take<T>(memory.data() + at);
  }
  /// `text` in guest memory.
  GuestBytes bytes(std::size_t at, std::size_t length) { return {guest_memory(), at, length}; }
  void put_text(std::size_t at, const std::string& text) {
    std::memcpy(memory.data() + at, text.data(), text.size());
  }
  std::string text(std::size_t at, std::size_t length) const {
    return {reinterpret_cast<const char*>(memory.data()) + at, length};
  }

  struct Buffer {
    std::uint32_t address;
    std::uint32_t length;
  };
  /// A list of buffers, written at 1024.
  IoVecs iovecs(std::initializer_list<Buffer> buffers) {
    std::byte* at = memory.data() + 1024;
    for (const Buffer& buffer : buffers) {
      put(at, buffer.address);
      put(at + 4, buffer.length);
      at += IoVecs::kEntrySize;
    }
    return {guest_memory(), 1024, buffers.size()};
  }

  Errno open(const std::string& path, Rights rights, OFlags oflags = 0, FdFlags fdflags = 0,
             LookupFlags lookup = kSymlinkFollow, Fd directory = kBox) {
    const Errno error = path_open(call(), directory, lookup, {path}, oflags, rights, ~Rights{0},
                                  fdflags, out<Fd>());
    if (error == Errno::success) opened = Fd{value<std::uint32_t>()};
    return error;
  }
  /// As open(), which must succeed.
  Fd must_open(const std::string& path, Rights rights, OFlags oflags = 0, FdFlags fdflags = 0) {
    REQUIRE(open(path, rights, oflags, fdflags) == Errno::success);
    return opened;
  }

  Errno write(Fd fd, const std::string& text) {
    put_text(4096, text);
    return code(fd_write(call(), fd, iovecs({{4096, static_cast<std::uint32_t>(text.size())}}),
                         out<Size>()));
  }
  /// What one fd_read gives, or the name of its error in angle brackets.
  std::string read(Fd fd, std::uint32_t length = 4096) {
    const Errno error = code(fd_read(call(), fd, iovecs({{4096, length}}), out<Size>()));
    if (error != Errno::success) return std::string("<") + to_string(error) + ">";
    return text(4096, value<Size>());
  }

 private:
  WasiConfig config_;

 public:
  TempDir temp;
  std::shared_ptr<World> world;
  std::vector<std::byte> memory;
  std::atomic<bool> is_interrupted{false};
  Fd opened{};
};

/// Calls on paths by the guest of a fixture, which has a member `guest` and derives from this.
template <class Fixture>
struct PathCalls {
  Errno mkdir(const std::string& path, Fd fd = kBox) {
    return path_create_directory(call(), fd, {path});
  }
  Errno rmdir(const std::string& path, Fd fd = kBox) {
    return path_remove_directory(call(), fd, {path});
  }
  Errno unlink(const std::string& path, Fd fd = kBox) {
    return path_unlink_file(call(), fd, {path});
  }
  Errno symlink(const std::string& target, const std::string& path, Fd fd = kBox) {
    return path_symlink(call(), {target}, fd, {path});
  }
  Errno link(const std::string& from, const std::string& to, LookupFlags flags = 0, Fd old = kBox,
             Fd fd = kBox) {
    return path_link(call(), old, flags, {from}, fd, {to});
  }
  Errno rename(const std::string& from, const std::string& to, Fd old = kBox, Fd fd = kBox) {
    return path_rename(call(), old, {from}, fd, {to});
  }

 private:
  Call call() { return static_cast<Fixture*>(this)->guest.call(); }
};

}  // namespace tinywasm::wasi
