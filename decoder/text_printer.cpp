// SPDX-License-Identifier: Apache-2.0
// The fields of a module, in the order of its sections.
#include "decoder/text_printer.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "decoder/text_annotations.hpp"
#include "decoder/text_literals.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

/// Deeper blocks are not indented any further: text must not grow with the square of their depth.
constexpr std::size_t kMaxIndent = 60;

constexpr std::string_view extern_word(ExternKind kind) {
  switch (kind) {
    case ExternKind::func:
      return "func";
    case ExternKind::table:
      return "table";
    case ExternKind::memory:
      return "memory";
    case ExternKind::global:
      return "global";
    case ExternKind::tag:
      return "tag";
  }
  return {};
}

}  // namespace

TextPrinter::TextPrinter(const Module& module, bool fold, const TextSink& sink,
                         const InterruptToken* interrupt)
    : module_(module), fold_(fold), sink_(sink), interrupt_(interrupt), names_(module) {
  static const PrintedNames kNoNames;
  locals_ = &kNoNames;
}

void TextPrinter::begin_line() { out_.append(2 * std::min(indent_, kMaxIndent), ' '); }

void TextPrinter::line(std::string_view text) {
  for (;;) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    begin_line();
    out_ += text.substr(0, end);
    out_ += '\n';
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  flush();
}

/// Gives large pieces away, but for the last character, which may yet be taken back.
void TextPrinter::flush() {
  constexpr std::size_t kPiece = 64 << 10;
  if (out_.size() < kPiece) return;
  if (interrupt_ != nullptr && interrupt_->is_set()) fail(make_error(Message::interrupted));
  const std::string_view piece = std::string_view(out_).substr(0, out_.size() - 1);
  if (!failed_ && !sink_(piece)) fail(make_error(Message::interrupted));
  out_.erase(0, piece.size());
}

/// Closes a parenthesis at the end of the last line.
void TextPrinter::close() {
  out_.pop_back();
  out_ += ")\n";
}

void TextPrinter::fail(const Error& error) {
  if (!failed_) error_ = error;
  failed_ = true;
}

Result<void> TextPrinter::print() {
  read_hints();
  for (const FunctionBody& body : module_.bodies) {
    check_body(body);
    if (failed_) return error_;
  }
  out_ = "(module";
  const std::string_view name = module_.module_name();
  if (is_identifier(name)) {  // it is told once
    out_ += fmt::format(" ${}", name);
  } else if (!name.empty()) {
    out_ += fmt::format(" (@name {})", quoted_name(name));
  }
  out_ += '\n';
  print_custom_sections();
  print_types();
  print_imports();
  print_functions();
  print_tables();
  print_memories();
  print_tags();
  print_globals();
  print_exports();
  if (module_.start) line(fmt::format("(start {})", names_.functions.reference(*module_.start)));
  print_elements();
  print_data();
  if (failed_) return error_;
  close();
  if (!sink_(out_)) return make_error(Message::interrupted);
  return {};
}

void TextPrinter::print_types() {
  std::vector<std::uint32_t> empty_groups;
  if (module_.section_offsets[1] != 0) {
    ByteReader reader(module_.bytes, module_.section_offsets[1], module_.bytes.size());
    read_types(reader, &empty_groups);
  }
  std::size_t next_empty = 0;
  const auto print_empty = [&](std::size_t before) {
    for (; next_empty < empty_groups.size() && empty_groups[next_empty] <= before; ++next_empty) {
      line("(rec)");
    }
  };
  for (std::uint32_t i = 0; i < module_.types.size();) {
    print_empty(i);
    const std::uint32_t size = std::max<std::uint32_t>(module_.types[i].rec_size, 1);
    if (size > 1) {
      line("(rec");
      ++indent_;
    }
    for (std::uint32_t k = i; k < i + size; ++k) line(type_definition(k));
    if (size > 1) {
      --indent_;
      close();
    }
    i += size;
  }
  print_empty(module_.types.size());
}

