// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "decoder/binary_writer.hpp"
#include "tools/fuzz/program_plan.hpp"

namespace tinywasm::fuzz {

/// The body of a function of type [] -> [i64] that hashes what the host cannot see in every engine:
/// vectors, what references in globals refer to, which elements of tables are null. It does not
/// trap.
decoder::BinaryWriter state_body(Plan& plan);

}  // namespace tinywasm::fuzz
