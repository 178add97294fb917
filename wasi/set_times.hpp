// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <sys/stat.h>

#include "wasi/clock.hpp"
#include "wasi/types.hpp"

namespace tinywasm::wasi {

/// The arguments of fd_filestat_set_times and path_filestat_set_times for utimensat(2): access and
/// modification. inval when the flags contradict each other. "Now" is by the guest's clock.
inline OrErrno<std::array<timespec, 2>> times_to_set(Timestamp atim, Timestamp mtim, FstFlags flags,
                                                     Clocks& clocks) {
  using namespace fstflags;
  if ((flags & (kAtimNow | kMtimNow)) != 0 && !clocks.is_host()) {
    const auto now = clocks.now(ClockId::realtime);
    if (!now) return now.error();
    if ((flags & kAtimNow) != 0 && (flags & kAtim) == 0) {
      flags = (flags & ~kAtimNow) | kAtim;
      atim = *now;
    }
    if ((flags & kMtimNow) != 0 && (flags & kMtim) == 0) {
      flags = (flags & ~kMtimNow) | kMtim;
      mtim = *now;
    }
  }
  const auto choose = [](bool is_given, bool is_now, Timestamp time) {
    timespec result{};
    result.tv_nsec = is_now ? UTIME_NOW : UTIME_OMIT;
    return is_given ? to_timespec(time) : result;
  };
  const bool has_atim = (flags & kAtim) != 0, has_atim_now = (flags & kAtimNow) != 0;
  const bool has_mtim = (flags & kMtim) != 0, has_mtim_now = (flags & kMtimNow) != 0;
  if ((has_atim && has_atim_now) || (has_mtim && has_mtim_now) || (flags & ~kAll) != 0) {
    return Errno::inval;
  }
  return std::array{choose(has_atim, has_atim_now, atim), choose(has_mtim, has_mtim_now, mtim)};
}

}  // namespace tinywasm::wasi
