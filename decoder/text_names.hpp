// SPDX-License-Identifier: Apache-2.0
// What the text printer calls things: identifiers where the names of the name section can be some,
// indices otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decoder/module.hpp"
#include "decoder/names.hpp"

namespace tinywasm::decoder {

/// The names of one index space. A name that is unique, not too long, and has the form of an
/// identifier becomes one; another one is told by an annotation.
class PrintedNames {
 public:
  PrintedNames() = default;
  PrintedNames(const std::vector<IndexName>& names, std::size_t count);

  /// How a definition begins: ` $name (;3;)`, ` (;3;) (@name "...")`, ` (;3;)`. Without `number`
  /// the index is left out.
  std::string definition(std::uint32_t index, bool number = true) const;
  /// Whether there is a name: an identifier or an annotation.
  bool has_name(std::uint32_t index) const { return entries_.contains(index); }
  /// `$name` or `3`.
  std::string reference(std::uint32_t index) const;

 private:
  struct Entry {
    std::string_view name;
    bool is_identifier = false;
  };
  std::unordered_map<std::uint32_t, Entry> entries_;
};

/// The labels of the function being printed. They need not be unique: the innermost of a name is
/// what the identifier means, another one is an index.
class PrintedLabels {
 public:
  /// A function with these names, by the number of the block.
  using Names = std::unordered_map<std::uint32_t, std::string_view>;
  void begin(const Names* names);

  /// How the block that comes next begins: ` $name`, or nothing.
  std::string definition() const;
  /// `$name` or `3`.
  std::string reference(std::uint32_t index) const;
  /// The block is entered; one ends.
  void push();
  void pop();

 private:
  struct Label {
    std::string_view name;   // empty: none
    std::size_t hidden = 0;  // where the outer label of the same name is, and one more
  };
  std::string_view next_name() const;

  const Names* names_ = nullptr;
  std::uint32_t count_ = 0;  // blocks so far
  std::vector<Label> open_;
  std::unordered_map<std::string_view, std::size_t> innermost_;  // positions in open_, and one more
};

/// The names of all index spaces of a module.
struct ModuleNames {
  explicit ModuleNames(const Module& module);

  PrintedNames types;
  PrintedNames functions;
  PrintedNames tables;
  PrintedNames memories;
  PrintedNames tags;
  PrintedNames globals;
  PrintedNames elements;
  PrintedNames data;
  std::unordered_map<std::uint32_t, PrintedNames> locals;          // by function
  std::unordered_map<std::uint32_t, PrintedLabels::Names> labels;  // by function
  std::unordered_map<std::uint32_t, PrintedNames> fields;          // by type
};

}  // namespace tinywasm::decoder
