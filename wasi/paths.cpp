// SPDX-License-Identifier: Apache-2.0
// The path_* calls. Each resolves its paths to places (see path.hpp) and works on these alone.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "wasi/calls.hpp"
#include "wasi/file_stat.hpp"
#include "wasi/reservation.hpp"
#include "wasi/set_times.hpp"
#include "wasi/virtual_files.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

constexpr int kNoFollow = AT_SYMLINK_NOFOLLOW;

Errno host_result(int result) { return result == 0 ? Errno::success : last_errno(); }

/// What looking up a name takes, in bytes of a transfer, where links make them many.
constexpr std::uint64_t kBytesOfLookup = 1024;
/// And what changing a directory takes.
constexpr std::uint64_t kBytesOfChange = 16384;

/// A path of the guest, resolved: where it starts and where it leads.
struct Located {
  DescriptorPtr base;
  Place place;

  int directory() const { return place.directory.get(); }
  const char* name() const { return place.name.c_str(); }
};

OrErrno<Located> locate(const Call& call, Fd fd, Rights rights, GuestPath path, LastLink last) {
  const DescriptorPtr base = call.world.fds.find(fd);
  if (!base) return Errno::badf;
  if (base->kind != Descriptor::Kind::directory) return Errno::notdir;
  if ((rights & ~base->base) != 0) return Errno::notcapable;
  std::uint64_t lookups = 0;
  auto place = call.world.paths.resolve(base->host.get(), path.text, last, lookups);
  call.count(lookups * kBytesOfLookup);
  if (!place) return place.error();
  if (last == LastLink::keep_name || (rights & rights::kPathCreateFile) != 0) {
    call.count(kBytesOfChange);
  }
  return Located{base, std::move(*place)};
}

OrErrno<LastLink> last_link(LookupFlags flags) {
  if ((flags & ~kSymlinkFollow) != 0) return Errno::inval;
  return (flags & kSymlinkFollow) != 0 ? LastLink::follow : LastLink::keep;
}

OrErrno<struct stat> stat_of(const Located& located) {
  struct stat stat{};
  if (::fstatat(located.directory(), located.name(), &stat, kNoFollow) != 0) return last_errno();
  return stat;
}

/// Whether the place is what a slash at the end of its path demands. An error when it is not there.
Errno check_slash(const Located& located) {
  if (!located.place.must_be_directory) return Errno::success;
  const auto stat = stat_of(located);
  if (!stat) return stat.error();
  return S_ISDIR(stat->st_mode) ? Errno::success : Errno::notdir;
}

/// Nothing changes below a read-only preopen. An error in finding the file comes first.
Errno check_writable(const Located& located) {
  if (!located.base->read_only) return Errno::success;
  const auto stat = stat_of(located);
  return stat ? Errno::rofs : stat.error();
}

/// The place for something new that is no directory: a slash at its end is an error in any case.
Errno check_new_name(const Located& located) {
  if (!located.place.must_be_directory && !located.base->read_only) return Errno::success;
  const auto stat = stat_of(located);
  if (!stat) return located.place.must_be_directory ? stat.error() : Errno::rofs;
  const bool is_file_with_slash = located.place.must_be_directory && !S_ISDIR(stat->st_mode);
  return is_file_with_slash ? Errno::notdir : Errno::exist;
}

bool are_open(const Call& call, Fd a, Fd b) {
  return call.world.fds.find(a) && call.world.fds.find(b);
}

OrErrno<FileStat> stat_path(const Call& call, Fd fd, LookupFlags flags, GuestPath path) {
  if (is_virtual_directory(call, fd)) return virtual_paths::stat(call, fd, flags, path);
  const auto last = last_link(flags);
  if (!last) return last.error();
  const auto located = locate(call, fd, rights::kPathFilestatGet, path, *last);
  if (!located) return located.error();
  const auto stat = stat_of(*located);
  if (!stat) return stat.error();
  if (located->place.must_be_directory && !S_ISDIR(stat->st_mode)) return Errno::notdir;
  return file_stat(*stat);
}

/// What path_open was asked for, as flags of open(2).
int open_flags(OFlags oflags, Rights base, FdFlags fdflags) {
  int flags = O_RDONLY;
  if ((base & rights::kFdWrite) != 0) flags = (base & rights::kFdRead) != 0 ? O_RDWR : O_WRONLY;
  if ((oflags & oflags::kCreat) != 0) {
    flags |= O_CREAT;
    if ((oflags & oflags::kExcl) != 0) flags |= O_EXCL;
  }
  if ((oflags & oflags::kDirectory) != 0) flags |= O_DIRECTORY;
  if ((oflags & oflags::kTrunc) != 0) flags |= O_TRUNC;
  if ((fdflags & fdflags::kAppend) != 0) flags |= O_APPEND;
  if ((fdflags & fdflags::kDsync) != 0) flags |= O_DSYNC;
  if ((fdflags & (fdflags::kSync | fdflags::kRsync)) != 0) flags |= O_SYNC;
  return flags;
}

