// SPDX-License-Identifier: Apache-2.0
// How much native stack nested activations take: a host function that calls back runs on top of the
// guest that called it.
#pragma once

#include <cstdint>

namespace tinywasm::vm {

/// The native stack of one Store's activations. Used by the Store's thread.
struct NativeStack {
  std::uint64_t limit = 0;  // bytes from the outermost activation on
  // Places in the frames of the outermost and of the innermost activation.
  std::uintptr_t base = 0;
  std::uintptr_t last = 0;

  /// Whether an activation whose frame is at `here`, inside of `depth` others, may begin.
  bool has_room(std::uintptr_t here, std::uint32_t depth) const;
};

}  // namespace tinywasm::vm
