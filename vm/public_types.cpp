// SPDX-License-Identifier: Apache-2.0
#include "vm/public_types.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <ostream>

#include "decoder/errors.hpp"

namespace tinywasm {
namespace {

constexpr std::uint32_t kPageSize = MemoryType{}.page_size;

std::string limits_text(const Limits& limits) {
  std::string text = limits.is_64 ? "i64 " : "";
  text += fmt::format("{}", limits.min);
  if (limits.max) text += fmt::format(" {}", *limits.max);
  return text;
}

std::string list_text(const char* keyword, const std::vector<ValueType>& types) {
  if (types.empty()) return "";
  std::string text = fmt::format(" ({}", keyword);
  for (ValueType type : types) {
    text += ' ';
    text += to_string(type);
  }
  return text + ')';
}

struct Printer {
  std::string operator()(const FuncType& type) const {
    return "(func" + list_text("param", type.params) + list_text("result", type.results) + ')';
  }
  std::string operator()(const TableType& type) const {
    return fmt::format("(table {} {})", limits_text(type.limits), to_string(type.element));
  }
  std::string operator()(const MemoryType& type) const {
    const std::string page_size =
        type.page_size == kPageSize ? "" : fmt::format(" (pagesize {})", type.page_size);
    return fmt::format("(memory {}{}{})", limits_text(type.limits), type.is_shared ? " shared" : "",
                       page_size);
  }
  std::string operator()(const GlobalType& type) const {
    const std::string value = to_string(type.type);
    return type.is_mutable ? fmt::format("(global (mut {}))", value)
                           : fmt::format("(global {})", value);
  }
  std::string operator()(const TagType& type) const {
    return "(tag" + list_text("param", type.type.params) + ')';
  }
};

/// Shortest decimal number that reads back as the same value; NaNs with their payload.
template <class Float, class Bits>
std::string float_text(Float value) {
  const Bits bits = std::bit_cast<Bits>(value);
  if (std::isnan(value)) {
    constexpr Bits kPayload = sizeof(Float) == 4 ? Bits{0x7fffff} : Bits(0xfffffffffffffULL);
    return fmt::format("{}nan:{:#x}", std::signbit(value) ? "-" : "", bits & kPayload);
  }
  return fmt::format("{}", value);
}

std::string reference_text(const Value& value) {
  switch (value.ref_kind()) {
    case RefKind::null:
      return "null";
    case RefKind::func:
      return "funcref";
    case RefKind::host:
      return to_string(value.type());
    case RefKind::i31:
      return fmt::format("i31 {}", value.i31_value());
    case RefKind::structure:
      return "structref";
    case RefKind::array:
      return "arrayref";
    case RefKind::exception:
      return "exnref";
  }
  return "?";
}

}  // namespace

std::string to_string(ValueType type) { return decoder::to_string(vm::to_decoder(type)); }

std::string to_string(const ExternType& type) { return std::visit(Printer(), type); }

std::string to_string(const ImportType& import) {
  std::string type = to_string(import.type);
  if (import.is_exact) {
    constexpr std::string_view kWord = "(func";
    type = "(func (exact" + type.substr(kWord.size()) + ')';
  }
  return fmt::format("\"{}\" \"{}\" {}", decoder::escape(import.module),
                     decoder::escape(import.name), type);
}

std::string to_string(const ExportType& entry) {
  return fmt::format("\"{}\" {}", decoder::escape(entry.name), to_string(entry.type));
}

std::string to_string(const Value& value) {
  const ValueType type = value.type();
  if (type == ValueType::i32) return fmt::format("{}", value.i32());
  if (type == ValueType::i64) return fmt::format("{}", value.i64());
  if (type == ValueType::f32) return float_text<float, std::uint32_t>(value.f32());
  if (type == ValueType::f64) return float_text<double, std::uint64_t>(value.f64());
  if (type == ValueType::v128) {
    std::string text = "0x";
    const V128 vector = value.v128();
    for (std::size_t i = vector.bytes.size(); i-- > 0;) {
      text += fmt::format("{:02x}", vector.bytes[i]);
    }
    return text;
  }
  return reference_text(value);
}

std::ostream& operator<<(std::ostream& out, const Value& value) { return out << to_string(value); }

}  // namespace tinywasm

