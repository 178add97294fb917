// SPDX-License-Identifier: Apache-2.0
// The instructions of the threads proposal as the emitter and both dispatchers know them.
#pragma once

#include "decoder/instructions.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm {

/// Their handlers are indexed by the distance from the first one.
inline constexpr auto kFirstAtomic = decoder::Insn::memory_atomic_notify;
inline constexpr unsigned kAtomicCount =
    static_cast<unsigned>(decoder::Insn::i64_atomic_rmw32_cmpxchg_u) -
    static_cast<unsigned>(kFirstAtomic) + 1;
constexpr unsigned atomic_index(decoder::Insn insn) {
  return static_cast<unsigned>(insn) - static_cast<unsigned>(kFirstAtomic);
}
constexpr bool is_atomic(decoder::Insn insn) { return atomic_index(insn) < kAtomicCount; }

/// The list of accesses is in the order of the table.
#define TINYWASM_ATOMIC(id, kind, stored, value) decoder::Insn::id,
inline constexpr decoder::Insn kAtomicAccesses[] = {
#include "vm/atomics.def"
};
#undef TINYWASM_ATOMIC
static_assert([] {
  unsigned index = atomic_index(decoder::Insn::i32_atomic_load);
  for (const decoder::Insn insn : kAtomicAccesses) {
    if (atomic_index(insn) != index++) return false;
  }
  return index == kAtomicCount;
}());

/// memory.atomic.notify, wait32 and wait64: operands and result are slots of the frame `fp`.
Trap memory_notify(Context& context, const AtomicWord& word, Slot* fp);
Trap memory_wait32(Context& context, const AtomicWord& word, Slot* fp);
Trap memory_wait64(Context& context, const AtomicWord& word, Slot* fp);

}  // namespace tinywasm::vm
