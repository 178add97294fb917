// SPDX-License-Identifier: Apache-2.0
#include "decoder/names.hpp"

#include <doctest/doctest.h>

#include "decoder/reader.hpp"
#include "decoder/test_bytes.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;
using namespace tinywasm::decoder::test;

namespace {

/// Function 0 is imported as "imp", 1 and 2 are defined, 2 is exported as "exp".
Module module_with(Bytes name_section) {
  auto read = read_module(module({
      section(1, {vec({bytes({0x60, 0, 0})})}),
      section(2, {vec({bytes({sized({"env"}), sized({"imp"}), 0, 0})})}),
      section(3, {vec({0, 0})}),
      section(7, {vec({bytes({sized({"exp"}), 0, 2})})}),
      section(10, {vec({body({}), body({})})}),
      section(0, {sized({"name"}), std::move(name_section)}),
  }));
  REQUIRE(read);
  return std::move(*read);
}

Bytes subsection(int id, Parts contents) { return section(id, contents); }
Bytes named(int index, const char* name) { return bytes({index, sized({name})}); }

}  // namespace

TEST_SUITE("names") {
  TEST_CASE("without a name section, exports and imports name functions") {
    const Module m = module_with({});
    CHECK(m.module_name().empty());
    CHECK(m.function_name(0) == "imp");
    CHECK(m.function_name(1).empty());
    CHECK(m.function_name(2) == "exp");
    CHECK(m.function_name(99).empty());
  }

  TEST_CASE("module, functions, locals and other index spaces") {
    const Module m = module_with(bytes({
        subsection(0, {sized({"mod"})}),
        subsection(1, {vec({named(1, "one"), named(2, "two"), named(7, "none")})}),
        subsection(2, {vec({bytes({1, vec({named(0, "x")})}),
                            bytes({2, vec({named(0, "a"), named(3, "b")})})})}),
        subsection(4, {vec({named(0, "t")})}),
        subsection(99, {"whatever"}),
    }));
    CHECK(m.module_name() == "mod");
    CHECK(m.function_name(0) == "imp");
    CHECK(m.function_name(1) == "one");
    CHECK(m.function_name(2) == "two");
    const auto locals = local_names(m, 2);
    REQUIRE(locals.size() == 2);
    CHECK(locals[1].index == 3);
    CHECK(locals[1].name == "b");
    CHECK(local_names(m, 0).empty());
    REQUIRE(names_of(m, NameKind::type).size() == 1);
    CHECK(names_of(m, NameKind::type)[0].name == "t");
    CHECK(names_of(m, NameKind::table).empty());
    CHECK(name_subsections(m).size() == 5);
  }

  TEST_CASE("what comes before a malformed byte counts") {
    const Module cut = module_with(bytes({
        subsection(0, {sized({"mod"})}),
        subsection(1, {3, named(1, "one"), 2, 9, "short"}),
    }));
    CHECK(cut.module_name() == "mod");
    CHECK(cut.function_name(1) == "one");
    CHECK(cut.function_name(2) == "exp");
    const Module not_utf8 = module_with(bytes({subsection(1, {1, 1, 1, 0xff})}));
    CHECK(not_utf8.function_name(1).empty());
    const Module too_long = module_with(bytes({1, 0x7f, 1}));
    CHECK(too_long.function_name(1).empty());
    CHECK(name_subsections(too_long).empty());
  }

  TEST_CASE("names survive a move of the module") {
    Module m = module_with(bytes({subsection(1, {vec({named(1, "one")})})}));
    const Module moved = std::move(m);
    CHECK(moved.function_name(1) == "one");
  }
}
