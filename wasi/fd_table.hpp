// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tinywasm/wasi.hpp>

#include "wasi/directory.hpp"
#include "wasi/host_fd.hpp"
#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// What a guest's descriptor number stands for.
///
/// Rights: path_open grants what applies to the type of file and the directory's inheriting rights
/// allow, reading and writing only when asked for. So programs that ask for too little elsewhere
/// still work, fd_fdstat_get tells the truth, and fd_fdstat_set_rights can take away for good.
struct Descriptor {
  enum class Kind : std::uint8_t {
    file,  // regular: never waits
    directory,
    stream,    // pipe, terminal, device: may wait
    socket,    // connected
    listener,  // a socket that accepts
    buffer,    // memory of the embedder, see `buffer`
    callbacks,
    null,  // empty when read, swallows what is written
  };

  Kind kind = Kind::null;
  FileType type = FileType::unknown;
  bool read_only = false;            // below a read-only preopen: nothing may change through it
  bool is_output = false;            // the guest's standard output, whose failures are reported
  bool is_host_nonblocking = false;  // the host's descriptor never waits: O_NONBLOCK
  bool has_reader = false;           // pipe, terminal: a write may wait until somebody reads
  bool can_tell = true;              // whether it would wait: platform::read_now works
  FdFlags flags = 0;                 // as the guest set them
  Rights base = 0;
  Rights inheriting = 0;
  HostFd host;                               // none for what is the embedder's or null
  std::optional<std::string> preopen;        // the guest's name of a preopened directory
  std::unique_ptr<DirectoryStream> entries;  // directory: opened by the first fd_readdir
  std::shared_ptr<std::string> buffer;
  std::shared_ptr<const WasiStream> callbacks;
  std::shared_ptr<WasiDirectory> tree;  // directory of the embedder
  std::shared_ptr<WasiFile> file;       // file of the embedder
  FileSize position = 0;                // in `file`
  unsigned pins = 0;                    // calls of other threads that use it
  std::size_t consumed = 0;             // bytes of `buffer` that were read and not yet removed

  /// The descriptor for an open host descriptor: kind, type and the rights that apply to them,
  /// reading and writing as the host's mode allows. badf when `host` is not open.
  static OrErrno<Descriptor> of(HostFd host);
};

/// A guest's descriptors: numbers from 0, the lowest free one is given out first.
class FdTable {
 public:
  explicit FdTable(std::size_t limit) : limit_(limit) {}

  /// mfile when there are as many as the limit allows.
  OrErrno<Fd> insert(Descriptor descriptor);
  /// nullptr when not open. Valid until that number is closed or renumbered.
  Descriptor* find(Fd fd) const;
  Errno close(Fd fd);
  /// Closes `to`, which must be open, and makes it what `from` was.
  Errno renumber(Fd from, Fd to);
  bool is_full() const { return count_ + closed_.size() >= limit_; }

  /// A descriptor that is pinned lives on after its number was closed.
  static void pin(Descriptor& descriptor) { ++descriptor.pins; }
  void unpin(Descriptor& descriptor);

 private:
  void release(std::unique_ptr<Descriptor> descriptor);

  std::size_t limit_;
  std::size_t count_ = 0;
  std::size_t lowest_free_ = 0;  // no number below is free
  std::vector<std::unique_ptr<Descriptor>> slots_;
  std::vector<std::unique_ptr<Descriptor>> closed_{};  // but pinned
};

}  // namespace tinywasm::wasi
