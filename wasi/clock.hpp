// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <tinywasm/wasi.hpp>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// Nanoseconds of a time; 0 before 1970, the largest there is after 2554.
Timestamp nanoseconds(const timespec& time);
timespec to_timespec(Timestamp nanoseconds);

/// The clocks a guest can read.
class Clocks {
 public:
  explicit Clocks(WasiClocks config) : config_(std::move(config)) {}

  /// The time now; of virtual clocks, then moves them by kStep. inval for a clock that does not
  /// exist.
  OrErrno<Timestamp> now(ClockId clock);
  OrErrno<Timestamp> resolution(ClockId clock) const;

  bool is_host() const { return config_.kind == WasiClocks::Kind::host; }
  /// Whether a wait for one of these clocks alone is over at once: they do not follow the host's.
  bool is_simulated() const {
    return config_.kind == WasiClocks::Kind::fixed ||
           config_.kind == WasiClocks::Kind::virtual_time;
  }
  /// The time now, without moving virtual clocks.
  OrErrno<Timestamp> peek(ClockId clock) const;
  /// A guest's wait has come to its end: virtual clocks move by `wait`.
  void pass(Timestamp wait);

  /// What a reading of virtual clocks takes, so that who waits by looking at the clock gets there.
  static constexpr Timestamp kStep = 1'000;

 private:
  WasiClocks config_;
  Timestamp elapsed_ = 0;  // of virtual clocks
  Timestamp waited_ = 0;   // of elapsed_, what passed in waits
};

}  // namespace tinywasm::wasi