/// What a read-only preopen allows of `flags`: opening to read, also with O_CREAT when the file is
/// there.
OrErrno<int> read_only_flags(const Located& located, int flags) {
  const auto stat = stat_of(located);
  if (!stat && (flags & O_CREAT) == 0) return stat.error();
  if (!stat) return Errno::rofs;
  if ((flags & O_EXCL) != 0) return Errno::exist;
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0) return Errno::rofs;
  return flags & ~O_CREAT;
}

/// The rights of what was opened through `parent`; see Descriptor.
void grant(Descriptor& opened, const Descriptor& parent, Rights requested) {
  const Rights not_asked = (rights::kFdRead | rights::kFdWrite) & ~requested;
  opened.base &= parent.inheriting & ~not_asked;
  opened.inheriting &= parent.inheriting;
}

}  // namespace

Errno path_create_directory(const Call& call, Fd fd, GuestPath path) {
  if (is_virtual_directory(call, fd)) return virtual_paths::create_directory(call, fd, path);
  const auto located = locate(call, fd, rights::kPathCreateDirectory, path, LastLink::keep_name);
  if (!located) return located.error();
  if (located->base->read_only) return stat_of(*located) ? Errno::exist : Errno::rofs;
  Reservation space(call, OutputLimit::kNewBlock);
  if (space.is_refused()) return Errno::nospc;
  return space.use_if(host_result(::mkdirat(located->directory(), located->name(), 0777)));
}

Errno path_filestat_get(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                        Out<FileStat> stat) {
  const auto result = stat_path(call, fd, flags, path);
  return result ? stat.set(*result) : result.error();
}

Errno unstable::path_filestat_get(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                                  Out<UnstableFileStat> stat) {
  const auto result = stat_path(call, fd, flags, path);
  return result ? stat.set({*result}) : result.error();
}

Errno path_filestat_set_times(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                              Timestamp atim, Timestamp mtim, FstFlags fst_flags) {
  const auto last = last_link(flags);
  if (!last) return last.error();
  const auto times = times_to_set(atim, mtim, fst_flags, call.world.clocks);
  if (!times) return times.error();
  if (is_virtual_directory(call, fd)) {
    return virtual_paths::set_times(call, fd, flags, path, atim, mtim, fst_flags);
  }
  const auto located = locate(call, fd, rights::kPathFilestatSetTimes, path, *last);
  if (!located) return located.error();
  if (const Errno error = check_slash(*located); error != Errno::success) return error;
  if (const Errno error = check_writable(*located); error != Errno::success) return error;
  return host_result(::utimensat(located->directory(), located->name(), times->data(), kNoFollow));
}

Errno path_link(const Call& call, Fd old_fd, LookupFlags old_flags, GuestPath old_path, Fd new_fd,
                GuestPath new_path) {
  if (!are_open(call, old_fd, new_fd)) return Errno::badf;
  if (is_virtual_directory(call, old_fd)) {
    return virtual_paths::link(call, old_fd, rights::kPathLinkSource, old_path);
  }
  if (is_virtual_directory(call, new_fd)) return Errno::xdev;
  const auto last = last_link(old_flags);
  if (!last) return last.error();
  const auto source = locate(call, old_fd, rights::kPathLinkSource, old_path, *last);
  if (!source) return source.error();
  const auto target = locate(call, new_fd, rights::kPathLinkTarget, new_path, LastLink::keep_name);
  if (!target) return target.error();
  if (const Errno error = check_slash(*source); error != Errno::success) return error;
  // A second name in a writable directory would make a read-only file writable.
  if (const Errno error = check_writable(*source); error != Errno::success) return error;
  if (const Errno error = check_new_name(*target); error != Errno::success) return error;
  Reservation space(call, OutputLimit::kNewFile);
  if (space.is_refused()) return Errno::nospc;
  return space.use_if(host_result(
      ::linkat(source->directory(), source->name(), target->directory(), target->name(), 0)));
}

