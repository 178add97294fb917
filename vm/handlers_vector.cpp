// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: vectors.
#include "vm/handlers.hpp"
#include "vm/vector_handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

std::span<Handler* const> vector_handlers() { return kVectors; }
std::span<Handler* const> far_vector_handlers() { return kFarVectors; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
