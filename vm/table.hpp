// SPDX-License-Identifier: Apache-2.0
// Tables (https://webassembly.github.io/spec/core/exec/runtime.html#table-instances).
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "vm/memory.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// A Table that owns its elements; every Table an instance refers to is one.
class OwnedTable : public Table {
 public:
  /// The elements come out of `budget`, which must outlive this.
  OwnedTable(const decoder::TableType& table_type, Budget& budget);
  ~OwnedTable();
  OwnedTable(const OwnedTable&) = delete;
  OwnedTable& operator=(const OwnedTable&) = delete;

  /// Allocates the minimum size, all elements null, once. False: beyond the budget, or the host
  /// refused.
  bool allocate();
  /// Grows by `delta` elements that are `value`. The old size, or kGrowFailed: also when
  /// `interrupt` is set meanwhile.
  std::uint64_t grow(std::uint64_t delta, Slot value,
                     const std::atomic<std::uint32_t>* interrupt = nullptr);

 private:
  bool set_capacity(std::uint64_t new_capacity);
  Budget& budget_;
};

Trap copy(Table& to, const Table& from, std::uint64_t destination, std::uint64_t source,
          std::uint64_t length);
Trap fill(Table& table, std::uint64_t start, Slot value, std::uint64_t length);

}  // namespace tinywasm::vm
