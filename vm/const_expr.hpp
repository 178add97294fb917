// SPDX-License-Identifier: Apache-2.0
// Constant expressions
// (https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions).
#pragma once

#include <array>

#include "decoder/module.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// The value of a valid expression in `instance`, whose imports and earlier globals are set. A v128
/// fills both slots. Only instructions that this version runs may occur (Module::unsupported).
std::array<Slot, 2> evaluate(Instance& instance, const decoder::ConstExpr& expr);

}  // namespace tinywasm::vm
