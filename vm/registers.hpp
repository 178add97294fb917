// SPDX-License-Identifier: Apache-2.0
// The machine registers of the interpreter and how control passes from handler to handler. With
// dispatch.hpp the only header of the interpreter that knows compilers. Included by units that
// define handlers, which choose the dispatcher first:
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

#if defined(TINYWASM_LOOP_DISPATCH) || defined(__clang__)

struct Registers {
  const std::byte* pc;  // the current word
  Slot* fp;             // the frame: parameters, locals, operand stack; fp[-1] the return pc
  std::byte* mem;       // base of memory 0
  Context* ctx;
  const std::byte* lpc;  // the last loop target, see back_edge
  std::uint64_t r0, r1, r2, r3;
  V128 f0, f1, f2, f3;
  bool metered = false;  // see Metered; never a machine register
};

#else

// GCC on x86-64. The System V convention passes six integers in registers; five of ours are global
// register variables, in registers that C calls preserve and that the way in saves. The build keeps
// GCC from allocating rbp, the last of these registers: no handler then saves any.
register const std::byte* global_lpc asm("rbx");
register std::uint64_t global_r0 asm("r12");
register std::uint64_t global_r1 asm("r13");
register std::uint64_t global_r2 asm("r14");
register std::uint64_t global_r3 asm("r15");

/// Reads and writes a global register variable in place: a copy of it in a local variable would
/// need a register of its own.
#define TINYWASM_GLOBAL_REGISTER(Name, Type, variable)                      \
  struct Name {                                                             \
    TINYWASM_INLINE operator Type() const { return variable; }              \
    TINYWASM_INLINE Type operator=(Type value) { return variable = value; } \
  };
TINYWASM_GLOBAL_REGISTER(GlobalLpc, const std::byte*, global_lpc)
TINYWASM_GLOBAL_REGISTER(GlobalR0, std::uint64_t, global_r0)
TINYWASM_GLOBAL_REGISTER(GlobalR1, std::uint64_t, global_r1)
TINYWASM_GLOBAL_REGISTER(GlobalR2, std::uint64_t, global_r2)
TINYWASM_GLOBAL_REGISTER(GlobalR3, std::uint64_t, global_r3)
#undef TINYWASM_GLOBAL_REGISTER

struct Registers {
  const std::byte* pc;
  Slot* fp;
  std::byte* mem;
  Context* ctx;
  GlobalLpc lpc;
  GlobalR0 r0;
  GlobalR1 r1;
  GlobalR2 r2;
  GlobalR3 r3;
  V128 f0, f1, f2, f3;
  bool metered = false;
};

#endif

#if defined(TINYWASM_LOOP_DISPATCH)

using Handler = void(Registers&);
#define TINYWASM_DISPATCH loop_dispatch
#define TINYWASM_HANDLER static void
#define TINYWASM_REGISTERS Registers& R
#define TINYWASM_ENTER (void)0
#define TINYWASM_JUMP return
#define TINYWASM_GOTO(handler) return handler(R)
#define TINYWASM_EXIT return (void)(R.pc = nullptr)
#define TINYWASM_SETTLE(x) (void)0
/// pc = lpc.
#define TINYWASM_TO_LPC (R.pc = R.lpc)

#else

#define TINYWASM_DISPATCH tail_dispatch

#if defined(__clang__)

#define TINYWASM_CALLING_CONVENTION __attribute__((preserve_none))
#define TINYWASM_MUSTTAIL [[clang::musttail]]
#define TINYWASM_REGISTERS                                                                  \
  const std::byte *pc_, Slot *fp_, std::byte *mem_, Context *ctx_, const std::byte *lpc_,   \
      std::uint64_t r0_, std::uint64_t r1_, std::uint64_t r2_, std::uint64_t r3_, V128 f0_, \
      V128 f1_, V128 f2_, V128 f3_
#define TINYWASM_ENTER \
  Registers R { pc_, fp_, mem_, ctx_, lpc_, r0_, r1_, r2_, r3_, f0_, f1_, f2_, f3_ }
#define TINYWASM_PASS \
  R.pc, R.fp, R.mem, R.ctx, R.lpc, R.r0, R.r1, R.r2, R.r3, R.f0, R.f1, R.f2, R.f3
#define TINYWASM_SETTLE(x) (void)0
/// pc = lpc, keeping the compiler from replacing it by the equal value that was loaded.
#define TINYWASM_TO_LPC \
  (R.pc = R.lpc);       \
  asm("" : "+r"(R.pc))

/// Registers whose values the way in keeps for its caller: preserve_none calls save them.
struct KeptRegisters {};

#else

#define TINYWASM_CALLING_CONVENTION
#define TINYWASM_MUSTTAIL
// The third and fourth argument travel in rdx and rcx, which divisions and shifts need: they carry
// nothing, so that those instructions find them free.
TINYWASM_INLINE std::uint64_t any_rdx() {
  std::uint64_t any;
  asm("" : "=d"(any));
  return any;
}
TINYWASM_INLINE std::uint64_t any_rcx() {
  std::uint64_t any;
  asm("" : "=c"(any));
  return any;
}
#define TINYWASM_REGISTERS                                                                       \
  const std::byte *pc_, Slot *fp_, std::uint64_t, std::uint64_t, std::byte *mem_, Context *ctx_, \
      V128 f0_, V128 f1_, V128 f2_, V128 f3_
#define TINYWASM_ENTER \
  Registers R { pc_, fp_, mem_, ctx_, {}, {}, {}, {}, {}, f0_, f1_, f2_, f3_ }
#define TINYWASM_PASS R.pc, R.fp, any_rdx(), any_rcx(), R.mem, R.ctx, R.f0, R.f1, R.f2, R.f3
/// Computes x now, in place, rather than together with what is derived from it.
#define TINYWASM_SETTLE(x) asm("" : "+r"(x))
#define TINYWASM_TO_LPC asm volatile("mov %%rbx, %0" : "=r"(R.pc))

struct KeptRegisters {
  const std::byte* lpc = global_lpc;
  std::uint64_t r[4] = {global_r0, global_r1, global_r2, global_r3};
  ~KeptRegisters() {
    global_lpc = lpc;
    global_r0 = r[0];
    global_r1 = r[1];
    global_r2 = r[2];
    global_r3 = r[3];
  }
};

#endif

using Handler = TINYWASM_CALLING_CONVENTION void(TINYWASM_REGISTERS);
#define TINYWASM_HANDLER static TINYWASM_CALLING_CONVENTION void
#define TINYWASM_JUMP                                                                   \
  do {                                                                                  \
    TINYWASM_MUSTTAIL return (*reinterpret_cast<Handler* const*>(R.pc))(TINYWASM_PASS); \
  } while (0)
#define TINYWASM_GOTO(handler)                       \
  do {                                               \
    TINYWASM_MUSTTAIL return handler(TINYWASM_PASS); \
  } while (0)
#define TINYWASM_EXIT return

#endif

/// On to the word `size` bytes after this one.
#define TINYWASM_NEXT(size) \
  do {                      \
    R.pc += (size);         \
    TINYWASM_SETTLE(R.pc);  \
    TINYWASM_JUMP;          \
  } while (0)

}  // namespace tinywasm::vm
