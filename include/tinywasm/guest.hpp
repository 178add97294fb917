// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a host function sees of the guest that called it: the caller, and bounds-checked views of
/// its memory. All views are of memory 0 of the calling instance. They hold until the host function
/// returns or calls back into the Store (which may grow, and so move, the memory).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tinywasm/error.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
struct Context;
struct Instance;
}  // namespace vm

class Instance;

/// The call a host function was reached by. Lives as long as that call.
class Caller {
 public:
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  /// The bytes of the caller's memory 0 right now; empty when it has none.
  [[nodiscard]] TINYWASM_API std::span<std::byte> memory() const noexcept;
  /// The `length` bytes of guest memory at `address`, or nullptr when they are not all inside.
  /// Never null for a range inside, also when `length` is 0.
  [[nodiscard]] TINYWASM_API std::byte* find(std::uint64_t address,
                                             std::uint64_t length) const noexcept;
  /// As find(), but a range outside fails the call with "out of bounds memory access".
  [[nodiscard]] TINYWASM_API std::span<std::byte> bytes(std::uint64_t address,
                                                        std::uint64_t length);

  /// Ends the guest with `error` once the host function has returned. The first failure counts.
  TINYWASM_API void fail(Error error);
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  /// Takes the failure back, so that the guest goes on; for calls that answer with an error code.
  void forgive() noexcept { error_.reset(); }

  /// Takes `amount` of the Store's fuel, for work that the guest has this host function do. False
  /// when there is less: the call has failed, with an error of kind out_of_fuel. True when
  /// execution is not metered.
  TINYWASM_API bool charge_fuel(std::uint64_t amount);
  /// The same, for `bytes` that are copied or transferred (StoreConfig::bytes_per_fuel).
  TINYWASM_API bool charge_bytes(std::uint64_t bytes);
  /// Store::interrupt was called: whatever blocks should return. Any thread.
  [[nodiscard]] TINYWASM_API bool interrupted() const noexcept;
  /// The calling instance; none when the host called the host function itself.
  [[nodiscard]] TINYWASM_API std::optional<Instance> instance() const;
  /// For this library's own use.
  [[nodiscard]] vm::Store* store() const noexcept { return store_; }

 private:
  friend struct HostCalls;
  Caller(vm::Store* store, vm::Instance* instance) noexcept : store_(store), instance_(instance) {}

  vm::Store* store_;
  vm::Instance* instance_;  // null when called from outside
  std::optional<Error> error_;
};

/// A host function's parameter: `size()` elements in guest memory, passed by the guest as an
/// address and an element count (i32, i32). T is trivially copyable, in the guest's layout (little
/// endian); `GuestSpan<const T>` is read-only. Guest addresses need not be aligned, so elements
/// wider than a byte are read and written by value; bytes and characters can be pointed to.
template <class T>
class GuestSpan {
 public:
  using value_type = std::remove_cv_t<T>;
  static_assert(std::is_trivially_copyable_v<value_type>);
  static constexpr bool kIsBytes = alignof(value_type) == 1;
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;

  GuestSpan() = default;
  GuestSpan(Byte* bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The elements in place.
  [[nodiscard]] T* data() const noexcept
    requires kIsBytes
  {
    return reinterpret_cast<T*>(bytes_);
  }
  [[nodiscard]] Byte* bytes() const noexcept { return bytes_; }

  /// Precondition: index < size().
  [[nodiscard]] value_type operator[](std::size_t index) const noexcept {
    value_type value;
    std::memcpy(&value, bytes_ + index * sizeof(T), sizeof(T));
    return value;
  }
  /// Precondition: index < size().
  void set(std::size_t index, const value_type& value) const noexcept
    requires(!std::is_const_v<T>)
  {
    std::memcpy(bytes_ + index * sizeof(T), &value, sizeof(T));
  }
  [[nodiscard]] std::vector<value_type> to_vector() const {
    std::vector<value_type> copy(size_);
    if (size_ != 0) std::memcpy(copy.data(), bytes_, size_bytes());
    return copy;
  }
  /// Copies as many elements as fit and returns their number.
  std::size_t copy_from(std::span<const value_type> source) const noexcept
    requires(!std::is_const_v<T>)
  {
    const std::size_t count = source.size() < size_ ? source.size() : size_;
    if (count != 0) std::memcpy(bytes_, source.data(), count * sizeof(T));
    return count;
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = GuestSpan::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;
    Iterator() = default;
    Iterator(const GuestSpan* span, std::size_t index) : bytes_(span->bytes_), index_(index) {}
    value_type operator*() const { return GuestSpan(bytes_, index_ + 1)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++index_;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    Byte* bytes_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] auto begin() const noexcept {
    if constexpr (kIsBytes) {
      return data();
    } else {
      return Iterator(this, 0);
    }
  }
  [[nodiscard]] auto end() const noexcept {
    if constexpr (kIsBytes) {
      return data() + size_;
    } else {
      return Iterator(this, size_);
    }
  }

 private:
  Byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// A host function's parameter: the address of one T in guest memory (i32), checked to lie inside;
/// need not be aligned. `GuestPtr<const T>` is read-only.
template <class T>
class GuestPtr {
 public:
  using value_type = std::remove_cv_t<T>;
  static_assert(std::is_trivially_copyable_v<value_type>);
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;

  GuestPtr() = default;
  explicit GuestPtr(Byte* bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] value_type load() const noexcept {
    value_type value;
    std::memcpy(&value, bytes_, sizeof(T));
    return value;
  }
  void store(const value_type& value) const noexcept
    requires(!std::is_const_v<T>)
  {
    std::memcpy(bytes_, &value, sizeof(T));
  }

 private:
  Byte* bytes_ = nullptr;
};

}  // namespace tinywasm
