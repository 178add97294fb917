// SPDX-License-Identifier: Apache-2.0
// Handlers of the words of words.def that are control: activations, calls, exceptions, registers
// and their home slots; and the tables of all. For the dispatcher that the including unit chose.
#pragma once

#include <atomic>
#include <cstring>

#include "vm/code.hpp"
#include "vm/exceptions.hpp"
#include "vm/operation_handlers.hpp"
#include "vm/statements.hpp"
#include "vm/thread_sanitizer.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

TINYWASM_INLINE const std::byte* as_pc(Slot slot) {
  return reinterpret_cast<const std::byte*>(slot);
}
/// A direct call's callee, which translate() may be changing: both values are valid.
TINYWASM_INLINE const std::byte* callee_of(const std::byte* const& callee) {
  const std::byte* const entry =
      std::atomic_ref(const_cast<const std::byte*&>(callee)).load(std::memory_order_acquire);
  note_acquire(&callee);
  return entry;
}
TINYWASM_INLINE Slot as_slot(const void* pointer) { return reinterpret_cast<Slot>(pointer); }

TINYWASM_INLINE void switch_instance(Registers& R, Instance* instance) {
  R.ctx->instance = instance;
  R.ctx->own_globals = instance->own_globals;
  reload_memory(R);
}

/// Back from a callee's frame.
TINYWASM_INLINE void pop_frame(Registers& R, std::size_t frame) {
  R.fp -= frame;
  R.ctx->shadow.back(R.fp);
}

// ---- Activations and function boundaries

TINYWASM_HANDLER halt_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  R.ctx->result = R.r0;
  std::memcpy(R.ctx->float_result, &R.f0, sizeof R.f0);
  TINYWASM_EXIT;
}

/// What a function's code cell leads to before its first call. A direct call's word is patched to
/// lead straight to the code from then on; both values are valid at any time.
TINYWASM_HANDLER translate_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  auto* function = reinterpret_cast<FunctionCode*>(const_cast<std::byte*>(R.pc));
  const Translated made = translate(*function, R.ctx->interrupt);
  if (made.entry == nullptr) [[unlikely]]
    TINYWASM_TRAP_VALUE(made.trap);
  patch_call(as_pc(R.fp[-1]), *function, made.entry);
  R.pc = made.entry;
  TINYWASM_JUMP;
}

/// Loads r1 r2 r3, by bit mask, from their home slots.
template <unsigned Mask>
TINYWASM_INLINE void load_registers(Registers& R, const std::uint16_t* slot) {
  if constexpr (Mask & 1) R.r1 = R.fp[slot[0]];
  if constexpr (Mask & 2) R.r2 = R.fp[slot[1]];
  if constexpr (Mask & 4) R.r3 = R.fp[slot[2]];
}
template <unsigned Mask>
TINYWASM_INLINE void store_registers(Registers& R, const std::uint16_t* slot) {
  if constexpr (Mask & 1) R.fp[slot[0]] = R.r1;
  if constexpr (Mask & 2) R.fp[slot[1]] = R.r2;
  if constexpr (Mask & 4) R.fp[slot[2]] = R.r3;
}

