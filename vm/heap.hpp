// SPDX-License-Identifier: Apache-2.0
// The garbage-collected heap of a Store
// (https://webassembly.github.io/spec/core/exec/runtime.html#heap-values): structures, arrays,
// exceptions, and boxes for references that cross between the hierarchies of `any` and `extern`.
//
// A reference is a slot. In the hierarchy of any it is null (0), an i31 (bit 0 set, the integer in
// bits 1 to 31) or an Object's address. In that of extern it is null, the host's pointer as it was
// given, or the address of the Object that an internal reference leads to; only addresses that the
// heap has handed out and not taken back are believed to be that.
//
// Objects never move. The collector marks from the roots and sweeps; marking knows exactly which
// fields of an object are references, while the value stack is scanned conservatively: any slot
// that holds an object's address keeps it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "vm/address_set.hpp"
#include "vm/heap_types.hpp"
#include "vm/object.hpp"
#include "vm/poison.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

class Heap;
class TypeRegistry;

/// A reference that the host holds: an entry in the list of its Store's roots. It outlives the
/// Store if the host keeps it. The host may let go of it on any thread, so the list is a holder,
/// too, and the Store's thread takes out what nobody else holds.
struct HostRoot {
  Slot value = 0;
  std::atomic<std::uint32_t> holders{2};  // the list, and who asked for it
  Heap* heap = nullptr;                   // null when the Store is gone
  HostRoot* next = nullptr;
};

struct HeapStatistics {
  std::uint64_t live_bytes = 0;       // after the last collection
  std::uint64_t used_bytes = 0;       // taken from the system
  std::uint64_t allocated_bytes = 0;  // in total
  std::uint64_t collections = 0;
  std::uint64_t pause_nanoseconds = 0;  // in total
  std::uint64_t longest_pause_nanoseconds = 0;
};

class Heap {
 public:
  /// `limit` bounds what the heap takes from the system, in bytes.
  Heap(Store& store, std::uint64_t limit);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// The layout of a type, which must have objects (or, for exceptions, be a function type).
  /// Null: out of memory.
  const ObjectType* type(std::uint32_t id) {
    return id < types_.size() && types_[id] != nullptr ? types_[id] : add_type(id);
  }

  // All allocations may collect: whatever is needed must be reachable from the roots or lie in the
  // value stack below `stack_end` (null when no instruction allocates but the host: then it is
  // where the guest's frames end, and no fuel is charged). Contents are zero. Null: see failure().
  Object* allocate_struct(std::uint32_t type_id, const Slot* stack_end);
  Object* allocate_array(std::uint32_t type_id, std::uint64_t length, const Slot* stack_end);
  /// An exception with `tag` and room for the values of the tag's type, a function type.
  Object* allocate_exception(std::uint32_t type_id, void* tag, const Slot* stack_end);

  /// Why the last allocation or conversion did not succeed: Trap::out_of_memory, which a
  /// collection did not help or was not worth; out_of_fuel; interrupted.
  Trap failure() const { return failure_; }

  /// extern.convert_any and any.convert_extern. `result` may be `reference`. False: see failure().
  bool to_extern(Slot reference, Slot& result, const Slot* stack_end);
  bool to_any(Slot reference, Slot& result, const Slot* stack_end);

  /// The object at exactly this address, or null: for slots that may hold anything.
  Object* find(Slot slot);

  /// Frees what cannot be reached. False: an interrupt ended it half-way; nothing is lost, and the
  /// next one begins again.
  bool collect(const Slot* stack_end);
  // The same in two steps, for a Store that asks who refers to something before it lets go of it:
  // all is marked that can be reached, for_each_marked() shows it, mark_slot() may add to it, and
  // the rest is freed. No interrupt ends it.
  void begin_collection(const Slot* stack_end);
  void end_collection();
  /// Calls visit(first, last) with the contents of each marked object: slots, which may hold
  /// anything.
  template <class Visit>
  void for_each_marked(Visit&& visit) const {
    const auto show = [&](const Object* object, std::uint64_t bytes) {
      if ((object->header & Object::kMarked) == 0) return;
      const auto* const first = reinterpret_cast<const Slot*>(object->contents());
      visit(first, first + (bytes - kObjectHeader) / sizeof(Slot));
    };
    for (Block* block : blocks_) {
      for (std::uint32_t i = 0; i < block->count; ++i) {
        show(reinterpret_cast<const Object*>(block->cells() + std::size_t{i} * block->cell),
             block->cell);
      }
    }
    for (Large* large : large_) show(large->object(), large->bytes - sizeof(Large));
  }
  /// Whether there may be objects of types with ids from `id` on.
  bool knows_types_from(std::uint32_t id) const {
    for (std::size_t i = id; i < types_.size(); ++i) {
      if (types_[i] != nullptr) return true;
    }
    return false;
  }
  /// For tests: collects at every allocation.
  void set_stress(bool on) {
    stress_ = on;
    collects_next_ = on || is_sweeping_;
  }
  HeapStatistics statistics() const;
  bool has_objects() const { return used_ != 0; }

