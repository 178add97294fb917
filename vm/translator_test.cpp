// SPDX-License-Identifier: Apache-2.0
#include "vm/translator.hpp"

#include <doctest/doctest.h>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"
#include "vm/covers.hpp"
#include "vm/test_program.hpp"

namespace tinywasm::vm {
namespace {

using Code = std::vector<std::byte>;

Code code_of(Translation& translation, ModuleCode::Variant& variant, std::uint32_t function) {
  REQUIRE(translation.run(variant, function));
  return {translation.code().begin(), translation.code().end()};
}

void check_program(std::uint64_t seed, const CodeOptions& options) {
  CAPTURE(seed);
  auto bytes = decoder::assemble(RandomProgram(seed).text());
  REQUIRE(bytes);
  auto module = decoder::read_module(*std::move(bytes));
  REQUIRE(module);
  REQUIRE(decoder::validate_module(*module));
  ModuleCode::Variant variant(*module, options);
  Translation used;
  for (const bool is_shrunk : {false, true}) {
    for (std::uint32_t i = 0; i < module->bodies.size(); ++i) {
      const std::uint32_t function = module->imported_functions + i;
      Translation fresh;
      CHECK(code_of(fresh, variant, function) == code_of(used, variant, function));
      if (is_shrunk) used.shrink();
    }
  }
}

}  // namespace

TEST_SUITE("translator") {
  // A trap's place is found by translating the function again (Translation::position).
  TEST_CASE("a function's code does not depend on what was translated before") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      check_program(seed, {});
      check_program(seed, {.fuel = true});
      check_program(seed, {.fuse = false});
      check_program(seed, {.portable_loop = true});
    }
  }

  TEST_CASE("covers are found again by equal keys only") {
    const Shape shape;
    ir::Covers covers;
    ir::TreeKey key;
    CHECK(covers.find(key) == nullptr);
    key.add(7);
    covers.put(key, {&shape, 5, false});
    const ir::Cover* found = covers.find(key);
    REQUIRE(found != nullptr);
    CHECK(found->shape == &shape);
    CHECK(found->mask == 5);
    CHECK_FALSE(found->immediates);
    for (unsigned token = 0; token < 5000; ++token) {
      ir::TreeKey other;
      other.add(token);
      CHECK((covers.find(other) != nullptr) == (token == 7));
      other.add(0);  // a tree that begins the same
      CHECK(covers.find(other) == nullptr);
    }
  }

  TEST_CASE("the key of a large tree is not whole") {
    ir::TreeKey key;
    for (unsigned i = 0; i < 16; ++i) key.add(i);
    CHECK(key.is_whole());
    key.add(16);
    CHECK_FALSE(key.is_whole());
  }
}

}  // namespace tinywasm::vm