template <unsigned Mask>
struct Enter {
  static constexpr unsigned kSize = sizeof(EnterWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kStarts;
  static constexpr WordName kName = name_of(kEnterWord, Mask);
  TINYWASM_INLINE static Flow run(Registers& R) {
    const auto& word = read_word<EnterWord>(R.pc);
    if (reinterpret_cast<std::byte*>(R.fp) + word.frame_bytes >
        reinterpret_cast<std::byte*>(R.ctx->stack_limit)) [[unlikely]] {
      return Flow::exhausted;
    }
    if (!R.metered && R.ctx->interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return Flow::interrupt;
    R.ctx->shadow.enter(R.fp, R.fp + word.frame_bytes / sizeof(Slot));
    // Volatile: a call of memset instead of the loop would spill every register.
    volatile Slot* const locals = R.fp + word.zero_begin;
    for (unsigned i = 0; i < word.zero_count; ++i) locals[i] = 0;
    load_registers<Mask>(R, word.slot);
    return Flow::next;
  }
};

struct Fuel {
  static constexpr unsigned kSize = sizeof(FuelWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kCharges;
  static constexpr WordName kName = name_of(kFuelWord, 0);
  TINYWASM_INLINE static Flow run(Registers& R) {
    // One instruction, whose flags are the check: nothing is kept to undo it.
    R.ctx->fuel -= std::int64_t{read_word<FuelWord>(R.pc).cost};
    return R.ctx->fuel < 0 ? Flow::starved : Flow::next;
  }
};
static constexpr auto& fuel_word = step_word<Fuel>;

TINYWASM_HANDLER count_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  ++*read_word<CountWord>(R.pc).counter;
  TINYWASM_NEXT(sizeof(CountWord));
}

struct ReturnVoid {
  static constexpr unsigned kSize = sizeof(PlainWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kJumps;
  static constexpr WordName kName = name_of(kReturnVoidWord, 0);
  TINYWASM_INLINE static Flow run(Registers& R) {
    R.pc = as_pc(R.fp[-1]);
    return Flow::jump;
  }
};
static constexpr auto& return_void_word = step_word<ReturnVoid>;

// ---- Exceptions

/// Goes on where an exception is handled, or ends the run. No other register holds anything there.
#define TINYWASM_LAND(landing_)             \
  do {                                      \
    const Landing landing = (landing_);     \
    if (landing.pc == nullptr) [[unlikely]] \
      TINYWASM_GOTO(trap_exit<Trap::none>); \
    R.pc = landing.pc;                      \
    R.fp = landing.fp;                      \
    R.ctx->shadow.back(R.fp);               \
    reload_memory(R);                       \
    TINYWASM_JUMP;                          \
  } while (0)

TINYWASM_HANDLER throw_tag_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<ThrowWord>(R.pc);
  TINYWASM_LAND(throw_new(*R.ctx, R.pc, R.fp, word.tag, R.fp + word.values));
}
TINYWASM_HANDLER throw_ref_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  TINYWASM_LAND(throw_again(*R.ctx, R.pc, R.fp, R.fp[read_word<SlotsWord>(R.pc).slot[0]]));
}
/// What follows when a host function failed: its exception goes on, or the run ends. `Left`: it was
/// a tail call.
template <bool Left>
[[gnu::noinline, gnu::cold]] TINYWASM_HANDLER host_error(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  TINYWASM_LAND(throw_from_host(*R.ctx, R.pc, R.fp, Left));
}

// ---- Control

struct Jump {
  static constexpr unsigned kSize = sizeof(JumpWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kJumps;
  static constexpr WordName kName = name_of(kJumpWord, 0);
  TINYWASM_INLINE static Flow run(Registers& R) {
    R.pc += read_word<JumpWord>(R.pc).distance;
    return Flow::jump;
  }
};
static constexpr auto& jump_word = step_word<Jump>;

struct JumpBack {
  static constexpr unsigned kSize = sizeof(JumpBackWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kLoops | kJumps;
  static constexpr WordName kName = name_of(kJumpBackWord, 0);
  TINYWASM_INLINE static Flow run(Registers& R) {
    return back_edge(R, read_word<JumpBackWord>(R.pc).target);
  }
};
static constexpr auto& jump_back_word = step_word<JumpBack>;

TINYWASM_HANDLER br_table_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<BrTableWord>(R.pc);
  const auto index = static_cast<std::uint32_t>(R.fp[word.index]);
  const std::uint32_t last = word.count - 1;
  const std::size_t at = sizeof(BrTableWord) + 4 * std::size_t{index < last ? index : last};
  R.pc += read<std::int32_t>(R.pc + at);
  TINYWASM_JUMP;
}

TINYWASM_HANDLER unreachable_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  TINYWASM_TRAP(Trap::unreachable);
}

// ---- Calls. The callee's frame lies `frame` slots above the caller's, arguments in its first
// slots; the word after the call takes `frame` off again.

TINYWASM_INLINE void push_frame(Registers& R, std::size_t frame, const std::byte* return_pc) {
  R.fp += frame;
  R.fp[-1] = as_slot(return_pc);
}

/// A direct call from a frame of a known size, which saves registers.
template <unsigned Class, unsigned Mask>
struct Call {
  using Word = std::conditional_t<Mask == 0, CallWord, SavingCallWord>;
  static constexpr unsigned kSize = sizeof(Word);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kJumps;
  static constexpr WordName kName = name_of(kCallWord, Class* kMasks + Mask);
  TINYWASM_INLINE static Flow run(Registers& R) {
    const auto& word = read_word<Word>(R.pc);
    if constexpr (Mask != 0) store_registers<Mask>(R, word.slot);
    push_frame(R, (Class + 1) * kFrameStep, R.pc + sizeof(Word));
    R.pc = callee_of(word.callee);
    return Flow::jump;
  }
};
/// What follows it.
template <unsigned Class, unsigned Mask, unsigned Take>
struct AfterCall {
  static constexpr bool kPlain = Mask == 0 && Take == kTakeNone;
  static constexpr unsigned kSize = kPlain ? sizeof(PlainWord) : sizeof(AfterCallWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = 0;
  static constexpr WordName kName =
      name_of(kAfterCallWord, (Class * kMasks + Mask) * kTakes + Take);
  TINYWASM_INLINE static Flow run(Registers& R) {
    pop_frame(R, (Class + 1) * kFrameStep);
    if constexpr (!kPlain) {
      const auto& word = read_word<AfterCallWord>(R.pc);
      load_registers<Mask>(R, word.slot);
      if constexpr (Take == kTakeSlot) R.fp[word.slot[3]] = R.r0;
      if constexpr (Take > kTakeSlot) int_register<Take - kTakeSlot>(R) = R.r0;
    }
    return Flow::next;
  }
};
TINYWASM_HANDLER call_wide_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallWideWord>(R.pc);
  push_frame(R, word.frame, R.pc + sizeof(CallWideWord));
  R.pc = callee_of(word.callee);
  TINYWASM_JUMP;
}
TINYWASM_HANDLER after_call_wide_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  pop_frame(R, read_word<FrameWord>(R.pc).frame);
  TINYWASM_NEXT(sizeof(FrameWord));
}

