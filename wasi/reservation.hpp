// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <sys/uio.h>

#include "wasi/output_limit.hpp"
#include "wasi/transfer.hpp"

namespace tinywasm::wasi {

/// Part of the limit taken for something that is about to be done; given back when it is not.
class Reservation {
 public:
  Reservation(const Call& call, std::uint64_t bytes);
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();

  /// Not so much is left: the call answers nospc.
  bool is_refused() const { return taken_ < bytes_; }
  /// What of the bytes could be had; for a write that may be shorter than asked for.
  std::uint64_t taken() const { return taken_; }
  /// It was done, and used `bytes` of what was taken.
  void use(std::uint64_t bytes) { used_ = bytes; }
  /// Of a call that succeeds or fails as a whole.
  Errno use_if(Errno result) {
    if (result == Errno::success) used_ = bytes_;
    return result;
  }

 private:
  const Call& call_;
  std::uint64_t bytes_;
  std::uint64_t taken_;
  std::uint64_t used_ = 0;
};

bool is_output_limited(const Call& call);

/// The space that a write at `offset`, or at the descriptor's position, would leave unwritten
/// between the end of the file and itself.
FileSize hole_before(const Descriptor& descriptor, std::optional<FileSize> offset);
/// By how much a file would grow to become `size` bytes long.
FileSize growth_to(const Descriptor& descriptor, FileSize size);

/// Runs `transfer` on as many of the bytes to be written as the limit allows: nospc for none.
template <class F>
Transferred write_within_limit(const Call& call, const Descriptor& descriptor,
                               std::span<iovec> vectors, std::optional<FileSize> offset,
                               F&& transfer) {
  if (!is_output_limited(call)) return transfer(vectors);
  Reservation hole(call, hole_before(descriptor, offset));
  const std::size_t wanted = total(vectors);
  Reservation bytes(call, wanted);
  if (hole.is_refused() || (bytes.taken() == 0 && wanted != 0)) {
    errno = ENOSPC;
    return {0, Errno::nospc};
  }
  const Front front(vectors, bytes.taken());
  const Transferred result = transfer(front.get());
  bytes.use(result.bytes);
  if (result.bytes != 0) hole.use(hole.taken());
  return result;
}

}  // namespace tinywasm::wasi
