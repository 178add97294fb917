// SPDX-License-Identifier: Apache-2.0
// Clocks that do not follow the host's, and waiting for them.
#include "wasi/clock.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <thread>
#include <unistd.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kStart = WasiClocks::kDefaultStart;
constexpr Timestamp kSecond = 1'000'000'000;
constexpr Timestamp kHour = 3600 * kSecond;

WasiConfig with_clocks(WasiClocks clocks) {
  WasiConfig config;
  config.clocks = std::move(clocks);
  return config;
}

Timestamp read_clock(TestWorld& guest, ClockId clock) {
  REQUIRE(clock_time_get(guest.call(), clock, 0, guest.out<Timestamp>()) == Errno::success);
  return guest.value<Timestamp>();
}

void put_clock(TestWorld& guest, std::size_t index, ClockId clock, Timestamp timeout,
               std::uint16_t flags = 0) {
  std::byte* at = guest.memory.data() + 8192 + index * Subscription::kSize;
  std::memset(at, 0, Subscription::kSize);
  put(at, std::uint64_t{index});
  put(at + 16, static_cast<std::uint32_t>(clock));
  put(at + 24, timeout);
  put(at + 40, flags);
}

void put_reader(TestWorld& guest, std::size_t index, Fd fd) {
  std::byte* at = guest.memory.data() + 8192 + index * Subscription::kSize;
  std::memset(at, 0, Subscription::kSize);
  put(at, std::uint64_t{index});
  put(at + 8, std::uint8_t{1});
  put(at + 16, static_cast<std::uint32_t>(fd));
}

/// The indices of the subscriptions that fired, such as "02".
std::string poll(TestWorld& guest, Size count) {
  REQUIRE(code(poll_oneoff(guest.call(), Address{8192}, Address{16384}, count,
                           guest.out<Size>())) == Errno::success);
  std::string fired;
  for (Size i = 0; i < guest.value<Size>(); ++i) {
    CHECK(guest.value<std::uint16_t>(16384 + i * Event::kSize + 8) == 0);
    fired += std::to_string(guest.value<std::uint64_t>(16384 + i * Event::kSize));
  }
  return fired;
}

bool is_quick(const auto& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::steady_clock::now() - start < 10s;
}

}  // namespace

