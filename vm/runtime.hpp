// SPDX-License-Identifier: Apache-2.0
// Run-time structures of the store (https://webassembly.github.io/spec/core/exec/runtime.html) in
// the layout the interpreter's handlers read. Everything here belongs to one Store and is used by
// one thread at a time, except Context::interrupt.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <tinywasm/error.hpp>

#include "decoder/types.hpp"
#include "vm/frame_shadow.hpp"

namespace tinywasm::vm {

class ModuleCode;
class SharedBytes;
class Store;
struct Context;
struct FunctionCode;
struct Instance;
struct ObjectType;

/// A value of the interpreter: i32 zero-extended, f32 in the low half (the high half is arbitrary),
/// references as pointers (null = 0). A v128 takes two slots.
using Slot = std::uint64_t;

enum class Trap : std::uint8_t {
  none = 0,
#define TRAP(id, kind, text) id,
#include "vm/traps.def"
#undef TRAP
};
const char* message(Trap trap);
ErrorKind kind(Trap trap);

/// A linear memory. Address space for `reserved` bytes is held from `base` on, so that growing
/// within it moves nothing; growing beyond (when only little could be reserved) may move `base`.
struct Memory {
  std::byte* base = nullptr;
  std::uint64_t size = 0;       // bytes accessible now, a multiple of the page size
  std::uint64_t max_pages = 0;  // what grow may reach: the type's and the store's limit
  std::uint64_t reserved = 0;
  /// Of a shared memory; `size` is then what this Store last saw of it, see refresh().
  SharedBytes* shared = nullptr;
  decoder::MemoryType type;

  std::uint64_t pages() const { return size >> type.page_log2; }
};

/// A table of references.
struct Table {
  Slot* elements = nullptr;
  std::uint64_t size = 0;
  std::uint64_t max = 0;  // what grow may reach
  std::uint64_t capacity = 0;
  decoder::TableType type;
};

/// A global. Those an instance defines lie in one array (Instance::own_globals).
struct Global {
  Slot value[2] = {0, 0};
  decoder::GlobalType type;
  std::uint32_t type_id = 0;  // canonical id of a concrete heap type, see TypeRegistry
};

/// A tag instance. What tells exceptions apart is its address.
struct Tag {
  const Instance* instance = nullptr;       // that defined it; null: the host
  const decoder::FuncType* type = nullptr;  // with canonical ids
  std::uint32_t type_id = 0;                // canonical in the Store
  std::uint32_t index = 0;                  // in its instance's tag index space
};

/// An exception instance, an object of the heap (see heap.hpp); an exnref is a pointer to one.
struct Exception {
  std::uint32_t header;
  std::uint32_t count;  // of slots
  Tag* tag;
  Slot* values() { return reinterpret_cast<Slot*>(this + 1); }
};

/// Runs a host function: arguments in slots[0..params), results to slots[0..results). Returns
/// Trap::none, or the reason to end the guest; with Trap::host the error is in Context::host_error.
/// It may call back into the Store. Must not throw.
using HostCallback = Trap (*)(void* environment, Context& context, Instance* caller, Slot* slots);

/// A function instance; a funcref is a pointer to one.
struct Function {
  Instance* instance = nullptr;  // null for host functions
  FunctionCode* code = nullptr;  // null for host functions
  HostCallback callback = nullptr;
  void* environment = nullptr;
  std::uint32_t type_id = 0;  // canonical in the Store
  std::uint32_t index = 0;    // in its instance's function index space
  const decoder::FuncType* type = nullptr;
  std::uint32_t host_frame_slots = 0;  // host functions: of vm::host_frame_slots(*type)
};

/// A module instance.
struct Instance {
  ModuleCode* module = nullptr;
  Store* store = nullptr;
  Memory* memory0 = nullptr;  // == memories[0], or an empty memory when there is none; never null
  Global* own_globals = nullptr;  // defined globals: own_globals[i] is global imported + i
  Global** globals = nullptr;     // the whole index space
  Table** tables = nullptr;
  Memory** memories = nullptr;
  Tag** tags = nullptr;
  Tag* own_tags = nullptr;
  Function** imported_functions = nullptr;
  Function* own_functions = nullptr;  // zero-filled; initialised by function() when first needed
  const std::uint32_t* type_ids = nullptr;  // module type index -> canonical id
  std::uint64_t* dropped_data = nullptr;    // bit sets: segments that were dropped
  std::uint64_t* dropped_elements = nullptr;

  /// The function instance of an index, for references and calls from outside.
  Function* function(std::uint32_t index);
};

/// What the running handlers know of their Store: one per Store, in its `ctx` register. Nested
/// activations (host functions that call back) save and restore what is per activation.
struct Context {
  // Hot: read by handlers on the fast path.
  /// For memory 0 of the running instance: an access of 1 << i bytes is in bounds if its address is
  /// below access_limit[i]. access_limit[0] is the memory's size.
  std::uint64_t access_limit[5] = {0, 0, 0, 0, 0};
  Slot* stack_limit = nullptr;              // a frame must end below
  std::atomic<std::uint32_t> interrupt{0};  // set by any thread; polled at back-edges and calls
  Global* own_globals = nullptr;            // of the running instance
  Instance* instance = nullptr;             // the running instance
  std::int64_t fuel = 0;                    // what is left of a slice, see refuel()

  // Cold.
  std::uint64_t fuel_reserve = 0;  // without the slice
  Slot* stack_base = nullptr;
  Slot result = 0;                // of the outermost frame: a single integer or reference
  Slot float_result[2] = {0, 0};  // or a single float or v128
  Trap trap = Trap::none;
  std::uint32_t trap_operand = 0;  // which trapping operation of a fused word, see interpreter.cpp
  std::uint64_t trap_element = 0;  // the table element that a failed indirect call named
  const std::byte* trap_pc = nullptr;
  Slot* trap_fp = nullptr;
  Slot* top = nullptr;             // where a nested activation's frames may begin
  std::uint32_t depth = 0;         // nested activations
  Error* host_error = nullptr;     // set together with Trap::host; owned by the Store
  Exception* exception = nullptr;  // set together with Trap::exception
  Store* store = nullptr;
  const ObjectType* const* object_types = nullptr;  // by type id; null where no object has existed
  /// Registers r0 to r3 at the last allocation: roots of the collector.
  Slot live_registers[4] = {0, 0, 0, 0};
  [[no_unique_address]] FrameShadow shadow{};  // of the value stack

  void set_memory_size(std::uint64_t bytes) {
    if (access_limit[0] == bytes) return;  // of a width of 1: the size itself
    for (unsigned i = 0; i < 5; ++i) {
      const std::uint64_t width = std::uint64_t{1} << i;
      access_limit[i] = bytes >= width ? bytes - width + 1 : 0;
    }
  }
};

}  // namespace tinywasm::vm
