// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: compare and branch.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(FusedBranches{});
}  // namespace

std::span<const Shape> branch_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
