// SPDX-License-Identifier: Apache-2.0
// Where a thread's stack lies is asked of the system, once for each thread; POSIX does not say how.
#include "vm/native_stack.hpp"

#include <algorithm>
#include <pthread.h>

namespace tinywasm::vm {
namespace {

/// Activations that nest where nothing can be measured: on stacks of the embedder's own making, or
/// when the Store's thread changes from one to the next.
constexpr std::uint32_t kMostUnmeasured = 200;
/// What stays free below an activation: for a host function that is called, and for translating.
constexpr std::uintptr_t kReserve = std::uintptr_t{64} << 10;

/// The addresses of a thread's stack; none when they are not known.
struct Bounds {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  bool contains(std::uintptr_t address) const { return low <= address && address < high; }
};

Bounds find_bounds() {
  Bounds bounds;
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    bounds.low = reinterpret_cast<std::uintptr_t>(low);
    bounds.high = bounds.low + size;
  }
  pthread_attr_destroy(&attributes);
#endif
  return bounds;
}

const Bounds& own_bounds() {
  thread_local const Bounds bounds = find_bounds();
  return bounds;
}

}  // namespace

bool NativeStack::has_room(std::uintptr_t here, std::uint32_t depth) const {
  const Bounds& own = own_bounds();
  if (!own.contains(here)) return depth < kMostUnmeasured;
  const std::uintptr_t reserve = std::min(kReserve, (own.high - own.low) / 4);
  // The next activation may take as much as this one.
  const std::uintptr_t step = own.contains(last) && last > here ? last - here : 0;
  if (here - own.low < reserve + step) return false;
  if (!own.contains(base)) return depth < kMostUnmeasured;
  return base <= here || base - here <= limit;
}

}  // namespace tinywasm::vm
