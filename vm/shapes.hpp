// SPDX-License-Identifier: Apache-2.0
// The lists of shapes that exist. Plain rows follow from the instruction table; the fused ones are
// those that paid (docs/interpreter.md). The translator knows none of them: it looks keys up.
#pragma once

#include "vm/statements.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {

// ---- Plain rows: one instruction, operands in places or a right immediate

inline constexpr Insn kNumericRows[] = {
#define INSN(...)
#define NUMERIC(id, ...) Insn::id,
#include "decoder/instructions.def"
#undef INSN
#undef NUMERIC
};

/// Common arithmetic has results everywhere; of the rest there are narrow handlers only.
template <Insn... Op>
constexpr bool one_of(Insn insn) {
  return ((insn == Op) || ...);
}
constexpr bool is_common(Insn insn) {
  return one_of<Insn::i32_add, Insn::i32_sub, Insn::i32_mul, Insn::i32_and, Insn::i32_or,
                Insn::i32_xor, Insn::i32_shl, Insn::i32_shr_s, Insn::i32_shr_u, Insn::i32_rotl,
                Insn::i64_add, Insn::i64_sub, Insn::i64_mul, Insn::i64_and, Insn::i64_or,
                Insn::i64_xor, Insn::i64_shl, Insn::i64_shr_s, Insn::i64_shr_u, Insn::i64_rotl,
                Insn::f32_add, Insn::f32_sub, Insn::f32_mul, Insn::f32_div, Insn::f64_add,
                Insn::f64_sub, Insn::f64_mul, Insn::f64_div, Insn::i32_wrap_i64,
                Insn::i64_extend_i32_u, Insn::i64_extend_i32_s>(insn);
}
template <Insn Op, std::size_t Arity>
struct PlainRow;
template <Insn Op>
struct PlainRow<Op, 1> {
  using type = List<Set<N1<Op, X>, !is_common(Op)>>;
};
template <Insn Op>
struct PlainRow<Op, 2> {
  using type = List<Set<N2<Op, X, X>, !is_common(Op)>, Set<N2<Op, X, I>, !is_common(Op)>>;
};

/// Plain rows of the numeric instructions whose first operand and result have these types; void:
/// any.
template <class Operand, std::size_t... Index>
auto plain_rows(std::index_sequence<Index...>) {
  return typename Concat<std::conditional_t<
      std::is_same_v<typename Semantics<kNumericRows[Index]>::template Arg<0>, Operand>,
      typename PlainRow<kNumericRows[Index], Semantics<kNumericRows[Index]>::kArity>::type,
      List<>>...>::type{};
}
template <class Operand>
using PlainNumeric =
    decltype(plain_rows<Operand>(std::make_index_sequence<std::size(kNumericRows)>{}));

template <class V>
using PlainValues = List<Set<Copy<V, I>>, Set<Select<V, X, X, X>, true>, Set<GlobalValue<V>>>;
using PlainCopies =
    Concat<List<Set<Copy<numeric::u64, X>>, Set<Copy<double, X>>, Set<Copy<numeric::u64, Wide>>,
                SetGlobal<Copy<numeric::u64, X>>, SetGlobal<Copy<double, X>>,
                Return<Copy<numeric::u64, X>>, Return<Copy<double, X>>>,
           PlainValues<numeric::u32>, PlainValues<numeric::u64>, PlainValues<float>,
           PlainValues<double>>::type;

template <Insn Op, bool IsLoad>
struct PlainAccess;
template <Insn Op>
struct PlainAccess<Op, true> {
  using type = List<Set<L<Op, X>>>;
};
template <Insn Op>
struct PlainAccess<Op, false> {
  using type = List<Store<Op, X, X>>;
};
using PlainAccesses = Concat<
#define TINYWASM_ACCESS(id, memory, value) \
  typename PlainAccess<Insn::id, (Insn::id < Insn::i32_store)>::type,
#include "vm/accesses.def"
#undef TINYWASM_ACCESS
    List<>>::type;

using PlainBranches =
    List<Branch<N2<Insn::i32_ne, X, I>, true, false>, Branch<N2<Insn::i32_eq, X, I>, true, false>,
         Branch<N2<Insn::i32_ne, X, I>, true, true>, Branch<N2<Insn::i32_eq, X, I>, true, true>>;

