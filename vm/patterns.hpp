// SPDX-License-Identifier: Apache-2.0
// Expression patterns: types from which handlers are made. `Set<N<i32_add, N<i32_shl, X, I>, X>>`
// is the shape "destination = (value << immediate) + value"; set_word<that, places> is its handler
// for one choice of registers and slots. A superinstruction is a name in a list; its meaning comes
// from the functions of numeric.hpp.
//
// Every node has kCount operands in order of traversal, adds its tokens to a key, checks its memory
// accesses (fault) and evaluates (eval). P is the Plan of the handler, J the index of the node's
// first operand, T the type its parent wants of a leaf.
#pragma once

#include <bit>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "vm/numeric.hpp"
#include "vm/operands.hpp"
#include "vm/registers.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

using decoder::Insn;

/// The function and C++ signature of a NUMERIC row.
template <Insn>
struct Semantics;
template <class R, class... A>
struct Signature {
  using Result = R;
  template <std::size_t I>
  using Arg = std::tuple_element_t<I, std::tuple<A...>>;
  static constexpr std::size_t kArity = sizeof...(A);
  constexpr Signature(R (*)(A...)) {}
};
#define INSN(...)
#define NUMERIC(id, ...)                                                    \
  template <>                                                               \
  struct Semantics<Insn::id> : decltype(Signature(&numeric::id)) {          \
    template <class... A>                                                   \
    TINYWASM_INLINE static auto eval(A... a) {                              \
      return numeric::id(a...);                                             \
    }                                                                       \
  };
#include "decoder/instructions.def"
#undef INSN
#undef NUMERIC

/// Memory access: the type in memory and the type of the value.
template <Insn>
struct Access;
#define TINYWASM_ACCESS(id, memory, value)                 \
  template <>                                              \
  struct Access<Insn::id> {                                \
    using Memory = memory;                                 \
    using Value = value;                                   \
  };
#include "vm/accesses.def"
#undef TINYWASM_ACCESS

template <class T>
inline constexpr bool is_float = std::is_floating_point_v<T>;
template <class T>
constexpr OperandClass value_class() {
  return is_float<T> ? OperandClass::float_value : OperandClass::int_value;
}
template <class T>
constexpr OperandClass immediate_class() {
  return std::is_same_v<T, double> ? OperandClass::imm8 : OperandClass::imm4;
}

/// How many places a value operand may have. Narrow shapes put their result (operand 0) into
/// register 0 or a slot only, which keeps the number of handlers down.
template <class S>
constexpr unsigned places_of(unsigned operand) {
  return S::kNarrow && operand == 0 ? 2 : kPlaces;
}

/// The places of a handler's operands: the digits of Index, the last value operand's first.
template <class S, unsigned Index>
struct Plan {
  static constexpr std::array<std::uint8_t, kMaxOperands> places() {
    std::array<std::uint8_t, kMaxOperands> places{};
    unsigned rest = Index;
    for (unsigned i = S::kCount; i-- > 0;) {
      if (!is_value(S::kClasses[i])) continue;
      const unsigned base = places_of<S>(i);
      places[i] = static_cast<std::uint8_t>(rest % base == base - 1 ? kInSlot : rest % base);
      rest /= base;
    }
    return places;
  }
  static constexpr auto kPlace = places();
  static constexpr Layout kLayout = layout_of(S::kClasses.data(), kPlace.data(), S::kCount);
  static constexpr unsigned kSize = kLayout.size;
};

