// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_names.hpp"

#include <fmt/format.h>

#include "decoder/text_literals.hpp"

namespace tinywasm::decoder {

PrintedNames::PrintedNames(const std::vector<IndexName>& names, std::size_t count) {
  std::unordered_map<std::string_view, std::uint32_t> uses;
  for (const IndexName& each : names) {
    if (each.index >= count) continue;
    const bool is_new = entries_.emplace(each.index, Entry{each.name}).second;
    if (is_new) ++uses[each.name];
  }
  for (auto& [index, entry] : entries_) {
    entry.is_identifier = is_identifier(entry.name) && uses[entry.name] == 1;
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
  for (const IndirectNames& each : indirect_names_of(module, NameKind::field)) {
    if (each.index >= module.types.size()) continue;
    fields.try_emplace(each.index, each.names, module.types[each.index].fields.size());
  }
}

}  // namespace tinywasm::decoder
