// SPDX-License-Identifier: Apache-2.0
#include "wasi/clock.hpp"

namespace tinywasm::wasi {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

OrErrno<clockid_t> host_clock(ClockId clock) {
  switch (clock) {
    case ClockId::realtime:
      return CLOCK_REALTIME;
    case ClockId::monotonic:
      return CLOCK_MONOTONIC;
    case ClockId::process_cputime:
      return CLOCK_PROCESS_CPUTIME_ID;
    case ClockId::thread_cputime:
      return CLOCK_THREAD_CPUTIME_ID;
  }
  return Errno::inval;
}

}  // namespace

Timestamp nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<Timestamp>(time.tv_sec) * kSecond + static_cast<Timestamp>(time.tv_nsec);
}

timespec to_timespec(Timestamp nanoseconds) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(nanoseconds / kSecond);
  time.tv_nsec = static_cast<long>(nanoseconds % kSecond);
  return time;
}

OrErrno<Timestamp> Clocks::now(ClockId clock) const {
  const auto host = host_clock(clock);
  if (!host) return host.error();
  timespec time{};
  if (::clock_gettime(*host, &time) != 0) return last_errno();
  return nanoseconds(time);
}

OrErrno<Timestamp> Clocks::resolution(ClockId clock) const {
  const auto host = host_clock(clock);
  if (!host) return host.error();
  timespec time{};
  if (::clock_getres(*host, &time) != 0) return last_errno();
  const Timestamp resolution = nanoseconds(time);
  return resolution == 0 ? Timestamp{1} : resolution;
}

}  // namespace tinywasm::wasi
