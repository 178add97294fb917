// SPDX-License-Identifier: Apache-2.0
// What is valid but cannot be run yet: the one place that says so. Each answer names the feature,
// or is empty.
#pragma once

#include <string_view>

#include "decoder/instructions.hpp"
#include "decoder/module.hpp"

namespace tinywasm::decoder {

std::string_view unsupported_feature(Feature feature);
std::string_view unsupported_type(const Module& module, ValType type);
std::string_view unsupported_type(const Module& module, const FuncType& type);

/// The first thing outside of function bodies, in the order of the sections.
UnsupportedUse find_unsupported(const Module& module);

}  // namespace tinywasm::decoder
