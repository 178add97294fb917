// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// What a guest remembers of a directory's entries while it reads them, and copies of directories:
/// both take memory of the host, together no more than this. Must outlive the streams.
struct DirectoryCopies {
  static constexpr std::size_t kMaxBytes = 64 << 20;
  std::size_t bytes = 0;

  bool take(std::size_t wanted) {
    if (bytes + wanted > kMaxBytes) return false;
    bytes += wanted;
    return true;
  }
};

/// Cookies of fd_readdir for the positions of a file system. Those may have 63 bits, but a C
/// library of 32 bits keeps cookies in a `long`. So small positions are their own cookies, and the
/// others are numbered as they are met. A position keeps its cookie whatever happens to the
/// directory.
class DirectoryCookies {
 public:
  /// All cookies are below.
  static constexpr DirCookie kEnd = DirCookie{1} << 31;

  explicit DirectoryCookies(DirectoryCopies& copies) : copies_(copies) {}
  DirectoryCookies(const DirectoryCookies&) = delete;
  DirectoryCookies& operator=(const DirectoryCookies&) = delete;
  ~DirectoryCookies() { clear(); }

  /// None: too many to remember.
  std::optional<DirCookie> cookie_of(std::int64_t position);
  /// None: no cookie that was given out.
  std::optional<std::int64_t> position_of(DirCookie cookie) const;
  void clear();

 private:
  // The ranges of cookies: positions that are small, ascending_, others_.
  static constexpr DirCookie kSmall = DirCookie{1} << 30;
  static constexpr DirCookie kOthers = kSmall + (DirCookie{1} << 29);

  bool take(std::size_t bytes);

  DirectoryCopies& copies_;
  std::size_t taken_ = 0;
  std::vector<std::int64_t> ascending_;  // as most file systems give them out
  std::vector<std::int64_t> others_;     // that came between them later
  std::unordered_map<std::int64_t, std::size_t> index_of_others_;
};

}  // namespace tinywasm::wasi
