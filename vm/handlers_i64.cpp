// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: i64 arithmetic.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes = shapes(PlainNumeric<numeric::u64>{});
}  // namespace

std::span<const Shape> i64_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