  // Roots.
  HostRoot* add_root(Slot value);
  /// Any thread, whether or not the Store is there.
  static void release(HostRoot* root) {
    if (root->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete root;
  }
  /// Slots that hold references while a C++ function works on them.
  class TemporaryRoots {
   public:
    explicit TemporaryRoots(Heap& heap) : heap_(heap), outer_(heap.temporaries_) {
      heap.temporaries_ = this;
    }
    ~TemporaryRoots() { heap_.temporaries_ = outer_; }
    TemporaryRoots(const TemporaryRoots&) = delete;
    TemporaryRoots& operator=(const TemporaryRoots&) = delete;
    std::vector<Slot> slots;

   private:
    friend class Heap;
    Heap& heap_;
    TemporaryRoots* outer_;
  };

  // For the enumeration of roots (heap_roots.cpp): marks what slots refer to.
  void mark_range(const Slot* slots, std::uint64_t count, FieldRoots how);
  void mark_slot(Slot slot, FieldRoots how) {
    if (how == FieldRoots::exact) mark_reference(slot);
    if (how == FieldRoots::loose) mark_conservatively(slot);
  }
  void mark_reference(Slot reference) {
    if (reference != 0 && !is_i31(reference)) mark(to_object(reference));
  }
  void mark_conservatively(Slot slot) {
    if (Object* object = find(slot)) mark(object);
  }

 private:
  static constexpr std::uint32_t kBlockBytes = 65536;
  static constexpr std::uint32_t kLargestCell = 4096;
  static constexpr unsigned kClasses = 28;
  /// So much may be allocated between two collections, however little is alive.
  static constexpr std::uint64_t kSmallestGrant = std::uint64_t{4} << 20;
  /// What a collection because of the limit must have been preceded by: allocations of this part
  /// of what it has to look through.
  static constexpr std::uint64_t kFutile = 16;
  /// Slots of an array that are looked at in one step.
  static constexpr std::uint64_t kStep = 512;

  struct FreeCell {
    Object object;  // header 0
    FreeCell* next;
  };
  /// Cells of one size follow its header.
  struct Block {
    std::uint32_t cell = 0;
    std::uint32_t count = 0;
    std::uint64_t unused = 0;
    std::byte* cells() { return reinterpret_cast<std::byte*>(this) + sizeof(Block); }
  };
  /// An object that is too large for a block follows.
  struct Large {
    std::uint64_t bytes = 0;  // of the object
    std::uint64_t unused = 0;
    Object* object() { return reinterpret_cast<Object*>(this + 1); }
  };

  /// Of a free cell only the header may be read: whoever looks for objects sees that it is none.
  static FreeCell* make_free(void* cell, std::uint32_t bytes, FreeCell* next) {
    unpoison(cell, bytes);
    auto* made = new (cell) FreeCell{{0, 0}, next};
    poison(static_cast<std::byte*>(cell) + sizeof(Object), bytes - sizeof(Object));
    return made;
  }

  const ObjectType* add_type(std::uint32_t id);
  Object* allocate(std::uint64_t bytes, std::uint32_t header, const Slot* stack_end);
  Object* allocate_cell(unsigned size_class, const Slot* stack_end);
  Object* allocate_large(std::uint64_t bytes, const Slot* stack_end);
  bool add_block(unsigned size_class);
  Object* fail(Trap reason);
  bool collect_for_room(const Slot* stack_end);

  // Collection. What answers bool was interrupted when that is false.
  bool interrupted();
  void note_pause(std::chrono::steady_clock::time_point start);
  bool mark_all(const Slot* stack_end);
  void mark(Object* object);
  void drop_roots();  // heap_roots.cpp
  bool drain();
  void mark_contents(Object& object);
  void mark_elements(Object& array, std::uint64_t from);
  bool mark_contents_again();
  void mark_roots(const Slot* stack_end);  // heap_roots.cpp
  bool unmark_all();
  bool sweep();
  bool sweep_blocks();
  bool sweep_large();
  bool sweep_block(Block& block);
  void finish_sweep();
  static unsigned class_of_cell(std::uint32_t cell);
  std::uint64_t allocated_since_collection() const;

  Store& store_;
  std::uint64_t limit_;
  std::vector<ObjectType*> types_;  // by id; of those that have had objects

  FreeCell* free_[kClasses] = {};
  std::vector<Block*> blocks_;
  std::vector<Large*> large_;
  AddressSet block_addresses_;
  AddressSet large_addresses_;          // of the objects
  std::uint64_t used_ = 0;              // bytes taken from the system
  std::int64_t until_collection_ = 0;   // bytes that may be allocated before the next one
  std::uint64_t grant_ = 0;             // what it was set to
  std::uint64_t allocated_before_ = 0;  // bytes allocated up to the last collection
  bool stress_ = false;
  bool collects_next_ = false;  // the next allocation: under stress, or as sweeping is not done

  Trap failure_ = Trap::out_of_memory;
  bool was_refused_ = false;  // room, so that the next one who wants it may have it searched for

  /// Marked, contents not yet. An array of which a part is: its address + 1, above the next index.
  std::vector<Slot> pending_;
  bool is_incomplete_ = false;  // there was no room in it
  bool has_marks_ = false;      // of a collection that did not come to its sweeping
  bool is_sweeping_ = false;    // one did not come to an end of it; nothing is allocated meanwhile
  bool gave_up_ = false;        // the collection that runs was interrupted
  bool must_finish_ = false;    // it is not to be
  std::size_t swept_blocks_ = 0;
  std::size_t swept_large_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t root_bytes_ = 0;  // looked through by the last collection
  HostRoot* roots_ = nullptr;
  std::size_t root_count_ = 0;     // in the list, whether or not somebody still holds them
  std::size_t drop_roots_at_ = 0;  // so many, and those that nobody holds are taken out
  TemporaryRoots* temporaries_ = nullptr;

  std::chrono::steady_clock::time_point collection_began_{};
  std::uint64_t collections_ = 0;
  std::chrono::nanoseconds paused_{0};
  std::chrono::nanoseconds longest_pause_{0};
};

}  // namespace tinywasm::vm
