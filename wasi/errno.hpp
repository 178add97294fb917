// SPDX-License-Identifier: Apache-2.0
// Error codes of WASI preview 1 and how the host's become them.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#errno
#pragma once

#include <cstdint>
#include <utility>
#include <variant>

namespace tinywasm::wasi {

enum class Errno : std::uint16_t {
  success = 0,
#define ERRNO(name, host) name,
#include "wasi/errno.def"
#undef ERRNO
  notcapable,  // the descriptor's rights do not include the operation
};

/// The guest's code for a host errno value; io for what WASI has no name for.
Errno from_host(int host_errno);
/// from_host(errno).
Errno last_errno();
/// The name in the specification without its prefix: "noent"; "2big" is spelt "e2big".
const char* to_string(Errno error);

/// A value, or why there is none.
template <class T>
class [[nodiscard]] OrErrno {
 public:
  OrErrno(T value) : state_(std::in_place_index<1>, std::move(value)) {}
  /// Precondition: error is not success.
  OrErrno(Errno error) : state_(std::in_place_index<0>, error) {}

  explicit operator bool() const { return state_.index() == 1; }
  /// success when there is a value.
  Errno error() const {
    const Errno* error = std::get_if<0>(&state_);
    return error ? *error : Errno::success;
  }
  // Precondition: there is a value.
  T& operator*() { return *std::get_if<1>(&state_); }
  const T& operator*() const { return *std::get_if<1>(&state_); }
  T* operator->() { return std::get_if<1>(&state_); }
  const T* operator->() const { return std::get_if<1>(&state_); }

 private:
  std::variant<Errno, T> state_;
};

}  // namespace tinywasm::wasi
