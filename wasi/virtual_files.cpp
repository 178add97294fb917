// SPDX-License-Identifier: Apache-2.0
#include "wasi/virtual_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <unistd.h>

#include "wasi/reservation.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

constexpr FileSize kMaxOffset = std::numeric_limits<std::int64_t>::max();

/// What a function of the embedder is given at once.
constexpr std::size_t kMaxCopy = std::size_t{64} * 1024;

/// Calls `slice(address, length, bytes moved before)`, which returns WasiTransfer, on one slice of
/// the ranges after the other, until one is not transferred in full or the guest is to end. An
/// error after some bytes is left to be met again.
template <class F>
Transferred each_slice(const Call& call, const Ranges& ranges, F&& slice) {
  Transferred done;
  for (const GuestRange& range : ranges) {
    for (std::size_t at = 0; at < range.length;) {
      if (done.bytes != 0 && call.interrupted()) return {done.bytes, Errno::intr, true};
      const std::size_t length = std::min(range.length - at, kMaxCopy);
      const WasiTransfer part = slice(range.address + at, length, done.bytes);
      if (part.error != 0) {
        errno = part.error;  // as a system call does
        return done.bytes != 0 ? done : Transferred{0, from_host(part.error)};
      }
      // Who claims to have transferred more than there was is not believed.
      const std::size_t bytes = std::min(part.bytes, length);
      done.bytes += bytes;
      at += bytes;
      if (bytes < length) return done;
    }
  }
  return done;
}

/// Room for the longest slice of the ranges.
class Copy {
 public:
  explicit Copy(const Ranges& ranges) {
    for (const GuestRange& range : ranges)
      size_ = std::max(size_, std::min(range.length, kMaxCopy));
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(size_);
  }
  std::span<std::byte> first(std::size_t length) const { return {bytes_.get(), length}; }

 private:
  std::size_t size_ = 0;
  std::unique_ptr<std::byte[]> bytes_;
};

/// Reads with `read(span, bytes read before)`.
template <class F>
Transferred read_slices(const Call& call, const Ranges& ranges, F&& read) {
  const Copy copy(ranges);
  return each_slice(call, ranges, [&](std::uint64_t address, std::size_t length, std::size_t done) {
    const std::span<std::byte> to = copy.first(length);
    const WasiTransfer part = read(to, done);
    const std::size_t bytes = part.error == 0 ? std::min(part.bytes, length) : 0;
    if (bytes != 0) std::memcpy(call.memory.find(address, bytes), to.data(), bytes);
    return part;
  });
}

/// Writes with `write(span, bytes written before)` as much as the guest may.
template <class F>
Transferred write_slices(const Call& call, const Ranges& ranges, F&& write) {
  const Copy copy(ranges);
  return each_slice(call, ranges, [&](std::uint64_t address, std::size_t length, std::size_t done) {
    Reservation bytes(call, length);
    if (bytes.taken() == 0) return WasiTransfer::failed(ENOSPC);
    const std::span<std::byte> from = copy.first(static_cast<std::size_t>(bytes.taken()));
    std::memcpy(from.data(), call.memory.find(address, from.size()), from.size());
    const WasiTransfer part = write(from, done);
    if (part.error == 0) bytes.use(std::min(part.bytes, from.size()));
    return part;
  });
}

/// Runs `use` of a stream's functions: one at a time, but without keeping the guest's other threads
/// from their calls, for it may wait.
template <class F>
WasiTransfer call_stream(const Call& call, F&& use) {
  const Unlocked unlocked(call.world);
  const std::lock_guard turn(call.world.streams);
  return use();
}

WasiTransfer read_buffer(Descriptor& descriptor, std::span<std::byte> to) {
  std::string& buffer = *descriptor.buffer;
  descriptor.consumed = std::min(descriptor.consumed, buffer.size());
  const std::size_t length = std::min(to.size(), buffer.size() - descriptor.consumed);
  std::memcpy(to.data(), buffer.data() + descriptor.consumed, length);
  descriptor.consumed += length;
  // Removing the front moves the rest, so it is not done at every read.
  if (descriptor.consumed >= buffer.size() / 2) {
    buffer.erase(0, descriptor.consumed);
    descriptor.consumed = 0;
  }
  return length;
}

WasiTransfer write_buffer(Descriptor& descriptor, std::span<const std::byte> from) {
  descriptor.buffer->append(reinterpret_cast<const char*>(from.data()), from.size());
  return from.size();
}

Transferred write_file(const Call& call, Descriptor& descriptor, const Ranges& ranges,
                       std::optional<FileSize> offset) {
  FileSize start = offset.value_or(descriptor.position);
  if ((descriptor.flags & fdflags::kAppend) != 0) start = descriptor.file->info().size;
  if (start > kMaxOffset) return {0, Errno::fbig};
  Reservation hole(call, is_output_limited(call) ? hole_before(descriptor, offset) : 0);
  if (hole.is_refused()) {
    errno = ENOSPC;
    return {0, Errno::nospc};
  }
  const Transferred result =
      write_slices(call, ranges, [&](std::span<const std::byte> from, std::size_t done) {
        return descriptor.file->write(start + done, from);
      });
  if (result.bytes != 0) hole.use(hole.taken());
  if (!offset) descriptor.position = start + result.bytes;
  return result;
}

}  // namespace

bool is_virtual_directory(const Call& call, Fd fd) {
  const DescriptorPtr descriptor = call.world.fds.find(fd);
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

Transferred read_embedders(const Call& call, Descriptor& descriptor, const Ranges& ranges,
                           std::optional<FileSize> offset) {
  if (descriptor.kind == Descriptor::Kind::buffer) {
    return read_slices(call, ranges, [&](std::span<std::byte> to, std::size_t) {
      return read_buffer(descriptor, to);
    });
  }
  if (descriptor.kind == Descriptor::Kind::callbacks) {
    // One call: a second one might wait although there is something to return.
    Ranges first(ranges.begin(), ranges.begin() + (ranges.empty() ? 0 : 1));
    for (GuestRange& range : first) range.length = std::min(range.length, kMaxCopy);
    return read_slices(call, first, [&](std::span<std::byte> to, std::size_t) {
      return call_stream(call, [&] { return descriptor.callbacks->read(to); });
    });
  }
  const FileSize start = offset.value_or(descriptor.position);
  const Transferred result =
      read_slices(call, ranges, [&](std::span<std::byte> to, std::size_t done) {
        return descriptor.file->read(start + done, to);
      });
  if (!offset) descriptor.position = start + result.bytes;
  return result;
}

Transferred write_embedders(const Call& call, Descriptor& descriptor, const Ranges& ranges,
                            std::optional<FileSize> offset) {
  if (descriptor.file) return write_file(call, descriptor, ranges, offset);
  const bool is_buffer = descriptor.kind == Descriptor::Kind::buffer;
  return write_slices(call, ranges, [&](std::span<const std::byte> from, std::size_t) {
    if (is_buffer) return write_buffer(descriptor, from);
    return call_stream(call, [&] { return descriptor.callbacks->write(from); });
  });
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

Errno resize_virtual(const Call& call, WasiFile& file, FileSize size) {
  for (FileSize now = file.info().size; now > size && now - size > kMaxCut;) {
    now -= kMaxCut;
    if (const int error = file.resize(now); error != 0) return from_host(error);
    if (call.interrupted()) return Errno::intr;
  }
  return from_host(file.resize(size));
}

}  // namespace tinywasm::wasi
