// SPDX-License-Identifier: Apache-2.0
// Types as the text format writes them.
#include <fmt/format.h>

#include "decoder/text_printer.hpp"

namespace tinywasm::decoder {

std::string TextPrinter::heap_type(HeapType type) const {
  if (type.is_abstract()) return to_string(type);
  const std::string name = names_.types.reference(type.type_index());
  return type.is_exact() ? fmt::format("(exact {})", name) : name;
}

std::string TextPrinter::value_type(ValType type) const {
  if (!type.is_ref() || type.heap().is_abstract()) return to_string(type);
  return fmt::format("(ref {}{})", type.is_nullable() ? "null " : "", heap_type(type.heap()));
}

std::string TextPrinter::field_type(const FieldType& field) const {
  const std::string type = value_type(field.type);
  return field.is_mutable ? fmt::format("(mut {})", type) : type;
}

std::string TextPrinter::limits(const Limits& limits) const {
  std::string text = limits.is_64 ? "i64 " : "";
  text += std::to_string(limits.min);
  if (limits.max) text += fmt::format(" {}", *limits.max);
  if (limits.is_shared) text += " shared";
  return text;
}

std::string TextPrinter::table_type(const TableType& type) const {
  return limits(type.limits) + ' ' + value_type(type.element);
}

std::string TextPrinter::memory_type(const MemoryType& type) const {
  std::string text = limits(type.limits);
  if (type.page_log2 != 16) {
    text += fmt::format(" (pagesize {})", std::uint64_t{1} << type.page_log2);
  }
  return text;
}

std::string TextPrinter::global_type(const GlobalType& type) const {
  return field_type({type.type, type.is_mutable});
}

const FuncType* TextPrinter::func_type(std::uint32_t type) const {
  const bool is_func =
      type < module_.types.size() && module_.types[type].kind == CompositeKind::func;
  return is_func ? &module_.types[type].func : nullptr;
}

/// " (param $x i32) (param i32 i64)": those with names one by one.
std::string TextPrinter::declarations(std::string_view word, const PrintedNames& names,
                                      std::uint32_t first, std::span<const ValType> types) const {
  std::string text;
  bool is_open = false;
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    const bool has_name = names.has_name(first + i);
    if (is_open && has_name) text += ')';
    if (has_name || !is_open) text += fmt::format(" ({}", word);
    if (has_name) text += names.definition(first + i, false);
    text += ' ' + value_type(types[i]);
    if (has_name) text += ')';
    is_open = !has_name;
  }
  return is_open ? text + ')' : text;
}

std::string TextPrinter::signature(const FuncType& type, const PrintedNames& names) const {
  std::string text = declarations("param", names, 0, type.params);
  if (type.results.empty()) return text;
  text += " (result";
  for (const ValType result : type.results) text += ' ' + value_type(result);
  return text + ')';
}

/// A long signature is not repeated at every use, unless it is needed for the parameters' names.
std::string TextPrinter::type_use(std::uint32_t type, const PrintedNames& names) const {
  constexpr std::size_t kMostShown = 20;
  std::string text = fmt::format(" (type {})", names_.types.reference(type));
  const FuncType* const func = func_type(type);
  if (func == nullptr) return text;
  bool is_shown = func->params.size() + func->results.size() <= kMostShown;
  for (std::uint32_t i = 0; i < func->params.size() && !is_shown; ++i) is_shown = names.has_name(i);
  if (is_shown) text += signature(*func, names);
  return text;
}

}  // namespace tinywasm::decoder
