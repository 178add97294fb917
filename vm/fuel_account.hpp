// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace tinywasm::vm {

/// The fuel of a guest with threads, but what they have taken to use it up. Thread-safe.
class FuelAccount {
 public:
  explicit FuelAccount(std::uint64_t fuel) : left_(fuel) {}

  std::uint64_t left() const { return left_.load(std::memory_order_relaxed); }
  void set(std::uint64_t fuel) { left_.store(fuel, std::memory_order_relaxed); }
  void give_back(std::uint64_t fuel) { left_.fetch_add(fuel, std::memory_order_relaxed); }
  /// As much of `wanted` as there is.
  std::uint64_t take(std::uint64_t wanted) {
    std::uint64_t before = left();
    while (!left_.compare_exchange_weak(before, before - std::min(before, wanted),
                                        std::memory_order_relaxed)) {
    }
    return std::min(before, wanted);
  }

 private:
  std::atomic<std::uint64_t> left_;
};

}  // namespace tinywasm::vm
