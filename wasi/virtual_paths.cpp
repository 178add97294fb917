// SPDX-License-Identifier: Apache-2.0
// Paths below a directory of the embedder. Nothing here can lead out of it: names are looked up one
// by one, and ".." goes back to the directory that was passed through.
#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "wasi/path.hpp"
#include "wasi/reservation.hpp"
#include "wasi/virtual_files.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi::virtual_paths {
namespace {

/// As in a directory of the host: a name costs memory that no limit counts.
constexpr std::size_t kMaxName = 255;

/// A name in a directory of the embedder and what it stands for.
struct Found {
  DescriptorPtr base;
  std::shared_ptr<WasiDirectory> directory;
  std::string name;  // empty: the directory itself is meant ("." or ".." at the end)
  bool must_be_directory = false;
  WasiEntry entry;

  /// What a change of the name's meaning has to look at first.
  Errno check_change() const {
    if (name.empty()) return Errno::inval;
    return base->read_only ? Errno::rofs : Errno::success;
  }
};

/// Goes through the components of a path.
class Walk {
 public:
  explicit Walk(const DescriptorPtr& base) { found_.base = base, below_.push_back(base->tree); }

  OrErrno<Found> run(const std::string& path) {
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      const std::string component = path.substr(at, end - at);
      at = std::min(end + 1, path.size());
      const bool is_last = path.find_first_not_of('/', at) == std::string::npos;
      if (const Errno error = step(component, is_last); error != Errno::success) return error;
    }
    found_.directory = below_.back();
    if (found_.name.empty()) found_.entry.directory = found_.directory;
    found_.must_be_directory = found_.name.empty() || path.ends_with('/');
    return std::move(found_);
  }

 private:
  Errno step(const std::string& component, bool is_last) {
    if (component.empty() || component == ".") return Errno::success;
    if (component == "..") {
      if (below_.size() == 1) return Errno::perm;
      below_.pop_back();
      return Errno::success;
    }
    if (component.size() > kMaxName) return Errno::nametoolong;
    WasiEntry entry = below_.back()->find(component);
    if (is_last) {
      found_.name = component;
      found_.entry = std::move(entry);
      return Errno::success;
    }
    if (!entry) return Errno::noent;
    if (!entry.directory) return Errno::notdir;
    if (below_.size() == PathResolver::kMaxDepth) return Errno::nametoolong;
    below_.push_back(std::move(entry.directory));
    return Errno::success;
  }

  Found found_;
  std::vector<std::shared_ptr<WasiDirectory>> below_;
};

OrErrno<Found> find(const Call& call, Fd fd, Rights rights, GuestPath path) {
  const DescriptorPtr base = call.world.fds.find(fd);
  if (!base) return Errno::badf;
  if (base->kind != Descriptor::Kind::directory) return Errno::notdir;
  if ((rights & ~base->base) != 0) return Errno::notcapable;
  if (!base->tree) return Errno::xdev;  // the other directory of two is the host's
  if (const Errno error = check_path_text(path.text); error != Errno::success) return error;
  if (path.text.starts_with('/')) return Errno::perm;
  return Walk(base).run(path.text);
}

/// As find(), of something that has to be there.
OrErrno<Found> find_existing(const Call& call, Fd fd, Rights rights, GuestPath path) {
  auto found = find(call, fd, rights, path);
  if (!found) return found.error();
  if (!found->entry) return Errno::noent;
  if (found->must_be_directory && !found->entry.directory) return Errno::notdir;
  return found;
}

bool is_bad(LookupFlags flags) { return (flags & ~kSymlinkFollow) != 0; }

/// What path_open finds or makes.
OrErrno<WasiEntry> open_entry(const Call& call, Found& found, OFlags oflags, bool writes) {
  if (found.entry) {
    const bool is_exclusive = (oflags & oflags::kCreat) != 0 && (oflags & oflags::kExcl) != 0;
    if (is_exclusive) return Errno::exist;
    const bool needs_directory = found.must_be_directory || (oflags & oflags::kDirectory) != 0;
    if (needs_directory && !found.entry.directory) return Errno::notdir;
    const bool truncates = (oflags & oflags::kTrunc) != 0;
    if (found.entry.directory) {
      return writes || truncates ? OrErrno<WasiEntry>(Errno::isdir) : found.entry;
    }
    if (found.base->read_only && (writes || truncates)) return Errno::rofs;
    const Errno error = truncates ? resize_virtual(call, *found.entry.file, 0) : Errno::success;
    return error == Errno::success ? OrErrno<WasiEntry>(found.entry) : error;
  }
  if ((oflags & oflags::kCreat) == 0) return Errno::noent;
  if (found.base->read_only) return Errno::rofs;
  Reservation space(call, OutputLimit::kNewFile);
  if (space.is_refused()) return Errno::nospc;
  const Errno error = space.use_if(from_host(found.directory->create_file(found.name)));
  if (error != Errno::success) return error;
  WasiEntry made = found.directory->find(found.name);
  return made.file ? OrErrno<WasiEntry>(std::move(made)) : Errno::io;
}

}  // namespace

