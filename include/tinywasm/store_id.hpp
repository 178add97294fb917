// SPDX-License-Identifier: Apache-2.0
/// @file
/// How handles and values know the Store they belong to, and that it is still there.
#pragma once

#include <atomic>
#include <cstdint>

#include <tinywasm/export.hpp>

namespace tinywasm {

namespace vm {
class Store;

/// Where a Store says that it is there. Never freed: when the Store goes, the number changes, and a
/// later Store may take the place under that number. So whoever remembers place and number can ask
/// at any time.
struct StoreLife {
  std::atomic<std::uint32_t> number{0};
  Store* store = nullptr;     // of that number; unspecified while there is none
  StoreLife* next = nullptr;  // among those that no Store uses
};
}  // namespace vm

/// A Store, by a name that outlives it. Cheap to copy; for this library's own use.
class StoreId {
 public:
  constexpr StoreId() noexcept = default;
  constexpr StoreId(vm::StoreLife* life, std::uint32_t number) noexcept
      : life_(life), number_(number) {}

  /// The Store; null when it is gone, or when there never was one.
  [[nodiscard]] vm::Store* get() const noexcept {
    const bool is_there =
        life_ != nullptr && life_->number.load(std::memory_order_relaxed) == number_;
    return is_there ? life_->store : nullptr;
  }
  [[nodiscard]] vm::StoreLife* life() const noexcept { return life_; }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  friend bool operator==(const StoreId&, const StoreId&) = default;

 private:
  vm::StoreLife* life_ = nullptr;
  std::uint32_t number_ = 0;
};

}  // namespace tinywasm