/// Runs a host function on the frame at `slots`; memory and its size are current afterwards.
TINYWASM_INLINE bool call_host(Registers& R, Function& function, Slot* slots) {
  R.ctx->top = slots + function.host_frame_slots;
  if (R.ctx->top > R.ctx->stack_limit) [[unlikely]] {
    R.ctx->trap = Trap::stack_exhausted;
    return false;
  }
  R.ctx->shadow.open(R.ctx->top);
  const Trap trap = function.callback(function.environment, *R.ctx, R.ctx->instance, slots);
  R.ctx->trap = trap;
  reload_memory(R);
  // As after any call nothing is in these; so the handler does not have to save them.
  R.r1 = R.r2 = R.r3 = 0;
  R.f1 = R.f2 = R.f3 = V128{};
  return trap == Trap::none;
}
TINYWASM_INLINE void take_host_result(Registers& R, const Slot* slots) {
  R.r0 = slots[0];
  R.f0 = widen(from_slot<double>(slots[0]));
  R.ctx->shadow.back(R.fp);
}

/// The common end of calls that may leave the instance. `frame` slots up lie the arguments; after
/// this word comes after_instance_call, which host functions skip.
#define TINYWASM_CALL_HOST(callee_, frame_, word_size)        \
  do {                                                        \
    if (!call_host(R, callee_, R.fp + (frame_))) [[unlikely]] \
      TINYWASM_GOTO(host_error<false>);                       \
    take_host_result(R, R.fp + (frame_));                     \
    TINYWASM_NEXT((word_size) + sizeof(FrameWord));           \
  } while (0)
#define TINYWASM_CALL_WASM(callee_, frame_, word_size)                             \
  do {                                                                             \
    push_frame(R, (frame_), R.pc + (word_size));                                   \
    R.fp[-2] = as_slot(R.ctx->instance);                                           \
    if (callee_.instance != R.ctx->instance) switch_instance(R, callee_.instance); \
    R.pc = callee_.code->entry.load(std::memory_order_acquire);                    \
    TINYWASM_JUMP;                                                                 \
  } while (0)

TINYWASM_HANDLER call_import_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallImportWord>(R.pc);
  Function& callee = *R.ctx->instance->imported_functions[word.index];
  if (callee.callback != nullptr) TINYWASM_CALL_HOST(callee, word.frame, sizeof(CallImportWord));
  TINYWASM_CALL_WASM(callee, word.frame, sizeof(CallImportWord));
}

/// The function a table holds at `index`, if it has the wanted type.
struct Callee {
  Function* function = nullptr;
  Trap trap = Trap::none;
};
TINYWASM_INLINE Callee table_function(Registers& R, std::uint32_t table, std::uint32_t type,
                                      std::uint64_t index) {
  const Table& elements = *R.ctx->instance->tables[table];
  if (index >= elements.size) [[unlikely]] {
    R.ctx->trap_element = index;
    return {nullptr, Trap::undefined_element};
  }
  auto* function = reinterpret_cast<Function*>(elements.elements[index]);
  if (function == nullptr) [[unlikely]] {
    R.ctx->trap_element = index;
    return {nullptr, Trap::uninitialized_element};
  }
  if (function->type_id != R.ctx->instance->type_ids[type]) [[unlikely]] {
    return {nullptr, Trap::indirect_call_mismatch};
  }
  return {function, Trap::none};
}

