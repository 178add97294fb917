// SPDX-License-Identifier: Apache-2.0
// Constant expressions
// (https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions).
#pragma once

#include <array>

#include "decoder/module.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// The value of a valid expression in `instance`, whose imports and earlier globals are set. A v128
/// fills both slots. It may collect: a reference among earlier values must be a root. Traps when
/// the heap is full.
Trap evaluate(Instance& instance, const decoder::ConstExpr& expr, std::array<Slot, 2>& value);

}  // namespace tinywasm::vm
