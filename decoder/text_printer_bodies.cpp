// SPDX-License-Identifier: Apache-2.0
// Function bodies and constant expressions, flat or folded. What is written in each way becomes the
// same sequence of instructions again: folding takes instructions that stand right before the one
// they become operands of, and only makes it easier to read.
#include <algorithm>
#include <fmt/format.h>

#include "decoder/limits.hpp"
#include "decoder/text_annotations.hpp"
#include "decoder/text_printer.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

/// Operands inside of operands: beyond, they are written before the instruction.
constexpr std::uint32_t kMaxFolding = 50;
/// Characters of a folded instruction on one line.
constexpr std::size_t kMaxLine = 80;

bool begins_block(Insn insn) {
  return insn == Insn::block || insn == Insn::loop || insn == Insn::if_ ||
         insn == Insn::try_table || insn == Insn::try_;
}

bool ends_block(Insn insn) { return insn == Insn::end || insn == Insn::delegate; }

/// Between the parts of a block.
bool divides_block(Insn insn) {
  return insn == Insn::else_ || insn == Insn::catch_ || insn == Insn::catch_all;
}

bool takes_hint(Insn insn) { return insn == Insn::if_ || insn == Insn::br_if; }

/// `text` with `spaces` more before every line but the first.
std::string indented(std::string_view text, std::size_t spaces) {
  std::string result;
  for (;;) {  // by lines: text deep inside of operands is copied once for each of them
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    result.append(text, 0, end + 1).append(spaces, ' ');
    text.remove_prefix(end + 1);
  }
  result += text;
  return result;
}

/// Passes the local declarations of a body.
void skip_locals(ByteReader& reader) {
  const std::uint32_t runs = reader.count();
  std::uint32_t locals = 0;
  for (std::uint32_t i = 0; i < runs && reader.ok(); ++i) {
    const std::uint32_t length = reader.u32();
    read_val_type(reader);
    if (length > kMaxLocals - locals) return reader.fail(Message::over_locals_limit);
    locals += length;
  }
}

}  // namespace

void TextPrinter::print_body(std::uint32_t function) {
  static const PrintedNames kNoNames;
  const FunctionBody& body = module_.body(function);
  const auto named = names_.locals.find(function);
  locals_ = named == names_.locals.end() ? &kNoNames : &named->second;
  const auto labels = names_.labels.find(function);
  labels_.begin(labels == names_.labels.end() ? nullptr : &labels->second);
  const FuncType* const type = func_type(module_.functions[function]);
  const std::size_t params = type ? type->params.size() : 0;
  results_ = type ? type->results.size() : 0;
  line(fmt::format("(func{}{}", names_.functions.definition(function),
                   type_use(module_.functions[function], *locals_)));
  ++indent_;
  ByteReader reader(module_.bytes, body.begin, body.end);
  print_locals(reader, static_cast<std::uint32_t>(params));
  static const Hints kNoHints;
  const auto hints = hints_.find(function);
  write_body(reader, body, hints == hints_.end() ? kNoHints : hints->second);
  --indent_;
  close();
  locals_ = &kNoNames;
  labels_.begin(nullptr);
}

/// "(local $x i32) (local i32 i64)": those with names one by one. A few bytes may declare many.
void TextPrinter::print_locals(ByteReader& reader, std::uint32_t params) {
  std::uint32_t local = params;
  bool is_open = false;
  const std::uint32_t runs = reader.count();
  for (std::uint32_t i = 0; i < runs && reader.ok() && !failed_; ++i) {
    const std::uint32_t length = reader.u32();
    const std::string type = ' ' + value_type(read_val_type(reader));
    if (length > kMaxLocals - (local - params)) reader.fail(Message::over_locals_limit);
    for (std::uint32_t k = 0; k < length && reader.ok(); ++k, ++local) {
      const bool has_name = locals_->has_name(local);
      if (is_open && has_name) out_ += ')';
      if (local == params) begin_line();
      if (has_name || !is_open) out_ += local == params ? "(local" : " (local";
      if (has_name) out_ += locals_->definition(local, false);
      out_ += type;
      if (has_name) out_ += ')';
      is_open = !has_name;
      flush();
    }
  }
  if (!reader.ok()) return fail(reader.error());
  if (is_open) out_ += ')';
  if (local > params) out_ += '\n';
}

