// SPDX-License-Identifier: Apache-2.0
/// @file
/// Host functions: C++ callables whose parameter and result types define the WebAssembly signature.
/// Each C++ parameter consumes zero or more WebAssembly parameters:
///
///     integers up to 32 bits, bool, 64-bit integers, enums, float, double, V128, ExternRef,
///     FuncRef, AnyRef
///                                    one of i32, i64, f32, f64, v128, externref, funcref, anyref
///     GuestSpan<T>, GuestSpan<const T>, std::string_view
///                                    i32 address, i32 number of elements; checked to be inside
///     GuestPtr<T>, GuestPtr<const T> i32 address; checked
///     Caller&                        none
///
/// and the C++ result is void, one of the values above, a std::tuple or std::pair of them, or
/// Result<R> of any of these; an Error ends the guest. What a callable throws becomes an error of
/// kind host. More types are added by specialising HostArg and HostResult. An ExternRef is always
/// one that the host has made: an externref of the guest's own ends the guest (value.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tinywasm/guest.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

/// How a C++ parameter is made from WebAssembly parameters. A specialisation has
///     static constexpr std::array<ValueType, N> kParams;
///     static T lower(Caller& caller, const std::uint64_t* slots);
/// `lower` reads its N parameters from `slots` (i32 zero-extended, f32 in the low half, v128 takes
/// two slots). When they are no good it calls caller.fail() and returns any value: the callable is
/// then not called. All parameters are lowered, in order, before the callable runs. What is in a
/// slot of type externref may be an object of the guest's; HostArg<ExternRef>::lower tells.
template <class T>
struct HostArg;

/// How a C++ result becomes WebAssembly results. A specialisation has
///     static constexpr std::array<ValueType, N> kResults;
///     static void raise(Caller& caller, T result, std::uint64_t* slots);
/// and may have
///     static void lowering_failed(Caller& caller, std::uint64_t* slots);
/// which runs in place of the callable when a parameter could not be lowered; it may call
/// caller.forgive() and write results, such as an error code.
template <class T>
struct HostResult;

template <WasmValue T>
struct HostArg<T> {
  static constexpr std::array<ValueType, 1> kParams{WasmType<T>::kType};
  static T lower(Caller& caller, const std::uint64_t* slots) {
    if (!detail::accepts<T>(caller.store(), slots)) {
      caller.fail(Error{ErrorKind::host,
                        "an externref of the guest's own where the host expects one of its own"});
    }
    return WasmType<T>::from_slots(caller.store(), slots);
  }
};

template <>
struct HostArg<Caller&> {
  static constexpr std::array<ValueType, 0> kParams{};
  static Caller& lower(Caller& caller, const std::uint64_t*) { return caller; }
};

template <class T>
struct HostArg<GuestSpan<T>> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static GuestSpan<T> lower(Caller& caller, const std::uint64_t* slots) {
    const auto count = static_cast<std::uint32_t>(slots[1]);
    const std::span<std::byte> bytes =
        caller.bytes(static_cast<std::uint32_t>(slots[0]), std::uint64_t{count} * sizeof(T));
    return {bytes.data(), bytes.size() / sizeof(T)};
  }
};

template <>
struct HostArg<std::string_view> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static std::string_view lower(Caller& caller, const std::uint64_t* slots) {
    const auto text = HostArg<GuestSpan<const char>>::lower(caller, slots);
    return {text.data(), text.size()};
  }
};

template <class T>
struct HostArg<GuestPtr<T>> {
  static constexpr std::array<ValueType, 1> kParams{ValueType::i32};
  static GuestPtr<T> lower(Caller& caller, const std::uint64_t* slots) {
    return GuestPtr<T>(caller.bytes(static_cast<std::uint32_t>(slots[0]), sizeof(T)).data());
  }
};

template <>
struct HostResult<void> {
  static constexpr std::array<ValueType, 0> kResults{};
};

template <WasmValue T>
struct HostResult<T> {
  static constexpr std::array<ValueType, 1> kResults{WasmType<T>::kType};
  static void raise(Caller& caller, const T& result, std::uint64_t* slots) {
    if (detail::is_foreign(result, caller.store())) {
      return caller.fail(Error{ErrorKind::host, "a host function's result is of another store"});
    }
    WasmType<T>::to_slots(result, slots);
  }
};

