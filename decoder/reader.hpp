// SPDX-License-Identifier: Apache-2.0
// The binary format (https://webassembly.github.io/spec/core/binary/modules.html).
#pragma once

#include <cstddef>
#include <vector>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

#include "decoder/module.hpp"

namespace tinywasm::decoder {

/// Decodes a module, which takes over the bytes. Function bodies are only located: their
/// instructions are decoded as validate_module walks them. Errors are `malformed`, `unsupported`
/// for the limits of limits.hpp, `invalid` where an index is too large to be kept, and
/// `interrupted` once `interrupt` is set.
Result<Module> read_module(std::vector<std::byte> bytes, const InterruptToken* interrupt = nullptr);

}  // namespace tinywasm::decoder
