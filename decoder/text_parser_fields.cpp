// SPDX-License-Identifier: Apache-2.0
// The fields of a module, all but segments and the bodies of functions.
#include "decoder/module.hpp"
#include "decoder/text_parser.hpp"
#include "decoder/text_types.hpp"

namespace tinywasm::decoder {
namespace {

std::uint32_t extern_kind(Keyword kind) {
  switch (kind) {
    case Keyword::table:
      return static_cast<std::uint32_t>(ExternKind::table);
    case Keyword::memory:
      return static_cast<std::uint32_t>(ExternKind::memory);
    case Keyword::global:
      return static_cast<std::uint32_t>(ExternKind::global);
    case Keyword::tag:
      return static_cast<std::uint32_t>(ExternKind::tag);
    default:
      return static_cast<std::uint32_t>(ExternKind::func);
  }
}

}  // namespace

void TextModuleParser::parse_types() {
  for (const Field& field : fields_) {
    if (field.kind != Keyword::type && field.kind != Keyword::rec) continue;
    in_.seek(field.begin);
    if (field.kind == Keyword::type) {
      parse_type_field(context_);
    } else {
      parse_rec_field(context_);
    }
    if (in_.failed()) return;
  }
}

void TextModuleParser::parse_headers() {
  for (const Field& field : fields_) {
    in_.seek(field.begin);
    parse_field(field);
    if (in_.failed()) return;
  }
}

void TextModuleParser::parse_field(const Field& field) {
  switch (field.kind) {
    case Keyword::import_:
      return import_field();
    case Keyword::func:
      return function_header(field);
    case Keyword::table:
      return table_field(field);
    case Keyword::memory:
      return memory_field(field);
    case Keyword::global:
      return global_field(field);
    case Keyword::tag:
      return tag_field(field);
    case Keyword::export_:
      return export_field();
    case Keyword::start:
      return start_field();
    case Keyword::elem:
      return element_field();
    case Keyword::data:
      return data_field();
    default:
      return;  // types are there already
  }
}

/// What an import of this kind is, in the form of the import section, with the kind.
void TextModuleParser::extern_type(Keyword kind, BinaryWriter& out) {
  constexpr std::uint32_t kExactFunction = 0x20;
  TypeUse use;
  const bool is_function = kind == Keyword::func;
  const bool is_exact = is_function && parse_exact_type_use(context_, use);
  out.u8(is_exact ? kExactFunction : extern_kind(kind));
  if (is_function) return out.unsigned_leb(resolve_type_use(context_, use));
  switch (kind) {
    case Keyword::table:
      return parse_table_type(context_, out);
    case Keyword::memory:
      return parse_memory_type(context_, out);
    case Keyword::global:
      return parse_global_type(context_, out);
    default:
      return tag_type(out);
  }
}

void TextModuleParser::tag_type(BinaryWriter& out) {
  IndexSpace names{"local", Message::unknown_local};
  out.u8(0);
  out.unsigned_leb(resolve_type_use(context_, parse_type_use(context_, &names)));
}

void TextModuleParser::write_import(std::string_view module, std::string_view name,
                                    const BinaryWriter& type) {
  ++imports_.count;
  imports_.bytes.name(module);
  imports_.bytes.name(name);
  imports_.bytes.append(type);
}

void TextModuleParser::write_export(std::string_view name, Keyword kind, std::uint32_t index) {
  ++exports_.count;
  exports_.bytes.name(name);
  exports_.bytes.u8(extern_kind(kind));
  exports_.bytes.unsigned_leb(index);
}

/// (import "module" "name" (kind $id? type))
void TextModuleParser::import_field() {
  const std::string module = in_.expect_name();
  const std::string name = in_.expect_name();
  in_.expect_left();
  const Keyword kind = in_.next().keyword;
  in_.accept_identifier();
  BinaryWriter type;
  extern_type(kind, type);
  in_.expect_right();
  in_.expect_right();
  write_import(module, name, type);
}

/// What a definition begins with: $id? (export "name")*, and (import "module" "name") type ')' if
/// it is an import. True in this case.
bool TextModuleParser::exports_and_import(const Field& field) {
  in_.accept_identifier();
  while (in_.accept_open(Keyword::export_)) {
    write_export(in_.expect_name(), field.kind, field.index);
    in_.expect_right();
  }
  if (!in_.accept_open(Keyword::import_)) return false;
  const std::string module = in_.expect_name();
  const std::string name = in_.expect_name();
  in_.expect_right();
  BinaryWriter type;
  extern_type(field.kind, type);
  in_.expect_right();
  write_import(module, name, type);
  return true;
}

/// A function up to its locals; parse_bodies comes back for the rest.
void TextModuleParser::function_header(const Field& field) {
  if (exports_and_import(field)) return;
  IndexSpace& names = instructions_.locals();
  names.clear();
  ++functions_.count;
  functions_.bytes.unsigned_leb(resolve_type_use(context_, parse_type_use(context_, &names)));
}

/// (table $id? addrtype? limits reftype expr?) or (table $id? addrtype? reftype (elem ...))
void TextModuleParser::table_field(const Field& field) {
  if (exports_and_import(field)) return;
  ++tables_.count;
  const bool is_64 = accept_address_type(in_);
  BinaryWriter& out = tables_.bytes;
  BinaryWriter type;
  if (in_.at(TokenKind::natural)) {
    const TextLimits limits = parse_limits(in_, is_64);
    parse_reference_type(context_, type);
    const bool has_init = !in_.at(TokenKind::right);
    if (has_init) {
      out.u8(0x40);
      out.u8(0);
    }
    out.append(type);
    write_limits(limits, out);
    if (has_init) instructions_.parse_expression(out);
  } else {
    parse_reference_type(context_, type);
    in_.expect_open(Keyword::elem);
    const std::uint32_t count = inline_elements(field.index, is_64, type);
    out.append(type);
    write_limits({.is_64 = is_64, .is_shared = false, .min = count, .max = count}, out);
    in_.expect_right();
  }
  in_.expect_right();
}

/// (memory $id? addrtype? limits shared? pagesize?) or (memory $id? addrtype? pagesize? (data ...))
void TextModuleParser::memory_field(const Field& field) {
  if (exports_and_import(field)) return;
  ++memories_.count;
  const bool is_64 = accept_address_type(in_);
  if (in_.at(TokenKind::left)) {
    TextLimits limits;
    limits.is_64 = is_64;
    limits.page_log2 = accept_page_size(in_);
    in_.expect_open(Keyword::data);
    const std::uint64_t bytes = inline_data(field.index, is_64);
    const unsigned log2 = limits.page_log2 & 63;
    const std::uint64_t rest = bytes & ((std::uint64_t{1} << log2) - 1);
    limits.min = (bytes >> log2) + (rest != 0 ? 1 : 0);
    limits.max = limits.min;
    write_limits(limits, memories_.bytes);
    in_.expect_right();
  } else {
    parse_memory_limits(in_, is_64, memories_.bytes);
  }
  in_.expect_right();
}

void TextModuleParser::global_field(const Field& field) {
  if (exports_and_import(field)) return;
  ++globals_.count;
  parse_global_type(context_, globals_.bytes);
  instructions_.parse_expression(globals_.bytes);
  in_.expect_right();
}

void TextModuleParser::tag_field(const Field& field) {
  if (exports_and_import(field)) return;
  ++tags_.count;
  tag_type(tags_.bytes);
  in_.expect_right();
}

/// (export "name" (kind index))
void TextModuleParser::export_field() {
  const std::string name = in_.expect_name();
  in_.expect_left();
  const Keyword kind = in_.peek().keyword;
  const bool is_external = kind == Keyword::func || kind == Keyword::table ||
                           kind == Keyword::memory || kind == Keyword::global ||
                           kind == Keyword::tag;
  if (!is_external) return in_.fail_unexpected();
  in_.next();
  write_export(name, kind, space_of(kind)->expect_index(in_));
  in_.expect_right();
  in_.expect_right();
}

void TextModuleParser::start_field() {
  start_ = context_.functions.expect_index(in_);
  in_.expect_right();
}

}  // namespace tinywasm::decoder
