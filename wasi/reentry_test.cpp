// SPDX-License-Identifier: Apache-2.0
// Functions of the embedder that WASI calls, and that call the guest: its memory grows and moves,
// the descriptor in use is closed. Under the address sanitizer this finds what was kept too long.
#include <atomic>
#include <cstring>
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <tinywasm/tinywasm.hpp>

using namespace tinywasm;

namespace {

constexpr const char* kGuest = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename"
    (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\40\00\00\00\10\00\00\00\80\00\00\00\10\00\00\00")
  (data (i32.const 64) "hello wasi world") (data (i32.const 100) "file")
  (data (i32.const 128) "and another line")
  (func $opened (result i32)
    (call $open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4) (i32.const 0)
      (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 20)))
  (func (export "write")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16))))
  (func (export "read")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 16))))
  (func (export "random") (drop (call $random (i32.const 200) (i32.const 30000))))
  (func (export "time") (drop (call $time (i32.const 0) (i64.const 1) (i32.const 200))))
  (func (export "poll")
    (drop (call $poll (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 200))))
  (func (export "open") (drop (call $opened)))
  (func (export "rename")
    (drop (call $rename (i32.const 3) (i32.const 100) (i32.const 4)
      (i32.const 3) (i32.const 101) (i32.const 3))))
  (func (export "readdir")
    (drop (call $readdir (i32.const 3) (i32.const 1000) (i32.const 500) (i64.const 0)
      (i32.const 24))))
  (func (export "read_file")
    (drop (call $read (i32.const 4) (i32.const 0) (i32.const 2) (i32.const 16))))
  (func (export "write_file")
    (drop (call $write (i32.const 4) (i32.const 0) (i32.const 2) (i32.const 16))))
  (func (export "stat_file") (drop (call $stat (i32.const 4) (i32.const 512))))
  (func (export "prepare") (drop (call $opened)))
  (func (export "close") (param i32) (drop (call $close (local.get 0))))
  (func (export "grow") (drop (memory.grow (i32.const 500))))))";

/// Called by everything of the embedder.
struct Hook {
  std::function<void()> act;
  bool is_armed = false;
  int calls = 0;
  void operator()() {
    ++calls;
    if (!std::exchange(is_armed, false)) return;
    act();
  }
};

struct HookedFile : WasiFile {
  explicit HookedFile(Hook& used) : hook(used) {}
  WasiFileInfo info() override { return hook(), WasiFileInfo{.size = 100, .inode = 7}; }
  WasiTransfer read(std::uint64_t, std::span<std::byte> to) override {
    hook();
    std::memset(to.data(), 'r', to.size());
    return to.size();
  }
  WasiTransfer write(std::uint64_t, std::span<const std::byte> from) override {
    hook();
    std::string(reinterpret_cast<const char*>(from.data()), from.size()).swap(written);
    return from.size();
  }
  Hook& hook;
  std::string written;
};

struct HookedDirectory : WasiDirectory {
  explicit HookedDirectory(Hook& used) : hook(used), file(std::make_shared<HookedFile>(used)) {}
  WasiFileInfo info() override { return hook(), WasiFileInfo{.inode = 8}; }
  WasiEntry find(const std::string&) override { return hook(), WasiEntry{file, nullptr}; }
  std::vector<std::string> names() override { return hook(), std::vector<std::string>{"file"}; }
  int rename(const std::string&, WasiDirectory&, const std::string& to) override {
    hook();
    return to == "ile" ? 0 : EIO;
  }
  Hook& hook;
  std::shared_ptr<HookedFile> file;
};

struct Fixture {
  Fixture() : module(*Module::from_text(kGuest)), linker(store) {
    WasiConfig config;
    config.in = WasiStream::reading([this](std::span<std::byte> to) -> WasiTransfer {
      hook();
      std::memset(to.data(), 'A', to.size());
      return to.size();
    });
    config.out = WasiStream::writing([this](std::span<const std::byte> from) -> WasiTransfer {
      hook();
      output.append(reinterpret_cast<const char*>(from.data()), from.size());
      return from.size();
    });
    config.err = WasiStream::null();
    config.random = WasiRandom::of([this](std::span<std::byte> to) {
      hook();
      std::memset(to.data(), 1, to.size());
    });
    config.clocks = WasiClocks::of([this](WasiClock) { return hook(), std::uint64_t{5}; });
    config.preopens.push_back({.guest = "/", .directory = directory});
    linker.define_wasi(config);
    instance.emplace(*linker.instantiate(module));
    call("prepare");
  }

  void call(const char* name) {
    auto function = instance->func<void()>(name);
    REQUIRE(function.has_value());
    const auto done = (*function)();
    if (!done) FAIL(to_string(done.error()));
  }
  void close(std::uint32_t fd) {
    CHECK((*instance->func<void(std::uint32_t)>("close"))(fd).has_value());
  }
  std::string memory(std::size_t at, std::size_t length) {
    const auto bytes = instance->memory("memory")->bytes();
    return {reinterpret_cast<const char*>(bytes.data()) + at, length};
  }

