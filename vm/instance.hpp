// SPDX-License-Identifier: Apache-2.0
// An Instance with what it owns.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vm/memory.hpp"
#include "vm/runtime.hpp"
#include "vm/store.hpp"
#include "vm/table.hpp"

namespace tinywasm::vm {

/// The arrays an Instance points to lie in two blocks of zeros from calloc: what is never touched
/// of them costs nothing, so that a large module instantiates quickly.
struct OwnedInstance : Instance {
  OwnedInstance() = default;
  ~OwnedInstance();
  OwnedInstance(const OwnedInstance&) = delete;
  OwnedInstance& operator=(const OwnedInstance&) = delete;

  /// Allocates the arrays for `module`. False: out of memory.
  bool allocate_arrays(const decoder::Module& module);

  /// Element `index` of a segment, below element_count(). Trap::out_of_memory: a function that was
  /// not asked for before has no code cell.
  Trap element(std::uint32_t segment, std::uint64_t index, Slot& value);

  std::vector<std::unique_ptr<OwnedMemory>> own_memories;
  std::vector<std::unique_ptr<OwnedTable>> own_tables;
  /// Values of element segments given as expressions, by segment; the functions of others are
  /// looked up when they are used.
  std::vector<std::vector<Slot>> element_values;
  /// What exported_memory() found, once it was asked.
  Memory* exported_memory = nullptr;
  /// The host may have a handle of it, or of something that it owns.
  bool is_kept = false;

 private:
  void* arrays_ = nullptr;
};

/// Bit `index` of Instance::dropped_data or dropped_elements.
inline bool is_dropped(const std::uint64_t* bits, std::uint32_t index) {
  return (bits[index / 64] >> (index % 64) & 1) != 0;
}
inline void set_dropped(std::uint64_t* bits, std::uint32_t index) {
  bits[index / 64] |= std::uint64_t{1} << (index % 64);
}

/// The bytes of a data segment; none when it was dropped.
std::span<const std::byte> data_of(const Instance& instance, std::uint32_t segment);
/// The number of elements of an element segment that can be read: 0 when it was dropped, or when
/// instantiation ended before its expressions were evaluated.
std::uint64_t element_count(const OwnedInstance& instance, std::uint32_t segment);
/// The table.init of an element segment.
Trap init(OwnedInstance& instance, std::uint32_t segment, Table& table, std::uint64_t destination,
          std::uint64_t source, std::uint64_t length);

// What `instance` exports as `name`, and what has an index. Throw std::bad_alloc, for a function
// that was not asked for before.
std::optional<Extern> find_export(Instance& instance, std::string_view name);
/// The memory that is exported as "memory", as the conventions of WASI and of compilers have it; or
/// else memory 0, which is empty when there is none.
Memory& exported_memory(Instance& instance);
Extern extern_of(Instance& instance, decoder::ExternKind kind, std::uint32_t index);

}  // namespace tinywasm::vm
