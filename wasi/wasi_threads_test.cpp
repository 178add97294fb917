// SPDX-License-Identifier: Apache-2.0
// Guests with threads of their own.
#include <chrono>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <thread>

#include <tinywasm/tinywasm.hpp>

using namespace tinywasm;

namespace {

/// A guest whose threads run `thread` (locals 0 and 1: id and argument) and whose _start is
/// `start`.
/// `$print n` writes the digit n to standard output; `$spawn n` starts a thread; [8] is how many
/// are done, [12] a sum.
std::string guest(const std::string& start, const std::string& thread) {
  return R"((module
    (import "env" "memory" (memory 1 4 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
      (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func $print (param i32)
      ;; Places of its own for each digit.
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get 0) (i32.const 16)))
        (i32.add (i32.const 1032) (i32.mul (local.get 0) (i32.const 16))))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get 0) (i32.const 16))) (i32.const 1))
      (i32.store (i32.add (i32.const 1032) (i32.mul (local.get 0) (i32.const 16)))
        (i32.add (local.get 0) (i32.const 48)))
      (drop (call $fd_write (i32.const 1)
        (i32.add (i32.const 1024) (i32.mul (local.get 0) (i32.const 16))) (i32.const 1)
        (i32.add (i32.const 1036) (i32.mul (local.get 0) (i32.const 16))))))
    (func $done
      (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 8) (i32.const -1))))
    (func $await (param i32) (local i32)
      block
        loop
          (local.set 1 (i32.atomic.load (i32.const 8)))
          (br_if 1 (i32.eq (local.get 0) (local.get 1)))
          (drop (memory.atomic.wait32 (i32.const 8) (local.get 1) (i64.const -1)))
          br 0
        end
      end)
    (func $forever loop br 0 end)
    (func $assert (param i32) local.get 0 i32.eqz if unreachable end)
    (func (export "_start") (local i32) )" +
         start + R"()
    (func (export "wasi_thread_start") (param i32 i32) )" +
         thread + "))";
}

struct Outcome {
  std::string text;
  std::string output;
};

Outcome run(const std::string& text, std::uint32_t max_threads = 8, bool timeout = false,
            WasiStream in = WasiStream::null()) {
  auto module = Module::from_text(text);
  if (!module) FAIL(to_string(module.error()));
  CHECK(WasiThreads::wanted_by(*module));
  Store store;
  WasiConfig config;
  auto output = std::make_shared<std::string>();
  config.in = std::move(in);
  config.out = WasiStream::of(output);
  auto threads = WasiThreads::create(*module, store, config, {.max_threads = max_threads});
  REQUIRE(threads);
  Linker linker(store);
  threads->define(linker);
  auto instance = linker.instantiate(*module);
  if (!instance) FAIL(to_string(instance.error()));
  std::thread interrupter;
  if (timeout) {
    interrupter = std::thread([&store] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      store.interrupt();
    });
  }
  const Result<void> done = threads->finish((*instance->func<void()>("_start"))());
  if (interrupter.joinable()) interrupter.join();
  Outcome outcome{"ok", *output};
  if (!done) {
    const Error& error = done.error();
    outcome.text = std::string(to_string(error.kind)) + ": " + error.message;
  }
  return outcome;
}

}  // namespace

