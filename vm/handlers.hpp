// SPDX-License-Identifier: Apache-2.0
// The tail dispatcher's families of shapes, one function a handlers_*.cpp.
#pragma once

#include <span>

#include "vm/shapes.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

std::span<const Shape> i32_shapes();
std::span<const Shape> i32_fused_shapes();
std::span<const Shape> i64_shapes();
std::span<const Shape> i64_fused_shapes();
std::span<const Shape> float_shapes();
std::span<const Shape> memory_shapes();
std::span<const Shape> memory_fused_shapes();
std::span<const Shape> branch_shapes();
std::span<const Shape> value_shapes();
std::span<const Shape> far_shapes();

/// Those of VECTOR rows by vector_index and the place of the scalar; for accesses of any memory by
/// vector_index.
std::span<Handler* const> vector_handlers();
std::span<Handler* const> far_vector_handlers();

/// The handlers of atomic accesses by atomic_index.
std::span<Handler* const> atomic_handlers();

/// The br_table handlers by number of targets.
std::span<Handler* const> br_table_handlers();

/// The sequences, a part in each unit (sequences.hpp).
struct Sequence;
std::span<const Sequence> sequences_0();
std::span<const Sequence> sequences_1();
std::span<const Sequence> sequences_2();
std::span<const Sequence> sequences_3();

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
