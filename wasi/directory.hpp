// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// What the copies of directories that are read in order may take together. Must outlive them.
struct SortedDirectories {
  static constexpr std::size_t kMaxBytes = 64 << 20;
  std::size_t bytes = 0;
};

/// The entries of an open directory, read in order and from any entry's `next` on. Cookies are the
/// file system's own positions, so that they stay good while entries come and go; or, when they are
/// sorted, positions in a copy that the cookie 0 renews.
class DirectoryStream {
 public:
  struct Entry {
    std::string name;
    DirEnt head;
  };

  /// `directory` stays the caller's. A preopened directory's ".." is itself, as in a root.
  /// With `sorted` in the order of the names' bytes; nomem when that takes too much memory.
  static OrErrno<std::unique_ptr<DirectoryStream>> open(int directory, bool is_preopen,
                                                        SortedDirectories* sorted = nullptr);
  ~DirectoryStream() { forget(); }

  /// The entry at `cookie`, 0 for the first; nullptr at the end.
  OrErrno<const Entry*> at(DirCookie cookie);

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  DirectoryStream(DIR* stream, bool is_preopen, SortedDirectories* sorted)
      : stream_(stream), is_preopen_(is_preopen), sorted_(sorted) {}

  OrErrno<const Entry*> read_at(DirCookie cookie);
  Errno read_copy();
  Errno copy();
  void forget();

  std::unique_ptr<DIR, Close> stream_;
  bool is_preopen_;
  SortedDirectories* sorted_;
  std::vector<Entry> copy_;  // sorted
  std::size_t copied_bytes_ = 0;
  bool is_copied_ = false;
  DirCookie position_ = 0;  // what readdir gives next
  Entry entry_;             // the last one read
  bool has_entry_ = false;
  DirCookie entry_cookie_ = 0;  // where it was
};

}  // namespace tinywasm::wasi
