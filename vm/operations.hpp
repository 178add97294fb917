// SPDX-License-Identifier: Apache-2.0
// The instructions on memories, tables and segments whose work is done outside the handlers
// (https://webassembly.github.io/spec/core/exec/instructions.html, 4.6.5 to 4.6.7).
//
// Indices are those of the running instance, context.instance. Addresses and lengths are 64 bits
// wide, so that memories and tables of either address type share them: an i32 in a slot is
// zero-extended. All bounds are checked before anything is written. Long ones poll
// context.interrupt and answer Trap::interrupted when they were ended half-way.
//
// Whatever can change a memory's base or size leaves context.access_limit right for memory 0 of
// the running instance; the handlers reload `mem` from context.instance->memory0->base afterwards.
#pragma once

#include <cstdint>

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// What the grow instructions answer when they cannot; with an i32 result, its low half.
inline constexpr std::uint64_t kGrowFailed = ~std::uint64_t{0};

Trap memory_init(Context& context, std::uint32_t data, std::uint32_t memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length);
Trap memory_copy(Context& context, std::uint32_t destination_memory, std::uint32_t source_memory,
                 std::uint64_t destination, std::uint64_t source, std::uint64_t length);
Trap memory_fill(Context& context, std::uint32_t memory, std::uint64_t destination,
                 std::uint32_t value, std::uint64_t length);
/// The old size in pages, or kGrowFailed.
std::uint64_t memory_grow(Context& context, std::uint32_t memory, std::uint64_t delta);
/// In pages.
std::uint64_t memory_size(Context& context, std::uint32_t memory);
/// Looks whether other threads have grown shared memories of the running instance: true when an
/// access that was out of bounds should be tried again.
bool refresh_memories(Context& context);
/// Takes the next slice of the fuel for a word of `cost`, which the last one did not suffice for.
/// Trap::out_of_fuel when there is too little, Trap::interrupted when that is due.
Trap refuel(Context& context, std::uint32_t cost);
void data_drop(Context& context, std::uint32_t data);

Trap table_get(Context& context, std::uint32_t table, std::uint64_t index, Slot& result);
Trap table_set(Context& context, std::uint32_t table, std::uint64_t index, Slot value);
Trap table_init(Context& context, std::uint32_t element, std::uint32_t table,
                std::uint64_t destination, std::uint64_t source, std::uint64_t length);
Trap table_copy(Context& context, std::uint32_t destination_table, std::uint32_t source_table,
                std::uint64_t destination, std::uint64_t source, std::uint64_t length);
Trap table_fill(Context& context, std::uint32_t table, std::uint64_t index, Slot value,
                std::uint64_t length);
/// The old size in elements, or kGrowFailed.
std::uint64_t table_grow(Context& context, std::uint32_t table, Slot value, std::uint64_t delta);
void elem_drop(Context& context, std::uint32_t element);

/// ref.func: a reference to function `function` of the running instance, never null.
Slot ref_func(Context& context, std::uint32_t function);

}  // namespace tinywasm::vm
