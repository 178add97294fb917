// SPDX-License-Identifier: Apache-2.0
// The beginning and the end of a value stack's FrameShadow: what is poisoned of it follows what was
// in use, as the whole would take much longer than most Stores live. Empty where that is.
#pragma once

#include <algorithm>
#include <cstddef>

#include "vm/frame_shadow.hpp"

namespace tinywasm::vm {

/// Slots beyond those in use that are poisoned before anything has run.
inline constexpr std::ptrdiff_t kFirstPoisoned = 8192;

inline void begin_shadow(FrameShadow& shadow, FrameShadow::Slot* stack, FrameShadow::Slot* end) {
  shadow.begin(stack, std::min(end, stack + kFirstPoisoned));
}

#if TINYWASM_FRAME_SHADOW
/// Before the stack's memory is given back. What was ever in use is poisoned without a gap: how far
/// that is, the poison tells.
inline void finish_shadow(FrameShadow& shadow, FrameShadow::Slot* stack, FrameShadow::Slot* end) {
  std::ptrdiff_t used = kFirstPoisoned;
  while (used < end - stack && __asan_address_is_poisoned(stack + used) != 0) used *= 2;
  shadow.finish(stack, std::min(end, stack + used));
}
#else
inline void finish_shadow(FrameShadow&, FrameShadow::Slot*, FrameShadow::Slot*) {}
#endif

}  // namespace tinywasm::vm
