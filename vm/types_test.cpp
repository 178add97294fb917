// SPDX-License-Identifier: Apache-2.0
#include "vm/types.hpp"

#include <doctest/doctest.h>

using namespace tinywasm::decoder;
using tinywasm::vm::TypeRegistry;

namespace {

SubType func(std::vector<ValType> params, std::vector<ValType> results = {}) {
  SubType type;
  type.func = {std::move(params), std::move(results)};
  return type;
}

SubType struct_of(std::vector<FieldType> fields, std::optional<std::uint32_t> supertype = {}) {
  SubType type;
  type.kind = CompositeKind::struct_;
  type.is_final = false;
  type.fields = std::move(fields);
  type.supertype = supertype;
  return type;
}

/// Types of which groups of the given sizes are made, in order.
Module module_of(std::vector<SubType> types, std::vector<std::uint32_t> groups = {}) {
  Module module;
  module.types = std::move(types);
  if (groups.empty()) groups.assign(module.types.size(), 1);
  std::uint32_t start = 0;
  for (const std::uint32_t size : groups) {
    for (std::uint32_t i = start; i < start + size; ++i) {
      module.types[i].rec_start = start;
      module.types[i].rec_size = size;
    }
    start += size;
  }
  return module;
}

ValType ref(std::uint32_t index, bool nullable = true) {
  return ValType::ref(HeapType::index(index), nullable);
}

}  // namespace

