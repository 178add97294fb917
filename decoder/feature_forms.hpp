// SPDX-License-Identifier: Apache-2.0
// Forms of the binary format that came with a feature and mean what an older form means.
#pragma once

#include <cstdint>
#include <optional>

#include <tinywasm/features.hpp>

#include "decoder/module.hpp"

namespace tinywasm::decoder {

struct FormUse {
  FeatureId feature{};
  std::uint64_t offset = 0;  // in the module
};

/// The first use of a form that belongs to a feature which is switched off. The decoded module does
/// not tell these forms from older ones, so the bytes are read again: a recursion group of one
/// type, (ref null func) in two bytes, an index of zero in two, an empty tag section. `module` is
/// valid.
std::optional<FormUse> find_newer_form(const Module& module, const Features& features);

}  // namespace tinywasm::decoder
