// SPDX-License-Identifier: Apache-2.0
// Types of the text format (https://webassembly.github.io/spec/core/text/types.html), written in
// the binary format as they are read.
#pragma once

#include <cstdint>
#include <optional>

#include "decoder/text_context.hpp"

namespace tinywasm::decoder {

/// The abstract heap type a keyword stands for, if any.
std::optional<HeapType> abstract_heap_type(Keyword word);

bool at_value_type(TextCursor& in);
bool at_reference_type(TextCursor& in);

/// A value type, written to `out`.
void parse_value_type(TextContext& context, BinaryWriter& out);
/// A heap type, written to `out`.
void parse_heap_type(TextContext& context, BinaryWriter& out);
/// A reference type, written to `out`.
void parse_reference_type(TextContext& context, BinaryWriter& out);
/// A reference type whose nullability and heap type are wanted apart; true when it is nullable.
bool parse_cast_type(TextContext& context, BinaryWriter& heap_type);
void parse_global_type(TextContext& context, BinaryWriter& out);

/// Address type and limits. `limits_flags` is the binary format's.
struct TextLimits {
  bool is_64 = false;
  bool is_shared = false;
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max;
  std::uint8_t page_log2 = 16;
};
TextLimits parse_limits(TextCursor& in, bool is_64);
/// Takes the address type if there is one: true for i64.
bool accept_address_type(TextCursor& in);
/// Takes "(pagesize n)" if it is there: log2 n, else of the usual size.
std::uint8_t accept_page_size(TextCursor& in);
void write_limits(const TextLimits& limits, BinaryWriter& out);
/// What follows the address type in a memory type.
void parse_memory_limits(TextCursor& in, bool is_64, BinaryWriter& out);
void parse_memory_type(TextContext& context, BinaryWriter& out);
void parse_table_type(TextContext& context, BinaryWriter& out);

/// A type use. With `names`, parameters may have identifiers and are added there.
TypeUse parse_type_use(TextContext& context, IndexSpace* names);
/// What the type of an imported function may be: a type use, or "(exact typeuse)". True for the
/// latter.
bool parse_exact_type_use(TextContext& context, TypeUse& use);
/// The type index of a type use; a signature alone finds its type or adds it.
std::uint32_t resolve_type_use(TextContext& context, const TypeUse& use);

/// "(type ...)" and "(rec ...)" after the keyword, with the closing parenthesis. The identifiers
/// are already in context.types.
void parse_type_field(TextContext& context);
void parse_rec_field(TextContext& context);

}  // namespace tinywasm::decoder
