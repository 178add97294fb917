// SPDX-License-Identifier: Apache-2.0
#include "wasi/transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "wasi/platform.hpp"
#include "wasi/virtual_files.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

Transferred read_buffer(Descriptor& descriptor, std::span<iovec> vectors) {
  std::string& buffer = *descriptor.buffer;
  Transferred result;
  descriptor.consumed = std::min(descriptor.consumed, buffer.size());
  for (const iovec& vector : vectors) {
    const std::size_t length = std::min(vector.iov_len, buffer.size() - descriptor.consumed);
    std::memcpy(vector.iov_base, buffer.data() + descriptor.consumed, length);
    descriptor.consumed += length;
    result.bytes += length;
  }
  // Removing the front moves the rest, so it is not done at every read.
  if (descriptor.consumed >= buffer.size() / 2) {
    buffer.erase(0, descriptor.consumed);
    descriptor.consumed = 0;
  }
  return result;
}

Transferred write_buffer(Descriptor& descriptor, std::span<iovec> vectors) {
  Transferred result;
  for (const iovec& vector : vectors) {
    descriptor.buffer->append(static_cast<const char*>(vector.iov_base), vector.iov_len);
    result.bytes += vector.iov_len;
  }
  return result;
}

int count_of(std::span<iovec> vectors) { return static_cast<int>(vectors.size()); }

ssize_t send_now(int fd, std::span<iovec> vectors) {
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t receive_now(int fd, std::span<iovec> vectors) {
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  return ::recvmsg(fd, &message, MSG_DONTWAIT);
}

bool cannot_tell(int host_errno) {
  return host_errno == EOPNOTSUPP || host_errno == ENOTSUP || host_errno == ENOSYS ||
         host_errno == EINVAL || host_errno == ESPIPE;
}

/// What could be tried without waiting, or EAGAIN, or EOPNOTSUPP when nothing can.
ssize_t try_read(Descriptor& descriptor, std::span<iovec> vectors) {
  const int fd = descriptor.host.get();
  if (descriptor.kind == Descriptor::Kind::socket) return receive_now(fd, vectors);
  if (descriptor.can_tell) {
    const ssize_t result = platform::read_now(fd, vectors.data(), count_of(vectors));
    // Nothing to read in a FIFO may also mean that nobody has opened it for writing yet.
    if (result > 0 || (result < 0 && !cannot_tell(errno))) return result;
    if (result < 0) descriptor.can_tell = false;
  }
  errno = EOPNOTSUPP;
  return -1;
}

ssize_t try_write(Descriptor& descriptor, std::span<iovec> vectors) {
  const int fd = descriptor.host.get();
  if (descriptor.kind == Descriptor::Kind::socket) return send_now(fd, vectors);
  if (descriptor.is_host_nonblocking) return ::writev(fd, vectors.data(), count_of(vectors));
  if (descriptor.can_tell) {
    const ssize_t result = platform::write_now(fd, vectors.data(), count_of(vectors));
    if (result >= 0 || !cannot_tell(errno)) return result;
    descriptor.can_tell = false;
  }
  errno = EOPNOTSUPP;
  return -1;
}

/// After poll said that there is room: where more may wait, not more than poll promises.
ssize_t write_ready(Descriptor& descriptor, std::span<iovec> vectors) {
  const Front front(vectors, descriptor.has_reader ? PIPE_BUF : SSIZE_MAX);
  return ::writev(descriptor.host.get(), front.get().data(), count_of(front.get()));
}

bool would_wait(int host_errno) { return host_errno == EAGAIN || host_errno == EWOULDBLOCK; }

}  // namespace

Errno wait_ready(const Call& call, Descriptor& descriptor, short events, bool is_nonblocking) {
  if (call.world.is_threaded && !call.pinned) {
    FdTable::pin(descriptor);
    call.pinned = &descriptor;
  }
  for (;;) {
    if (call.interrupted()) return Errno::intr;
    pollfd poll{descriptor.host.get(), events, 0};
    const int ready = [&] {
      const Unlocked unlocked(call.world);
      return ::poll(&poll, 1, is_nonblocking ? 0 : kWaitSliceMs);
    }();
    if (ready > 0) return Errno::success;
    if (ready < 0 && errno != EINTR) return last_errno();
    if (ready == 0 && is_nonblocking) return Errno::again;
  }
}

