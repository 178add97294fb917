// SPDX-License-Identifier: Apache-2.0
#include "vm/memory.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "vm/address_space.hpp"
#include "vm/operations.hpp"
#include "vm/poison.hpp"
#include "vm/shared_memory.hpp"

namespace tinywasm::vm {
namespace {

constexpr std::uint64_t kPage = decoder::kPageSize;
/// Memories up to this size begin without a reservation to grow into.
constexpr std::uint64_t kSmall = 2 * kPage;
/// Of the base: cache lines of the guest are cache lines of the host. Pages are aligned anyway.
constexpr std::uint64_t kAlignment = 64;
/// Reserved when the type allows more.
constexpr std::uint64_t kUsualReservation = std::uint64_t{4} << 30;
/// No host maps more than 2^47 bytes; keeps every sum and product below in range.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 47;
/// How much a bulk instruction does between two looks at the interrupt flag.
constexpr std::uint64_t kChunk = std::uint64_t{4} << 20;
/// What takes no longer than some instructions, so that no look is due.
constexpr std::uint64_t kShort = 4096;

/// What memories without bytes point to: addresses formed from it are never null.
alignas(kAlignment) std::byte g_no_bytes[kAlignment];

std::uint64_t round_up(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// Poisons what lies behind the accessible bytes of a memory: the rest of its last pages, and the
/// beginning of what is only reserved. (The rest of that no program can access.)
void guard(const std::byte* base, std::uint64_t size, std::uint64_t committed,
           std::uint64_t reserved) {
  const std::uint64_t end = std::min(reserved, committed + kPage);
  unpoison(base, size);
  if (size < end) poison(base + size, end - size);
}

bool poll(const std::atomic<std::uint32_t>& interrupt) {
  return interrupt.load(std::memory_order_relaxed) != 0;
}

/// Calls `step(offset, length)` for pieces of [0, length), from the front or from the back.
template <class Step>
Trap in_chunks(std::uint64_t length, bool backwards, const std::atomic<std::uint32_t>& interrupt,
               Step step) {
  for (std::uint64_t done = 0; done < length;) {
    const std::uint64_t piece = std::min(kChunk, length - done);
    step(backwards ? length - done - piece : done, piece);
    done += piece;
    if (length > kShort && poll(interrupt)) return Trap::interrupted;
  }
  return Trap::none;
}

}  // namespace

std::uint64_t page_limit(const decoder::MemoryType& type) {
  const std::uint64_t of_32_bits = type.page_log2 == 0 ? 0xffff'ffff : 65536;
  const std::uint64_t most = type.limits.is_64 ? kMostBytes >> type.page_log2 : of_32_bits;
  return std::min(type.limits.max.value_or(most), most);
}

void refresh_shared(Memory& memory) { memory.size = memory.shared->size(); }

std::byte* empty_memory_base() { return g_no_bytes; }

OwnedMemory::OwnedMemory(const decoder::MemoryType& memory_type, Budget& budget) : budget_(budget) {
  type = memory_type;
  base = empty_memory_base();
  max_pages = page_limit(type);
}

OwnedMemory::OwnedMemory(std::shared_ptr<SharedBytes> bytes, Budget& budget)
    : OwnedMemory(bytes->type(), budget) {
  shared_bytes_ = std::move(bytes);
  shared = shared_bytes_.get();
  base = shared->base();
  size = shared->size();
}

OwnedMemory::~OwnedMemory() {
  if (reserved != 0) {
    unpoison(base, std::min(reserved, committed_ + kPage));
    release_pages(base, reserved);
  }
  budget_.give_back(committed_);
}

bool OwnedMemory::allocate_shared() {
  const std::uint64_t bytes = type.limits.min << type.page_log2;
  if (!budget_.take(bytes)) return false;
  committed_ = bytes;
  shared_bytes_ = SharedBytes::create(type, budget_.limit);
  if (!shared_bytes_) return false;
  shared = shared_bytes_.get();
  base = shared->base();
  size = shared->size();
  return true;
}

std::uint64_t OwnedMemory::grow_shared(std::uint64_t delta) {
  if (shared->has_payer()) {
    const std::uint64_t pages_before = shared->grow(delta);
    refresh_shared(*this);
    return pages_before;
  }
  if (delta > max_pages) return kGrowFailed;
  const std::uint64_t bytes = delta << type.page_log2;
  if (!budget_.take(bytes)) return kGrowFailed;
  const std::uint64_t old_pages = shared->grow(delta);
  if (old_pages == kGrowFailed) {
    budget_.give_back(bytes);
  } else {
    committed_ += bytes;
  }
  refresh_shared(*this);
  return old_pages;
}

bool OwnedMemory::allocate() {
  if (type.limits.min > kMostBytes >> type.page_log2) return false;
  if (type.limits.is_shared) return allocate_shared();
  const std::uint64_t bytes = type.limits.min << type.page_log2;
  const std::uint64_t rounded = round_up(bytes);
  if (!commit(rounded, rounded <= kSmall ? rounded : wanted_reservation(rounded))) return false;
  size = bytes;
  guard(base, size, committed_, reserved);
  return true;
}

std::uint64_t OwnedMemory::grow(std::uint64_t delta) {
  if (shared != nullptr) return grow_shared(delta);
  const std::uint64_t old_pages = pages();
  if (delta == 0) return old_pages;
  if (old_pages > max_pages || delta > max_pages - old_pages) return kGrowFailed;
  const std::uint64_t bytes = (old_pages + delta) << type.page_log2;
  const std::uint64_t rounded = round_up(bytes);
  if (!commit(rounded, wanted_reservation(rounded))) return kGrowFailed;
  size = bytes;
  guard(base, size, committed_, reserved);
  return old_pages;
}

/// Makes the first `bytes`, a multiple of kPage, accessible; `reservation` if there has to be one.
bool OwnedMemory::commit(std::uint64_t bytes, std::uint64_t reservation) {
  if (bytes <= committed_) return true;
  if (!budget_.take(bytes - committed_)) return false;
  const bool done = bytes <= reserved ? commit_pages(base + committed_, bytes - committed_)
                                      : move_to(bytes, reservation);
  if (!done) {
    budget_.give_back(bytes - committed_);
    return false;
  }
  committed_ = bytes;
  return true;
}

std::uint64_t OwnedMemory::wanted_reservation(std::uint64_t bytes) const {
  const std::uint64_t most =
      std::min(round_up(max_pages << type.page_log2), budget_.limit / kPage * kPage);
  return std::max(bytes, std::min(most, std::max(kUsualReservation, 2 * bytes)));
}

bool OwnedMemory::move_to(std::uint64_t bytes, std::uint64_t reservation) {
  std::byte* pages_at = reserve_pages(reservation);
  while (!pages_at && reservation > bytes) {
    reservation = std::max(bytes, reservation / 2 / kPage * kPage);
    pages_at = reserve_pages(reservation);
  }
  if (!pages_at) return false;
  if (!commit_pages(pages_at, bytes)) {
    release_pages(pages_at, reservation);
    return false;
  }
  if (size != 0) std::memcpy(pages_at, base, size);
  if (reserved != 0) {
    unpoison(base, std::min(reserved, committed_ + kPage));
    release_pages(base, reserved);
  }
  base = pages_at;
  reserved = reservation;
  return true;
}

Trap init(Memory& memory, std::span<const std::byte> segment, std::uint64_t destination,
          std::uint64_t source, std::uint64_t length, const std::atomic<std::uint32_t>& interrupt) {
  if (!in_bounds(source, length, segment.size()) || !in_bounds(destination, length, memory.size)) {
    return Trap::memory_bounds;
  }
  std::byte* to = memory.base + destination;
  const std::byte* from = segment.data() + source;
  return in_chunks(length, false, interrupt, [&](std::uint64_t offset, std::uint64_t piece) {
    std::memcpy(to + offset, from + offset, piece);
  });
}

Trap copy(Memory& to, const Memory& from, std::uint64_t destination, std::uint64_t source,
          std::uint64_t length, const std::atomic<std::uint32_t>& interrupt) {
  if (!in_bounds(source, length, from.size) || !in_bounds(destination, length, to.size)) {
    return Trap::memory_bounds;
  }
  std::byte* target = to.base + destination;
  const std::byte* origin = from.base + source;
  // Pieces of overlapping ranges are taken in the order that never reads what was written.
  return in_chunks(length, target > origin, interrupt,
                   [&](std::uint64_t offset, std::uint64_t piece) {
                     std::memmove(target + offset, origin + offset, piece);
                   });
}

Trap fill(Memory& memory, std::uint64_t destination, std::uint8_t value, std::uint64_t length,
          const std::atomic<std::uint32_t>& interrupt) {
  if (!in_bounds(destination, length, memory.size)) return Trap::memory_bounds;
  std::byte* to = memory.base + destination;
  return in_chunks(length, false, interrupt, [&](std::uint64_t offset, std::uint64_t piece) {
    std::memset(to + offset, value, piece);
  });
}

}  // namespace tinywasm::vm
