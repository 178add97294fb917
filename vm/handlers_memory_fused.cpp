// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: loads and stores with computed addresses.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(Concat<FusedAccesses, FusedLoads>::type{});
}  // namespace

std::span<const Shape> memory_fused_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
