// SPDX-License-Identifier: Apache-2.0
// Arguments, environment, clocks, randomness, and the end of the process.
#include <ctime>
#include <doctest/doctest.h>
#include <string>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

WasiConfig with_strings() {
  WasiConfig config;
  config.args = {"program", "", "two words"};
  config.env = {{"A", "1"}, {"EMPTY", ""}};
  return config;
}

}  // namespace

TEST_SUITE("process") {
  TEST_CASE("arguments") {
    TestWorld guest(with_strings());
    const Call call = guest.call();
    CHECK(args_sizes_get(call, guest.out<Size>(0), guest.out<Size>(4)) == Errno::success);
    CHECK(guest.value<Size>(0) == 3);
    CHECK(guest.value<Size>(4) == 8 + 1 + 10);
    CHECK(code(args_get(call, Address{16}, Address{100})) == Errno::success);
    CHECK(guest.value<Size>(16) == 100);
    CHECK(guest.value<Size>(20) == 108);
    CHECK(guest.value<Size>(24) == 109);
    CHECK(guest.text(100, 20) == std::string("program\0\0two words\0\0", 20));
  }

  TEST_CASE("environment: what is given, nothing inherited") {
    TestWorld guest(with_strings());
    const Call call = guest.call();
    CHECK(environ_sizes_get(call, guest.out<Size>(0), guest.out<Size>(4)) == Errno::success);
    CHECK(guest.value<Size>(0) == 2);
    CHECK(guest.value<Size>(4) == 4 + 7);
    CHECK(code(environ_get(call, Address{16}, Address{100})) == Errno::success);
    CHECK(guest.value<Size>(20) == 104);
    CHECK(guest.text(100, 11) == std::string("A=1\0EMPTY=\0", 11));

    TestWorld empty;
    CHECK(environ_sizes_get(empty.call(), empty.out<Size>(0), empty.out<Size>(4)) ==
          Errno::success);
    CHECK(empty.value<Size>(0) == 0);
    CHECK(empty.value<Size>(4) == 0);
    CHECK(code(environ_get(empty.call(), Address{0}, Address{0})) == Errno::success);
  }

  TEST_CASE("addresses at and beyond the end of memory") {
    TestWorld guest(with_strings());
    const Call call = guest.call();
    const auto end = static_cast<std::uint32_t>(guest.memory.size());
    CHECK(code(args_get(call, Address{end - 12}, Address{end - 12 - 19})) == Errno::success);
    CHECK(code(args_get(call, Address{0}, Address{end - 19})) == Errno::success);
    for (const auto& [pointers, text] : {std::pair{end - 11, 0u},
                                         {0u, end - 18},
                                         {end, 0u},
                                         {0u, end},
                                         {0xffffffffu, 0u},
                                         {0u, 0xffffffffu},
                                         {0xfffffffcu, 0xfffffffcu}}) {
      const auto result = args_get(call, Address{pointers}, Address{text});
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == ErrorKind::trap);
      CHECK(result.error().message == "out of bounds memory access");
    }
  }

  TEST_CASE("clocks") {
    TestWorld guest;
    const Call call = guest.call();
    for (const std::uint32_t clock : {0u, 1u, 2u, 3u}) {
      CAPTURE(clock);
      CHECK(clock_res_get(call, ClockId{clock}, guest.out<Timestamp>()) == Errno::success);
      CHECK(guest.value<Timestamp>() > 0);
      CHECK(clock_time_get(call, ClockId{clock}, 1, guest.out<Timestamp>(0)) == Errno::success);
      CHECK(clock_time_get(call, ClockId{clock}, 1, guest.out<Timestamp>(8)) == Errno::success);
      if (clock != 0) CHECK(guest.value<Timestamp>(8) >= guest.value<Timestamp>(0));
    }
    for (const std::uint32_t clock : {4u, 256u, 0xffffffffu}) {
      CHECK(clock_res_get(call, ClockId{clock}, guest.out<Timestamp>()) == Errno::inval);
      CHECK(clock_time_get(call, ClockId{clock}, 0, guest.out<Timestamp>()) == Errno::inval);
    }
    CHECK(clock_time_get(call, ClockId::realtime, 0, guest.out<Timestamp>()) == Errno::success);
    const auto seconds = static_cast<std::time_t>(guest.value<Timestamp>() / 1'000'000'000);
    CHECK(std::abs(seconds - std::time(nullptr)) <= 1);
  }

  TEST_CASE("times and timespecs") {
    CHECK(nanoseconds({3, 5}) == 3'000'000'005);
    CHECK(nanoseconds({-1, 5}) == 0);
    const timespec time = to_timespec(~Timestamp{0});
    CHECK(nanoseconds(time) == ~Timestamp{0});
  }

  TEST_CASE("randomness fills all of the buffer and nothing else") {
    TestWorld guest;
    const std::size_t size = guest.memory.size();
    guest.memory.resize(200'000);
    CHECK(code(random_get(guest.call(), guest.bytes(1, 150'000))) == Errno::success);
    CHECK(guest.memory[0] == std::byte{0});
    CHECK(guest.memory[150'001] == std::byte{0});
    std::size_t zeros = 0;
    for (std::size_t i = 1; i <= 150'000; ++i) zeros += guest.memory[i] == std::byte{0};
    CHECK(zeros > 300);  // 586 expected
    CHECK(zeros < 900);
    CHECK(code(random_get(guest.call(), guest.bytes(size, 0))) == Errno::success);
    guest.is_interrupted = true;
    CHECK_FALSE(random_get(guest.call(), guest.bytes(0, 10)).has_value());
  }

  TEST_CASE("exit") {
    TestWorld guest;
    for (const std::uint32_t code : {0u, 1u, 42u, 255u, 0xffffffffu}) {
      const auto result = proc_exit(guest.call(), code);
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == ErrorKind::exit);
      CHECK(static_cast<std::uint32_t>(result.error().exit_code) == code);
    }
  }

  TEST_CASE("a raised signal ends the guest, or is ignored") {
    TestWorld guest;
    const Call call = guest.call();
    for (const std::uint32_t signal : {1u, 2u, 6u, 9u, 11u, 15u, 23u, 30u}) {
      const auto result = proc_raise(call, signal);
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == ErrorKind::exit);
      CHECK(result.error().exit_code == static_cast<int>(128 + signal));
    }
    for (const std::uint32_t signal : {0u, 13u, 16u, 17u, 22u, 27u}) {
      CHECK(code(proc_raise(call, signal)) == Errno::success);
    }
    for (const std::uint32_t signal : {18u, 19u, 20u, 21u}) {
      CHECK(code(proc_raise(call, signal)) == Errno::notsup);
    }
    for (const std::uint32_t signal : {31u, 32u, 255u, 0xffffffffu}) {
      CHECK(code(proc_raise(call, signal)) == Errno::inval);
    }
  }

  TEST_CASE("yielding") {
    TestWorld guest;
    CHECK(wasi::sched_yield(guest.call()) == Errno::success);
  }
}
