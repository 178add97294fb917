// SPDX-License-Identifier: Apache-2.0
// Instructions of the text format, flat and folded
// (https://webassembly.github.io/spec/core/text/instructions.html), to the binary format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "decoder/text_annotations.hpp"
#include "decoder/text_context.hpp"

namespace tinywasm::decoder {

/// Parses one sequence of instructions after the other; keeps its buffers between them. Nesting,
/// folded or flat, lives on a stack of its own and not on the native one.
class TextInstructions {
 public:
  explicit TextInstructions(TextContext& context) : context_(context), in_(context.in) {}

  /// The identifiers of the function whose body comes next; the caller fills it.
  IndexSpace& locals() { return locals_; }

  /// Instructions up to the closing parenthesis of the form they stand in, which stays, then `end`.
  void parse_expression(BinaryWriter& out);
  /// As parse_expression, for a function's body whose declarations `out` holds, with branch hints.
  /// label_names() are then those of this body.
  void parse_body(BinaryWriter& out, std::vector<BranchHint>& hints);
  /// The identifiers of labels, by the number of the block: of all that the body has, in the order
  /// in which their instructions stand in the binary format.
  const std::vector<std::pair<std::uint32_t, std::string_view>>& label_names() const {
    return label_names_;
  }
  /// One folded instruction, then `end`.
  void parse_folded_expression(BinaryWriter& out);

 private:
  enum class Form : std::uint8_t {
    flat_block,    // block ... end, loop, try_table, and if after its else
    flat_if,       // if ..., before an else
    folded_plain,  // (insn operands...
    folded_block,  // (block instructions..., loop, try_table
    folded_if,     // (if operands..., before its then
    folded_then,   // (if (then instructions...
    after_then,    // (if (then ...) ...
    folded_else,   // (if (then ...) (else instructions...
    after_else,    // (if (then ...) (else ...) ...
    // The legacy try (text_legacy_try.cpp).
    flat_try,          // try ..., before its clauses
    flat_catch,        // try ... catch $e ...
    folded_try,        // (try ..., before its do
    folded_do,         // (try (do instructions...
    after_do,          // (try (do ...) ...
    folded_catch,      // (try (do ...) (catch $e instructions...
    after_catch,       // (try (do ...) (catch ...) ...
    folded_catch_all,  // (try (do ...) (catch_all instructions...
    after_catch_all,   // (try (do ...) (catch_all ...) ...
    after_delegate,    // (try (do ...) (delegate 0) ...
  };
  struct Level {
    Form form;
    std::size_t pending = 0;  // folded_plain, folded_if: where their code begins in pending_
    std::optional<std::string_view> label;  // folded_if: to bind at its then; flat: to compare
  };
  struct Label {
    std::optional<std::string_view> name;
    std::optional<std::size_t> hidden;  // the outer label of the same name
  };

  void run(BinaryWriter& out, bool one_folded);
  void open_parenthesis(BinaryWriter& out);
  void close_parenthesis(BinaryWriter& out);
  void folded_instruction(Insn insn, BinaryWriter& out);
  void flat_instruction(BinaryWriter& out);
  void flat_else(BinaryWriter& out);
  void flat_end(BinaryWriter& out);
  void flush_pending(std::size_t from, BinaryWriter& out);
  void flush_hints(std::size_t from, std::size_t offset);
  void take_branch_hint(std::uint16_t insn);
  void note_branch_hint(const BinaryWriter& out);

  // text_legacy_try.cpp
  bool open_clause(const Token& word, BinaryWriter& out);
  bool close_clause(BinaryWriter& out);
  void flat_clause(Insn insn, BinaryWriter& out);

  bool is_block(Insn insn) const;
  bool takes_instructions() const;
  void push(Form form, std::size_t pending = 0, std::optional<std::string_view> label = {});
  void push_label(std::optional<std::string_view> name);
  void pop_label();
  void check_end_label(const Level& level);

  // text_immediates.cpp
  void block_head(Insn insn, BinaryWriter& out);
  void block_type(BinaryWriter& out);
  void catches(BinaryWriter& out);
  void plain_instruction(Insn insn, BinaryWriter& out);
  void immediates(const InsnInfo& insn, BinaryWriter& out);
  void label_index(BinaryWriter& out);
  void label_indices(BinaryWriter& out);
  void index(const IndexSpace& space, BinaryWriter& out);
  void optional_index(const IndexSpace& space, BinaryWriter& out);
  void two_indices(const IndexSpace& space, BinaryWriter& out);
  void item_then_space(const IndexSpace& items, const IndexSpace& spaces, BinaryWriter& out);
  void type_and_table(BinaryWriter& out);
  void type_and_field(BinaryWriter& out);
  void memory_argument(const InsnInfo& insn, BinaryWriter& out);
  void memory_argument_and_lane(const InsnInfo& insn, BinaryWriter& out);
  void write_memory_argument(std::uint32_t memory, std::uint32_t alignment, std::uint64_t offset,
                             BinaryWriter& out);
  std::optional<std::uint64_t> accept_setting(std::string_view name);
  std::uint32_t alignment_and_offset(const InsnInfo& insn, std::uint64_t& offset);
  void integer(unsigned bits, BinaryWriter& out);
  void real(unsigned bits, BinaryWriter& out);
  std::uint64_t constant_bits(const Token& token, bool is_real, unsigned bits);
  void lane(BinaryWriter& out);
  void shuffle_lanes(BinaryWriter& out);
  void vector_constant(BinaryWriter& out);
  void select(BinaryWriter& out);
  void test_or_cast(Insn insn, BinaryWriter& out);
  void cast_branch(BinaryWriter& out);

  TextContext& context_;
  TextCursor& in_;
  IndexSpace locals_{"local", Message::unknown_local};
  std::vector<Level> levels_;
  std::vector<Label> labels_;
  std::unordered_map<std::string_view, std::size_t> label_by_name_;  // the innermost of each name
  std::uint32_t label_count_ = 0;                                    // that this body had so far
  std::vector<std::pair<std::uint32_t, std::string_view>> label_names_;
  std::vector<BranchHint>* hints_ = nullptr;  // where branch hints go, if they may come
  std::vector<BranchHint> pending_hints_;     // with offsets in pending_
  std::optional<std::uint8_t> branch_hint_;   // of the instruction that comes next
  BinaryWriter pending_;  // code of the open folded instructions, emitted after their operands
};

}  // namespace tinywasm::decoder
