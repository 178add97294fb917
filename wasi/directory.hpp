// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <dirent.h>
#include <memory>
#include <string>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// The entries of an open directory, read in order and from any entry's `next` on. Cookies are the
/// file system's own positions, so that they stay good while entries come and go.
class DirectoryStream {
 public:
  struct Entry {
    std::string name;
    DirEnt head;
  };

  /// `directory` stays the caller's. A preopened directory's ".." is itself, as in a root.
  static OrErrno<std::unique_ptr<DirectoryStream>> open(int directory, bool is_preopen);

  /// The entry at `cookie`, 0 for the first; nullptr at the end.
  OrErrno<const Entry*> at(DirCookie cookie);

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  explicit DirectoryStream(DIR* stream, bool is_preopen)
      : stream_(stream), is_preopen_(is_preopen) {}

  std::unique_ptr<DIR, Close> stream_;
  bool is_preopen_;
  DirCookie position_ = 0;  // what readdir gives next
  Entry entry_;             // the last one read
  bool has_entry_ = false;
  DirCookie entry_cookie_ = 0;  // where it was
};

}  // namespace tinywasm::wasi