Errno create_directory(const Call& call, Fd fd, GuestPath path) {
  const auto found = find(call, fd, rights::kPathCreateDirectory, path);
  if (!found) return found.error();
  if (found->entry) return Errno::exist;
  if (const Errno error = found->check_change(); error != Errno::success) return error;
  Reservation space(call, OutputLimit::kNewBlock);
  if (space.is_refused()) return Errno::nospc;
  return space.use_if(from_host(found->directory->create_directory(found->name)));
}

OrErrno<FileStat> stat(const Call& call, Fd fd, LookupFlags flags, GuestPath path) {
  if (is_bad(flags)) return Errno::inval;
  const auto found = find_existing(call, fd, rights::kPathFilestatGet, path);
  if (!found) return found.error();
  return virtual_stat(found->entry);
}

Errno set_times(const Call& call, Fd fd, LookupFlags flags, GuestPath path, Timestamp atim,
                Timestamp mtim, FstFlags fst_flags) {
  if (is_bad(flags)) return Errno::inval;
  const auto found = find_existing(call, fd, rights::kPathFilestatSetTimes, path);
  if (!found) return found.error();
  if (found->base->read_only) return Errno::rofs;
  return set_times_virtual(call, found->entry, atim, mtim, fst_flags);
}

Errno open(const Call& call, Fd fd, LookupFlags flags, GuestPath path, OFlags oflags, Rights base,
           FdFlags fdflags, Out<Fd> opened) {
  const bool creates = (oflags & oflags::kCreat) != 0;
  if (is_bad(flags) || (oflags & ~oflags::kAll) != 0 || (fdflags & ~fdflags::kAll) != 0 ||
      (creates && (oflags & oflags::kDirectory) != 0)) {
    return Errno::inval;
  }
  const bool truncates = (oflags & oflags::kTrunc) != 0;
  auto found = find(call, fd,
                    rights::kPathOpen | (creates ? rights::kPathCreateFile : 0) |
                        (truncates ? rights::kPathFilestatSetSize : 0),
                    path);
  if (!found) return found.error();
  constexpr Rights kAccess = rights::kFdRead | rights::kFdWrite;
  if ((base & kAccess & ~found->base->inheriting) != 0) return Errno::notcapable;
  if (creates && found->must_be_directory) return Errno::isdir;
  if (call.world.fds.is_full()) return Errno::mfile;
  const auto entry = open_entry(call, *found, oflags, (base & rights::kFdWrite) != 0);
  if (!entry) return entry.error();
  Descriptor descriptor = virtual_descriptor(*entry);
  descriptor.base &= found->base->inheriting & ~(kAccess & ~base);
  descriptor.inheriting &= found->base->inheriting;
  descriptor.read_only = found->base->read_only;
  descriptor.flags = fdflags;
  const auto number = call.world.fds.insert(std::move(descriptor));
  return number ? opened.set(*number) : number.error();
}

Errno readlink(const Call& call, Fd fd, GuestPath path) {
  const auto found = find_existing(call, fd, rights::kPathReadlink, path);
  return found ? Errno::inval : found.error();
}

Errno link(const Call& call, Fd fd, Rights right, GuestPath path) {
  const auto found = find(call, fd, right, path);
  if (!found) return found.error();
  return found->base->read_only ? Errno::rofs : Errno::notsup;
}

Errno remove_directory(const Call& call, Fd fd, GuestPath path) {
  const auto found = find_existing(call, fd, rights::kPathRemoveDirectory, path);
  if (!found) return found.error();
  if (const Errno error = found->check_change(); error != Errno::success) return error;
  return from_host(found->directory->remove_directory(found->name));
}

Errno rename(const Call& call, Fd old_fd, GuestPath old_path, Fd new_fd, GuestPath new_path) {
  const auto source = find_existing(call, old_fd, rights::kPathRenameSource, old_path);
  if (!source) return source.error();
  const auto target = find(call, new_fd, rights::kPathRenameTarget, new_path);
  if (!target) return target.error();
  for (const Found* place : {&*source, &*target}) {
    if (const Errno error = place->check_change(); error != Errno::success) return error;
  }
  if (target->must_be_directory && !source->entry.directory) return Errno::notdir;
  return from_host(source->directory->rename(source->name, *target->directory, target->name));
}

Errno unlink_file(const Call& call, Fd fd, GuestPath path) {
  const auto found = find_existing(call, fd, rights::kPathUnlinkFile, path);
  if (!found) return found.error();
  if (found->entry.directory) return Errno::isdir;
  if (const Errno error = found->check_change(); error != Errno::success) return error;
  return from_host(found->directory->remove_file(found->name));
}

}  // namespace tinywasm::wasi::virtual_paths
