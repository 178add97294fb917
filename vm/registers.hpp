// SPDX-License-Identifier: Apache-2.0
// The machine registers of the interpreter and how control passes from handler to handler. The one
// header of the interpreter that knows compilers. Included by units that define handlers, which
// choose the dispatcher first:
//
//   tail   each handler jumps to the next one with its state in machine registers
//   loop   (TINYWASM_LOOP_DISPATCH) each handler returns to a loop; state in a struct; any compiler
//
// A handler is written once:
//
//   TINYWASM_HANDLER name(TINYWASM_REGISTERS) { TINYWASM_ENTER; ... R.r0 ...; TINYWASM_NEXT(16); }
#pragma once

#include <cstddef>
#include <cstdint>

#include "vm/dispatch.hpp"
#include "vm/runtime.hpp"

#define TINYWASM_INLINE [[gnu::always_inline]] inline

namespace tinywasm::vm {

/// A register for f32, f64 (in its lowest lanes) and v128.
using V128 = float __attribute__((vector_size(16)));
using V2F64 = double __attribute__((vector_size(16)));

struct Registers {
  const std::byte* pc;   // the current word
  Slot* fp;              // the frame: parameters, locals, operand stack; fp[-1] the return pc
  std::byte* mem;        // base of memory 0
  Context* ctx;
  const std::byte* lpc;  // the last loop target, see TINYWASM_BACK_EDGE
  std::uint64_t r0, r1, r2, r3;
  V128 f0, f1, f2, f3;
};

#if defined(TINYWASM_LOOP_DISPATCH)

using Handler = void(Registers&);
#define TINYWASM_DISPATCH loop_dispatch
#define TINYWASM_HANDLER static void
#define TINYWASM_REGISTERS Registers &R
#define TINYWASM_ENTER (void)0
#define TINYWASM_JUMP return
#define TINYWASM_GOTO(handler) return handler(R)
#define TINYWASM_EXIT return (void)(R.pc = nullptr)
#define TINYWASM_OPAQUE(x) (void)0

#else

#define TINYWASM_DISPATCH tail_dispatch
#if defined(__clang__)
#define TINYWASM_CALLING_CONVENTION __attribute__((preserve_none))
#define TINYWASM_MUSTTAIL [[clang::musttail]]
#else
#define TINYWASM_CALLING_CONVENTION
#define TINYWASM_MUSTTAIL
#endif

#if defined(__clang__)
#define TINYWASM_REGISTERS                                                                    \
  const std::byte *pc_, Slot *fp_, std::byte *mem_, Context *ctx_, const std::byte *lpc_,     \
      std::uint64_t r0_, std::uint64_t r1_, std::uint64_t r2_, std::uint64_t r3_, V128 f0_,   \
      V128 f1_, V128 f2_, V128 f3_
#define TINYWASM_ENTER Registers R{pc_, fp_, mem_, ctx_, lpc_, r0_, r1_, r2_, r3_, f0_, f1_, f2_, f3_}
#define TINYWASM_PASS \
  R.pc, R.fp, R.mem, R.ctx, R.lpc, R.r0, R.r1, R.r2, R.r3, R.f0, R.f1, R.f2, R.f3
#else
// The System V convention has six integer argument registers; the rest are global register
// variables, which this unit's entry function saves and restores (enter_tail).
register std::uint64_t global_r2 asm("r12");
register std::uint64_t global_r3 asm("r13");
register const std::byte* global_lpc asm("r14");
#define TINYWASM_REGISTERS                                                                  \
  const std::byte *pc_, Slot *fp_, std::byte *mem_, Context *ctx_, std::uint64_t r0_,       \
      std::uint64_t r1_, V128 f0_, V128 f1_, V128 f2_, V128 f3_
#define TINYWASM_ENTER                                                                          \
  Registers R {                                                                                 \
    pc_, fp_, mem_, ctx_, global_lpc, r0_, r1_, global_r2, global_r3, f0_, f1_, f2_, f3_        \
  }
#define TINYWASM_PASS \
  (global_lpc = R.lpc, global_r2 = R.r2, global_r3 = R.r3, R.pc), R.fp, R.mem, R.ctx, R.r0, R.r1, \
      R.f0, R.f1, R.f2, R.f3
#endif

using Handler = TINYWASM_CALLING_CONVENTION void(TINYWASM_REGISTERS);
#define TINYWASM_HANDLER static TINYWASM_CALLING_CONVENTION void
#define TINYWASM_JUMP                                                        \
  do {                                                                       \
    TINYWASM_MUSTTAIL return (*reinterpret_cast<Handler* const*>(R.pc))(TINYWASM_PASS); \
  } while (0)
#define TINYWASM_GOTO(handler)                       \
  do {                                               \
    TINYWASM_MUSTTAIL return handler(TINYWASM_PASS); \
  } while (0)
#define TINYWASM_EXIT return
/// Keeps the compiler from replacing a register by an equal one.
#define TINYWASM_OPAQUE(x) asm("" : "+r"(x))

#endif

/// On to the word `size` bytes after this one.
#define TINYWASM_NEXT(size) \
  do {                      \
    R.pc += (size);         \
    TINYWASM_JUMP;          \
  } while (0)

}  // namespace tinywasm::vm
