// SPDX-License-Identifier: Apache-2.0
#include "vm/translator.hpp"

#include <atomic>
#include <doctest/doctest.h>
#include <memory>
#include <set>
#include <string>
#include <string_view>

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

std::shared_ptr<const decoder::Module> module_of(std::string_view text) {
  auto bytes = decoder::assemble(text);
  REQUIRE(bytes);
  auto module = decoder::read_module(*std::move(bytes));
  REQUIRE(module);
  REQUIRE(decoder::validate_module(*module));
  return std::make_shared<const decoder::Module>(*std::move(module));
}

std::string repeat(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

/// A function of so many thousand instructions.
std::shared_ptr<const decoder::Module> long_function(int thousands) {
  return module_of("(module (func (param i32) (result i32)" +
                   repeat(" local.get 0 i32.const 7 i32.mul local.set 0", thousands * 250) +
                   " local.get 0))");
}

void check_program(std::uint64_t seed, const CodeOptions& options) {
  CAPTURE(seed);
  const auto module = module_of(RandomProgram(seed).text());
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

  TEST_CASE("code has limits") {
    const auto module = long_function(4);
    ModuleCode large(module);
    ModuleCode::Variant& variant = large.variant({});
    Translation translation;
    REQUIRE(translation.run(variant, 0) == Trap::none);
    const auto bytes = static_cast<std::uint32_t>(translation.code().size());
    const std::atomic<std::uint32_t> interrupt{0};

    ModuleCode narrow(module, {.function_bytes = bytes - 1});
    CHECK(translation.run(narrow.variant({}), 0) == Trap::function_too_large);
    CHECK(translate(*narrow.function(0, {}), interrupt).trap == Trap::function_too_large);
    ModuleCode wide(module, {.function_bytes = bytes});
    CHECK(translation.run(wide.variant({}), 0) == Trap::none);

    // Of all variants together.
    ModuleCode poor(module, {.bytes = bytes + bytes / 2});
    CHECK(translate(*poor.function(0, {}), interrupt).entry != nullptr);
    CHECK(translate(*poor.function(0, {.fuel = true}), interrupt).trap == Trap::code_exhausted);
  }

  TEST_CASE("locals that a short body does not name have no slots") {
    const std::string locals = "(local" + repeat(" i64", 49000) + ")";
    const std::string used = " local.get 48999 local.get 0 i64.add local.set 48998";
    const auto frame_of = [&](const std::string& body) {
      const auto module = module_of("(module (func (param i64) " + locals + body + "))");
      ModuleCode code(module);
      Translation translation;
      REQUIRE(translation.run(code.variant({}), 0) == Trap::none);
      return translation.frame();
    };
    CHECK(frame_of("") < 32);
    CHECK(frame_of(used) < 32);
    CHECK(frame_of(used + repeat(" nop", 49000)) > 49000);
  }

  TEST_CASE("a translation that is interrupted can be made again") {
    ModuleCode code(long_function(40));
    FunctionCode& function = *code.function(0, {});
    std::atomic<std::uint32_t> interrupt{1};
    const Translated ended = translate(function, interrupt);
    CHECK(ended.entry == nullptr);
    CHECK(ended.trap == Trap::interrupted);
    interrupt = 0;
    CHECK(translate(function, interrupt).entry != nullptr);
  }

  TEST_CASE("who waits for another's translation can be interrupted") {
    ModuleCode code(long_function(40));
    FunctionCode& function = *code.function(0, {});
    code.variant({}).is_translating = true;  // by somebody who never ends
    const std::atomic<std::uint32_t> interrupt{1};
    CHECK(translate(function, interrupt).trap == Trap::interrupted);
  }

  // Bytes of memory for each of the body, at most: values that come in numbers take no more each.
  TEST_CASE("code is linear in the body, however many values its instructions have") {
    const std::string many = repeat(" i32", 1000);
    const std::string start = "(module (type $t (func (param" + many + ") (result" + many + ")))" +
                              " (type $r (func (result" + many +
                              "))) (func $id (type $t) unreachable)" +
                              " (func $make (type $r) unreachable) (func $eat (param" + many +
                              "))" + " (func (type $r)" + repeat(" i32.const 1", 1000);
    const std::string_view bodies[] = {
        " call $id",
        " block (type $t) end",
        " loop (type $t) end",
        " i32.const 0 br_if 0",
        " i32.const 0 if (type $t) end",
        " try_table (type $t) end",
        " block (type $r) i32.const 5 call $make br 0 end call $eat"};
    for (const std::string_view body : bodies) {
      CAPTURE(body);
      std::size_t size[2];
      for (const int times : {1, 2}) {
        const auto module = module_of(start + repeat(body, 500 * times) + " return))");
        ModuleCode code(module);
        Translation translation;
        REQUIRE(translation.run(code.variant({}), 3) == Trap::none);
        size[times - 1] = translation.code().size();
      }
      CHECK(size[1] - size[0] < 500 * 200);
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
