// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kIn = 8192;
constexpr std::uint32_t kOut = 32768;
constexpr Timestamp kMillisecond = 1'000'000;

/// Subscriptions being written to guest memory.
class Subscriptions {
 public:
  explicit Subscriptions(TestWorld& guest) : guest_(guest) {}

  Subscriptions& clock(std::uint64_t userdata, std::uint32_t id, Timestamp timeout,
                       std::uint16_t flags = 0) {
    std::byte* at = next(userdata, 0);
    put(at + 16, id);
    put(at + 24, timeout);
    put(at + 40, flags);
    return *this;
  }
  Subscriptions& descriptor(std::uint64_t userdata, std::uint8_t tag, Fd fd) {
    put(next(userdata, tag) + 16, static_cast<std::uint32_t>(fd));
    return *this;
  }

  struct Seen {
    std::uint64_t userdata;
    Errno error;
    std::uint8_t type;
    FileSize nbytes;
    std::uint16_t flags;
  };
  std::vector<Seen> poll() {
    REQUIRE(code(poll_oneoff(guest_.call(), Address{kIn}, Address{kOut}, count_,
                             guest_.out<Size>())) == Errno::success);
    std::vector<Seen> seen;
    for (std::size_t i = 0; i < guest_.value<Size>(); ++i) {
      const std::size_t at = kOut + i * Event::kSize;
      seen.push_back({guest_.value<std::uint64_t>(at), Errno{guest_.value<std::uint16_t>(at + 8)},
                      guest_.value<std::uint8_t>(at + 10), guest_.value<FileSize>(at + 16),
                      guest_.value<std::uint16_t>(at + 24)});
    }
    return seen;
  }
  Size count() const { return count_; }

 private:
  std::byte* next(std::uint64_t userdata, std::uint8_t tag) {
    std::byte* at = guest_.memory.data() + kIn + count_++ * Subscription::kSize;
    std::memset(at, 0, Subscription::kSize);
    put(at, userdata);
    put(at + 8, tag);
    return at;
  }

  TestWorld& guest_;
  Size count_ = 0;
};

Timestamp now(TestWorld& guest, ClockId clock) { return *guest.world->clocks.now(clock); }

std::chrono::nanoseconds time_of(const auto& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::steady_clock::now() - start;
}

}  // namespace

