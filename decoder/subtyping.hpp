// SPDX-License-Identifier: Apache-2.0
// Subtyping and equivalence of types (https://webassembly.github.io/spec/core/valid/matching.html).
#pragma once

#include <span>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

#include "decoder/module.hpp"

namespace tinywasm::decoder {

/// The heap type of a reference that unreachable code leaves open: a subtype of all others.
inline constexpr HeapType kBottomHeap = HeapType::from_bits(0xffff00);

// The abstract heap types.
/// The one directly above the types that a definition of this kind makes.
HeapType::Abstract abstract_of(CompositeKind kind);
/// The one above all others of its hierarchy: any, func, extern or exn.
HeapType::Abstract top_of(HeapType::Abstract type);
/// none, nofunc, noextern or noexn.
bool is_abstract_bottom(HeapType::Abstract type);
bool is_abstract_subtype(HeapType::Abstract sub, HeapType::Abstract super);

/// Checks the type section and fills in Module::canonical_types: what the functions below need.
Result<void> validate_types(Module& module, const InterruptToken* interrupt = nullptr);

bool is_subtype(const Module& module, HeapType sub, HeapType super);
bool is_subtype(const Module& module, ValType sub, ValType super);
bool are_subtypes(const Module& module, std::span<const ValType> sub,
                  std::span<const ValType> super);

/// The heap type above all others of its hierarchy: any, func, extern or exn.
HeapType top_type(const Module& module, HeapType type);

}  // namespace tinywasm::decoder
