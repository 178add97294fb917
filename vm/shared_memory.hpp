// SPDX-License-Identifier: Apache-2.0
// Shared memories (https://github.com/WebAssembly/threads): bytes that several Stores on several
// threads use at once, and the threads that wait for them to change.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "decoder/types.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

struct Budget;

/// Lives as long as anybody refers to it, apart from all Stores. Thread-safe. Address space for all
/// it may grow to is reserved at once, so that it never moves.
class SharedBytes {
 public:
  /// Null when the host refuses, or the minimum is beyond `byte_limit`. It never grows beyond.
  static std::shared_ptr<SharedBytes> create(const decoder::MemoryType& type,
                                             std::uint64_t byte_limit);
  ~SharedBytes();
  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;

  /// Its bytes, now and as it grows, come out of an account for as long as it lives, whichever
  /// Store makes it grow. Once, before it is shared. False: there is not so much left.
  bool charge_to(std::shared_ptr<Budget> payer);
  bool has_payer() const { return payer_ != nullptr; }

  const decoder::MemoryType& type() const { return type_; }
  std::byte* base() const { return base_; }
  /// Bytes accessible now; never becomes less.
  std::uint64_t size() const { return size_.load(std::memory_order_acquire); }
  /// Grows by `delta` pages. The old size in pages, or kGrowFailed.
  std::uint64_t grow(std::uint64_t delta);

  /// memory.atomic.wait: what became of a thread that wanted to wait.
  enum class Waited : std::uint8_t { woken = 0, not_equal = 1, timed_out = 2, interrupted = 3 };
  /// Waits until somebody notifies `address`, unless the value there, of 4 or 8 bytes, is not
  /// `expected`. The address is aligned and in bounds. A negative timeout, in nanoseconds, is none.
  Waited wait(std::uint64_t address, unsigned bytes, std::uint64_t expected, std::int64_t timeout,
              const std::atomic<std::uint32_t>& interrupt);
  /// Wakes at most `count` of those that wait at `address`, the longest waiting first; how many.
  std::uint32_t notify(std::uint64_t address, std::uint32_t count);

 private:
  /// A thread that waits, on its own stack.
  struct Waiter {
    std::uint64_t address = 0;
    Waiter* next = nullptr;
    Waiter* previous = nullptr;
    bool is_woken = false;
    std::condition_variable condition;
  };

  SharedBytes(const decoder::MemoryType& type, std::uint64_t byte_limit);
  bool commit(std::uint64_t bytes);
  void guard(std::uint64_t bytes) const;
  void enqueue(Waiter& waiter);
  void remove(Waiter& waiter);

  decoder::MemoryType type_;
  std::shared_ptr<Budget> payer_{};
  std::byte* base_ = nullptr;
  std::uint64_t reserved_ = 0;
  std::uint64_t committed_ = 0;  // guarded by grow_mutex_
  std::atomic<std::uint64_t> size_{0};
  std::mutex grow_mutex_;
  std::mutex wait_mutex_;  // guards the list
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace tinywasm::vm
