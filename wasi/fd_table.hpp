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
  bool is_standard = false;          // a standard stream: read or written in order, nothing else
  bool is_output = false;            // the guest's standard output, whose failures are reported
  bool is_host_nonblocking = false;  // the host's descriptor never waits: O_NONBLOCK
  bool has_reader = false;           // pipe, terminal: a write may wait until somebody reads
  bool is_terminal = false;
  bool is_reopened = false;  // whether `waitless` was tried for
  bool can_tell = true;      // whether it would wait: platform::read_now works
  FdFlags flags = 0;         // as the guest set them
  Rights base = 0;
  Rights inheriting = 0;
  HostFd host;                               // none for what is the embedder's or null
  HostFd waitless;                           // the same terminal, opened so that it never waits
  std::optional<std::string> preopen;        // the guest's name of a preopened directory
  std::unique_ptr<DirectoryStream> entries;  // directory: opened by the first fd_readdir
  std::shared_ptr<std::string> buffer;
  std::shared_ptr<const WasiStream> callbacks;
  std::shared_ptr<WasiDirectory> tree;  // directory of the embedder
  std::shared_ptr<WasiFile> file;       // file of the embedder
  FileSize position = 0;                // in `file`
  std::size_t consumed = 0;             // bytes of `buffer` that were read and not yet removed

  /// The descriptor for an open host descriptor: kind, type and the rights that apply to them,
  /// reading and writing as the host's mode allows. badf when `host` is not open.
  static OrErrno<Descriptor> of(HostFd host);

  /// Makes it a standard stream: whatever it leads to is read or written in order, and what else a
  /// file, a directory or a socket can do is not the guest's to use.
  void make_standard();
};

/// Who uses a descriptor holds it: it may be closed meanwhile, by another thread of the guest or by
/// the guest when a function of the embedder calls it.
using DescriptorPtr = std::shared_ptr<Descriptor>;

/// A guest's descriptors: numbers from 0, the lowest free one is given out first.
class FdTable {
 public:
  explicit FdTable(std::size_t limit) : limit_(limit) {}

  /// mfile when there are as many as the limit allows.
  OrErrno<Fd> insert(Descriptor descriptor);
  /// nullptr when not open.
  DescriptorPtr find(Fd fd) const;
  Errno close(Fd fd);
  /// Closes `to`, which must be open, and makes it what `from` was.
  Errno renumber(Fd from, Fd to);
  /// Those that are closed but still in use count, too.
  bool is_full();

 private:
  void release(DescriptorPtr descriptor);

  std::size_t limit_;
  std::size_t count_ = 0;
  std::size_t lowest_free_ = 0;  // no number below is free
  std::vector<DescriptorPtr> slots_;
  std::vector<std::weak_ptr<Descriptor>> closed_{};  // but in use when they were
};

}  // namespace tinywasm::wasi
