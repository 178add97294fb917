// SPDX-License-Identifier: Apache-2.0
#include "wasi/clock.hpp"

#include <limits>

namespace tinywasm::wasi {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
/// Where simulated clocks but realtime begin: a monotonic clock at 0 is no time to some programs.
constexpr Timestamp kMonotonicStart = kSecond;

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

OrErrno<Timestamp> host_time(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return last_errno();
  return nanoseconds(time);
}

Timestamp saturating_add(Timestamp a, Timestamp b) {
  constexpr Timestamp kMost = std::numeric_limits<Timestamp>::max();
  return a > kMost - b ? kMost : a + b;
}

}  // namespace

Timestamp nanoseconds(const timespec& time) {
  // Timestamps end in the year 2554.
  constexpr Timestamp kMost = std::numeric_limits<Timestamp>::max();
  if (time.tv_sec < 0) return 0;
  if (static_cast<Timestamp>(time.tv_sec) >= kMost / kSecond) return kMost;
  return static_cast<Timestamp>(time.tv_sec) * kSecond + static_cast<Timestamp>(time.tv_nsec);
}

timespec to_timespec(Timestamp nanoseconds) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(nanoseconds / kSecond);
  time.tv_nsec = static_cast<long>(nanoseconds % kSecond);
  return time;
}

OrErrno<Timestamp> Clocks::peek(ClockId clock) const {
  const auto host = host_clock(clock);
  if (!host) return host.error();
  switch (config_.kind) {
    case WasiClocks::Kind::host:
      return host_time(*host);
    case WasiClocks::Kind::custom:
      return config_.now(static_cast<WasiClock>(clock));
    case WasiClocks::Kind::fixed:
    case WasiClocks::Kind::virtual_time:
      break;
  }
  switch (clock) {
    case ClockId::realtime:
      return saturating_add(config_.start, elapsed_);
    case ClockId::monotonic:
      return saturating_add(kMonotonicStart, elapsed_);
    default:  // who waits does not compute
      return saturating_add(kMonotonicStart, elapsed_ - waited_);
  }
}

OrErrno<Timestamp> Clocks::now(ClockId clock) {
  const auto time = peek(clock);
  if (config_.kind == WasiClocks::Kind::virtual_time) elapsed_ = saturating_add(elapsed_, kStep);
  return time;
}

void Clocks::pass(Timestamp wait) {
  if (config_.kind != WasiClocks::Kind::virtual_time) return;
  const Timestamp before = elapsed_;
  elapsed_ = saturating_add(elapsed_, wait);
  waited_ += elapsed_ - before;
}

OrErrno<Timestamp> Clocks::resolution(ClockId clock) const {
  const auto host = host_clock(clock);
  if (!host) return host.error();
  if (config_.kind != WasiClocks::Kind::host) return kStep;
  timespec time{};
  if (::clock_getres(*host, &time) != 0) return last_errno();
  const Timestamp resolution = nanoseconds(time);
  return resolution == 0 ? Timestamp{1} : resolution;
}

}  // namespace tinywasm::wasi
