// SPDX-License-Identifier: Apache-2.0
#include "decoder/validator.hpp"

#include <doctest/doctest.h>
#include <random>
#include <string>

#include "decoder/reader.hpp"
#include "decoder/test_bytes.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;
using namespace tinywasm::decoder::test;

namespace {

/// "" for a valid module, else kind and message.
std::string verdict(Bytes input) {
  auto m = read_module(std::move(input));
  auto result = m ? validate_module(*m) : Result<void>(m.error());
  if (!result) {
    return std::string(to_string(result.error().kind)) + ": " + result.error().message;
  }
  return "";
}

/// The verdict on a body of type [params] -> [results], in a module that also has: type 0 [] -> [],
/// type 1 the function's, type 2 [i32] -> [i32]; table 0 of funcref, table 1 of externref, memory
/// 0, global 0 i32, global 1 mutable i64; passive segments of functions and of data; function 0 is
/// the body, function 1 has type 2, function 2 type 0 and is declared.
Bytes module_around(Bytes type, Bytes code) {
  return module({
      section(1, {vec({bytes({0x60, 0, 0}), std::move(type), bytes({0x60, 1, 0x7f, 1, 0x7f})})}),
      section(3, {vec({1, 2, 0})}),
      section(4, {vec({bytes({0x70, 0, 1}), bytes({0x6f, 0, 1})})}),
      section(5, {vec({bytes({0, 1})})}),
      section(6, {vec({bytes({0x7f, 0, 0x41, 1, 0x0b}), bytes({0x7e, 1, 0x42, 1, 0x0b})})}),
      section(9, {vec({bytes({1, 0, vec({2})})})}),
      section(12, {1}),
      section(10, {vec({std::move(code), body({0x20, 0}), body({})})}),
      section(11, {vec({bytes({1, sized({"data"})})})}),
  });
}

Bytes type(Parts params, Parts results) { return bytes({0x60, vec(params), vec(results)}); }

std::string check(Bytes func_type, Parts instructions) {
  return verdict(module_around(std::move(func_type), body(instructions)));
}
std::string check(Parts instructions) { return check(type({}, {}), instructions); }
std::string check_i32(Parts instructions) { return check(type({}, {0x7f}), instructions); }

/// Writes down what it is told.
struct Recorder {
  std::string log;

  bool go_on() const { return true; }
  bool wants_all_locals() const { return true; }
  void begin(std::span<const ValType> locals) { log += to_string(locals); }
  void block(const Instruction& insn, const BlockSignature& signature) {
    log += ' ' + std::string(info(insn.id).text) + to_string(signature.params) +
           to_string(signature.results);
  }
  void else_(const Instruction&, bool reachable) { log += reachable ? " else" : " else!"; }
  void catch_(const Instruction& insn, std::span<const ValType> params, bool reachable) {
    log += ' ' + std::string(info(insn.id).text) + (reachable ? "" : "!") + to_string(params);
  }
  void end(const Instruction&, bool reachable) { log += reachable ? " end" : " end!"; }
  void insn(const Instruction& insn) {
    log += ' ' + std::string(info(insn.id).text);
    switch (info(insn.id).immediates) {
      case Immediates::none:
        break;
      case Immediates::i32:
      case Immediates::i64:
      case Immediates::f64:
        log += ':' + std::to_string(insn.value);
        break;
      case Immediates::mem32:
        log += ':' + std::to_string(insn.value) + '/' + std::to_string(insn.align);
        break;
      case Immediates::labels:
        for (const std::uint32_t label : insn.labels) log += ':' + std::to_string(label);
        break;
      default:
        log += ':' + std::to_string(insn.index);
    }
  }
};

std::string record(Bytes func_type, Parts locals, Parts instructions) {
  Bytes code = sized({vec(locals), bytes(instructions), 0x0b});
  auto m = read_module(module_around(std::move(func_type), std::move(code)));
  REQUIRE(m);
  if (auto valid = validate_module(*m); !valid) return to_string(valid.error());
  Recorder recorder;
  REQUIRE(validate_function(*m, 0, recorder));
  return recorder.log;
}

constexpr const char* kNeedsI32 = "invalid: type mismatch: instruction requires [i32] but stack ";

}  // namespace