namespace detail {

/// The number of slots of a list of types.
template <std::size_t N>
constexpr std::size_t slot_count(const std::array<ValueType, N>& types) {
  std::size_t count = 0;
  for (ValueType type : types) count += type.slots();
  return count;
}

/// The concatenation of arrays.
template <std::size_t... N>
constexpr auto concat(const std::array<ValueType, N>&... parts) {
  std::array<ValueType, (N + ... + 0)> all{};
  std::size_t at = 0;
  [[maybe_unused]] const auto append = [&](const auto& part) {
    for (ValueType type : part) all[at++] = type;
  };
  (append(parts), ...);
  return all;
}

template <class Tuple>
struct TupleResult;
template <template <class...> class Tuple, class... T>
struct TupleResult<Tuple<T...>> {
  static constexpr auto kResults = concat(HostResult<T>::kResults...);
  static void raise(Caller& caller, const Tuple<T...>& result, std::uint64_t* slots) {
    std::apply(
        [&](const T&... values) {
          ((HostResult<T>::raise(caller, values, slots),
            slots += slot_count(HostResult<T>::kResults)),
           ...);
        },
        result);
  }
};

}  // namespace detail

template <class... T>
struct HostResult<std::tuple<T...>> : detail::TupleResult<std::tuple<T...>> {};
template <class A, class B>
struct HostResult<std::pair<A, B>> : detail::TupleResult<std::pair<A, B>> {};

template <class T>
struct HostResult<Result<T>> {
  static constexpr auto kResults = HostResult<T>::kResults;
  static void raise(Caller& caller, Result<T> result, std::uint64_t* slots) {
    if (!result) return caller.fail(std::move(result).error());
    if constexpr (!std::is_void_v<T>) HostResult<T>::raise(caller, *std::move(result), slots);
  }
  static void lowering_failed(Caller& caller, std::uint64_t* slots)
    requires requires { HostResult<T>::lowering_failed(caller, slots); }
  {
    HostResult<T>::lowering_failed(caller, slots);
  }
};

/// A callable with its WebAssembly type, ready to be defined in a Linker or made a Func of.
struct HostFunction {
  /// Reads parameters from `slots` and writes results there; failures go to the Caller.
  using Thunk = void (*)(void* environment, Caller& caller, std::uint64_t* slots);

  FuncType type;
  Thunk thunk = nullptr;
  std::shared_ptr<void> environment;

  /// A host function whose type is known at run time only. `function` finds its arguments, which
  /// have the types of `type.params`, and fills `results`, which it is given zeroed; the types it
  /// leaves there must be those of `type.results`.
  using Dynamic = std::function<Result<void>(Caller&, std::span<const Value>, std::span<Value>)>;
  TINYWASM_API static HostFunction dynamic(FuncType type, Dynamic function);
};

namespace detail {

/// The parameter and result types of a callable that is not overloaded.
template <class F>
struct Signature;
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};
template <class R, class... A>
struct Signature<R (*)(A...)> {
  template <template <class, class...> class Out>
  using Apply = Out<R, A...>;
};
template <class R, class... A>
struct Signature<R (*)(A...) noexcept> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) noexcept> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const noexcept> : Signature<R (*)(A...)> {};

template <class A>
struct LoweredArg {
  using Traits = HostArg<std::remove_cvref_t<A>>;
  using Type = decltype(Traits::lower(std::declval<Caller&>(), nullptr));
};
template <>
struct LoweredArg<Caller&> {
  using Traits = HostArg<Caller&>;
  using Type = Caller&;
};

template <class R, class... A>
struct HostThunk {
  using Result = HostResult<std::remove_cvref_t<R>>;
  static constexpr auto kParams = concat(LoweredArg<A>::Traits::kParams...);
  static constexpr auto kResults = Result::kResults;

