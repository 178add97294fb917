// SPDX-License-Identifier: Apache-2.0
// What the current thread has allocated: allocations.cpp replaces operator new and operator delete
// in the fuzzing programs. Pages that are reserved from the system, and what is taken by malloc
// itself, are not counted.
#pragma once

#include <cstdint>

namespace tinywasm::fuzz {

/// Counts from its beginning on. One at a time on a thread.
class AllocationMeter {
 public:
  AllocationMeter();
  /// The most bytes that were live at once, beyond those that were at the beginning.
  std::uint64_t peak() const;

 private:
  std::int64_t before_;
};

}  // namespace tinywasm::fuzz
