// SPDX-License-Identifier: Apache-2.0
// Replaces operator new and operator delete by ones that count. The system's allocator knows how
// large a block is, so that blocks have no header: sanitizers see every byte beside them.
#include "tools/fuzz/allocations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

namespace {

// A block that another thread frees makes this thread's number too large and the other's too small:
// what is measured runs on one.
constinit thread_local std::int64_t live_bytes = 0;
constinit thread_local std::int64_t peak_bytes = 0;

std::int64_t size_of(void* block) {
#ifdef __APPLE__
  return static_cast<std::int64_t>(malloc_size(block));
#else
  return static_cast<std::int64_t>(malloc_usable_size(block));
#endif
}

void* counted(void* block) {
  if (block == nullptr) return nullptr;
  live_bytes += size_of(block);
  peak_bytes = std::max(peak_bytes, live_bytes);
  return block;
}

void* allocate(std::size_t size) noexcept {
  return counted(std::malloc(std::max<std::size_t>(size, 1)));
}

void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
  const auto unit = static_cast<std::size_t>(alignment);
  if (size > PTRDIFF_MAX) return nullptr;
  return counted(std::aligned_alloc(unit, std::max(size + unit - 1, unit) / unit * unit));
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  live_bytes -= size_of(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return or_throw(allocate(size)); }
void* operator new[](std::size_t size) { return or_throw(allocate(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}

void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  release(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  release(block);
}

namespace tinywasm::fuzz {

AllocationMeter::AllocationMeter() : before_(live_bytes) { peak_bytes = live_bytes; }

std::uint64_t AllocationMeter::peak() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(peak_bytes - before_, 0));
}

}  // namespace tinywasm::fuzz