  /// kOffsets[i]: the first slot of C++ parameter i.
  static constexpr auto kOffsets = [] {
    std::array<std::size_t, sizeof...(A) + 1> offsets{};
    const std::size_t counts[] = {slot_count(LoweredArg<A>::Traits::kParams)..., 0};
    for (std::size_t i = 0; i < sizeof...(A); ++i) offsets[i + 1] = offsets[i] + counts[i];
    return offsets;
  }();

  template <class F>
  static void run(void* environment, Caller& caller, std::uint64_t* slots) {
    run_with(*static_cast<F*>(environment), caller, slots, std::index_sequence_for<A...>());
  }

  template <class F, std::size_t... I>
  static void run_with(F& function, Caller& caller, std::uint64_t* slots,
                       std::index_sequence<I...>) {
    std::tuple<typename LoweredArg<A>::Type...> arguments{
        LoweredArg<A>::Traits::lower(caller, slots + kOffsets[I])...};
    if (caller.failed()) {
      if constexpr (requires { Result::lowering_failed(caller, slots); }) {
        Result::lowering_failed(caller, slots);
      }
      return;
    }
    if constexpr (std::is_void_v<R>) {
      function(static_cast<A&&>(std::get<I>(arguments))...);
    } else {
      Result::raise(caller, function(static_cast<A&&>(std::get<I>(arguments))...), slots);
    }
  }
};

template <class F>
using ThunkOf = typename Signature<F>::template Apply<HostThunk>;

// Whether types are those of host functions, without going into what is wrong with them.
template <class A>
inline constexpr bool kIsHostArg = requires { HostArg<std::remove_cvref_t<A>>::kParams; };
template <>
inline constexpr bool kIsHostArg<Caller&> = true;
template <class R>
inline constexpr bool kIsHostResult = requires { HostResult<R>::kResults; };
template <class... T>
inline constexpr bool kIsHostResult<std::tuple<T...>> = (kIsHostResult<T> && ...);
template <class A, class B>
inline constexpr bool kIsHostResult<std::pair<A, B>> = kIsHostResult<A> && kIsHostResult<B>;
template <class T>
inline constexpr bool kIsHostResult<Result<T>> = kIsHostResult<T>;

template <class R, class... A>
struct HostTypes {
  static constexpr bool kParams = (kIsHostArg<A> && ...);
  static constexpr bool kResults = kIsHostResult<std::remove_cvref_t<R>>;
};

}  // namespace detail

/// A lambda, function object or function pointer with one call signature. (Not a pointer to a
/// member function, which has no object to be called on.)
template <class F>
concept HostCallable = !std::is_member_pointer_v<std::decay_t<F>> &&
                       requires { typename detail::ThunkOf<std::decay_t<F>>; };

/// Erases a callable's C++ type. The callable is copied or moved in and lives as long as the Store
/// that Func::create is given the result for, or as the Linker's definition is in use (linker.hpp).
template <HostCallable F>
HostFunction make_host_function(F&& function) {
  using Callable = std::decay_t<F>;
  using Types = typename detail::Signature<Callable>::template Apply<detail::HostTypes>;
  static_assert(Types::kParams,
                "a parameter of a host function is an integer of up to 64 bits, bool, an enum, "
                "float, double, V128, ExternRef, FuncRef, AnyRef, GuestSpan<T>, GuestPtr<T>, "
                "std::string_view, Caller&, or a type that HostArg is specialised for");
  static_assert(
      Types::kResults,
      "the result of a host function is void, an integer of up to 64 bits, bool, an enum, "
      "float, double, V128, ExternRef, FuncRef, AnyRef, a type that HostResult is "
      "specialised for, a std::tuple or std::pair of these, or a Result of any of them");
  HostFunction host;
  if constexpr (Types::kParams && Types::kResults) {
    using Thunk = detail::ThunkOf<Callable>;
    constexpr auto params = Thunk::kParams;
    constexpr auto results = Thunk::kResults;
    host.type.params.assign(params.begin(), params.end());
    host.type.results.assign(results.begin(), results.end());
    host.thunk = &Thunk::template run<Callable>;
    host.environment = std::make_shared<Callable>(std::forward<F>(function));
  }
  return host;
}

}  // namespace tinywasm
