// SPDX-License-Identifier: Apache-2.0
// The fd_* calls that are not reading, writing or seeking (see streams.cpp).
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "wasi/calls.hpp"
#include "wasi/file_stat.hpp"
#include "wasi/platform.hpp"
#include "wasi/reservation.hpp"
#include "wasi/set_times.hpp"
#include "wasi/transfer.hpp"
#include "wasi/virtual_files.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();

Errno host_result(int result) { return result == 0 ? Errno::success : last_errno(); }

/// Neither a file nor a directory that the guest can name.
bool is_no_file(const Descriptor& descriptor) {
  return descriptor.is_standard || descriptor.kind == Descriptor::Kind::socket ||
         descriptor.kind == Descriptor::Kind::listener;
}

/// What differs from run to run although the guest is fed the same, and tells the host's time.
void hide_host(FileStat& stat) {
  stat.dev = stat.ino = 0;
  stat.atim = stat.mtim = stat.ctim = 0;
}

OrErrno<FileStat> stat_of(const Call& call, Fd fd) {
  const auto descriptor = call.world.get(fd, rights::kFdFilestatGet);
  if (!descriptor) return descriptor.error();
  FileStat result;
  result.filetype = (*descriptor)->type;
  if (is_virtual(**descriptor)) return virtual_stat({(*descriptor)->file, (*descriptor)->tree});
  if (!(*descriptor)->host) return result;
  struct stat stat{};
  if (::fstat((*descriptor)->host.get(), &stat) != 0) return last_errno();
  result = file_stat(stat);
  result.filetype = (*descriptor)->type;  // tells datagram sockets from others
  if (!call.world.clocks.is_host() && is_no_file(**descriptor)) hide_host(result);
  return result;
}

/// A descriptor that is a regular file and may be changed.
OrErrno<DescriptorPtr> changeable_file(const Call& call, Fd fd, Rights right) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (open && open->kind == Descriptor::Kind::directory) return Errno::isdir;
  auto descriptor = call.world.get(fd, right);
  if (descriptor && (*descriptor)->read_only) return Errno::rofs;
  return descriptor;
}

/// Has the pages of a large file written a piece at a time, so that the guest can be ended. Errors
/// are left to be met by the call that follows.
Errno write_back(const Call& call, const Descriptor& descriptor) {
  constexpr std::int64_t kPiece = std::int64_t{16} << 20;
  struct stat stat{};
  if (descriptor.kind != Descriptor::Kind::file || ::fstat(descriptor.host.get(), &stat) != 0) {
    return Errno::success;
  }
  for (std::int64_t at = 0; at + kPiece < stat.st_size; at += kPiece) {
    if (platform::write_back(descriptor.host.get(), at, kPiece) != 0) break;
    if (call.interrupted()) return Errno::intr;
  }
  return Errno::success;
}

Errno sync(const Call& call, Fd fd, Rights right, int (*host_sync)(int)) {
  const auto descriptor = call.world.get(fd, right);
  if (!descriptor) return descriptor.error();
  if ((*descriptor)->file) return from_host((*descriptor)->file->sync());
  if (!(*descriptor)->host) return Errno::success;
  if (const Errno error = write_back(call, **descriptor); error != Errno::success) return error;
  return host_result(host_sync((*descriptor)->host.get()));
}

/// Runs a system call on a file that may have to be repeated; intr when the guest is to end.
template <class F>
Errno repeated(const Call& call, F&& system_call) {
  for (;;) {
    const int error = system_call();
    if (error != EINTR || call.interrupted()) return from_host(error);
  }
}

/// Reserves space in a file of the host, a piece at a time.
Errno allocate(const Call& call, int fd, FileSize offset, FileSize length) {
  constexpr FileSize kPiece = FileSize{16} << 20;
  struct stat before{};
  if (::fstat(fd, &before) != 0) return last_errno();
  for (FileSize done = 0; done < length;) {
    const FileSize piece = std::min(kPiece, length - done);
    Errno error = repeated(call, [&] {
      return platform::allocate(fd, static_cast<std::int64_t>(offset + done),
                                static_cast<std::int64_t>(piece));
    });
    done += piece;
    if (error == Errno::success && done < length && call.interrupted()) error = Errno::intr;
    if (error == Errno::success) continue;
    // All or nothing, for what the file has grown by.
    if (::ftruncate(fd, before.st_size) != 0) return last_errno();
    return error;
  }
  return Errno::success;
}

/// What a change of a file's size takes, in bytes of a transfer.
constexpr std::uint64_t kBytesOfResize = 8192;

