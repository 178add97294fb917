// SPDX-License-Identifier: Apache-2.0
// Handlers of the tail dispatcher: a quarter of the sequences.
#include "vm/sequences.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

namespace {
constexpr auto kSequences = sequences_of_unit<2>();
}  // namespace

std::span<const Sequence> sequences_2() { return kSequences.entries; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
