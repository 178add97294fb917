// SPDX-License-Identifier: Apache-2.0
/// @file
/// Shared linear memories: used by several Stores at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
class SharedBytes;
}  // namespace vm

/// A shared linear memory. It belongs to no Store: Memory::create() makes a handle to it in each
/// Store that is to use it, and those Stores may run in different threads. A handle that is cheap
/// to copy; the memory lives as long as any handle or Store that refers to it. Thread-safe. A
/// handle that was moved from is empty: it has no bytes.
class SharedMemory {
 public:
  /// A new one; `type` must be shared and have a maximum. Address space for all it may grow to is
  /// reserved; it never grows beyond `max_bytes`.
  [[nodiscard]] TINYWASM_API static Result<SharedMemory> create(
      const MemoryType& type, std::uint64_t max_bytes = std::uint64_t{4} << 30);

  /// Its type; `limits.min` is the current size.
  [[nodiscard]] TINYWASM_API MemoryType type() const;
  /// All bytes, which never move. Guests may read and write them at any time: use std::atomic_ref,
  /// or synchronise with them otherwise.
  [[nodiscard]] TINYWASM_API std::span<std::byte> bytes() const noexcept;
  /// Wakes at most `count` of the threads that wait at `address`; how many there were.
  TINYWASM_API std::uint32_t notify(std::uint64_t address, std::uint32_t count) const;
  friend bool operator==(const SharedMemory&, const SharedMemory&) = default;

  /// For this library's own use.
  explicit SharedMemory(std::shared_ptr<vm::SharedBytes> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] const std::shared_ptr<vm::SharedBytes>& impl() const noexcept { return impl_; }

 private:
  std::shared_ptr<vm::SharedBytes> impl_;
};

}  // namespace tinywasm