/// Sets a host file's size, cutting off a lot in several steps.
Errno resize(const Call& call, int fd, FileSize size) {
  struct stat before{};
  if (::fstat(fd, &before) != 0) return last_errno();
  for (auto now = static_cast<FileSize>(before.st_size);;) {
    now = now > size && now - size > kMaxCut ? now - kMaxCut : size;
    call.count(kBytesOfResize);
    const Errno error =
        repeated(call, [&] { return ::ftruncate(fd, static_cast<off_t>(now)) == 0 ? 0 : errno; });
    if (error != Errno::success || now == size) return error;
    if (call.interrupted()) return Errno::intr;
  }
}

/// Where fd_readdir writes: as much as fits, in the buffer that may move between entries.
class EntryWriter {
 public:
  explicit EntryWriter(const GuestBytes& buffer) : buffer_(buffer) {}

  bool is_full() const { return used_ == buffer_.size(); }
  Size used() const { return static_cast<Size>(used_); }
  void add(const DirectoryStream::Entry& entry) {
    std::byte head[DirEnt::kSize];
    entry.head.encode(head);
    append(head, sizeof head);
    append(entry.name.data(), entry.name.size());
  }

 private:
  void append(const void* source, std::size_t length) {
    const std::size_t copied = std::min(length, buffer_.size() - used_);
    std::memcpy(buffer_.get().data() + used_, source, copied);
    used_ += copied;
  }

  const GuestBytes& buffer_;
  std::size_t used_ = 0;
};

}  // namespace

Errno fd_advise(const Call& call, Fd fd, FileSize offset, FileSize length, Advice advice) {
  const auto descriptor = call.world.get(fd, 0);
  if (!descriptor) return descriptor.error();
  if ((*descriptor)->kind == Descriptor::Kind::directory) return Errno::badf;
  if ((*descriptor)->kind != Descriptor::Kind::file || (*descriptor)->is_standard) {
    return Errno::spipe;
  }
  if (((*descriptor)->base & rights::kFdAdvise) == 0) return Errno::notcapable;
  if (offset > kMaxOffset || length > kMaxOffset || advice > Advice::noreuse) return Errno::inval;
  if ((*descriptor)->file) return Errno::success;
  return from_host(platform::advise((*descriptor)->host.get(), static_cast<std::int64_t>(offset),
                                    static_cast<std::int64_t>(length),
                                    static_cast<unsigned>(advice)));
}

Errno fd_allocate(const Call& call, Fd fd, FileSize offset, FileSize length) {
  const auto descriptor = changeable_file(call, fd, rights::kFdAllocate);
  if (!descriptor) return descriptor.error();
  if (((*descriptor)->base & rights::kFdWrite) == 0) return Errno::badf;
  if (length == 0 || offset > kMaxOffset || length > kMaxOffset) return Errno::inval;
  if (length > kMaxOffset - offset) return Errno::fbig;
  Reservation space(call, length);
  if (space.is_refused()) return Errno::nospc;
  call.count(length);
  if (const auto& file = (*descriptor)->file) {
    const bool is_longer = offset + length > file->info().size;
    return space.use_if(is_longer ? from_host(file->resize(offset + length)) : Errno::success);
  }
  return space.use_if(allocate(call, (*descriptor)->host.get(), offset, length));
}

Errno fd_close(const Call& call, Fd fd) { return call.world.fds.close(fd); }

Errno fd_datasync(const Call& call, Fd fd) {
  return sync(call, fd, rights::kFdDatasync, &::fdatasync);
}

Errno fd_sync(const Call& call, Fd fd) { return sync(call, fd, rights::kFdSync, &::fsync); }

Errno fd_fdstat_get(const Call& call, Fd fd, Out<FdStat> stat) {
  const DescriptorPtr descriptor = call.world.fds.find(fd);
  if (!descriptor) return Errno::badf;
  return stat.set({descriptor->type, descriptor->flags, descriptor->base, descriptor->inheriting});
}

Errno fd_fdstat_set_flags(const Call& call, Fd fd, FdFlags flags) {
  const auto found = call.world.get(fd, rights::kFdFdstatSetFlags);
  if (!found) return found.error();
  Descriptor& descriptor = **found;
  const FdFlags changed = flags ^ descriptor.flags;
  // As fcntl(F_SETFL): how writes are synchronised is decided at opening.
  if ((flags & ~fdflags::kAll) != 0) return Errno::inval;
  if ((changed & ~(fdflags::kAppend | fdflags::kNonblock)) != 0) return Errno::inval;
  if ((changed & fdflags::kAppend) != 0 && descriptor.host) {
    // A descriptor of the embedder is shared with others, who would be affected.
    if (!descriptor.host.is_owned()) return Errno::notsup;
    const int host = ::fcntl(descriptor.host.get(), F_GETFL);
    const int wanted = (flags & fdflags::kAppend) != 0 ? host | O_APPEND : host & ~O_APPEND;
    if (host < 0 || ::fcntl(descriptor.host.get(), F_SETFL, wanted) != 0) return last_errno();
  }
  descriptor.flags = flags;  // nonblock is for read_stream and write_stream, not for the host
  return Errno::success;
}