/// Whether a body can be printed.
void TextPrinter::check_body(const FunctionBody& body) {
  if (interrupt_ != nullptr && interrupt_->is_set()) return fail(make_error(Message::interrupted));
  ByteReader reader(module_.bytes, body.begin, body.end);
  skip_locals(reader);
  Instruction insn;
  std::vector<bool> has_parts;  // of the open blocks, as blocks_
  while (instructions_.read(reader, insn)) {
    if (begins_block(insn.id)) has_parts.push_back(insn.id == Insn::if_ || insn.id == Insn::try_);
    if (fold_ && divides_block(insn.id) && (has_parts.empty() || !has_parts.back())) {
      return fail_folding(insn);
    }
    if (!ends_block(insn.id)) continue;
    if (has_parts.empty()) break;
    if (fold_ && insn.id == Insn::delegate && !has_parts.back()) return fail_folding(insn);
    has_parts.pop_back();
  }
  if (reader.ok() && !reader.at_end()) reader.fail(Message::section_size_mismatch);
  if (!reader.ok()) fail(reader.error());
}

void TextPrinter::write_body(ByteReader& reader, const FunctionBody& body, const Hints& hints) {
  Instruction insn;
  for (std::size_t depth = 1; depth > 0 && !failed_;) {
    if (!instructions_.read(reader, insn)) return fail(reader.error());
    if (begins_block(insn.id)) ++depth;
    if (ends_block(insn.id) && --depth == 0) break;
    if (insn.id == Insn::delegate) labels_.pop();  // what it refers to does not count its own try
    std::string hint;
    if (takes_hint(insn.id)) {
      if (const auto found = hints.find(insn.offset - body.begin); found != hints.end()) {
        hint = fmt::format("(@{} \"\\{:02x}\") ", kBranchHintSection, found->second);
      }
    }
    if (fold_) {
      write_folded(insn, hint);
    } else {
      write_flat(insn, hint);
    }
    if (begins_block(insn.id)) labels_.push();
    if (insn.id == Insn::end) labels_.pop();
  }
  flush_nodes();
  if (!failed_ && !reader.at_end()) {
    reader.fail(Message::section_size_mismatch);
    fail(reader.error());
  }
}

void TextPrinter::write_flat(const Instruction& insn, const std::string& hint) {
  const bool divides = divides_block(insn.id);
  if (divides || ends_block(insn.id)) --indent_;
  line(hint + instruction(insn));
  if (divides || begins_block(insn.id)) ++indent_;
}

void TextPrinter::write_folded(const Instruction& insn, const std::string& hint) {
  if (begins_block(insn.id)) {
    open_block(insn, hint);
  } else if (divides_block(insn.id)) {
    flush_nodes();
    // A body that is not valid may have one where the folded form has no place for it.
    if (blocks_.empty() || !blocks_.back()) return fail_folding(insn);
    --indent_;
    close();
    line('(' + instruction(insn));
    ++indent_;
  } else if (ends_block(insn.id)) {
    flush_nodes();
    if (insn.id == Insn::delegate && !blocks_.back()) return fail_folding(insn);
    close_block(insn);
  } else {
    fold(insn, hint);
  }
}

void TextPrinter::fail_folding(const Instruction& insn) {
  fail(make_error(Message::unexpected_token, insn.offset, ' ' + instruction(insn)));
}

/// "(block ..."; "(if ...", its condition and "(then"; "(try ..." and "(do".
void TextPrinter::open_block(const Instruction& insn, const std::string& hint) {
  const bool is_if = insn.id == Insn::if_;
  std::string condition;
  if (is_if && !nodes_.empty() && nodes_.back().pushes == 1) {
    condition = std::move(nodes_.back().text);
    nodes_.pop_back();
  }
  flush_nodes();
  line(fmt::format("{}({}", hint, instruction(insn)));
  ++indent_;
  const bool has_parts = is_if || insn.id == Insn::try_;
  blocks_.push_back(has_parts);
  if (!has_parts) return;
  if (!condition.empty()) line(condition);
  line(is_if ? "(then" : "(do");
  ++indent_;
}

/// At an end or delegate.
void TextPrinter::close_block(const Instruction& insn) {
  const bool has_parts = blocks_.back();
  blocks_.pop_back();
  if (has_parts) {
    --indent_;
    close();
  }
  if (insn.id == Insn::delegate) line('(' + instruction(insn) + ')');
  --indent_;
  close();
}

