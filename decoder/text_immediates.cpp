// SPDX-License-Identifier: Apache-2.0
// What follows the name of an instruction, by the `immediates` column of the instruction table.
#include <array>
#include <bit>
#include <limits>

#include "decoder/instruction.hpp"
#include "decoder/text_instructions.hpp"
#include "decoder/text_number.hpp"
#include "decoder/text_types.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::uint32_t kMaxIndex = std::numeric_limits<std::uint32_t>::max();

bool at_number(TextCursor& in) {
  return in.at(TokenKind::natural) || in.at(TokenKind::integer) || in.at(TokenKind::real);
}

/// As many numbers as there are, of which the first 16 are kept.
struct Lanes {
  std::array<Token, 16> tokens;
  std::size_t count = 0;
};

Lanes take_lanes(TextCursor& in) {
  Lanes lanes;
  for (; at_number(in); ++lanes.count) {
    const Token token = in.next();
    if (lanes.count < lanes.tokens.size()) lanes.tokens[lanes.count] = token;
  }
  // What was meant to be a number but is none is a better error than their count.
  const Token after = in.peek();
  const bool is_no_word = after.kind == TokenKind::keyword && !after.is_known_word();
  if (is_no_word || after.kind == TokenKind::reserved) in.fail_unexpected(after);
  return lanes;
}

/// The kind of the clause of a try_table that begins with this word. Two of the words are names of
/// legacy instructions too, and so are tokens of those.
std::optional<Catch::Kind> catch_kind(const Token& word) {
  if (word.insn == static_cast<std::uint16_t>(Insn::catch_)) return Catch::catch_;
  if (word.insn == static_cast<std::uint16_t>(Insn::catch_all)) return Catch::catch_all;
  if (word.is(Keyword::catch_ref)) return Catch::catch_ref;
  if (word.is(Keyword::catch_all_ref)) return Catch::catch_all_ref;
  return std::nullopt;
}

}  // namespace

/// `block`, `loop`, `if`, `try_table` or `try` after its label.
void TextInstructions::block_head(Insn insn, BinaryWriter& out) {
  out.opcode(insn);
  block_type(out);
  if (insn == Insn::try_table) catches(out);
}

void TextInstructions::block_type(BinaryWriter& out) {
  const TypeUse use = parse_type_use(context_, nullptr);
  const bool is_short = !use.index && use.param_count == 0 && use.result_count <= 1;
  if (!is_short) {
    out.signed_leb(resolve_type_use(context_, use));
  } else if (use.result_count == 0) {
    out.u8(0x40);
  } else {
    out.append(use.results);
  }
}

/// The clauses of a try_table; their labels do not count the try_table's own.
void TextInstructions::catches(BinaryWriter& out) {
  BinaryWriter clauses;
  std::uint32_t count = 0;
  for (; in_.at(TokenKind::left); ++count) {
    const auto kind = catch_kind(in_.peek_second());
    if (!kind) break;
    in_.next();
    in_.next();
    clauses.u8(*kind);
    if (*kind <= Catch::catch_ref) index(context_.tags, clauses);
    label_index(clauses);
    in_.expect_right();
  }
  out.unsigned_leb(count);
  out.append(clauses);
}

/// An instruction that is no block, opcode and immediates.
void TextInstructions::plain_instruction(Insn insn, BinaryWriter& out) {
  switch (insn) {
    case Insn::select:
      return select(out);
    case Insn::ref_test:
    case Insn::ref_cast:
    case Insn::ref_cast_desc_eq:
      return test_or_cast(insn, out);
    case Insn::memory_init:
    case Insn::data_drop:
    case Insn::array_new_data:
    case Insn::array_init_data:
      context_.uses_data_count = true;
      break;
    default:
      break;
  }
  out.opcode(insn);
  immediates(info(insn), out);
}

