// SPDX-License-Identifier: Apache-2.0
// Memory that is there and must not be touched: under AddressSanitizer an access to it is reported,
// elsewhere these do nothing. Whoever poisons unpoisons before the memory goes back to the system.
#pragma once

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define TINYWASM_HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TINYWASM_HAS_POISON 1
#endif
#endif

#ifdef TINYWASM_HAS_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace tinywasm::vm {

#ifdef TINYWASM_HAS_POISON
inline void poison(const void* at, std::uint64_t bytes) { __asan_poison_memory_region(at, bytes); }
inline void unpoison(const void* at, std::uint64_t bytes) {
  __asan_unpoison_memory_region(at, bytes);
}
#else
inline void poison(const void*, std::uint64_t) {}
inline void unpoison(const void*, std::uint64_t) {}
#endif

}  // namespace tinywasm::vm
