// SPDX-License-Identifier: Apache-2.0
/// @file
/// Linear memories, tables and globals in a Store: handles that are cheap to copy. When the Store
/// is gone there are no bytes, no elements and empty types; what can fail is an error of kind host,
/// and the value of a global is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/shared_memory.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
struct Global;
struct Memory;
struct Table;
}  // namespace vm

/// A linear memory.
class Memory {
 public:
  /// Bytes of a page, unless its type says otherwise.
  static constexpr std::uint64_t kPageSize = 65536;

  /// A memory of its own, to be imported by modules.
  [[nodiscard]] TINYWASM_API static Result<Memory> create(Store& store, const MemoryType& type);

  /// A handle to a shared memory.
  [[nodiscard]] TINYWASM_API static Result<Memory> create(Store& store, const SharedMemory& shared);

  /// The shared memory that this is a handle to, if it is one.
  [[nodiscard]] TINYWASM_API std::optional<SharedMemory> shared() const;
  /// Its type; `limits.min` is the current size.
  [[nodiscard]] TINYWASM_API MemoryType type() const;
  /// Current size in pages.
  [[nodiscard]] TINYWASM_API std::uint64_t pages() const noexcept;
  /// All bytes. Growing the memory, which the guest may do in any call, ends the view's validity.
  [[nodiscard]] TINYWASM_API std::span<std::byte> bytes() const noexcept;
  /// Adds pages of zeros; returns the old size in pages.
  TINYWASM_API Result<std::uint64_t> grow(std::uint64_t pages) const;

  /// A value of trivially copyable type T at `address`, or "out of bounds memory access".
  template <class T>
  [[nodiscard]] Result<T> read(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::byte* found = find(address, sizeof(T));
    if (!found) return out_of_bounds();
    T value;
    std::memcpy(&value, found, sizeof(T));
    return value;
  }
  template <class T>
  Result<void> write(std::uint64_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::byte* found = find(address, sizeof(T));
    if (!found) return out_of_bounds();
    std::memcpy(found, &value, sizeof(T));
    return {};
  }
  /// The `length` bytes at `address`, or nullptr when they are not all inside.
  [[nodiscard]] TINYWASM_API std::byte* find(std::uint64_t address,
                                             std::uint64_t length) const noexcept;
  friend bool operator==(const Memory&, const Memory&) = default;

 private:
  friend struct Handles;
  Memory(StoreId store, vm::Memory* memory) : store_(store), memory_(memory) {}
  TINYWASM_API Error out_of_bounds() const;

  StoreId store_;
  vm::Memory* memory_;
};

/// A table of references.
class Table {
 public:
  /// A table of its own, all elements `value`, to be imported by modules.
  [[nodiscard]] TINYWASM_API static Result<Table> create(Store& store, const TableType& type,
                                                         const Value& value);

  /// Its type; `limits.min` is the current size.
  [[nodiscard]] TINYWASM_API TableType type() const;
  [[nodiscard]] TINYWASM_API std::uint64_t size() const noexcept;
  /// Out of range: "out of bounds table access".
  [[nodiscard]] TINYWASM_API Result<Value> get(std::uint64_t index) const;
  TINYWASM_API Result<void> set(std::uint64_t index, const Value& value) const;
  /// Adds elements that are `value`; returns the old size.
  TINYWASM_API Result<std::uint64_t> grow(std::uint64_t elements, const Value& value) const;
  friend bool operator==(const Table&, const Table&) = default;

 private:
  friend struct Handles;
  Table(StoreId store, vm::Table* table) : store_(store), table_(table) {}

  StoreId store_;
  vm::Table* table_;
};

/// A global variable or constant.
class Global {
 public:
  /// A global of its own, to be imported by modules.
  [[nodiscard]] TINYWASM_API static Result<Global> create(Store& store, const GlobalType& type,
                                                          const Value& value);

  [[nodiscard]] TINYWASM_API GlobalType type() const;
  [[nodiscard]] TINYWASM_API Value get() const;
  /// An error when the global is immutable or the value of another type.
  TINYWASM_API Result<void> set(const Value& value) const;
  friend bool operator==(const Global&, const Global&) = default;

 private:
  friend struct Handles;
  Global(StoreId store, vm::Global* global) : store_(store), global_(global) {}

  StoreId store_;
  vm::Global* global_;
};

}  // namespace tinywasm
