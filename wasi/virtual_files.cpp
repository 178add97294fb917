// SPDX-License-Identifier: Apache-2.0
#include "wasi/virtual_files.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <unistd.h>

#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

constexpr FileSize kMaxOffset = std::numeric_limits<std::int64_t>::max();

/// Calls `transfer` on one buffer after the other, until one is not transferred in full. An error
/// after some bytes is left to be met again.
template <class F>
Transferred each(std::span<const iovec> vectors, F&& transfer) {
  Transferred done;
  for (const iovec& vector : vectors) {
    const WasiTransfer part = transfer(static_cast<std::byte*>(vector.iov_base), vector.iov_len);
    if (part.error != 0) {
      errno = part.error;  // as a system call does
      return done.bytes != 0 ? done : Transferred{0, from_host(part.error)};
    }
    // Who claims to have transferred more than there was is not believed.
    const std::size_t bytes = std::min(part.bytes, vector.iov_len);
    done.bytes += bytes;
    if (bytes < vector.iov_len) break;
  }
  return done;
}

}  // namespace

bool is_virtual_directory(const Call& call, Fd fd) {
  const Descriptor* const descriptor = call.world.fds.find(fd);
  return descriptor && descriptor->tree;
}

Descriptor virtual_descriptor(const WasiEntry& entry) {
  Descriptor descriptor;
  if (entry.directory) {
    descriptor.kind = Descriptor::Kind::directory;
    descriptor.type = FileType::directory;
    descriptor.base = rights::kDirectory;
    descriptor.inheriting = rights::kDirectory | rights::kFile;
    descriptor.tree = entry.directory;
  } else {
    descriptor.kind = Descriptor::Kind::file;
    descriptor.type = FileType::regular_file;
    descriptor.base = rights::kFile;
    descriptor.file = entry.file;
  }
  return descriptor;
}

FileStat virtual_stat(const WasiEntry& entry) {
  const WasiFileInfo info = entry.file ? entry.file->info() : entry.directory->info();
  FileStat stat;
  stat.ino = info.inode;
  stat.filetype = entry.file ? FileType::regular_file : FileType::directory;
  stat.nlink = info.links;
  stat.size = info.size;
  stat.atim = info.accessed;
  stat.mtim = info.modified;
  stat.ctim = info.changed;
  return stat;
}

Transferred read_virtual(Descriptor& descriptor, std::span<const iovec> vectors,
                         std::optional<FileSize> offset) {
  const FileSize start = offset.value_or(descriptor.position);
  FileSize at = start;
  const Transferred done = each(vectors, [&](std::byte* to, std::size_t length) {
    const WasiTransfer part = descriptor.file->read(at, {to, length});
    at += part.bytes;
    return part;
  });
  if (!offset) descriptor.position = start + done.bytes;
  return done;
}

Transferred write_virtual(Descriptor& descriptor, std::span<const iovec> vectors,
                          std::optional<FileSize> offset) {
  FileSize start = offset.value_or(descriptor.position);
  if ((descriptor.flags & fdflags::kAppend) != 0) start = descriptor.file->info().size;
  if (start > kMaxOffset) return {0, Errno::fbig};
  FileSize at = start;
  const Transferred done = each(vectors, [&](const std::byte* from, std::size_t length) {
    const WasiTransfer part = descriptor.file->write(at, {from, length});
    at += part.bytes;
    return part;
  });
  if (!offset) descriptor.position = start + done.bytes;
  return done;
}

OrErrno<FileSize> seek_virtual(Descriptor& descriptor, std::int64_t offset, int whence) {
  const FileSize base = whence == SEEK_SET   ? 0
                        : whence == SEEK_CUR ? descriptor.position
                                             : descriptor.file->info().size;
  std::int64_t position = 0;
  if (base > kMaxOffset ||
      __builtin_add_overflow(static_cast<std::int64_t>(base), offset, &position)) {
    return Errno::overflow;
  }
  if (position < 0) return Errno::inval;
  descriptor.position = static_cast<FileSize>(position);
  return descriptor.position;
}

Errno set_times_virtual(const Call& call, const WasiEntry& entry, Timestamp atim, Timestamp mtim,
                        FstFlags flags) {
  using namespace fstflags;
  const auto choose = [&](bool is_given, bool is_now, Timestamp time) -> std::optional<Timestamp> {
    if (is_given) return time;
    if (!is_now) return std::nullopt;
    const auto now = call.world.clocks.now(ClockId::realtime);
    return now ? *now : 0;
  };
  const auto accessed = choose((flags & kAtim) != 0, (flags & kAtimNow) != 0, atim);
  const auto modified = choose((flags & kMtim) != 0, (flags & kMtimNow) != 0, mtim);
  WasiNode& node = entry.file ? static_cast<WasiNode&>(*entry.file) : *entry.directory;
  return from_host(node.set_times(accessed, modified));
}

Transferred read_callback(const Descriptor& descriptor, std::span<const iovec> vectors) {
  if (vectors.empty()) return {};
  // One call: a second one might wait although there is something to return.
  return each(vectors.first(1), [&](std::byte* to, std::size_t length) {
    return descriptor.callbacks->read({to, length});
  });
}

Transferred write_callback(const Descriptor& descriptor, std::span<const iovec> vectors) {
  return each(vectors, [&](const std::byte* from, std::size_t length) {
    return descriptor.callbacks->write({from, length});
  });
}

}  // namespace tinywasm::wasi
