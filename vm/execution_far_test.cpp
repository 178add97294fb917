// SPDX-License-Identifier: Apache-2.0
// Memories other than 0, memories and tables with 64-bit addresses.
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

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

namespace {

constexpr const char* kMemory = "trap: out of bounds memory access";
constexpr const char* kTable = "trap: out of bounds table access";

/// The last bytes of a page at `offset` can be accessed, no byte beyond, and nothing wraps around.
void check_bounds(const char* memories, const char* index, const std::string& address_type,
                  const std::string& offset_text, std::uint64_t offset) {
  const auto addresses = [&](auto&& check) {
    check(std::uint64_t{65536} - offset, offset <= 65536);
    check(std::uint64_t{0} - 1, false);
    check(std::uint64_t{0} - offset, false);
    check(std::uint64_t{0x1'0000'0000}, false);
  };
  const auto call = [&](Machines& machines, std::uint64_t address) {
    if (address_type == "i64") return machines.call("f", {static_cast<std::int64_t>(address)});
    return machines.call("f", {static_cast<std::int32_t>(address)});
  };
  for (const bool is_store : {false, true}) {
    const auto list = is_store ? std::span<const Access>(kStores) : std::span<const Access>(kLoads);
    for (const Access& access : list) {
      CAPTURE(access.name);
      CAPTURE(address_type);
      CAPTURE(offset_text);
      const std::string operation = std::string(access.name) + index + " offset=" + offset_text;
      Machines machines(std::string(memories) + "(func (export \"f\") (param " + address_type +
                        ") " + (is_store ? "" : "(result " + type_of(access) + ")") +
                        " local.get 0 " + (is_store ? type_of(access) + ".const 5 " : "") +
                        operation + ")");
      addresses([&](std::uint64_t end, bool fits) {
        if (address_type == "i32" && end > 0xffff'ffff) end = 0xffff'ffff;
        if (fits) CHECK(call(machines, end - access.bytes) == (is_store ? "" : "0"));
        if (end != 0) CHECK(call(machines, end - access.bytes + 1) == kMemory);
      });
    }
  }
}

}  // namespace

TEST_SUITE("execution_far") {
  TEST_CASE("bounds of every access") {
    const char* const two = "(memory 0) (memory 1)";
    const char* const wide = "(memory i64 1)";
    const char* const both = "(memory 3) (memory 7) (memory i64 1)";
    for (const auto& [text, offset] :
         {std::pair("24", std::uint64_t{24}), std::pair("65520", std::uint64_t{65520}),
          std::pair("0xffffffff", std::uint64_t{0xffff'ffff})}) {
      check_bounds(two, " 1", "i32", text, offset);
      check_bounds(wide, "", "i64", text, offset);
      check_bounds(both, " 2", "i64", text, offset);
    }
    check_bounds(wide, "", "i64", "0xffffffffffffffff", ~std::uint64_t{0});
    check_bounds(wide, "", "i64", "0x8000000000000000", std::uint64_t{1} << 63);
  }

  TEST_CASE("loads extend, stores write their width") {
    for (const char* memories : {"(memory i64 1) (data (i64.const 16) ",
                                 "(memory 1) (memory i64 1)"
                                 "(data (memory 1) (i64.const 16) "}) {
      const std::string index = memories[8] == '1' ? " 1" : "";
      const std::string data = std::string(memories) + "\"\\81\\f2\\f3\\84\\f5\\f6\\f7\\f8\")";
      struct Case {
        const char* name;
        const char* value;
      };
      const Case cases[] = {{"i32.load8_s", "-127"},        {"i32.load8_u", "129"},
                            {"i32.load16_s", "-3455"},      {"i32.load16_u", "62081"},
                            {"i32.load", "-2064387455"},    {"i64.load8_s", "-127"},
                            {"i64.load8_u", "129"},         {"i64.load16_s", "-3455"},
                            {"i64.load16_u", "62081"},      {"i64.load32_s", "-2064387455"},
                            {"i64.load32_u", "2230579841"}, {"i64.load", "-506664898697891199"}};
      for (const Case& c : cases) {
        CAPTURE(c.name);
        Machines machines(data + "(func (export \"f\") (param i64) (result " +
                          std::string(c.name).substr(0, 3) + ") local.get 0 " + c.name + index +
                          " offset=9)");
        CHECK(machines.call("f", {std::int64_t{7}}) == c.value);
      }
      for (const Access& access : kStores) {
        CAPTURE(access.name);
        if (access.name[0] == 'f') continue;
        Machines machines(data +
                          "(func (export \"f\") (result i64) (local i64)"
                          " i64.const 8 local.set 0 local.get 0 " +
                          type_of(access) + ".const -1 " + access.name + index +
                          " offset=3 local.get 0 i64.load" + index + " offset=3)");
        const std::uint64_t mask =
            access.bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * access.bytes) - 1;
        // Bytes 11 to 18: zeros, then the first bytes of the segment.
        const std::uint64_t before = std::uint64_t{0xf3f281} << 40;
        CHECK(machines.call("f") == std::to_string(static_cast<std::int64_t>(before | mask)));
      }
    }
  }

  TEST_CASE("far accesses in trees, in order, with exact positions") {
    // Machines compares offsets of traps between all ways of running.
    Machines machines(
        "(memory $a 1) (memory $b 2) (memory $c i64 1)"
        "(func (export \"sum\") (param i32 i64) (result i32)"
        " local.get 0 i32.load $a local.get 0 i32.load $b i32.add local.get 1 i32.load $c i32.add)"
        "(func (export \"set\") (param i32 i64 i32)"
        " local.get 0 local.get 2 i32.store $a local.get 0 local.get 2 i32.store $b"
        " local.get 1 local.get 2 i32.store $c)"
        "(func (export \"chase\") (param i32) (result i32)"
        " local.get 0 i32.load $b i32.load $b offset=4 i32.load $a)"
        "(func (export \"over\") (param i32) (result i32)"
        " local.get 0 i32.load $b local.get 0 i32.const 9 i32.store $b"
        " local.get 0 i32.load $b i32.const 100 i32.mul i32.add)"
        "(func (export \"divide\") (param i32 i32) (result i32)"
        " i32.const 1 local.get 0 i32.div_u local.get 1 i32.load $b i32.add)"
        "(func (export \"floats\") (param i64 f32 f64) (result f64)"
        " local.get 0 local.get 1 f32.store $c local.get 0 local.get 2 f64.store $c offset=8"
        " local.get 0 f32.load $c f64.promote_f32 local.get 0 f64.load $c offset=8 f64.add)"
        "(func (export \"drop\") (param i64) local.get 0 i64.load $c drop)"
        "(func (export \"loop\") (param i64) (result i64) (local i64 i64)"
        " loop local.get 1 i64.const 8 i64.mul local.get 1 i64.store $c"
        "  local.get 1 i64.const 1 i64.add local.tee 1 local.get 0 i64.ne br_if 0 end"
        " i64.const 0 local.set 1"
        " loop local.get 2 local.get 1 i64.const 8 i64.mul i64.load $c i64.add local.set 2"
        "  local.get 1 i64.const 1 i64.add local.tee 1 local.get 0 i64.ne br_if 0 end local.get "
        "2)");
    CHECK(machines.call("set", {8, std::int64_t{16}, 5}).empty());
    CHECK(machines.call("sum", {8, std::int64_t{16}}) == "15");
    CHECK(machines.call("sum", {65533, std::int64_t{16}}) == kMemory);
    CHECK(machines.call("sum", {8, std::int64_t{1} << 32}) == kMemory);
    CHECK(machines.call("set", {65533, std::int64_t{0}, 5}) == kMemory);
    CHECK(machines.call("set", {0, std::int64_t{-1}, 5}) == kMemory);
    CHECK(machines.call("chase", {8}) == "5");
    CHECK(machines.call("chase", {131072}) == kMemory);
    CHECK(machines.call("over", {8}) == "905");
    CHECK(machines.call("divide", {0, 131072}) == "trap: integer divide by zero");
    CHECK(machines.call("divide", {1, 131072}) == kMemory);
    CHECK(machines.call("divide", {1, 8}) == "10");
    CHECK(machines.call("floats", {std::int64_t{64}, 1.5f, 2.25}) == "3.75");
    CHECK(machines.call("drop", {std::int64_t{65528}}).empty());
    CHECK(machines.call("drop", {std::int64_t{65529}}) == kMemory);
    CHECK(machines.call("loop", {std::int64_t{1000}}) == "499500");
    CHECK(machines.call("loop", {std::int64_t{8193}}) == kMemory);
  }

  TEST_CASE("size, grow, fill, copy and init of 64-bit memories") {
    StoreConfig config;
    config.max_memory_bytes = 6 * 65536;
    Machines machines(
        "(memory $a 1) (memory $b i64 1 100) (data $d \"hello\")"
        "(func (export \"size\") (result i64) memory.size $b)"
        "(func (export \"grow\") (param i64) (result i64) local.get 0 memory.grow $b)"
        "(func (export \"grow_a\") (param i32) (result i32) local.get 0 memory.grow $a)"
        "(func (export \"fill\") (param i64 i32 i64)"
        " local.get 0 local.get 1 local.get 2 memory.fill $b)"
        "(func (export \"init\") (param i64 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.init $b $d)"
        "(func (export \"copy\") (param i64 i64 i64)"
        " local.get 0 local.get 1 local.get 2 memory.copy $b $b)"
        "(func (export \"in\") (param i64 i32 i32)"
        " local.get 0 local.get 1 local.get 2 memory.copy $b $a)"
        "(func (export \"out\") (param i32 i64 i32)"
        " local.get 0 local.get 1 local.get 2 memory.copy $a $b)"
        "(func (export \"at\") (param i64) (result i32) local.get 0 i32.load8_u $b)"
        "(func (export \"at_a\") (param i32) (result i32) local.get 0 i32.load8_u $a)",
        {}, config);
    const auto wide = [](std::uint64_t x) { return static_cast<std::int64_t>(x); };
    CHECK(machines.call("size") == "1");
    CHECK(machines.call("at", {wide(65536)}) == kMemory);
    CHECK(machines.call("grow", {wide(1)}) == "1");
    CHECK(machines.call("at", {wide(65536)}) == "0");
    CHECK(machines.call("grow", {wide(98)}) == "-1");
    CHECK(machines.call("grow", {wide(99)}) == "-1");
    CHECK(machines.call("grow", {wide(-1)}) == "-1");
    CHECK(machines.call("grow", {wide(0x1'0000'0000'0000)}) == "-1");
    CHECK(machines.call("grow_a", {100}) == "-1");
    CHECK(machines.call("size") == "2");
    CHECK(machines.call("fill", {wide(131070), 7, wide(2)}).empty());
    CHECK(machines.call("fill", {wide(131070), 7, wide(3)}) == kMemory);
    CHECK(machines.call("fill", {wide(0x1'0000'0000), 7, wide(0)}) == kMemory);
    CHECK(machines.call("fill", {wide(8), 7, wide(-1)}) == kMemory);
    CHECK(machines.call("at", {wide(131071)}) == "7");
    CHECK(machines.call("init", {wide(10), 1, 4}).empty());
    CHECK(machines.call("init", {wide(10), 1, 5}) == kMemory);
    CHECK(machines.call("init", {wide(-1), 0, 1}) == kMemory);
    CHECK(machines.call("at", {wide(10)}) == "101");
    CHECK(machines.call("copy", {wide(11), wide(10), wide(4)}).empty());
    CHECK(machines.call("at", {wide(11)}) == "101");
    CHECK(machines.call("copy", {wide(0x1'0000'0000), wide(10), wide(0)}) == kMemory);
    CHECK(machines.call("out", {3, wide(11), 4}).empty());
    CHECK(machines.call("at_a", {3}) == "101");
    CHECK(machines.call("out", {65535, wide(0), 2}) == kMemory);
    CHECK(machines.call("out", {0, wide(131071), 2}) == kMemory);
    CHECK(machines.call("in", {wide(70000), 3, 4}).empty());
    CHECK(machines.call("at", {wide(70000)}) == "101");
    CHECK(machines.call("in", {wide(0), -1, 1}) == kMemory);
  }

  TEST_CASE("pages of one byte") {
    StoreConfig config;
    config.max_memory_bytes = 3 * 65536;
    for (const char* type : {"i32", "i64"}) {
      CAPTURE(type);
      const std::string t = type;
      Machines machines("(memory (export \"m\") " + t + " 3 200000 (pagesize 1)) (data (" + t +
                            ".const 0) \"abc\")"
                            "(func (export \"size\") (result " +
                            t +
                            ") memory.size)"
                            "(func (export \"grow\") (param " +
                            t + ") (result " + t +
                            ")"
                            " local.get 0 memory.grow)"
                            "(func (export \"at\") (param " +
                            t +
                            ") (result i32)"
                            " local.get 0 i32.load16_u)"
                            "(func (export \"set\") (param " +
                            t +
                            ")"
                            " local.get 0 i32.const 0x4142 i32.store16)",
                        {}, config);
      const auto call = [&](const char* name, std::int32_t argument) {
        if (t == "i64") return machines.call(name, {std::int64_t{argument}});
        return machines.call(name, {argument});
      };
      CHECK(machines.call("size") == "3");
      CHECK(call("at", 1) == "25442");
      CHECK(call("at", 2) == kMemory);
      CHECK(call("grow", 1) == "3");
      CHECK(call("at", 2) == "99");
      CHECK(call("at", 3) == kMemory);
      CHECK(call("grow", 65535) == "4");
      CHECK(call("at", 65537) == "0");
      CHECK(call("at", 65538) == kMemory);
      CHECK(call("set", 65537).empty());
      CHECK(call("grow", 200000) == "-1");
      CHECK(call("grow", 134462) == "-1");
      CHECK(call("grow", 131070) == "-1");
      CHECK(call("grow", 131069) == "65539");
      CHECK(call("at", 65537) == "16706");
      CHECK(call("at", 196606) == "0");
      CHECK(machines.call("size") == "196608");
      machines.each([&](auto&, auto& instance) {
        const Memory memory = *instance.memory("m");
        CHECK(memory.type().page_size == 1);
        CHECK(memory.pages() == 196608);
        CHECK(memory.bytes().size() == 196608);
        CHECK(to_string(tinywasm::ExternType(memory.type())) ==
              (t == "i64" ? "(memory i64 196608 200000 (pagesize 1))"
                          : "(memory 196608 200000 (pagesize 1))"));
      });
    }
    CHECK(Machines("(memory (pagesize 1) (data \"xyz\"))").created() == "ok");
    tinywasm::Store store;
    CHECK(Memory::create(store, {.limits = {.min = 5}, .page_size = 1})->bytes().size() == 5);
    CHECK(!Memory::create(store, {.limits = {.min = 5}, .page_size = 2}));
    CHECK(!Memory::create(store, {.limits = {.min = 65537}}));
  }

  TEST_CASE("segments of memories by 64-bit offsets") {
    CHECK(run("(memory 1) (memory i64 1) (data (memory 1) (i64.const 65535) \"\\07\")"
              "(func (export \"f\") (result i32) i64.const 65535 i32.load8_u 1)") == "7");
    for (const char* offset : {"65536", "0x100000000", "-1"}) {
      CAPTURE(offset);
      CHECK(Machines("(memory i64 1) (data (i64.const " + std::string(offset) + ") \"a\")")
                .created() == kMemory);
    }
  }

  TEST_CASE("64-bit memories that cannot be") {
    CHECK(Machines("(memory i64 0x1000000000000)").created().starts_with("exhaustion"));
    CHECK(run("(memory i64 1 0x1000000000000) (func (export \"f\") (result i64)"
              " i64.const 0xffffffffffff memory.grow)") == "-1");
  }

  TEST_CASE("tables with 64-bit addresses") {
    Machines machines(
        "(table $t i64 3 20 funcref) (table $small 4 funcref) (elem $e func $one $two $one)"
        "(elem (table $t) (i64.const 1) func $one $two)"
        "(type $r (func (result i32)))"
        "(func $one (type $r) i32.const 1) (func $two (type $r) i32.const 2)"
        "(func (export \"call\") (param i64) (result i32)"
        " local.get 0 call_indirect $t (type $r))"
        "(func (export \"tail\") (param i64) (result i32)"
        " local.get 0 return_call_indirect $t (type $r))"
        "(func (export \"is_null\") (param i64) (result i32) local.get 0 table.get $t ref.is_null)"
        "(func (export \"set\") (param i64) local.get 0 ref.func $two table.set $t)"
        "(func (export \"size\") (result i64) table.size $t)"
        "(func (export \"grow\") (param i64) (result i64) ref.func $two local.get 0 table.grow $t)"
        "(func (export \"fill\") (param i64 i64) local.get 0 ref.func $one local.get 1 table.fill "
        "$t)"
        "(func (export \"init\") (param i64 i32 i32)"
        " local.get 0 local.get 1 local.get 2 table.init $t $e)"
        "(func (export \"out\") (param i32 i64 i32)"
        " local.get 0 local.get 1 local.get 2 table.copy $small $t)"
        "(func (export \"small\") (param i32) (result i32) local.get 0 call_indirect $small (type "
        "$r))");
    const auto wide = [](std::uint64_t x) { return static_cast<std::int64_t>(x); };
    for (const char* name : {"call", "tail"}) {
      CHECK(machines.call(name, {wide(1)}) == "1");
      CHECK(machines.call(name, {wide(2)}) == "2");
      CHECK(machines.call(name, {wide(0)}) == "trap: uninitialized element 0");
      CHECK(machines.call(name, {wide(3)}) == "trap: undefined element 3");
      CHECK(machines.call(name, {wide(0x1'0000'0001)}) == "trap: undefined element 4294967297");
    }
    CHECK(machines.call("is_null", {wide(0x1'0000'0001)}) == kTable);
    CHECK(machines.call("set", {wide(0x1'0000'0001)}) == kTable);
    CHECK(machines.call("set", {wide(0)}).empty());
    CHECK(machines.call("is_null", {wide(0)}) == "0");
    CHECK(machines.call("grow", {wide(0x1'0000'0000)}) == "-1");
    CHECK(machines.call("grow", {wide(2)}) == "3");
    CHECK(machines.call("size") == "5");
    CHECK(machines.call("call", {wide(4)}) == "2");
    CHECK(machines.call("fill", {wide(3), wide(2)}).empty());
    CHECK(machines.call("fill", {wide(3), wide(-1)}) == kTable);
    CHECK(machines.call("call", {wide(4)}) == "1");
    CHECK(machines.call("init", {wide(2), 0, 3}).empty());
    CHECK(machines.call("init", {wide(0x1'0000'0000), 0, 0}) == kTable);
    CHECK(machines.call("call", {wide(3)}) == "2");
    CHECK(machines.call("out", {1, wide(3), 2}).empty());
    CHECK(machines.call("out", {1, wide(0x1'0000'0000), 0}) == kTable);
    CHECK(machines.call("small", {1}) == "2");
  }

  TEST_CASE("address types must agree between import and export") {
    auto exporter = tinywasm::Module::from_text(
        "(module (memory (export \"m\") i64 1) (table (export \"t\") i64 1 funcref))");
    REQUIRE(exporter);
    for (const bool is_64 : {false, true}) {
      tinywasm::Store store;
      tinywasm::Linker linker{store};
      auto instance = linker.instantiate(*exporter);
      REQUIRE(instance);
      CHECK(instance->memory("m")->type().limits.is_64);
      CHECK(instance->table("t")->type().limits.is_64);
      linker.define("a", "m", *instance->memory("m"));
      linker.define("a", "t", *instance->table("t"));
      const std::string type = is_64 ? "i64 1" : "1";
      for (const std::string& import : {"(import \"a\" \"m\" (memory " + type + "))",
                                        "(import \"a\" \"t\" (table " + type + " funcref))"}) {
        auto importer = tinywasm::Module::from_text("(module " + import + ")");
        REQUIRE(importer);
        CHECK(linker.instantiate(*importer).has_value() == is_64);
      }
    }
  }
}
