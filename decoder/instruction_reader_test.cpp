// SPDX-License-Identifier: Apache-2.0
#include "decoder/instruction_reader.hpp"

#include <doctest/doctest.h>

namespace tinywasm::decoder {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What follows an expression in a module: another segment.
Bytes with_rest(Bytes expression) {
  expression.insert(expression.end(), 16, 0x0B);
  return expression;
}

/// The same by the reader that knows all expressions.
PlainConstant read_with_care(const Bytes& bytes) {
  ByteReader reader(std::as_bytes(std::span(bytes)), 0, bytes.size());
  InstructionReader instructions;
  Instruction insn;
  REQUIRE(instructions.read(reader, insn));
  PlainConstant constant;
  constant.type = insn.id == Insn::i32_const ? ValType::kI32 : ValType::kI64;
  constant.bits = insn.value;
  REQUIRE(instructions.read(reader, insn));
  REQUIRE(insn.id == Insn::end);
  constant.length = reader.offset();
  return constant;
}

void check_plain(const Bytes& expression) {
  CAPTURE(expression.size());
  const Bytes bytes = with_rest(expression);
  const auto plain = plain_constant(bytes);
  REQUIRE(plain);
  const PlainConstant expected = read_with_care(bytes);
  CHECK(plain->type == expected.type);
  CHECK(plain->bits == expected.bits);
  CHECK(plain->length == expected.length);
  CHECK(plain->length == expression.size());
}

}  // namespace

TEST_SUITE("instruction_reader") {
  TEST_CASE("a plain constant is what the instructions say") {
    check_plain({0x41, 0x00, 0x0B});
    check_plain({0x41, 0x7F, 0x0B});              // -1
    check_plain({0x41, 0x80, 0x80, 0x04, 0x0B});  // 65536
    check_plain({0x41, 0x80, 0x80, 0x80, 0x40, 0x0B});
    check_plain({0x41, 0x85, 0x80, 0x00, 0x0B});  // longer than it has to be
    check_plain({0x42, 0x40, 0x0B});
    check_plain({0x42, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F, 0x0B});
    check_plain({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0x0B});
  }

  TEST_CASE("other expressions are no plain constants") {
    CHECK_FALSE(plain_constant(with_rest({0x23, 0x00, 0x0B})));                    // global.get
    CHECK_FALSE(plain_constant(with_rest({0x41, 0x01, 0x41, 0x02, 0x6A, 0x0B})));  // a sum
    CHECK_FALSE(plain_constant(with_rest({0x41, 0x01, 0x00})));                    // no end
    // What can be out of range is left to those who can say so.
    CHECK_FALSE(plain_constant(with_rest({0x41, 0x80, 0x80, 0x80, 0x80, 0x08, 0x0B})));
    CHECK_FALSE(plain_constant(
        with_rest({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x0B})));
    CHECK_FALSE(plain_constant(Bytes{}));
    CHECK_FALSE(plain_constant(Bytes{0x41, 0x00, 0x0B}));  // nothing follows: not looked at
  }
}

}  // namespace tinywasm::decoder
