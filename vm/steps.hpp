// SPDX-License-Identifier: Apache-2.0
// A step is what one word does, without the dispatch: a type with
//
//   static Flow run(Registers&)     does it
//   kSize                           of the word
//   kAccesses, kExits               how it may end, see Flow
//   kName                           of the word
//
// A handler is a step and a jump to the next word's handler, or a sequence of steps: the work of
// several words that lie one after the other. Between them only `pc` moves on, so that each step
// finds its operands where its own handler would, and a trap or a branch into the middle needs
// nothing special (vm/sequences.hpp).
#pragma once

#include <cstdint>
#include <type_traits>

#include "vm/operations.hpp"
#include "vm/registers.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

// ---- Traps

/// Ends the run: the cold end of every trapping handler. `Ordinal` counts a word's memory accesses
/// from 1.
template <Trap Reason, unsigned Ordinal = 0>
[[gnu::noinline, gnu::cold]] TINYWASM_HANDLER trap_exit(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  if constexpr (Reason == Trap::memory_bounds) {
    // Nothing has been written yet: the word can begin again if a shared memory has grown.
    if (refresh_memories(*R.ctx)) TINYWASM_JUMP;
  }
  if constexpr (Reason == Trap::out_of_fuel) {
    R.ctx->trap = refuel(*R.ctx, read_word<FuelWord>(R.pc).cost);
    if (R.ctx->trap == Trap::none) TINYWASM_JUMP;  // the word begins again
  } else if constexpr (Reason != Trap::none) {
    R.ctx->trap = Reason;  // none: the handler has set it
  }
  R.ctx->trap_operand = Ordinal;
  R.ctx->trap_pc = R.pc;
  R.ctx->trap_fp = R.fp;
  TINYWASM_EXIT;
}

#define TINYWASM_TRAP(reason) TINYWASM_GOTO(trap_exit<reason>)
#define TINYWASM_TRAP_VALUE(value)        \
  do {                                    \
    R.ctx->trap = (value);                \
    TINYWASM_GOTO(trap_exit<Trap::none>); \
  } while (0)

// ---- Steps

/// How a step ends.
enum class Flow : std::uint8_t {
  next,       // on to the following word
  jump,       // at pc
  loop,       // at lpc
  trap,       // for the reason in the context
  interrupt,  // for this and the following reasons
  exhausted,
  starved,  // what is left of the fuel's slice is less than its cost
  access1,  // this memory access is out of bounds
  access2,
  access3,
};
constexpr Flow bad_access(unsigned ordinal) {
  return static_cast<Flow>(static_cast<unsigned>(Flow::access1) + ordinal - 1);
}
static_assert(bad_access(3) == Flow::access3);

/// Ways out of a step besides to the following word, as bits; with the number of memory accesses it
/// checks (kAccesses) they are what a handler has to look for.
enum Exit : unsigned { kJumps = 1, kLoops = 2, kTraps = 4, kStarts = 8, kCharges = 16 };

/// Runs a step and leaves the handler unless control goes on to the following word. `run` is
/// inlined: its results are never made, each way out becomes a jump of its own.
#define TINYWASM_RUN(Step)                                                           \
  do {                                                                               \
    const Flow flow = Step::run(R);                                                  \
    if constexpr (Step::kAccesses >= 1) {                                            \
      if (flow == Flow::access1) TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 1>)); \
    }                                                                                \
    if constexpr (Step::kAccesses >= 2) {                                            \
      if (flow == Flow::access2) TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 2>)); \
    }                                                                                \
    if constexpr (Step::kAccesses >= 3) {                                            \
      if (flow == Flow::access3) TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 3>)); \
    }                                                                                \
    static_assert(Step::kAccesses <= 3);                                             \
    if constexpr ((Step::kExits & kLoops) != 0) {                                    \
      if (flow == Flow::loop) {                                                      \
        TINYWASM_TO_LPC;                                                             \
        TINYWASM_JUMP;                                                               \
      }                                                                              \
    }                                                                                \
    if constexpr ((Step::kExits & kJumps) != 0) {                                    \
      if (flow == Flow::jump) TINYWASM_JUMP;                                         \
    }                                                                                \
    if constexpr ((Step::kExits & (kLoops | kStarts)) != 0) {                        \
      if (flow == Flow::interrupt) TINYWASM_GOTO(trap_exit<Trap::interrupted>);      \
    }                                                                                \
    if constexpr ((Step::kExits & kStarts) != 0) {                                   \
      if (flow == Flow::exhausted) TINYWASM_GOTO(trap_exit<Trap::stack_exhausted>);  \
    }                                                                                \
    if constexpr ((Step::kExits & kCharges) != 0) {                                  \
      if (flow == Flow::starved) TINYWASM_GOTO(trap_exit<Trap::out_of_fuel>);        \
    }                                                                                \
    if constexpr ((Step::kExits & kTraps) != 0) {                                    \
      if (flow == Flow::trap) TINYWASM_GOTO(trap_exit<Trap::none>);                  \
    }                                                                                \
  } while (0)

template <class Step>
TINYWASM_HANDLER step_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  TINYWASM_RUN(Step);
  TINYWASM_NEXT(Step::kSize);
}

/// A jump backwards. The target's address is compared with the last such target, held in a
/// register, so that the CPU speculates past the load of the operand instead of making `pc` depend
/// on it.
TINYWASM_INLINE Flow back_edge(Registers& R, const std::byte* target) {
  if (!R.metered && R.ctx->interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return Flow::interrupt;
  if (target == R.lpc) [[likely]]
    return Flow::loop;
  R.lpc = target;
  R.pc = target;
  return Flow::jump;
}

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
