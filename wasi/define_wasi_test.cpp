// SPDX-License-Identifier: Apache-2.0
// WASI as a guest meets it, through the public API.
#include <chrono>
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <thread>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

// The functions of the specification with their types, written down from it rather than derived.
struct Signature {
  const char* name;
  const char* type;
};
constexpr Signature kCalls[] = {
    {"args_get", "(param i32 i32) (result i32)"},
    {"args_sizes_get", "(param i32 i32) (result i32)"},
    {"environ_get", "(param i32 i32) (result i32)"},
    {"environ_sizes_get", "(param i32 i32) (result i32)"},
    {"clock_res_get", "(param i32 i32) (result i32)"},
    {"clock_time_get", "(param i32 i64 i32) (result i32)"},
    {"fd_advise", "(param i32 i64 i64 i32) (result i32)"},
    {"fd_allocate", "(param i32 i64 i64) (result i32)"},
    {"fd_close", "(param i32) (result i32)"},
    {"fd_datasync", "(param i32) (result i32)"},
    {"fd_fdstat_get", "(param i32 i32) (result i32)"},
    {"fd_fdstat_set_flags", "(param i32 i32) (result i32)"},
    {"fd_fdstat_set_rights", "(param i32 i64 i64) (result i32)"},
    {"fd_filestat_get", "(param i32 i32) (result i32)"},
    {"fd_filestat_set_size", "(param i32 i64) (result i32)"},
    {"fd_filestat_set_times", "(param i32 i64 i64 i32) (result i32)"},
    {"fd_pread", "(param i32 i32 i32 i64 i32) (result i32)"},
    {"fd_prestat_get", "(param i32 i32) (result i32)"},
    {"fd_prestat_dir_name", "(param i32 i32 i32) (result i32)"},
    {"fd_pwrite", "(param i32 i32 i32 i64 i32) (result i32)"},
    {"fd_read", "(param i32 i32 i32 i32) (result i32)"},
    {"fd_readdir", "(param i32 i32 i32 i64 i32) (result i32)"},
    {"fd_renumber", "(param i32 i32) (result i32)"},
    {"fd_seek", "(param i32 i64 i32 i32) (result i32)"},
    {"fd_sync", "(param i32) (result i32)"},
    {"fd_tell", "(param i32 i32) (result i32)"},
    {"fd_write", "(param i32 i32 i32 i32) (result i32)"},
    {"path_create_directory", "(param i32 i32 i32) (result i32)"},
    {"path_filestat_get", "(param i32 i32 i32 i32 i32) (result i32)"},
    {"path_filestat_set_times", "(param i32 i32 i32 i32 i64 i64 i32) (result i32)"},
    {"path_link", "(param i32 i32 i32 i32 i32 i32 i32) (result i32)"},
    {"path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"},
    {"path_readlink", "(param i32 i32 i32 i32 i32 i32) (result i32)"},
    {"path_remove_directory", "(param i32 i32 i32) (result i32)"},
    {"path_rename", "(param i32 i32 i32 i32 i32 i32) (result i32)"},
    {"path_symlink", "(param i32 i32 i32 i32 i32) (result i32)"},
    {"path_unlink_file", "(param i32 i32 i32) (result i32)"},
    {"poll_oneoff", "(param i32 i32 i32 i32) (result i32)"},
    {"proc_exit", "(param i32)"},
    {"proc_raise", "(param i32) (result i32)"},
    {"sched_yield", "(result i32)"},
    {"random_get", "(param i32 i32) (result i32)"},
    {"sock_accept", "(param i32 i32 i32) (result i32)"},
    {"sock_recv", "(param i32 i32 i32 i32 i32 i32) (result i32)"},
    {"sock_send", "(param i32 i32 i32 i32 i32) (result i32)"},
    {"sock_shutdown", "(param i32 i32) (result i32)"},
};

Module module_of(const std::string& text) {
  auto module = Module::from_text(text);
  if (!module) FAIL(to_string(module.error()));
  return *std::move(module);
}

