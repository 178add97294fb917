// SPDX-License-Identifier: Apache-2.0
#include "vm/table.hpp"

#include <doctest/doctest.h>

#include "vm/operations.hpp"

using tinywasm::decoder::TableType;
using tinywasm::vm::Budget;
using tinywasm::vm::kGrowFailed;
using tinywasm::vm::OwnedTable;
using tinywasm::vm::Trap;

namespace {

TableType elements(std::uint64_t min, std::optional<std::uint64_t> max = {}) {
  TableType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

}  // namespace

TEST_SUITE("table") {
  TEST_CASE("begins with null and grows by a value, up to its maximum") {
    Budget budget{0, 1000};
    OwnedTable table(elements(2, 5), budget);
    REQUIRE(table.allocate());
    CHECK(table.size == 2);
    CHECK(table.elements[1] == 0);
    CHECK(table.grow(0, 7) == 2);
    CHECK(table.grow(3, 7) == 2);
    CHECK(table.elements[1] == 0);
    CHECK(table.elements[2] == 7);
    CHECK(table.elements[4] == 7);
    CHECK(table.grow(1, 7) == kGrowFailed);
    CHECK(table.grow(~std::uint64_t{0}, 7) == kGrowFailed);
    CHECK(budget.used == 5);
  }

  TEST_CASE("the budget is shared by all tables") {
    Budget budget{0, 100};
    OwnedTable first(elements(60), budget);
    REQUIRE(first.allocate());
    OwnedTable second(elements(41), budget);
    CHECK_FALSE(second.allocate());
    {
      OwnedTable third(elements(40), budget);
      REQUIRE(third.allocate());
      CHECK(first.grow(1, 0) == kGrowFailed);
    }
    CHECK(first.grow(40, 0) == 60);
    OwnedTable enormous(elements(0xffff'ffff), budget);
    CHECK_FALSE(enormous.allocate());
  }

  TEST_CASE("copy and fill check bounds before they write") {
    Budget budget{0, 100};
    OwnedTable table(elements(4), budget);
    OwnedTable empty(elements(0), budget);
    REQUIRE(table.allocate());
    REQUIRE(empty.allocate());
    for (unsigned i = 0; i < 4; ++i) table.elements[i] = i + 1;
    CHECK(copy(table, table, 1, 0, 3) == Trap::none);
    CHECK(table.elements[0] == 1);
    CHECK(table.elements[3] == 3);
    CHECK(copy(table, table, 2, 0, 3) == Trap::table_bounds);
    CHECK(copy(table, table, 4, 4, 0) == Trap::none);
    CHECK(copy(table, table, 5, 0, 0) == Trap::table_bounds);
    CHECK(copy(table, empty, 0, 0, 0) == Trap::none);
    CHECK(copy(empty, table, 0, 0, 1) == Trap::table_bounds);
    CHECK(fill(table, 3, 9, 2) == Trap::table_bounds);
    CHECK(fill(table, ~std::uint64_t{0}, 9, 2) == Trap::table_bounds);
    CHECK(table.elements[3] == 3);
    CHECK(fill(table, 2, 9, 2) == Trap::none);
    CHECK(table.elements[2] == 9);
    CHECK(table.elements[3] == 9);
  }
}
