// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: fused i64 arithmetic.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(I64Pairs{});
}  // namespace

std::span<const Shape> i64_fused_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