  Hook hook;
  std::string output;
  std::shared_ptr<HookedDirectory> directory = std::make_shared<HookedDirectory>(hook);
  Module module;
  Store store;
  Linker linker;
  std::optional<Instance> instance;
};

}  // namespace

TEST_SUITE("reentry") {
  TEST_CASE("memory that grows, and descriptors that are closed, under a call") {
    for (const char* name : {"write", "read", "random", "time", "poll", "open", "rename", "readdir",
                             "read_file", "write_file", "stat_file"}) {
      CAPTURE(name);
      for (const bool grows : {true, false}) {
        CAPTURE(grows);
        Fixture guest;
        guest.hook.act = [&] {
          if (grows) return guest.call("grow");
          for (std::uint32_t fd = 0; fd < 5; ++fd) guest.close(fd);
        };
        guest.hook.is_armed = true;
        guest.hook.calls = 0;
        guest.call(name);
        CHECK(guest.hook.calls > 0);
        CHECK_FALSE(guest.hook.is_armed);
        const std::string what = name;
        if (what == "read") CHECK(guest.memory(64, 16) == std::string(16, 'A'));
        if (what == "read_file") CHECK(guest.memory(128, 16) == std::string(16, 'r'));
        if (what == "write") CHECK(guest.output == "hello wasi worldand another line");
        if (what == "write_file") CHECK(guest.directory->file->written == "and another line");
        if (what == "random") CHECK(guest.memory(200, 30000) == std::string(30000, '\1'));
        if (what == "time") CHECK(guest.memory(200, 1) == "\5");
        if (what == "stat_file") CHECK(guest.memory(520, 1) == "\7");
      }
    }
  }

  TEST_CASE("a call in a call, of a guest with threads") {
    auto module = Module::from_text(R"((module
      (import "env" "memory" (memory 1 4 shared))
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (data (i32.const 64) "\50\00\00\00\04\00\00\00") (data (i32.const 80) "text")
      (func (export "_start")
        (drop (call $spawn (i32.const 0)))
        (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 100))))
      (func (export "again") (result i32)
        (call $write (i32.const 2) (i32.const 64) (i32.const 1) (i32.const 100)))
      (func (export "wasi_thread_start") (param i32 i32)
        (drop (call $write (i32.const 2) (i32.const 64) (i32.const 1) (i32.const 120))))))");
    REQUIRE(module.has_value());
    Store store;
    Linker linker(store);
    std::optional<Instance> instance;
    const auto errors = std::make_shared<std::string>();
    std::string output;
    WasiConfig config;
    config.in = WasiStream::null();
    config.err = WasiStream::of(errors);
    config.out = WasiStream::writing([&](std::span<const std::byte> from) -> WasiTransfer {
      CHECK(*(*instance->func<std::uint32_t()>("again"))() == 0);
      output.append(reinterpret_cast<const char*>(from.data()), from.size());
      return from.size();
    });
    auto threads = WasiThreads::create(*module, store, config);
    REQUIRE(threads.has_value());
    threads->define(linker);
    instance.emplace(*linker.instantiate(*module));
    CHECK(threads->finish((*instance->func<void()>("_start"))()).has_value());
    CHECK(output == "text");
    CHECK(errors->substr(0, 4) == "text");
  }

  TEST_CASE("while a stream of the embedder waits, other threads make calls") {
    auto module = Module::from_text(R"((module
      (import "env" "memory" (memory 1 4 shared))
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
      (data (i32.const 64) "\50\00\00\00\04\00\00\00") (data (i32.const 80) "text")
      (func (export "_start")
        (drop (call $spawn (i32.const 0)))
        (drop (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 100))))
      (func (export "wasi_thread_start") (param i32 i32)
        (drop (call $write (i32.const 2) (i32.const 64) (i32.const 1) (i32.const 120))))))");
    REQUIRE(module.has_value());
    Store store;
    Linker linker(store);
    std::atomic<bool> is_written{false};
    bool came = false;
    WasiConfig config;
    config.in = WasiStream::reading([&](std::span<std::byte>) -> WasiTransfer {
      for (int i = 0; i < 500 && !is_written; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      came = is_written;
      return 0;
    });
    config.out = WasiStream::null();
    // A file of the embedder's directory would do as well; streams themselves take turns.
    int pipe[2] = {-1, -1};
    REQUIRE(::pipe(pipe) == 0);
    config.err = WasiStream::fd(pipe[1]);
    std::thread reader([&] {
      char buffer[4];
      is_written = ::read(pipe[0], buffer, sizeof buffer) == 4;
    });
    auto threads = WasiThreads::create(*module, store, config);
    REQUIRE(threads.has_value());
    threads->define(linker);
    auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    CHECK(threads->finish((*instance->func<void()>("_start"))()).has_value());
    CHECK(came);
    ::close(pipe[1]);
    reader.join();
    ::close(pipe[0]);
  }
}