void TextInstructions::immediates(const InsnInfo& insn, BinaryWriter& out) {
  switch (insn.immediates) {
    case Immediates::none:
      break;
    case Immediates::block_type:
    case Immediates::catches:
    case Immediates::select_types:
      in_.fail_unexpected();
      break;  // have cases of their own
    case Immediates::label:
      label_index(out);
      break;
    case Immediates::labels:
      label_indices(out);
      break;
    case Immediates::function:
      index(context_.functions, out);
      break;
    case Immediates::type:
      index(context_.types, out);
      break;
    case Immediates::type_table:
      type_and_table(out);
      break;
    case Immediates::local:
      index(locals_, out);
      break;
    case Immediates::global:
      index(context_.globals, out);
      break;
    case Immediates::table:
      optional_index(context_.tables, out);
      break;
    case Immediates::table_table:
      two_indices(context_.tables, out);
      break;
    case Immediates::elem_table:
      item_then_space(context_.elements, context_.tables, out);
      break;
    case Immediates::elem:
      index(context_.elements, out);
      break;
    case Immediates::data:
      index(context_.data, out);
      break;
    case Immediates::data_memory:
      item_then_space(context_.data, context_.memories, out);
      break;
    case Immediates::memory:
      optional_index(context_.memories, out);
      break;
    case Immediates::memory_memory:
      two_indices(context_.memories, out);
      break;
    case Immediates::zero_byte:
      out.u8(0);
      break;
    case Immediates::i32:
      integer(32, out);
      break;
    case Immediates::i64:
      integer(64, out);
      break;
    case Immediates::f32:
      real(32, out);
      break;
    case Immediates::f64:
      real(64, out);
      break;
    case Immediates::v128:
      vector_constant(out);
      break;
    case Immediates::mem8:
    case Immediates::mem16:
    case Immediates::mem32:
    case Immediates::mem64:
    case Immediates::mem128:
      memory_argument(insn, out);
      break;
    case Immediates::mem8_lane:
    case Immediates::mem16_lane:
    case Immediates::mem32_lane:
    case Immediates::mem64_lane:
      memory_argument_and_lane(insn, out);
      break;
    case Immediates::lane2:
    case Immediates::lane4:
    case Immediates::lane8:
    case Immediates::lane16:
      lane(out);
      break;
    case Immediates::lanes:
      shuffle_lanes(out);
      break;
    case Immediates::heap_type:
      parse_heap_type(context_, out);
      break;
    case Immediates::tag:
      index(context_.tags, out);
      break;
    case Immediates::type_field:
      type_and_field(out);
      break;
    case Immediates::type_count:
      index(context_.types, out);
      out.unsigned_leb(in_.expect_natural(kMaxIndex, Message::constant_out_of_range));
      break;
    case Immediates::type_data:
      index(context_.types, out);
      index(context_.data, out);
      break;
    case Immediates::type_elem:
      index(context_.types, out);
      index(context_.elements, out);
      break;
    case Immediates::type_type:
      index(context_.types, out);
      index(context_.types, out);
      break;
    case Immediates::cast_branch:
      cast_branch(out);
      break;
  }
}

void TextInstructions::label_index(BinaryWriter& out) {
  if (!in_.at_index()) return in_.fail_unexpected();
  const Token token = in_.next();
  if (token.kind == TokenKind::natural) {
    out.unsigned_leb(in_.natural_value(token, kMaxIndex, Message::constant_out_of_range));
    return;
  }
  const auto found = label_by_name_.find(in_.identifier_name(token));
  if (found == label_by_name_.end()) return in_.fail_naming(Message::unknown_label, token);
  out.unsigned_leb(labels_.size() - 1 - found->second);
}

/// br_table: one label at least; the last one is the default.
void TextInstructions::label_indices(BinaryWriter& out) {
  BinaryWriter labels;
  std::uint32_t count = 0;
  do {
    label_index(labels);
    ++count;
  } while (in_.at_index());
  out.unsigned_leb(count - 1);
  out.append(labels);
}

void TextInstructions::index(const IndexSpace& space, BinaryWriter& out) {
  out.unsigned_leb(space.expect_index(in_));
}

void TextInstructions::optional_index(const IndexSpace& space, BinaryWriter& out) {
  out.unsigned_leb(in_.at_index() ? space.expect_index(in_) : 0);
}

/// Both or none.
void TextInstructions::two_indices(const IndexSpace& space, BinaryWriter& out) {
  const bool are_there = in_.at_index();
  for (int i = 0; i < 2; ++i) out.unsigned_leb(are_there ? space.expect_index(in_) : 0);
}