TEST_SUITE("poll") {
  TEST_CASE("more subscriptions than the process may have files") {
    int pipe[2] = {-1, -1};
    REQUIRE(::pipe(pipe) == 0);
    const HostFd reader(pipe[0]), writer(pipe[1]);
    WasiConfig config;
    config.in = WasiStream::fd(reader.get());
    config.out = WasiStream::fd(writer.get());
    TestWorld guest(config);
    guest.memory.resize(1 << 20);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit fewer{std::min<rlim_t>(before.rlim_cur, 256), before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &fewer) == 0);
    REQUIRE(::write(writer.get(), "x", 1) == 1);
    // In turn for reading and for writing; each is an event.
    constexpr Size kCount = 2000;
    for (Size i = 0; i < kCount; ++i) {
      std::byte* const at = guest.memory.data() + 65536 + i * Subscription::kSize;
      put(at, std::uint64_t{i});
      put(at + 8, std::uint8_t(1 + i % 2));
      put(at + 16, i % 2);
    }
    const Errno error =
        code(poll_oneoff(guest.call(), Address{65536}, Address{524288}, kCount, guest.out<Size>()));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(error == Errno::success);
    REQUIRE(guest.value<Size>() == kCount);
    for (Size i = 0; i < kCount; ++i) {
      const std::size_t at = 524288 + i * Event::kSize;
      CHECK(guest.value<std::uint64_t>(at) == i);
      CHECK(guest.value<std::uint16_t>(at + 8) == 0);
      CHECK(guest.value<std::uint8_t>(at + 10) == 1 + i % 2);
    }
  }

  TEST_CASE("sleeping on a clock") {
    TestWorld guest;
    for (const std::uint32_t clock : {0u, 1u}) {
      const auto slept = time_of([&] {
        const auto seen = Subscriptions(guest).clock(7, clock, 20 * kMillisecond).poll();
        REQUIRE(seen.size() == 1);
        CHECK(seen[0].userdata == 7);
        CHECK(seen[0].error == Errno::success);
        CHECK(seen[0].type == 0);
      });
      CHECK(slept >= 20ms);
      CHECK(slept < 1s);
    }
  }

  TEST_CASE("absolute times, also in the past") {
    TestWorld guest;
    for (const ClockId clock : {ClockId::realtime, ClockId::monotonic}) {
      const auto id = static_cast<std::uint32_t>(clock);
      const Timestamp then = now(guest, clock) + 20 * kMillisecond;
      CHECK(Subscriptions(guest).clock(1, id, then, 1).poll().size() == 1);
      CHECK(now(guest, clock) >= then);
      CHECK(time_of([&] { (void)Subscriptions(guest).clock(1, id, 1, 1).poll(); }) < 1s);
    }
  }

  TEST_CASE("clocks of processor time") {
    TestWorld guest;
    const auto process = Subscriptions(guest).clock(1, 2, 0, 1).poll();
    REQUIRE(process.size() == 1);
    CHECK(process[0].error == Errno::success);
    const auto thread = Subscriptions(guest).clock(1, 3, 0, 1).poll();
    REQUIRE(thread.size() == 1);
    CHECK(thread[0].error == Errno::success);
    const auto future = Subscriptions(guest).clock(1, 3, 1000 * kMillisecond).poll();
    REQUIRE(future.size() == 1);
    CHECK(future[0].error == Errno::inval);
    // Another thread spends the process's time.
    std::atomic<bool> done{false};
    std::thread spender([&] {
      while (!done) {
      }
    });
    const auto waited = Subscriptions(guest).clock(1, 2, 10 * kMillisecond).poll();
    done = true;
    spender.join();
    REQUIRE(waited.size() == 1);
    CHECK(waited[0].error == Errno::success);
  }

  TEST_CASE("the nearest of several clocks") {
    TestWorld guest;
    const auto slept = time_of([&] {
      const auto seen = Subscriptions(guest)
                            .clock(1, 1, 10'000 * kMillisecond)
                            .clock(2, 1, 10 * kMillisecond)
                            .clock(3, 0, ~Timestamp{0})
                            .poll();
      REQUIRE(seen.size() == 1);
      CHECK(seen[0].userdata == 2);
    });
    CHECK(slept < 5s);
    CHECK(Subscriptions(guest).clock(1, 1, 0).clock(2, 1, 0).poll().size() == 2);
  }

  TEST_CASE("clocks and flags that do not exist") {
    TestWorld guest;
    const auto seen =
        Subscriptions(guest).clock(1, 4, 0).clock(2, 1, 0, 2).clock(3, 0xffffffff, 0).poll();
    REQUIRE(seen.size() == 3);
    for (const auto& event : seen) CHECK(event.error == Errno::inval);
  }

  TEST_CASE("files are always ready") {
    TestWorld guest;
    write_file(guest.box("file"), "12345");
    const Fd fd = guest.must_open("file", kReadWrite);
    CHECK(guest.read(fd, 2) == "12");
    const auto seen = Subscriptions(guest)
                          .descriptor(1, 1, fd)
                          .descriptor(2, 2, fd)
                          .clock(3, 1, 10'000 * kMillisecond)
                          .poll();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].userdata == 1);
    CHECK(seen[0].type == 1);
    CHECK(seen[0].nbytes == 3);
    CHECK(seen[1].userdata == 2);
    CHECK(seen[1].type == 2);
    const auto standard = Subscriptions(guest).descriptor(1, 1, Fd{0}).poll();
    REQUIRE(standard.size() == 1);
    CHECK(standard[0].error == Errno::success);
  }

  TEST_CASE("descriptors that cannot be polled are events with an error") {
    TestWorld guest;
    write_file(guest.box("file"), "");
    const Fd reader = guest.must_open("file", rights::kFdRead);
    const auto seen = Subscriptions(guest)
                          .descriptor(1, 1, Fd{99})
                          .descriptor(2, 2, reader)
                          .descriptor(3, 1, Fd{0xffffffff})
                          .clock(4, 1, 10'000 * kMillisecond)
                          .poll();
    REQUIRE(seen.size() == 3);
    for (const auto& event : seen) CHECK(event.error == Errno::badf);
    CHECK(fd_fdstat_set_rights(guest.call(), reader, rights::kFdRead, 0) == Errno::success);
    CHECK(Subscriptions(guest).descriptor(1, 1, reader).poll()[0].error == Errno::notcapable);
  }

  TEST_CASE("pipes") {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    const HostFd reader(fds[0]);
    HostFd writer(fds[1]);
    WasiConfig config;
    config.in = WasiStream::fd(reader.get());
    config.out = WasiStream::fd(writer.get());
    TestWorld guest(config);

    // Nothing to read: the clock is first. There is room to write.
    auto seen = Subscriptions(guest).descriptor(1, 1, Fd{0}).clock(2, 1, kMillisecond).poll();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].userdata == 2);
    seen = Subscriptions(guest).descriptor(1, 1, Fd{0}).descriptor(2, 2, Fd{1}).poll();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].userdata == 2);

    std::thread thread([&] {
      std::this_thread::sleep_for(20ms);
      (void)::write(writer.get(), "abc", 3);
    });
    seen = Subscriptions(guest).descriptor(1, 1, Fd{0}).poll();
    thread.join();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].nbytes == 3);
    CHECK(seen[0].flags == 0);

    CHECK(guest.read(Fd{0}) == "abc");
    CHECK(fd_close(guest.call(), Fd{1}) == Errno::success);
    writer = HostFd();
    seen = Subscriptions(guest).descriptor(1, 1, Fd{0}).poll();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].flags == kEventHangup);
  }

  TEST_CASE("in the layout of snapshot 0") {
    TestWorld guest;
    std::byte* at = guest.memory.data() + kIn;
    put(at, std::uint64_t{5});
    put(at + 24, std::uint32_t{1});
    put(at + 32, kMillisecond);
    CHECK(code(unstable::poll_oneoff(guest.call(), Address{kIn}, Address{kOut}, 1,
                                     guest.out<Size>())) == Errno::success);
    CHECK(guest.value<Size>() == 1);
    CHECK(guest.value<std::uint64_t>(kOut) == 5);
  }

  TEST_CASE("hostile arguments") {
    TestWorld guest;
    const auto poll = [&](std::uint32_t in, std::uint32_t out, Size count) {
      return poll_oneoff(guest.call(), Address{in}, Address{out}, count, guest.out<Size>());
    };
    const auto end = static_cast<std::uint32_t>(guest.memory.size());
    CHECK(code(poll(kIn, kOut, 0)) == Errno::inval);
    CHECK(code(poll(kIn, kOut, 0xffffffff)) == Errno::inval);
    CHECK(code(poll(kIn, kOut, 65'537)) == Errno::inval);
    CHECK_FALSE(poll(kIn, kOut, 65'536).has_value());
    CHECK_FALSE(poll(end - 47, kOut, 1).has_value());
    CHECK_FALSE(poll(kIn, end - 31, 1).has_value());
    CHECK_FALSE(poll(0xffffffff, kOut, 1).has_value());
    CHECK_FALSE(poll(kIn, 0xffffffe0, 1).has_value());
    CHECK(code(poll(end - 48, end - 32, 1)) == Errno::success);  // all zeros: a clock that is due
    put(guest.memory.data() + kIn + 8, std::uint8_t{3});
    CHECK(code(poll(kIn, kOut, 1)) == Errno::inval);
  }

  TEST_CASE("a descriptor that another thread closes stays the host's until the wait is over") {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    const HostFd writer(fds[1]);
    TestWorld guest;
    guest.world->is_threaded = true;
    auto reader = Descriptor::of(HostFd(fds[0]));
    REQUIRE(static_cast<bool>(reader));
    const Fd fd = *guest.world->fds.insert(std::move(*reader));
    std::atomic<bool> is_polling{false};
    std::thread thread([&] {
      const auto lock = guest.world->lock();
      is_polling = true;
      const auto seen = Subscriptions(guest).descriptor(1, 1, fd).poll();
      REQUIRE(seen.size() == 1);
      CHECK(seen[0].error == Errno::success);
      CHECK(seen[0].nbytes == 3);
    });
    while (!is_polling) std::this_thread::yield();
    {
      const auto lock = guest.world->lock();  // to be had only while the other waits
      CHECK(fd_close(guest.call(), fd) == Errno::success);
      CHECK(fd_close(guest.call(), fd) == Errno::badf);
      CHECK(::fcntl(fds[0], F_GETFD) >= 0);
    }
    CHECK(::write(writer.get(), "abc", 3) == 3);
    thread.join();
    CHECK(::fcntl(fds[0], F_GETFD) < 0);
  }

  TEST_CASE("an interruption ends the wait") {
    TestWorld guest;
    (void)Subscriptions(guest).clock(1, 1, ~Timestamp{0});
    std::thread thread([&] {
      std::this_thread::sleep_for(20ms);
      guest.is_interrupted = true;
    });
    const auto result =
        poll_oneoff(guest.call(), Address{kIn}, Address{kOut}, 1, guest.out<Size>());
    thread.join();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::interrupted);
  }
}
