// SPDX-License-Identifier: Apache-2.0
// Terminals that nobody serves, or that others read as well: whoever waits for them can be ended.
#include <chrono>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <tinywasm/tinywasm.hpp>

#include "wasi/test_world.hpp"

using namespace std::chrono_literals;
using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

/// A terminal, and who sits at it.
struct Terminal {
  Terminal() : user(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (!user || ::grantpt(user.get()) != 0 || ::unlockpt(user.get()) != 0) return;
    char name[128];
    if (::ptsname_r(user.get(), name, sizeof name) != 0) return;
    guests = HostFd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  HostFd user;
  HostFd guests;
};

WasiConfig config_with(int fd) {
  WasiConfig config;
  config.in = config.out = WasiStream::fd(fd);
  return config;
}

using Clock = std::chrono::steady_clock;

/// Runs `call`, which is to wait, and interrupts it after 100 ms; how long it took after that.
template <class F>
Clock::duration end_after(TestWorld& guest, F&& call) {
  Clock::time_point asked;
  std::thread interrupter([&] {
    std::this_thread::sleep_for(100ms);
    asked = Clock::now();
    guest.is_interrupted = true;
  });
  const Result<Errno> result = call();
  const auto now = Clock::now();
  interrupter.join();
  CHECK_FALSE(result.has_value());
  return now - asked;
}

}  // namespace

TEST_SUITE("terminal") {
  TEST_CASE("text goes both ways, and the terminal stays one that waits") {
    Terminal terminal;
    if (!terminal.guests) return;  // a host without
    TestWorld guest(config_with(terminal.guests.get()));
    REQUIRE(::write(terminal.user.get(), "line\n", 5) == 5);
    CHECK(guest.read(Fd{0}) == "line\n");
    CHECK(guest.write(Fd{1}, "out") == Errno::success);
    CHECK((::fcntl(terminal.guests.get(), F_GETFL) & O_NONBLOCK) == 0);
  }

  TEST_CASE("a writer that nobody reads") {
    Terminal terminal;
    if (!terminal.guests) return;
    TestWorld guest(config_with(terminal.guests.get()));
    guest.memory.resize(1 << 20);
    const IoVecs big = guest.iovecs({{4096, 1 << 19}});
    CHECK(end_after(guest, [&] { return fd_write(guest.call(), Fd{1}, big, guest.out<Size>()); }) <
          1s);
  }

  TEST_CASE("two readers and one line") {
    Terminal terminal;
    if (!terminal.guests) return;
    TestWorld first(config_with(terminal.guests.get()));
    TestWorld second(config_with(terminal.guests.get()));
    std::atomic<int> lines{0};
    const auto read = [&lines](TestWorld& guest) {
      for (;;) {
        const auto result =
            fd_read(guest.call(), Fd{0}, guest.iovecs({{4096, 100}}), guest.out<Size>());
        if (!result) return;
        ++lines;
      }
    };
    std::thread other([&] { read(second); });
    std::thread writer([&] {
      for (int i = 0; i < 50; ++i) {
        std::this_thread::sleep_for(2ms);
        (void)::write(terminal.user.get(), "x\n", 2);
        char echo[64];
        (void)::read(terminal.user.get(), echo, sizeof echo);
      }
      first.is_interrupted = second.is_interrupted = true;
    });
    read(first);
    const auto start = Clock::now();
    other.join();
    writer.join();
    CHECK(Clock::now() - start < 1s);
    CHECK(lines > 0);
  }

  TEST_CASE("Store::interrupt ends a guest that writes to it") {
    Terminal terminal;
    if (!terminal.guests) return;
    const auto module = Module::from_text(R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2) (data (i32.const 0) "\00\10\00\00\00\f0\00\00")
      (func (export "_start")
        (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0)))
      ))");
    REQUIRE(module.has_value());
    Store store;
    Linker linker(store);
    WasiConfig config;
    config.in = config.err = WasiStream::null();
    config.out = WasiStream::fd(terminal.guests.get());
    linker.define_wasi(config);
    auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    Clock::time_point asked;
    std::thread interrupter([&] {
      std::this_thread::sleep_for(100ms);
      asked = Clock::now();
      store.interrupt();
    });
    const auto done = (*instance->func<void()>("_start"))();
    const auto now = Clock::now();
    interrupter.join();
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == ErrorKind::interrupted);
    CHECK(now - asked < 1s);
  }
}
