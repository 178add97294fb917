// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_names.hpp"

#include <fmt/format.h>

#include "decoder/text_literals.hpp"

namespace tinywasm::decoder {

namespace {

/// A longer name would be repeated at every use, and a module of a megabyte become gigabytes.
constexpr std::size_t kLongestIdentifier = 500;

/// What stands after the dollar sign.
std::string identifier_text(std::string_view name) {
  return is_identifier(name) ? std::string(name) : quoted_name(name);
}

}  // namespace

PrintedNames::PrintedNames(const std::vector<IndexName>& names, std::size_t count) {
  std::unordered_map<std::string_view, std::uint32_t> uses;
  for (const IndexName& each : names) {
    if (each.index >= count) continue;
    const bool is_new = entries_.emplace(each.index, Entry{each.name}).second;
    if (is_new) ++uses[each.name];
  }
  for (auto& [index, entry] : entries_) {
    entry.is_identifier = entry.name.size() <= kLongestIdentifier && is_identifier(entry.name) &&
                          uses[entry.name] == 1;
  }
}

std::string PrintedNames::definition(std::uint32_t index, bool number) const {
  const auto found = entries_.find(index);
  const bool has_identifier = found != entries_.end() && found->second.is_identifier;
  std::string text;
  if (has_identifier) text += fmt::format(" ${}", found->second.name);
  if (number) text += fmt::format(" (;{};)", index);
  if (found != entries_.end() && !has_identifier) {
    text += fmt::format(" (@name {})", quoted_name(found->second.name));
  }
  return text;
}

std::string PrintedNames::reference(std::uint32_t index) const {
  const auto found = entries_.find(index);
  if (found == entries_.end() || !found->second.is_identifier) return std::to_string(index);
  return fmt::format("${}", found->second.name);
}

void PrintedLabels::begin(const Names* names) {
  names_ = names;
  count_ = 0;
  open_.clear();
  innermost_.clear();
}

std::string_view PrintedLabels::next_name() const {
  if (names_ == nullptr) return {};
  const auto found = names_->find(count_);
  return found == names_->end() ? std::string_view() : found->second;
}

/// An identifier may be any string in quotes (6.3.5), but not an empty one.
std::string PrintedLabels::definition() const {
  const std::string_view name = next_name();
  return name.empty() ? std::string() : " $" + identifier_text(name);
}

std::string PrintedLabels::reference(std::uint32_t index) const {
  if (index >= open_.size()) return std::to_string(index);  // the function's own, or none at all
  const std::size_t position = open_.size() - 1 - index;
  const std::string_view name = open_[position].name;
  const bool is_told = !name.empty() && name.size() <= kLongestIdentifier;
  if (!is_told || innermost_.at(name) != position + 1) return std::to_string(index);
  return '$' + identifier_text(name);
}

void PrintedLabels::push() {
  Label label{.name = next_name()};
  ++count_;
  if (!label.name.empty()) {
    std::size_t& innermost = innermost_[label.name];
    label.hidden = innermost;
    innermost = open_.size() + 1;
  }
  open_.push_back(label);
}

void PrintedLabels::pop() {
  const Label label = open_.back();
  open_.pop_back();
  if (!label.name.empty()) innermost_[label.name] = label.hidden;
}

ModuleNames::ModuleNames(const Module& module)
    : types(names_of(module, NameKind::type), module.types.size()),
      functions(names_of(module, NameKind::function), module.functions.size()),
      tables(names_of(module, NameKind::table), module.tables.size()),
      memories(names_of(module, NameKind::memory), module.memories.size()),
      tags(names_of(module, NameKind::tag), module.tags.size()),
      globals(names_of(module, NameKind::global), module.globals.size()),
      elements(names_of(module, NameKind::element), module.elements.size()),
      data(names_of(module, NameKind::data), module.data.size()) {
  constexpr std::size_t kNoLimit = ~std::size_t{0};
  for (const IndirectNames& each : indirect_names_of(module, NameKind::local)) {
    locals.try_emplace(each.index, each.names, kNoLimit);
  }
  for (const IndirectNames& each : indirect_names_of(module, NameKind::label)) {
    const auto [found, is_new] = labels.try_emplace(each.index);
    if (!is_new) continue;
    for (const IndexName& name : each.names) found->second.emplace(name.index, name.name);
  }
  for (const IndirectNames& each : indirect_names_of(module, NameKind::field)) {
    if (each.index >= module.types.size()) continue;
    fields.try_emplace(each.index, each.names, module.types[each.index].fields.size());
  }
}

}  // namespace tinywasm::decoder
