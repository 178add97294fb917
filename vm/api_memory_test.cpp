// SPDX-License-Identifier: Apache-2.0
#include "vm/api_testing.hpp"

using namespace tinywasm;

TEST_SUITE("api_memory") {
  TEST_CASE("a memory of the host's") {
    Store store;
    const auto memory = Memory::create(store, {{.min = 1, .max = 3}});
    REQUIRE(memory);
    CHECK(to_string(ExternType(memory->type())) == "(memory 1 3)");
    CHECK(memory->pages() == 1);
    CHECK(memory->write<std::uint32_t>(65532, 0x01020304));
    CHECK(*memory->read<std::uint16_t>(65533) == 0x0203);
    CHECK(outcome(memory->write<std::uint32_t>(65533, 1)) == "trap: out of bounds memory access");
    CHECK(outcome(memory->read<std::uint64_t>(~std::uint64_t{0})) ==
          "trap: out of bounds memory access");
    CHECK(memory->find(65536, 0) != nullptr);
    CHECK(memory->find(65537, 0) == nullptr);
    CHECK(*memory->grow(2) == 1);
    CHECK(memory->bytes().size() == 3 * Memory::kPageSize);
    CHECK(*memory->read<std::uint16_t>(65533) == 0x0203);
    CHECK_FALSE(memory->grow(1));
    CHECK(outcome(memory->grow(9)) ==
          "exhaustion: the memory cannot grow so far (9 pages asked for; it has 3, its type allows "
          "3)");
    CHECK(outcome(Memory::create(store, {{.min = 2, .max = 1}})) ==
          "host: limits out of range: a maximum of 1 is below the minimum of 2");
    CHECK(outcome(Memory::create(store, {{.min = 65537}})) ==
          "host: limits out of range: a minimum of 65537 is above 65536");
    CHECK(outcome(Memory::create(store, {{.min = 1, .max = 65537}})) ==
          "host: limits out of range: a maximum of 65537 is above 65536");
    CHECK(outcome(Memory::create(store, {{.min = 1}, 4096})) ==
          "host: 4096 bytes are not a size of pages: it is 1 or 65536");
  }

  TEST_CASE("a table of the host's") {
    Store store;
    const auto table = Table::create(store, {ValueType::funcref, {.min = 2, .max = 4}}, FuncRef());
    REQUIRE(table);
    const auto f = Func::wrap(store, [](int x) { return x + 1; });
    REQUIRE(f);
    CHECK(table->set(1, f->ref()));
    CHECK(table->get(1)->funcref().func() == *f);
    CHECK(table->get(0)->funcref().is_null());
    CHECK(outcome(table->get(2)) == "trap: out of bounds table access");
    CHECK(outcome(table->set(2, f->ref())) == "trap: out of bounds table access");
    CHECK(outcome(table->set(0, ExternRef())) ==
          "host: table element is to be funcref and is externref");
    CHECK(*table->grow(2, f->ref()) == 2);
    CHECK(table->get(3)->funcref() == f->ref());
    CHECK(to_string(ExternType(table->type())) == "(table 4 4 funcref)");
    CHECK_FALSE(table->grow(1, FuncRef()));
    CHECK(outcome(Table::create(store, {ValueType::i32, {}}, 1)) ==
          "host: not a type of table elements");
    const auto results = table->get(2)->funcref().func().call({41});
    REQUIRE(results);
    CHECK(results->front().i32() == 42);
  }

  TEST_CASE("a global of the host's") {
    Store store;
    const auto variable = Global::create(store, {ValueType::f64, true}, 1.5);
    const auto constant = Global::create(store, {ValueType::i64, false}, std::int64_t{-1});
    REQUIRE(variable);
    REQUIRE(constant);
    CHECK(variable->get().f64() == 1.5);
    CHECK(variable->set(2.5));
    CHECK(variable->get().f64() == 2.5);
    CHECK(outcome(variable->set(1)) == "host: the global's value is to be f64 and is i32");
    CHECK(outcome(constant->set(std::int64_t{0})) == "host: the global is immutable");
    CHECK(constant->get().i64() == -1);
    CHECK(constant->type() == GlobalType{ValueType::i64, false});
    CHECK_FALSE(Global::create(store, {ValueType::i32, true}, 1.0));
    V128 vector;
    vector.bytes[15] = 7;
    const auto wide = Global::create(store, {ValueType::v128, true}, vector);
    REQUIRE(wide);
    CHECK(wide->get().v128() == vector);
  }

  TEST_CASE("values as text") {
    int object = 0;
    CHECK(to_string(Value(-1)) == "-1");
    CHECK(to_string(Value(std::uint64_t{1} << 63)) == "-9223372036854775808");
    CHECK(to_string(Value(0.1f)) == "0.1");
    CHECK(to_string(Value(-0.0)) == "-0");
    CHECK(to_string(Value(FuncRef())) == "null");
    CHECK(to_string(Value(ExternRef{&object})) == "externref");
  }
}
