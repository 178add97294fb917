// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_keywords.hpp"

#include <array>
#include <cstddef>
#include <iterator>

namespace tinywasm::decoder {
namespace {

constexpr std::string_view kKeywordTexts[] = {"",  // Keyword::none
#define KEYWORD(id, text) text,
                                              TINYWASM_KEYWORDS(KEYWORD)
#undef KEYWORD
};
constexpr std::size_t kKeywordCount = std::size(kKeywordTexts);

// Entries below kInsnCount are instructions, the others keywords.
constexpr std::string_view entry_text(std::size_t entry) {
  return entry < kInsnCount ? kInsns[entry].text : kKeywordTexts[entry - kInsnCount];
}

constexpr std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261U;  // FNV-1a
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  return value ^ (value >> 15);
}

constexpr std::uint16_t kEmpty = 0xFFFF;
constexpr std::size_t kSlots = 2048;  // a load of about one third

/// An open-addressing hash table, built by the compiler. Of two entries with one text the first
/// stays.
constexpr std::array<std::uint16_t, kSlots> build_table() {
  std::array<std::uint16_t, kSlots> table{};
  for (auto& slot : table) slot = kEmpty;
  for (std::size_t entry = 0; entry < kInsnCount + kKeywordCount; ++entry) {
    const std::string_view text = entry_text(entry);
    if (text.empty()) continue;
    std::size_t slot = hash(text) % kSlots;
    while (table[slot] != kEmpty && entry_text(table[slot]) != text) slot = (slot + 1) % kSlots;
    if (table[slot] == kEmpty) table[slot] = static_cast<std::uint16_t>(entry);
  }
  return table;
}

constexpr auto kTable = build_table();

}  // namespace

KeywordMeaning find_keyword(std::string_view text) {
  for (std::size_t slot = hash(text) % kSlots; kTable[slot] != kEmpty; slot = (slot + 1) % kSlots) {
    const std::uint16_t entry = kTable[slot];
    if (entry_text(entry) != text) continue;
    if (entry < kInsnCount) return {.insn = entry, .keyword = Keyword::none};
    return {.insn = kNoInsn, .keyword = static_cast<Keyword>(entry - kInsnCount)};
  }
  return {};
}

}  // namespace tinywasm::decoder
