// SPDX-License-Identifier: Apache-2.0
// The first walk over a module's fields: what there is, in which order, with which identifiers.
#include "decoder/text_parser.hpp"

namespace tinywasm::decoder {
namespace {

std::string_view definition_name(Keyword kind) {
  switch (kind) {
    case Keyword::func:
      return " function";
    case Keyword::table:
      return " table";
    case Keyword::memory:
      return " memory";
    case Keyword::global:
      return " global";
    default:
      return " tag";
  }
}

}  // namespace

IndexSpace* TextModuleParser::space_of(Keyword kind) {
  switch (kind) {
    case Keyword::type:
      return &context_.types;
    case Keyword::func:
      return &context_.functions;
    case Keyword::table:
      return &context_.tables;
    case Keyword::memory:
      return &context_.memories;
    case Keyword::global:
      return &context_.globals;
    case Keyword::tag:
      return &context_.tags;
    case Keyword::elem:
      return &context_.elements;
    case Keyword::data:
      return &context_.data;
    default:
      return nullptr;
  }
}

void TextModuleParser::scan_fields() {
  accept_custom_annotations(in_, customs_);
  while (in_.at(TokenKind::left)) {
    scan_field();
    accept_custom_annotations(in_, customs_);
  }
}

void TextModuleParser::scan_field() {
  in_.expect_left();
  const Token word = in_.peek();
  const std::size_t keyword = in_.position();
  if (word.kind != TokenKind::keyword) return in_.fail_unexpected();
  in_.next();
  Field field{
      .kind = word.keyword, .keyword = keyword, .begin = in_.position(), .end = 0, .index = 0};
  switch (word.keyword) {
    case Keyword::rec:
      scan_rec();
      break;
    case Keyword::import_:
      field.index = scan_import();
      break;
    case Keyword::func:
    case Keyword::table:
    case Keyword::memory:
    case Keyword::global:
    case Keyword::tag:
      field.index = scan_definition(word.keyword, word);
      break;
    case Keyword::type:
    case Keyword::elem:
    case Keyword::data:
      field.index = space_of(word.keyword)->add(in_);
      break;
    case Keyword::start:
      if (has_start_) in_.fail(Message::multiple_start_sections, word);
      has_start_ = true;
      break;
    case Keyword::export_:
      break;
    default:
      return in_.fail_unexpected(word);
  }
  in_.skip_form();
  field.end = in_.position();
  fields_.push_back(field);
}

/// A function, table, memory, global or tag, which may turn out to be an import.
std::uint32_t TextModuleParser::scan_definition(Keyword kind, const Token& word) {
  const std::uint32_t index = space_of(kind)->add(in_);
  while (in_.accept_open(Keyword::export_)) in_.skip_form();
  if (in_.at_open(Keyword::import_)) {
    note_import(word);
    return index;
  }
  last_definition_ = kind;
  if (kind == Keyword::table) scan_for_segment(Keyword::elem);
  if (kind == Keyword::memory) scan_for_segment(Keyword::data);
  return index;
}

/// Imports come first in the index spaces; the text format wants them first in the source as well.
void TextModuleParser::note_import(const Token& word) {
  if (last_definition_) {
    in_.fail(Message::import_after_definition, word, definition_name(*last_definition_));
  }
}

/// A table or memory with its contents inline defines a segment, too.
void TextModuleParser::scan_for_segment(Keyword kind) {
  while (!in_.failed() && !in_.at(TokenKind::right) && !in_.at(TokenKind::end)) {
    if (in_.at_open(kind)) {
      space_of(kind)->add_anonymous();
      return;
    }
    if (in_.next().kind == TokenKind::left) in_.skip_form();
  }
}

std::uint32_t TextModuleParser::scan_import() {
  note_import(in_.peek());
  in_.expect(TokenKind::string);
  in_.expect(TokenKind::string);
  in_.expect_left();
  IndexSpace* space = nullptr;
  switch (in_.peek().keyword) {
    case Keyword::func:
    case Keyword::table:
    case Keyword::memory:
    case Keyword::global:
    case Keyword::tag:
      space = space_of(in_.peek().keyword);
      break;
    default:
      in_.fail_unexpected();
      return 0;
  }
  in_.next();
  const std::uint32_t index = space->add(in_);
  in_.skip_form();
  return index;
}

void TextModuleParser::scan_rec() {
  while (in_.accept_open(Keyword::type)) {
    context_.types.add(in_);
    in_.skip_form();
  }
}

}  // namespace tinywasm::decoder
