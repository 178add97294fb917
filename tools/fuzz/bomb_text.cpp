// SPDX-License-Identifier: Apache-2.0
// Bombs in the text format: fields of which each has as many identifiers, parentheses,
// abbreviations or characters as there is room for.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "tools/fuzz/bombs.hpp"

namespace tinywasm::fuzz {
namespace {

class TextBomb {
 public:
  explicit TextBomb(Choices& choices) : choices_(choices) {}
  std::string write();

 private:
  /// How often something of so many characters is written.
  std::uint32_t times(std::size_t characters) {
    const std::size_t left = out_.size() < most_ ? most_ - out_.size() : 0;
    return choose_count(choices_, static_cast<std::uint32_t>(left / characters) + 1);
  }
  void repeat(std::string_view text, std::uint32_t count) {
    for (; count > 0; --count) out_ += text;
  }
  /// An identifier that no other field has.
  std::string identifier(std::uint32_t number) const {
    return '$' + std::string(name_length_, 'n') + std::to_string(field_) + '_' +
           std::to_string(number);
  }
  void field();
  void named_blocks();
  void labels_of_one_name();
  void folded_operators();
  void folded_ifs();
  void inline_types();
  void type_uses();
  void comments();
  void annotations();
  void named_calls();
  void strings();
  void element_lists();
  void groups();
  void named_locals();
  void long_numbers();
  void branch_tables();
  void global_chain();
  void inline_exports();
  void abbreviations();