Errno fd_fdstat_set_rights(const Call& call, Fd fd, Rights base, Rights inheriting) {
  const DescriptorPtr descriptor = call.world.fds.find(fd);
  if (!descriptor) return Errno::badf;
  if ((base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0) {
    return Errno::notcapable;
  }
  descriptor->base = base;
  descriptor->inheriting = inheriting;
  return Errno::success;
}

Errno fd_filestat_get(const Call& call, Fd fd, Out<FileStat> stat) {
  const auto result = stat_of(call, fd);
  return result ? stat.set(*result) : result.error();
}

Errno unstable::fd_filestat_get(const Call& call, Fd fd, Out<UnstableFileStat> stat) {
  const auto result = stat_of(call, fd);
  return result ? stat.set({*result}) : result.error();
}

Errno fd_filestat_set_size(const Call& call, Fd fd, FileSize size) {
  const auto descriptor = changeable_file(call, fd, rights::kFdFilestatSetSize);
  if (!descriptor) return descriptor.error();
  if (((*descriptor)->base & rights::kFdWrite) == 0) return Errno::badf;
  if (size > kMaxOffset) return Errno::inval;
  Reservation space(call, is_output_limited(call) ? growth_to(**descriptor, size) : 0);
  if (space.is_refused()) return Errno::nospc;
  const auto& file = (*descriptor)->file;
  return space.use_if(file ? resize_virtual(call, *file, size)
                           : resize(call, (*descriptor)->host.get(), size));
}

Errno fd_filestat_set_times(const Call& call, Fd fd, Timestamp atim, Timestamp mtim,
                            FstFlags flags) {
  const auto descriptor = call.world.get(fd, rights::kFdFilestatSetTimes);
  if (!descriptor) return descriptor.error();
  const auto times = times_to_set(atim, mtim, flags, call.world.clocks);
  if (!times) return times.error();
  if ((*descriptor)->read_only) return Errno::rofs;
  if (is_virtual(**descriptor)) {
    return set_times_virtual(call, {(*descriptor)->file, (*descriptor)->tree}, atim, mtim, flags);
  }
  return host_result(::futimens((*descriptor)->host.get(), times->data()));
}

Errno fd_prestat_get(const Call& call, Fd fd, Out<PreStat> stat) {
  const DescriptorPtr descriptor = call.world.fds.find(fd);
  if (!descriptor || !descriptor->preopen) return Errno::badf;
  return stat.set({static_cast<Size>(descriptor->preopen->size())});
}

Errno fd_prestat_dir_name(const Call& call, Fd fd, GuestBytes path) {
  const DescriptorPtr descriptor = call.world.fds.find(fd);
  if (!descriptor) return Errno::badf;
  if (!descriptor->preopen) return Errno::notdir;
  if (descriptor->preopen->size() > path.size()) return Errno::nametoolong;
  std::memcpy(path.get().data(), descriptor->preopen->data(), descriptor->preopen->size());
  return Errno::success;
}

Errno fd_readdir(const Call& call, Fd fd, GuestBytes buffer, DirCookie cookie, Out<Size> used) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (open && open->kind != Descriptor::Kind::directory) return Errno::notdir;
  const auto found = call.world.get(fd, rights::kFdReaddir);
  if (!found) return found.error();
  Descriptor& directory = **found;
  if (!directory.entries) {
    DirectoryCopies& copies = call.world.directory_copies;
    auto entries = directory.tree ? DirectoryStream::open(directory.tree, copies)
                                  : DirectoryStream::open(directory.host.get(), copies,
                                                          call.world.sorts_directories);
    if (!entries) return entries.error();
    directory.entries = std::move(*entries);
  }
  EntryWriter writer(buffer);
  while (!writer.is_full()) {
    const auto entry = directory.entries->at(call, cookie);
    if (!entry) return entry.error();
    if (!*entry) break;
    writer.add(**entry);
    cookie = (*entry)->head.next;
    if (call.interrupted()) return Errno::intr;
  }
  return used.set(writer.used());
}

Errno fd_renumber(const Call& call, Fd from, Fd to) { return call.world.fds.renumber(from, to); }

}  // namespace tinywasm::wasi
