// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: f32 and f64 arithmetic.
#include "vm/handlers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kShapes =
    shapes(Concat<PlainNumeric<float>, PlainNumeric<double>, FloatPairs>::type{});
}  // namespace

std::span<const Shape> float_shapes() { return kShapes; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
