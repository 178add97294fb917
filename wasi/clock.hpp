// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// Nanoseconds of a time; 0 before 1970.
Timestamp nanoseconds(const timespec& time);
timespec to_timespec(Timestamp nanoseconds);

/// The clocks a guest can read.
class Clocks {
 public:
  /// inval for a clock that does not exist.
  OrErrno<Timestamp> now(ClockId clock) const;
  OrErrno<Timestamp> resolution(ClockId clock) const;
};

}  // namespace tinywasm::wasi
