// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_parser.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

#include "decoder/limits.hpp"
#include "decoder/text.hpp"
#include "decoder/text_annotations.hpp"
#include "decoder/text_types.hpp"
#include "decoder/utf8.hpp"

namespace tinywasm::decoder {

std::vector<std::byte> TextModuleParser::parse_fields(
    std::size_t begin, const std::optional<std::string>& identifier) {
  std::optional<std::string> module_name = identifier;
  if (const auto given = accept_name_annotation(in_, "module")) module_name = *given;
  scan_fields();
  const std::size_t end = in_.position();
  parse_types();
  parse_headers();
  parse_bodies();
  check_annotations(in_, begin, end, function_places());
  if (in_.failed()) return {};
  in_.seek(end);
  return finish(module_name);
}

std::vector<std::pair<std::size_t, std::size_t>> TextModuleParser::function_places() const {
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (const Field& field : fields_) {
    if (field.kind == Keyword::func) places.emplace_back(field.keyword, field.end);
  }
  return places;
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
  hints_.clear();
  instructions_.parse_body(body, hints_);
  in_.expect_right();
  if (!hints_.empty()) write_hints(field.index);
  ++code_.count;
  code_.bytes.unsigned_leb(body.size());
  code_.bytes.append(body);
  if (!locals.names().empty()) local_names_.push_back({field.index, locals.names()});
  if (const auto& labels = instructions_.label_names(); !labels.empty()) {
    label_names_.push_back({field.index, labels});
  }
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
    if (in_.at_binding()) {
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

/// The hints of one function (appendix A.5.2).
void TextModuleParser::write_hints(std::uint32_t function) {
  ++branch_hints_.count;
  BinaryWriter& out = branch_hints_.bytes;
  out.unsigned_leb(function);
  out.unsigned_leb(hints_.size());
  for (const BranchHint& hint : hints_) {
    out.unsigned_leb(hint.offset);
    out.u8(1);  // the length of the value
    out.u8(hint.value);
  }
}

/// The whole module, sections in the order of the binary format (5.5.2).
std::vector<std::byte> TextModuleParser::finish(const std::optional<std::string>& module_name) {
  BinaryWriter out;
  out.append(std::string_view("\0asm\1\0\0\0", 8));
  write_custom_sections(customs_, kBeforeFirst, false, out);
  const auto section = [&](std::uint32_t id, const Entries& entries) {
    write_custom_sections(customs_, id, false, out);
    if (id == 10) write_hint_section(out);
    write_section(id, entries, out);
    write_custom_sections(customs_, id, true, out);
  };
  section(1, {context_.type_groups, std::move(context_.type_section)});
  section(2, imports_);
  section(3, functions_);
  section(4, tables_);
  section(5, memories_);
  section(13, tags_);
  section(6, globals_);
  section(7, exports_);
  write_custom_sections(customs_, 8, false, out);
  BinaryWriter number;
  if (has_start_) {
    number.unsigned_leb(start_);
    out.section(8, number);
  }
  write_custom_sections(customs_, 8, true, out);
  section(9, elements_);
  write_custom_sections(customs_, 12, false, out);
  if (context_.uses_data_count) {
    number.clear();
    number.unsigned_leb(data_.count);
    out.section(12, number);
  }
  write_custom_sections(customs_, 12, true, out);
  section(10, code_);
  section(11, data_);
  write_custom_sections(customs_, kAfterLast, true, out);
  write_names(module_name, out);
  return out.take();
}

void TextModuleParser::write_hint_section(BinaryWriter& out) const {
  if (branch_hints_.count == 0) return;
  BinaryWriter contents;
  contents.name(kBranchHintSection);
  contents.unsigned_leb(branch_hints_.count);
  contents.append(branch_hints_.bytes);
  out.section(0, contents);
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
  const auto by_function = [&](std::uint32_t id, const std::vector<FunctionNames>& functions) {
    if (functions.empty()) return;
    contents.clear();
    contents.unsigned_leb(functions.size());
    for (const FunctionNames& each : functions) {
      contents.unsigned_leb(each.function);
      write_map(each.names);
    }
    section.section(id, contents);
  };
  by_function(2, local_names_);
  by_function(3, label_names_);
  subsection(4, context_.types.names());
  subsection(5, context_.tables.names());
  subsection(6, context_.memories.names());
  subsection(7, context_.globals.names());
  subsection(8, context_.elements.names());
  subsection(9, context_.data.names());
  write_field_names(section);
  subsection(11, context_.tags.names());
  if (section.size() > empty_size) out.section(0, section);
}

/// Subsection 10: the names of structures' fields, by type.
void TextModuleParser::write_field_names(BinaryWriter& section) const {
  if (context_.fields.empty()) return;
  const std::map<std::uint32_t, const IndexSpace*> sorted = [&] {
    std::map<std::uint32_t, const IndexSpace*> map;
    for (const auto& [type, fields] : context_.fields) map.emplace(type, &fields);
    return map;
  }();
  BinaryWriter contents;
  contents.unsigned_leb(sorted.size());
  for (const auto& [type, fields] : sorted) {
    contents.unsigned_leb(type);
    contents.unsigned_leb(fields->names().size());
    for (const auto& [index, name] : fields->names()) {
      contents.unsigned_leb(index);
      contents.name(name);
    }
  }
  section.section(10, contents);
}

Result<TextModule> parse_text_module(TextLexer& lexer) {
  TextCursor in{lexer};
  TextModule module;
  const std::size_t begin = in.position();
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
    module.bytes = TextModuleParser{in}.parse_fields(begin, name);
  }
  in.expect_right();
  if (in.failed()) return in.error();
  module.has_page_size = in.has_page_size();
  return module;
}

Result<TextModule> parse_text_fields(TextLexer& lexer) {
  TextCursor in{lexer};
  TextModule module;
  module.bytes = TextModuleParser{in}.parse_fields(0, std::nullopt);
  in.expect(TokenKind::end);
  if (in.failed()) return in.error();
  module.has_page_size = in.has_page_size();
  return module;
}

namespace {

/// A module, wrapped or not, that fills the whole source from `begin` on.
Result<TextModule> parse_source(std::string_view source, std::size_t begin,
                                const InterruptToken* interrupt) {
  TextLexer lexer{source, interrupt};
  lexer.seek(begin);
  TextCursor in{lexer};
  if (!in.at_open(Keyword::module)) return parse_text_fields(lexer);
  auto module = parse_text_module(lexer);
  if (!module) return module;
  in.expect(TokenKind::end);
  if (in.failed()) return in.error();
  return module;
}

}  // namespace

Result<AssembledText> assemble_text(std::string_view source, const InterruptToken* interrupt) {
  if (source.size() > kMaxModuleBytes) return make_error(Message::module_too_large);
  auto module = parse_source(source, byte_order_mark(source), interrupt);
  if (!module) return std::move(module).error();
  const auto result = [](TextModule& made) {
    return AssembledText{std::move(made.bytes), made.has_page_size};
  };
  if (module->kind != TextModule::Kind::quote) return result(*module);
  // A quoted module does not quote another one.
  auto inner = parse_source(module->quoted, 0, interrupt);
  if (!inner) return std::move(inner).error();
  if (inner->kind == TextModule::Kind::text) return result(*inner);
  return make_error(Message::unexpected_token, Error::kNoOffset, " in a quoted module");
}

Result<std::vector<std::byte>> assemble(std::string_view source, const InterruptToken* interrupt) {
  auto text = assemble_text(source, interrupt);
  if (!text) return std::move(text).error();
  return std::move(text->bytes);
}

}  // namespace tinywasm::decoder
