// SPDX-License-Identifier: Apache-2.0
// Whether a module uses a feature that is switched off.
#pragma once

#include <cstdint>

#include <tinywasm/features.hpp>
#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

#include "decoder/module.hpp"

namespace tinywasm::decoder {

/// The error of using a feature that is switched off.
Error feature_off(FeatureId feature, std::uint64_t offset = Error::kNoOffset);

/// What versions of the language without these features do not take for a module at all, in their
/// words: several tables or memories, and sizes of more than 32 bits. Before validation.
Result<void> check_restrictions(const Module& module, const Features& features);

/// The first use of a feature that is switched off, as an error of kind `unsupported`. `module` is
/// valid. Ended by `interrupt`. Walks all bodies, which is the price of switching something off:
/// other modules pay nothing.
Result<void> check_features(const Module& module, const Features& features,
                            const InterruptToken* interrupt = nullptr);

}  // namespace tinywasm::decoder
