// SPDX-License-Identifier: Apache-2.0
// Statement patterns: what handlers do with the expressions of patterns.hpp, and how a list of
// statements becomes the array of its handlers. A statement has a list of operands, a key, and one
// handler for every plan.
#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "vm/operations.hpp"
#include "vm/patterns.hpp"

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
  if constexpr (Reason != Trap::none) R.ctx->trap = Reason;  // none: the handler has set it
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
/// Traps if access number `fault` of at most `Max` is out of bounds.
#define TINYWASM_CHECK_MEMORY(Max, fault_)                  \
  if constexpr ((Max) > 0) {                                \
    const unsigned fault = (fault_);                        \
    if (fault == 1) [[unlikely]]                            \
      TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 1>));   \
    if constexpr ((Max) > 1) {                              \
      if (fault == 2) [[unlikely]]                          \
        TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 2>)); \
    }                                                       \
    if constexpr ((Max) > 2) {                              \
      if (fault == 3) [[unlikely]]                          \
        TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 3>)); \
    }                                                       \
  }

// ---- Statements: a list of operands, a key and one handler per plan

template <class E, OperandClass First, bool Narrow = false>
struct WithFirst {
  static constexpr bool kNarrow = Narrow;
  static constexpr unsigned kCount = 1 + E::kCount;
  static constexpr Key key_of(Token statement) {
    Key key;
    key.add(statement);
    std::array<OperandClass, kMaxOperands> classes{};
    OperandClass* out = classes.data();
    E::template describe<typename E::Type>(key, out);
    return key;
  }
  static constexpr auto kClasses = [] {
    std::array<OperandClass, kMaxOperands> classes{};
    classes[0] = First;
    Key key;
    OperandClass* out = classes.data() + 1;
    E::template describe<typename E::Type>(key, out);
    return classes;
  }();
};

template <class T>
struct ValueOf {
  using Type = T;
};
template <class T>
struct ValueOf<OrTrap<T>> {
  using Type = T;
};

template <class S, unsigned Index>
TINYWASM_HANDLER set_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using E = typename S::Expression;
  TINYWASM_CHECK_MEMORY(E::kFaults, (E::template fault<void, P, 1>(R)));
  const auto value = E::template eval<void, P, 1>(R);
  if constexpr (is_or_trap<typename E::Type>) {
    if (value.trap != Trap::none) [[unlikely]]
      TINYWASM_TRAP_VALUE(value.trap);
    put<decltype(value.value), P, 0>(R, value.value);
  } else {
    put<typename E::Type, P, 0>(R, value);
  }
  TINYWASM_NEXT(P::kSize);
}
/// destination = E
template <class E, bool Narrow = false>
struct Set : WithFirst<E, value_class<typename ValueOf<typename E::Type>::Type>(), Narrow> {
  using Expression = E;
  static constexpr Key kKey = Set::key_of(Token::kSet);
  template <unsigned Index>
  static constexpr Handler* kHandler = &set_word<Set, Index>;
};

template <class S, unsigned Index>
TINYWASM_HANDLER store_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using Where = typename S::Where;
  using V = typename S::Value;
  using T = typename S::Type;
  // The value is evaluated first: its traps come before the store's.
  TINYWASM_CHECK_MEMORY(V::kFaults, (V::template fault<T, P, Where::kCount>(R)));
  if (Where::template fault<P, 0>(R)) [[unlikely]] {
    TINYWASM_GOTO((trap_exit<Trap::memory_bounds, V::kFaults + 1>));
  }
  const auto stored = static_cast<typename S::Stored>(V::template eval<T, P, Where::kCount>(R));
  std::memcpy(R.mem + Where::template eval<P, 0>(R), &stored, sizeof stored);
  TINYWASM_NEXT(P::kSize);
}
/// memory[A + offset] = V
template <Insn Op, class A, class V>
struct Store {
  static constexpr bool kNarrow = false;
  using Type = typename Access<Op>::Value;
  using Stored = typename Access<Op>::Memory;
  using Where = Address<A, sizeof(Stored)>;
  using Value = V;
  static_assert(A::kFaults == 0);
  static constexpr unsigned kCount = Where::kCount + V::kCount;
  static constexpr std::pair<Key, std::array<OperandClass, kMaxOperands>> kDescription = [] {
    std::pair<Key, std::array<OperandClass, kMaxOperands>> d;
    d.first.add(Op);
    OperandClass* out = d.second.data();
    A::template describe<std::uint32_t>(d.first, out);
    *out++ = OperandClass::index4;
    V::template describe<Type>(d.first, out);
    return d;
  }();
  static constexpr Key kKey = kDescription.first;
  static constexpr auto kClasses = kDescription.second;
  template <unsigned Index>
  static constexpr Handler* kHandler = &store_word<Store, Index>;
};

