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
#include <string>
#include <sys/uio.h>
#include <vector>

#include <tinywasm/host.hpp>
#include <tinywasm/result.hpp>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

struct World;

/// "out of bounds memory access" as an error that ends the guest.
Error out_of_bounds();
/// "interrupted", likewise.
Error interrupted();

/// The memory that a guest's addresses are in: the one it exports as "memory", or else its first.
/// It may move whenever the guest runs, and so whenever a function of the embedder does, which may
/// call the guest: what is kept meanwhile is addresses. It never becomes smaller.
class GuestMemory {
 public:
  using View = std::span<std::byte> (*)(const void* environment);

  /// Without a byte.
  GuestMemory() = default;
  GuestMemory(View view, const void* environment) : view_(view), environment_(environment) {}
  static GuestMemory of(const Caller& caller);

  /// All of it, where it is now.
  std::span<std::byte> bytes() const {
    return view_ ? view_(environment_) : std::span<std::byte>();
  }
  /// The `length` bytes at `address`, where they are now; nullptr when they are not all inside.
  std::byte* find(std::uint64_t address, std::uint64_t length) const {
    const std::span<std::byte> all = bytes();
    if (!all.data() || length > all.size() || address > all.size() - length) return nullptr;
    return all.data() + address;
  }

 private:
  View view_ = nullptr;
  const void* environment_ = nullptr;
};

/// One call of a guest into its world.
struct Call {
  World& world;
  GuestMemory memory;
  bool (*is_interrupted)(const void* environment) = nullptr;
  const void* environment = nullptr;
  std::uint64_t* transferred = nullptr;  // bytes, for the fuel

  /// Notes bytes that were transferred, to be paid for when the call returns.
  void count(std::uint64_t bytes) const {
    if (transferred) *transferred += bytes;
  }
  /// The embedder wants the guest to end: a call that blocks returns interrupted().
  bool interrupted() const { return is_interrupted && is_interrupted(environment); }
  /// The `length` bytes at `address`, where they are now; nullptr when they are not all inside.
  std::byte* find(Address address, std::uint64_t length) const {
    return memory.find(static_cast<std::uint64_t>(address), length);
  }
};

/// Bytes of the guest's memory.
class GuestBytes {
 public:
  /// Precondition: they are inside.
  GuestBytes(GuestMemory memory, std::uint64_t address, std::size_t size)
      : memory_(memory), address_(address), size_(size) {}

  std::size_t size() const { return size_; }
  /// Where they are now.
  std::span<std::byte> get() const { return std::span(memory_.find(address_, size_), size_); }

 private:
  GuestMemory memory_;
  std::uint64_t address_;
  std::size_t size_;
};

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
  /// Precondition: kSize bytes there are inside.
  Out(GuestMemory memory, std::uint64_t address) : memory_(memory), address_(address) {}
  /// Returns success, so that a call can end in it.
  Errno set(const T& value) const {
    std::byte* const at = memory_.find(address_, kSize);
    if constexpr (std::is_class_v<T>) {
      value.encode(at);
    } else {
      put(at, value);
    }
    return Errno::success;
  }

 private:
  GuestMemory memory_;
  std::uint64_t address_;
};

/// A path as the guest wrote it: any bytes. A copy, for the guest's threads may go on writing; one
/// that is too long is cut, but still too long. wasi/path.hpp checks it.
struct GuestPath {
  std::string text;
};

/// A piece of the guest's memory, which is inside.
struct GuestRange {
  std::uint64_t address = 0;
  std::size_t length = 0;
};

/// A list of buffers in guest memory (iovec_array and ciovec_array): pairs of address and length.
class IoVecs {
 public:
  static constexpr std::size_t kEntrySize = 8;
  /// Transfers longer than this are cut short, as Linux does.
  static constexpr std::size_t kMaxBytes = 0x7fff'f000;

  /// Precondition: the list is inside.
  IoVecs(GuestMemory memory, std::uint64_t address, std::size_t count)
      : memory_(memory), address_(address), count_(count) {}

  /// Longer than any program's; the guest's claim is not to cost host time.
  static constexpr std::size_t kMaxCount = std::size_t{64} * 1024;
  bool is_too_many() const { return count_ > kMaxCount; }

  /// Points `out` at the first non-empty buffers, as many as fit, at most kMaxBytes long together.
  /// Returns their number, or an error when one of them is out of bounds. The pointers are good
  /// until a function of the embedder runs.
  Result<std::size_t> gather(std::span<iovec> out) const;
  /// The same as addresses, which stay good: at most `most` buffers.
  Result<std::vector<GuestRange>> ranges(std::size_t most) const;

 private:
  /// Calls `add(GuestRange)` for the buffers until it returns false.
  template <class F>
  Result<void> each(F&& add) const;

  GuestMemory memory_;
  std::uint64_t address_;
  std::size_t count_;
};

}  // namespace tinywasm::wasi

namespace tinywasm {

namespace wasi {

/// Whether the range is inside of the caller's memory, `memory`; if not, the call fails.
inline bool check_inside(Caller& caller, const GuestMemory& memory, std::uint64_t address,
                         std::uint64_t length) {
  const bool is_inside = memory.find(address, length) != nullptr;
  if (!is_inside) caller.fail(out_of_bounds());
  return is_inside;
}

}  // namespace wasi

template <class T>
struct HostArg<wasi::Out<T>> {
  static constexpr std::array<ValueType, 1> kParams{ValueType::i32};
  static wasi::Out<T> lower(Caller& caller, const std::uint64_t* slots) {
    const auto memory = wasi::GuestMemory::of(caller);
    const auto address = static_cast<std::uint32_t>(slots[0]);
    wasi::check_inside(caller, memory, address, wasi::Out<T>::kSize);
    return {memory, address};
  }
};

template <>
struct HostArg<wasi::GuestBytes> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static wasi::GuestBytes lower(Caller& caller, const std::uint64_t* slots) {
    const auto memory = wasi::GuestMemory::of(caller);
    const auto address = static_cast<std::uint32_t>(slots[0]);
    const auto size = static_cast<std::uint32_t>(slots[1]);
    if (wasi::check_inside(caller, memory, address, size)) caller.charge_bytes(size);
    return {memory, address, size};
  }
};

template <>
struct HostArg<wasi::GuestPath> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static wasi::GuestPath lower(Caller& caller, const std::uint64_t* slots);
};

template <>
struct HostArg<wasi::IoVecs> {
  static constexpr std::array<ValueType, 2> kParams{ValueType::i32, ValueType::i32};
  static wasi::IoVecs lower(Caller& caller, const std::uint64_t* slots) {
    const auto memory = wasi::GuestMemory::of(caller);
    const auto address = static_cast<std::uint32_t>(slots[0]);
    const auto count = static_cast<std::uint32_t>(slots[1]);
    const std::uint64_t size = std::uint64_t{count} * wasi::IoVecs::kEntrySize;
    if (wasi::check_inside(caller, memory, address, size)) caller.charge_bytes(size);
    return {memory, address, count};
  }
};

}  // namespace tinywasm
