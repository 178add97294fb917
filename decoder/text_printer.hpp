// SPDX-License-Identifier: Apache-2.0
// From a module to the text format (https://webassembly.github.io/spec/core/text/index.html).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/text.hpp>

#include "decoder/byte_reader.hpp"
#include "decoder/instruction.hpp"
#include "decoder/instruction_reader.hpp"
#include "decoder/module.hpp"
#include "decoder/text_names.hpp"

namespace tinywasm::decoder {

/// The text of a decoded module, valid or not. Assembled again it gives the same module: the same
/// bytes, if they are in the shortest form and the sections that it makes are all there. `fold`
/// writes operands inside of their instructions. An error when a body cannot be decoded, before
/// anything is given to `sink`; when that ends the printing, or `interrupt` is set.
Result<void> print_module(const Module& module, bool fold, const TextSink& sink,
                          const InterruptToken* interrupt = nullptr);
/// The same as one string.
Result<std::string> print_module(const Module& module, bool fold);

class TextPrinter {
 public:
  TextPrinter(const Module& module, bool fold, const TextSink& sink,
              const InterruptToken* interrupt);
  Result<void> print();

 private:
  /// An instruction with its operands, not yet written because it may become an operand.
  struct Node {
    std::string text;  // folded, without the outermost indentation
    std::uint32_t pushes = 0;
    std::uint32_t depth = 1;
  };
  /// How many operands an instruction takes and how many results it gives.
  struct Arity {
    std::uint32_t pops = 0;
    std::uint32_t pushes = 0;
  };
  using Hints = std::map<std::uint32_t, std::uint8_t>;  // by offset in the body

  // text_printer.cpp: fields
  void print_types();
  void print_imports();
  void print_functions();
  void print_tables();
  void print_memories();
  void print_tags();
  void print_globals();
  void print_exports();
  void print_elements();
  void print_data();
  void print_custom_sections();
  std::string type_definition(std::uint32_t index) const;
  std::string extern_type(ExternKind kind, std::uint32_t index) const;
  std::string function_use(std::uint32_t function) const;
  std::string custom_placement(const CustomSection& section) const;
  void line(std::string_view text);
  void begin_line();
  void close();
  void flush();
  void fail(const Error& error);

  // text_printer_types.cpp
  std::string heap_type(HeapType type) const;
  std::string value_type(ValType type) const;
  std::string field_type(const FieldType& field) const;
  std::string limits(const Limits& limits) const;
  std::string table_type(const TableType& type) const;
  std::string memory_type(const MemoryType& type) const;
  std::string global_type(const GlobalType& type) const;
  /// `names` are those of the parameters.
  std::string type_use(std::uint32_t type, const PrintedNames& names = {}) const;
  std::string signature(const FuncType& type, const PrintedNames& names = {}) const;
  std::string declarations(std::string_view word, const PrintedNames& names, std::uint32_t first,
                           std::span<const ValType> types) const;
  const FuncType* func_type(std::uint32_t type) const;

  // text_printer_bodies.cpp
  void print_body(std::uint32_t function);
  void check_body(const FunctionBody& body);
  void print_locals(ByteReader& reader, std::uint32_t params);
  void write_body(ByteReader& reader, const FunctionBody& body, const Hints& hints);
  void write_flat(const Instruction& insn, const std::string& hint);
  void write_folded(const Instruction& insn, const std::string& hint);
  void fold(const Instruction& insn, const std::string& hint);
  void open_block(const Instruction& insn, const std::string& hint);
  void close_block(const Instruction& insn);
  void fail_folding(const Instruction& insn);
  void flush_nodes();
  std::string expression(const ConstExpr& expr, bool& is_single);
  std::string wrapped_expression(std::string_view word, const ConstExpr& expr);
  void read_hints();
  bool are_branches(std::uint32_t function, const Hints& hints);

  // text_printer_instructions.cpp
  std::string instruction(const Instruction& insn) const;
  std::string immediates(const Instruction& insn) const;
  std::string block_head(const Instruction& insn) const;
  std::string memory_argument(const Instruction& insn) const;
  std::string field_reference(std::uint32_t type, std::uint32_t field) const;
  std::string catches(const Instruction& insn) const;
  std::string select_types(const Instruction& insn) const;
  /// Nothing when it is not worth knowing.
  std::optional<Arity> arity(const Instruction& insn) const;

  const Module& module_;
  bool fold_;
  const TextSink& sink_;
  const InterruptToken* interrupt_;
  ModuleNames names_;
  std::string out_;  // what the sink has not been given yet; not empty after the first line
  std::size_t indent_ = 1;
  Error error_;
  bool failed_ = false;
  const PrintedNames* locals_ = nullptr;  // of the function being printed
  PrintedLabels labels_;                  // of that function
  std::size_t results_ = 0;               // of that function
  InstructionReader instructions_;
  std::vector<Node> nodes_;
  std::vector<bool> blocks_;  // whether each open block has parts in parentheses of their own
  std::map<std::uint32_t, Hints> hints_;         // by function
  const CustomSection* hint_section_ = nullptr;  // what hints_ came from
};

}  // namespace tinywasm::decoder
