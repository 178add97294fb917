// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: loads and stores of memories other than 0 and of 64-bit ones.
#include "vm/far_access.hpp"
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(FarAccesses{});
}  // namespace

std::span<const Shape> far_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