TEST_SUITE("types") {
  TEST_CASE("function types of different modules and of the host meet") {
    TypeRegistry registry;
    const auto a = registry.add(module_of({func({ValType::kI32}), func({}, {ValType::kI64})}));
    const auto b = registry.add(
        module_of({func({}), func({}, {ValType::kI64}), func({ValType::kI32}), func({})}));
    REQUIRE(a);
    REQUIRE(b);
    CHECK((*a)[0] == (*b)[2]);
    CHECK((*a)[1] == (*b)[1]);
    CHECK((*b)[0] == (*b)[3]);
    CHECK((*a)[0] != (*a)[1]);
    CHECK(registry.add(FuncType{{ValType::kI32}, {}}) == (*a)[0]);
    CHECK(registry.add(FuncType{{}, {ValType::kI32}}) != (*a)[0]);
  }

  TEST_CASE("references to types are compared by what they refer to") {
    TypeRegistry registry;
    const auto a = registry.add(module_of({func({}), func({ref(0)})}));
    const auto b = registry.add(module_of(
        {func({ValType::kF32}), func({}), func({ref(1)}), func({ref(0)}), func({ref(1, false)})}));
    CHECK((*a)[1] == (*b)[2]);
    CHECK((*a)[1] != (*b)[3]);
    CHECK((*a)[1] != (*b)[4]);
    CHECK(registry[(*b)[2]].func.params[0] == ref((*a)[0]));
  }

  TEST_CASE("recursion groups are equal as a whole") {
    TypeRegistry registry;
    const FieldType self{ref(0), true};
    const FieldType other{ref(1), true};
    const auto alone = registry.add(module_of({struct_of({self})}));
    const auto again = registry.add(module_of({func({}), struct_of({other})}));
    CHECK((*alone)[0] == (*again)[1]);
    // The same structure in a group of two is another type.
    const auto pair = registry.add(module_of({struct_of({self}), struct_of({other})}, {2}));
    CHECK((*pair)[0] != (*alone)[0]);
    CHECK((*pair)[0] != (*pair)[1]);
    const auto same_pair = registry.add(
        module_of({func({}), struct_of({{ref(1), true}}), struct_of({{ref(2), true}})}, {1, 2}));
    CHECK((*pair)[0] == (*same_pair)[1]);
    CHECK((*pair)[1] == (*same_pair)[2]);
  }

  TEST_CASE("subtyping") {
    TypeRegistry registry;
    const FieldType number{ValType::kI32, false};
    const auto ids = registry.add(module_of(
        {struct_of({}), struct_of({number}, 0), struct_of({number, number}, 1), func({})}));
    REQUIRE(ids);
    const auto id = [&](std::uint32_t index) { return (*ids)[index]; };
    CHECK(registry.is_subtype(id(2), id(0)));
    CHECK_FALSE(registry.is_subtype(id(0), id(2)));
    const auto null_ref = [](HeapType heap) { return ValType::ref(heap, true); };
    const auto is = [&](ValType a, ValType b) { return registry.is_subtype(a, b); };
    CHECK(is(ref(id(2)), ref(id(1))));
    CHECK(is(ref(id(2), false), ref(id(1))));
    CHECK_FALSE(is(ref(id(2)), ref(id(1), false)));
    CHECK(is(ref(id(2)), null_ref(HeapType::kStruct)));
    CHECK(is(ref(id(2)), null_ref(HeapType::kAny)));
    CHECK_FALSE(is(ref(id(2)), null_ref(HeapType::kArray)));
    CHECK(is(ref(id(3)), kFuncRef));
    CHECK_FALSE(is(ref(id(3)), null_ref(HeapType::kAny)));
    CHECK(is(null_ref(HeapType::kNone), ref(id(0))));
    CHECK(is(null_ref(HeapType::kNoFunc), ref(id(3))));
    CHECK_FALSE(is(null_ref(HeapType::kNone), ref(id(3))));
    CHECK_FALSE(is(kFuncRef, ref(id(3))));
    CHECK_FALSE(is(kFuncRef, kExternRef));
    CHECK(is(null_ref(HeapType::kI31), null_ref(HeapType::kEq)));
    CHECK_FALSE(is(ValType::kI32, ValType::kI64));
    CHECK(is(ValType::kV128, ValType::kV128));
  }

  TEST_CASE("descriptors and exactness are part of a type") {
    const auto pair = [](bool has_clauses) {
      std::vector<SubType> types = {struct_of({}), struct_of({})};
      if (has_clauses) {
        types[0].descriptor = 1;
        types[1].describes = 0;
      }
      return types;
    };
    TypeRegistry registry;
    const auto with = *registry.add(module_of(pair(true), {2}));
    const auto without = *registry.add(module_of(pair(false), {2}));
    CHECK(with[0] != without[0]);
    CHECK(with == *registry.add(module_of(pair(true), {2})));
    CHECK(registry[with[0]].descriptor == with[1]);
    CHECK(registry[with[1]].describes == with[0]);

    const auto exact = [](std::uint32_t index) {
      return ValType::ref(HeapType::exact(index), true);
    };
    const auto referring =
        *registry.add(module_of({struct_of({}), struct_of({}, 0), struct_of({{ref(0), false}}),
                                 struct_of({{exact(0), false}}), struct_of({{exact(0), false}})}));
    CHECK(referring[2] != referring[3]);
    CHECK(referring[3] == referring[4]);
    const std::uint32_t super = referring[0];
    const std::uint32_t sub = referring[1];
    CHECK(registry[referring[3]].fields[0].type == exact(super));
    CHECK(registry.is_subtype(exact(sub), ref(super)));
    CHECK(registry.is_subtype(exact(super), ref(super)));
    CHECK(registry.is_subtype(exact(super), exact(super)));
    CHECK_FALSE(registry.is_subtype(exact(sub), exact(super)));
    CHECK_FALSE(registry.is_subtype(ref(super), exact(super)));
    CHECK(registry.is_subtype(ValType::ref(HeapType::kNone, true), exact(super)));
    CHECK(registry.is_subtype(exact(super), ValType::ref(HeapType::kEq, true)));
    // The largest index there can be is no abstract type.
    const HeapType last = HeapType::exact(HeapType::kIndices - 1);
    CHECK_FALSE(last.is_abstract());
    CHECK(last.is_exact());
    CHECK(last.type_index() == HeapType::kIndices - 1);
    CHECK_FALSE(HeapType(HeapType::kAny).is_exact());
  }
}
