// SPDX-License-Identifier: Apache-2.0
// Fuel for what takes longer than an instruction usually does: by the bytes it copies, fills or
// makes. Nothing is charged in a Store without fuel. What cannot be paid for is not begun.
#pragma once

#include <cstdint>

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// Bytes that are paid for with an instruction itself. No Store charges for fewer (see
/// StoreConfig::bytes_per_fuel), so that handlers may do as many without asking.
inline constexpr std::uint64_t kBytesOfInstruction = 64;

/// Takes `amount` from the fuel. Trap::out_of_fuel, with nothing left, when there is too little.
Trap charge(Context& context, std::uint64_t amount);

/// What a Store's fuel charges for so many bytes; 0 when it is not metered.
std::uint64_t fuel_of_bytes(const Context& context, std::uint64_t bytes);
Trap charge_long(Context& context, std::uint64_t bytes);
inline Trap charge_bytes(Context& context, std::uint64_t bytes) {
  return bytes <= kBytesOfInstruction ? Trap::none : charge_long(context, bytes);
}

/// Before memory_grow and table_grow, which give it back when they fail.
Trap charge_memory_growth(Context& context, std::uint32_t memory, std::uint64_t delta);
Trap charge_table_growth(Context& context, std::uint32_t table, std::uint64_t delta);
/// Gives back what was charged for so many bytes.
void refund_bytes(Context& context, std::uint64_t bytes);

/// The bytes that growing would add; 0 when the type does not allow it.
std::uint64_t growth_of_memory(const Memory& memory, std::uint64_t delta);
std::uint64_t growth_of_table(const Table& table, std::uint64_t delta);

}  // namespace tinywasm::vm
