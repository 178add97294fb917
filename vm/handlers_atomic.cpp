// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: atomic accesses.
#include "vm/atomic_access.hpp"
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

std::span<Handler* const> atomic_handlers() { return kAtomics; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
