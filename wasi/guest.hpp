// SPDX-License-Identifier: Apache-2.0
// What a WASI call is given: the parameter types that say how WebAssembly parameters become C++
// values, with all bounds checked before the call runs. A range outside of memory traps, as the
// specification of the ABI demands
// (https://github.com/WebAssembly/WASI/blob/wasi-0.1/tools/witx-docs.md#pointers).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/uio.h>

#include <tinywasm/host.hpp>
#include <tinywasm/result.hpp>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

struct Descriptor;
struct World;

/// "out of bounds memory access" as an error that ends the guest.
Error out_of_bounds();
/// "interrupted", likewise.
Error interrupted();

/// One call of a guest into its world.
struct Call {
  World& world;
  std::span<std::byte> memory;  // all of it
  bool (*is_interrupted)(const void* environment) = nullptr;
  const void* environment = nullptr;
  mutable Descriptor* pinned = nullptr;  // stays until the call ends, though others may close it

  /// The embedder wants the guest to end: a call that blocks returns interrupted().
  bool interrupted() const { return is_interrupted && is_interrupted(environment); }
  /// The `length` bytes at `address`; nullptr when they are not all inside.
  std::byte* find(Address address, std::uint64_t length) const {
    const auto start = static_cast<std::uint64_t>(address);
    if (length > memory.size() || start > memory.size() - length) return nullptr;
    return memory.data() + start;
  }
};

using GuestBytes = GuestSpan<std::byte>;

/// Where the guest wants a result. T is an unsigned integer, Fd or a record of types.hpp.
template <class T>
class Out {
 public:
  static constexpr std::size_t kSize = [] {
    if constexpr (std::is_class_v<T>) {
      return T::kSize;
    } else {
      return sizeof(T);
    }
  }();
  explicit Out(std::byte* at) : at_(at) {}
  /// Returns success, so that a call can end in it.
  Errno set(const T& value) const {
    if constexpr (std::is_class_v<T>) {
      value.encode(at_);
    } else {
      put(at_, value);
    }
    return Errno::success;
  }

 private:
  std::byte* at_;
};

/// A path as the guest wrote it: any bytes. wasi/path.hpp checks it.
struct GuestPath {
  std::string_view text;
};

/// A list of buffers in guest memory (iovec_array and ciovec_array): pairs of address and length.
class IoVecs {
 public:
  static constexpr std::size_t kEntrySize = 8;
  /// Transfers longer than this are cut short, as Linux does.
  static constexpr std::size_t kMaxBytes = 0x7fff'f000;

  IoVecs(std::span<const std::byte> entries, std::span<std::byte> memory)
      : entries_(entries), memory_(memory) {}

  /// Longer than any program's; the guest's claim is not to cost host time.
  static constexpr std::size_t kMaxCount = std::size_t{64} * 1024;
  bool is_too_many() const { return entries_.size() / kEntrySize > kMaxCount; }

  /// Points `out` at the first non-empty buffers, as many as fit, at most kMaxBytes long together.
  /// Returns their number, or an error when one of them is out of bounds.
  Result<std::size_t> gather(std::span<iovec> out) const;

 private:
  std::span<const std::byte> entries_;
  std::span<std::byte> memory_;
};

}  // namespace tinywasm::wasi

namespace tinywasm {

template <class T>
struct HostArg<wasi::Out<T>> {
  static constexpr std::array<ValueType, 1> kParams{ValueType::i32};
  static wasi::Out<T> lower(Caller& caller, const std::uint64_t* slots) {
    return wasi::Out<T>(
        caller.bytes(static_cast<std::uint32_t>(slots[0]), wasi::Out<T>::kSize).data());
  }
};

template <>
struct HostArg<wasi::GuestPath> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static wasi::GuestPath lower(Caller& caller, const std::uint64_t* slots) {
    return {HostArg<std::string_view>::lower(caller, slots)};
  }
};

template <>
struct HostArg<wasi::IoVecs> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static wasi::IoVecs lower(Caller& caller, const std::uint64_t* slots) {
    const auto entries = caller.bytes(
        static_cast<std::uint32_t>(slots[0]),
        std::uint64_t{static_cast<std::uint32_t>(slots[1])} * wasi::IoVecs::kEntrySize);
    return {entries, caller.memory()};
  }
};

}  // namespace tinywasm
