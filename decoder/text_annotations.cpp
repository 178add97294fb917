// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_annotations.hpp"

#include <algorithm>

#include "decoder/utf8.hpp"

namespace tinywasm::decoder {
namespace {

struct SectionWord {
  std::string_view word;
  std::uint32_t section;
};
constexpr SectionWord kSectionWords[] = {
    {"type", 1},   {"import", 2},           {"func", 3},
    {"table", 4},  {"memory", 5},           {"tag", 13},
    {"global", 6}, {"export", 7},           {"start", 8},
    {"elem", 9},   {"datacount", 12},       {"code", 10},
    {"data", 11},  {"first", kBeforeFirst}, {"last", kAfterLast},
};

/// The value of a string token.
std::string value_of(const Token& token) {
  std::string value;
  append_string_value(token.text, value);
  return value;
}

/// (before section) or (after section) after the parenthesis; false after a failure.
bool parse_placement(TextCursor& in, const Annotation& annotation, TextLexer& tokens,
                     TextCustomSection& section) {
  const Token side = tokens.next();
  if (side.text != "before" && side.text != "after") {
    in.fail_at(Message::custom_placement, annotation.begin);
    return false;
  }
  section.is_after = side.text == "after";
  const Token word = tokens.next();
  const auto* found = std::find_if(std::begin(kSectionWords), std::end(kSectionWords),
                                   [&](const SectionWord& each) { return each.word == word.text; });
  const bool is_known = word.kind == TokenKind::keyword && found != std::end(kSectionWords);
  if (!is_known || (found->section == kBeforeFirst && section.is_after) ||
      (found->section == kAfterLast && !section.is_after)) {
    in.fail_at(Message::custom_section_kind, annotation.begin);
    return false;
  }
  section.section = found->section;
  if (tokens.next().kind == TokenKind::right) return true;
  in.fail_at(Message::custom_unexpected_token, annotation.begin);
  return false;
}

void parse_custom(TextCursor& in, const Annotation& annotation,
                  std::vector<TextCustomSection>& sections) {
  TextLexer tokens(in.contents(annotation));
  TextCustomSection section;
  const Token name = tokens.next();
  if (name.kind != TokenKind::string) {
    return in.fail_at(Message::custom_without_name, annotation.begin);
  }
  section.name = value_of(name);
  if (!is_utf8(section.name)) {
    return in.fail_at(Message::custom_malformed_utf8, annotation.begin);
  }
  if (tokens.peek().kind == TokenKind::left) {
    tokens.next();
    if (!parse_placement(in, annotation, tokens, section)) return;
  }
  while (tokens.peek().kind == TokenKind::string) section.contents += value_of(tokens.next());
  if (tokens.peek().kind != TokenKind::end) {
    return in.fail_at(Message::custom_unexpected_token, annotation.begin);
  }
  sections.push_back(std::move(section));
}

Message misplaced(const Annotation& annotation, bool is_in_function) {
  switch (annotation.kind) {
    case AnnotationKind::name:
      return Message::name_misplaced;
    case AnnotationKind::custom:
      return Message::custom_misplaced;
    case AnnotationKind::branch_hint:
      break;
  }
  return is_in_function ? Message::hint_target : Message::hint_outside;
}

}  // namespace

std::optional<std::string_view> accept_name_annotation(TextCursor& in, std::string_view noun) {
  const auto annotations = in.take_annotations(AnnotationKind::name);
  if (annotations.empty()) return std::nullopt;
  if (annotations.size() > 1) {
    in.fail_at(Message::name_twice, annotations[1].begin, ' ' + std::string(noun));
    return std::nullopt;
  }
  const Annotation& annotation = annotations[0];
  TextLexer tokens(in.contents(annotation));
  const Token token = tokens.next();
  if (token.kind != TokenKind::string || tokens.peek().kind != TokenKind::end) {
    in.fail_at(Message::name_unexpected_token, annotation.begin);
    return std::nullopt;
  }
  std::string name = value_of(token);
  if (!is_utf8(name)) {
    in.fail_at(Message::name_malformed_utf8, annotation.begin);
    return std::nullopt;
  }
  return in.keep(std::move(name));
}

void accept_custom_annotations(TextCursor& in, std::vector<TextCustomSection>& sections) {
  for (const Annotation& annotation : in.take_annotations(AnnotationKind::custom)) {
    parse_custom(in, annotation, sections);
  }
}

void write_custom_sections(const std::vector<TextCustomSection>& sections, std::uint32_t section,
                           bool is_after, BinaryWriter& out) {
  for (const TextCustomSection& each : sections) {
    if (each.section != section || each.is_after != is_after) continue;
    BinaryWriter contents;
    contents.name(each.name);
    contents.append(each.contents);
    out.section(0, contents);
  }
}

std::string_view section_word(std::uint32_t section) {
  const auto* found =
      std::find_if(std::begin(kSectionWords), std::end(kSectionWords),
                   [&](const SectionWord& each) { return each.section == section; });
  return found == std::end(kSectionWords) ? std::string_view{} : found->word;
}

std::optional<std::uint8_t> accept_branch_hint(TextCursor& in) {
  const auto annotations = in.take_annotations(AnnotationKind::branch_hint);
  if (annotations.empty()) return std::nullopt;
  if (annotations.size() > 1) {
    in.fail_at(Message::hint_twice, annotations[1].begin);
    return std::nullopt;
  }
  TextLexer tokens(in.contents(annotations[0]));
  const Token token = tokens.next();
  const std::string value = token.kind == TokenKind::string ? value_of(token) : std::string();
  const bool is_hint = value.size() == 1 && (value[0] == '\0' || value[0] == '\1');
  if (!is_hint || tokens.peek().kind != TokenKind::end) {
    in.fail_at(Message::hint_contents, annotations[0].begin);
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(value[0]);
}

void check_annotations(TextCursor& in, std::size_t begin, std::size_t end,
                       const std::vector<std::pair<std::size_t, std::size_t>>& functions) {
  for (const Annotation& annotation : in.annotations()) {
    if (annotation.begin < begin || annotation.begin >= end || annotation.is_used) continue;
    const bool is_in_function =
        std::any_of(functions.begin(), functions.end(), [&](const auto& function) {
          return function.first <= annotation.begin && annotation.begin < function.second;
        });
    return in.fail_at(misplaced(annotation, is_in_function), annotation.begin);
  }
}

}  // namespace tinywasm::decoder