std::string TextPrinter::type_definition(std::uint32_t index) const {
  const SubType& type = module_.types[index];
  std::string body;
  switch (type.kind) {
    case CompositeKind::func:
      body = "(func" + signature(type.func) + ')';
      break;
    case CompositeKind::array:
      body = fmt::format("(array {})", field_type(type.fields[0]));
      break;
    case CompositeKind::struct_: {
      body = "(struct";
      const auto names = names_.fields.find(index);
      for (std::uint32_t i = 0; i < type.fields.size(); ++i) {
        const std::string name =
            names == names_.fields.end() ? "" : names->second.definition(i, false);
        body += fmt::format(" (field{} {})", name, field_type(type.fields[i]));
      }
      body += ')';
      break;
    }
  }
  if (type.descriptor) {
    body = fmt::format("(descriptor {}) {}", names_.types.reference(*type.descriptor), body);
  }
  if (type.describes) {
    body = fmt::format("(describes {}) {}", names_.types.reference(*type.describes), body);
  }
  if (!type.is_final || type.supertype) {
    body = fmt::format("(sub{}{} {})", type.is_final ? " final" : "",
                       type.supertype ? ' ' + names_.types.reference(*type.supertype) : "", body);
  }
  return fmt::format("(type{} {})", names_.types.definition(index), body);
}

/// The type of an imported function: " (type 0)", " (exact (type 0))".
std::string TextPrinter::function_use(std::uint32_t function) const {
  const std::string use = type_use(module_.functions[function]);
  return module_.is_exact_function(function)
             ? fmt::format(" (exact {})", std::string_view(use).substr(1))
             : use;
}

/// What an import of this kind is: "func $f (;0;) (type 0)".
std::string TextPrinter::extern_type(ExternKind kind, std::uint32_t index) const {
  switch (kind) {
    case ExternKind::func:
      return names_.functions.definition(index) + function_use(index);
    case ExternKind::table:
      return names_.tables.definition(index) + ' ' + table_type(module_.tables[index].type);
    case ExternKind::memory:
      return names_.memories.definition(index) + ' ' + memory_type(module_.memories[index]);
    case ExternKind::global:
      return names_.globals.definition(index) + ' ' + global_type(module_.globals[index].type);
    case ExternKind::tag:
      return names_.tags.definition(index) + type_use(module_.tags[index]);
  }
  return {};
}

void TextPrinter::print_imports() {
  for (const Import& import : module_.imports) {
    line(fmt::format("(import {} {} ({}{}))", quoted_name(import.module), quoted_name(import.name),
                     extern_word(import.kind), extern_type(import.kind, import.index)));
  }
}

void TextPrinter::print_functions() {
  for (std::uint32_t i = module_.imported_functions; i < module_.functions.size(); ++i) {
    print_body(i);
    if (failed_) return;
  }
}

void TextPrinter::print_tables() {
  for (std::uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    const Table& table = module_.tables[i];
    bool is_single = false;
    const std::string init = table.init ? ' ' + expression(*table.init, is_single) : "";
    line(fmt::format("(table{}{})", extern_type(ExternKind::table, i), init));
  }
}

void TextPrinter::print_memories() {
  for (std::uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
    line(fmt::format("(memory{})", extern_type(ExternKind::memory, i)));
  }
}

void TextPrinter::print_tags() {
  for (std::uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
    line(fmt::format("(tag{})", extern_type(ExternKind::tag, i)));
  }
}

void TextPrinter::print_globals() {
  for (std::uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    bool is_single = false;
    const std::string init = expression(module_.globals[i].init, is_single);
    line(fmt::format("(global{} {})", extern_type(ExternKind::global, i), init));
  }
}

