// SPDX-License-Identifier: Apache-2.0
// Bodies that declare far more locals than they name. A few bytes declare 50,000 locals, and
// translating takes time and memory for each: for such bodies only those that are named count.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/module.hpp"

namespace tinywasm::vm::ir {

struct UsedLocal {
  std::uint32_t index = 0;
  decoder::ValType type;
};

/// The locals that a valid body names, in ascending order, its parameters left out. Nothing for a
/// body that declares no more of them than it has bytes, or few.
std::optional<std::vector<UsedLocal>> used_locals(const decoder::Module& module,
                                                  std::uint32_t function);

}  // namespace tinywasm::vm::ir
