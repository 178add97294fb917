// SPDX-License-Identifier: Apache-2.0
/// @file
/// Ending what takes long before there is a Store: reading, validating and printing modules.
#pragma once

#include <atomic>

namespace tinywasm {

/// A request to stop that other threads and signal handlers may make. Functions that are given one
/// look at it at least every 10 milliseconds, but for the time that the system takes for reading a
/// file, and then return an error of kind interrupted. It has to outlive the call. (What runs in a
/// Store is ended with Store::interrupt.)
class InterruptToken {
 public:
  /// Thread-safe, and safe in signal handlers.
  void interrupt() noexcept { is_set_.store(true, std::memory_order_relaxed); }
  /// Before it is used again.
  void clear() noexcept { is_set_.store(false, std::memory_order_relaxed); }
  [[nodiscard]] bool is_set() const noexcept { return is_set_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> is_set_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace tinywasm
