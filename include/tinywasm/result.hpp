// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

#include <tinywasm/error.hpp>

namespace tinywasm {

/// A value or an Error; a subset of std::expected<T, Error> that does not depend on the consumer's
/// language mode. Reading the side that is not there ends the process: it is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  template <class U = T>
    requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return checked<0>(state_); }
  [[nodiscard]] const T& value() const& { return checked<0>(state_); }
  [[nodiscard]] T&& value() && { return std::move(checked<0>(state_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] Error& error() & { return checked<1>(state_); }
  [[nodiscard]] const Error& error() const& { return checked<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::move(checked<1>(state_)); }

 private:
  template <std::size_t I, class State>
  static auto& checked(State& state) {
    auto* side = std::get_if<I>(&state);
    if (!side) std::abort();
    return *side;
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
  // Defined before its uses: its return type is deduced.
  template <class State>
  static auto& checked(State& state) {
    auto* error = std::get_if<1>(&state);
    if (!error) std::abort();
    return *error;
  }

 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : state_(std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (!has_value()) std::abort();
  }
  void operator*() const { value(); }

  [[nodiscard]] Error& error() & { return checked(state_); }
  [[nodiscard]] const Error& error() const& { return checked(state_); }
  [[nodiscard]] Error&& error() && { return std::move(checked(state_)); }

 private:
  std::variant<std::monostate, Error> state_;
};

}  // namespace tinywasm
