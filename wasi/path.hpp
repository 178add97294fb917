// SPDX-License-Identifier: Apache-2.0
// The sandbox. A guest's path becomes a place: an open directory and one name in it, such that the
// directory is the one the path starts from or lies below it. Whatever is then done to the place
// uses the *at system calls and never follows a symbolic link, so nothing that changes in the file
// system between resolution and use can lead outside.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "wasi/errno.hpp"
#include "wasi/host_fd.hpp"

namespace tinywasm::wasi {

/// A name in an open directory. The name has no slash in it and is never "..".
struct Place {
  HostFd directory;  // borrowed when it is the directory the path started from
  std::string name;
  bool must_be_directory = false;  // the path ended in a slash
};

/// What to do with a symbolic link in the last component.
enum class LastLink {
  keep,       // it is meant itself, unless a slash follows it
  keep_name,  // it is meant itself in any case: for what changes the directory
  follow,
};

/// How directories are walked. Safe to use from several threads.
class PathResolver {
 public:
  /// `automatic`: by the kernel, confined to the starting directory, where it can do that and no
  /// link is on the way; else component by component. (A link's target may have thousands of names,
  /// links among them: the kernel would look up millions in one call, which nothing could end.) The
  /// others force one way, for tests.
  enum class Mode { automatic, kernel, walk };
  explicit PathResolver(Mode mode = Mode::automatic) : mode_(mode) {}
  void set_mode(Mode mode) { mode_ = mode; }

  /// Resolves `path` below `base`. noent for an empty path; perm for an absolute one, for one that
  /// leaves `base`, and for a link with an absolute target; ilseq when it is not UTF-8, inval with
  /// a NUL; loop after too many links. The last component need not exist. Names that had to be
  /// looked up because of links, each a system call or less, are added to `lookups`, in case of an
  /// error as well: at most kMaxSteps, and kMaxLinks times as many as a path has.
  OrErrno<Place> resolve(int base, std::string_view path, LastLink last,
                         std::uint64_t& lookups) const;

  static constexpr int kMaxLinks = 40;
  static constexpr std::size_t kMaxPath = 4096;  // bytes, with links expanded
  static constexpr std::size_t kMaxDepth = 256;  // directories, when walking
  static constexpr int kMaxSteps = 8192;         // names looked up, when walking: links multiply

 private:
  OrErrno<Place> resolve_within(int base, std::string current, LastLink last, int& steps,
                                std::uint64_t& lookups) const;
  OrErrno<HostFd> open_directory(int base, const std::string& path, int& steps) const;

  Mode mode_;
  mutable std::atomic<bool> is_kernel_refusing_{false};  // openat2 is not there or not allowed
};

/// What any path of a guest has to be: not empty (noent), not too long, without NUL, UTF-8.
Errno check_path_text(std::string_view text);

/// A name for the target of a new symbolic link: any relative path. perm for an absolute one.
Errno check_link_target(std::string_view target);

/// The target of the link `name` in `directory`; inval when it is none.
OrErrno<std::string> read_link(int directory, const std::string& name);

/// Opens a place, which need not be a directory, without following a link and without waiting for
/// another process (FIFOs, devices).
OrErrno<HostFd> open_place(const Place& place, int flags, unsigned mode = 0);

}  // namespace tinywasm::wasi
