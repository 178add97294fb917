// SPDX-License-Identifier: Apache-2.0
// Reading, writing and seeking. Buffers of the guest go to the system calls as they are; functions
// of the embedder get copies.
#include <cerrno>
#include <limits>
#include <optional>
#include <sys/uio.h>
#include <unistd.h>

#include "wasi/calls.hpp"
#include "wasi/transfer.hpp"
#include "wasi/virtual_files.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

Result<Errno> answer(const Call& call, const Transferred& result, Out<Size> out) {
  call.count(result.bytes);
  if (result.is_interrupted) {
    if (result.bytes != 0) out.set(static_cast<Size>(result.bytes));
    return interrupted();
  }
  if (result.error != Errno::success) return result.error;
  return out.set(static_cast<Size>(result.bytes));
}

/// Transfers the buffers with `host(vectors)` or `embedders(ranges)`, by whose the bytes are, and
/// writes what became of it.
template <class F, class G>
Result<Transferred> with_buffers(const Descriptor& descriptor, const IoVecs& buffers, F&& host,
                                 G&& embedders) {
  if (buffers.is_too_many()) return Transferred{0, Errno::inval};
  if (is_embedders(descriptor)) {
    const auto ranges = buffers.ranges(kMaxVectors);
    if (!ranges) return ranges.error();
    return embedders(*ranges);
  }
  iovec storage[kMaxVectors];
  const auto count = buffers.gather(storage);
  if (!count) return count.error();
  return host(std::span<iovec>(storage, *count));
}

Result<Errno> read(const Call& call, Descriptor& descriptor, const IoVecs& buffers, Out<Size> out,
                   std::optional<FileSize> offset) {
  const auto result = with_buffers(
      descriptor, buffers,
      [&](std::span<iovec> vectors) { return read_host(call, descriptor, vectors, offset); },
      [&](const Ranges& ranges) { return read_embedders(call, descriptor, ranges, offset); });
  if (!result) return result.error();
  return answer(call, *result, out);
}

/// Those that only regular files (and some devices) know.
Errno check_positioned(const Call& call, Fd fd, FileSize offset) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (!open) return Errno::badf;
  switch (open->kind) {
    case Descriptor::Kind::directory:
      return Errno::isdir;
    case Descriptor::Kind::file:
    case Descriptor::Kind::stream:
      break;
    default:
      return Errno::spipe;
  }
  if (open->is_standard) return Errno::spipe;
  return offset > std::numeric_limits<std::int64_t>::max() ? Errno::inval : Errno::success;
}

void report_output(const Call& call, const Descriptor& descriptor, int host_errno) {
  if (!descriptor.is_output || !call.world.report) return;
  int none = 0;
  call.world.report->output_error.compare_exchange_strong(none, host_errno);
}

bool is_failure(Errno error) {
  return error != Errno::success && error != Errno::again && error != Errno::intr;
}

Result<Errno> write(const Call& call, Descriptor& descriptor, const IoVecs& buffers, Out<Size> out,
                    std::optional<FileSize> offset) {
  const auto result = with_buffers(
      descriptor, buffers,
      [&](std::span<iovec> vectors) { return write_host(call, descriptor, vectors, offset); },
      [&](const Ranges& ranges) { return write_embedders(call, descriptor, ranges, offset); });
  if (!result) return result.error();
  if (is_failure(result->error)) report_output(call, descriptor, errno);
  return answer(call, *result, out);
}

OrErrno<DescriptorPtr> seekable(const Call& call, Fd fd, Rights right) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (!open) return Errno::badf;
  if (open->kind == Descriptor::Kind::directory) return Errno::isdir;
  if ((!open->host && !open->file) ||
      (open->kind != Descriptor::Kind::file && open->kind != Descriptor::Kind::stream)) {
    return Errno::spipe;
  }
  if ((open->base & right) != 0) return open;
  return open->kind == Descriptor::Kind::stream || open->is_standard ? Errno::spipe
                                                                     : Errno::notcapable;
}

Errno seek(Descriptor& descriptor, std::int64_t offset, int whence, Out<FileSize> position) {
  if (descriptor.file) {
    const auto result = seek_virtual(descriptor, offset, whence);
    return result ? position.set(*result) : result.error();
  }
  const off_t result = ::lseek(descriptor.host.get(), offset, whence);
  return result < 0 ? last_errno() : position.set(static_cast<FileSize>(result));
}

}  // namespace

Result<Errno> fd_read(const Call& call, Fd fd, IoVecs buffers, Out<Size> read) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (open && open->kind == Descriptor::Kind::directory) return Errno::isdir;
  const auto descriptor = call.world.get(fd, rights::kFdRead);
  if (!descriptor) return descriptor.error();
  return wasi::read(call, **descriptor, buffers, read, std::nullopt);
}

Result<Errno> fd_write(const Call& call, Fd fd, IoVecs buffers, Out<Size> written) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (open && open->kind == Descriptor::Kind::directory) return Errno::isdir;
  const auto descriptor = call.world.get(fd, rights::kFdWrite);
  if (!descriptor) return descriptor.error();
  return wasi::write(call, **descriptor, buffers, written, std::nullopt);
}

Result<Errno> fd_pread(const Call& call, Fd fd, IoVecs buffers, FileSize offset, Out<Size> read) {
  const Errno error = check_positioned(call, fd, offset);
  if (error != Errno::success) return error;
  const auto descriptor = call.world.get(fd, rights::kFdRead);
  if (!descriptor) return descriptor.error();
  return wasi::read(call, **descriptor, buffers, read, offset);
}

Result<Errno> fd_pwrite(const Call& call, Fd fd, IoVecs buffers, FileSize offset,
                        Out<Size> written) {
  const Errno error = check_positioned(call, fd, offset);
  if (error != Errno::success) return error;
  const auto descriptor = call.world.get(fd, rights::kFdWrite);
  if (!descriptor) return descriptor.error();
  return wasi::write(call, **descriptor, buffers, written, offset);
}

Errno fd_seek(const Call& call, Fd fd, std::int64_t offset, Whence whence, Out<FileSize> position) {
  // Asking where one is needs no more than the right to tell.
  const bool is_tell = offset == 0 && whence == Whence::cur;
  const auto descriptor =
      seekable(call, fd, is_tell ? rights::kFdSeek | rights::kFdTell : rights::kFdSeek);
  if (!descriptor) return descriptor.error();
  switch (whence) {
    case Whence::set:
      return seek(**descriptor, offset, SEEK_SET, position);
    case Whence::cur:
      return seek(**descriptor, offset, SEEK_CUR, position);
    case Whence::end:
      return seek(**descriptor, offset, SEEK_END, position);
  }
  return Errno::inval;
}

Errno unstable::fd_seek(const Call& call, Fd fd, std::int64_t offset, std::uint32_t whence,
                        Out<FileSize> position) {
  constexpr Whence kOrder[] = {Whence::cur, Whence::end, Whence::set};
  if (whence >= std::size(kOrder)) return Errno::inval;
  return wasi::fd_seek(call, fd, offset, kOrder[whence], position);
}

Errno fd_tell(const Call& call, Fd fd, Out<FileSize> position) {
  const auto descriptor = seekable(call, fd, rights::kFdSeek | rights::kFdTell);
  if (!descriptor) return descriptor.error();
  return seek(**descriptor, 0, SEEK_CUR, position);
}

}  // namespace tinywasm::wasi
