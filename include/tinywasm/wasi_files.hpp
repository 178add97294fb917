// SPDX-License-Identifier: Apache-2.0
/// @file
/// Files of the embedder. What a guest finds below a preopened directory need not be a directory of
/// the host: it can be any WasiDirectory, such as WasiMemoryFiles.
///
/// tinywasm resolves the guest's paths and checks its rights, read-only preopens and limits; an
/// implementation only ever sees single names, which are UTF-8, not empty, neither "." nor "..",
/// and without '/' and NUL. There are no symbolic links and no hard links: these calls answer
/// notsup.
///
/// Errors are values of <cerrno> (ENOENT, ENOSPC, ...), 0 for none; the guest gets the WASI code of
/// the same meaning. A call runs on the guest's thread and should not block: nothing interrupts it.
/// The threads of one guest call one after the other; an implementation that several guests are
/// given has to be safe to use from several threads. It may call the guest: bytes that it gets, or
/// is to give, are copies, of at most 64 KiB. What it throws ends the guest with an error.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm {

/// How a read or write ended: a number of bytes or an error. What can be read is read; 0 bytes,
/// when some were asked for, are the end of the file. A short write is followed by another one.
struct WasiTransfer {
  std::size_t bytes = 0;
  int error = 0;

  WasiTransfer(std::size_t transferred) : bytes(transferred) {}
  static WasiTransfer failed(int error) {
    WasiTransfer result(0);
    result.error = error;
    return result;
  }
};

/// Times are nanoseconds since 1970.
struct WasiFileInfo {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;  ///< tells files apart
  std::uint64_t links = 1;
  std::uint64_t accessed = 0;
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;
};

/// What files and directories have in common.
class WasiNode {
 public:
  virtual ~WasiNode() = default;
  virtual WasiFileInfo info() = 0;
  /// A time that is absent stays as it is.
  virtual int set_times(std::optional<std::uint64_t> accessed,
                        std::optional<std::uint64_t> modified) {
    (void)accessed, (void)modified;
    return ENOTSUP;
  }
};

/// A file's contents. Where a descriptor stands in it is kept elsewhere.
class WasiFile : public WasiNode {
 public:
  virtual WasiTransfer read(std::uint64_t offset, std::span<std::byte> to) = 0;
  virtual WasiTransfer write(std::uint64_t offset, std::span<const std::byte> from) {
    (void)offset, (void)from;
    return WasiTransfer::failed(EROFS);
  }
  /// Cuts the end off, or appends zeros.
  virtual int resize(std::uint64_t size) {
    (void)size;
    return EROFS;
  }
  virtual int sync() { return 0; }
};

class WasiDirectory;

/// What a name stands for: one of both, or neither when there is nothing of that name.
struct WasiEntry {
  std::shared_ptr<WasiFile> file{};
  std::shared_ptr<WasiDirectory> directory{};

  explicit operator bool() const { return file || directory; }
};

/// A directory. Only find() and names() have to be there; without the rest it cannot be changed.
class WasiDirectory : public WasiNode {
 public:
  virtual WasiEntry find(const std::string& name) = 0;
  /// All names, without "." and "..", in any order.
  virtual std::vector<std::string> names() = 0;
  /// EEXIST when the name is taken.
  virtual int create_file(const std::string& name) { return read_only(name); }
  virtual int create_directory(const std::string& name) { return read_only(name); }
  /// EISDIR for a directory.
  virtual int remove_file(const std::string& name) { return read_only(name); }
  /// ENOTDIR for a file, ENOTEMPTY.
  virtual int remove_directory(const std::string& name) { return read_only(name); }
  /// Moves `name` to `to`, where it takes the place of what has the name `new_name`, as rename(2).
  /// EXDEV when `to` belongs to something else.
  virtual int rename(const std::string& name, WasiDirectory& to, const std::string& new_name) {
    (void)to, (void)new_name;
    return read_only(name);
  }

 private:
  static int read_only(const std::string&) { return EROFS; }
};

/// Files in memory: a scratch directory that leaves nothing behind, or input and output without
/// files of the host. Thread-safe. What it holds lives as long as it or a guest uses it.
class WasiMemoryFiles {
 public:
  struct Options {
    /// What all files may hold together, holes in them included, 256 bytes for each file and
    /// directory, and names of more than 15 bytes; ENOSPC beyond. They take about as much memory of
    /// the host, for holes none.
    std::uint64_t max_bytes = 64 << 20;
    /// The time for new and changed files, in nanoseconds since 1970; 0 always when there is none.
    std::function<std::uint64_t()> now{};
  };
  TINYWASM_API WasiMemoryFiles();
  TINYWASM_API explicit WasiMemoryFiles(Options options);

  /// For WasiPreopen::directory.
  TINYWASM_API std::shared_ptr<WasiDirectory> root() const;

  /// Sets the contents of the file at `path`, such as "data/in.txt"; makes it and the directories
  /// on the way to it when they are not there.
  TINYWASM_API Result<void> write(std::string_view path, std::string_view contents);
  [[nodiscard]] TINYWASM_API Result<std::string> read(std::string_view path) const;

 private:
  std::shared_ptr<WasiDirectory> root_;
};

}  // namespace tinywasm
