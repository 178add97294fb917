// SPDX-License-Identifier: Apache-2.0
// Moving bytes between guest memory and descriptors of the host, and waiting for it in a way that
// the embedder can end: nothing takes longer than a short slice without a look whether it wants to.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits.h>
#include <optional>
#include <span>

#include "wasi/fd_table.hpp"
#include "wasi/guest.hpp"

namespace tinywasm::wasi {

/// Buffers handed to one system call. A list with more of them is transferred in part, which every
/// caller has to expect.
inline constexpr std::size_t kMaxVectors = std::min<std::size_t>(IOV_MAX, 1024);

/// The longest wait between two looks at Call::interrupted. A signal wakes a wait earlier.
inline constexpr int kWaitSliceMs = 50;

/// What is transferred between two looks: 10 ms of a slow disk.
inline constexpr std::size_t kSliceBytes = std::size_t{1} << 20;

/// What is cut off a file between two looks.
inline constexpr FileSize kMaxCut = FileSize{64} << 20;

/// How a transfer ended. With `is_interrupted` the guest has to end, whatever was moved before. An
/// error after some bytes is left to be met again.
struct Transferred {
  std::size_t bytes = 0;
  Errno error = Errno::success;
  bool is_interrupted = false;
};

/// Waits until the descriptor is ready for `events` of poll(2); with `is_nonblocking` only looks.
/// success, again (not ready, nonblocking), intr (interrupted) or a failure of poll.
Errno wait_ready(const Call& call, Descriptor& descriptor, short events, bool is_nonblocking);

// Not for descriptors whose bytes are the embedder's (is_embedders): no function of the embedder
// runs here. At `offset`, which only files and devices know, or at the descriptor's position.
// Errors leave errno.

/// A read returns what is there, and waits while there is nothing; not when the guest has set
/// nonblock: again.
Transferred read_host(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                      std::optional<FileSize> offset = std::nullopt);
/// A write waits until all is written, but with nonblock, or as much as the limit of the guest's
/// output allows: nospc for none. While it waits, nothing of the limit is taken.
Transferred write_host(const Call& call, Descriptor& descriptor, std::span<iovec> vectors,
                       std::optional<FileSize> offset = std::nullopt);

/// Runs a system call that returns -1 and sets errno, and runs it again when a signal came but the
/// guest is to go on.
template <class F>
Transferred retry(const Call& call, F&& system_call) {
  for (;;) {
    const auto result = system_call();
    if (result >= 0) return {static_cast<std::size_t>(result)};
    if (errno != EINTR) return {0, last_errno()};
    if (call.interrupted()) return {0, Errno::intr, true};
  }
}

std::size_t total(std::span<const iovec> vectors);

/// The front of `vectors`, at most `limit` bytes: cuts a vector in place, and puts it back.
class Front {
 public:
  Front(std::span<iovec> vectors, std::size_t limit);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front() {
    if (cut_) cut_->iov_len = length_;
  }
  std::span<iovec> get() const { return vectors_; }

 private:
  std::span<iovec> vectors_;
  iovec* cut_ = nullptr;
  std::size_t length_ = 0;
};

/// Drops the first `bytes` bytes.
std::span<iovec> advance(std::span<iovec> vectors, std::size_t bytes);

}  // namespace tinywasm::wasi
