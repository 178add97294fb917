// SPDX-License-Identifier: Apache-2.0
// Arguments and expected results of test scripts.
#include <algorithm>
#include <limits>

#include "decoder/text_number.hpp"
#include "decoder/text_types.hpp"
#include "spec-tests/script.hpp"

namespace tinywasm::spec {

using decoder::HeapType;
using decoder::Insn;
using decoder::Keyword;
using decoder::Message;
using decoder::TextCursor;
using decoder::Token;
using decoder::TokenKind;
using decoder::ValType;

namespace {

struct LaneShape {
  unsigned bits;
  bool is_float;
};

bool is_number(const Token& token) {
  return token.kind == TokenKind::natural || token.kind == TokenKind::integer ||
         token.kind == TokenKind::real;
}

Pattern::Lane parse_lane(TextCursor& in, LaneShape shape) {
  const Token token = in.next();
  if (shape.is_float && token.is(Keyword::nan_canonical)) {
    return {.kind = Pattern::Lane::Kind::nan_canonical};
  }
  if (shape.is_float && token.is(Keyword::nan_arithmetic)) {
    return {.kind = Pattern::Lane::Kind::nan_arithmetic};
  }
  std::optional<std::uint64_t> bits;
  if (!is_number(token)) {
    in.fail_unexpected(token);
  } else if (!shape.is_float) {
    bits = decoder::parse_integer(token.text, shape.bits);
  } else if (shape.bits == 32) {
    bits = decoder::parse_f32(token.text);
  } else {
    bits = decoder::parse_f64(token.text);
  }
  if (!bits) in.fail_naming(Message::constant_out_of_range, token);
  return {.kind = Pattern::Lane::Kind::bits, .bits = bits.value_or(0)};
}

Pattern parse_number(TextCursor& in, ValueType type, LaneShape shape, unsigned count) {
  Pattern pattern;
  pattern.type = type;
  pattern.lane_bits = shape.bits;
  pattern.lane_count = count;
  for (unsigned i = 0; i < count; ++i) pattern.lanes[i] = parse_lane(in, shape);
  return pattern;
}

Pattern parse_vector(TextCursor& in) {
  const Token token = in.next();
  switch (token.keyword) {
    case Keyword::i8x16:
      return parse_number(in, ValueType::v128, {8, false}, 16);
    case Keyword::i16x8:
      return parse_number(in, ValueType::v128, {16, false}, 8);
    case Keyword::i32x4:
      return parse_number(in, ValueType::v128, {32, false}, 4);
    case Keyword::i64x2:
      return parse_number(in, ValueType::v128, {64, false}, 2);
    case Keyword::f32x4:
      return parse_number(in, ValueType::v128, {32, true}, 4);
    case Keyword::f64x2:
      return parse_number(in, ValueType::v128, {64, true}, 2);
    default:
      in.fail_unexpected(token);
      return {};
  }
}

Pattern reference(Pattern::Kind kind) {
  Pattern pattern;
  pattern.kind = kind;
  return pattern;
}

Pattern parse_null(TextCursor& in) {
  Pattern pattern = reference(Pattern::Kind::null);
  if (in.at(TokenKind::right)) return pattern;
  const Token token = in.next();
  const auto heap = decoder::abstract_heap_type(token.keyword);
  if (!heap) in.fail_unexpected(token);
  pattern.heap = heap;
  return pattern;
}

Pattern parse_numbered(TextCursor& in, Pattern::Kind kind) {
  Pattern pattern = reference(kind);
  if (in.at(TokenKind::natural)) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
    pattern.number =
        static_cast<std::uint32_t>(in.expect_natural(kMax, Message::constant_out_of_range));
  }
  return pattern;
}

/// Patterns whose first word is an instruction.
std::optional<Pattern> parse_constant(TextCursor& in, Insn insn) {
  switch (insn) {
    case Insn::i32_const:
      return parse_number(in, ValueType::i32, {32, false}, 1);
    case Insn::i64_const:
      return parse_number(in, ValueType::i64, {64, false}, 1);
    case Insn::f32_const:
      return parse_number(in, ValueType::f32, {32, true}, 1);
    case Insn::f64_const:
      return parse_number(in, ValueType::f64, {64, true}, 1);
    case Insn::v128_const:
      return parse_vector(in);
    case Insn::ref_null:
      return parse_null(in);
    case Insn::ref_func:
      return reference(Pattern::Kind::func);
    case Insn::ref_eq:
      return reference(Pattern::Kind::eq);
    case Insn::ref_i31:
      return reference(Pattern::Kind::i31);
    default:
      return std::nullopt;
  }
}

/// Patterns whose first word is of scripts only.
std::optional<Pattern> parse_script_word(TextCursor& in, std::string_view word) {
  if (word == "ref.extern") return parse_numbered(in, Pattern::Kind::extern_);
  if (word == "ref.host") return parse_numbered(in, Pattern::Kind::host);
  if (word == "ref.any") return reference(Pattern::Kind::any);
  if (word == "ref.struct") return reference(Pattern::Kind::struct_);
  if (word == "ref.array") return reference(Pattern::Kind::array);
  if (word == "ref.exn") return reference(Pattern::Kind::exn);
  return std::nullopt;
}

/// The pointer that stands for the host's object `number`: not null, which 0 would be.
void* host_pointer(std::uint32_t number) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number) + 1);
}

std::uint64_t mask_of(unsigned bits) { return ~std::uint64_t{0} >> (64 - bits); }

