// SPDX-License-Identifier: Apache-2.0
#include "vm/translator.hpp"

#include <doctest/doctest.h>
#include <set>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"
#include "vm/covers.hpp"
#include "vm/forms.hpp"
#include "vm/test_program.hpp"

namespace tinywasm::vm {
namespace {

using Code = std::vector<std::byte>;

Code code_of(Translation& translation, ModuleCode::Variant& variant, std::uint32_t function) {
  REQUIRE(translation.run(variant, function) == Trap::none);
  return {translation.code().begin(), translation.code().end()};
}

void check_program(std::uint64_t seed, const CodeOptions& options) {
  CAPTURE(seed);
  auto bytes = decoder::assemble(RandomProgram(seed).text());
  REQUIRE(bytes);
  auto read = decoder::read_module(*std::move(bytes));
  REQUIRE(read);
  const auto module = std::make_shared<decoder::Module>(*std::move(read));
  REQUIRE(decoder::validate_module(*module));
  ModuleCode code(module);
  ModuleCode::Variant& variant = code.variant(options);
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
    CHECK(covers.find(7) == nullptr);
    ir::Cover cover;
    cover.shape = &shape;
    covers.put(7, cover);
    const ir::Cover* found = covers.find(7);
    REQUIRE(found != nullptr);
    CHECK(found->shape == &shape);
    for (ir::Covers::Key key = 1; key < 5000; ++key) {
      CHECK((covers.find(key) != nullptr) == (key == 7));
    }
    for (ir::Covers::Key key = 1; key < 5000; ++key) covers.put(key, {});
    found = covers.find(4999);
    REQUIRE(found != nullptr);
    CHECK(found->shape == nullptr);
  }

  TEST_CASE("equal trees have one form, others have others") {
    constexpr ir::Form kNoChild = ir::Forms::kNoChild;
    ir::Forms forms;
    std::set<ir::Form> seen;
    for (int round = 0; round < 2; ++round) {
      for (std::uint16_t token = 0; token < 100; ++token) {
        for (ir::Form leaf = 1; leaf < 5; ++leaf) {
          const ir::Form one = forms.of(token, leaf, kNoChild, kNoChild);
          CHECK(seen.insert(one).second == (round == 0));
          CHECK(forms.of(token, leaf, kNoChild, kNoChild) == one);
          CHECK(seen.insert(forms.of(token, one, leaf, kNoChild)).second == (round == 0));
          CHECK(seen.insert(forms.of(token, leaf, one, kNoChild)).second == (round == 0));
        }
      }
    }
    CHECK(*seen.begin() > kNoChild);
  }

  TEST_CASE("of too many forms the last have no number, nor have trees above them") {
    constexpr ir::Form kNoChild = ir::Forms::kNoChild;
    ir::Forms forms;
    ir::Form last = 1;
    std::size_t numbered = 0;
    for (std::uint32_t token = 0; token < 65536; ++token) {
      last = forms.of(static_cast<std::uint16_t>(token), 1, kNoChild, kNoChild);
      numbered += last != ir::kNoForm ? 1 : 0;
    }
    CHECK(last == ir::kNoForm);
    CHECK(numbered >= 4096);
    CHECK(forms.of(1, last, kNoChild, kNoChild) == ir::kNoForm);
    CHECK(forms.of(0, 1, kNoChild, kNoChild) != ir::kNoForm);
  }
}

}  // namespace tinywasm::vm