Errno path_open(const Call& call, Fd fd, LookupFlags flags, GuestPath path, OFlags oflags,
                Rights base, Rights, FdFlags fdflags, Out<Fd> opened) {
  if (is_virtual_directory(call, fd)) {
    return virtual_paths::open(call, fd, flags, path, oflags, base, fdflags, opened);
  }
  const auto lookup = last_link(flags);
  if (!lookup) return lookup.error();
  const bool creates = (oflags & oflags::kCreat) != 0;
  if ((oflags & ~oflags::kAll) != 0 || (fdflags & ~fdflags::kAll) != 0) return Errno::inval;
  if (creates && (oflags & oflags::kDirectory) != 0) return Errno::inval;
  const bool is_exclusive = creates && (oflags & oflags::kExcl) != 0;
  const auto located =
      locate(call, fd,
             rights::kPathOpen | (creates ? rights::kPathCreateFile : 0) |
                 ((oflags & oflags::kTrunc) != 0 ? rights::kPathFilestatSetSize : 0),
             path, is_exclusive ? LastLink::keep_name : *lookup);
  if (!located) return located.error();
  const Rights access = base & (rights::kFdRead | rights::kFdWrite);
  if ((access & ~located->base->inheriting) != 0) return Errno::notcapable;
  if (creates && located->place.must_be_directory) return Errno::isdir;
  if (call.world.fds.is_full()) return Errno::mfile;

  int host_flags = open_flags(oflags, base, fdflags);
  if (located->base->read_only) {
    const auto allowed = read_only_flags(*located, host_flags);
    if (!allowed) return allowed.error();
    host_flags = *allowed;
  }
  const bool is_new = (host_flags & O_CREAT) != 0 && is_output_limited(call) && !stat_of(*located);
  Reservation space(call, is_new ? OutputLimit::kNewFile : 0);
  if (space.is_refused()) return Errno::nospc;
  auto host = open_place(located->place, host_flags, 0666);
  if (!host) return host.error();
  space.use_if(Errno::success);
  auto descriptor = Descriptor::of(std::move(*host));
  if (!descriptor) return descriptor.error();
  grant(*descriptor, *located->base, base);
  descriptor->read_only = located->base->read_only;
  descriptor->flags = fdflags;
  const auto number = call.world.fds.insert(std::move(*descriptor));
  return number ? opened.set(*number) : number.error();
}

Errno path_readlink(const Call& call, Fd fd, GuestPath path, GuestBytes buffer, Out<Size> used) {
  if (is_virtual_directory(call, fd)) return virtual_paths::readlink(call, fd, path);
  const auto located = locate(call, fd, rights::kPathReadlink, path, LastLink::keep);
  if (!located) return located.error();
  if (const Errno error = check_slash(*located); error != Errno::success) return error;
  const auto target = read_link(located->directory(), located->place.name);
  if (!target) return target.error();
  const std::size_t length = std::min(target->size(), buffer.size());
  std::memcpy(buffer.get().data(), target->data(), length);
  return used.set(static_cast<Size>(length));
}

Errno path_remove_directory(const Call& call, Fd fd, GuestPath path) {
  if (is_virtual_directory(call, fd)) return virtual_paths::remove_directory(call, fd, path);
  const auto located = locate(call, fd, rights::kPathRemoveDirectory, path, LastLink::keep_name);
  if (!located) return located.error();
  if (const Errno error = check_writable(*located); error != Errno::success) return error;
  return host_result(::unlinkat(located->directory(), located->name(), AT_REMOVEDIR));
}

Errno path_rename(const Call& call, Fd old_fd, GuestPath old_path, Fd new_fd, GuestPath new_path) {
  if (!are_open(call, old_fd, new_fd)) return Errno::badf;
  if (is_virtual_directory(call, old_fd)) {
    return virtual_paths::rename(call, old_fd, old_path, new_fd, new_path);
  }
  if (is_virtual_directory(call, new_fd)) return Errno::xdev;
  const auto source =
      locate(call, old_fd, rights::kPathRenameSource, old_path, LastLink::keep_name);
  if (!source) return source.error();
  const auto target =
      locate(call, new_fd, rights::kPathRenameTarget, new_path, LastLink::keep_name);
  if (!target) return target.error();
  if (const Errno error = check_slash(*source); error != Errno::success) return error;
  if (const Errno error = check_writable(*source); error != Errno::success) return error;
  if (target->base->read_only) return Errno::rofs;
  if (target->place.must_be_directory) {
    const auto stat = stat_of(*source);
    if (!stat) return stat.error();
    if (!S_ISDIR(stat->st_mode)) return Errno::notdir;
  }
  return host_result(
      ::renameat(source->directory(), source->name(), target->directory(), target->name()));
}

Errno path_symlink(const Call& call, GuestPath target, Fd fd, GuestPath path) {
  const std::string& text = target.text;
  if (const Errno error = check_link_target(text); error != Errno::success) return error;
  if (is_virtual_directory(call, fd)) {
    return virtual_paths::link(call, fd, rights::kPathSymlink, path);
  }
  const auto located = locate(call, fd, rights::kPathSymlink, path, LastLink::keep_name);
  if (!located) return located.error();
  if (const Errno error = check_new_name(*located); error != Errno::success) return error;
  Reservation space(call, OutputLimit::kNewBlock);
  if (space.is_refused()) return Errno::nospc;
  return space.use_if(
      host_result(::symlinkat(text.c_str(), located->directory(), located->name())));
}

Errno path_unlink_file(const Call& call, Fd fd, GuestPath path) {
  if (is_virtual_directory(call, fd)) return virtual_paths::unlink_file(call, fd, path);
  const auto located = locate(call, fd, rights::kPathUnlinkFile, path, LastLink::keep_name);
  if (!located) return located.error();
  if (located->place.must_be_directory) {
    const Errno error = check_slash(*located);
    return error == Errno::success ? Errno::isdir : error;
  }
  if (const Errno error = check_writable(*located); error != Errno::success) return error;
  return host_result(::unlinkat(located->directory(), located->name(), 0));
}

}  // namespace tinywasm::wasi
