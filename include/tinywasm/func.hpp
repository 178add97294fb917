// SPDX-License-Identifier: Apache-2.0
/// @file
/// Functions of the guest or the host, and calling them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/host.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

template <class Signature>
class TypedFunc;

/// A function in a Store, of the guest's or the host's. Cheap to copy. When the Store is gone, its
/// type is empty and calls are errors of kind host.
class Func {
 public:
  /// A host function that is not imported by name: to be put in a table, a global or a Linker.
  template <HostCallable F>
  [[nodiscard]] static Result<Func> wrap(Store& store, F&& function) {
    return create(store, make_host_function(std::forward<F>(function)));
  }
  [[nodiscard]] TINYWASM_API static Result<Func> create(Store& store, HostFunction function);

  /// The function's type. Where it names defined types, their indices are the Store's, as call()
  /// wants them; those of Module::exports and Instance::exports are the module's.
  [[nodiscard]] TINYWASM_API FuncType type() const;

  /// Calls with arguments whose number and types are checked.
  [[nodiscard]] TINYWASM_API Result<std::vector<Value>> call(
      std::span<const Value> arguments) const;
  [[nodiscard]] Result<std::vector<Value>> call(std::initializer_list<Value> arguments = {}) const {
    return call(std::span<const Value>(arguments.begin(), arguments.size()));
  }

  /// The function as one of a C++ signature, such as `int32_t(int32_t, double)`; several results
  /// are a std::tuple. Checked here, once: calls of the TypedFunc check nothing.
  template <class Signature>
  [[nodiscard]] Result<TypedFunc<Signature>> typed() const {
    using Typed = TypedFunc<Signature>;
    if (Result<void> matches = check_type(Typed::kParams, Typed::kResults); !matches) {
      return std::move(matches).error();
    }
    return Typed(*this);
  }

  /// Calls without any check: arguments are read from `slots`, one 64-bit slot each (i32
  /// zero-extended, f32 in the low half, v128 two slots), and results written there. The array
  /// must hold the longer of both lists.
  [[nodiscard]] TINYWASM_API Result<void> call_slots(std::uint64_t* slots) const;

  [[nodiscard]] FuncRef ref() const noexcept { return {store_, function_}; }
  friend bool operator==(const Func&, const Func&) = default;

 private:
  friend class FuncRef;
  friend struct Handles;
  template <class Signature>
  friend class TypedFunc;
  Func(StoreId store, vm::Function* function) : store_(store), function_(function) {}
  TINYWASM_API Result<void> check_type(std::span<const ValueType> params,
                                       std::span<const ValueType> results) const;
  // Errors of typed calls.
  TINYWASM_API static Error store_is_gone();
  TINYWASM_API Error foreign_argument(std::size_t index, std::size_t count) const;
  TINYWASM_API Error result_of_guest() const;

  StoreId store_;
  vm::Function* function_;
};

inline Func FuncRef::func() const { return {store_, function_}; }

namespace detail {

/// The results of a call as a C++ type.
template <class R>
struct CallResult {
  static constexpr std::array<ValueType, 1> kResults{WasmType<R>::kType};
  static bool accepts(vm::Store* store, const std::uint64_t* slots) {
    return detail::accepts<R>(store, slots);
  }
  static R read(vm::Store* store, const std::uint64_t* slots) {
    return WasmType<R>::from_slots(store, slots);
  }
};
template <>
struct CallResult<void> {
  static constexpr std::array<ValueType, 0> kResults{};
};
template <class... T>
struct CallResult<std::tuple<T...>> {
  static constexpr std::array<ValueType, sizeof...(T)> kResults{WasmType<T>::kType...};
  static bool accepts(vm::Store* store, [[maybe_unused]] const std::uint64_t* slots) {
    bool all = true;
    ((all = all && detail::accepts<T>(store, slots), slots += WasmType<T>::kType.slots()), ...);
    return all;
  }
  static std::tuple<T...> read(vm::Store* store, const std::uint64_t* slots) {
    const auto next = [&slots]<class U>(std::type_identity<U>) {
      const std::uint64_t* here = slots;
      slots += WasmType<U>::kType.slots();
      return here;
    };
    return std::tuple<T...>{WasmType<T>::from_slots(store, next(std::type_identity<T>()))...};
  }
};

template <class R>
inline constexpr bool kIsCallResult = std::is_void_v<R> || WasmValue<R>;
template <class... T>
inline constexpr bool kIsCallResult<std::tuple<T...>> = (WasmValue<T> && ...);

}  // namespace detail

/// A function whose type is known to be that of a C++ signature. Cheap to copy.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
  static_assert((WasmValue<std::remove_cv_t<Args>> && ...) && detail::kIsCallResult<R>,
                "the signature of a TypedFunc is made of integers of up to 64 bits, bool, enums, "
                "float, double, V128, ExternRef, FuncRef and AnyRef; its result is one of these, "
                "a std::tuple of them, or void");

 public:
  static constexpr std::array<ValueType, sizeof...(Args)> kParams{WasmType<Args>::kType...};
  static constexpr auto kResults = detail::CallResult<R>::kResults;

  /// Runs the function. An error says how the guest ended; the Store can go on to be used.
  Result<R> operator()(Args... arguments) const {
    constexpr std::size_t kParamSlots = detail::slot_count(kParams);
    constexpr std::size_t kResultSlots = detail::slot_count(kResults);
    vm::Store* const store = func_.store_.get();
    if (store == nullptr) return Func::store_is_gone();
    std::uint64_t slots[std::max({kParamSlots, kResultSlots, std::size_t{1}})] = {};
    [[maybe_unused]] std::uint64_t* next = slots;
    [[maybe_unused]] std::size_t count = 0;
    [[maybe_unused]] std::size_t foreign = 0;
    [[maybe_unused]] const auto put = [&]<class T>(const T& argument) {
      ++count;
      if (foreign == 0 && detail::is_foreign(argument, store)) foreign = count;
      WasmType<T>::to_slots(argument, next);
      next += WasmType<T>::kType.slots();
    };
    (put(arguments), ...);
    if (foreign != 0) return func_.foreign_argument(foreign, sizeof...(Args));
    Result<void> done = func_.call_slots(slots);
    if (!done) return std::move(done).error();
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      if (!detail::CallResult<R>::accepts(store, slots)) return func_.result_of_guest();
      return detail::CallResult<R>::read(store, slots);
    }
  }

  [[nodiscard]] Func func() const noexcept { return func_; }

 private:
  friend class Func;
  explicit TypedFunc(Func func) : func_(func) {}
  Func func_;
};

}  // namespace tinywasm
