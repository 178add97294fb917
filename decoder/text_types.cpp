// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_types.hpp"

#include <bit>
#include <limits>

#include "decoder/text_number.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::uint32_t kNoCode = 0;

/// The byte of a number, vector or packed type, or of an abbreviated reference type.
constexpr std::uint32_t short_type_code(Keyword word) {
  switch (word) {
    case Keyword::i32:
      return ValType::kI32;
    case Keyword::i64:
      return ValType::kI64;
    case Keyword::f32:
      return ValType::kF32;
    case Keyword::f64:
      return ValType::kF64;
    case Keyword::v128:
      return ValType::kV128;
    case Keyword::anyref:
      return HeapType::kAny;
    case Keyword::eqref:
      return HeapType::kEq;
    case Keyword::i31ref:
      return HeapType::kI31;
    case Keyword::structref:
      return HeapType::kStruct;
    case Keyword::arrayref:
      return HeapType::kArray;
    case Keyword::nullref:
      return HeapType::kNone;
    case Keyword::funcref:
      return HeapType::kFunc;
    case Keyword::nullfuncref:
      return HeapType::kNoFunc;
    case Keyword::externref:
      return HeapType::kExtern;
    case Keyword::nullexternref:
      return HeapType::kNoExtern;
    case Keyword::exnref:
      return HeapType::kExn;
    case Keyword::nullexnref:
      return HeapType::kNoExn;
    default:
      return kNoCode;
  }
}

constexpr bool is_reference_code(std::uint32_t code) {
  return code != kNoCode && code < ValType::kV128;
}

constexpr std::uint32_t heap_type_code(Keyword word) {
  switch (word) {
    case Keyword::any:
      return HeapType::kAny;
    case Keyword::eq:
      return HeapType::kEq;
    case Keyword::i31:
      return HeapType::kI31;
    case Keyword::struct_:
      return HeapType::kStruct;
    case Keyword::array:
      return HeapType::kArray;
    case Keyword::none_:
      return HeapType::kNone;
    case Keyword::func:
      return HeapType::kFunc;
    case Keyword::nofunc:
      return HeapType::kNoFunc;
    case Keyword::extern_:
      return HeapType::kExtern;
    case Keyword::noextern:
      return HeapType::kNoExtern;
    case Keyword::exn:
      return HeapType::kExn;
    case Keyword::noexn:
      return HeapType::kNoExn;
    default:
      return kNoCode;
  }
}

/// "(ref null? heaptype)" after the keyword; true when nullable.
bool parse_long_reference(TextContext& context, BinaryWriter& heap_type) {
  const bool nullable = context.in.accept(Keyword::null);
  parse_heap_type(context, heap_type);
  context.in.expect_right();
  return nullable;
}

void parse_storage_type(TextContext& context, BinaryWriter& out) {
  if (context.in.accept(Keyword::i8)) {
    out.u8(ValType::kI8);
  } else if (context.in.accept(Keyword::i16)) {
    out.u8(ValType::kI16);
  } else {
    parse_value_type(context, out);
  }
}

void parse_field_type(TextContext& context, BinaryWriter& out) {
  const bool is_mutable = context.in.accept_open(Keyword::mut);
  parse_storage_type(context, out);
  if (is_mutable) context.in.expect_right();
  out.u8(is_mutable ? 1 : 0);
}

/// "(param ...)" and "(result ...)" of a signature.
void parse_signature(TextContext& context, IndexSpace* names, TypeUse& use) {
  TextCursor& in = context.in;
  while (in.accept_open(Keyword::param)) {
    if (names != nullptr && in.at_binding()) {
      names->add(in);
      parse_value_type(context, use.params);
      ++use.param_count;
    } else {
      while (!in.failed() && !in.at(TokenKind::right)) {
        parse_value_type(context, use.params);
        ++use.param_count;
        if (names != nullptr) names->add_anonymous();
      }
    }
    in.expect_right();
  }
  while (in.accept_open(Keyword::result)) {
    while (!in.failed() && !in.at(TokenKind::right)) {
      parse_value_type(context, use.results);
      ++use.result_count;
    }
    in.expect_right();
  }
}