/// The text says "table? elem", the binary format has the segment first.
void TextInstructions::item_then_space(const IndexSpace& items, const IndexSpace& spaces,
                                       BinaryWriter& out) {
  if (!in_.at_index()) return in_.fail_unexpected();
  const Token first = in_.next();
  if (in_.at_index()) {
    out.unsigned_leb(items.resolve(in_, in_.next()));
    out.unsigned_leb(spaces.resolve(in_, first));
  } else {
    out.unsigned_leb(items.resolve(in_, first));
    out.unsigned_leb(0);
  }
}

void TextInstructions::type_and_table(BinaryWriter& out) {
  const std::uint32_t table = in_.at_index() ? context_.tables.expect_index(in_) : 0;
  out.unsigned_leb(resolve_type_use(context_, parse_type_use(context_, nullptr)));
  out.unsigned_leb(table);
}

void TextInstructions::type_and_field(BinaryWriter& out) {
  const std::uint32_t type = context_.types.expect_index(in_);
  out.unsigned_leb(type);
  const auto fields = context_.fields.find(type);
  static const IndexSpace kNoNames{"field", Message::unknown_field};
  index(fields == context_.fields.end() ? kNoNames : fields->second, out);
}

/// "name=value": the value, if this is there.
std::optional<std::uint64_t> TextInstructions::accept_setting(std::string_view name) {
  const Token token = in_.peek();
  if (token.kind != TokenKind::keyword || !token.text.starts_with(name)) return std::nullopt;
  const std::string_view value = token.text.substr(name.size());
  if (number_form(value) != NumberForm::natural) return std::nullopt;
  in_.next();
  const auto parsed = parse_natural(value, std::numeric_limits<std::uint64_t>::max());
  if (!parsed) in_.fail_naming(Message::constant_out_of_range, token);
  return parsed;
}

/// "offset=o? align=a?": the alignment as a power of two, and the offset.
std::uint32_t TextInstructions::alignment_and_offset(const InsnInfo& insn, std::uint64_t& offset) {
  offset = accept_setting("offset=").value_or(0);
  const Token token = in_.peek();
  const auto alignment = accept_setting("align=");
  if (!alignment) return insn.natural_alignment();
  if (!std::has_single_bit(*alignment)) in_.fail_naming(Message::alignment_power_of_two, token);
  return static_cast<std::uint32_t>(std::countr_zero(*alignment | (std::uint64_t{1} << 63)));
}

void TextInstructions::write_memory_argument(std::uint32_t memory, std::uint32_t alignment,
                                             std::uint64_t offset, BinaryWriter& out) {
  out.unsigned_leb(memory == 0 ? alignment : alignment | 0x40);
  if (memory != 0) out.unsigned_leb(memory);
  out.unsigned_leb(offset);
}

void TextInstructions::memory_argument(const InsnInfo& insn, BinaryWriter& out) {
  const std::uint32_t memory = in_.at_index() ? context_.memories.expect_index(in_) : 0;
  std::uint64_t offset = 0;
  const std::uint32_t alignment = alignment_and_offset(insn, offset);
  write_memory_argument(memory, alignment, offset, out);
}

/// "memory? offset? align? lane": a number alone is the lane.
void TextInstructions::memory_argument_and_lane(const InsnInfo& insn, BinaryWriter& out) {
  std::optional<Token> first;
  if (in_.at_index()) first = in_.next();
  const std::size_t before = in_.position();
  std::uint64_t offset = 0;
  const std::uint32_t alignment = alignment_and_offset(insn, offset);
  const bool is_lane = first && first->kind == TokenKind::natural && in_.position() == before &&
                       !in_.at(TokenKind::natural);
  const std::uint32_t memory = first && !is_lane ? context_.memories.resolve(in_, *first) : 0;
  write_memory_argument(memory, alignment, offset, out);
  if (is_lane) {
    out.u8(in_.natural_value<std::uint32_t>(*first, 255, Message::i8_constant_out_of_range));
  } else {
    lane(out);
  }
}

/// The bits of a number that has to be of an integer's form unless `is_real`.
std::uint64_t TextInstructions::constant_bits(const Token& token, bool is_real, unsigned bits) {
  std::optional<std::uint64_t> value;
  if (is_real && bits == 32) {
    value = parse_f32(token.text);
  } else if (is_real) {
    value = parse_f64(token.text);
  } else if (token.kind == TokenKind::real) {
    in_.fail_unexpected(token);
  } else {
    value = parse_integer(token.text, bits);
  }
  if (!value) in_.fail_naming(Message::constant_out_of_range, token);
  return value.value_or(0);
}