/// A guest with a page of memory, every call imported under its name, and `body` after that.
struct Guest {
  explicit Guest(const WasiConfig& config, const std::string& body) {
    linker.define_wasi(config);
    std::string text = "(module";
    for (const Signature& call : kCalls) {
      text += std::string("(import \"wasi_snapshot_preview1\" \"") + call.name + "\" (func $" +
              call.name + " " + call.type + "))";
    }
    text += "(memory (export \"memory\") 1)" + body + ")";
    auto linked = linker.instantiate(module_of(text));
    if (!linked) FAIL(to_string(linked.error()));
    instance.emplace(*linked);
  }
  /// Calls the export "run".
  Result<std::int32_t> run() {
    auto function = instance->func<std::int32_t()>("run");
    REQUIRE(function.has_value());
    return (*function)();
  }

  Store store;
  Linker linker{store};
  std::optional<Instance> instance;
};

WasiConfig quiet() {
  WasiConfig config;
  config.in = WasiStream::null();
  config.out = WasiStream::null();
  config.err = WasiStream::null();
  return config;
}

}  // namespace

TEST_SUITE("define_wasi") {
  TEST_CASE("all 46 calls have the types of the specification, under both names") {
    CHECK(std::size(kCalls) == 46);
    Store store;
    Linker linker(store);
    linker.define_wasi(quiet());
    for (const char* name : {"wasi_snapshot_preview1", "wasi_unstable"}) {
      std::string text = "(module";
      for (const Signature& call : kCalls) {
        text +=
            std::string("(import \"") + name + "\" \"" + call.name + "\" (func " + call.type + "))";
      }
      const auto instance = linker.instantiate(module_of(text + ")"));
      if (!instance) FAIL(to_string(instance.error()));
    }
  }

  TEST_CASE("a guest says hello") {
    WasiConfig config = quiet();
    const auto out = std::make_shared<std::string>();
    config.out = WasiStream::of(out);
    Guest guest(config, R"((data (i32.const 64) "hello\n")
      (func (export "run") (result i32)
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (i32.const 6))
        (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
    const auto result = guest.run();
    REQUIRE(result.has_value());
    CHECK(*result == 0);
    CHECK(*out == "hello\n");
  }

  TEST_CASE("exit ends the guest with its code") {
    Guest guest(quiet(), R"((func (export "run") (result i32)
      (call $proc_exit (i32.const 42)) unreachable))");
    const auto result = guest.run();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::exit);
    CHECK(result.error().exit_code == 42);
  }

  TEST_CASE("error codes come back as numbers") {
    Guest guest(quiet(), R"((func (export "run") (result i32) (call $fd_close (i32.const 77))))");
    const auto result = guest.run();
    REQUIRE(result.has_value());
    CHECK(*result == 8);
  }

  TEST_CASE("pointers outside of memory trap") {
    // Each with one pointer at the very end (allowed), then one byte further.
    const auto call_of = [](const std::string& call) {
      return "(func (export \"run\") (result i32) " + call + ")";
    };
    const struct {
      std::string before, after;
      std::uint32_t last;  // the highest address that is good
    } kPointers[] = {
        {"(call $clock_time_get (i32.const 1) (i64.const 0) (i32.const ", "))", 65536 - 8},
        {"(call $fd_fdstat_get (i32.const 1) (i32.const ", "))", 65536 - 24},
        {"(call $fd_filestat_get (i32.const 1) (i32.const ", "))", 65536 - 64},
        {"(call $fd_prestat_get (i32.const 3) (i32.const ", "))", 65536 - 8},
        {"(call $fd_write (i32.const 1) (i32.const ", ") (i32.const 2) (i32.const 0))", 65536 - 16},
        {"(call $fd_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const ", "))", 65536 - 4},
        {"(call $random_get (i32.const ", ") (i32.const 100))", 65536 - 100},
        {"(call $args_sizes_get (i32.const 0) (i32.const ", "))", 65536 - 4},
        {"(call $path_unlink_file (i32.const 3) (i32.const ", ") (i32.const 10))", 65536 - 10},
    };
    for (const auto& pointer : kPointers) {
      CAPTURE(pointer.before);
      const auto run = [&](std::uint32_t address) {
        Guest guest(quiet(), call_of(pointer.before + std::to_string(address) + pointer.after));
        return guest.run();
      };
      CHECK(run(pointer.last).has_value());
      for (const std::uint32_t bad : {pointer.last + 1, 65536u, 0x7fffffffu, 0xffffffffu}) {
        const auto result = run(bad);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().kind == ErrorKind::trap);
        CHECK(result.error().message == "out of bounds memory access");
      }
    }
    for (const char* call : {
             "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 0x10000000) (i32.const 0))",
             "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 0xffffffff) (i32.const 0))",
             "(call $random_get (i32.const 0) (i32.const 0xffffffff))",
             "(call $path_unlink_file (i32.const 3) (i32.const 1) (i32.const 65536))",
             "(call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 2000) (i32.const 0))",
         }) {
      CAPTURE(call);
      Guest guest(quiet(), call_of(call));
      CHECK_FALSE(guest.run().has_value());
    }
  }

  TEST_CASE("addresses are in the memory that is exported as \"memory\"") {
    // The first memory is too small for any of them.
    const auto module = Module::from_text(R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (memory $scratch 0)
      (memory $main (export "memory") 1)
      (data (memory $main) (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
      (func (export "write") (result i32)
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))
      (func (export "read") (result i32) (i32.load $main (i32.const 100)))
      (func (export "outside") (result i32) (call $random (i32.const 65536) (i32.const 1)))))");
    REQUIRE(module.has_value());
    Store store;
    Linker linker(store);
    WasiConfig config;
    const auto output = std::make_shared<std::string>();
    config.in = config.err = WasiStream::null();
    config.out = WasiStream::of(output);
    linker.define_wasi(config);
    const auto instance = linker.instantiate(*module);
    REQUIRE(instance.has_value());
    CHECK(*(*instance->func<std::uint32_t()>("write"))() == 0);
    CHECK(*(*instance->func<std::uint32_t()>("read"))() == 6);
    CHECK(*output == "hello\n");
    const auto outside = (*instance->func<std::uint32_t()>("outside"))();
    REQUIRE_FALSE(outside.has_value());
    CHECK(outside.error().message == "out of bounds memory access");
  }

  TEST_CASE("files below a preopen, and nothing above") {
    TempDir temp;
    std::filesystem::create_directory(temp / "data");
    write_file(temp / "data/in", "content");
    write_file(temp / "secret", "secret");
    WasiConfig config = quiet();
    const auto out = std::make_shared<std::string>();
    config.out = WasiStream::of(out);
    config.preopens = {{.guest = "/data", .host = (temp / "data").string()}};
    const auto cat = [&](const std::string& path) {
      Guest guest(config, "(data (i32.const 64) \"" + path + "\")" + R"(
        (func (export "run") (result i32) (local $error i32)
          (local.set $error (call $path_open (i32.const 3) (i32.const 1) (i32.const 64)
            (i32.const )" + std::to_string(path.size()) +
                              R"()
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
          (if (local.get $error) (then (return (local.get $error))))
          (i32.store (i32.const 16) (i32.const 1024))
          (i32.store (i32.const 20) (i32.const 100))
          (local.set $error (call $fd_read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1)
            (i32.const 20)))
          (if (local.get $error) (then (return (local.get $error))))
          (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0))))");
      const auto result = guest.run();
      REQUIRE(result.has_value());
      return *result;
    };
    CHECK(cat("in") == 0);
    CHECK(*out == "content");
    CHECK(cat("missing") == 44);
    CHECK(cat("../secret") == 63);
    CHECK(*out == "content");
  }

  TEST_CASE("interrupting a store ends a guest that waits") {
    Guest guest(quiet(), R"((func (export "run") (result i32)
      (i64.store (i32.const 24) (i64.const -1))
      (i32.store (i32.const 16) (i32.const 1))
      (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))");
    std::thread thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      guest.store.interrupt();
    });
    const auto result = guest.run();
    thread.join();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::interrupted);
  }

  TEST_CASE("a configuration that cannot be had fails the instantiation") {
    Store store;
    Linker linker(store);
    WasiConfig config = quiet();
    config.preopens = {{.guest = "/", .host = "/does/not/exist"}};
    linker.define_wasi(config);
    const auto instance = linker.instantiate(module_of("(module)"));
    REQUIRE_FALSE(instance.has_value());
    CHECK(instance.error().kind == ErrorKind::io);
  }
}