namespace tinywasm::vm {
namespace {

tinywasm::Limits to_public(const decoder::Limits& limits) {
  return {limits.min, limits.max, limits.is_64};
}
decoder::Limits to_decoder(const tinywasm::Limits& limits) {
  decoder::Limits result;
  result.min = limits.min;
  result.max = limits.max;
  result.is_64 = limits.is_64;
  return result;
}

}  // namespace

FuncType to_public(const decoder::FuncType& type) {
  const auto converted = [](const std::vector<decoder::ValType>& types) {
    std::vector<ValueType> result(types.size());
    std::transform(types.begin(), types.end(), result.begin(),
                   [](decoder::ValType value) { return to_public(value); });
    return result;
  };
  return {converted(type.params), converted(type.results)};
}
decoder::FuncType to_decoder(const FuncType& type) {
  decoder::FuncType result;
  result.params.reserve(type.params.size());
  result.results.reserve(type.results.size());
  for (ValueType param : type.params) result.params.push_back(to_decoder(param));
  for (ValueType value : type.results) result.results.push_back(to_decoder(value));
  return result;
}
TableType to_public(const decoder::TableType& type) {
  return {to_public(type.element), to_public(type.limits)};
}
decoder::TableType to_decoder(const TableType& type) {
  return {to_decoder(type.element), to_decoder(type.limits)};
}
MemoryType to_public(const decoder::MemoryType& type) {
  return {to_public(type.limits), std::uint32_t{1} << type.page_log2, type.limits.is_shared};
}
decoder::MemoryType to_decoder(const MemoryType& type) {
  decoder::MemoryType result{to_decoder(type.limits),
                             static_cast<std::uint8_t>(std::countr_zero(type.page_size))};
  result.limits.is_shared = type.is_shared;
  return result;
}
GlobalType to_public(const decoder::GlobalType& type) {
  return {to_public(type.type), type.is_mutable};
}
decoder::GlobalType to_decoder(const GlobalType& type) {
  return {to_decoder(type.type), type.is_mutable};
}

ExternType type_of(const decoder::Module& module, decoder::ExternKind kind, std::uint32_t index) {
  switch (kind) {
    case decoder::ExternKind::func:
      return to_public(module.type_of_function(index));
    case decoder::ExternKind::table:
      return to_public(module.tables[index].type);
    case decoder::ExternKind::memory:
      return to_public(module.memories[index]);
    case decoder::ExternKind::global:
      return to_public(module.globals[index].type);
    case decoder::ExternKind::tag:
      break;
  }
  return TagType{to_public(module.types[module.tags[index]].func)};
}

ImportType import_type(const decoder::Module& module, const decoder::Import& import) {
  return {std::string(import.module), std::string(import.name),
          type_of(module, import.kind, import.index), import.is_exact};
}

ExportType export_type(const decoder::Module& module, const decoder::Export& entry) {
  return {std::string(entry.name), type_of(module, entry.kind, entry.index)};
}

std::vector<ExportType> exports_of(const decoder::Module& module) {
  std::vector<ExportType> all;
  all.reserve(module.exports.size());
  for (const decoder::Export& entry : module.exports) all.push_back(export_type(module, entry));
  return all;
}

bool is_closed(ValueType type) {
  const decoder::ValType decoded = to_decoder(type);
  if (decoded.is_ref()) return decoded.heap().is_abstract();
  return decoded.is_num() || decoded.is_vec();
}

bool is_closed(const FuncType& type) {
  const auto closed = [](ValueType value) { return is_closed(value); };
  return std::all_of(type.params.begin(), type.params.end(), closed) &&
         std::all_of(type.results.begin(), type.results.end(), closed);
}

}  // namespace tinywasm::vm
