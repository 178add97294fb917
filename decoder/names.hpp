// SPDX-License-Identifier: Apache-2.0
// The name section (https://webassembly.github.io/spec/core/appendix/custom.html#name-section).
// It is never an error: what comes before its first malformed byte counts. Names are valid UTF-8
// and nothing more; escape() (errors.hpp) makes them fit for a terminal.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "decoder/module.hpp"

namespace tinywasm::decoder {

enum class NameKind : std::uint8_t {
  module = 0,
  function = 1,
  local = 2,
  label = 3,
  type = 4,
  table = 5,
  memory = 6,
  global = 7,
  element = 8,
  data = 9,
  field = 10,
  tag = 11,
};

struct IndexName {
  std::uint32_t index = 0;
  std::string_view name;
};

/// The contents of a subsection: the bytes [begin, end) of the module.
struct NameSubsection {
  NameKind kind = NameKind::module;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// The subsections in their order; empty when there is no name section.
std::vector<NameSubsection> name_subsections(const Module& module);

/// The names of one index space, in the order of the section. `kind` is one whose subsection is a
/// simple name map: function, type, table, memory, global, element, data or tag.
std::vector<IndexName> names_of(const Module& module, NameKind kind);

/// The names of one function's locals or one type's fields.
struct IndirectNames {
  std::uint32_t index = 0;
  std::vector<IndexName> names;
};

/// All names of a kind whose subsection is an indirect name map: local, label or field.
std::vector<IndirectNames> indirect_names_of(const Module& module, NameKind kind);

/// The names of a function's locals, parameters included.
std::vector<IndexName> local_names(const Module& module, std::uint32_t function);

/// What Module::function_name and Module::module_name look up, made at the first use.
class NameIndex {
 public:
  std::string_view module_name(const Module& module);
  std::string_view function_name(const Module& module, std::uint32_t function);

 private:
  void build(const Module& module);

  std::once_flag once_;
  std::string_view module_name_;
  std::vector<std::string_view> functions_;
};

}  // namespace tinywasm::decoder
