// SPDX-License-Identifier: Apache-2.0
#include "wasi/transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "wasi/platform.hpp"
#include "wasi/reservation.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

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

bool would_wait(int host_errno) { return host_errno == EAGAIN || host_errno == EWOULDBLOCK; }

/// A descriptor for the same stream that never waits, or -1. The embedder's terminal is shared with
/// others, who want it to wait, so it is opened once more. (Its peer sees it closed only when this
/// one is, too, so this is not for pipes, which need none where the system is Linux.)
int without_waiting(Descriptor& descriptor) {
  if (descriptor.is_host_nonblocking) return descriptor.host.get();
  if (!descriptor.is_terminal) return -1;
  if (!descriptor.is_reopened) {
    descriptor.is_reopened = true;
    descriptor.waitless = HostFd(platform::open_again(descriptor.host.get()));
  }
  return descriptor.waitless.get();
}

/// Tries without waiting: `system_call(fd)` where the descriptor itself does not wait, or else
/// `now(fd)`, which says so of this one call. -1 and EAGAIN, or EOPNOTSUPP: there is no such way.
template <class F, class G>
ssize_t try_now(Descriptor& descriptor, F&& system_call, G&& now) {
  const int fd = without_waiting(descriptor);
  if (fd >= 0) return system_call(fd);
  if (descriptor.can_tell) {
    const ssize_t result = now(descriptor.host.get());
    if (result >= 0 || !cannot_tell(errno)) return result;
    descriptor.can_tell = false;
  }
  errno = EOPNOTSUPP;
  return -1;
}

ssize_t try_read(Descriptor& descriptor, std::span<iovec> vectors) {
  if (descriptor.kind == Descriptor::Kind::socket) {
    return receive_now(descriptor.host.get(), vectors);
  }
  return try_now(
      descriptor, [&](int fd) { return ::readv(fd, vectors.data(), count_of(vectors)); },
      [&](int fd) { return platform::read_now(fd, vectors.data(), count_of(vectors)); });
}

ssize_t try_write(Descriptor& descriptor, std::span<iovec> vectors) {
  if (descriptor.kind == Descriptor::Kind::socket) {
    return send_now(descriptor.host.get(), vectors);
  }
  return try_now(
      descriptor, [&](int fd) { return ::writev(fd, vectors.data(), count_of(vectors)); },
      [&](int fd) { return platform::write_now(fd, vectors.data(), count_of(vectors)); });
}

// Where nothing can be tried without waiting, poll has said that it is not necessary. If somebody
// else was faster, it is after all: so the guest's other threads go on.

ssize_t read_ready(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  const Unlocked unlocked(call.world);
  return ::readv(descriptor.host.get(), vectors.data(), count_of(vectors));
}

/// Not more than poll promises where somebody has to read it.
ssize_t write_ready(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  const Front front(vectors, descriptor.has_reader ? PIPE_BUF : SSIZE_MAX);
  const Unlocked unlocked(call.world);
  return ::writev(descriptor.host.get(), front.get().data(), count_of(front.get()));
}

Transferred read_stream(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  if (vectors.empty()) return {};
  const bool is_nonblocking = (descriptor.flags & fdflags::kNonblock) != 0;
  const Front front(vectors, kSliceBytes);
  for (bool is_ready = false;; is_ready = true) {
    ssize_t result = try_read(descriptor, front.get());
    if (result < 0 && errno == EOPNOTSUPP && is_ready) {
      result = read_ready(call, descriptor, front.get());
    }
    // Nothing in a FIFO may also mean that nobody has opened it for writing yet: poll knows.
    if (result > 0 || (result == 0 && is_ready)) return {static_cast<std::size_t>(result)};
    const bool may_wait = result == 0 || errno == EOPNOTSUPP || would_wait(errno);
    if (!may_wait && errno != EINTR) return {0, last_errno()};
    const Errno waited = wait_ready(call, descriptor, POLLIN, is_nonblocking);
    if (waited != Errno::success) return {0, waited, waited == Errno::intr};
  }
}

/// Runs `attempt` on as much of the front of `vectors` as the guest may still write: ENOSPC for
/// nothing.
template <class F>
ssize_t within_limit(const Call& call, std::span<iovec> vectors, F&& attempt) {
  const Front slice(vectors, kSliceBytes);
  if (!is_output_limited(call)) return attempt(slice.get());
  Reservation bytes(call, total(slice.get()));
  if (bytes.is_refused() && bytes.taken() == 0) {
    errno = ENOSPC;
    return -1;
  }
  const Front front(slice.get(), bytes.taken());
  const ssize_t result = attempt(front.get());
  if (result > 0) bytes.use(static_cast<std::uint64_t>(result));
  return result;
}

