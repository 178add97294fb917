// SPDX-License-Identifier: Apache-2.0
// Far accesses: loads and stores of any memory that is not "memory 0 with 32-bit addresses". Shapes
// like those of patterns.hpp and statements.hpp; base and size come from the memory itself.
//
// An i32 lies zero-extended in its register or slot, so one handler serves both address types.
#pragma once

#include "vm/memory.hpp"
#include "vm/statements.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

/// The place of an access of Size bytes: operands of A, the 64-bit constant offset, the memory.
template <class A, unsigned Size>
struct FarAddress {
  static constexpr unsigned kCount = A::kCount + 2;
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(kFar);
    A::template describe<std::uint64_t>(key, out);
    *out++ = OperandClass::imm8;
    *out++ = OperandClass::index4;
  }
  template <class P, unsigned J>
  TINYWASM_INLINE static const Memory& memory(Registers& R) {
    const auto index = read<std::uint32_t>(R.pc + P::kLayout.offset[J + A::kCount + 1]);
    return *R.ctx->instance->memories[index];
  }
  template <class P, unsigned J>
  TINYWASM_INLINE static std::uint64_t offset(Registers& R) {
    return read<std::uint64_t>(R.pc + P::kLayout.offset[J + A::kCount]);
  }
  /// Address plus offset; where that carries, fault() has said so.
  template <class P, unsigned J>
  TINYWASM_INLINE static std::uint64_t effective(Registers& R) {
    return A::template eval<std::uint64_t, P, J>(R) + offset<P, J>(R);
  }
  template <class P, unsigned J>
  TINYWASM_INLINE static std::byte* eval(Registers& R) {
    return memory<P, J>(R).base + effective<P, J>(R);
  }
  template <class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    static_assert(A::kFaults == 0);
    const std::uint64_t address = effective<P, J>(R);
    return address < offset<P, J>(R) || !in_bounds(address, Size, memory<P, J>(R).size) ? 1 : 0;
  }
};

/// A load.
template <Insn Op, class A>
struct FarLoad {
  using Type = typename Access<Op>::Value;
  using Stored = typename Access<Op>::Memory;
  using Where = FarAddress<A, sizeof(Stored)>;
  static constexpr unsigned kCount = Where::kCount;
  static constexpr unsigned kFaults = 1;
  template <class>
  static constexpr void describe(Key& key, OperandClass*& out) {
    key.add(Op);
    Where::describe(key, out);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static unsigned fault(Registers& R) {
    return Where::template fault<P, J>(R);
  }
  template <class, class P, unsigned J>
  TINYWASM_INLINE static Type eval(Registers& R) {
    const auto stored = read<Stored>(Where::template eval<P, J>(R));
    if constexpr (std::is_floating_point_v<Type>) {
      return stored;
    } else if constexpr (std::is_signed_v<Stored>) {
      return static_cast<Type>(static_cast<std::make_signed_t<Type>>(stored));
    } else {
      return stored;
    }
  }
};

/// memory[A + offset] = a value in a place
template <Insn Op, class A>
struct FarStore {
  static constexpr bool kNarrow = false;
  using Type = typename Access<Op>::Value;
  using Stored = typename Access<Op>::Memory;
  using Where = FarAddress<A, sizeof(Stored)>;
  static constexpr unsigned kAccesses = 1;
  static constexpr unsigned kExits = 0;
  static constexpr unsigned kCount = Where::kCount + 1;
  static constexpr std::pair<Key, std::array<OperandClass, kMaxOperands>> kDescription = [] {
    std::pair<Key, std::array<OperandClass, kMaxOperands>> d;
    d.first.add(Op);
    OperandClass* out = d.second.data();
    Where::describe(d.first, out);
    X::template describe<Type>(d.first, out);
    return d;
  }();
  static constexpr Key kKey = kDescription.first;
  static constexpr auto kClasses = kDescription.second;
  template <class P>
  TINYWASM_INLINE static Flow run(Registers& R) {
    if (Where::template fault<P, 0>(R)) [[unlikely]]
      return bad_access(1);
    const auto stored = static_cast<Stored>(get<Type, P, Where::kCount>(R));
    std::memcpy(Where::template eval<P, 0>(R), &stored, sizeof stored);
    return Flow::next;
  }
};

template <Insn Op, bool IsLoad>
struct FarRow;
template <Insn Op>
struct FarRow<Op, true> {
  using type = List<Set<FarLoad<Op, X>, true>>;
};
template <Insn Op>
struct FarRow<Op, false> {
  using type = List<FarStore<Op, X>>;
};
using FarAccesses = Concat<
#define TINYWASM_ACCESS(id, memory, value) \
  typename FarRow<Insn::id, (Insn::id < Insn::i32_store)>::type,
#include "vm/accesses.def"
#undef TINYWASM_ACCESS
    List<>>::type;

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
