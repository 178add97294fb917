// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: copies, constants, globals, selects, returns.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(Concat<PlainCopies, FusedMisc>::type{});
}  // namespace

std::span<const Shape> value_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