Transferred read_stream(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  const int fd = descriptor.host.get();
  switch (descriptor.kind) {
    case Descriptor::Kind::null:
      return {};
    case Descriptor::Kind::buffer:
      return read_buffer(descriptor, vectors);
    case Descriptor::Kind::directory:
      return {0, Errno::isdir};
    case Descriptor::Kind::listener:
      return {0, Errno::notconn};
    case Descriptor::Kind::callbacks:
      return read_callback(descriptor, vectors);
    case Descriptor::Kind::file:
      if (descriptor.file) return read_virtual(descriptor, vectors);
      return retry(call, [&] { return ::readv(fd, vectors.data(), count_of(vectors)); });
    case Descriptor::Kind::stream:
    case Descriptor::Kind::socket:
      break;
  }
  if (vectors.empty()) return {};
  const bool is_nonblocking = (descriptor.flags & fdflags::kNonblock) != 0;
  for (;;) {
    ssize_t result = try_read(descriptor, vectors);
    if (result >= 0) return {static_cast<std::size_t>(result)};
    if (errno == EINTR && !call.interrupted()) continue;
    if (errno != EINTR && errno != EOPNOTSUPP && !would_wait(errno)) return {0, last_errno()};
    const bool is_told = errno != EOPNOTSUPP;
    const Errno waited = wait_ready(call, descriptor, POLLIN, is_nonblocking);
    if (waited != Errno::success) return {0, waited, waited == Errno::intr};
    if (is_told) continue;
    result = ::readv(fd, vectors.data(), count_of(vectors));
    if (result >= 0) return {static_cast<std::size_t>(result)};
    if (errno != EINTR && !would_wait(errno)) return {0, last_errno()};
    if (call.interrupted()) return {0, Errno::intr, true};
  }
}

Transferred write_stream(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  const int fd = descriptor.host.get();
  switch (descriptor.kind) {
    case Descriptor::Kind::null:
      return {total(vectors)};
    case Descriptor::Kind::buffer:
      return write_buffer(descriptor, vectors);
    case Descriptor::Kind::directory:
      return {0, Errno::isdir};
    case Descriptor::Kind::listener:
      return {0, Errno::notconn};
    case Descriptor::Kind::callbacks:
      return write_callback(descriptor, vectors);
    case Descriptor::Kind::file:
      if (descriptor.file) return write_virtual(descriptor, vectors);
      return retry(call, [&] { return ::writev(fd, vectors.data(), count_of(vectors)); });
    case Descriptor::Kind::stream:
    case Descriptor::Kind::socket:
      break;
  }
  const bool is_nonblocking = (descriptor.flags & fdflags::kNonblock) != 0;
  Transferred done;
  while (!vectors.empty()) {
    ssize_t result = try_write(descriptor, vectors);
    if (result < 0 && (errno == EOPNOTSUPP || would_wait(errno))) {
      const Errno waited = wait_ready(call, descriptor, POLLOUT, is_nonblocking);
      if (waited == Errno::intr) return {done.bytes, Errno::intr, true};
      if (waited != Errno::success) return done.bytes != 0 ? done : Transferred{0, waited};
      if (descriptor.can_tell || descriptor.kind == Descriptor::Kind::socket) continue;
      result = write_ready(descriptor, vectors);
    }
    if (result < 0) {
      if (errno == EINTR && call.interrupted()) return {done.bytes, Errno::intr, true};
      if (errno == EINTR || would_wait(errno)) continue;
      return done.bytes != 0 ? done : Transferred{0, last_errno()};
    }
    done.bytes += static_cast<std::size_t>(result);
    vectors = advance(vectors, static_cast<std::size_t>(result));
  }
  return done;
}

std::size_t total(std::span<const iovec> vectors) {
  std::size_t bytes = 0;
  for (const iovec& vector : vectors) bytes += vector.iov_len;
  return bytes;
}

Front::Front(std::span<iovec> vectors, std::size_t limit) {
  std::size_t count = 0;
  for (; count < vectors.size() && limit != 0; ++count) {
    if (vectors[count].iov_len > limit) {
      cut_ = &vectors[count];
      length_ = cut_->iov_len;
      cut_->iov_len = limit;
    }
    limit -= vectors[count].iov_len;
  }
  vectors_ = vectors.first(count);
}

std::span<iovec> advance(std::span<iovec> vectors, std::size_t bytes) {
  while (!vectors.empty() && bytes >= vectors.front().iov_len) {
    bytes -= vectors.front().iov_len;
    vectors = vectors.subspan(1);
  }
  if (!vectors.empty()) {
    vectors.front().iov_base = static_cast<char*>(vectors.front().iov_base) + bytes;
    vectors.front().iov_len -= bytes;
  }
  return vectors;
}

}  // namespace tinywasm::wasi
