// SPDX-License-Identifier: Apache-2.0
// Statement patterns: what handlers do with the expressions of patterns.hpp, and how a list of
// statements becomes the array of its handlers. A statement has a list of operands, a key, and one
// handler for every plan.
#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "vm/patterns.hpp"
#include "vm/steps.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

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

/// A word of statement S, with its operands in the places that Index stands for.
template <class S, unsigned Index>
struct At {
  using P = Plan<S, Index>;
  static constexpr unsigned kSize = P::kSize;
  static constexpr unsigned kAccesses = S::kAccesses;
  static constexpr unsigned kExits = S::kExits;
  static constexpr WordName kName = name_of(S::kKey, Index);
  TINYWASM_INLINE static Flow run(Registers& R) { return S::template run<P>(R); }
};
template <class S, unsigned Index>
inline constexpr Handler* kHandler = &step_word<At<S, Index>>;

/// destination = E
template <class E, bool Narrow = false>
struct Set : WithFirst<E, value_class<typename ValueOf<typename E::Type>::Type>(), Narrow> {
  static constexpr Key kKey = Set::key_of(Token::kSet);
  static constexpr unsigned kAccesses = E::kFaults;
  static constexpr unsigned kExits = is_or_trap<typename E::Type> ? kTraps : 0;
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    if constexpr (E::kFaults > 0) {
      if (const unsigned f = E::template fault<void, P, 1>(R)) [[unlikely]]
        return bad_access(f);
    }
    const auto value = E::template eval<void, P, 1>(R);
    if constexpr (is_or_trap<typename E::Type>) {
      if (value.trap != Trap::none) [[unlikely]] {
        R.ctx->trap = value.trap;
        return Flow::trap;
      }
      put<decltype(value.value), P, 0>(R, value.value);
    } else {
      put<typename E::Type, P, 0>(R, value);
    }
    return Flow::next;
  }
};

/// memory[A + offset] = V
template <Insn Op, class A, class V>
struct Store {
  static constexpr bool kNarrow = false;
  using Type = typename Access<Op>::Value;
  using Stored = typename Access<Op>::Memory;
  using Where = Address<A, sizeof(Stored)>;
  using Value = V;
  static_assert(A::kFaults == 0);
  static constexpr unsigned kAccesses = V::kFaults + 1;
  static constexpr unsigned kExits = 0;
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
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    // The value is evaluated first: its traps come before the store's.
    if constexpr (V::kFaults > 0) {
      const unsigned f = V::template fault<Type, P, Where::kCount>(R);
      if (f != 0) [[unlikely]]
        return bad_access(f);
    }
    if (Where::template fault<P, 0>(R)) [[unlikely]]
      return bad_access(V::kFaults + 1);
    const auto stored = static_cast<Stored>(V::template eval<Type, P, Where::kCount>(R));
    std::memcpy(R.mem + Where::template eval<P, 0>(R), &stored, sizeof stored);
    return Flow::next;
  }
};

/// Branch if E is not zero (Sense) or zero, forwards or back.
template <class E, bool Sense, bool Back>
struct Branch : WithFirst<E, Back ? OperandClass::target8 : OperandClass::target4> {
  static constexpr unsigned kAccesses = E::kFaults;
  static constexpr unsigned kExits = Back ? kLoops | kJumps : kJumps;
  static constexpr Key kKey = Branch::key_of(Sense ? (Back ? kBranchIfBack : kBranchIf)
                                                   : (Back ? kBranchUnlessBack : kBranchUnless));
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    if constexpr (E::kFaults > 0) {
      if (const unsigned f = E::template fault<void, P, 1>(R)) [[unlikely]]
        return bad_access(f);
    }
    if ((E::template eval<void, P, 1>(R) != 0) != Sense) return Flow::next;
    if constexpr (Back) {
      return back_edge(R, read<const std::byte*>(R.pc + P::kLayout.offset[0]));
    } else {
      R.pc += read<std::int32_t>(R.pc + P::kLayout.offset[0]);
      return Flow::jump;
    }
  }
};

/// x = x Step imm; branch back if x Compare Y: the end of a counted loop.
template <Insn Step, Insn Compare, class Y>
struct StepBranch {
  static constexpr bool kNarrow = false;
  using Type = typename Semantics<Step>::Result;
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = kLoops | kJumps;
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
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    const Type x = Semantics<Step>::eval(get<Type, P, 1>(R), I::eval<Type, P, 2>(R));
    put<Type, P, 1>(R, x);
    if (!Semantics<Compare>::eval(x, Y::template eval<Type, P, 3>(R))) return Flow::next;
    return back_edge(R, read<const std::byte*>(R.pc + P::kLayout.offset[0]));
  }
};

/// Return E in r0 or f0.
template <class E>
struct Return {
  static constexpr bool kNarrow = false;
  static constexpr unsigned kAccesses = E::kFaults;
  static constexpr unsigned kExits = kJumps;
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
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    using T = typename E::Type;
    if constexpr (E::kFaults > 0) {
      if (const unsigned f = E::template fault<void, P, 0>(R)) [[unlikely]]
        return bad_access(f);
    }
    const T value = E::template eval<void, P, 0>(R);
    if constexpr (is_float<T>) {
      R.f0 = widen(value);
    } else {
      R.r0 = value;
    }
    R.pc = reinterpret_cast<const std::byte*>(R.fp[-1]);
    return Flow::jump;
  }
};

/// own global = E
template <class E>
struct SetGlobal : WithFirst<E, OperandClass::index4> {
  static_assert(E::kFaults == 0);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = 0;
  static constexpr Key kKey = SetGlobal::key_of(kSetGlobal);
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[0])].value[0] =
        to_slot(E::template eval<void, P, 1>(R));
    return Flow::next;
  }
};

/// destination = own global = E: prologue and epilogue of functions with a stack in memory.
template <class E>
struct SetBoth {
  static constexpr bool kNarrow = false;
  static_assert(E::kFaults == 0);
  static constexpr unsigned kAccesses = 0;
  static constexpr unsigned kExits = 0;
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
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    using T = typename E::Type;
    const T value = E::template eval<void, P, 2>(R);
    put<T, P, 0>(R, value);
    R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[1])].value[0] = to_slot(value);
    return Flow::next;
  }
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
inline constexpr std::array<Handler*, 1> kHandlers{kHandler<S, variants<S>() - 1>};
#else
template <class S, unsigned... Index>
constexpr auto handlers_of(std::integer_sequence<unsigned, Index...>) {
  return std::array<Handler*, sizeof...(Index)>{kHandler<S, Index>...};
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