/// The same, where a function of a subtype will do.
TINYWASM_INLINE Callee table_function_of_subtype(Registers& R, std::uint32_t table,
                                                 std::uint32_t type, std::uint64_t index) {
  const Callee exact = table_function(R, table, type, index);
  if (exact.trap != Trap::indirect_call_mismatch) return exact;
  auto* function = reinterpret_cast<Function*>(R.ctx->instance->tables[table]->elements[index]);
  if (!has_function_type(*R.ctx, *function, type)) return exact;
  return {function, Trap::none};
}

/// A host function in a table. Apart from call_indirect, which need not save registers then.
[[gnu::noinline]] TINYWASM_HANDLER call_indirect_host_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallIndirectWord>(R.pc);
  const Table& table = *R.ctx->instance->tables[word.table];
  auto& callee = *reinterpret_cast<Function*>(table.elements[R.fp[word.index]]);
  TINYWASM_CALL_HOST(callee, word.frame, sizeof(CallIndirectWord));
}
/// What is not exactly of the wanted type: a function of a subtype, or the reason for a trap.
[[gnu::noinline]] TINYWASM_HANDLER call_indirect_other_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallIndirectWord>(R.pc);
  const Callee callee = table_function_of_subtype(R, word.table, word.type, R.fp[word.index]);
  if (callee.function == nullptr) [[unlikely]]
    TINYWASM_TRAP_VALUE(callee.trap);
  if (callee.function->callback != nullptr) TINYWASM_GOTO(call_indirect_host_word);
  TINYWASM_CALL_WASM((*callee.function), word.frame, sizeof(CallIndirectWord));
}
TINYWASM_HANDLER call_indirect_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallIndirectWord>(R.pc);
  const Callee callee = table_function(R, word.table, word.type, R.fp[word.index]);
  if (callee.function == nullptr) [[unlikely]]
    TINYWASM_GOTO(call_indirect_other_word);
  Function& function = *callee.function;
  if (function.callback != nullptr) [[unlikely]]
    TINYWASM_GOTO(call_indirect_host_word);
  TINYWASM_CALL_WASM(function, word.frame, sizeof(CallIndirectWord));
}
[[gnu::noinline]] TINYWASM_HANDLER call_ref_host_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallIndirectWord>(R.pc);
  auto& callee = *reinterpret_cast<Function*>(R.fp[word.index]);
  TINYWASM_CALL_HOST(callee, word.frame, sizeof(CallIndirectWord));
}
TINYWASM_HANDLER call_ref_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<CallIndirectWord>(R.pc);
  auto* function = reinterpret_cast<Function*>(R.fp[word.index]);
  if (function == nullptr) [[unlikely]]
    TINYWASM_TRAP(Trap::null_function);
  if (function->callback != nullptr) [[unlikely]]
    TINYWASM_GOTO(call_ref_host_word);
  TINYWASM_CALL_WASM((*function), word.frame, sizeof(CallIndirectWord));
}
TINYWASM_HANDLER after_instance_call_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  auto* caller = reinterpret_cast<Instance*>(R.fp[-2]);
  pop_frame(R, read_word<FrameWord>(R.pc).frame);
  if (caller != R.ctx->instance) switch_instance(R, caller);
  TINYWASM_NEXT(sizeof(FrameWord));
}

TINYWASM_INLINE Slot float_slot(V128 value) { return std::bit_cast<Slot>(((V2F64)value)[0]); }

TINYWASM_HANDLER take_int_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  R.fp[read_word<SlotsWord>(R.pc).slot[0]] = R.r0;
  TINYWASM_NEXT(sizeof(SlotsWord));
}
TINYWASM_HANDLER take_float_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  R.fp[read_word<SlotsWord>(R.pc).slot[0]] = float_slot(R.f0);
  TINYWASM_NEXT(sizeof(SlotsWord));
}

// ---- Tail calls: the callee takes over the frame and its return pc.

