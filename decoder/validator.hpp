// SPDX-License-Identifier: Apache-2.0
// Validation (https://webassembly.github.io/spec/core/valid/index.html).
#pragma once

#include <cstdint>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

#include "decoder/function_validator.hpp"
#include "decoder/module.hpp"

namespace tinywasm::decoder {

/// Checks a whole module, every body included, and completes it: canonical_types,
/// declared_functions and has_vector_types. Errors are `invalid`, `malformed` for what is wrong
/// with the bytes of a body, `unsupported` for the limits of limits.hpp, and `interrupted` once
/// `interrupt` is set.
Result<void> validate_module(Module& module, const InterruptToken* interrupt = nullptr);

/// Walks one defined function of a module that validate_module accepted, and reports it to `sink`
/// (see instruction.hpp). Threads may do so at the same time.
template <class Sink>
Result<void> validate_function(const Module& module, std::uint32_t function, Sink& sink) {
  FunctionValidator<Sink> validator(module, sink);
  return validator.validate(function);
}

}  // namespace tinywasm::decoder
