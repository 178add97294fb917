// SPDX-License-Identifier: Apache-2.0
// What the thread sanitizer has to be told of. The units of handlers that templates make are not
// instrumented (tinywasm_compiler.cmake), so that it does not see their acquire loads; the build
// defines TINYWASM_THREAD_SANITIZER for them. In other builds this is empty.
#pragma once

#ifdef TINYWASM_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* address);
#endif

namespace tinywasm::vm {

/// The atomic at `address` was loaded with acquire order.
inline void note_acquire([[maybe_unused]] const void* address) {
#ifdef TINYWASM_THREAD_SANITIZER
  __tsan_acquire(const_cast<void*>(address));
#endif
}

}  // namespace tinywasm::vm
