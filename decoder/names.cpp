// SPDX-License-Identifier: Apache-2.0
#include "decoder/names.hpp"

#include <algorithm>

#include "decoder/byte_reader.hpp"

namespace tinywasm::decoder {
namespace {

ByteReader contents_of(const Module& module, const NameSubsection& subsection) {
  return ByteReader(module.bytes, subsection.begin, subsection.end);
}

void read_name_map(ByteReader& reader, std::vector<IndexName>& names) {
  const std::uint32_t count = reader.count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = reader.u32();
    const std::string_view name = reader.name();
    if (!reader.ok()) return;
    names.push_back({index, name});
  }
}

/// The map of `wanted` in an indirect name map.
std::vector<IndexName> read_indirect_name_map(ByteReader& reader, std::uint32_t wanted) {
  std::vector<IndexName> names;
  const std::uint32_t count = reader.count();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint32_t index = reader.u32();
    if (!reader.ok()) break;
    names.clear();
    read_name_map(reader, names);
    if (index == wanted) return names;
  }
  return {};
}

}  // namespace

std::vector<NameSubsection> name_subsections(const Module& module) {
  std::vector<NameSubsection> found;
  const auto section = std::find_if(module.custom_sections.begin(), module.custom_sections.end(),
                                    [](const CustomSection& each) { return each.name == "name"; });
  if (section == module.custom_sections.end()) return found;
  ByteReader reader(module.bytes, section->begin, section->end);
  while (reader.ok() && !reader.at_end()) {
    const auto kind = static_cast<NameKind>(reader.u8());
    const std::uint32_t size = reader.length();
    const std::uint32_t begin = reader.offset();
    reader.skip(size);
    if (reader.ok()) found.push_back({kind, begin, begin + size});
  }
  return found;
}

std::vector<IndexName> names_of(const Module& module, NameKind kind) {
  std::vector<IndexName> names;
  for (const NameSubsection& subsection : name_subsections(module)) {
    if (subsection.kind != kind) continue;
    ByteReader reader = contents_of(module, subsection);
    read_name_map(reader, names);
  }
  return names;
}

std::vector<IndirectNames> indirect_names_of(const Module& module, NameKind kind) {
  std::vector<IndirectNames> all;
  for (const NameSubsection& subsection : name_subsections(module)) {
    if (subsection.kind != kind) continue;
    ByteReader reader = contents_of(module, subsection);
    const std::uint32_t count = reader.count();
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      IndirectNames names{.index = reader.u32(), .names = {}};
      if (!reader.ok()) break;
      read_name_map(reader, names.names);
      all.push_back(std::move(names));
    }
    break;
  }
  return all;
}

std::vector<IndexName> local_names(const Module& module, std::uint32_t function) {
  for (const NameSubsection& subsection : name_subsections(module)) {
    if (subsection.kind != NameKind::local) continue;
    ByteReader reader = contents_of(module, subsection);
    return read_indirect_name_map(reader, function);
  }
  return {};
}

void NameIndex::build(const Module& module) {
  functions_.resize(module.functions.size());
  const auto name = [this](std::uint32_t function, std::string_view text) {
    if (function < functions_.size() && functions_[function].empty()) functions_[function] = text;
  };
  for (const NameSubsection& subsection : name_subsections(module)) {
    if (subsection.kind != NameKind::module) continue;
    ByteReader reader = contents_of(module, subsection);
    module_name_ = reader.name();
    break;
  }
  for (const IndexName& each : names_of(module, NameKind::function)) name(each.index, each.name);
  for (const Export& each : module.exports) {
    if (each.kind == ExternKind::func) name(each.index, each.name);
  }
  for (const Import& each : module.imports) {
    if (each.kind == ExternKind::func) name(each.index, each.name);
  }
}

std::string_view NameIndex::module_name(const Module& module) {
  std::call_once(once_, [&] { build(module); });
  return module_name_;
}

std::string_view NameIndex::function_name(const Module& module, std::uint32_t function) {
  std::call_once(once_, [&] { build(module); });
  return function < functions_.size() ? functions_[function] : std::string_view{};
}

std::string_view Module::function_name(std::uint32_t function) const {
  return name_index ? name_index->function_name(*this, function) : std::string_view{};
}

std::string_view Module::module_name() const {
  return name_index ? name_index->module_name(*this) : std::string_view{};
}

}  // namespace tinywasm::decoder