void write_func_type(const TypeUse& use, BinaryWriter& out) {
  out.u8(0x60);
  out.unsigned_leb(use.param_count);
  out.append(use.params);
  out.unsigned_leb(use.result_count);
  out.append(use.results);
}

/// Fields of a struct type up to the parenthesis that closes it.
void parse_struct(TextContext& context, std::uint32_t type, BinaryWriter& out) {
  TextCursor& in = context.in;
  IndexSpace names{"field", Message::unknown_field};
  BinaryWriter fields;
  while (in.accept_open(Keyword::field)) {
    if (in.at_binding()) {
      names.add(in);
      parse_field_type(context, fields);
    } else {
      while (!in.failed() && !in.at(TokenKind::right)) {
        parse_field_type(context, fields);
        names.add_anonymous();
      }
    }
    in.expect_right();
  }
  out.u8(0x5F);
  out.unsigned_leb(names.count());
  out.append(fields);
  if (!names.names().empty()) context.fields.emplace(type, std::move(names));
}

/// "(func ...)", "(struct ...)" or "(array ...)".
TextType parse_composite(TextContext& context, std::uint32_t type, BinaryWriter& out) {
  TextCursor& in = context.in;
  TextType entry;
  if (in.accept_open(Keyword::func)) {
    IndexSpace names{"local", Message::unknown_local};
    TypeUse use;
    parse_signature(context, &names, use);
    BinaryWriter signature;
    write_func_type(use, signature);
    out.append(signature);
    entry.param_count = use.param_count;
    entry.signature = signature.text();
  } else if (in.accept_open(Keyword::struct_)) {
    entry.kind = CompositeKind::struct_;
    parse_struct(context, type, out);
  } else if (in.accept_open(Keyword::array)) {
    entry.kind = CompositeKind::array;
    out.u8(0x5E);
    parse_field_type(context, out);
  } else {
    if (in.accept(TokenKind::left)) in.fail_unexpected();
    in.fail_unexpected();
  }
  in.expect_right();
  return entry;
}

/// "(describes type)" or "(descriptor type)" if it is there.
bool parse_clause(TextContext& context, Keyword word, std::uint32_t form, BinaryWriter& out) {
  if (!context.in.accept_open(word)) return false;
  out.u8(form);
  out.unsigned_leb(context.types.expect_index(context.in));
  context.in.expect_right();
  return true;
}

/// One type definition after "(type", with its closing parenthesis; true when it is final and has
/// no supertype and no descriptor.
bool parse_definition(TextContext& context, BinaryWriter& out) {
  TextCursor& in = context.in;
  const auto type = static_cast<std::uint32_t>(context.type_entries.size());
  in.accept_identifier();
  bool is_plain = true;
  const bool is_sub = in.accept_open(Keyword::sub);
  if (is_sub) {
    const bool is_final = in.accept(Keyword::final_);
    BinaryWriter supertypes;
    std::uint32_t count = 0;
    for (; in.at_index(); ++count) supertypes.unsigned_leb(context.types.expect_index(in));
    is_plain = is_final && count == 0;
    if (!is_plain) {
      out.u8(is_final ? 0x4F : 0x50);
      out.unsigned_leb(count);
      out.append(supertypes);
    }
  }
  if (parse_clause(context, Keyword::describes, 0x4C, out)) is_plain = false;
  if (parse_clause(context, Keyword::descriptor, 0x4D, out)) is_plain = false;
  context.type_entries.push_back(parse_composite(context, type, out));
  if (is_sub) in.expect_right();
  in.expect_right();
  return is_plain;
}

/// The last type defined stands alone: type uses find it by its signature.
void publish_signature(TextContext& context) {
  const TextType& entry = context.type_entries.back();
  if (entry.kind != CompositeKind::func) return;
  const auto index = static_cast<std::uint32_t>(context.type_entries.size() - 1);
  context.type_by_signature.emplace(entry.signature, index);
}

}  // namespace

