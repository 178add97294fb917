// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

#include <tinywasm/wasi_files.hpp>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// What the copies of directories may take together. Must outlive the streams.
struct DirectoryCopies {
  static constexpr std::size_t kMaxBytes = 64 << 20;
  std::size_t bytes = 0;
};

/// The entries of an open directory, read in order and from any entry's `next` on. Cookies are the
/// file system's own positions, so that they stay good while entries come and go; or, when they are
/// sorted or the directory is the embedder's, positions in a copy that the cookie 0 renews.
class DirectoryStream {
 public:
  struct Entry {
    std::string name;
    DirEnt head;
  };

  /// `directory` stays the caller's. Its ".." is shown as itself, as in a root: a preopened
  /// directory may be opened anew, and its real parent's number is not the guest's to know.
  /// With `sorted` in the order of the names' bytes; nomem when that takes too much memory.
  static OrErrno<std::unique_ptr<DirectoryStream>> open(int directory,
                                                        DirectoryCopies* sorted = nullptr);
  /// Of a directory of the embedder, likewise sorted.
  static std::unique_ptr<DirectoryStream> open(std::shared_ptr<WasiDirectory> tree,
                                               DirectoryCopies& copies);
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;
  ~DirectoryStream() { forget(); }

  /// The entry at `cookie`, 0 for the first; nullptr at the end.
  OrErrno<const Entry*> at(DirCookie cookie);

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  DirectoryStream(DIR* stream, DirectoryCopies* sorted) : stream_(stream), sorted_(sorted) {}

  OrErrno<const Entry*> read_at(DirCookie cookie);
  Errno read_copy();
  Errno read_tree();
  Errno add_to_copy(const Entry& entry);
  Errno copy();
  void forget();

  std::unique_ptr<DIR, Close> stream_;
  std::shared_ptr<WasiDirectory> tree_{};  // in place of stream_
  DirectoryCopies* sorted_;
  std::vector<Entry> copy_;  // sorted
  std::size_t copied_bytes_ = 0;
  bool is_copied_ = false;
  DirCookie position_ = 0;  // what readdir gives next
  Entry entry_;             // the last one read
  bool has_entry_ = false;
  DirCookie entry_cookie_ = 0;  // where it was
};

}  // namespace tinywasm::wasi