template <class T>
TINYWASM_INLINE T read(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <unsigned I>
TINYWASM_INLINE auto& int_register(Registers& R) {
  if constexpr (I == 0) return R.r0;
  else if constexpr (I == 1) return R.r1;
  else if constexpr (I == 2) return R.r2;
  else return R.r3;
}
template <unsigned I>
TINYWASM_INLINE V128& float_register(Registers& R) {
  if constexpr (I == 0) return R.f0;
  else if constexpr (I == 1) return R.f1;
  else if constexpr (I == 2) return R.f2;
  else return R.f3;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
/// A float as a register holds it: in the lowest lane, the others are left as they are.
TINYWASM_INLINE V128 widen(float value) {
  V128 lanes;
  lanes[0] = value;
  return lanes;
}
TINYWASM_INLINE V128 widen(double value) {
  V2F64 lanes;
  lanes[0] = value;
  return (V128)lanes;
}
#pragma GCC diagnostic pop

/// An integer as a register or slot holds it: zero-extended.
template <class T>
TINYWASM_INLINE T from_slot(Slot slot) {
  if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(static_cast<std::uint32_t>(slot));
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<double>(slot);
  else return static_cast<T>(slot);
}
template <class T>
TINYWASM_INLINE Slot to_slot(T value) {
  if constexpr (std::is_same_v<T, float>) return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<std::uint64_t>(value);
  else return value;
}

template <class P, unsigned J>
TINYWASM_INLINE Slot& slot_operand(Registers& R) {
  return R.fp[read<std::uint16_t>(R.pc + P::kLayout.offset[J])];
}

template <class T, class P, unsigned J>
TINYWASM_INLINE T get(Registers& R) {
  constexpr unsigned place = P::kPlace[J];
  if constexpr (place == kInSlot) return from_slot<T>(slot_operand<P, J>(R));
  else if constexpr (std::is_same_v<T, float>) return float_register<place>(R)[0];
  else if constexpr (std::is_same_v<T, double>) return ((V2F64)float_register<place>(R))[0];
  else return static_cast<T>(int_register<place>(R));
}

template <class T, class P, unsigned J>
TINYWASM_INLINE void put(Registers& R, T value) {
  constexpr unsigned place = P::kPlace[J];
  if constexpr (place == kInSlot) {
    slot_operand<P, J>(R) = to_slot(value);
  } else if constexpr (is_float<T>) {
    float_register<place>(R) = widen(value);
  } else {
    int_register<place>(R) = value;
  }
}

// ---- Leaves

/// A value in a register or slot.
struct X {
  static constexpr unsigned kCount = 1;
  template <class T>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(is_float<T> ? kFloatLeaf : kIntLeaf);
    *out++ = value_class<T>();
  }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static T eval(Registers& R) { return get<T, P, J>(R); }
  static constexpr unsigned kFaults = 0;
};

/// An immediate.
struct I {
  static constexpr unsigned kCount = 1;
  static constexpr unsigned kFaults = 0;
  template <class T>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(kImmediateLeaf);
    *out++ = immediate_class<T>();
  }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static T eval(Registers& R) {
    const std::byte* at = R.pc + P::kLayout.offset[J];
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(read<std::int32_t>(at)));
    } else {
      return read<T>(at);
    }
  }
};

/// An i64 immediate that does not fit 32 bits.
struct Wide {
  static constexpr unsigned kCount = 1;
  static constexpr unsigned kFaults = 0;
  template <class T>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(kWideImmediateLeaf);
    *out++ = OperandClass::imm8;
  }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static T eval(Registers& R) { return read<T>(R.pc + P::kLayout.offset[J]); }
};

// ---- Inner nodes

/// The bare value of a leaf as type V.
template <class V, class Leaf>
struct Copy {
  using Type = V;
  static constexpr unsigned kCount = 1;
  static constexpr unsigned kFaults = 0;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(std::is_same_v<V, std::uint32_t> ? kCopy32
            : std::is_same_v<V, float>       ? kCopyF32
            : std::is_same_v<V, double>      ? kCopyF64
                                             : kCopy64);
    Leaf::template describe<V>(key, out);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static V eval(Registers& R) { return Leaf::template eval<V, P, J>(R); }
};

/// A NUMERIC instruction of one operand.
template <Insn Op, class A>
struct N1 {
  using Type = typename Semantics<Op>::Result;
  using A0 = typename Semantics<Op>::template Arg<0>;
  static constexpr unsigned kCount = A::kCount;
  static constexpr unsigned kFaults = A::kFaults;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Op);
    A::template describe<A0>(key, out);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) { return A::template fault<A0, P, J>(R); }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static Type eval(Registers& R) {
    return Semantics<Op>::eval(A::template eval<A0, P, J>(R));
  }
};

/// A NUMERIC instruction of two operands.
template <Insn Op, class A, class B>
struct N2 {
  using Type = typename Semantics<Op>::Result;
  using A0 = typename Semantics<Op>::template Arg<0>;
  static constexpr unsigned kCount = A::kCount + B::kCount;
  static constexpr unsigned kFaults = A::kFaults + B::kFaults;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Op);
    A::template describe<A0>(key, out);
    B::template describe<A0>(key, out);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    if constexpr (A::kFaults > 0) {
      if (const unsigned f = A::template fault<A0, P, J>(R)) return f;
    }
    if constexpr (B::kFaults > 0) {
      if (const unsigned f = B::template fault<A0, P, J + A::kCount>(R)) return f + A::kFaults;
    }
    return 0;
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static Type eval(Registers& R) {
    return Semantics<Op>::eval(A::template eval<A0, P, J>(R),
                               B::template eval<A0, P, J + A::kCount>(R));
  }
};