std::optional<HeapType> abstract_heap_type(Keyword word) {
  const std::uint32_t code = heap_type_code(word);
  if (code == kNoCode) return std::nullopt;
  return static_cast<HeapType::Abstract>(code);
}

bool at_reference_type(TextCursor& in) {
  return in.at_open(Keyword::ref) || is_reference_code(short_type_code(in.peek().keyword));
}

bool at_value_type(TextCursor& in) {
  return in.at_open(Keyword::ref) || short_type_code(in.peek().keyword) != kNoCode;
}

void parse_heap_type(TextContext& context, BinaryWriter& out) {
  TextCursor& in = context.in;
  if (in.at_index()) {
    out.signed_leb(context.types.expect_index(in));
    return;
  }
  if (in.accept_open(Keyword::exact)) {
    out.u8(0x62);
    out.unsigned_leb(context.types.expect_index(in));
    return in.expect_right();
  }
  const std::uint32_t code = heap_type_code(in.peek().keyword);
  if (code == kNoCode) return in.fail_unexpected();
  in.next();
  out.u8(code);
}

void parse_value_type(TextContext& context, BinaryWriter& out) {
  TextCursor& in = context.in;
  if (in.accept_open(Keyword::ref)) {
    BinaryWriter heap_type;
    const bool nullable = parse_long_reference(context, heap_type);
    // A nullable abstract type has one form only, so that equal signatures are equal bytes.
    const bool has_short_form = nullable && heap_type.size() == 1 &&
                                (static_cast<std::uint32_t>(heap_type.bytes()[0]) & 0x40) != 0;
    if (!has_short_form) out.u8(nullable ? ValType::kRefNull : ValType::kRef);
    out.append(heap_type);
    return;
  }
  const std::uint32_t code = short_type_code(in.peek().keyword);
  if (code == kNoCode) {
    if (in.at(TokenKind::left)) in.next();
    return in.fail_unexpected();
  }
  in.next();
  out.u8(code);
}

void parse_reference_type(TextContext& context, BinaryWriter& out) {
  if (!at_reference_type(context.in)) return context.in.fail_unexpected();
  parse_value_type(context, out);
}

bool parse_cast_type(TextContext& context, BinaryWriter& heap_type) {
  TextCursor& in = context.in;
  if (in.accept_open(Keyword::ref)) return parse_long_reference(context, heap_type);
  if (at_reference_type(in)) {
    heap_type.u8(short_type_code(in.next().keyword));
  } else {
    in.fail_unexpected();
  }
  return true;
}

void parse_global_type(TextContext& context, BinaryWriter& out) {
  const bool is_mutable = context.in.accept_open(Keyword::mut);
  parse_value_type(context, out);
  if (is_mutable) context.in.expect_right();
  out.u8(is_mutable ? 1 : 0);
}

bool accept_address_type(TextCursor& in) {
  if (in.accept(Keyword::i64)) return true;
  in.accept(Keyword::i32);
  return false;
}

TextLimits parse_limits(TextCursor& in, bool is_64) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  TextLimits limits;
  limits.is_64 = is_64;
  const Message over = is_64 ? Message::i64_constant_out_of_range : Message::constant_out_of_range;
  limits.min = in.expect_natural(kMax, over);
  if (in.at(TokenKind::natural)) limits.max = in.expect_natural(kMax, over);
  return limits;
}

void write_limits(const TextLimits& limits, BinaryWriter& out) {
  const bool has_page_size = limits.page_log2 != TextLimits{}.page_log2;
  out.u8((limits.max ? 1 : 0) | (limits.is_shared ? 2 : 0) | (limits.is_64 ? 4 : 0) |
         (has_page_size ? 8 : 0));
  out.unsigned_leb(limits.min);
  if (limits.max) out.unsigned_leb(*limits.max);
  if (has_page_size) out.unsigned_leb(limits.page_log2);
}

