// SPDX-License-Identifier: Apache-2.0
#include "decoder/features.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "decoder/byte_reader.hpp"
#include "decoder/errors.hpp"
#include "decoder/feature_forms.hpp"
#include "decoder/instruction_reader.hpp"
#include "decoder/subtyping.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm {
namespace {

enum class Group : std::uint8_t { wasm1, wasm2, wasm3, more };

struct FeatureRow {
  FeatureId id;
  std::string_view name;
  Group group;
};

constexpr FeatureRow kFeatures[] = {
#define FEATURE(id, name, group) {FeatureId::id, name, Group::group},
    TINYWASM_FEATURES(FEATURE)
#undef FEATURE
};

struct GroupRow {
  std::string_view name;
  Group last;  // of the groups it includes
};

constexpr GroupRow kGroups[] = {{"wasm1", Group::wasm1},
                                {"wasm2", Group::wasm2},
                                {"wasm3", Group::wasm3},
                                {"all", Group::more}};

/// Turns a feature or a group on or off; false when there is none of this name.
bool set_named(Features& features, std::string_view name, bool on) {
  bool is_known = false;
  for (const GroupRow& group : kGroups) {
    if (group.name != name) continue;
    is_known = true;
    for (const FeatureRow& feature : kFeatures) {
      if (feature.group <= group.last) features.set(feature.id, on);
    }
  }
  for (const FeatureRow& feature : kFeatures) {
    if (feature.name != name) continue;
    is_known = true;
    features.set(feature.id, on);
  }
  return is_known;
}

std::string known_names() {
  std::string names;
  for (const FeatureRow& feature : kFeatures) names += fmt::format("{}, ", feature.name);
  return names + "and the groups wasm1, wasm2, wasm3, all";
}

/// Calls `function` for each item of a list.
template <class F>
void for_each_item(std::string_view list, F&& function) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    function(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace

std::string_view to_string(FeatureId feature) noexcept {
  return kFeatures[static_cast<std::size_t>(feature)].name;
}

Result<Features> Features::parse(std::string_view list) {
  const auto is_signed = [](std::string_view item) {
    return item.starts_with('+') || item.starts_with('-');
  };
  std::optional<std::string_view> unknown;
  Features features;
  bool has_base = false;
  for_each_item(list, [&](std::string_view item) { has_base |= !is_signed(item); });
  if (has_base) set_named(features, "all", false);
  for (const bool signs : {false, true}) {
    for_each_item(list, [&](std::string_view item) {
      if (is_signed(item) != signs) return;
      const std::string_view name = signs ? item.substr(1) : item;
      if (!set_named(features, name, !item.starts_with('-')) && !unknown) unknown = name;
    });
  }
  if (!unknown) return features;
  return Error{ErrorKind::host, fmt::format("there is no feature \"{}\"; those known are {}",
                                            *unknown, known_names())};
}

namespace decoder {
namespace {

std::optional<FeatureId> feature_of(const InsnInfo& insn) {
  switch (insn.feature) {
    case Feature::mvp:
      return std::nullopt;
    case Feature::sign_extension:
      return FeatureId::sign_extension;
    case Feature::saturating_float_to_int:
      return FeatureId::saturating_float_to_int;
    case Feature::bulk_memory:
      return FeatureId::bulk_memory;
    case Feature::reference_types:
      return FeatureId::reference_types;
    case Feature::simd:
      return FeatureId::simd;
    case Feature::relaxed_simd:
      return FeatureId::relaxed_simd;
    case Feature::tail_call:
      return FeatureId::tail_call;
    case Feature::function_references:
      return FeatureId::function_references;
    case Feature::gc:
      return FeatureId::gc;
    case Feature::exceptions:
      return FeatureId::exceptions;
    case Feature::wide_arithmetic:
      return FeatureId::wide_arithmetic;
    case Feature::legacy_exceptions:
      return FeatureId::legacy_exceptions;
    case Feature::threads:
      return FeatureId::threads;
    case Feature::custom_descriptors:
      return FeatureId::custom_descriptors;
  }
  return std::nullopt;
}

/// Looks for the first use of what is switched off.
class FeatureCheck {
 public:
  FeatureCheck(const Module& module, const Features& features, const InterruptToken* interrupt)
      : module_(module), features_(features), interrupt_(interrupt) {}

  Result<void> run();

 private:
  void need(FeatureId feature, std::uint64_t offset) {
    if (features_.has(feature) || error_) return;
    error_ = feature_off(feature, offset);
  }
  std::uint64_t section(std::size_t id) const { return module_.section_offsets[id]; }

  void types();
  void limits(const Limits& limits, std::uint64_t offset);
  void stores();
  void segments();
  void func_type(const FuncType& type, std::uint64_t offset);
  void value_type(ValType type, std::uint64_t offset);
  void exact_type(ValType type, std::uint64_t offset);
  void cast_branch(const Instruction& insn);
  void body(const FunctionBody& body);
  void instruction(const Instruction& insn);
  void constant(const ConstExpr& expr);

  const Module& module_;
  const Features& features_;
  const InterruptToken* interrupt_;
  std::optional<Error> error_;
};

Result<void> FeatureCheck::run() {
  types();
  stores();
  segments();
  for (const FunctionBody& each : module_.bodies) {
    if (error_) break;
    if (interrupt_ != nullptr && interrupt_->is_set()) return make_error(Message::interrupted);
    body(each);
  }
  if (!error_) {
    if (const auto form = find_newer_form(module_, features_)) need(form->feature, form->offset);
  }
  if (error_) return *std::move(error_);
  return {};
}

void FeatureCheck::value_type(ValType type, std::uint64_t offset) {
  if (type.is_vec()) return need(FeatureId::simd, offset);
  if (!type.is_ref()) return;
  const HeapType heap = type.heap();
  need(FeatureId::reference_types, offset);
  if (!heap.is_abstract()) {
    if (heap.is_exact()) need(FeatureId::custom_descriptors, offset);
    const bool is_func = module_.types[heap.type_index()].kind == CompositeKind::func;
    return need(is_func ? FeatureId::function_references : FeatureId::gc, offset);
  }
  if (!type.is_nullable()) need(FeatureId::function_references, offset);
  if (heap == HeapType::kExn || heap == HeapType::kNoExn) {
    need(FeatureId::exceptions, offset);
  } else if (heap != HeapType::kFunc && heap != HeapType::kExtern) {
    need(FeatureId::gc, offset);
  }
}

void FeatureCheck::func_type(const FuncType& type, std::uint64_t offset) {
  for (const ValType each : type.params) value_type(each, offset);
  for (const ValType each : type.results) value_type(each, offset);
  if (type.results.size() > 1) need(FeatureId::multi_value, offset);
}

void FeatureCheck::types() {
  for (const SubType& type : module_.types) {
    const bool is_plain = type.is_final && !type.supertype && type.rec_size == 1;
    if (!is_plain || type.kind != CompositeKind::func) need(FeatureId::gc, section(1));
    func_type(type.func, section(1));
    if (type.describes || type.descriptor) need(FeatureId::custom_descriptors, section(1));
    for (const FieldType& field : type.fields) exact_type(field.type, section(1));
  }
}

/// Types in places whose other features follow from the place.
void FeatureCheck::exact_type(ValType type, std::uint64_t offset) {
  if (type.is_ref() && type.heap().is_exact()) need(FeatureId::custom_descriptors, offset);
}

void FeatureCheck::limits(const Limits& limits, std::uint64_t offset) {
  if (limits.is_64) need(FeatureId::memory64, offset);
  if (limits.is_shared) need(FeatureId::threads, offset);
}

/// Imported functions, tables, memories, globals, tags.
void FeatureCheck::stores() {
  for (const Import& import : module_.imports) {
    if (import.is_exact) need(FeatureId::custom_descriptors, section(2));
  }
  const auto place = [&](std::size_t index, std::uint32_t imported, std::size_t id) {
    return section(index < imported ? 2 : id);
  };
  for (std::size_t i = 0; i < module_.tables.size(); ++i) {
    const std::uint64_t offset = place(i, module_.imported_tables, 4);
    const Table& table = module_.tables[i];
    limits(table.type.limits, offset);
    if (table.type.element != kFuncRef) value_type(table.type.element, offset);
    if (table.init) {
      need(FeatureId::function_references, offset);
      constant(*table.init);
    }
  }
  for (std::size_t i = 0; i < module_.memories.size(); ++i) {
    const std::uint64_t offset = place(i, module_.imported_memories, 5);
    limits(module_.memories[i].limits, offset);
    if (module_.memories[i].page_log2 != 16) need(FeatureId::custom_page_sizes, offset);
  }
  for (std::size_t i = 0; i < module_.globals.size(); ++i) {
    const std::uint64_t offset = place(i, module_.imported_globals, 6);
    const Global& global = module_.globals[i];
    value_type(global.type.type, offset);
    if (i >= module_.imported_globals) {
      constant(global.init);
    } else if (global.type.is_mutable) {
      need(FeatureId::mutable_globals, offset);
    }
  }
  for (const Export& entry : module_.exports) {
    if (entry.kind == ExternKind::global && module_.globals[entry.index].type.is_mutable) {
      need(FeatureId::mutable_globals, section(7));
    }
  }
  // Tags belong to both kinds of exceptions.
  if (!module_.tags.empty() && !features_.has(FeatureId::legacy_exceptions)) {
    need(FeatureId::exceptions, section(module_.imported_tags > 0 ? 2 : 13));
  }
}

void FeatureCheck::segments() {
  for (const ElementSegment& segment : module_.elements) {
    if (segment.mode == SegmentMode::passive) need(FeatureId::bulk_memory, section(9));
    if (segment.mode == SegmentMode::declarative) need(FeatureId::reference_types, section(9));
    if (segment.mode == SegmentMode::active) constant(segment.offset);
    if (segment.type != kFuncRef && segment.uses_exprs) value_type(segment.type, section(9));
    for (const ConstExpr& expr : segment.exprs) constant(expr);
  }
  for (const DataSegment& segment : module_.data) {
    if (segment.mode == SegmentMode::passive) need(FeatureId::bulk_memory, section(11));
    if (segment.mode == SegmentMode::active) constant(segment.offset);
  }
}

void FeatureCheck::constant(const ConstExpr& expr) {
  ConstExprReader reader(module_, expr);
  while (const Instruction* insn = reader.next()) {
    instruction(*insn);
    // Globals of the module itself can be named since there are types that need it.
    const bool is_global = insn->id == Insn::global_get;
    if (is_global && insn->index >= module_.imported_globals) need(FeatureId::gc, insn->offset);
    const bool is_arithmetic = info(insn->id).signature.size() == 4;  // "ii:i"
    if (is_arithmetic) need(FeatureId::extended_const, insn->offset);
  }
}

void FeatureCheck::body(const FunctionBody& body) {
  ByteReader reader(module_.bytes, body.begin, body.end);
  const std::uint32_t runs = reader.count();
  for (std::uint32_t i = 0; i < runs && reader.ok(); ++i) {
    const std::uint32_t offset = reader.offset();
    reader.u32();
    value_type(read_val_type(reader), offset);
  }
  InstructionReader instructions;
  Instruction insn;
  while (!error_ && !reader.at_end() && instructions.read(reader, insn)) instruction(insn);
}

void FeatureCheck::instruction(const Instruction& insn) {
  const InsnInfo& row = info(insn.id);
  // Both kinds of exceptions are thrown by the same instruction.
  const bool is_legacy = insn.id == Insn::throw_ && features_.has(FeatureId::legacy_exceptions);
  const auto feature = feature_of(row);
  if (feature && !is_legacy) need(*feature, insn.offset);
  switch (row.immediates) {
    case Immediates::block_type:
    case Immediates::catches:  // an index is a form of its own, see feature_forms.cpp
      if (insn.index == Instruction::kNoIndex) value_type(insn.type, insn.offset);
      return;
    case Immediates::select_types:
      return value_type(insn.type, insn.offset);
    case Immediates::heap_type:
      if (insn.id == Insn::ref_null) return value_type(insn.type, insn.offset);
      return exact_type(insn.type, insn.offset);
    case Immediates::cast_branch:
      return cast_branch(insn);
    default:
      return;
  }
}

/// Without custom descriptors the target has to be a subtype of the source.
void FeatureCheck::cast_branch(const Instruction& insn) {
  exact_type(insn.type, insn.offset);
  exact_type(insn.type2, insn.offset);
  if (features_.has(FeatureId::custom_descriptors) || error_) return;
  if (is_subtype(module_, insn.type2, insn.type)) return;
  error_ =
      make_error(Message::type_mismatch, insn.offset,
                 fmt::format(": cast from {} to {}", to_string(insn.type), to_string(insn.type2)));
}

}  // namespace

Error feature_off(FeatureId feature, std::uint64_t offset) {
  return make_error(Message::feature_off, offset, fmt::format(" {}", to_string(feature)));
}

Result<void> check_restrictions(const Module& module, const Features& features) {
  if (features.has_all()) return {};
  if (!features.has(FeatureId::memory64)) {
    constexpr std::uint64_t kMax = 0xffff'ffff;
    for (const MemoryType& memory : module.memories) {
      const Limits& limits = memory.limits;
      if (!limits.is_64 && (limits.min > kMax || limits.max.value_or(0) > kMax)) {
        return make_error(Message::i32_constant_out_of_range);
      }
    }
  }
  if (!features.has(FeatureId::reference_types) && module.tables.size() > 1) {
    return make_error(Message::multiple_tables);
  }
  if (!features.has(FeatureId::multi_memory) && module.memories.size() > 1) {
    return make_error(Message::multiple_memories);
  }
  return {};
}

Result<void> check_features(const Module& module, const Features& features,
                            const InterruptToken* interrupt) {
  if (features.has_all()) return {};
  return FeatureCheck(module, features, interrupt).run();
}

}  // namespace decoder
}  // namespace tinywasm
