// SPDX-License-Identifier: Apache-2.0
// What happens when the system has no memory left: in processes of their own, whose address space
// is limited.
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/api_testing.hpp"

using namespace tinywasm;

// Sanitizers need address space themselves.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TINYWASM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TINYWASM_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(TINYWASM_SANITIZED)

namespace {

void limit_address_space(std::uint64_t bytes) {
  rlimit limits{};
  ::getrlimit(RLIMIT_AS, &limits);
  limits.rlim_cur = bytes;
  ::setrlimit(RLIMIT_AS, &limits);
}

/// Lets this process have no more memory than it has in use now and `more` bytes.
void limit_memory(std::uint64_t more) {
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  limit_address_space(pages * page);
  // What was freed before is no part of it.
  while (void* piece = std::malloc(kPiece)) *static_cast<void* volatile*>(piece) = piece;
  limit_address_space(pages * page + more);
}

/// What `body` returns, a text of some bytes, in a process of its own; or how that ended.
template <class Body>
std::string in_child(Body body) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // Not to be taken for a failure of the test program by its own handlers.
    for (const int number : {SIGABRT, SIGSEGV}) std::signal(number, SIG_DFL);
    const std::string text = body();
    if (::write(ends[1], text.data(), text.size()) < 0) std::_Exit(1);
    std::_Exit(0);
  }
  ::close(ends[1]);
  char buffer[200];
  const ssize_t length = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return {buffer, length < 0 ? 0 : static_cast<std::size_t>(length)};
}

/// A module of `count` functions, the last of which is exported as "f".
Module many_functions(int count, const std::string& fields) {
  std::string text = "(module " + fields;
  for (int i = 1; i < count; ++i) text += "(func)";
  return module_of(text + R"((func $last (export "f") (call 0))))");
}

constexpr int kMany = 300'000;  // 19 MB of code cells, 17 MB of functions
constexpr std::uint64_t kFew = std::uint64_t{1} << 20;

}  // namespace

TEST_SUITE("out_of_memory") {
  TEST_CASE("no memory for code cells") {
    const std::string ended = "exhaustion: out of memory";
    const Module module = many_functions(kMany, "");
    CHECK(in_child([&] {
            Store store;
            Linker linker(store);
            const auto instance = linker.instantiate(module);
            if (!instance) return outcome(instance);
            limit_memory(kFew);
            if (instance->find("f")) return std::string("found");
            return outcome(instance->func("f"));
          }) == ended);
    // For the start function, a segment, a constant expression; there is memory for the instance.
    for (const std::string fields :
         {"(start 0) (func)", "(table 1 funcref) (elem (i32.const 0) func 0)",
          "(global funcref (ref.func 0))",
          "(table 1 funcref) (elem (i32.const 0) funcref (ref.func 0))"}) {
      CAPTURE(fields);
      const Module other = many_functions(kMany, fields);
      CHECK(in_child([&] {
              Store store;
              Linker linker(store);
              limit_memory(std::uint64_t{kMany} * 60);
              return outcome(linker.instantiate(other));
            }) == ended);
    }
    const std::string first = in_child([&] {
      Store store;
      Linker linker(store);
      limit_memory(kFew);
      return outcome(linker.instantiate(module));
    });
    CHECK(first == "exhaustion: out of memory: cannot allocate the instance");
  }

  TEST_CASE("no memory for a thread's store, or in a thread") {
    const Module module = module_of(R"((module
      (import "env" "memory" (memory 1 1 shared))
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (func (export "_start")
        (drop (call $spawn (i32.const 0)))
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
      (func (export "wasi_thread_start") (param i32 i32)
        (loop (drop (call $spawn (i32.const 0))) (br 0)))))");
    CHECK(in_child([&] {
            Store store;
            auto threads =
                WasiThreads::create(module, store, WasiConfig{}, {.max_threads = 100'000});
            if (!threads) return outcome(threads);
            Linker linker(store);
            threads->define(linker);
            const auto instance = linker.instantiate(module);
            if (!instance) return outcome(instance);
            const auto start = instance->func<void()>("_start");
            limit_memory(std::uint64_t{200} << 20);
            return outcome(threads->finish((*start)())).substr(0, 25);
          }) == "exhaustion: out of memory");
  }
}

#else

TEST_SUITE("out_of_memory") {
  TEST_CASE("sanitizers need address space themselves: here there is always enough") {
    const auto module = Module::from_text("(module (func (export \"f\")))");
    REQUIRE(module);
    Store store;
    CHECK(Linker(store).instantiate(*module));
  }
}

#endif