std::uint8_t accept_page_size(TextCursor& in) {
  if (!in.accept_open(Keyword::pagesize)) return TextLimits{}.page_log2;
  in.note_page_size();
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const Token place = in.peek();
  const std::uint64_t size = in.expect_natural(kMax, Message::malformed_page_size);
  if (!std::has_single_bit(size)) in.fail(Message::malformed_page_size, place);
  in.expect_right();
  return static_cast<std::uint8_t>(std::countr_zero(size));
}

void parse_memory_limits(TextCursor& in, bool is_64, BinaryWriter& out) {
  TextLimits limits = parse_limits(in, is_64);
  limits.is_shared = in.accept(Keyword::shared);
  limits.page_log2 = accept_page_size(in);
  write_limits(limits, out);
}

void parse_memory_type(TextContext& context, BinaryWriter& out) {
  const bool is_64 = accept_address_type(context.in);
  parse_memory_limits(context.in, is_64, out);
}

void parse_table_type(TextContext& context, BinaryWriter& out) {
  const bool is_64 = accept_address_type(context.in);
  const TextLimits limits = parse_limits(context.in, is_64);
  parse_reference_type(context, out);
  write_limits(limits, out);
}

TypeUse parse_type_use(TextContext& context, IndexSpace* names) {
  TextCursor& in = context.in;
  TypeUse use;
  if (in.accept_open(Keyword::type)) {
    if (in.at_index()) {
      use.index = in.next();
    } else {
      in.fail_unexpected();
    }
    in.expect_right();
  }
  parse_signature(context, names, use);
  use.place = in.peek();
  // Their order is fixed, and nothing that follows a type use begins like one.
  if (in.at_open(Keyword::type) || in.at_open(Keyword::param)) {
    in.fail_unexpected(in.peek_second());
  }
  return use;
}

bool parse_exact_type_use(TextContext& context, TypeUse& use) {
  IndexSpace names{"local", Message::unknown_local};
  const bool is_exact = context.in.accept_open(Keyword::exact);
  use = parse_type_use(context, &names);
  if (is_exact) context.in.expect_right();
  return is_exact;
}

std::uint32_t resolve_type_use(TextContext& context, const TypeUse& use) {
  if (context.in.failed()) return 0;
  BinaryWriter signature;
  if (!use.index || use.has_signature()) write_func_type(use, signature);
  if (use.index) {
    const std::uint32_t index = context.types.resolve(context.in, *use.index);
    if (context.in.failed() || !use.has_signature()) return index;
    if (index >= context.type_entries.size()) {
      context.in.fail_naming(Message::unknown_type, *use.index);
    } else if (context.type_entries[index].kind != CompositeKind::func ||
               context.type_entries[index].signature != signature.text()) {
      context.in.fail(Message::inline_function_type, use.place);
    }
    return index;
  }
  const auto next = static_cast<std::uint32_t>(context.type_entries.size());
  const auto [found, is_new] = context.type_by_signature.emplace(signature.text(), next);
  if (is_new) {
    context.type_entries.push_back({.kind = CompositeKind::func,
                                    .param_count = use.param_count,
                                    .signature = std::string(signature.text())});
    context.type_section.append(signature);
    ++context.type_groups;
  }
  return found->second;
}

void parse_type_field(TextContext& context) {
  const bool is_plain = parse_definition(context, context.type_section);
  ++context.type_groups;
  if (is_plain && !context.in.failed()) publish_signature(context);
}

void parse_rec_field(TextContext& context) {
  TextCursor& in = context.in;
  BinaryWriter group;
  std::uint32_t count = 0;
  bool is_plain = false;
  while (in.accept_open(Keyword::type)) {
    is_plain = parse_definition(context, group);
    ++count;
  }
  in.expect_right();
  if (count != 1) {
    context.type_section.u8(0x4E);
    context.type_section.unsigned_leb(count);
  }
  context.type_section.append(group);
  ++context.type_groups;
  if (count == 1 && is_plain && !in.failed()) publish_signature(context);
}

}  // namespace tinywasm::decoder