#if !defined(TINYWASM_LOOP_DISPATCH)

// ---- Fused shapes

template <Insn... Op>
struct Insns {};

using I32Compares =
    Insns<Insn::i32_eq, Insn::i32_ne, Insn::i32_lt_s, Insn::i32_lt_u, Insn::i32_gt_s,
          Insn::i32_gt_u, Insn::i32_le_s, Insn::i32_le_u, Insn::i32_ge_s, Insn::i32_ge_u>;
using I64Compares =
    Insns<Insn::i64_eq, Insn::i64_ne, Insn::i64_lt_s, Insn::i64_lt_u, Insn::i64_gt_s,
          Insn::i64_gt_u, Insn::i64_le_s, Insn::i64_le_u, Insn::i64_ge_s, Insn::i64_ge_u>;
using FloatCompares =
    Insns<Insn::f32_eq, Insn::f32_ne, Insn::f32_lt, Insn::f32_gt, Insn::f32_le, Insn::f32_ge,
          Insn::f64_eq, Insn::f64_ne, Insn::f64_lt, Insn::f64_gt, Insn::f64_le, Insn::f64_ge>;

/// Lists made by a template over every instruction of a set.
template <template <Insn> class Make, class Set>
struct ForEach;
template <template <Insn> class Make, Insn... Op>
struct ForEach<Make, Insns<Op...>> : Concat<typename Make<Op>::type...> {};

// Compare and branch. Integers need one sense only: the negation is another comparison.
template <Insn Op>
struct IntBranch {
  using type = List<Branch<N2<Op, X, X>, true, false>, Branch<N2<Op, X, I>, true, false>>;
};
template <Insn Op>
struct IntBranchBack {
  using type = List<Branch<N2<Op, X, X>, true, true>, Branch<N2<Op, X, I>, true, true>>;
};
template <Insn Op>
struct FloatBranch {
  using type = List<Branch<N2<Op, X, X>, true, false>, Branch<N2<Op, X, X>, false, false>>;
};
template <Insn Op>
struct TestBranch {
  using type = List<Branch<N2<Op, X, X>, true, false>, Branch<N2<Op, X, X>, false, false>,
                    Branch<N2<Op, X, I>, true, false>, Branch<N2<Op, X, I>, false, false>>;
};

// x += c; compare; branch back.
template <Insn Op>
struct I32Step {
  using type = List<StepBranch<Insn::i32_add, Op, X>, StepBranch<Insn::i32_add, Op, I>>;
};

// Compare a loaded value and branch.
template <Insn Load>
struct LoadCompare {
  template <Insn Op>
  struct With {
    using type = List<Branch<N2<Op, L<Load, X>, X>, true, false>,
                      Branch<N2<Op, L<Load, X>, I>, true, false>>;
  };
};

using FusedBranches = Concat<
    typename ForEach<IntBranch, I32Compares>::type, typename ForEach<IntBranch, I64Compares>::type,
    typename ForEach<IntBranchBack, I32Compares>::type,
    typename ForEach<IntBranchBack, Insns<Insn::i64_eq, Insn::i64_ne>>::type,
    typename ForEach<FloatBranch, FloatCompares>::type,
    typename ForEach<TestBranch, Insns<Insn::i32_and>>::type,
    typename ForEach<I32Step, Insns<Insn::i32_ne, Insn::i32_lt_s, Insn::i32_lt_u, Insn::i32_le_u,
                                    Insn::i32_gt_u>>::type,
    typename ForEach<LoadCompare<Insn::i32_load>::With, I32Compares>::type,
    typename ForEach<LoadCompare<Insn::i32_load8_u>::With,
                     Insns<Insn::i32_eq, Insn::i32_ne, Insn::i32_lt_u, Insn::i32_gt_u>>::type,
    typename ForEach<LoadCompare<Insn::i64_load>::With,
                     Insns<Insn::i64_eq, Insn::i64_ne>>::type>::type;