Transferred write_stream(const Call& call, Descriptor& descriptor, std::span<iovec> vectors) {
  const bool is_nonblocking = (descriptor.flags & fdflags::kNonblock) != 0;
  Transferred done;
  for (bool is_ready = false; !vectors.empty();) {
    ssize_t result = within_limit(call, vectors, [&](std::span<iovec> front) {
      const ssize_t tried = try_write(descriptor, front);
      const bool is_told = tried >= 0 || errno != EOPNOTSUPP;
      return is_told || !is_ready ? tried : write_ready(call, descriptor, front);
    });
    is_ready = false;
    if (result < 0 && (errno == EOPNOTSUPP || would_wait(errno))) {
      const Errno waited = wait_ready(call, descriptor, POLLOUT, is_nonblocking);
      if (waited == Errno::intr) return {done.bytes, Errno::intr, true};
      if (waited != Errno::success) return done.bytes != 0 ? done : Transferred{0, waited};
      is_ready = true;
      continue;
    }
    if (result < 0 && errno != EINTR) return done.bytes != 0 ? done : Transferred{0, last_errno()};
    result = std::max<ssize_t>(result, 0);
    done.bytes += static_cast<std::size_t>(result);
    vectors = advance(vectors, static_cast<std::size_t>(result));
    if (!vectors.empty() && call.interrupted()) return {done.bytes, Errno::intr, true};
  }
  return done;
}

/// Runs `slice(front, bytes moved before)` on one slice after the other until one falls short.
template <class F>
Transferred in_slices(const Call& call, std::span<iovec> vectors, F&& slice) {
  Transferred done;
  while (!vectors.empty()) {
    std::size_t wanted = 0;
    Transferred part;
    {
      const Front front(vectors, kSliceBytes);
      wanted = total(front.get());
      part = retry(call, [&] { return slice(front.get(), done.bytes); });
    }
    if (part.is_interrupted) return {done.bytes, Errno::intr, true};
    if (part.error != Errno::success) return done.bytes != 0 ? done : part;
    done.bytes += part.bytes;
    vectors = advance(vectors, part.bytes);
    if (part.bytes < wanted) break;
    if (!vectors.empty() && call.interrupted()) return {done.bytes, Errno::intr, true};
  }
  return done;
}

Transferred read_file(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                      std::optional<FileSize> offset) {
  const int fd = descriptor.host.get();
  return in_slices(call, vectors, [&](std::span<iovec> front, std::size_t done) {
    return offset ? ::preadv(fd, front.data(), count_of(front), static_cast<off_t>(*offset + done))
                  : ::readv(fd, front.data(), count_of(front));
  });
}

Transferred write_file(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                       std::optional<FileSize> offset) {
  const int fd = descriptor.host.get();
  Reservation hole(call, is_output_limited(call) ? hole_before(descriptor, offset) : 0);
  if (hole.is_refused()) {
    errno = ENOSPC;
    return {0, Errno::nospc};
  }
  const Transferred result =
      in_slices(call, vectors, [&](std::span<iovec> slice, std::size_t done) {
        return within_limit(call, slice, [&](std::span<iovec> front) {
          return offset ? ::pwritev(fd, front.data(), count_of(front),
                                    static_cast<off_t>(*offset + done))
                        : ::writev(fd, front.data(), count_of(front));
        });
      });
  if (result.bytes != 0) hole.use(hole.taken());
  return result;
}

}  // namespace

Errno wait_ready(const Call& call, Descriptor& descriptor, short events, bool is_nonblocking) {
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

Transferred read_host(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                      std::optional<FileSize> offset) {
  switch (descriptor.kind) {
    case Descriptor::Kind::directory:
      return {0, Errno::isdir};
    case Descriptor::Kind::listener:
      return {0, Errno::notconn};
    case Descriptor::Kind::file:
      return read_file(call, descriptor, vectors, offset);
    case Descriptor::Kind::stream:
      if (offset) return read_file(call, descriptor, vectors, offset);
      return read_stream(call, descriptor, vectors);
    case Descriptor::Kind::socket:
      return read_stream(call, descriptor, vectors);
    default:
      return {};  // null: its end
  }
}

Transferred write_host(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                       std::optional<FileSize> offset) {
  switch (descriptor.kind) {
    case Descriptor::Kind::directory:
      return {0, Errno::isdir};
    case Descriptor::Kind::listener:
      return {0, Errno::notconn};
    case Descriptor::Kind::file:
      return write_file(call, descriptor, vectors, offset);
    case Descriptor::Kind::stream:
      if (offset) return write_file(call, descriptor, vectors, offset);
      return write_stream(call, descriptor, vectors);
    case Descriptor::Kind::socket:
      return write_stream(call, descriptor, vectors);
    default:
      break;
  }
  // null: all is taken, and counts.
  const std::size_t wanted = total(vectors);
  Reservation bytes(call, wanted);
  bytes.use(bytes.taken());
  if (bytes.taken() != 0 || wanted == 0) return {static_cast<std::size_t>(bytes.taken())};
  errno = ENOSPC;
  return {0, Errno::nospc};
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
