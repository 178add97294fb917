// SPDX-License-Identifier: Apache-2.0
// Modules of the text format (https://webassembly.github.io/spec/core/text/modules.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tinywasm/result.hpp>

#include "decoder/text_annotations.hpp"
#include "decoder/text_context.hpp"
#include "decoder/text_instructions.hpp"
#include "decoder/text_lexer.hpp"

namespace tinywasm::decoder {

/// One "(module ...)" of a source or a test script.
struct TextModule {
  enum class Kind : std::uint8_t { text, binary, quote };
  Kind kind = Kind::text;
  std::string name;              // without the '$'; empty when there is none
  bool is_definition = false;    // (module definition ...)
  std::vector<std::byte> bytes;  // kind == text or binary: the binary format
  std::string quoted;            // kind == quote: a source to assemble
  bool has_page_size = false;    // a memory's page size is written, even if it is the usual one
};

/// Parses the "(module ...)" that comes next in `lexer`, and leaves the lexer after it.
Result<TextModule> parse_text_module(TextLexer& lexer);
/// Parses module fields up to the end of the source.
Result<TextModule> parse_text_fields(TextLexer& lexer);

/// Assembles the fields of one module. Identifiers may be used before they are bound, so the fields
/// are walked more than once: first for identifiers, then for types, then for all but the bodies
/// of functions, then for those.
class TextModuleParser {
 public:
  explicit TextModuleParser(TextCursor& in) : in_(in), context_(in), instructions_(context_) {}

  /// The fields up to a closing parenthesis or the end of the source, neither of which is taken.
  /// The module begins at `begin`, which is before its first annotation.
  std::vector<std::byte> parse_fields(std::size_t begin,
                                      const std::optional<std::string>& identifier);

 private:
  struct Field {
    Keyword kind;
    std::size_t keyword;  // where it stands
    std::size_t begin;    // after the keyword
    std::size_t end = 0;  // after the closing parenthesis
    std::uint32_t index;  // in its index space
  };
  /// Of one function's locals or labels.
  struct FunctionNames {
    std::uint32_t function;
    std::vector<std::pair<std::uint32_t, std::string_view>> names;
  };

  // text_parser_scan.cpp: the first walk
  void scan_fields();
  void scan_field();
  std::uint32_t scan_definition(Keyword kind, const Token& word);
  void scan_rec();
  std::uint32_t scan_import();
  void note_import(const Token& word);
  void scan_for_segment(Keyword kind);
  IndexSpace* space_of(Keyword kind);

  // text_parser_fields.cpp: everything but function bodies
  void parse_types();
  void parse_headers();
  void parse_field(const Field& field);
  void import_field();
  void function_header(const Field& field);
  void table_field(const Field& field);
  void memory_field(const Field& field);
  void global_field(const Field& field);
  void tag_field(const Field& field);
  void export_field();
  void start_field();
  bool exports_and_import(const Field& field);
  void write_export(std::string_view name, Keyword kind, std::uint32_t index);
  void write_import(std::string_view module, std::string_view name, const BinaryWriter& type);
  void extern_type(Keyword kind, BinaryWriter& out);
  void tag_type(BinaryWriter& out);

  // text_parser_segments.cpp
  void element_field();
  void data_field();
  void offset_expression(BinaryWriter& out);
  std::uint32_t element_expressions(BinaryWriter& out);
  std::uint32_t function_indices(bool as_expressions, BinaryWriter& out);
  std::uint32_t inline_elements(std::uint32_t table, bool is_64, const BinaryWriter& type);
  std::uint64_t inline_data(std::uint32_t memory, bool is_64);
  void zero_offset(bool is_64, BinaryWriter& out);

  // text_parser.cpp: bodies and the whole
  void parse_bodies();
  void function_body(const Field& field);
  std::vector<std::pair<std::size_t, std::size_t>> function_places() const;
  void write_hints(std::uint32_t function);
  void write_hint_section(BinaryWriter& out) const;
  void local_declarations(BinaryWriter& out);
  std::vector<std::byte> finish(const std::optional<std::string>& module_name);
  void write_names(const std::optional<std::string>& module_name, BinaryWriter& out) const;
  void write_field_names(BinaryWriter& section) const;

  /// The contents of a section whose entries are counted.
  struct Entries {
    std::uint32_t count = 0;
    BinaryWriter bytes;
  };
  static void write_section(std::uint32_t id, const Entries& entries, BinaryWriter& out);

  TextCursor& in_;
  TextContext context_;
  TextInstructions instructions_;
  std::vector<Field> fields_;
  std::optional<Keyword> last_definition_;  // imports may not come after one
  bool has_start_ = false;
  std::uint32_t start_ = 0;

  Entries imports_;
  Entries functions_;
  Entries tables_;
  Entries memories_;
  Entries tags_;
  Entries globals_;
  Entries exports_;
  Entries elements_;
  Entries code_;
  Entries data_;
  std::vector<FunctionNames> local_names_;
  std::vector<FunctionNames> label_names_;
  std::vector<TextCustomSection> customs_;
  Entries branch_hints_;
  std::vector<BranchHint> hints_;  // of the function being parsed
};

}  // namespace tinywasm::decoder