TEST_SUITE("clock") {
  TEST_CASE("times that no timestamp can express are the nearest that can") {
    constexpr Timestamp kMost = std::numeric_limits<Timestamp>::max();
    CHECK(nanoseconds({-1, 999'999'999}) == 0);
    CHECK(nanoseconds({1, 5}) == 1'000'000'005);
    CHECK(nanoseconds({18'446'744'072, 0}) == 18'446'744'072'000'000'000u);
    CHECK(nanoseconds({18'446'744'074, 0}) == kMost);
    CHECK(nanoseconds({std::numeric_limits<time_t>::max(), 0}) == kMost);
  }

  TEST_CASE("fixed clocks never move, and no wait takes time") {
    TestWorld guest(with_clocks(WasiClocks::fixed(5 * kSecond)));
    for (int i = 0; i < 2; ++i) {
      CHECK(read_clock(guest, ClockId::realtime) == 5 * kSecond);
      CHECK(read_clock(guest, ClockId::monotonic) == kSecond);
      CHECK(read_clock(guest, ClockId::process_cputime) == kSecond);
      put_clock(guest, 0, ClockId::monotonic, kHour);
      CHECK(is_quick([&] { CHECK(poll(guest, 1) == "0"); }));
    }
    CHECK(clock_time_get(guest.call(), ClockId{4}, 0, guest.out<Timestamp>()) == Errno::inval);
    CHECK(clock_res_get(guest.call(), ClockId{4}, guest.out<Timestamp>()) == Errno::inval);
  }

  TEST_CASE("virtual clocks move with each look and each wait") {
    TestWorld guest(with_clocks(WasiClocks::virtual_time()));
    CHECK(read_clock(guest, ClockId::realtime) == kStart);
    CHECK(read_clock(guest, ClockId::realtime) == kStart + Clocks::kStep);
    CHECK(read_clock(guest, ClockId::monotonic) == kSecond + 2 * Clocks::kStep);
    put_clock(guest, 0, ClockId::monotonic, kHour);
    CHECK(is_quick([&] { CHECK(poll(guest, 1) == "0"); }));
    CHECK(read_clock(guest, ClockId::realtime) == kStart + kHour + 3 * Clocks::kStep);
    CHECK(read_clock(guest, ClockId::process_cputime) == kSecond + 5 * Clocks::kStep);
    CHECK(clock_res_get(guest.call(), ClockId::realtime, guest.out<Timestamp>()) == Errno::success);
    CHECK(guest.value<Timestamp>() == Clocks::kStep);
  }

  TEST_CASE("who looks at a virtual clock until its time has come gets there") {
    TestWorld guest(with_clocks(WasiClocks::virtual_time()));
    const Timestamp end = read_clock(guest, ClockId::monotonic) + kSecond / 100;
    int looks = 0;
    while (read_clock(guest, ClockId::monotonic) < end) ++looks;
    CHECK(looks == 9999);
  }

  TEST_CASE("the nearest of several deadlines, by virtual clocks") {
    TestWorld guest(with_clocks(WasiClocks::virtual_time(0)));
    put_clock(guest, 0, ClockId::monotonic, 2 * kHour);
    put_clock(guest, 1, ClockId::realtime, kHour, kSubscriptionClockAbstime);
    put_clock(guest, 2, ClockId::realtime, kHour, kSubscriptionClockAbstime);
    CHECK(poll(guest, 3) == "12");
    CHECK(read_clock(guest, ClockId::realtime) == kHour);
    CHECK(poll(guest, 3) == "12");  // they are in the past now
    put_clock(guest, 0, ClockId::monotonic, ~Timestamp{0});
    CHECK(poll(guest, 1) == "0");
    CHECK(read_clock(guest, ClockId::monotonic) == ~Timestamp{0});
  }

  TEST_CASE("descriptors are given their time by the host's clock") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const HostFd reader(pipe[0]), writer(pipe[1]);
    WasiConfig config = with_clocks(WasiClocks::virtual_time());
    config.in = WasiStream::fd(reader.get());
    TestWorld guest(config);
    put_reader(guest, 0, Fd{0});
    put_clock(guest, 1, ClockId::monotonic, 30'000'000);
    CHECK(poll(guest, 2) == "1");
    CHECK(read_clock(guest, ClockId::monotonic) == kSecond + 30'000'000);
    put_clock(guest, 1, ClockId::monotonic, 3600 * kSecond);
    std::thread thread([&] {
      std::this_thread::sleep_for(20ms);
      CHECK(::write(writer.get(), "x", 1) == 1);
    });
    CHECK(poll(guest, 2) == "0");
    thread.join();
    CHECK(read_clock(guest, ClockId::monotonic) < 2 * kSecond);
  }

  TEST_CASE("clocks of the embedder") {
    Timestamp time = 100;
    TestWorld guest(with_clocks(WasiClocks::of([&](WasiClock clock) {
      time += 10;
      return clock == WasiClock::realtime ? time : time * 1000;
    })));
    CHECK(read_clock(guest, ClockId::realtime) == 110);
    CHECK(read_clock(guest, ClockId::monotonic) == 120'000);
    put_clock(guest, 0, ClockId::realtime, 50);
    CHECK(is_quick([&] { CHECK(poll(guest, 1) == "0"); }));
    CHECK(time >= 180);
    const auto world = World::create(with_clocks(WasiClocks::of(nullptr)));
    REQUIRE_FALSE(world.has_value());
    CHECK(world.error().message == "clocks: no function given");
  }

  TEST_CASE("\"now\" as a file's time is the guest's now") {
    TestWorld guest(with_clocks(WasiClocks::fixed(7 * kSecond)));
    const Fd fd = guest.must_open("file", kReadWrite, oflags::kCreat);
    const auto times = [&] {
      REQUIRE(fd_filestat_get(guest.call(), fd, guest.out<FileStat>()) == Errno::success);
      return std::pair(guest.value<Timestamp>(40), guest.value<Timestamp>(48));
    };
    CHECK(fd_filestat_set_times(guest.call(), fd, 3 * kSecond, 9,
                                fstflags::kAtim | fstflags::kMtimNow) == Errno::success);
    CHECK(times() == std::pair(3 * kSecond, 7 * kSecond));
    CHECK(path_filestat_set_times(guest.call(), kBox, 0, {"file"}, 1, 2,
                                  fstflags::kAtimNow | fstflags::kMtimNow) == Errno::success);
    CHECK(times() == std::pair(7 * kSecond, 7 * kSecond));
    CHECK(fd_filestat_set_times(guest.call(), fd, 0, 0, fstflags::kAtim | fstflags::kAtimNow) ==
          Errno::inval);
  }
}