std::uint64_t lane_of(const std::uint64_t* slots, unsigned lane, unsigned bits) {
  const unsigned bit = lane * bits;
  return slots[bit / 64] >> (bit % 64) & mask_of(bits);
}

bool matches_lane(const Pattern::Lane& lane, std::uint64_t bits, unsigned width) {
  const std::uint64_t quiet_nan = width == 32 ? 0x7FC0'0000 : 0x7FF8'0000'0000'0000;
  switch (lane.kind) {
    case Pattern::Lane::Kind::bits:
      return bits == lane.bits;
    case Pattern::Lane::Kind::nan_canonical:  // of either sign
      return (bits & mask_of(width) >> 1) == quiet_nan;
    case Pattern::Lane::Kind::nan_arithmetic:
      return (bits & quiet_nan) == quiet_nan;
  }
  return false;
}

bool is_null(const Value& value) { return value.type().is_ref() && value.slots()[0] == 0; }

HeapType heap_of(const Value& value) { return ValType::from_bits(value.type().bits()).heap(); }

/// A pattern that is no `either`, after its opening parenthesis.
Pattern parse_single(TextCursor& in) {
  const Token word = in.next();
  std::optional<Pattern> pattern;
  if (word.insn != decoder::kNoInsn) {
    pattern = parse_constant(in, static_cast<Insn>(word.insn));
  } else {
    pattern = parse_script_word(in, word.text);
  }
  if (!pattern) in.fail_unexpected(word);
  in.expect_right();
  return std::move(pattern).value_or(Pattern{});
}

bool at_either(TextCursor& in) { return in.peek().text == "either"; }

}  // namespace

/// Alternatives of alternatives are alternatives: no recursion follows how deep they are nested.
Pattern parse_pattern(TextCursor& in) {
  if (!at_either(in)) return parse_single(in);
  in.next();
  Pattern pattern = reference(Pattern::Kind::either);
  for (std::size_t depth = 1;;) {
    if (in.accept(TokenKind::left)) {
      if (!at_either(in)) {
        pattern.alternatives.push_back(parse_single(in));
        continue;
      }
      in.next();
      ++depth;
    } else if (depth > 1 && in.accept(TokenKind::right)) {
      --depth;
    } else {
      break;
    }
  }
  in.expect_right();
  return pattern;
}

Pattern parse_argument(TextCursor& in) {
  const Token word = in.peek();
  Pattern pattern = parse_pattern(in);
  if (!pattern.is_value()) in.fail_unexpected(word);
  return pattern;
}

bool Pattern::is_value() const {
  switch (kind) {
    case Kind::number:
      return std::all_of(lanes.begin(), lanes.begin() + lane_count,
                         [](const Lane& lane) { return lane.kind == Lane::Kind::bits; });
    case Kind::null:
      return heap.has_value();
    case Kind::extern_:
    case Kind::host:
      return number.has_value();
    default:
      return false;
  }
}

Value Pattern::value(Store& store) const {
  switch (kind) {
    case Kind::number: {
      std::uint64_t slots[2] = {0, 0};
      for (unsigned i = 0; i < lane_count; ++i) {
        const unsigned bit = i * lane_bits;
        slots[bit / 64] |= lanes[i].bits << (bit % 64);
      }
      return Value::from_slots(nullptr, type, slots);
    }
    case Kind::null:
      return Value::null(ValueType::from_bits(ValType::ref(*heap, true).bits()));
    case Kind::extern_:
      return Value(ExternRef{host_pointer(*number)});
    case Kind::host:
      return AnyRef::convert_extern(store, ExternRef{host_pointer(*number)});
    default:
      return {};
  }
}

bool Pattern::matches(const Value& value) const {
  switch (kind) {
    case Kind::number:
      if (value.type() != type) return false;
      for (unsigned i = 0; i < lane_count; ++i) {
        if (!matches_lane(lanes[i], lane_of(value.slots(), i, lane_bits), lane_bits)) return false;
      }
      return true;
    case Kind::null:
      return is_null(value);
    case Kind::func:
      return !is_null(value) && heap_of(value) == HeapType::kFunc;
    case Kind::extern_:
      if (is_null(value) || heap_of(value) != HeapType::kExtern) return false;
      return !number || value.host_pointer() == host_pointer(*number);
    case Kind::host:
      if (heap_of(value) != HeapType::kAny || value.ref_kind() != RefKind::host) return false;
      return !number || value.host_pointer() == host_pointer(*number);
    case Kind::any:
      return !is_null(value) && heap_of(value) == HeapType::kAny;
    case Kind::eq:
      return heap_of(value) == HeapType::kAny &&
             (value.ref_kind() == RefKind::i31 || value.ref_kind() == RefKind::structure ||
              value.ref_kind() == RefKind::array);
    case Kind::i31:
      return heap_of(value) == HeapType::kAny && value.ref_kind() == RefKind::i31;
    case Kind::struct_:
      return heap_of(value) == HeapType::kAny && value.ref_kind() == RefKind::structure;
    case Kind::array:
      return heap_of(value) == HeapType::kAny && value.ref_kind() == RefKind::array;
    case Kind::exn:
      return value.ref_kind() == RefKind::exception;
    case Kind::either:
      return std::any_of(alternatives.begin(), alternatives.end(),
                         [&](const Pattern& pattern) { return pattern.matches(value); });
  }
  return false;
}

}  // namespace tinywasm::spec
