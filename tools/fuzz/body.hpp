// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

/// The binary format of a module whose last function, exported as "body" and of type [i32 i64 f32
/// f64] -> [i32], has these bytes as its body: locals, instructions, `end`. Around it: a type, a
/// function, a table, a memory, a global and segments of each common kind.
std::vector<std::byte> module_around(Input body);

}  // namespace tinywasm::fuzz