// Addresses: base + constant, base + index, base + scaled index.
using AddImmediate = N2<Insn::i32_add, X, I>;
using AddIndex = N2<Insn::i32_add, X, X>;
using AddScaled = N2<Insn::i32_add, N2<Insn::i32_shl, X, I>, X>;
template <Insn Op, bool IsLoad>
struct FusedAccess;
template <Insn Op>
struct FusedAccess<Op, true> {
  using type = List<Set<L<Op, AddImmediate>>>;
};
template <Insn Op>
struct FusedAccess<Op, false> {
  using type = List<Store<Op, X, I>, Store<Op, AddImmediate, X>>;
};
template <Insn Op>
struct IndexedLoad {
  using type = List<Set<L<Op, AddIndex>>>;
};
template <Insn Op>
struct NarrowIndexedLoad {
  using type = List<Set<L<Op, AddIndex>, true>>;
};
template <Insn Op>
struct IndexedStore {
  using type = List<Store<Op, AddIndex, X>>;
};
using FusedAccesses = Concat<
#define TINYWASM_ACCESS(id, memory, value) \
  typename FusedAccess<Insn::id, (Insn::id < Insn::i32_store)>::type,
#include "vm/accesses.def"
#undef TINYWASM_ACCESS
    typename ForEach<IndexedLoad, Insns<Insn::i32_load, Insn::i32_load8_u, Insn::f64_load>>::type,
    typename ForEach<NarrowIndexedLoad, Insns<Insn::i64_load, Insn::i32_load16_u>>::type,
    typename ForEach<IndexedStore, Insns<Insn::i32_store, Insn::i32_store8, Insn::i64_store>>::type,
    List<Set<L<Insn::i32_load, AddScaled>>, Set<L<Insn::f64_load, AddScaled>>,
         Store<Insn::i32_store, AddScaled, X>>,
    // Copies in memory, and changes of a value in memory.
    List<Store<Insn::i32_store, X, L<Insn::i32_load, X>>,
         Store<Insn::i64_store, X, L<Insn::i64_load, X>>,
         Store<Insn::i32_store8, X, L<Insn::i32_load8_u, X>>,
         Store<Insn::f64_store, X, L<Insn::f64_load, X>>,
         Store<Insn::i32_store, X, N2<Insn::i32_add, L<Insn::i32_load, X>, I>>,
         Store<Insn::i32_store, X, N2<Insn::i32_add, X, I>>,
         Store<Insn::i32_store, X, N2<Insn::i32_add, X, X>>,
         Store<Insn::f64_store, X, N2<Insn::f64_add, X, X>>,
         Store<Insn::f64_store, X, N2<Insn::f64_mul, X, X>>>>::type;

// Shifts and masks by a constant that feed an addition or a bit operation.
template <Insn Inner, Insn Outer>
using FeedX = Set<N2<Outer, N2<Inner, X, I>, X>>;
template <Insn Inner, Insn Outer>
using RareFeedX = Set<N2<Outer, N2<Inner, X, I>, X>, true>;
template <Insn Inner, Insn Outer>
using FeedI = Set<N2<Outer, N2<Inner, X, I>, I>>;
using I32Pairs =
    List<FeedX<Insn::i32_shl, Insn::i32_add>, FeedX<Insn::i32_shl, Insn::i32_or>,
         RareFeedX<Insn::i32_shl, Insn::i32_xor>, RareFeedX<Insn::i32_shr_u, Insn::i32_add>,
         FeedX<Insn::i32_shr_u, Insn::i32_xor>, RareFeedX<Insn::i32_and, Insn::i32_or>,
         RareFeedX<Insn::i32_and, Insn::i32_add>, RareFeedX<Insn::i32_and, Insn::i32_xor>,
         RareFeedX<Insn::i32_mul, Insn::i32_add>, FeedX<Insn::i32_add, Insn::i32_add>,
         RareFeedX<Insn::i32_add, Insn::i32_and>, FeedI<Insn::i32_shr_u, Insn::i32_and>,
         FeedI<Insn::i32_shl, Insn::i32_add>, FeedI<Insn::i32_shl, Insn::i32_and>,
         FeedI<Insn::i32_add, Insn::i32_and>, FeedI<Insn::i32_and, Insn::i32_shl>,
         FeedI<Insn::i32_and, Insn::i32_add>, FeedI<Insn::i32_and, Insn::i32_or>,
         FeedI<Insn::i32_and, Insn::i32_eq>, FeedI<Insn::i32_and, Insn::i32_ne>,
         FeedI<Insn::i32_mul, Insn::i32_add>, FeedI<Insn::i32_add, Insn::i32_shl>,
         FeedI<Insn::i32_shl, Insn::i32_shr_s>,
         Set<N2<Insn::i32_add, N2<Insn::i32_add, X, X>, X>, true>,
         Set<N2<Insn::i32_add, N2<Insn::i32_mul, X, X>, X>, true>,
         Set<N2<Insn::i32_xor, N2<Insn::i32_xor, X, X>, X>, true>>;
