// SPDX-License-Identifier: Apache-2.0
#include "vm/shared_memory.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "vm/address_space.hpp"
#include "vm/memory.hpp"
#include "vm/operations.hpp"
#include "vm/poison.hpp"

namespace tinywasm::vm {
namespace {

constexpr std::uint64_t kPage = decoder::kPageSize;
/// How long a waiting thread may take to see that it was interrupted: the flag may be set by a
/// signal handler, which can wake nobody.
constexpr std::chrono::milliseconds kPollInterval{10};
/// Timeouts beyond are as good as this one; keeps sums of times in range.
constexpr std::chrono::nanoseconds kLongTimeout = std::chrono::hours(24 * 365 * 100);

template <class T>
std::uint64_t load(std::byte* at) {
  return std::atomic_ref<T>(*reinterpret_cast<T*>(at)).load();
}

}  // namespace

std::shared_ptr<SharedBytes> SharedBytes::create(const decoder::MemoryType& type,
                                                 std::uint64_t byte_limit) {
  if (type.limits.min > page_limit(type)) return nullptr;
  const std::uint64_t bytes = type.limits.min << type.page_log2;
  std::shared_ptr<SharedBytes> created(new (std::nothrow) SharedBytes(type, byte_limit));
  if (!created || !created->base_ || !created->commit(bytes)) return nullptr;
  created->guard(bytes);
  created->size_.store(bytes, std::memory_order_release);
  return created;
}

SharedBytes::SharedBytes(const decoder::MemoryType& type, std::uint64_t byte_limit) : type_(type) {
  const std::uint64_t most = std::min(page_limit(type) << type.page_log2, byte_limit);
  const std::uint64_t rounded = (most + kPage - 1) / kPage * kPage;
  if (rounded == 0) {
    base_ = empty_memory_base();
    return;
  }
  base_ = reserve_pages(rounded);
  if (base_) reserved_ = rounded;
}

SharedBytes::~SharedBytes() {
  if (payer_) payer_->give_back(size());
  if (reserved_ == 0) return;
  unpoison(base_, std::min(reserved_, committed_ + kPage));
  release_pages(base_, reserved_);
}

/// Poisons what lies behind the accessible bytes, as far as OwnedMemory does.
void SharedBytes::guard(std::uint64_t bytes) const {
  const std::uint64_t end = std::min(reserved_, committed_ + kPage);
  unpoison(base_, bytes);
  if (bytes < end) poison(base_ + bytes, end - bytes);
}

bool SharedBytes::charge_to(std::shared_ptr<Budget> payer) {
  if (!payer->take(size())) return false;
  payer_ = std::move(payer);
  return true;
}

bool SharedBytes::commit(std::uint64_t bytes) {
  if (bytes <= committed_) return true;
  const std::uint64_t rounded = (bytes + kPage - 1) / kPage * kPage;
  if (rounded > reserved_ || !commit_pages(base_ + committed_, rounded - committed_)) return false;
  committed_ = rounded;
  return true;
}

std::uint64_t SharedBytes::grow(std::uint64_t delta) {
  const std::lock_guard lock(grow_mutex_);
  const std::uint64_t old_pages = size() >> type_.page_log2;
  if (delta == 0) return old_pages;
  const std::uint64_t most = page_limit(type_);
  if (delta > most - old_pages) return kGrowFailed;
  const std::uint64_t bytes = (old_pages + delta) << type_.page_log2;
  const std::uint64_t added = bytes - size();
  if (payer_ && !payer_->take(added)) return kGrowFailed;
  if (!commit(bytes)) {
    if (payer_) payer_->give_back(added);
    return kGrowFailed;
  }
  guard(bytes);
  size_.store(bytes, std::memory_order_release);
  return old_pages;
}

void SharedBytes::enqueue(Waiter& waiter) {
  waiter.previous = last_;
  (last_ ? last_->next : first_) = &waiter;
  last_ = &waiter;
}

void SharedBytes::remove(Waiter& waiter) {
  (waiter.previous ? waiter.previous->next : first_) = waiter.next;
  (waiter.next ? waiter.next->previous : last_) = waiter.previous;
}

SharedBytes::Waited SharedBytes::wait(std::uint64_t address, unsigned bytes, std::uint64_t expected,
                                      std::int64_t timeout,
                                      const std::atomic<std::uint32_t>& interrupt) {
  using Clock = std::chrono::steady_clock;
  const std::chrono::nanoseconds span =
      timeout < 0 ? kLongTimeout : std::min(std::chrono::nanoseconds(timeout), kLongTimeout);
  const Clock::time_point deadline = Clock::now() + span;
  std::unique_lock lock(wait_mutex_);
  // Under the lock: who changes the value and notifies then finds this thread in the list.
  std::byte* const at = base_ + address;
  const std::uint64_t value = bytes == 4 ? load<std::uint32_t>(at) : load<std::uint64_t>(at);
  if (value != expected) return Waited::not_equal;
  Waiter waiter;
  waiter.address = address;
  enqueue(waiter);
  while (true) {
    if (waiter.is_woken) return Waited::woken;  // and out of the list
    const bool interrupted = interrupt.load(std::memory_order_relaxed) != 0;
    const Clock::time_point now = Clock::now();
    if (interrupted || (timeout >= 0 && now >= deadline)) {
      remove(waiter);
      return interrupted ? Waited::interrupted : Waited::timed_out;
    }
    waiter.condition.wait_until(lock, std::min<Clock::time_point>(deadline, now + kPollInterval));
  }
}

std::uint32_t SharedBytes::notify(std::uint64_t address, std::uint32_t count) {
  const std::lock_guard lock(wait_mutex_);
  std::uint32_t woken = 0;
  for (Waiter* waiter = first_; waiter != nullptr && woken < count;) {
    Waiter* const next = waiter->next;
    if (waiter->address == address) {
      remove(*waiter);
      waiter->is_woken = true;
      waiter->condition.notify_one();
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

}  // namespace tinywasm::vm
