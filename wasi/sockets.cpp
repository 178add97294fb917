// SPDX-License-Identifier: Apache-2.0
// The sock_* calls, on sockets the embedder gave and those accepted from them.
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

#include "wasi/calls.hpp"
#include "wasi/transfer.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

using Kind = Descriptor::Kind;

bool is_socket(const Descriptor& descriptor) {
  return (descriptor.kind == Kind::socket || descriptor.kind == Kind::listener) &&
         !descriptor.is_standard;
}

OrErrno<DescriptorPtr> socket_of(const Call& call, Fd fd, Rights right) {
  const DescriptorPtr open = call.world.fds.find(fd);
  if (open && !is_socket(*open)) return Errno::notsock;
  return call.world.get(fd, right);
}

bool is_nonblocking(const Descriptor& descriptor) {
  return (descriptor.flags & fdflags::kNonblock) != 0;
}

/// Repeats a call on a socket that does not wait until it succeeds, waiting in between.
template <class F>
Transferred when_ready(const Call& call, Descriptor& descriptor, short events, F&& system_call) {
  for (;;) {
    const Transferred result = retry(call, system_call);
    if (result.error != Errno::again || is_nonblocking(descriptor)) return result;
    const Errno waited = wait_ready(call, descriptor, events, false);
    if (waited != Errno::success) return {0, waited, waited == Errno::intr};
  }
}

/// Accepts without waiting: World::create has switched the listener.
int accept_now(int listener) {
  const int accepted = ::accept(listener, nullptr, nullptr);
  if (accepted >= 0) {
    ::fcntl(accepted, F_SETFD, FD_CLOEXEC);
    ::fcntl(accepted, F_SETFL, O_NONBLOCK);
  }
  return accepted;
}

struct Received {
  Transferred transferred;
  bool is_truncated = false;
};

Received receive(const Call& call, Descriptor& socket, std::span<iovec> vectors, int flags) {
  Received result;
  result.transferred = when_ready(call, socket, POLLIN, [&] {
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = vectors.size();
    const ssize_t length = ::recvmsg(socket.host.get(), &message, flags | MSG_DONTWAIT);
    if (length >= 0) result.is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
    return length;
  });
  return result;
}

/// MSG_WAITALL in pieces, so that the wait can be interrupted.
Received receive_all(const Call& call, Descriptor& socket, std::span<iovec> vectors) {
  Received all;
  while (!vectors.empty()) {
    const Received part = receive(call, socket, vectors, 0);
    all.transferred.is_interrupted = part.transferred.is_interrupted;
    if (all.transferred.is_interrupted) return all;
    if (part.transferred.error != Errno::success) return all.transferred.bytes == 0 ? part : all;
    if (part.transferred.bytes == 0) break;
    all.transferred.bytes += part.transferred.bytes;
    vectors = advance(vectors, part.transferred.bytes);
    all.transferred.is_interrupted = !vectors.empty() && call.interrupted();
    if (all.transferred.is_interrupted) break;
  }
  return all;
}

}  // namespace

Result<Errno> sock_accept(const Call& call, Fd fd, FdFlags flags, Out<Fd> accepted) {
  const auto listener = socket_of(call, fd, rights::kSockAccept);
  if (!listener) {
    // A connected socket never had the right: it is no listener.
    const DescriptorPtr open = call.world.fds.find(fd);
    const bool is_connected = open && is_socket(*open) && open->kind == Kind::socket;
    return is_connected ? Errno::inval : listener.error();
  }
  if ((flags & ~fdflags::kNonblock) != 0) return Errno::inval;
  if (call.world.fds.is_full()) return Errno::mfile;
  const int host = (*listener)->host.get();
  const Transferred result =
      when_ready(call, **listener, POLLIN, [host] { return accept_now(host); });
  if (result.is_interrupted) return interrupted();
  if (result.error != Errno::success) return result.error;
  auto descriptor = Descriptor::of(HostFd(static_cast<int>(result.bytes)));
  if (!descriptor) return descriptor.error();
  descriptor->flags = flags;
  descriptor->base &= (*listener)->inheriting;
  const auto number = call.world.fds.insert(std::move(*descriptor));
  return number ? accepted.set(*number) : number.error();
}

Result<Errno> sock_recv(const Call& call, Fd fd, IoVecs buffers, RiFlags flags, Out<Size> received,
                        Out<std::uint16_t> result_flags) {
  const auto socket = socket_of(call, fd, rights::kFdRead);
  if (!socket) return socket.error();
  if ((*socket)->kind == Kind::listener) return Errno::notconn;
  if ((flags & ~(kRecvPeek | kRecvWaitall)) != 0) return Errno::inval;
  if (buffers.is_too_many()) return Errno::inval;
  std::array<iovec, kMaxVectors> storage;
  const auto count = buffers.gather(storage);
  if (!count) return count.error();
  const std::span<iovec> vectors = std::span<iovec>(storage).first(*count);
  const bool is_peek = (flags & kRecvPeek) != 0;
  const bool waits_for_all =
      (flags & kRecvWaitall) != 0 && !is_peek && (*socket)->type == FileType::socket_stream;
  const Received result = waits_for_all ? receive_all(call, **socket, vectors)
                                        : receive(call, **socket, vectors, is_peek ? MSG_PEEK : 0);
  call.count(result.transferred.bytes);
  if (result.transferred.is_interrupted) return interrupted();
  if (result.transferred.error != Errno::success) return result.transferred.error;
  result_flags.set(result.is_truncated ? kRecvDataTruncated : std::uint16_t{0});
  return received.set(static_cast<Size>(result.transferred.bytes));
}

Result<Errno> sock_send(const Call& call, Fd fd, IoVecs buffers, std::uint32_t flags,
                        Out<Size> sent) {
  const auto socket = socket_of(call, fd, rights::kFdWrite);
  if (!socket) return socket.error();
  if (flags != 0) return Errno::inval;
  if (buffers.is_too_many()) return Errno::inval;
  std::array<iovec, kMaxVectors> storage;
  const auto count = buffers.gather(storage);
  if (!count) return count.error();
  const Transferred result = write_host(call, **socket, std::span<iovec>(storage).first(*count));
  call.count(result.bytes);
  if (result.is_interrupted) return interrupted();
  if (result.error != Errno::success) return result.error;
  return sent.set(static_cast<Size>(result.bytes));
}

Errno sock_shutdown(const Call& call, Fd fd, SdFlags how) {
  const auto socket = socket_of(call, fd, rights::kSockShutdown);
  if (!socket) {
    const DescriptorPtr open = call.world.fds.find(fd);
    const bool is_listener = open && is_socket(*open) && open->kind == Kind::listener;
    return is_listener ? Errno::notconn : socket.error();
  }
  if (how == 0 || (how & ~(kShutRead | kShutWrite)) != 0) return Errno::inval;
  const int host_how = how == kShutRead ? SHUT_RD : how == kShutWrite ? SHUT_WR : SHUT_RDWR;
  return ::shutdown((*socket)->host.get(), host_how) == 0 ? Errno::success : last_errno();
}

}  // namespace tinywasm::wasi
