// SPDX-License-Identifier: Apache-2.0
// Annotations that mean something: names, custom sections and branch hints
// (https://webassembly.github.io/spec/core/appendix/custom.html). All others are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decoder/binary_writer.hpp"
#include "decoder/text_cursor.hpp"

namespace tinywasm::decoder {

/// The name that (@name "...") gives to the thing whose identifier came last, if it is there.
/// `noun` is the thing's.
std::optional<std::string_view> accept_name_annotation(TextCursor& in, std::string_view noun);

/// Sections as places: their ids, and the module's two ends.
inline constexpr std::uint32_t kBeforeFirst = 0;
inline constexpr std::uint32_t kAfterLast = 100;

/// (@custom "name" placement? "contents"*)
struct TextCustomSection {
  std::uint32_t section = kAfterLast;  // the id of a section, or an end of the module
  bool is_after = true;
  std::string name;
  std::string contents;
};

/// Custom sections that stand before the next token, a field or the module's end.
void accept_custom_annotations(TextCursor& in, std::vector<TextCustomSection>& sections);
/// Writes those with this place.
void write_custom_sections(const std::vector<TextCustomSection>& sections, std::uint32_t section,
                           bool is_after, BinaryWriter& out);
/// The word for a section in a placement: "func"; empty when there is no such section.
std::string_view section_word(std::uint32_t section);

/// A hint's place, relative to the function's body, and its value: 1 for a branch likely taken.
struct BranchHint {
  std::uint32_t offset = 0;
  std::uint8_t value = 0;
};
inline constexpr std::string_view kBranchHintSection = "metadata.code.branch_hint";

/// The value of a (@metadata.code.branch_hint "\..") before the next token, if it is there.
std::optional<std::uint8_t> accept_branch_hint(TextCursor& in);

/// Fails if an annotation of the source [begin, end) has not been used. `functions` are the places
/// of function definitions.
void check_annotations(TextCursor& in, std::size_t begin, std::size_t end,
                       const std::vector<std::pair<std::size_t, std::size_t>>& functions);

}  // namespace tinywasm::decoder
