// SPDX-License-Identifier: Apache-2.0
// Loads, stores and the memory instructions.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "vm/test_accesses.hpp"
#include "vm/test_run.hpp"

using tinywasm::Access;
using tinywasm::kLoads;
using tinywasm::kStores;
using tinywasm::Machines;
using tinywasm::Memory;
using tinywasm::run;
using tinywasm::StoreConfig;
using tinywasm::type_of;
using tinywasm::Value;

namespace {

constexpr const char* kMemory = "trap: out of bounds memory access";

/// The ways an address is computed that have superinstructions of their own; each equals local 0.
const char* const kAddresses[] = {
    "local.get 0",
    "local.get 0 i32.const 8 i32.sub i32.const 8 i32.add",
    "local.get 0 local.get 1 i32.add",
    "local.get 1 i32.const 2 i32.shl local.get 0 i32.add",
};

std::int32_t as_i32(std::uint32_t x) { return static_cast<std::int32_t>(x); }

}  // namespace

TEST_SUITE("execution_memory") {
  TEST_CASE("loads extend by sign or by zero") {
    struct Case {
      const char* name;
      const char* low;   // of bytes 81 12 f3 84 f5 f6 f7 f8
      const char* high;  // of bytes 01 02 03 04 05 06 07 08
    };
    const Case cases[] = {{"i32.load8_s", "-127", "1"},
                          {"i32.load8_u", "129", "1"},
                          {"i32.load16_s", "4737", "513"},
                          {"i32.load16_u", "4737", "513"},
                          {"i32.load", "-2064444799", "67305985"},
                          {"i64.load8_s", "-127", "1"},
                          {"i64.load8_u", "129", "1"},
                          {"i64.load16_s", "4737", "513"},
                          {"i64.load16_u", "4737", "513"},
                          {"i64.load32_s", "-2064444799", "67305985"},
                          {"i64.load32_u", "2230522497", "67305985"},
                          {"i64.load", "-506664898697948543", "578437695752307201"}};
    for (const Case& c : cases) {
      CAPTURE(c.name);
      Machines machines(
          "(memory 1) (data (i32.const 16) \"\\81\\12\\f3\\84\\f5\\f6\\f7\\f8\""
          " \"\\01\\02\\03\\04\\05\\06\\07\\08\") (func (export \"f\") (param i32) (result " +
          std::string(c.name).substr(0, 3) + ") local.get 0 " + c.name + " offset=16)");
      CHECK(machines.call("f", {0}) == c.low);
      CHECK(machines.call("f", {8}) == c.high);
    }
    CHECK(run("(memory 1) (data (i32.const 2) \"\\f3\\84\") (func (export \"f\") (result i32 i64)"
              " i32.const 2 i32.load16_s i32.const 2 i64.load16_s)") == "-31501 -31501");
  }

  TEST_CASE("stores write their width and nothing else") {
    for (const Access& access : kStores) {
      CAPTURE(access.name);
      const std::string type = type_of(access);
      const bool is_float = type[0] == 'f';
      const std::string value =
          is_float ? type + ".const nan:0x1234"
                   : type + ".const 0x" + (type == "i64" ? "8877665544332211" : "44332211");
      Machines machines(
          "(memory (export \"m\") 1) (func (export \"f\") (param i32)"
          " i32.const 96 i32.const 0xaa i32.const 32 memory.fill"
          " local.get 0 " +
          value + " " + access.name + " offset=4)");
      CHECK(machines.call("f", {99}).empty());
      machines.each([&](auto&, auto& instance) {
        const Memory memory = *instance.memory("m");
        for (unsigned i = 96; i < 128; ++i) {
          const bool inside = i >= 103 && i < 103 + access.bytes;
          const auto byte = *memory.read<std::uint8_t>(i);
          if (!inside) CHECK(byte == 0xaa);
          if (inside && !is_float) CHECK(byte == 0x11 * (i - 102));
        }
      });
    }
  }

  TEST_CASE("NaN payloads pass through memory and locals unchanged") {
    CHECK(run("(memory 1) (func (export \"f\") (result i32) (local f32 f32)"
              " i32.const 0 i32.const 0x7fa12345 i32.store"
              " i32.const 0 f32.load local.tee 0 local.set 1"
              " i32.const 8 local.get 1 f32.store"
              " i32.const 8 i32.load i32.const 0x7fa12345 i32.eq"
              " local.get 0 i32.reinterpret_f32 i32.const 0x7fa12345 i32.eq i32.and)") == "1");
    CHECK(run("(memory 1) (global $g (mut f64) (f64.const 0))"
              "(func $id (param f64) (result f64) local.get 0)"
              "(func (export \"f\") (result i64)"
              " i32.const 0 i64.const 0xfff4123456789abc i64.store"
              " i32.const 0 f64.load call $id global.set $g"
              " i32.const 8 global.get $g f64.store i32.const 16 i32.const 8 f64.load f64.store"
              " i32.const 16 i64.load i64.const 0xfff4123456789abc i64.sub)") == "0");
    CHECK(run("(func (export \"f\") (param f32) (result f32) local.get 0)",
              {std::bit_cast<float>(0x7fa00001)}) == "nan:0x200001");
  }

  TEST_CASE("the last bytes of the memory can be loaded, and no byte beyond") {
    for (const Access& access : kLoads) {
      for (const char* address : kAddresses) {
        for (const unsigned offset : {0u, 24u, 65536u - 16u}) {
          CAPTURE(access.name);
          CAPTURE(address);
          CAPTURE(offset);
          Machines machines("(memory 1) (func (export \"f\") (param i32 i32) (result " +
                            type_of(access) + ") " + address + " " + access.name +
                            " offset=" + std::to_string(offset) + ")");
          const std::uint32_t last = 65536 - offset - access.bytes;
          CHECK(machines.call("f", {as_i32(last), 0}) == "0");
          CHECK(machines.call("f", {as_i32(last + 1), 0}) == kMemory);
          CHECK(machines.call("f", {-1, 0}) == kMemory);
          // address + offset must not wrap around.
          CHECK(machines.call("f", {as_i32(0u - offset), 0}) == (offset == 0 ? "0" : kMemory));
        }
      }
    }
  }

  TEST_CASE("the last bytes of the memory can be stored, and no byte beyond") {
    for (const Access& access : kStores) {
      for (const char* address : kAddresses) {
        for (const char* value : {".const 5", " load"}) {
          CAPTURE(access.name);
          CAPTURE(address);
          const std::string type = type_of(access);
          const std::string operand =
              std::string(value) == " load" ? "i32.const 0 " + type + ".load" : type + value;
          Machines machines("(memory 1) (func (export \"f\") (param i32 i32) " +
                            std::string(address) + " " + operand + " " + access.name +
                            " offset=32)");
          const std::uint32_t last = 65536 - 32 - access.bytes;
          CHECK(machines.call("f", {as_i32(last), 0}).empty());
          CHECK(machines.call("f", {as_i32(last + 1), 0}) == kMemory);
          CHECK(machines.call("f", {-1, 0}) == kMemory);
          CHECK(machines.call("f", {-32, 0}) == kMemory);
        }
      }
    }
  }

  TEST_CASE("offsets of up to 32 bits") {
    Machines machines(
        "(memory 1) (func (export \"f\") (param i32) (result i32)"
        " local.get 0 i32.load8_u offset=4294967295)"
        "(func (export \"g\") (param i32) local.get 0 i32.const 1"
        " i32.store8 offset=4294967295)");
    for (const char* name : {"f", "g"}) {
      for (const int address : {0, 1, -1, 65535}) CHECK(machines.call(name, {address}) == kMemory);
    }
  }

  TEST_CASE("a memory of no pages") {
    Machines machines(
        "(memory 0 1) (func (export \"f\") (param i32) (result i32)"
        " local.get 0 i32.load8_u) (func (export \"grow\") (result i32)"
        " i32.const 1 memory.grow)");
    CHECK(machines.call("f", {0}) == kMemory);
    CHECK(machines.call("grow") == "0");
    CHECK(machines.call("f", {65535}) == "0");
    CHECK(machines.call("grow") == "-1");
  }

  TEST_CASE("grow") {
    StoreConfig config;
    config.max_memory_bytes = 5 * 65536;
    Machines machines(
        "(memory 1 100) (func (export \"grow\") (param i32) (result i32) local.get 0 memory.grow)"
        "(func (export \"size\") (result i32) memory.size)"
        "(func (export \"at\") (param i32) (result i32) local.get 0 i32.load)"
        "(func (export \"mark\") i32.const 65532 i32.const 17 i32.store)"
        // Loads on both sides of a grow, in one expression and in a loop.
        "(func (export \"both\") (result i32) i32.const 65532 i32.load"
        " i32.const 1 memory.grow i32.const 65536 i32.mul i32.load i32.add)"
        "(func (export \"loop\") (result i32) (local i32)"
        " loop i32.const 1 memory.grow i32.const -1 i32.ne br_if 0 end"
        " memory.size i32.const 65536 i32.mul i32.const 4 i32.sub local.tee 0"
        " i32.const 3 i32.store local.get 0 i32.load)",
        {}, config);
    CHECK(machines.call("mark").empty());
    CHECK(machines.call("at", {65536}) == kMemory);
    CHECK(machines.call("grow", {0}) == "1");
    CHECK(machines.call("grow", {1}) == "1");
    CHECK(machines.call("size") == "2");
    CHECK(machines.call("at", {65536}) == "0");
    CHECK(machines.call("at", {131068}) == "0");
    CHECK(machines.call("at", {131069}) == kMemory);
    CHECK(machines.call("both") == "17");
    CHECK(machines.call("grow", {98}) == "-1");
    CHECK(machines.call("grow", {-1}) == "-1");
    CHECK(machines.call("grow", {0x10000}) == "-1");
    CHECK(machines.call("loop") == "3");
    CHECK(machines.call("size") == "5");
    CHECK(machines.call("grow", {0}) == "5");
    CHECK(machines.call("at", {65532}) == "17");
  }

  TEST_CASE("fill") {
    Machines machines(
        "(memory (export \"m\") 1) (func (export \"fill\") (param i32 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.fill)"
        "(func (export \"at\") (param i32) (result i32) local.get 0 i32.load8_u)");
    CHECK(machines.call("fill", {10, 0x1ff, 3}).empty());
    CHECK(machines.call("at", {9}) == "0");
    CHECK(machines.call("at", {10}) == "255");
    CHECK(machines.call("at", {12}) == "255");
    CHECK(machines.call("at", {13}) == "0");
    CHECK(machines.call("fill", {65530, 7, 6}).empty());
    CHECK(machines.call("fill", {65530, 8, 7}) == kMemory);
    CHECK(machines.call("at", {65530}) == "7");
    CHECK(machines.call("fill", {65536, 8, 0}).empty());
    CHECK(machines.call("fill", {65537, 8, 0}) == kMemory);
    CHECK(machines.call("fill", {-1, 8, 1}) == kMemory);
    CHECK(machines.call("fill", {1, 8, -1}) == kMemory);
    CHECK(machines.call("at", {1}) == "0");
  }

  TEST_CASE("copy, forwards and backwards over itself") {
    Machines machines(
        "(memory 1) (data (i32.const 0) \"abcdefgh\") (func (export \"copy\") (param i32 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.copy)"
        "(func (export \"at\") (param i32) (result i64) local.get 0 i64.load)");
    const auto eight = [&](int at) { return machines.call("at", {at}); };
    const auto number = [](const char* text) {
      std::uint64_t bytes = 0;
      for (int i = 7; i >= 0; --i) bytes = bytes << 8 | static_cast<std::uint8_t>(text[i]);
      return std::to_string(static_cast<std::int64_t>(bytes));
    };
    CHECK(machines.call("copy", {2, 0, 6}).empty());
    CHECK(eight(0) == number("ababcdef"));
    CHECK(machines.call("copy", {0, 2, 6}).empty());
    CHECK(eight(0) == number("abcdefef"));
    CHECK(machines.call("copy", {3, 3, 5}).empty());
    CHECK(eight(0) == number("abcdefef"));
    CHECK(machines.call("copy", {65528, 0, 8}).empty());
    CHECK(eight(65528) == number("abcdefef"));
    CHECK(machines.call("copy", {65529, 0, 8}) == kMemory);
    CHECK(machines.call("copy", {0, 65529, 8}) == kMemory);
    CHECK(eight(65528) == number("abcdefef"));
    CHECK(machines.call("copy", {65536, 65536, 0}).empty());
    CHECK(machines.call("copy", {65537, 0, 0}) == kMemory);
    CHECK(machines.call("copy", {0, 65537, 0}) == kMemory);
    CHECK(machines.call("copy", {0, 1, -1}) == kMemory);
  }

  TEST_CASE("copies and fills of every short size and overlap") {
    Machines machines(
        "(memory (export \"m\") 1)"
        "(func (export \"copy\") (param i32 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.copy)"
        "(func (export \"fill\") (param i32 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.fill)");
    constexpr int kBytes = 128;
    std::vector<std::byte> expected(kBytes);
    const auto check = [&] {
      machines.each([&](tinywasm::Store&, tinywasm::Instance& instance) {
        const auto bytes = instance.memory("m")->bytes();
        CHECK(std::memcmp(bytes.data(), expected.data(), kBytes) == 0);
      });
    };
    machines.each([&](tinywasm::Store&, tinywasm::Instance& instance) {
      for (int i = 0; i < kBytes; ++i) instance.memory("m")->bytes()[i] = std::byte(i);
    });
    for (int i = 0; i < kBytes; ++i) expected[i] = std::byte(i);
    for (int size = 0; size <= 36; ++size) {
      for (const int distance : {-33, -17, -9, -3, -1, 0, 1, 2, 5, 8, 15, 16, 31, 40}) {
        CAPTURE(size);
        CAPTURE(distance);
        CHECK(machines.call("copy", {40 + distance, 40, size}).empty());
        std::memmove(expected.data() + 40 + distance, expected.data() + 40, size);
        check();
      }
      CHECK(machines.call("fill", {50, 300 + size, size}).empty());
      std::memset(expected.data() + 50, 300 + size, size);
      check();
    }
  }

  TEST_CASE("init and drop") {
    Machines machines(
        "(memory 1) (data $d \"hello\") (data $active (i32.const 100) \"x\")"
        "(func (export \"init\") (param i32 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.init $d)"
        "(func (export \"active\") (param i32) i32.const 0 i32.const 0 local.get 0"
        " memory.init $active)"
        "(func (export \"drop\") data.drop $d)"
        "(func (export \"at\") (param i32) (result i32) local.get 0 i32.load8_u)");
    CHECK(machines.call("init", {10, 1, 3}).empty());
    CHECK(machines.call("at", {9}) == "0");
    CHECK(machines.call("at", {10}) == "101");
    CHECK(machines.call("at", {12}) == "108");
    CHECK(machines.call("at", {13}) == "0");
    CHECK(machines.call("init", {20, 0, 5}).empty());
    CHECK(machines.call("init", {30, 0, 6}) == kMemory);
    CHECK(machines.call("at", {30}) == "0");
    CHECK(machines.call("init", {30, 5, 0}).empty());
    CHECK(machines.call("init", {30, 6, 0}) == kMemory);
    CHECK(machines.call("init", {65532, 0, 5}) == kMemory);
    CHECK(machines.call("at", {65532}) == "0");
    CHECK(machines.call("init", {0, 1, -1}) == kMemory);
    // An active segment is dropped once the instance is there.
    CHECK(machines.call("at", {100}) == "120");
    CHECK(machines.call("active", {0}).empty());
    CHECK(machines.call("active", {1}) == kMemory);
    CHECK(machines.call("drop").empty());
    CHECK(machines.call("drop").empty());
    CHECK(machines.call("init", {0, 0, 0}).empty());
    CHECK(machines.call("init", {0, 0, 1}) == kMemory);
  }

  TEST_CASE("an active segment outside the memory") {
    CHECK(Machines("(memory 1) (data (i32.const 65535) \"ab\")").created() == kMemory);
    CHECK(Machines("(memory 1) (data (i32.const -1) \"\")").created() == kMemory);
    CHECK(Machines("(memory 1) (data (i32.const 65536) \"\")").created() == "ok");
    CHECK(Machines("(memory 0) (data (i32.const 0) \"a\")").created() == kMemory);
  }

  TEST_CASE("addresses are unsigned, all 32 bits of them") {
    // An address that went through 64-bit arithmetic keeps no upper half.
    CHECK(
        run("(memory 1) (data (i32.const 8) \"\\2a\") (func (export \"f\") (param i64) (result i32)"
            " local.get 0 i32.wrap_i64 i32.load)",
            {std::int64_t{0x1234567800000008}}) == "42");
    CHECK(
        run("(memory 1) (data (i32.const 8) \"\\2a\") (func (export \"f\") (param i32) (result i32)"
            " local.get 0 i32.const 0x20 i32.add i32.load offset=4)",
            {-28}) == "42");
    CHECK(
        run("(memory 1) (data (i32.const 8) \"\\2a\") (func (export \"f\") (param i32) (result i32)"
            " local.get 0 i32.const 2 i32.shl i32.const 8 i32.add i32.load)",
            {0x40000000}) == "42");
  }
}
