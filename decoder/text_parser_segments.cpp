// SPDX-License-Identifier: Apache-2.0
// Element and data segments.
#include "decoder/text_parser.hpp"
#include "decoder/text_types.hpp"

namespace tinywasm::decoder {
namespace {

// The flags of element segments (5.5.12).
constexpr std::uint32_t kNotActive = 1;  // passive, or declarative with kExplicit
constexpr std::uint32_t kExplicit = 2;   // an active segment names its table
constexpr std::uint32_t kUsesExpressions = 4;

/// The byte of `funcref`, the type that needs no mention.
bool is_funcref(const BinaryWriter& type) {
  return type.size() == 1 && type.bytes()[0] == std::byte{HeapType::kFunc};
}

}  // namespace

/// (offset expr) or one folded instruction.
void TextModuleParser::offset_expression(BinaryWriter& out) {
  if (in_.accept_open(Keyword::offset)) {
    instructions_.parse_expression(out);
    in_.expect_right();
  } else {
    instructions_.parse_folded_expression(out);
  }
}

void TextModuleParser::zero_offset(bool is_64, BinaryWriter& out) {
  out.opcode(is_64 ? Insn::i64_const : Insn::i32_const);
  out.u8(0);
  out.opcode(Insn::end);
}

/// Elements as (item expr) or folded instructions; how many.
std::uint32_t TextModuleParser::element_expressions(BinaryWriter& out) {
  std::uint32_t count = 0;
  for (; in_.at(TokenKind::left); ++count) {
    if (in_.accept_open(Keyword::item)) {
      instructions_.parse_expression(out);
      in_.expect_right();
    } else {
      instructions_.parse_folded_expression(out);
    }
  }
  return count;
}

/// Elements as function indices; how many.
std::uint32_t TextModuleParser::function_indices(bool as_expressions, BinaryWriter& out) {
  std::uint32_t count = 0;
  for (; in_.at_index(); ++count) {
    const std::uint32_t function = context_.functions.expect_index(in_);
    if (as_expressions) out.opcode(Insn::ref_func);
    out.unsigned_leb(function);
    if (as_expressions) out.opcode(Insn::end);
  }
  return count;
}

/// (elem $id? (table index)? offset list), (elem $id? declare? list); in the first version's
/// syntax also (elem $id? number offset functions).
void TextModuleParser::element_field() {
  in_.accept_identifier();
  std::uint32_t flags = 0;
  std::uint32_t table = 0;
  BinaryWriter offset;
  const bool is_old = in_.at(TokenKind::natural);
  const bool names_table = !is_old && in_.accept_open(Keyword::table);
  if (is_old || names_table) table = context_.tables.expect_index(in_);
  if (names_table) in_.expect_right();
  const bool is_active =
      is_old || names_table || (in_.at(TokenKind::left) && !at_reference_type(in_));
  if (is_active) {
    offset_expression(offset);
  } else {
    flags = in_.accept(Keyword::declare) ? kNotActive | kExplicit : kNotActive;
  }
  BinaryWriter type;
  BinaryWriter elements;
  std::uint32_t count = 0;
  if (at_reference_type(in_)) {
    flags |= kUsesExpressions;
    parse_reference_type(context_, type);
    count = element_expressions(elements);
  } else {
    // Only an active segment without a table may leave out `func`.
    if (!in_.accept(Keyword::func) && (!is_active || names_table)) in_.fail_unexpected();
    count = function_indices(false, elements);
  }
  in_.expect_right();
  const bool needs_type = (flags & kUsesExpressions) != 0 && !is_funcref(type);
  if (is_active && (table != 0 || needs_type)) flags |= kExplicit;
  BinaryWriter& out = elements_.bytes;
  ++elements_.count;
  out.unsigned_leb(flags);
  if (is_active) {
    if ((flags & kExplicit) != 0) out.unsigned_leb(table);
    out.append(offset);
  }
  if ((flags & (kNotActive | kExplicit)) != 0) {
    if ((flags & kUsesExpressions) != 0) {
      out.append(type);
    } else {
      out.u8(0);  // elemkind: (ref func)
    }
  }
  out.unsigned_leb(count);
  out.append(elements);
}

/// The elements of a table's own "(elem ...)", its parenthesis not taken; how many.
std::uint32_t TextModuleParser::inline_elements(std::uint32_t table, bool is_64,
                                                const BinaryWriter& type) {
  const bool are_indices = in_.at_index();
  const bool uses_expressions = !are_indices || !is_funcref(type);
  BinaryWriter elements;
  const std::uint32_t count =
      are_indices ? function_indices(uses_expressions, elements) : element_expressions(elements);
  const bool is_explicit = table != 0 || !is_funcref(type);
  BinaryWriter& out = elements_.bytes;
  ++elements_.count;
  out.unsigned_leb((is_explicit ? kExplicit : 0) | (uses_expressions ? kUsesExpressions : 0));
  if (is_explicit) out.unsigned_leb(table);
  zero_offset(is_64, out);
  if (is_explicit) {
    if (uses_expressions) {
      out.append(type);
    } else {
      out.u8(0);
    }
  }
  out.unsigned_leb(count);
  out.append(elements);
  return count;
}

/// (data $id? (memory index)? offset "..."*), (data $id? "..."*); in the first version's syntax
/// also (data $id? number offset "..."*).
void TextModuleParser::data_field() {
  in_.accept_identifier();
  BinaryWriter& out = data_.bytes;
  ++data_.count;
  std::uint32_t memory = 0;
  const bool is_old = in_.at(TokenKind::natural);
  const bool names_memory = !is_old && in_.accept_open(Keyword::memory);
  if (is_old || names_memory) memory = context_.memories.expect_index(in_);
  if (names_memory) in_.expect_right();
  if (is_old || names_memory || in_.at(TokenKind::left)) {
    out.unsigned_leb(memory == 0 ? 0 : 2);
    if (memory != 0) out.unsigned_leb(memory);
    offset_expression(out);
  } else {
    out.unsigned_leb(1);
  }
  std::string contents;
  while (in_.at(TokenKind::string)) append_string_value(in_.next().text, contents);
  in_.expect_right();
  out.name(contents);
}

/// The strings of a memory's own "(data ...)", its parenthesis not taken; their size.
std::uint64_t TextModuleParser::inline_data(std::uint32_t memory, bool is_64) {
  BinaryWriter& out = data_.bytes;
  ++data_.count;
  out.unsigned_leb(memory == 0 ? 0 : 2);
  if (memory != 0) out.unsigned_leb(memory);
  zero_offset(is_64, out);
  std::string contents;
  while (in_.at(TokenKind::string)) append_string_value(in_.next().text, contents);
  out.name(contents);
  return contents.size();
}

}  // namespace tinywasm::decoder