TINYWASM_INLINE void move_arguments(Registers& R, const ReturnCallWord& word, Slot* to) {
  const Slot* from = R.fp + word.from;
  for (Slot* const end = to + word.count; to != end; ++to) {
    *to = *from++;
    asm("" : "+r"(to));  // vector code, or an unrolled loop, needs more registers than are free
  }
}

TINYWASM_HANDLER return_call_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<ReturnCallWord>(R.pc);
  move_arguments(R, word, R.fp);
  R.pc = word.callee->entry.load(std::memory_order_acquire);
  TINYWASM_JUMP;
}

/// A tail call that leaves the instance must come back to it when the callee returns: a small frame
/// stays behind, once however long the chain of such calls is (return_instance undoes it).
inline constexpr unsigned kBridge = 4;  // slots between the two frames; fp[-3] counts the results

#define TINYWASM_RETURN_CALL_ANY(function_, word_)                                        \
  do {                                                                                    \
    Function& callee_ = (function_);                                                      \
    if (callee_.callback != nullptr) {                                                    \
      move_arguments(R, (word_), R.fp);                                                   \
      if (!call_host(R, callee_, R.fp)) [[unlikely]]                                      \
        TINYWASM_GOTO(host_error<true>);                                                  \
      take_host_result(R, R.fp);                                                          \
      R.pc = as_pc(R.fp[-1]);                                                             \
      TINYWASM_JUMP;                                                                      \
    }                                                                                     \
    if (callee_.instance == R.ctx->instance || as_pc(R.fp[-1]) == return_instance_pc()) { \
      move_arguments(R, (word_), R.fp);                                                   \
    } else {                                                                              \
      move_arguments(R, (word_), R.fp + kBridge); /* downwards: from >= kBridge */        \
      R.fp += kBridge;                                                                    \
      R.fp[-1] = as_slot(return_instance_pc());                                           \
      R.fp[-2] = as_slot(R.ctx->instance);                                                \
      R.fp[-3] = slot_count(callee_.type->results);                                       \
    }                                                                                     \
    if (callee_.instance != R.ctx->instance) switch_instance(R, callee_.instance);        \
    R.pc = callee_.code->entry.load(std::memory_order_acquire);                           \
    TINYWASM_JUMP;                                                                        \
  } while (0)

TINYWASM_HANDLER return_instance_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  auto* caller = reinterpret_cast<Instance*>(R.fp[-2]);
  const Slot results = R.fp[-3];
  if (results > 1) std::memmove(R.fp - kBridge, R.fp, results * sizeof(Slot));
  R.fp -= kBridge;
  if (caller != R.ctx->instance) switch_instance(R, caller);
  R.pc = as_pc(R.fp[-1]);
  TINYWASM_JUMP;
}
alignas(8) inline constexpr Handler* kReturnInstance = &return_instance_word;
TINYWASM_INLINE const std::byte* return_instance_pc() {
  return reinterpret_cast<const std::byte*>(&kReturnInstance);
}

TINYWASM_HANDLER return_call_import_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<ReturnCallWord>(R.pc);
  TINYWASM_RETURN_CALL_ANY(*R.ctx->instance->imported_functions[word.target], word);
}
TINYWASM_HANDLER return_call_indirect_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<ReturnCallWord>(R.pc);
  const Callee callee = table_function_of_subtype(R, word.table, word.target, R.fp[word.index]);
  if (callee.function == nullptr) [[unlikely]]
    TINYWASM_TRAP_VALUE(callee.trap);
  TINYWASM_RETURN_CALL_ANY(*callee.function, word);
}
TINYWASM_HANDLER return_call_ref_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<ReturnCallWord>(R.pc);
  auto* function = reinterpret_cast<Function*>(R.fp[word.index]);
  if (function == nullptr) [[unlikely]]
    TINYWASM_TRAP(Trap::null_function);
  TINYWASM_RETURN_CALL_ANY(*function, word);
}

// ---- Registers to and from their home slots, by bit mask

