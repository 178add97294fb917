// SPDX-License-Identifier: Apache-2.0
// What the parts of the text parser share: index spaces with their identifiers, the type section
// (https://webassembly.github.io/spec/core/text/conventions.html#contexts).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "decoder/binary_writer.hpp"
#include "decoder/text_cursor.hpp"
#include "decoder/types.hpp"

namespace tinywasm::decoder {

/// One index space: how many things it has and what their identifiers are.
class IndexSpace {
 public:
  /// `noun` as in "duplicate func", `unknown` for an identifier that is not bound.
  IndexSpace(std::string_view noun, Message unknown) : noun_(noun), unknown_(unknown) {}

  /// Adds the next thing, which has an identifier if one is there to take. Its index.
  std::uint32_t add(TextCursor& in);
  std::uint32_t add_anonymous() { return count_++; }
  void add_anonymous(std::uint32_t count) { count_ += count; }

  /// Takes an index or an identifier that has to be there.
  std::uint32_t expect_index(TextCursor& in) const;
  /// The index that a token of either kind stands for.
  std::uint32_t resolve(TextCursor& in, const Token& token) const;

  std::uint32_t count() const { return count_; }
  /// Indices and identifiers, in the order of the indices.
  const std::vector<std::pair<std::uint32_t, std::string_view>>& names() const { return names_; }
  void clear();

 private:
  std::string_view noun_;
  Message unknown_;
  std::uint32_t count_ = 0;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;
  std::vector<std::pair<std::uint32_t, std::string_view>> names_;
};

/// An entry of the type index space, as far as the text format has to know it.
struct TextType {
  CompositeKind kind = CompositeKind::func;
  std::uint32_t param_count = 0;  // kind == func
  std::string signature;          // kind == func: the function type in the binary format
};

/// A type use (6.4.9): an index, a signature, or both.
struct TypeUse {
  std::optional<Token> index;
  std::uint32_t param_count = 0;
  std::uint32_t result_count = 0;
  BinaryWriter params;  // the types, without their count
  BinaryWriter results;
  Token place;  // the first token after it

  bool has_signature() const { return param_count + result_count > 0; }
};

struct TextContext {
  explicit TextContext(TextCursor& cursor) : in(cursor) {}

  TextCursor& in;
  IndexSpace types{"type", Message::unknown_type};
  IndexSpace functions{"func", Message::unknown_function};
  IndexSpace tables{"table", Message::unknown_table};
  IndexSpace memories{"memory", Message::unknown_memory};
  IndexSpace globals{"global", Message::unknown_global};
  IndexSpace tags{"tag", Message::unknown_tag};
  IndexSpace elements{"elem", Message::unknown_elem_segment};
  IndexSpace data{"data", Message::unknown_data_segment};

  /// A use of a data index in code was seen: the binary format then wants a data count section.
  bool uses_data_count = false;

  // The type section. `types` counts the explicit definitions from the start, before `type_entries`
  // has them all.
  std::vector<TextType> type_entries;
  std::unordered_map<std::uint32_t, IndexSpace> fields;  // by type index: structs' field names
  std::unordered_map<std::string, std::uint32_t> type_by_signature;
  BinaryWriter type_section;  // recursion groups, without their count
  std::uint32_t type_groups = 0;
};

}  // namespace tinywasm::decoder