using I64Pairs =
    List<FeedX<Insn::i64_shl, Insn::i64_add>, RareFeedX<Insn::i64_shl, Insn::i64_or>,
         RareFeedX<Insn::i64_shl, Insn::i64_xor>, FeedX<Insn::i64_shr_u, Insn::i64_xor>,
         RareFeedX<Insn::i64_shr_u, Insn::i64_add>, RareFeedX<Insn::i64_shr_u, Insn::i64_or>,
         FeedX<Insn::i64_rotl, Insn::i64_xor>, RareFeedX<Insn::i64_mul, Insn::i64_add>,
         FeedI<Insn::i64_shr_u, Insn::i64_and>, FeedI<Insn::i64_mul, Insn::i64_add>,
         FeedI<Insn::i64_shl, Insn::i64_add>,
         Set<N2<Insn::i64_add, N2<Insn::i64_add, X, X>, X>, true>,
         Set<N2<Insn::i64_xor, N2<Insn::i64_xor, X, X>, X>, true>,
         // Go's addresses: i32.wrap_i64(sp + c), and zero extension of what is loaded.
         Set<N1<Insn::i32_wrap_i64, N2<Insn::i64_add, X, I>>>,
         Set<N2<Insn::i64_add, N1<Insn::i64_extend_i32_u, X>, I>>>;
using FloatPairs = List<Set<N2<Insn::f64_add, N2<Insn::f64_mul, X, X>, X>, true>,
                        Set<N2<Insn::f64_sub, X, N2<Insn::f64_mul, X, X>>, true>,
                        Set<N2<Insn::f64_sub, N2<Insn::f64_mul, X, X>, X>, true>,
                        Set<N2<Insn::f64_add, N2<Insn::f64_add, X, X>, X>, true>>;

// An operation on a loaded value.
template <Insn Load>
struct LoadOperate {
  template <Insn Op>
  struct With {
    using type = List<Set<N2<Op, L<Load, X>, X>, true>>;
  };
};
using FusedLoads = Concat<
    typename ForEach<LoadOperate<Insn::i32_load>::With,
                     Insns<Insn::i32_add, Insn::i32_and, Insn::i32_or, Insn::i32_xor>>::type,
    typename ForEach<LoadOperate<Insn::i64_load>::With, Insns<Insn::i64_add, Insn::i64_xor>>::type,
    typename ForEach<LoadOperate<Insn::f64_load>::With, Insns<Insn::f64_add, Insn::f64_mul>>::type,
    List<Set<N2<Insn::i32_add, L<Insn::i32_load, X>, I>>,
         Set<N2<Insn::i32_and, L<Insn::i32_load, X>, I>>,
         Set<N2<Insn::i32_xor, L<Insn::i32_load8_u, X>, X>>,
         Set<N2<Insn::f64_add, N2<Insn::f64_mul, L<Insn::f64_load, X>, X>, X>, true>>>::type;

// The stack in memory that C programs keep behind a global: prologue and epilogue.
using StackPointer =
    List<SetBoth<N2<Insn::i32_sub, GlobalValue<numeric::u32>, I>>,
         SetGlobal<N2<Insn::i32_add, X, I>>, Set<N2<Insn::i32_sub, GlobalValue<numeric::u32>, I>>,
         SetGlobal<Copy<numeric::u32, I>>>;

// Return an expression.
using FusedReturns = List<Return<Copy<numeric::u32, I>>, Return<N2<Insn::i32_add, X, X>>,
                          Return<N2<Insn::i32_add, X, I>>, Return<N2<Insn::i64_add, X, X>>,
                          Return<N2<Insn::f64_add, X, X>>, Return<L<Insn::i32_load, X>>,
                          Return<L<Insn::i64_load, X>>>;

using FusedMisc = Concat<StackPointer, FusedReturns>::type;

#endif

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
