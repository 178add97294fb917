// SPDX-License-Identifier: Apache-2.0
// A set of addresses: a hash table with open addressing that never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace tinywasm::vm {

class AddressSet {
 public:
  AddressSet() = default;
  ~AddressSet() { std::free(table_); }
  AddressSet(const AddressSet&) = delete;
  AddressSet& operator=(const AddressSet&) = delete;

  bool contains(std::uintptr_t address) const {
    if (table_ == nullptr || address == 0) return false;
    for (std::size_t at = hash(address);; ++at) {
      const std::uintptr_t found = table_[at & mask_];
      if (found == address) return true;
      if (found == 0) return false;
    }
  }
  /// Makes room for one more, so that the next insert cannot fail. False: out of memory.
  bool reserve() {
    if (table_ != nullptr && 2 * (count_ + 1) <= mask_ + 1) return true;
    const std::size_t size = table_ == nullptr ? 64 : 2 * (mask_ + 1);
    auto* table = static_cast<std::uintptr_t*>(std::calloc(size, sizeof(std::uintptr_t)));
    if (table == nullptr) return false;
    std::uintptr_t* old = table_;
    const std::size_t old_size = old == nullptr ? 0 : mask_ + 1;
    table_ = table;
    mask_ = size - 1;
    count_ = 0;
    for (std::size_t i = 0; i < old_size; ++i) {
      if (old[i] != 0) insert(old[i]);
    }
    std::free(old);
    return true;
  }
  /// Precondition: reserve(), not 0, not in the set.
  void insert(std::uintptr_t address) {
    std::size_t at = hash(address);
    while (table_[at & mask_] != 0) ++at;
    table_[at & mask_] = address;
    ++count_;
  }
  /// Precondition: in the set. Later entries of the same run move up, so that there are no holes.
  void erase(std::uintptr_t address) {
    std::size_t at = hash(address) & mask_;
    while (table_[at] != address) at = (at + 1) & mask_;
    std::size_t hole = at;
    for (std::size_t next = (at + 1) & mask_; table_[next] != 0; next = (next + 1) & mask_) {
      const std::size_t wanted = hash(table_[next]) & mask_;
      // It may move if the hole lies between where it would like to be and where it is.
      if (((next - wanted) & mask_) >= ((next - hole) & mask_)) {
        table_[hole] = table_[next];
        hole = next;
      }
    }
    table_[hole] = 0;
    --count_;
  }
  std::size_t size() const { return count_; }

 private:
  static std::size_t hash(std::uintptr_t address) {
    return static_cast<std::size_t>((address >> 4) * 0x9E37'79B9'7F4A'7C15u >> 20);
  }
  std::uintptr_t* table_ = nullptr;
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

}  // namespace tinywasm::vm