TEST_SUITE("validator") {
  TEST_CASE("plain instructions take and give what their rows say") {
    CHECK(check_i32({0x41, 1, 0x41, 2, 0x6a}) == "");
    CHECK(check_i32({0x41, 1, 0x6a}) ==
          "invalid: type mismatch: instruction requires [i32 i32] but stack has [i32]");
    CHECK(check_i32({0x42, 1, 0x41, 2, 0x6a}) ==
          "invalid: type mismatch: instruction requires [i32 i32] but stack has [i64 i32]");
    CHECK(check_i32({0x43, 0, 0, 0, 0, 0xa8}) == "");
    CHECK(check_i32({}) == "invalid: type mismatch: instruction requires [i32] but stack has []");
    CHECK(check({0x41, 0}) == "invalid: type mismatch: block requires [] but stack has [i32]");
    CHECK(check_i32({0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x50}) ==
          "");
  }

  TEST_CASE("locals") {
    CHECK(check(type({0x7f, 0x7e}, {0x7e}), {0x20, 1}) == "");
    CHECK(check(type({0x7f}, {0x7f}), {0x20, 1}) == "invalid: unknown local 1");
    CHECK(check(type({0x7f}, {}), {0x42, 0, 0x21, 0}) == kNeedsI32 + std::string("has [i64]"));
    CHECK(check(type({0x7f}, {0x7f}), {0x41, 0, 0x22, 0}) == "");
    // Many locals in few bytes; the last one is beyond what is laid out flat.
    CHECK(verdict(module_around(type({}, {0x7d}), sized({2, leb(40000), 0x7f, leb(9000), 0x7d, 0x20,
                                                         leb(48999), 0x0b}))) == "");
    CHECK(verdict(module_around(type({}, {}), sized({1, leb(50001), 0x7f, 0x0b}))) ==
          "unsupported: more than 50000 locals");
    CHECK(verdict(module_around(type({}, {}), sized({2, leb(0xffffffff), 0x7f, 1, 0x7e, 0x0b}))) ==
          "malformed: too many locals");
  }

  TEST_CASE("call_ref of a type that is not there") {
    CHECK(check({0xd0, 0x70, 0x14, leb(1'368'019)}) == "invalid: unknown type 1368019");
    CHECK(check({0xd0, 0x70, 0x15, leb(1'368'019)}) == "invalid: unknown type 1368019");
    // array.get, array.set, struct.get of a reference to another type
    const Bytes null = bytes({0xd0, 0});
    CHECK(check({null, 0x41, 0, 0xfb, 0x0b, leb(1'368'019)}) == "invalid: unknown type 1368019");
    CHECK(check({null, 0x41, 0, 0x41, 0, 0xfb, 0x0e, leb(1'368'019)}) ==
          "invalid: unknown type 1368019");
    CHECK(check({null, 0xfb, 0x02, leb(1'368'019), 0}) == "invalid: unknown type 1368019");
  }

  TEST_CASE("blocks and branches") {
    CHECK(check_i32({0x02, 0x7f, 0x41, 1, 0x0b}) == "");
    CHECK(check({0x02, 0x7f, 0x0b, 0x1a}) ==
          "invalid: type mismatch: instruction requires [i32] but stack has []");
    CHECK(check({0x03, 0x40, 0x0c, 0, 0x0b}) == "");
    CHECK(check_i32({0x02, 0x7f, 0x41, 1, 0x41, 0, 0x0d, 0, 0x0b}) == "");
    CHECK(check({0x0c, 1}) == "invalid: unknown label 1");
    CHECK(check({0x41, 0, 0x04, 0x7f, 0x41, 0, 0x0b, 0x1a}) ==
          "invalid: type mismatch: if without else requires [i32] but stack has [i32]");
    CHECK(check_i32({0x41, 0, 0x04, 0x7f, 0x41, 0, 0x05, 0x41, 2, 0x0b}) == "");
    CHECK(check_i32({0x41, 5, 0x41, 0, 0x04, 2, 0x05, 0x0b}) == "");  // type 2: [i32] -> [i32]
    CHECK(check_i32({0x41, 5, 0x41, 0, 0x04, 2, 0x0b}) == "");
    CHECK(check({0x02, 9, 0x0b}) == "invalid: unknown type 9");
    CHECK(check({0x05}) == "malformed: misplaced ELSE opcode");
    // A branch to a loop takes its parameters, one to a block its results.
    CHECK(check_i32({0x41, 5, 0x03, 2, 0x41, 0, 0x0d, 0, 0x0b}) == "");
    CHECK(check({0x41, 0, 0x0e, 2, 0, 0, 0}) == "");
    CHECK(check({0x02, 0x7f, 0x41, 0, 0x41, 0, 0x0e, 1, 0, 1, 0x0b, 0x1a}) ==
          "invalid: type mismatch: label requires [i32] but stack has [i32]");
    CHECK(check_i32({0x0f}) ==
          "invalid: type mismatch: instruction requires [i32] but stack has []");
  }

  TEST_CASE("unreachable code is checked as far as it can be") {
    CHECK(check_i32({0x00}) == "");
    CHECK(check_i32({0x00, 0x6a}) == "");
    CHECK(check_i32({0x00, 0x42, 0, 0x6a}) ==
          "invalid: type mismatch: instruction requires [i32 i32] but stack has [i64]");
    CHECK(check_i32({0x00, 0x1b}) == "");
    CHECK(check({0x0f, 0x02, 0x7f, 0x0b, 0x1a}) ==
          "invalid: type mismatch: instruction requires [i32] but stack has []");
    CHECK(check({0x00, 0xd1, 0x1a}) == "");
    CHECK(check({0x00, 0x0e, 0, 0}) == "");
    CHECK(check({0x00, 0xff}) == "malformed: illegal opcode ff");
  }

  TEST_CASE("the end of a body") {
    const auto raw = [](Parts code, Bytes after) {
      return verdict(module({section(1, {vec({type({}, {})})}), section(3, {vec({0})}),
                             section(10, {vec({sized(code)})}), std::move(after)}));
    };
    CHECK(raw({0, 0x0b}, {}) == "");
    CHECK(raw({0}, {}) == "malformed: unexpected end of section or function");
    CHECK(raw({0, 0x41}, {}) == "malformed: unexpected end of section or function");
    CHECK(raw({0, 0x02, 0x40, 0x0b}, {}) == "malformed: unexpected end of section or function");
    CHECK(raw({0, 0x0b, 0x0b}, {}) == "malformed: section size mismatch");
    CHECK(raw({0, 0x01}, section(11, {0})) == "malformed: section size mismatch");
    CHECK(raw({0, 0x01}, section(0, {0})) == "malformed: END opcode expected");
  }

  TEST_CASE("memory instructions") {
    CHECK(check_i32({0x41, 0, 0x28, 2, 0}) == "");
    CHECK(check_i32({0x41, 0, 0x28, 3, 0}) == "invalid: alignment must not be larger than natural");
    CHECK(check_i32({0x41, 0, 0x28, 0x42, 0, 0}) == "");
    CHECK(check_i32({0x41, 0, 0x28, 0x42, 1, 0}) == "invalid: unknown memory 1");
    CHECK(check_i32({0x41, 0, 0x28, 0x80, 1, 0}) == "malformed: malformed memop flags");
    CHECK(check_i32({0x41, 0, 0x28, 2, leb(0xffffffff)}) == "");
    CHECK(check_i32({0x41, 0, 0x28, 2, leb(0x100000000)}) == "invalid: offset out of range");
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0}) == "");
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 1, 0}) == "invalid: unknown data segment 1");
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 0, 0}) == "");
    CHECK(check({0xfc, 9, 0}) == "");
    CHECK(check_i32({0x3f, 0, 0x40, 0}) == "");
    CHECK(verdict(function(type({}, {}), body({0xfc, 9, 0}))) ==
          "malformed: data count section required");
    CHECK(verdict(function(type({}, {0x7f}), body({0x41, 0, 0x28, 2, 0}))) ==
          "invalid: unknown memory 0");
  }

  TEST_CASE("tables and references") {
    CHECK(check({0x41, 0, 0x25, 0, 0x1a}) == "");
    CHECK(check({0x41, 0, 0x25, 2, 0x1a}) == "invalid: unknown table 2");
    CHECK(check({0x41, 0, 0xd0, 0x70, 0x26, 0}) == "");
    CHECK(check({0x41, 0, 0xd0, 0x6f, 0x26, 0}) ==
          "invalid: type mismatch: instruction requires [i32 funcref] but stack has [i32 "
          "externref]");
    CHECK(check({0xd2, 2, 0x1a}) == "");
    CHECK(check({0xd2, 1, 0x1a}) == "invalid: undeclared function reference");
    CHECK(check({0xd2, 3, 0x1a}) == "invalid: unknown function 3");
    CHECK(check({0x41, 0, 0xd2, 2, 0x26, 0}) == "");  // a typed reference is a funcref
    CHECK(check_i32({0xd0, 0x70, 0xd1}) == "");
    CHECK(check_i32({0x41, 0, 0xd1}) == "invalid: type mismatch: a reference is required");
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0c, 0, 0}) == "");
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0c, 1, 0}) ==
          "invalid: unknown elem segment 1");
    CHECK(
        check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0c, 0, 1}).starts_with("invalid: type mismatch"));
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0e, 0, 0}) == "");
    CHECK(
        check({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0e, 0, 1}).starts_with("invalid: type mismatch"));
    CHECK(check_i32({0xd0, 0x6f, 0x41, 0, 0xfc, 0x0f, 1}) == "");
    CHECK(check({0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1c, 1, 0x70, 0x1a}) == "");
    CHECK(check({0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1b, 0x1a})
              .starts_with("invalid: type mismatch: select between"));
    CHECK(check({0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 2, 0x7f, 0x7f, 0x1a}) ==
          "invalid: invalid result arity");
  }

  TEST_CASE("calls") {
    CHECK(check_i32({0x41, 0, 0x10, 1}) == "");
    CHECK(check({0x10, 1, 0x1a}) == kNeedsI32 + std::string("has []"));
    CHECK(check({0x10, 3}) == "invalid: unknown function 3");
    CHECK(check_i32({0x41, 0, 0x41, 0, 0x11, 2, 0}) == "");
    CHECK(
        check_i32({0x41, 0, 0x41, 0, 0x11, 2, 1}).starts_with("invalid: type mismatch: table of"));
    CHECK(check_i32({0x41, 0, 0x41, 0, 0x11, 9, 0}) == "invalid: unknown type 9");
    CHECK(check_i32({0x41, 0, 0x12, 1}) == "");
    CHECK(check_i32({0x41, 0, 0x41, 0, 0x13, 2, 0}) == "");
    CHECK(check({0x41, 0, 0x12, 1}) ==
          "invalid: type mismatch: callee returns [i32] but function []");
  }

  TEST_CASE("globals") {
    CHECK(check_i32({0x23, 0}) == "");
    CHECK(check({0x42, 0, 0x24, 1}) == "");
    CHECK(check({0x41, 0, 0x24, 0}) == "invalid: immutable global");
    CHECK(check_i32({0x23, 2}) == "invalid: unknown global 2");
  }

  TEST_CASE("vectors are checked in full") {
    const Bytes zero = bytes({0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(check_i32({zero, 0xfd, 0x1b, 3}) == "");
    CHECK(check_i32({zero, 0xfd, 0x1b, 4}) == "invalid: invalid lane index");
    CHECK(check_i32({zero, zero, zero, 0xfd, 0x52, 0xfd, 0x53}) == "");
    CHECK(check_i32({0x41, 0, zero, 0xfd, 0x52, 0xfd, 0x53}) ==
          "invalid: type mismatch: instruction requires [v128 v128 v128] but stack has [i32 v128]");
    CHECK(check({0x41, 0, zero, 0xfd, 0x0b, 4, 0}) == "");
    CHECK(check({0x41, 0, zero, 0xfd, 0x0b, 5, 0}) ==
          "invalid: alignment must not be larger than natural");
    CHECK(verdict(module_around(type({}, {}), sized({1, 1, 0x7b, 0x0b}))) == "");
    CHECK(check(type({0x7b}, {}), {}) == "");
  }

  TEST_CASE("typed function references") {
    // (ref null 2) and (ref 2) of type [i32] -> [i32]
    CHECK(check({0xd2, 2, 0xd4, 0x1a}) == "");
    CHECK(check_i32({0x41, 0, 0xd0, 2, 0x14, 2}) == "");
    CHECK(check_i32({0x41, 0, 0xd0, 0, 0x14, 2}).starts_with("invalid: type mismatch"));
    CHECK(check({0xd0, 2, 0xd5, 0, 0x1a}) == "");
    CHECK(check({0x02, 0x64, 2, 0xd0, 2, 0xd6, 0, 0x00, 0x0b, 0x1a}) == "");
    CHECK(check({0x02, 0x64, 0, 0xd0, 2, 0xd6, 0, 0x00, 0x0b, 0x1a})
              .starts_with("invalid: type mismatch"));
    CHECK(check({0x00, 0xd4, 0x45, 0x1a}).starts_with("invalid: type mismatch"));
    const auto with_local = [](Parts code) {
      return verdict(module_around(type({}, {}), sized({1, 1, 0x64, 0, bytes(code), 0x0b})));
    };
    CHECK(with_local({0x20, 0, 0x1a}) == "invalid: uninitialized local 0");
    CHECK(with_local({0xd2, 2, 0x21, 0, 0x20, 0, 0x1a}) == "");
    CHECK(with_local({0x02, 0x40, 0xd2, 2, 0x21, 0, 0x0b, 0x20, 0, 0x1a}) ==
          "invalid: uninitialized local 0");
    CHECK(with_local({0xd2, 2, 0x22, 0, 0x1a, 0x02, 0x40, 0x20, 0, 0x1a, 0x0b}) == "");
  }

  TEST_CASE("types: groups, equivalence and subtypes") {
    const auto types = [](Parts all) { return verdict(module({section(1, {vec(all)})})); };
    const Bytes func = type({}, {});
    CHECK(types({bytes({0x50, 0, func}), bytes({0x50, 1, 0, func})}) == "");
    CHECK(types({func, bytes({0x50, 1, 0, func})}).starts_with("invalid: sub type"));
    CHECK(types({bytes({0x50, 0, func}), bytes({0x50, 1, 0, type({0x7f}, {})})})
              .starts_with("invalid: sub type"));
    CHECK(types({bytes({0x50, 1, 0, func})}) == "invalid: unknown type 0");
    CHECK(types({type({bytes({0x63, 1})}, {}), func}) == "invalid: unknown type 1");
    // Within a group, types may refer to later ones.
    CHECK(types({bytes({0x4e, vec({type({bytes({0x63, 1})}, {}), func})})}) == "");
    // A struct may be subtyped in depth where it is immutable, and in width.
    const Bytes point = bytes({0x50, 0, 0x5f, vec({bytes({0x6e, 0})})});
    CHECK(types({point, bytes({0x50, 1, 0, 0x5f, vec({bytes({0x6c, 0}), bytes({0x7f, 1})})})}) ==
          "");
    CHECK(types({point, bytes({0x50, 1, 0, 0x5f, vec({bytes({0x6c, 1})})})})
              .starts_with("invalid: sub type"));

    auto m = read_module(module({section(
        1, {vec({bytes({0x4e, vec({bytes({0x5f, vec({bytes({0x63, 1, 0})})}), func})}), func,
                 bytes({0x4e, vec({bytes({0x5f, vec({bytes({0x63, 4, 0})})}), func})}), func})})}));
    REQUIRE(m);
    REQUIRE(validate_module(*m));
    CHECK(m->canonical_types == std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2});
  }

  TEST_CASE("a chain of supertypes has a limit") {
    Bytes all = bytes({0x50, 0, 0x60, 0, 0});
    int count = 1;
    for (; count <= 64; ++count) all = bytes({all, 0x50, 1, leb(count - 1), 0x60, 0, 0});
    CHECK(verdict(module({section(1, {leb(count), all})})) ==
          "unsupported: subtypes nested too deeply");
  }

  TEST_CASE("constant expressions") {
    const auto global = [](int value_type, Parts init) {
      return verdict(module({section(1, {vec({type({}, {})})}),
                             section(2, {vec({bytes({0, 0, 3, 0x7f, 0}), bytes({0, 0, 3, 0x7f, 1}),
                                              bytes({0, 0, 0, 0})})}),
                             section(6, {vec({bytes({value_type, 0, bytes(init), 0x0b})})})}));
    };
    CHECK(global(0x7f, {0x41, 1}) == "");
    CHECK(global(0x7f, {0x23, 0, 0x41, 1, 0x6a, 0x41, 2, 0x6c}) == "");
    CHECK(global(0x7f, {0x23, 1}) == "invalid: constant expression required");
    CHECK(global(0x7f, {0x23, 2}) == "invalid: unknown global 2");  // itself
    CHECK(global(0x7f, {0x41, 1, 0x45}) == "invalid: constant expression required");
    CHECK(global(0x7f, {0x02, 0x7f, 0x41, 1, 0x0b}) == "invalid: constant expression required");
    CHECK(global(0x7e, {0x41, 1}) ==
          "invalid: type mismatch: instruction requires [i64] but stack has [i32]");
    CHECK(global(0x7f, {}).starts_with("invalid: type mismatch"));
    CHECK(global(0x7f, {0x41, 1, 0x41, 1}).starts_with("invalid: type mismatch"));
    CHECK(global(0x70, {0xd2, 0}) == "");
    CHECK(global(0x70, {0xd2, 1}) == "invalid: unknown function 1");
  }

  TEST_CASE("a global may use those before it") {
    const Bytes one = bytes({0x7f, 0, 0x41, 1, 0x0b});
    CHECK(verdict(module({section(6, {vec({one, bytes({0x7f, 0, 0x23, 0, 0x0b})})})})) == "");
    CHECK(verdict(module({section(6, {vec({bytes({0x7f, 0, 0x23, 1, 0x0b}), one})})})) ==
          "invalid: unknown global 1");
  }

  TEST_CASE("modules") {
    CHECK(verdict(module({section(5, {vec({bytes({0, leb(65537)})})})})) ==
          "invalid: memory size must be at most 65536 pages (4GiB)");
    CHECK(verdict(module({section(5, {vec({bytes({1, 2, 1})})})})) ==
          "invalid: size minimum must not be greater than maximum");
    CHECK(verdict(module({section(4, {vec({bytes({0x70, 0, leb(0x100000000)})})})})) ==
          "invalid: table size must be at most 2^32-1");
    CHECK(verdict(module({section(4, {vec({bytes({0x64, 0x70, 0, 1})})})}))
              .starts_with("invalid: type mismatch"));
    CHECK(verdict(module({section(5, {vec({bytes({2, 1})})})})) ==
          "invalid: shared memory must have maximum");
    CHECK(verdict(module({section(3, {vec({0})}), section(10, {vec({body({})})})})) ==
          "invalid: unknown type 0");
    CHECK(verdict(module({section(7, {vec({bytes({1, "a", 0, 0})})})})) ==
          "invalid: unknown function 0");
    CHECK(verdict(module({section(5, {vec({bytes({0, 1})})}),
                          section(7, {vec({bytes({1, "a", 2, 0}), bytes({1, "a", 2, 0})})})})) ==
          "invalid: duplicate export name");
    CHECK(verdict(module({section(8, {0})})) == "invalid: unknown function 0");
    CHECK(verdict(module({section(1, {vec({type({}, {0x7f})})}), section(3, {vec({0})}),
                          section(8, {0}), section(10, {vec({body({0x41, 0})})})})) ==
          "invalid: start function must have type [] -> []");
    CHECK(verdict(module({section(9, {vec({bytes({0, 0x41, 0, 0x0b, vec({})})})})})) ==
          "invalid: unknown table 0");
    CHECK(verdict(module({section(11, {vec({bytes({0, 0x41, 0, 0x0b, 0})})})})) ==
          "invalid: unknown memory 0");
    CHECK(verdict(module(
              {section(1, {vec({type({}, {0x7f})})}), section(13, {vec({bytes({0, 0})})})})) ==
          "invalid: non-empty tag result type");
  }

  TEST_CASE("what is valid but cannot be run is noted") {
    CHECK(verdict(module({section(4, {vec({bytes({0x6e, 0, 1})})})})) == "");
    CHECK(verdict(module({section(1, {vec({type({}, {})})}), section(13, {vec({bytes({0, 0})})})}))
              .empty());
    auto m = read_module(function(type({}, {}), body({0x01, 0xfd, 0x53})));
    REQUIRE(m);
    CHECK(!validate_module(*m));
  }

  TEST_CASE("functions that may be named are those outside of bodies") {
    auto m = read_module(module_around(type({}, {}), body({})));
    REQUIRE(m);
    REQUIRE(validate_module(*m));
    CHECK(m->declared_functions == std::vector<bool>{false, false, true});
  }

  TEST_CASE("64-bit addresses") {
    const auto with_memory64 = [](Parts code) {
      return verdict(
          module({section(1, {vec({type({}, {})})}), section(3, {vec({0})}),
                  section(4, {vec({bytes({0x70, 4, 1})})}), section(5, {vec({bytes({4, 1})})}),
                  section(10, {vec({body(code)})})}));
    };
    CHECK(with_memory64({0x42, 0, 0x28, 2, leb(0x100000000), 0x1a}) == "");
    CHECK(with_memory64({0x41, 0, 0x28, 2, 0, 0x1a}).starts_with("invalid: type mismatch"));
    CHECK(with_memory64({0x3f, 0, 0x50, 0x1a}) == "");
    CHECK(with_memory64({0x42, 0, 0x41, 0, 0x42, 0, 0xfc, 0x0b, 0}) == "");
    CHECK(with_memory64({0x42, 0, 0x25, 0, 0x1a}) == "");
    CHECK(with_memory64({0x42, 0, 0x11, 0, 0}) == "");
  }

  TEST_CASE("a sink hears of the reachable part, in order") {
    CHECK(record(type({0x7f}, {0x7f}), {bytes({1, 0x7e})},
                 {0x20, 0, 0x41, 0xff, 0, 0x6a, 0x42, 0x7f, 0x21, 1}) ==
          "[i32 i64] local.get:0 i32.const:127 i32.add i64.const:18446744073709551615 local.set:1 "
          "end");
    CHECK(record(type({}, {}), {},
                 {0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0c, 0, 0x41, 1, 0x02, 0x40, 0x0b, 0x1a, 0x0b,
                  0x01}) == "[] block[][] i32.const:0 br_if:0 br:0 end! nop end");
    CHECK(record(type({}, {0x7f}), {}, {0x41, 1, 0x04, 0x7f, 0x41, 2, 0x05, 0x00, 0x41, 3, 0x0b}) ==
          "[] i32.const:1 if[][i32] i32.const:2 else unreachable end! end");
    CHECK(record(type({}, {0x7f}), {}, {0x41, 1, 0x04, 0x7f, 0x0f, 0x05, 0x41, 3, 0x0b})
              .starts_with("type mismatch: instruction requires [i32]"));
    CHECK(record(type({0x7f}, {0x7f}), {},
                 {0x20, 0, 0x20, 0, 0x28, 2, 0x90, 1, 0x20, 0, 0x0e, 1, 0, 0}) ==
          "[i32] local.get:0 local.get:0 i32.load:144/2 local.get:0 br_table:0:0 end!");
    CHECK(record(type({0x7f}, {0x7f}), {}, {0x20, 0, 0x03, 2, 0x20, 0, 0x0d, 0, 0x10, 1, 0x0b}) ==
          "[i32] local.get:0 loop[i32][i32] local.get:0 br_if:0 call:1 end end");
    CHECK(record(type({}, {0x7c}), {}, {0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}) ==
          "[] f64.const:4607182418800017408 end");
  }

  TEST_CASE("deep nesting ends in an error, not in a crash") {
    Bytes deep;
    for (int i = 0; i < 70000; ++i) deep.insert(deep.end(), {std::byte{0x02}, std::byte{0x40}});
    CHECK(check({deep}) == "unsupported: blocks nested too deeply");
    Bytes pushes;
    for (int i = 0; i < 70000; ++i) pushes.insert(pushes.end(), {std::byte{0x41}, std::byte{0}});
    CHECK(check({pushes}) == "unsupported: function needs more than 65535 slots");
  }

  // Truncated and damaged modules are refused with one error, or are modules as well.
  TEST_CASE("damaged modules") {
    const Bytes good =
        module_around(type({0x7f}, {0x7f}),
                      body({0x20, 0,    0x04, 0x7f, 0x41, 1,  0x41, 0,    0x28, 2, 4,    0x6a, 0x05,
                            0x02, 0x40, 0x03, 0x40, 0x20, 0,  0x0e, 2,    0,    1, 1,    0x0b, 0x0b,
                            0x42, 5,    0x24, 1,    0x20, 0,  0x41, 0,    0x11, 2, 0,    0x0b, 0xd2,
                            2,    0x1a, 0xfd, 0x0c, 1,    2,  3,    4,    5,    6, 7,    8,    9,
                            10,   11,   12,   13,   14,   15, 16,   0xfd, 0x15, 3, 0x6a, 0xd0, 0x70,
                            0xd1, 0x6a, 0x41, 0,    0x41, 0,  0x41, 0,    0xfc, 8, 0,    0}));
    CHECK(verdict(good) == "");
    const auto survives = [](Bytes input) {
      auto m = read_module(std::move(input));
      if (!m) return !m.error().message.empty();
      auto valid = validate_module(*m);
      if (!valid) return !valid.error().message.empty();
      m->function_name(0);
      Recorder recorder;
      for (std::uint32_t i = m->imported_functions; i < m->functions.size(); ++i) {
        if (!validate_function(*m, i, recorder)) return false;
      }
      return true;
    };
    for (std::size_t size = 0; size < good.size(); ++size) {
      CHECK(survives(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    std::mt19937 random(1);  // NOLINT: the same damage in every run
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
      CHECK(survives(std::move(bad)));
    }
    for (int i = 0; i < 20000; ++i) {
      Bytes bad = good;
      for (auto n = 1 + random() % 4; n > 0; --n) {
        bad[8 + random() % (bad.size() - 8)] = static_cast<std::byte>(random());
      }
      if (!survives(std::move(bad))) FAIL("damage " << i);
    }
  }
}