  static constexpr std::uint32_t kMostBlocks = 60'000;
  Choices& choices_;
  std::size_t most_ = 0;
  std::size_t name_length_ = 0;
  std::uint32_t field_ = 0;
  std::string out_;
};

// ---- Blocks

/// Blocks of different names, and branches out of all of them.
void TextBomb::named_blocks() {
  const std::uint32_t depth = std::min(times(20 + name_length_), kMostBlocks);
  const std::uint32_t branches = times(12 + name_length_);
  const bool is_folded = choices_.one_in(2);
  out_ += "(func ";
  for (std::uint32_t i = 0; i < depth; ++i) {
    out_ += (is_folded ? "(block " : "block ") + identifier(i) + '\n';
  }
  for (std::uint32_t i = 0; i < branches; ++i) out_ += " i32.const 0 br_if " + identifier(0);
  repeat(is_folded ? ")" : " end", depth);
  out_ += ")\n";
}

/// Of which the innermost one of a name is meant.
void TextBomb::labels_of_one_name() {
  const std::uint32_t depth = std::min(times(12 + name_length_), kMostBlocks);
  out_ += "(func ";
  for (std::uint32_t i = 0; i < depth; ++i) out_ += "loop " + identifier(i % 2) + '\n';
  for (std::uint32_t i = times(40 + name_length_); i > 0; --i) {
    out_ += "i32.const 0 br_if " + identifier(i % std::min(depth, 2u)) + " i32.const 0 br_if 0 ";
  }
  for (std::uint32_t i = depth; i > 0; --i) out_ += " end " + identifier((i - 1) % 2);
  out_ += ")\n";
}

void TextBomb::branch_tables() {
  const std::uint32_t depth = std::min(times(20 + name_length_), kMostBlocks);
  out_ += "(func ";
  for (std::uint32_t i = 0; i < depth; ++i) out_ += "block " + identifier(i) + '\n';
  out_ += "i32.const 0 br_table";
  for (std::uint32_t i = times(4 + name_length_); i > 0; --i) {
    out_ += ' ' + identifier(i * 7 % depth);
  }
  repeat(" end", depth);
  out_ += ")\n";
}

void TextBomb::folded_operators() {
  const std::uint32_t depth = times(24);
  const bool is_left = choices_.one_in(2);
  out_ += "(func (drop ";
  if (is_left) {
    repeat("(i32.add ", depth);
    out_ += "(i32.const 1)";
    repeat(" (i32.const 1))", depth);
  } else {
    repeat("(i32.add (i32.const 1) ", depth);
    out_ += "(i32.const 1)";
    repeat(")", depth);
  }
  out_ += "))\n";
}

void TextBomb::folded_ifs() {
  const std::uint32_t depth = std::min(times(30), kMostBlocks);
  out_ += "(func ";
  repeat("(if (i32.const 0) (then ", depth);
  repeat(choices_.one_in(2) ? ") (else))" : "))", depth);
  out_ += ")\n";
}

// ---- Types

/// Types that functions declare: the same, or others each time.
void TextBomb::inline_types() {
  static constexpr std::string_view kTypes[] = {" i32", " i64", " f32", " f64"};
  const bool is_same = choices_.one_in(2);
  const std::uint32_t params = choose_count(choices_, 1'000);
  for (std::uint32_t i = times(20 + 4 * params); i > 0; --i) {
    out_ += "(func (param";
    for (std::uint32_t k = 0; k < params; ++k) {
      out_ += kTypes[is_same || k >= 12 ? 0 : i >> 2 * k & 3];
    }
    out_ += "))\n";
  }
}

void TextBomb::type_uses() {
  const std::uint32_t params = choose_count(choices_, 1'000);
  out_ += "(type " + identifier(0) + " (func (param";
  repeat(" i32", params);
  out_ += ")))\n";
  for (std::uint32_t i = times(20 + name_length_); i > 0; --i) {
    out_ += "(func (type " + identifier(0) + "))";
  }
}

void TextBomb::groups() {
  const std::uint32_t size = choose_count(choices_, 100);
  for (std::uint32_t i = times((40 + 2 * name_length_) * size); i > 0; --i) {
    out_ += "(rec";
    for (std::uint32_t k = 0; k < size; ++k) {
      out_ += " (type " + identifier(i * size + k) + " (struct (field (ref null " +
              identifier(i * size + (k + 1) % size) + "))))";
    }
    out_ += ")\n";
  }
}

// ---- Names and characters

void TextBomb::comments() {
  const std::uint32_t depth = times(5);
  repeat("(;", depth);
  repeat(";)", depth);
  repeat("(;;)", times(4));
  repeat(";;\n", times(3));
  repeat(" \n", times(2));
}

void TextBomb::annotations() {
  const std::uint32_t depth = times(4);
  repeat("(@a ", depth);
  repeat(")", depth);
  repeat("(@custom \"c\" \"\\00\")\n", times(20));
  out_ += "(@custom \"c\" (after code) \"";
  repeat("\\01", times(3));
  out_ += "\")\n";
}

void TextBomb::named_calls() {
  const std::uint32_t functions = times(30 + name_length_);
  for (std::uint32_t i = 0; i < functions; ++i) {
    out_ += "(func " + identifier(i) + " call " + identifier(i * 5 % functions) + ")\n";
  }
}

void TextBomb::strings() {
  out_ += "(data \"";
  repeat(choices_.one_in(2) ? "\\ff" : "\\u{41}", times(6));
  out_ += "\")\n(data";
  repeat(" \"\"", times(3));
  out_ += ")\n";
}

void TextBomb::element_lists() {
  repeat("(elem func)", times(11));
  out_ += "(elem func";
  repeat(" $z", times(3));
  out_ += ")\n(elem funcref";
  repeat(" (ref.func $z)", times(14));
  out_ += ")\n";
}

void TextBomb::named_locals() {
  constexpr std::uint32_t kMost = 40'000;
  const std::uint32_t count = std::min(times(40 + 2 * name_length_), kMost);
  out_ += "(func ";
  for (std::uint32_t i = 0; i < count; ++i) out_ += "(local " + identifier(i) + " i32)";
  for (std::uint32_t i = 0; i < count; ++i) out_ += " local.get " + identifier(i) + " drop";
  out_ += ")\n";
}

/// Numbers of many digits.
void TextBomb::long_numbers() {
  static constexpr std::string_view kBegins[] = {"f64.const 0.", "f32.const 1", "f64.const 0x1.",
                                                 "i64.const 0"};
  const std::uint32_t kind = choices_.below(4);
  const std::uint32_t digits = times(1);
  const std::uint32_t count = times(digits + 20);
  out_ += "(func ";
  for (std::uint32_t i = 0; i < count; ++i) {
    out_ += kBegins[kind];
    out_.append(kind == 1 ? digits % 38 : digits, kind == 3 ? '0' : '1');
    if (kind == 0) out_ += "e-300";
    out_ += " drop ";
  }
  out_ += ")\n";
}

void TextBomb::global_chain() {
  out_ += "(global " + identifier(0) + " i32 (i32.const 0))\n";
  const std::uint32_t count = times(40 + 2 * name_length_);
  for (std::uint32_t i = 1; i < count; ++i) {
    out_ += "(global " + identifier(i) + " i32 (global.get " + identifier(i - 1) + "))\n";
  }
}

void TextBomb::inline_exports() {
  out_ += "(func ";
  for (std::uint32_t i = times(20 + name_length_); i > 0; --i) {
    out_ += "(export \"" + identifier(i) + "\")";
  }
  out_ += ")\n";
}

/// Fields that stand for several.
void TextBomb::abbreviations() {
  repeat("(table funcref (elem $z))", times(25));
  repeat("(func)", times(6));
  repeat("(tag)", times(5));
}

// ---- Modules

void TextBomb::field() {
  static constexpr void (TextBomb::* kKinds[])() = {
      &TextBomb::named_blocks, &TextBomb::labels_of_one_name, &TextBomb::folded_operators,
      &TextBomb::folded_ifs,   &TextBomb::inline_types,       &TextBomb::type_uses,
      &TextBomb::comments,     &TextBomb::annotations,        &TextBomb::named_calls,
      &TextBomb::strings,      &TextBomb::element_lists,      &TextBomb::groups,
      &TextBomb::named_locals, &TextBomb::long_numbers,       &TextBomb::branch_tables,
      &TextBomb::global_chain, &TextBomb::inline_exports,     &TextBomb::abbreviations};
  (this->*kKinds[choices_.below(std::size(kKinds))])();
  ++field_;
}

std::string TextBomb::write() {
  most_ = std::size_t{1'000} << choices_.below(9);
  name_length_ = choose_count(choices_, 600) - 1;
  const std::uint32_t fields = 1 + choices_.below(4);
  out_ = "(module (func $z)\n";
  for (std::uint32_t i = 0; i < fields; ++i) field();
  return out_ + ")\n";
}

}  // namespace

std::string make_text_bomb(Choices& choices) { return TextBomb(choices).write(); }

}  // namespace tinywasm::fuzz
