// SPDX-License-Identifier: Apache-2.0
// What takes long in one instruction ends soon after an interrupt.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <doctest/doctest.h>
#include <pthread.h>
#include <string>
#include <thread>

#include <tinywasm/tinywasm.hpp>

namespace tinywasm {
namespace {

/// A thread's processor time, in nanoseconds: how busy the machine is does not matter.
std::int64_t time_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

clockid_t clock_of_this_thread() {
  clockid_t clock = CLOCK_MONOTONIC;
#ifdef __linux__
  pthread_getcpuclockid(pthread_self(), &clock);
#endif
  return clock;
}

/// Calls the export "f" of a module, which runs for ever, or for long, unless it is interrupted;
/// true if it ended soon after it was. The best of some tries counts.
bool ends_soon(const std::string& source, bool with_fuel) {
  const auto module = Module::from_text("(module " + source + ")");
  if (!module) FAIL(to_string(module.error()));
  for (int i = 0; i < 5; ++i) {
    StoreConfig config;
    config.max_table_elements = 40'000'000;
    config.max_gc_bytes = std::uint64_t{400} << 20;
    if (with_fuel) config.fuel = std::uint64_t{1} << 40;
    Store store(config);
    Linker linker(store);
    auto instance = linker.instantiate(*module);
    if (!instance) FAIL(to_string(instance.error()));
    const clockid_t clock = clock_of_this_thread();
    const std::int64_t start = time_of(clock);
    std::int64_t interrupted = 0;
    std::atomic<bool> is_over = false;
    std::thread other([&] {
      const std::int64_t wanted = start + (60 + 40 * i) * std::int64_t{1'000'000};
      while ((interrupted = time_of(clock)) < wanted && !is_over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      store.interrupt();
    });
    const auto result = instance->func("f")->call();
    const std::int64_t after = time_of(clock);
    is_over = true;
    other.join();
    REQUIRE(!result);
    CHECK(to_string(result.error().kind) == std::string("interrupted"));
    if (after - interrupted < 20'000'000) return true;
  }
  return false;
}

bool ends_soon(const std::string& source) {
  return ends_soon(source, false) && ends_soon(source, true);
}

}  // namespace

TEST_SUITE("interruption") {
  TEST_CASE("memories") {
    CHECK(ends_soon(R"((memory 4096) (func (export "f")
      (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000_0000)) (br 0))))"));
    CHECK(ends_soon(R"((memory 4096) (func (export "f")
      (loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 0xfff_ffff)) (br 0))))"));
  }

  TEST_CASE("tables") {
    CHECK(ends_soon(R"((table 10_000_000 externref) (func (export "f")
      (loop (table.fill (i32.const 0) (ref.null extern) (i32.const 10_000_000)) (br 0))))"));
    CHECK(ends_soon(R"((table 10_000_000 externref) (func (export "f")
      (loop (table.copy (i32.const 0) (i32.const 1) (i32.const 9_999_999)) (br 0))))"));
    CHECK(ends_soon(R"((table 1 funcref) (func $f) (elem declare func $f) (func (export "f")
      (drop (table.grow (ref.func $f) (i32.const 39_000_000))) (loop (br 0))))"));
  }

  TEST_CASE("arrays") {
    CHECK(ends_soon(R"((type $a (array (mut i64))) (func (export "f") (local $a (ref null $a))
      (local.set $a (array.new_default $a (i32.const 20_000_000)))
      (loop (array.fill $a (local.get $a) (i32.const 0) (i64.const 3) (i32.const 20_000_000))
            (br 0))))"));
    CHECK(ends_soon(R"((type $a (array (mut i64))) (func (export "f") (local $a (ref null $a))
      (local.set $a (array.new_default $a (i32.const 20_000_000)))
      (loop (array.copy $a $a (local.get $a) (i32.const 0) (local.get $a) (i32.const 1)
                              (i32.const 19_999_999))
            (br 0))))"));
    CHECK(ends_soon(R"((type $a (array i32)) (func (export "f")
      (loop (drop (array.new $a (i32.const 1) (i32.const 50_000_000))) (br 0))))"));
  }

  TEST_CASE("collections of a large heap") {
    // A list, then a tree of arrays, as large as may be; then nothing but garbage.
    CHECK(ends_soon(R"((type $n (struct (field (ref null $n)) (field i64)))
      (func (export "f") (local $n (ref null $n)) (local $i i32)
        (loop (local.set $n (struct.new $n (local.get $n) (i64.const 1)))
          (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                             (i32.const 8_000_000))))
        (loop (drop (struct.new $n (ref.null $n) (i64.const 1))) (br 0))))"));
    CHECK(ends_soon(R"((type $s (struct)) (type $a (array (mut (ref null $s))))
      (func (export "f") (local $a (ref null $a)) (local $i i32)
        (local.set $a (array.new_default $a (i32.const 10_000_000)))
        (loop (array.set $a (local.get $a) (local.get $i) (struct.new $s))
          (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                             (i32.const 10_000_000))))
        (loop (drop (struct.new $s)) (br 0))))"));
  }
}

}  // namespace tinywasm