template <unsigned Mask>
struct Save {
  static constexpr unsigned kSize = sizeof(SlotsWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = 0;
  static constexpr WordName kName = name_of(kSaveWord, Mask);
  TINYWASM_INLINE static Flow run(Registers& R) {
    store_registers<Mask>(R, read_word<SlotsWord>(R.pc).slot);
    return Flow::next;
  }
};
template <unsigned Mask>
struct Reload {
  static constexpr unsigned kSize = sizeof(SlotsWord);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = 0;
  static constexpr WordName kName = name_of(kReloadWord, Mask);
  TINYWASM_INLINE static Flow run(Registers& R) {
    load_registers<Mask>(R, read_word<SlotsWord>(R.pc).slot);
    return Flow::next;
  }
};
template <unsigned Mask>
TINYWASM_HANDLER float_save_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<SlotsWord>(R.pc);
  if constexpr (Mask & 1) R.fp[word.slot[0]] = float_slot(R.f1);
  if constexpr (Mask & 2) R.fp[word.slot[1]] = float_slot(R.f2);
  if constexpr (Mask & 4) R.fp[word.slot[2]] = float_slot(R.f3);
  TINYWASM_NEXT(sizeof(SlotsWord));
}
template <unsigned Mask>
TINYWASM_HANDLER float_reload_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<SlotsWord>(R.pc);
  if constexpr (Mask & 1) R.f1 = widen(from_slot<double>(R.fp[word.slot[0]]));
  if constexpr (Mask & 2) R.f2 = widen(from_slot<double>(R.fp[word.slot[1]]));
  if constexpr (Mask & 4) R.f3 = widen(from_slot<double>(R.fp[word.slot[2]]));
  TINYWASM_NEXT(sizeof(SlotsWord));
}

// ---- Tables of the above

inline constexpr std::array<Handler*, kWordCount> kWords{
#define WORD(name) &name##_word,
#include "vm/words.def"
#undef WORD
};
template <unsigned... I>
constexpr auto calls_of(std::integer_sequence<unsigned, I...>) {
  return std::array<Handler*, sizeof...(I)>{&step_word<Call<I / kMasks, I % kMasks>>...};
}
template <unsigned... I>
constexpr auto after_calls_of(std::integer_sequence<unsigned, I...>) {
  return std::array<Handler*, sizeof...(I)>{
      &step_word<AfterCall<I / kTakes / kMasks, I / kTakes % kMasks, I % kTakes>>...};
}
#if defined(TINYWASM_LOOP_DISPATCH)
// Plain code keeps nothing in registers: the handlers without masks, in the same places.
template <unsigned... Class>
constexpr auto plain_calls_of(std::integer_sequence<unsigned, Class...>) {
  std::array<Handler*, kFrameClasses * kMasks> calls{};
  ((calls[Class * kMasks] = &step_word<Call<Class, 0>>), ...);
  return calls;
}
template <unsigned... Class>
constexpr auto plain_after_calls_of(std::integer_sequence<unsigned, Class...>) {
  std::array<Handler*, kFrameClasses * kMasks * kTakes> after{};
  ((after[Class * kMasks * kTakes] = &step_word<AfterCall<Class, 0, kTakeNone>>,
    after[Class * kMasks * kTakes + kTakeSlot] = &step_word<AfterCall<Class, 0, kTakeSlot>>),
   ...);
  return after;
}
inline constexpr auto kCalls =
    plain_calls_of(std::make_integer_sequence<unsigned, kFrameClasses>{});
inline constexpr auto kAfterCalls =
    plain_after_calls_of(std::make_integer_sequence<unsigned, kFrameClasses>{});
#else
inline constexpr auto kCalls =
    calls_of(std::make_integer_sequence<unsigned, kFrameClasses * kMasks>{});
inline constexpr auto kAfterCalls =
    after_calls_of(std::make_integer_sequence<unsigned, kFrameClasses * kMasks * kTakes>{});
#endif
#define TINYWASM_MASKS(handler)                                                                \
  std::array<Handler*, 8> {                                                                    \
    &handler<0>, &handler<1>, &handler<2>, &handler<3>, &handler<4>, &handler<5>, &handler<6>, \
        &handler<7>                                                                            \
  }
template <template <unsigned> class Step, unsigned... Mask>
constexpr auto masks_of(std::integer_sequence<unsigned, Mask...>) {
  return std::array<Handler*, sizeof...(Mask)>{&step_word<Step<Mask>>...};
}
inline constexpr auto kEnters = masks_of<Enter>(std::make_integer_sequence<unsigned, kMasks>{});
inline constexpr auto kSaves = masks_of<Save>(std::make_integer_sequence<unsigned, kMasks>{});
inline constexpr auto kReloads = masks_of<Reload>(std::make_integer_sequence<unsigned, kMasks>{});
inline constexpr auto kFloatSaves = TINYWASM_MASKS(float_save_word);
inline constexpr auto kFloatReloads = TINYWASM_MASKS(float_reload_word);
#undef TINYWASM_MASKS

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
