// SPDX-License-Identifier: Apache-2.0
// What instructions on references and heap objects do outside of their handlers
// (https://webassembly.github.io/spec/core/exec/instructions.html, 4.6.4 and 4.6.6).
#pragma once

#include <cstdint>

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// Whether `function` is of type `type` of the running instance's module, or of a subtype.
bool has_function_type(const Context& context, const Function& function, std::uint32_t type);

}  // namespace tinywasm::vm
