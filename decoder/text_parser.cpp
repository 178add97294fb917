// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_parser.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "decoder/limits.hpp"
#include "decoder/text.hpp"
#include "decoder/text_types.hpp"

namespace tinywasm::decoder {

std::vector<std::byte> TextModuleParser::parse_fields(
    const std::optional<std::string>& module_name) {
  scan_fields();
  const std::size_t end = in_.position();
  parse_types();
  parse_headers();
  parse_bodies();
  if (in_.failed()) return {};
  in_.seek(end);
  return finish(module_name);
}

void TextModuleParser::parse_bodies() {
  // Imported functions come first in their index space.
  const std::uint32_t imported = context_.functions.count() - functions_.count;
  for (const Field& field : fields_) {
    if (field.kind != Keyword::func || field.index < imported) continue;
    in_.seek(field.begin);
    function_body(field);
    if (in_.failed()) return;
  }
}

void TextModuleParser::function_body(const Field& field) {
  IndexSpace& locals = instructions_.locals();
  locals.clear();
  in_.accept_identifier();
  while (in_.accept_open(Keyword::export_)) in_.skip_form();
  const TypeUse use = parse_type_use(context_, &locals);
  if (use.index && !use.has_signature()) {
    const std::uint32_t type = resolve_type_use(context_, use);
    const auto& types = context_.type_entries;
    if (type < types.size()) locals.add_anonymous(types[type].param_count);
  }
  BinaryWriter body;
  local_declarations(body);
  instructions_.parse_expression(body);
  in_.expect_right();
  ++code_.count;
  code_.bytes.unsigned_leb(body.size());
  code_.bytes.append(body);
  if (!locals.names().empty()) local_names_.push_back({field.index, locals.names()});
}

/// (local ...)*; neighbours of one type share an entry of the binary format.
void TextModuleParser::local_declarations(BinaryWriter& out) {
  IndexSpace& locals = instructions_.locals();
  BinaryWriter runs;
  BinaryWriter last;  // the type of the run that is open
  BinaryWriter type;
  std::uint32_t run_count = 0;
  std::uint32_t run_length = 0;
  const auto close_run = [&] {
    if (run_length == 0) return;
    ++run_count;
    runs.unsigned_leb(run_length);
    runs.append(last);
    run_length = 0;
  };
  const auto declare = [&] {
    type.clear();
    parse_value_type(context_, type);
    if (run_length > 0 && type.text() != last.text()) close_run();
    if (run_length == 0) last = type;
    ++run_length;
  };
  while (in_.accept_open(Keyword::local)) {
    if (in_.at(TokenKind::identifier)) {
      locals.add(in_);
      declare();
    } else {
      while (!in_.failed() && !in_.at(TokenKind::right)) {
        locals.add_anonymous();
        declare();
      }
    }
    in_.expect_right();
  }
  close_run();
  out.unsigned_leb(run_count);
  out.append(runs);
}

void TextModuleParser::write_section(std::uint32_t id, const Entries& entries, BinaryWriter& out) {
  if (entries.count == 0) return;
  BinaryWriter contents;
  contents.unsigned_leb(entries.count);
  contents.append(entries.bytes);
  out.section(id, contents);
}

/// The whole module, sections in the order of the binary format (5.5.2).
std::vector<std::byte> TextModuleParser::finish(const std::optional<std::string>& module_name) {
  BinaryWriter out;
  out.append(std::string_view("\0asm\1\0\0\0", 8));
  write_section(1, {context_.type_groups, std::move(context_.type_section)}, out);
  write_section(2, imports_, out);
  write_section(3, functions_, out);
  write_section(4, tables_, out);
  write_section(5, memories_, out);
  write_section(13, tags_, out);
  write_section(6, globals_, out);
  write_section(7, exports_, out);
  BinaryWriter number;
  if (has_start_) {
    number.unsigned_leb(start_);
    out.section(8, number);
  }
  write_section(9, elements_, out);
  if (context_.uses_data_count) {
    number.clear();
    number.unsigned_leb(data_.count);
    out.section(12, number);
  }
  write_section(10, code_, out);
  write_section(11, data_, out);
  write_names(module_name, out);
  return out.take();
}

/// The name section (appendix A.4.1): what had an identifier keeps it as its name.
void TextModuleParser::write_names(const std::optional<std::string>& module_name,
                                   BinaryWriter& out) const {
  using Names = std::vector<std::pair<std::uint32_t, std::string_view>>;
  BinaryWriter section;
  section.name("name");
  const std::size_t empty_size = section.size();
  BinaryWriter contents;
  const auto write_map = [&contents](const Names& names) {
    contents.unsigned_leb(names.size());
    for (const auto& [index, name] : names) {
      contents.unsigned_leb(index);
      contents.name(name);
    }
  };
  const auto subsection = [&](std::uint32_t id, const Names& names) {
    if (names.empty()) return;
    contents.clear();
    write_map(names);
    section.section(id, contents);
  };
  if (module_name) {
    contents.name(*module_name);
    section.section(0, contents);
  }
  subsection(1, context_.functions.names());
  if (!local_names_.empty()) {
    contents.clear();
    contents.unsigned_leb(local_names_.size());
    for (const FunctionLocals& locals : local_names_) {
      contents.unsigned_leb(locals.function);
      write_map(locals.names);
    }
    section.section(2, contents);
  }
  subsection(4, context_.types.names());
  subsection(5, context_.tables.names());
  subsection(6, context_.memories.names());
  subsection(7, context_.globals.names());
  subsection(8, context_.elements.names());
  subsection(9, context_.data.names());
  subsection(11, context_.tags.names());
  if (section.size() > empty_size) out.section(0, section);
}

Result<TextModule> parse_text_module(TextLexer& lexer) {
  TextCursor in{lexer};
  TextModule module;
  in.expect_open(Keyword::module);
  module.is_definition = in.accept(Keyword::definition);
  std::optional<std::string> name;
  if (const auto identifier = in.accept_identifier()) {
    name = *identifier;
    module.name = *name;
  }
  if (in.at(Keyword::binary) || in.at(Keyword::quote)) {
    const bool is_binary = in.next().is(Keyword::binary);
    module.kind = is_binary ? TextModule::Kind::binary : TextModule::Kind::quote;
    while (in.at(TokenKind::string)) append_string_value(in.next().text, module.quoted);
    if (is_binary) {
      const auto bytes = std::as_bytes(std::span(module.quoted));
      module.bytes.assign(bytes.begin(), bytes.end());
      module.quoted.clear();
    }
  } else {
    module.bytes = TextModuleParser{in}.parse_fields(name);
  }
  in.expect_right();
  if (in.failed()) return in.error();
  return module;
}

Result<std::vector<std::byte>> parse_text_fields(TextLexer& lexer) {
  TextCursor in{lexer};
  std::vector<std::byte> bytes = TextModuleParser{in}.parse_fields(std::nullopt);
  in.expect(TokenKind::end);
  if (in.failed()) return in.error();
  return bytes;
}

namespace {

/// A module, wrapped or not, that fills the whole source.
Result<TextModule> parse_source(std::string_view source) {
  TextLexer lexer{source};
  TextCursor in{lexer};
  if (!in.at_open(Keyword::module)) {
    TextModule module;
    auto bytes = parse_text_fields(lexer);
    if (!bytes) return bytes.error();
    module.bytes = std::move(*bytes);
    return module;
  }
  auto module = parse_text_module(lexer);
  if (!module) return module;
  in.expect(TokenKind::end);
  if (in.failed()) return in.error();
  return module;
}

}  // namespace

Result<std::vector<std::byte>> assemble(std::string_view source) {
  if (source.size() > kMaxModuleBytes) return make_error(Message::module_too_large);
  auto module = parse_source(source);
  if (!module) return std::move(module).error();
  if (module->kind != TextModule::Kind::quote) return std::move(module->bytes);
  // A quoted module does not quote another one.
  auto inner = parse_source(module->quoted);
  if (!inner) return std::move(inner).error();
  if (inner->kind == TextModule::Kind::text) return std::move(inner->bytes);
  return make_error(Message::unexpected_token, Error::kNoOffset, " in a quoted module");
}

}  // namespace tinywasm::decoder