void TextInstructions::integer(unsigned bits, BinaryWriter& out) {
  if (!at_number(in_)) return in_.fail_unexpected();
  const std::uint64_t value = constant_bits(in_.next(), false, bits);
  // Sign extension from `bits`.
  const unsigned unused = 64 - bits;
  out.signed_leb(static_cast<std::int64_t>(value << unused) >> unused);
}

void TextInstructions::real(unsigned bits, BinaryWriter& out) {
  if (!at_number(in_)) return in_.fail_unexpected();
  out.fixed(constant_bits(in_.next(), true, bits), bits / 8);
}

void TextInstructions::lane(BinaryWriter& out) {
  const std::uint64_t value = in_.expect_natural(255, Message::i8_constant_out_of_range);
  out.u8(static_cast<std::uint32_t>(value));
}

/// i8x16.shuffle: 16 lanes, whatever the form of the numbers.
void TextInstructions::shuffle_lanes(BinaryWriter& out) {
  const Token begin = in_.peek();
  const Lanes lanes = take_lanes(in_);
  if (lanes.count != lanes.tokens.size()) return in_.fail(Message::invalid_lane_length, begin);
  for (const Token& token : lanes.tokens) {
    const auto value = parse_natural(token.text, 255);
    if (!value) return in_.fail_naming(Message::i8_constant_out_of_range, token);
    out.u8(static_cast<std::uint32_t>(*value));
  }
}

void TextInstructions::vector_constant(BinaryWriter& out) {
  struct Shape {
    bool is_real;
    unsigned bits;
  };
  Shape shape{};
  switch (in_.peek().keyword) {
    case Keyword::i8x16:
      shape = {false, 8};
      break;
    case Keyword::i16x8:
      shape = {false, 16};
      break;
    case Keyword::i32x4:
      shape = {false, 32};
      break;
    case Keyword::i64x2:
      shape = {false, 64};
      break;
    case Keyword::f32x4:
      shape = {true, 32};
      break;
    case Keyword::f64x2:
      shape = {true, 64};
      break;
    default:
      return in_.fail_unexpected();
  }
  in_.next();
  const Token begin = in_.peek();
  const Lanes lanes = take_lanes(in_);
  if (lanes.count != 128 / shape.bits) return in_.fail(Message::wrong_lane_count, begin);
  for (std::size_t i = 0; i < lanes.count; ++i) {
    out.fixed(constant_bits(lanes.tokens[i], shape.is_real, shape.bits), shape.bits / 8);
  }
}

/// `select` with result types, though none, is another instruction than the one without.
void TextInstructions::select(BinaryWriter& out) {
  if (!in_.at_open(Keyword::result)) return out.opcode(Insn::select);
  BinaryWriter types;
  std::uint32_t count = 0;
  while (in_.accept_open(Keyword::result)) {
    for (; !in_.failed() && !in_.at(TokenKind::right); ++count) parse_value_type(context_, types);
    in_.expect_right();
  }
  out.opcode(Insn::select_t);
  out.unsigned_leb(count);
  out.append(types);
}

/// The type's nullability is part of the opcode.
void TextInstructions::test_or_cast(Insn insn, BinaryWriter& out) {
  BinaryWriter heap_type;
  const bool nullable = parse_cast_type(context_, heap_type);
  if (insn == Insn::ref_test) {
    out.opcode(nullable ? Insn::ref_test_null : Insn::ref_test);
  } else if (insn == Insn::ref_cast) {
    out.opcode(nullable ? Insn::ref_cast_null : Insn::ref_cast);
  } else {
    out.opcode(nullable ? Insn::ref_cast_desc_eq_null : Insn::ref_cast_desc_eq);
  }
  out.append(heap_type);
}

void TextInstructions::cast_branch(BinaryWriter& out) {
  BinaryWriter label;
  label_index(label);
  BinaryWriter heap_types;
  const bool from_nullable = parse_cast_type(context_, heap_types);
  const bool to_nullable = parse_cast_type(context_, heap_types);
  out.u8((from_nullable ? 1 : 0) | (to_nullable ? 2 : 0));
  out.append(label);
  out.append(heap_types);
}

}  // namespace tinywasm::decoder