/// An instruction with the nodes before it that are exactly its operands.
void TextPrinter::fold(const Instruction& insn, const std::string& hint) {
  const std::optional<Arity> arity = this->arity(insn);
  std::size_t first = nodes_.size();
  std::uint32_t found = 0;
  const std::uint32_t wanted = arity ? arity->pops : 0;
  while (found < wanted && first > 0) {
    const Node& node = nodes_[first - 1];
    if (node.pushes == 0 || node.pushes > wanted - found || node.depth >= kMaxFolding) break;
    found += node.pushes;
    --first;
  }
  if (found != wanted) first = nodes_.size();
  Node node{.text = hint + '(' + instruction(insn), .pushes = arity ? arity->pushes : 0};
  std::size_t length = node.text.size();
  bool is_one_line = true;
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    length += 1 + nodes_[i].text.size();
    is_one_line &= nodes_[i].text.find('\n') == std::string::npos;
    node.depth = std::max(node.depth, nodes_[i].depth + 1);
  }
  is_one_line &= length <= kMaxLine;
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    node.text += is_one_line ? " " + nodes_[i].text : "\n  " + indented(nodes_[i].text, 2);
  }
  node.text += ')';
  nodes_.resize(first);
  nodes_.push_back(std::move(node));
  if (nodes_.back().pushes == 0) flush_nodes();
}

void TextPrinter::flush_nodes() {
  for (const Node& node : nodes_) line(node.text);
  nodes_.clear();
}

/// The instructions of a constant expression without its end; in parentheses if there is one only.
std::string TextPrinter::expression(const ConstExpr& expr, bool& is_single) {
  ByteReader reader(module_.bytes, expr.begin, expr.end);
  Instruction insn;
  std::string text;
  std::size_t count = 0;
  bool has_block = false;
  for (std::size_t depth = 1;; ++count) {
    if (!instructions_.read(reader, insn)) {
      fail(reader.error());
      break;
    }
    if (begins_block(insn.id)) {
      ++depth;
      has_block = true;
    }
    if (ends_block(insn.id) && --depth == 0) break;
    if (!text.empty()) text += ' ';
    text += instruction(insn);
  }
  is_single = count == 1 && !has_block;
  return is_single ? '(' + text + ')' : text;
}

std::string TextPrinter::wrapped_expression(std::string_view word, const ConstExpr& expr) {
  bool is_single = false;
  const std::string text = expression(expr, is_single);
  return is_single ? text : fmt::format("({}{}{})", word, text.empty() ? "" : " ", text);
}

/// Decodes the section of branch hints. One that does not hold together stays as it is.
void TextPrinter::read_hints() {
  const auto section =
      std::find_if(module_.custom_sections.begin(), module_.custom_sections.end(),
                   [](const CustomSection& each) { return each.name == kBranchHintSection; });
  if (section == module_.custom_sections.end()) return;
  ByteReader reader(module_.bytes, section->begin, section->end);
  std::map<std::uint32_t, Hints> all;
  std::int64_t last = -1;
  const std::uint32_t functions = reader.count();
  for (std::uint32_t i = 0; i < functions && reader.ok(); ++i) {
    const std::uint32_t function = reader.u32();
    if (function <= last || function >= module_.functions.size()) return;
    if (module_.is_imported_function(function)) return;
    last = function;
    const std::uint32_t count = reader.count();
    Hints& hints = all[function];
    for (std::uint32_t k = 0; k < count && reader.ok(); ++k) {
      const std::uint32_t offset = reader.u32();
      const std::uint32_t size = reader.u32();
      const std::uint8_t value = reader.u8();
      const bool is_ascending = hints.empty() || offset > hints.rbegin()->first;
      if (size != 1 || value > 1 || !is_ascending) return;
      hints.emplace(offset, value);
    }
    if (!reader.ok() || hints.empty() || !are_branches(function, hints)) return;
  }
  if (!reader.ok() || !reader.at_end()) return;
  hints_ = std::move(all);
  hint_section_ = &*section;
}

/// Whether every hint stands at an instruction that can have one.
bool TextPrinter::are_branches(std::uint32_t function, const Hints& hints) {
  const FunctionBody& body = module_.body(function);
  ByteReader reader(module_.bytes, body.begin, body.end);
  skip_locals(reader);
  std::size_t found = 0;
  Instruction insn;
  while (reader.ok() && !reader.at_end() && instructions_.read(reader, insn)) {
    if (takes_hint(insn.id) && hints.contains(insn.offset - body.begin)) ++found;
  }
  return reader.ok() && found == hints.size();
}

}  // namespace tinywasm::decoder
