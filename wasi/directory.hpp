// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

#include <tinywasm/wasi_files.hpp>

#include "wasi/directory_cookies.hpp"
#include "wasi/guest.hpp"
#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// The entries of an open directory, read in order and from any entry's `next` on. Cookies stand
/// for the file system's own positions, so that they stay good while entries come and go; or, when
/// they are sorted or the directory is the embedder's, for positions in a copy that the cookie 0
/// renews.
class DirectoryStream {
 public:
  struct Entry {
    std::string name;
    DirEnt head;
  };

  /// `directory` stays the caller's. Its ".." is shown as itself, as in a root: a preopened
  /// directory may be opened anew, and its real parent's number is not the guest's to know.
  /// With `is_sorted` in the order of the names' bytes. nomem when it takes too much memory.
  static OrErrno<std::unique_ptr<DirectoryStream>> open(int directory, DirectoryCopies& copies,
                                                        bool is_sorted);
  /// Of a directory of the embedder, likewise sorted.
  static std::unique_ptr<DirectoryStream> open(std::shared_ptr<WasiDirectory> tree,
                                               DirectoryCopies& copies);
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;
  ~DirectoryStream() { forget(); }

  /// The entry at `cookie`, 0 for the first; nullptr at the end.
  /// intr when the guest is to end.
  OrErrno<const Entry*> at(const Call& call, DirCookie cookie);

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  DirectoryStream(DIR* stream, DirectoryCopies& copies, bool is_sorted)
      : stream_(stream), copies_(copies), is_sorted_(is_sorted), cookies_(copies) {}

  OrErrno<const Entry*> read_at(DirCookie cookie);
  Errno go_to(DirCookie cookie);
  Errno read_copy(const Call& call);
  Errno read_tree(const Call& call);
  Errno add_to_copy(const Entry& entry);
  Errno sort_copy(const Call& call);
  Errno copy(const Call& call);
  void forget();

  std::unique_ptr<DIR, Close> stream_;
  std::shared_ptr<WasiDirectory> tree_{};  // in place of stream_
  DirectoryCopies& copies_;
  bool is_sorted_;
  DirectoryCookies cookies_;
  std::vector<Entry> copy_;  // sorted
  std::size_t copied_bytes_ = 0;
  bool is_copied_ = false;
  DirCookie position_ = 0;  // what readdir gives next
  Entry entry_;             // the last one read
  bool has_entry_ = false;
  DirCookie entry_cookie_ = 0;  // where it was
};

}  // namespace tinywasm::wasi