/// A jump backwards to the absolute address `target_`. The address is compared with the last such
/// target, held in a register, so that the CPU speculates past the load of the operand instead of
/// making `pc` depend on it.
#define TINYWASM_BACK_EDGE(target_)                                           \
  do {                                                                        \
    const std::byte* const target = (target_);                                \
    if (R.ctx->interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]] { \
      TINYWASM_TRAP(Trap::interrupted);                                       \
    }                                                                         \
    if (target == R.lpc) [[likely]] {                                         \
      TINYWASM_TO_LPC;                                                        \
      TINYWASM_JUMP;                                                          \
    }                                                                         \
    R.lpc = target;                                                           \
    R.pc = target;                                                            \
    TINYWASM_JUMP;                                                            \
  } while (0)

template <class S, unsigned Index, bool Sense, bool Back>
TINYWASM_HANDLER branch_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using E = typename S::Expression;
  TINYWASM_CHECK_MEMORY(E::kFaults, (E::template fault<void, P, 1>(R)));
  if ((E::template eval<void, P, 1>(R) != 0) == Sense) {
    if constexpr (Back) {
      TINYWASM_BACK_EDGE(read<const std::byte*>(R.pc + P::kLayout.offset[0]));
    } else {
      R.pc += read<std::int32_t>(R.pc + P::kLayout.offset[0]);
      TINYWASM_JUMP;
    }
  }
  TINYWASM_NEXT(P::kSize);
}
/// Branch if E is not zero (Sense) or zero, forwards or back.
template <class E, bool Sense, bool Back>
struct Branch : WithFirst<E, Back ? OperandClass::target8 : OperandClass::target4> {
  using Expression = E;
  static constexpr Key kKey = Branch::key_of(Sense ? (Back ? kBranchIfBack : kBranchIf)
                                                   : (Back ? kBranchUnlessBack : kBranchUnless));
  template <unsigned Index>
  static constexpr Handler* kHandler = &branch_word<Branch, Index, Sense, Back>;
};

template <class S, unsigned Index>
TINYWASM_HANDLER step_branch_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using T = typename S::Type;
  const T x = Semantics<S::kStep>::eval(get<T, P, 1>(R), I::eval<T, P, 2>(R));
  put<T, P, 1>(R, x);
  if (Semantics<S::kCompare>::eval(x, S::Other::template eval<T, P, 3>(R))) {
    TINYWASM_BACK_EDGE(read<const std::byte*>(R.pc + P::kLayout.offset[0]));
  }
  TINYWASM_NEXT(P::kSize);
}
/// x = x Step imm; branch back if x Compare Y: the end of a counted loop.
template <Insn Step, Insn Compare, class Y>
struct StepBranch {
  static constexpr bool kNarrow = false;
  using Type = typename Semantics<Step>::Result;
  using Other = Y;
  static constexpr Insn kStep = Step;
  static constexpr Insn kCompare = Compare;
  static constexpr unsigned kCount = 4;
  static constexpr Key kKey = [] {
    Key key;
    key.add(kStepBranchBack);
    key.add(Step);
    key.add(Compare);
    std::array<OperandClass, 1> classes{};
    OperandClass* out = classes.data();
    Y::template describe<Type>(key, out);
    return key;
  }();
  static constexpr auto kClasses = [] {
    std::array<OperandClass, kMaxOperands> classes{};
    classes[0] = OperandClass::target8;
    classes[1] = OperandClass::int_value;
    classes[2] = OperandClass::imm4;
    Key key;
    OperandClass* out = classes.data() + 3;
    Y::template describe<Type>(key, out);
    return classes;
  }();
  template <unsigned Index>
  static constexpr Handler* kHandler = &step_branch_word<StepBranch, Index>;
};

