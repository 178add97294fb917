// SPDX-License-Identifier: Apache-2.0
// Linear memories (https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// Bytes (or elements) in use by a Store and how many it may use; or, with an `account`, by all who
/// have that one: the Stores of a guest's threads. An account may be used by several threads.
struct Budget {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
  std::shared_ptr<Budget> account{};

  bool take(std::uint64_t amount) {
    if (account) return account->take(amount);
    const std::atomic_ref<std::uint64_t> shared(used);
    std::uint64_t before = shared.load(std::memory_order_relaxed);
    do {
      if (amount > limit - before) return false;
    } while (!shared.compare_exchange_weak(before, before + amount, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::uint64_t amount) {
    if (account) return account->give_back(amount);
    std::atomic_ref(used).fetch_sub(amount, std::memory_order_relaxed);
  }
  /// Its account, which it has from then on.
  const std::shared_ptr<Budget>& shared() {
    if (!account) account = std::make_shared<Budget>(Budget{used, limit, nullptr});
    return account;
  }
};

/// What memories of this type may grow to, in pages.
std::uint64_t page_limit(const decoder::MemoryType& type);

/// Brings the size of a shared memory up to date: another thread may have grown it.
void refresh_shared(Memory& memory);
inline void refresh(Memory& memory) {
  if (memory.shared != nullptr) refresh_shared(memory);
}

/// A Memory together with what owns its bytes. Every Memory an instance refers to is one, except
/// the empty one of instances that have none.
///
/// Small memories begin with just the pages they need, which the host packs densely, and reserve
/// address space when they first grow: a process may hold tens of thousands of instances, and
/// mappings and address space are both limited. All others reserve at once what they may grow to,
/// and commit pages as they grow. When the host refuses, less and less is reserved, and growing
/// beyond it moves the memory.
///
/// Pages of the type may be smaller than the host's: what is allocated, and comes out of the
/// budget, is the size rounded up to 64 KiB.
class OwnedMemory : public Memory {
 public:
  /// The bytes come out of `budget`, which must outlive this.
  OwnedMemory(const decoder::MemoryType& memory_type, Budget& budget);
  /// A shared memory that is there already. Only what this Store makes it grow by comes out of
  /// the budget.
  OwnedMemory(std::shared_ptr<SharedBytes> bytes, Budget& budget);
  ~OwnedMemory();
  OwnedMemory(const OwnedMemory&) = delete;
  OwnedMemory& operator=(const OwnedMemory&) = delete;

  /// Allocates the minimum size, once. False: beyond the budget, or the host refused.
  bool allocate();
  /// What other Stores may share; null when it is no shared memory.
  const std::shared_ptr<SharedBytes>& shared_bytes() const { return shared_bytes_; }
  /// Grows by `delta` pages. The old size in pages, or kGrowFailed.
  std::uint64_t grow(std::uint64_t delta);

 private:
  bool allocate_shared();
  std::uint64_t grow_shared(std::uint64_t delta);
  bool commit(std::uint64_t bytes, std::uint64_t reservation);
  bool move_to(std::uint64_t bytes, std::uint64_t reservation);
  std::uint64_t wanted_reservation(std::uint64_t bytes) const;

  Budget& budget_;
  std::uint64_t committed_ = 0;  // bytes that can be read and written; of shared ones: paid for
  std::shared_ptr<SharedBytes> shared_bytes_{};
};

/// The bytes [source, source + length) of `segment` to `destination`.
Trap init(Memory& memory, std::span<const std::byte> segment, std::uint64_t destination,
          std::uint64_t source, std::uint64_t length, const std::atomic<std::uint32_t>& interrupt);
Trap copy(Memory& to, const Memory& from, std::uint64_t destination, std::uint64_t source,
          std::uint64_t length, const std::atomic<std::uint32_t>& interrupt);
Trap fill(Memory& memory, std::uint64_t destination, std::uint8_t value, std::uint64_t length,
          const std::atomic<std::uint32_t>& interrupt);

/// What the base of a memory without bytes is: never null.
std::byte* empty_memory_base();

/// [start, start + length) lies in [0, size), computed without overflow.
constexpr bool in_bounds(std::uint64_t start, std::uint64_t length, std::uint64_t size) {
  return length <= size && start <= size - length;
}

}  // namespace tinywasm::vm