TEST_SUITE("wasi_threads") {
  TEST_CASE("threads run, share the memory, print, and are awaited by the guest") {
    const Outcome outcome =
        run(guest("(call $assert (i32.gt_s (call $spawn (i32.const 1)) (i32.const 0)))"
                  "(call $assert (i32.gt_s (call $spawn (i32.const 2)) (i32.const 1)))"
                  "(call $assert (i32.gt_s (call $spawn (i32.const 3)) (i32.const 2)))"
                  "(call $await (i32.const 3))"
                  "(call $assert (i32.eq (i32.atomic.load (i32.const 12)) (i32.const 12)))",
                  "(drop (i32.atomic.rmw.add (i32.const 12) (i32.add (local.get 0) (local.get 1))))"
                  "(call $print (local.get 1)) (call $done)"));
    CHECK(outcome.text == "ok");
    CHECK(outcome.output.size() == 3);
    for (const char digit : {'1', '2', '3'}) {
      CHECK(outcome.output.find(digit) != std::string::npos);
    }
  }

  TEST_CASE("threads that are done make room for others") {
    const Outcome outcome =
        run(guest("loop"
                  " (call $assert (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)))"
                  " (call $await (local.tee 0 (i32.add (local.get 0) (i32.const 1))))"
                  " (br_if 0 (i32.lt_u (local.get 0) (i32.const 20))) end",
                  "(call $done)"),
            21);
    CHECK(outcome.text == "ok");
  }

  TEST_CASE("no more threads than the limit") {
    const Outcome outcome =
        run(guest("(call $assert (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)))"
                  "(call $assert (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)))"
                  "(call $assert (i32.eq (call $spawn (i32.const 0)) (i32.const -6)))",
                  "(call $forever)"),
            2);
    CHECK(outcome.text == "ok");
  }

  TEST_CASE("the end of the first thread ends all") {
    const std::string spawn = "(drop (call $spawn (i32.const 0)))";
    for (const char* thread :
         {"(call $forever)",
          "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"}) {
      CHECK(run(guest(spawn, thread)).text == "ok");
      CHECK(run(guest(spawn + "(call $exit (i32.const 7))", thread)).text ==
            "exit: exit with code 7");
      CHECK(run(guest(spawn + "unreachable", thread)).text == "trap: unreachable");
      CHECK(run(guest(spawn + "(call $forever)", thread), 8, true).text ==
            "interrupted: interrupted");
    }
  }

  TEST_CASE("a trap or proc_exit in any thread ends all with that") {
    for (const char* start :
         {"(drop (call $spawn (i32.const 0))) (call $forever)",
          "(drop (call $spawn (i32.const 0)))"
          "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"}) {
      CHECK(run(guest(start, "unreachable")).text == "trap: unreachable");
      CHECK(run(guest(start, "(call $exit (i32.const 3))")).text == "exit: exit with code 3");
      CHECK(run(guest(start, "(drop (i32.load (i32.const 65536)))")).text ==
            "trap: out of bounds memory access");
    }
  }

  TEST_CASE("a thread that waits for input lets others write, and close what it waits for") {
    int pipe[2] = {-1, -1};
    REQUIRE(::pipe(pipe) == 0);
    const Outcome outcome = run(
        guest("(drop (call $spawn (i32.const 0)))"
              "(call $await (i32.const 1))"
              // The other is about to read, or does already.
              "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 100000000)))"
              "(call $print (i32.const 5))"
              "(call $assert (i32.eqz (call $fd_close (i32.const 0))))"
              "(call $print (i32.const 6))",
              "(call $done) (i32.store (i32.const 512) (i32.const 600))"
              "(i32.store (i32.const 516) (i32.const 4))"
              "(drop (call $fd_read (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 520)))"
              "(call $print (i32.const 7))"),
        8, false, WasiStream::fd(pipe[0]));
    ::close(pipe[0]);
    ::close(pipe[1]);
    CHECK(outcome.text == "ok");
    CHECK(outcome.output == "56");
  }

  TEST_CASE("one account of fuel for all: a chain of threads ends, too") {
    // Each computes a little, starts the next and is done.
    const std::string text = guest(
        "(drop (call $spawn (i32.const 0)))"
        "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))",
        "(local i32) (loop (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1)))"
        "  (i32.const 20000))))"
        "(loop (br_if 0 (i32.le_s (call $spawn (i32.const 0)) (i32.const 0))))");
    auto module = Module::from_text(text);
    REQUIRE(module.has_value());
    Store store({.fuel = 2'000'000});
    WasiConfig config;
    config.in = config.out = config.err = WasiStream::null();
    auto threads = WasiThreads::create(*module, store, config);
    REQUIRE(threads.has_value());
    Linker linker(store);
    threads->define(linker);
    auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    const auto done = threads->finish((*instance->func<void()>("_start"))());
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == ErrorKind::out_of_fuel);
    CHECK(store.fuel_left() < 100'000);
  }

  TEST_CASE("what a thread did not use of its fuel is there for others") {
    const std::string text = guest(
        "(loop (drop (call $spawn (i32.const 0)))"
        "  (call $await (local.tee 0 (i32.add (local.get 0) (i32.const 1))))"
        "  (br_if 0 (i32.lt_u (local.get 0) (i32.const 100))))",
        "(call $done)");
    auto module = Module::from_text(text);
    REQUIRE(module.has_value());
    // Not enough for a hundred slices of 16,384, but for those of 64 threads that are about to end.
    Store store({.fuel = 1'200'000});
    WasiConfig config;
    config.in = config.out = config.err = WasiStream::null();
    auto threads = WasiThreads::create(*module, store, config);
    REQUIRE(threads.has_value());
    Linker linker(store);
    threads->define(linker);
    auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    const auto done = threads->finish((*instance->func<void()>("_start"))());
    if (!done) FAIL(to_string(done.error()));
    CHECK(store.fuel_left() > 1'100'000);
  }

  TEST_CASE("one account of memory for all") {
    // Each of ten threads wants 100 pages of its own; there are 450 beside the shared one.
    auto module = Module::from_text(R"((module
      (import "env" "memory" (memory 1 4 shared))
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (memory $own 0 200)
      (func (export "wasi_thread_start") (param i32 i32)
        (if (i32.ne (memory.grow $own (i32.const 100)) (i32.const -1))
          (then (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))
        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 4) (i32.const -1)))
        (drop (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const -1))))
      (func (export "go") (result i32) (local $i i32) (local $done i32)
        (loop $more
          (drop (call $spawn (i32.const 0)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const 10))))
        (loop $wait
          (local.set $done (i32.atomic.load (i32.const 4)))
          (if (i32.lt_u (local.get $done) (i32.const 10)) (then
            (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1)))
            (br $wait))))
        ;; The shared memory can grow by half of what it may.
        (i32.or (i32.shl (memory.grow (i32.const 50)) (i32.const 8))
          (i32.atomic.load (i32.const 0)))))  )");
    REQUIRE(module.has_value());
    const StoreConfig limits{.max_memory_bytes = 451 * Memory::kPageSize};
    Store store(limits);
    WasiConfig config;
    config.in = config.out = config.err = WasiStream::null();
    auto threads = WasiThreads::create(*module, store, config, {.store = limits});
    REQUIRE(threads.has_value());
    Linker linker(store);
    threads->define(linker);
    auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    const auto ended = (*instance->func<std::int32_t()>("go"))();
    REQUIRE(ended.has_value());
    CHECK((*ended & 0xff) == 4);
    CHECK((*ended >> 8) == -1);  // beyond its own maximum
    CHECK(threads->finish({}).has_value());
  }

  TEST_CASE("what the threads could not import is refused by name") {
    auto module = Module::from_text(R"((module
      (import "lib" "f" (func (result i32)))
      (import "env" "memory" (memory 1 1 shared))
      (import "wasi" "thread-spawn" (func (param i32) (result i32)))))");
    REQUIRE(module.has_value());
    Store store;
    const auto threads = WasiThreads::create(*module, store, {});
    REQUIRE_FALSE(threads.has_value());
    CHECK(threads.error().kind == ErrorKind::unlinkable);
    CHECK(threads.error().message.find("\"lib\" \"f\"") != std::string::npos);
  }

  TEST_CASE("what cannot have threads") {
    for (const char* memory : {"", "(memory 1 1 shared)", "(import \"a\" \"b\" (memory 1 1))"}) {
      auto module = Module::from_text(
          "(module (import \"wasi\" \"thread-spawn\" (func (param i32) (result i32))) " +
          std::string(memory) + ")");
      REQUIRE(module);
      Store store;
      CHECK(!WasiThreads::create(*module, store, {}));
    }
    CHECK(!WasiThreads::wanted_by(*Module::from_text("(module)")));
    // A thread without a function to run ends the guest.
    const std::string text = guest("(drop (call $spawn (i32.const 0))) (call $forever)", "");
    std::string other = text;
    other.replace(other.find("wasi_thread_start"), 17, "wasi_thread_stop_");
    CHECK(run(other).text.find("wasi_thread_start") != std::string::npos);
  }
}
