// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vm/ir.hpp"

namespace tinywasm::vm::ir {

/// Makes branches to a jump go where it goes, and jumps to a return return: structured control
/// leaves many of both.
void thread_jumps(Function& f);

}  // namespace tinywasm::vm::ir
