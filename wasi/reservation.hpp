// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "wasi/fd_table.hpp"
#include "wasi/guest.hpp"
#include "wasi/output_limit.hpp"

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

// These may call a function of the embedder, for a file of his.

/// The space that a write at `offset`, or at the descriptor's position, would leave unwritten
/// between the end of the file and itself.
FileSize hole_before(const Descriptor& descriptor, std::optional<FileSize> offset);
/// By how much a file would grow to become `size` bytes long.
FileSize growth_to(const Descriptor& descriptor, FileSize size);

}  // namespace tinywasm::wasi
