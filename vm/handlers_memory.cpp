// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: loads and stores.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(PlainAccesses{});
}  // namespace

std::span<const Shape> memory_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