void TextPrinter::print_exports() {
  const auto reference = [&](const Export& entry) {
    switch (entry.kind) {
      case ExternKind::func:
        return names_.functions.reference(entry.index);
      case ExternKind::table:
        return names_.tables.reference(entry.index);
      case ExternKind::memory:
        return names_.memories.reference(entry.index);
      case ExternKind::global:
        return names_.globals.reference(entry.index);
      case ExternKind::tag:
        break;
    }
    return names_.tags.reference(entry.index);
  };
  for (const Export& entry : module_.exports) {
    line(fmt::format("(export {} ({} {}))", quoted_name(entry.name), extern_word(entry.kind),
                     reference(entry)));
  }
}

void TextPrinter::print_elements() {
  for (std::uint32_t i = 0; i < module_.elements.size(); ++i) {
    const ElementSegment& segment = module_.elements[i];
    std::string text = "(elem" + names_.elements.definition(i);
    if (segment.mode == SegmentMode::declarative) text += " declare";
    if (segment.mode == SegmentMode::active) {
      if (segment.table != 0) {
        text += fmt::format(" (table {})", names_.tables.reference(segment.table));
      }
      text += ' ' + wrapped_expression("offset", segment.offset);
    }
    text += ' ' + (segment.uses_exprs ? value_type(segment.type) : std::string("func"));
    for (const std::uint32_t function : segment.functions) {
      text += ' ' + names_.functions.reference(function);
    }
    for (const ConstExpr& expr : segment.exprs) text += ' ' + wrapped_expression("item", expr);
    line(text + ')');
  }
}

void TextPrinter::print_data() {
  for (std::uint32_t i = 0; i < module_.data.size(); ++i) {
    const DataSegment& segment = module_.data[i];
    std::string text = "(data" + names_.data.definition(i);
    if (segment.mode == SegmentMode::active) {
      if (segment.memory != 0) {
        text += fmt::format(" (memory {})", names_.memories.reference(segment.memory));
      }
      text += ' ' + wrapped_expression("offset", segment.offset);
    }
    const auto bytes = module_.view(segment.begin, segment.end);
    const std::string_view contents(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    line(text + ' ' + quoted_bytes(contents) + ')');
  }
}

/// Where a custom section stands; nothing at the end, which needs no mention.
std::string TextPrinter::custom_placement(const CustomSection& section) const {
  std::uint32_t before = 0;  // the section before it, by id
  std::uint32_t nearest = 0;
  bool is_last = true;
  for (std::uint32_t id = 1; id < module_.section_offsets.size(); ++id) {
    const std::uint32_t offset = module_.section_offsets[id];
    if (offset > section.begin) is_last = false;
    if (offset == 0 || offset > section.begin || offset <= nearest) continue;
    nearest = offset;
    before = id;
  }
  if (is_last) return {};
  if (before == 0) return " (before first)";
  return fmt::format(" (after {})", section_word(before));
}

void TextPrinter::print_custom_sections() {
  const auto names = std::find_if(module_.custom_sections.begin(), module_.custom_sections.end(),
                                  [](const CustomSection& each) { return each.name == "name"; });
  for (const CustomSection& section : module_.custom_sections) {
    if (&section == hint_section_) continue;
    if (names != module_.custom_sections.end() && &section == &*names) continue;
    const auto bytes = module_.view(section.begin, section.end);
    const std::string_view contents(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    line(fmt::format("(@custom {}{} {})", quoted_name(section.name), custom_placement(section),
                     quoted_bytes(contents)));
  }
}

Result<void> print_module(const Module& module, bool fold, const TextSink& sink,
                          const InterruptToken* interrupt) {
  return TextPrinter(module, fold, sink, interrupt).print();
}

Result<std::string> print_module(const Module& module, bool fold) {
  std::string text;
  const TextSink append = [&text](std::string_view piece) {
    text += piece;
    return true;
  };
  if (auto done = print_module(module, fold, append); !done) return std::move(done).error();
  return text;
}

}  // namespace tinywasm::decoder
