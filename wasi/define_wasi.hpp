// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <tinywasm/linker.hpp>

#include "wasi/world.hpp"

namespace tinywasm::wasi {

/// Makes the calls of calls.def host functions of a Linker.
void define_calls(Linker& linker, const std::shared_ptr<World>& world);

}  // namespace tinywasm::wasi
