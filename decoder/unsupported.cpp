// SPDX-License-Identifier: Apache-2.0
#include "decoder/unsupported.hpp"

namespace tinywasm::decoder {

std::string_view unsupported_feature(Feature feature) {
  switch (feature) {
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
    case Feature::gc:
      return {};
  }
  return {};
}

std::string_view unsupported_type(const Module&, ValType) { return {}; }

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
