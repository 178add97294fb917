// SPDX-License-Identifier: Apache-2.0
// Handlers of atomic accesses (https://github.com/WebAssembly/threads), all sequentially
// consistent. Operands and result are in slots; memories of all kinds share them.
#pragma once

#include <array>
#include <atomic>

#include "vm/atomics.hpp"
#include "vm/memory.hpp"
#include "vm/statements.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

enum class AtomicKind : std::uint8_t { load, store, add, sub, and_, or_, xor_, xchg, cmpxchg };

/// Does it; what was there before.
template <AtomicKind Kind, class T>
TINYWASM_INLINE T apply_atomic(std::atomic_ref<T> cell, Slot a, Slot b) {
  const auto value = static_cast<T>(a);
  if constexpr (Kind == AtomicKind::load) return cell.load();
  if constexpr (Kind == AtomicKind::store) return cell.store(value), T{0};
  if constexpr (Kind == AtomicKind::add) return cell.fetch_add(value);
  if constexpr (Kind == AtomicKind::sub) return cell.fetch_sub(value);
  if constexpr (Kind == AtomicKind::and_) return cell.fetch_and(value);
  if constexpr (Kind == AtomicKind::or_) return cell.fetch_or(value);
  if constexpr (Kind == AtomicKind::xor_) return cell.fetch_xor(value);
  if constexpr (Kind == AtomicKind::xchg) return cell.exchange(value);
  if constexpr (Kind == AtomicKind::cmpxchg) {
    T expected = value;
    cell.compare_exchange_strong(expected, static_cast<T>(b));
    return expected;
  }
}

template <AtomicKind Kind, class T>
TINYWASM_HANDLER atomic_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<AtomicWord>(R.pc);
  const Memory& memory = *R.ctx->instance->memories[word.memory];
  const std::uint64_t address = R.fp[word.operand[0]] + word.offset;
  if (address % sizeof(T) != 0) [[unlikely]]
    TINYWASM_TRAP(Trap::unaligned_atomic);
  if (address < word.offset || !in_bounds(address, sizeof(T), memory.size)) [[unlikely]] {
    TINYWASM_TRAP(Trap::memory_bounds);
  }
  const std::atomic_ref<T> cell(*reinterpret_cast<T*>(memory.base + address));
  const T before = apply_atomic<Kind, T>(cell, R.fp[word.operand[1]], R.fp[word.operand[2]]);
  if constexpr (Kind != AtomicKind::store) R.fp[word.result] = before;
  TINYWASM_NEXT(sizeof(AtomicWord));
}

/// wait and notify: the work is done in atomics.cpp.
template <Trap (*Operation)(Context&, const AtomicWord&, Slot*)>
TINYWASM_HANDLER waiting_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const Trap trap = Operation(*R.ctx, read_word<AtomicWord>(R.pc), R.fp);
  if (trap != Trap::none) [[unlikely]]
    TINYWASM_TRAP_VALUE(trap);
  TINYWASM_NEXT(sizeof(AtomicWord));
}

TINYWASM_HANDLER fence_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  TINYWASM_NEXT(sizeof(AtomicWord));
}

/// By instruction, from memory.atomic.notify on.
inline constexpr std::array<Handler*, kAtomicCount> kAtomics{
    &waiting_word<&memory_notify>,
    &waiting_word<&memory_wait32>,
    &waiting_word<&memory_wait64>,
    &fence_word,
#define TINYWASM_ATOMIC(id, kind, stored, value) &atomic_word<AtomicKind::kind, stored>,
#include "vm/atomics.def"
#undef TINYWASM_ATOMIC
};

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
