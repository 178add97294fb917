// SPDX-License-Identifier: Apache-2.0
#include "decoder/unsupported.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::string_view kGc = "GC";

}  // namespace

std::string_view unsupported_feature(Feature feature) {
  switch (feature) {
    case Feature::gc:
      return kGc;
    case Feature::mvp:
    case Feature::sign_extension:
    case Feature::saturating_float_to_int:
    case Feature::bulk_memory:
    case Feature::reference_types:
    case Feature::simd:
    case Feature::relaxed_simd:
    case Feature::tail_call:
    case Feature::function_references:
    case Feature::wide_arithmetic:
    case Feature::exceptions:
    case Feature::legacy_exceptions:
    case Feature::threads:
      return {};
  }
  return {};
}

std::string_view unsupported_type(const Module& module, ValType type) {
  if (!type.is_ref()) return {};
  const HeapType heap = type.heap();
  if (!heap.is_abstract()) {
    if (heap.type_index() >= module.types.size()) return {};  // an error of its own
    const bool is_func = module.types[heap.type_index()].kind == CompositeKind::func;
    return is_func ? std::string_view{} : kGc;
  }
  const bool is_plain = heap == HeapType::kFunc || heap == HeapType::kNoFunc ||
                        heap == HeapType::kExtern || heap == HeapType::kNoExtern ||
                        heap == HeapType::kExn || heap == HeapType::kNoExn;
  return is_plain ? std::string_view{} : kGc;
}

std::string_view unsupported_type(const Module& module, const FuncType& type) {
  for (const auto* types : {&type.params, &type.results}) {
    for (const ValType each : *types) {
      if (const auto what = unsupported_type(module, each); !what.empty()) return what;
    }
  }
  return {};
}

UnsupportedUse find_unsupported(const Module& module) {
  UnsupportedUse found;
  const auto note = [&](std::string_view what, std::size_t section) {
    if (found.what.empty() && !what.empty()) found = {what, module.section_offsets[section]};
  };
  const std::size_t imports = module.imported_functions;
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    note(unsupported_type(module, module.types[module.functions[i]].func), i < imports ? 2 : 3);
  }
  for (std::size_t i = 0; i < module.tables.size(); ++i) {
    const std::size_t section = i < module.imported_tables ? 2 : 4;
    note(unsupported_type(module, module.tables[i].type.element), section);
  }
  for (std::size_t i = 0; i < module.tags.size(); ++i) {
    note(unsupported_type(module, module.types[module.tags[i]].func),
         i < module.imported_tags ? 2 : 13);
  }
  for (std::size_t i = 0; i < module.globals.size(); ++i) {
    note(unsupported_type(module, module.globals[i].type.type),
         i < module.imported_globals ? 2 : 6);
  }
  for (const ElementSegment& segment : module.elements) {
    if (segment.uses_exprs) note(unsupported_type(module, segment.type), 9);
  }
  return found;
}

}  // namespace tinywasm::decoder
