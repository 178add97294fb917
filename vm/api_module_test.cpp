// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "vm/api_testing.hpp"

using namespace tinywasm;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

}  // namespace

TEST_SUITE("api_module") {
  TEST_CASE("text and binary are told apart by how they begin") {
    CHECK(Module::from_bytes(bytes_of("(module)")));
    CHECK(Module::from_bytes(bytes_of("\n  ;; a comment\n(module)")));
    CHECK(Module::from_bytes(bytes_of(std::string_view("\0asm\1\0\0\0", 8))));
    CHECK(outcome(Module::from_bytes(bytes_of("ELF"))) == "malformed: unexpected end");
    CHECK(outcome(Module::from_bytes(bytes_of("\x7f"
                                              "ELF1234"))) ==
          "malformed: magic header not detected");
    CHECK_FALSE(Module::from_bytes(std::vector<std::byte>()));
    for (const char* text : {"\xef\xbb\xbf(module)", "\xef\xbb\xbf", " \n", "\xef\xbb\xbf ;;"}) {
      CAPTURE(text);
      CHECK(Module::from_bytes(bytes_of(text)));
    }
    CHECK(outcome(Module::from_bytes(bytes_of("\xef\xbb\xbf(modul)"))) ==
          "malformed: unknown operator modul");
  }

  TEST_CASE("loading can be interrupted") {
    InterruptToken token;
    CHECK(Module::from_text("(module)", {.interrupt = &token}));
    token.interrupt();
    const std::string kInterrupted = "interrupted: interrupted";
    const auto binary = text_to_binary("(module (func))");
    REQUIRE(binary);
    CHECK(outcome(Module::from_text("(module)", {.interrupt = &token})) == kInterrupted);
    CHECK(outcome(Module::from_binary(*binary, {.interrupt = &token})) == kInterrupted);
    CHECK(outcome(Module::from_bytes(*binary, {.interrupt = &token})) == kInterrupted);
    CHECK(!text_to_binary("(module)", &token));
    CHECK(!binary_to_text(*binary, {.interrupt = &token}));
    // A pipe that nobody writes to.
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    token.clear();
    std::thread other([&token] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      token.interrupt();
    });
    const std::string path = "/dev/fd/" + std::to_string(ends[0]);
    CHECK(outcome(Module::from_file(path, {.interrupt = &token})) == kInterrupted);
    other.join();
    close(ends[0]);
    close(ends[1]);
  }

  TEST_CASE("a long validation ends soon after an interrupt") {
    std::string source = "(module (func";
    for (int i = 0; i < 100'000; ++i)
      source += " (block (drop (i32.add (i32.const 1) (i32.const 2))))";
    source += "))";
    InterruptToken token;
    std::thread other([&token] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      token.interrupt();
    });
    // However far it came: all of it, or an end between two looks at the token.
    for (int i = 0; i < 1000 && !token.is_set(); ++i) {
      const auto module = Module::from_text(source, {.interrupt = &token});
      const bool is_expected = module || module.error().kind == ErrorKind::interrupted;
      CHECK(is_expected);
    }
    other.join();
    CHECK_FALSE(Module::from_text(source, {.interrupt = &token}));
  }

  TEST_CASE("imports and exports one by one, and who is imported from") {
    const Module module = module_of(
        "(module (import \"a\" \"f\" (func)) (func (export \"g\") (param i32)) (memory (export "
        "\"m\") 1))");
    REQUIRE(module.import_count() == 1);
    CHECK(to_string(module.import_at(0)) == to_string(module.imports().at(0)));
    CHECK(module.import_at(0).module == "a");
    REQUIRE(module.export_count() == 2);
    CHECK(to_string(module.export_at(0)) == "\"g\" (func (param i32))");
    CHECK(to_string(module.export_at(1)) == "\"m\" (memory 1)");
    CHECK(module.imports_from("a"));
    CHECK_FALSE(module.imports_from("f"));
  }

  TEST_CASE("files that cannot be read") {
    CHECK(outcome(Module::from_file("/nonexistent/x.wasm")) == "io: No such file or directory");
    CHECK(outcome(Module::from_file("/")) == "io: Is a directory");
  }

  TEST_CASE("errors carry their kind and place") {
    const auto syntax = Module::from_text("(module\n  (func (nonsense)))");
    REQUIRE_FALSE(syntax);
    CHECK(syntax.error().kind == ErrorKind::malformed);
    CHECK(syntax.error().line == 2);
    const auto invalid = Module::from_text("(module (func (result i32)))");
    REQUIRE_FALSE(invalid);
    CHECK(invalid.error().kind == ErrorKind::invalid);
    CHECK(invalid.error().offset != Error::kNoOffset);
  }

  TEST_CASE("imports and exports are listed with their types") {
    const Module module = module_of(R"((module $shop
      (import "env" "log" (func (param i32 i64) (result f32)))
      (import "env" "mem" (memory 1 2))
      (import "env" "tab" (table 3 externref))
      (import "env" "g" (global (mut f64)))
      (import "env" "e" (func (exact (param i32))))
      (func (export "f"))
      (export "m" (memory 0))
      (export "t" (table 0))
      (global (export "c") i32 (i32.const 1))))");
    std::string text;
    for (const ImportType& import : module.imports()) text += to_string(import) + '\n';
    for (const ExportType& entry : module.exports()) text += to_string(entry) + '\n';
    CHECK(text ==
          "\"env\" \"log\" (func (param i32 i64) (result f32))\n"
          "\"env\" \"mem\" (memory 1 2)\n"
          "\"env\" \"tab\" (table 3 externref)\n"
          "\"env\" \"g\" (global (mut f64))\n"
          "\"env\" \"e\" (func (exact (param i32)))\n"
          "\"f\" (func)\n"
          "\"m\" (memory 1 2)\n"
          "\"t\" (table 3 externref)\n"
          "\"c\" (global i32)\n");
    CHECK(module.has_export("f"));
    CHECK_FALSE(module.has_export("g"));
    CHECK(module.name() == "shop");
  }

  TEST_CASE("names are escaped where they are printed") {
    CHECK(to_string(ExportType{"a\x1b[31m\n", FuncType()}) == "\"a\\u{1b}[31m\\u{a}\" (func)");
  }
}