/// The effective address of an access of Size bytes: operands of A, then the constant offset.
/// 32-bit address plus 32-bit offset cannot overflow 64 bits.
template <class A, unsigned Size>
struct Address {
  static constexpr unsigned kCount = A::kCount + 1;
  template <class P, unsigned J>
  TINYWASM_INLINE static std::uint64_t eval(Registers& R) {
    return std::uint64_t{A::template eval<std::uint32_t, P, J>(R)} +
           read<std::uint32_t>(R.pc + P::kLayout.offset[J + A::kCount]);
  }
  template <class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    if constexpr (A::kFaults > 0) {
      if (const unsigned f = A::template fault<std::uint32_t, P, J>(R)) return f;
    }
    return eval<P, J>(R) >= R.ctx->access_limit[std::countr_zero(Size)] ? A::kFaults + 1 : 0;
  }
};

/// A load.
template <Insn Op, class A>
struct L {
  using Type = typename Access<Op>::Value;
  using Stored = typename Access<Op>::Memory;
  using Where = Address<A, sizeof(Stored)>;
  static constexpr unsigned kCount = Where::kCount;
  static constexpr unsigned kFaults = A::kFaults + 1;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Op);
    A::template describe<std::uint32_t>(key, out);
    *out++ = OperandClass::index4;
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) { return Where::template fault<P, J>(R); }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static Type eval(Registers& R) {
    const auto stored = read<Stored>(R.mem + Where::template eval<P, J>(R));
    if constexpr (std::is_floating_point_v<Type>) {
      return stored;
    } else if constexpr (std::is_signed_v<Stored>) {
      return static_cast<Type>(static_cast<std::make_signed_t<Type>>(stored));
    } else {
      return stored;
    }
  }
};

/// select: A if the condition C is not zero, else B.
template <class V, class A, class B, class C>
struct Select {
  using Type = V;
  static constexpr unsigned kCount = A::kCount + B::kCount + C::kCount;
  static constexpr unsigned kFaults = 0;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Insn::select);
    key.add(std::is_same_v<V, std::uint32_t> ? kCopy32
            : std::is_same_v<V, float>       ? kCopyF32
            : std::is_same_v<V, double>      ? kCopyF64
                                             : kCopy64);
    A::template describe<V>(key, out);
    B::template describe<V>(key, out);
    C::template describe<std::uint32_t>(key, out);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static V eval(Registers& R) {
    const V a = A::template eval<V, P, J>(R);
    const V b = B::template eval<V, P, J + A::kCount>(R);
    return C::template eval<std::uint32_t, P, J + A::kCount + B::kCount>(R) ? a : b;
  }
};

/// An own global's value.
template <class V>
struct GlobalValue {
  using Type = V;
  static constexpr unsigned kCount = 1;
  static constexpr unsigned kFaults = 0;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Insn::global_get);
    key.add(std::is_same_v<V, std::uint32_t> ? kCopy32
            : std::is_same_v<V, float>       ? kCopyF32
            : std::is_same_v<V, double>      ? kCopyF64
                                             : kCopy64);
    *out++ = OperandClass::index4;
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers&) { return 0; }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static V eval(Registers& R) {
    return from_slot<V>(R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[J])].value[0]);
  }
};

// ---- Traps

/// Ends the run: the cold end of every trapping handler. `Ordinal` counts a word's memory accesses
/// from 1.
template <Trap Reason, unsigned Ordinal = 0>
[[gnu::noinline, gnu::cold]] TINYWASM_HANDLER trap_exit(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
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
#define TINYWASM_CHECK_MEMORY(Max, fault_)                                                     \
  if constexpr ((Max) > 0) {                                                                   \
    const unsigned fault = (fault_);                                                           \
    if (fault == 1) [[unlikely]] TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 1>));           \
    if constexpr ((Max) > 1) {                                                                 \
      if (fault == 2) [[unlikely]] TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 2>));         \
    }                                                                                          \
    if constexpr ((Max) > 2) {                                                                 \
      if (fault == 3) [[unlikely]] TINYWASM_GOTO((trap_exit<Trap::memory_bounds, 3>));         \
    }                                                                                          \
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
    if (value.trap != Trap::none) [[unlikely]] TINYWASM_TRAP_VALUE(value.trap);
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
  const auto stored =
      static_cast<typename S::Stored>(V::template eval<T, P, Where::kCount>(R));
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
#define TINYWASM_BACK_EDGE(target_)                                                   \
  do {                                                                                \
    const std::byte* const target = (target_);                                        \
    if (R.ctx->interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]] {         \
      TINYWASM_TRAP(Trap::interrupted);                                               \
    }                                                                                 \
    if (target == R.lpc) [[likely]] {                                                 \
      TINYWASM_TO_LPC;                                                                \
      TINYWASM_JUMP;                                                                  \
    }                                                                                 \
    R.lpc = target;                                                                   \
    R.pc = target;                                                                    \
    TINYWASM_JUMP;                                                                    \
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
  static constexpr Key kKey =
      Branch::key_of(Sense ? (Back ? kBranchIfBack : kBranchIf)
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