template <class S, unsigned Index>
TINYWASM_HANDLER return_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using E = typename S::Expression;
  using T = typename E::Type;
  TINYWASM_CHECK_MEMORY(E::kFaults, (E::template fault<void, P, 0>(R)));
  const T value = E::template eval<void, P, 0>(R);
  if constexpr (is_float<T>) {
    R.f0 = widen(value);
  } else {
    R.r0 = value;
  }
  R.pc = reinterpret_cast<const std::byte*>(R.fp[-1]);
  TINYWASM_JUMP;
}
/// Return E in r0 or f0.
template <class E>
struct Return {
  static constexpr bool kNarrow = false;
  using Expression = E;
  static constexpr unsigned kCount = E::kCount;
  static constexpr std::pair<Key, std::array<OperandClass, kMaxOperands>> kDescription = [] {
    std::pair<Key, std::array<OperandClass, kMaxOperands>> d;
    d.first.add(Token::kReturn);
    OperandClass* out = d.second.data();
    E::template describe<typename E::Type>(d.first, out);
    return d;
  }();
  static constexpr Key kKey = kDescription.first;
  static constexpr auto kClasses = kDescription.second;
  template <unsigned Index>
  static constexpr Handler* kHandler = &return_word<Return, Index>;
};

template <class S, unsigned Index>
TINYWASM_HANDLER set_global_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using E = typename S::Expression;
  R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[0])].value[0] =
      to_slot(E::template eval<void, P, 1>(R));
  TINYWASM_NEXT(P::kSize);
}
/// own global = E
template <class E>
struct SetGlobal : WithFirst<E, OperandClass::index4> {
  using Expression = E;
  static_assert(E::kFaults == 0);
  static constexpr Key kKey = SetGlobal::key_of(kSetGlobal);
  template <unsigned Index>
  static constexpr Handler* kHandler = &set_global_word<SetGlobal, Index>;
};

template <class S, unsigned Index>
TINYWASM_HANDLER set_both_word(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  using P = Plan<S, Index>;
  using E = typename S::Expression;
  using T = typename E::Type;
  const T value = E::template eval<void, P, 2>(R);
  put<T, P, 0>(R, value);
  R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[1])].value[0] = to_slot(value);
  TINYWASM_NEXT(P::kSize);
}
/// destination = own global = E: prologue and epilogue of functions with a stack in memory.
template <class E>
struct SetBoth {
  static constexpr bool kNarrow = false;
  using Expression = E;
  static constexpr unsigned kCount = 2 + E::kCount;
  static constexpr std::pair<Key, std::array<OperandClass, kMaxOperands>> kDescription = [] {
    std::pair<Key, std::array<OperandClass, kMaxOperands>> d;
    d.first.add(Token::kSetBoth);
    d.second[0] = value_class<typename E::Type>();
    d.second[1] = OperandClass::index4;
    OperandClass* out = d.second.data() + 2;
    E::template describe<typename E::Type>(d.first, out);
    return d;
  }();
  static constexpr Key kKey = kDescription.first;
  static constexpr auto kClasses = kDescription.second;
  template <unsigned Index>
  static constexpr Handler* kHandler = &set_both_word<SetBoth, Index>;
};

// ---- From a list of statements to its handlers' addresses

template <class... S>
struct List {};

template <class S>
constexpr unsigned variants() {
  unsigned count = 1;
  for (unsigned i = 0; i < S::kCount; ++i) {
    if (is_value(S::kClasses[i])) count *= places_of<S>(i);
  }
  return count;
}

#if defined(TINYWASM_LOOP_DISPATCH)
// The portable dispatcher runs plain rows only: every value in a slot.
template <class S>
inline constexpr std::array<Handler*, 1> kHandlers{S::template kHandler<variants<S>() - 1>};
#else
template <class S, unsigned... Index>
constexpr auto handlers_of(std::integer_sequence<unsigned, Index...>) {
  return std::array<Handler*, sizeof...(Index)>{S::template kHandler<Index>...};
}
template <class S>
inline constexpr auto kHandlers =
    handlers_of<S>(std::make_integer_sequence<unsigned, variants<S>()>{});
#endif

template <class S>
constexpr Shape shape() {
  Shape shape;
  shape.key = S::kKey;
  shape.handlers = kHandlers<S>.data();
  shape.count = static_cast<std::uint16_t>(kHandlers<S>.size());
  shape.operand_count = S::kCount;
  shape.narrow = S::kNarrow;
  shape.classes = S::kClasses;
  return shape;
}

template <class... S>
constexpr std::array<Shape, sizeof...(S)> shapes(List<S...>) {
  return {shape<S>()...};
}

template <class...>
struct Concat {
  using type = List<>;
};
template <class... A>
struct Concat<List<A...>> {
  using type = List<A...>;
};
template <class... A, class... B, class... Rest>
struct Concat<List<A...>, List<B...>, Rest...> : Concat<List<A..., B...>, Rest...> {};

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
