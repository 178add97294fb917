// SPDX-License-Identifier: Apache-2.0
// Expression patterns: types from which handlers are made. `Set<N<i32_add, N<i32_shl, X, I>, X>>`
// is the shape "destination = (value << immediate) + value"; At<that, places> is a word of it with
// one choice of registers and slots. A superinstruction is a name in a list; its meaning comes
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
// clang-format off
#define NUMERIC(id, ...)                                                    \
  template <>                                                               \
  struct Semantics<Insn::id> : decltype(Signature(&numeric::id)) {          \
    template <class... A>                                                   \
    TINYWASM_INLINE static auto eval(A... a) {                              \
      return numeric::id(a...);                                             \
    }                                                                       \
  };
// clang-format on
#include "decoder/instructions.def"
#undef INSN
#undef NUMERIC

/// Memory access: the type in memory and the type of the value.
template <Insn>
struct Access;
#define TINYWASM_ACCESS(id, memory, value) \
  template <>                              \
  struct Access<Insn::id> {                \
    using Memory = memory;                 \
    using Value = value;                   \
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
  if constexpr (I == 0)
    return R.r0;
  else if constexpr (I == 1)
    return R.r1;
  else if constexpr (I == 2)
    return R.r2;
  else
    return R.r3;
}
template <unsigned I>
TINYWASM_INLINE V128& float_register(Registers& R) {
  if constexpr (I == 0)
    return R.f0;
  else if constexpr (I == 1)
    return R.f1;
  else if constexpr (I == 2)
    return R.f2;
  else
    return R.f3;
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
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(static_cast<std::uint32_t>(slot));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(slot);
  else
    return static_cast<T>(slot);
}
template <class T>
TINYWASM_INLINE Slot to_slot(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::uint64_t>(value);
  else
    return value;
}

template <class P, unsigned J>
TINYWASM_INLINE Slot& slot_operand(Registers& R) {
  return R.fp[read<std::uint16_t>(R.pc + P::kLayout.offset[J])];
}

template <class T, class P, unsigned J>
TINYWASM_INLINE T get(Registers& R) {
  constexpr unsigned place = P::kPlace[J];
  if constexpr (place == kInSlot)
    return from_slot<T>(slot_operand<P, J>(R));
  else if constexpr (std::is_same_v<T, float>)
    return float_register<place>(R)[0];
  else if constexpr (std::is_same_v<T, double>)
    return ((V2F64)float_register<place>(R))[0];
  else
    return static_cast<T>(int_register<place>(R));
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static T eval(Registers& R) {
    return get<T, P, J>(R);
  }
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
  template <class T, class P, unsigned J>
  TINYWASM_INLINE static T eval(Registers& R) {
    return read<T>(R.pc + P::kLayout.offset[J]);
  }
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static V eval(Registers& R) {
    return Leaf::template eval<V, P, J>(R);
  }
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
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    return A::template fault<A0, P, J>(R);
  }
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
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    return Where::template fault<P, J>(R);
  }
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
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
  TINYWASM_INLINE static unsigned fault(Registers&) {
    return 0;
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static V eval(Registers& R) {
    return from_slot<V>(
        R.ctx->own_globals[read<std::uint32_t>(R.pc + P::kLayout.offset[J])].value[0]);
  }
};

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
