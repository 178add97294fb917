// SPDX-License-Identifier: Apache-2.0
#include "vm/address_space.hpp"

#include <sys/mman.h>

// What POSIX does not name is optional.
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

namespace tinywasm::vm {

std::byte* reserve_pages(std::uint64_t bytes) {
  void* address =
      mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? nullptr : static_cast<std::byte*>(address);
}

bool commit_pages(std::byte* address, std::uint64_t bytes) {
  return bytes == 0 || mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0;
}

void release_pages(std::byte* address, std::uint64_t bytes) { munmap(address, bytes); }

void prefer_small_pages([[maybe_unused]] std::byte* address, [[maybe_unused]] std::uint64_t bytes) {
#ifdef MADV_NOHUGEPAGE
  madvise(address, bytes, MADV_NOHUGEPAGE);
#endif
}

void prefer_large_pages([[maybe_unused]] std::byte* address, [[maybe_unused]] std::uint64_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kLarge = 2 << 20;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t first = (begin + kLarge - 1) / kLarge * kLarge;
  const std::uintptr_t last = (begin + bytes) / kLarge * kLarge;
  if (first < last) madvise(address + (first - begin), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace tinywasm::vm
