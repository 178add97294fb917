// SPDX-License-Identifier: Apache-2.0
// Collection: marking from the roots, sweeping.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "vm/heap.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

Slot slot_at(const Object& object, std::size_t offset) {
  Slot slot;
  std::memcpy(&slot, reinterpret_cast<const std::byte*>(&object) + offset, sizeof slot);
  return slot;
}

}  // namespace

/// As long as a collection runs it looks at the flag for every block it sweeps and every few
/// hundred slots it marks: much less than a millisecond.
bool Heap::interrupted() {
  if (must_finish_) return false;
  if (store_.context().interrupt.load(std::memory_order_relaxed) != 0) gave_up_ = true;
  return gave_up_;  // for all of this collection, though the interrupt may be taken back
}

bool Heap::collect(const Slot* stack_end) {
  const auto start = std::chrono::steady_clock::now();
  gave_up_ = false;
  // What an interrupt left undone comes first.
  bool done = !is_sweeping_ || sweep();
  if (done) done = (!has_marks_ || unmark_all()) && mark_all(stack_end) && sweep();
  note_pause(start);
  return done;
}

void Heap::begin_collection(const Slot* stack_end) {
  collection_began_ = std::chrono::steady_clock::now();
  must_finish_ = true;
  if (is_sweeping_) sweep();
  if (has_marks_) unmark_all();
  mark_all(stack_end);
}

void Heap::end_collection() {
  drain();
  while (is_incomplete_) mark_contents_again();
  sweep();
  must_finish_ = false;
  note_pause(collection_began_);
}

void Heap::note_pause(std::chrono::steady_clock::time_point start) {
  const std::chrono::nanoseconds pause = std::chrono::steady_clock::now() - start;
  paused_ += pause;
  longest_pause_ = std::max(longest_pause_, pause);
}

/// Marks all that can be reached.
bool Heap::mark_all(const Slot* stack_end) {
  has_marks_ = true;
  root_bytes_ = 0;
  is_incomplete_ = false;
  pending_.clear();
  mark_roots(stack_end);
  bool done = drain();
  while (done && is_incomplete_) done = mark_contents_again();
  return done;
}

std::uint64_t Heap::allocated_since_collection() const {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(grant_) - until_collection_);
}

HeapStatistics Heap::statistics() const {
  return {.live_bytes = live_,
          .used_bytes = used_,
          .allocated_bytes = allocated_before_ + allocated_since_collection(),
          .collections = collections_,
          .pause_nanoseconds = static_cast<std::uint64_t>(paused_.count()),
          .longest_pause_nanoseconds = static_cast<std::uint64_t>(longest_pause_.count())};
}

// ---- Marking. What is marked waits in `pending_` for its contents to be marked: no recursion.

void Heap::mark(Object* object) {
  if ((object->header & Object::kMarked) != 0) return;
  object->header |= Object::kMarked;
  try {
    pending_.push_back(to_slot(object));
  } catch (const std::bad_alloc&) {
    is_incomplete_ = true;
  }
}

void Heap::mark_range(const Slot* slots, std::uint64_t count, FieldRoots how) {
  root_bytes_ += count * sizeof(Slot);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % kStep == 0 && interrupted()) return;  // the marking that follows ends, too
    mark_slot(slots[i], how);
  }
}

bool Heap::drain() {
  for (std::uint64_t steps = 0; !pending_.empty(); ++steps) {
    if (steps % kStep == 0 && interrupted()) return false;
    const Slot next = pending_.back();
    pending_.pop_back();
    if ((next & 1) == 0) {
      mark_contents(*to_object(next));
      continue;
    }
    const Slot from = pending_.back();
    pending_.pop_back();
    mark_elements(*to_object(next & ~Slot{1}), from);
    steps |= kStep - 1;  // this one took long
  }
  return !interrupted();
}

void Heap::mark_contents(Object& object) {
  const ObjectKind kind = object.kind();
  if (kind == ObjectKind::host || kind == ObjectKind::boxed_i31) return;
  const ObjectType& type = *types_[object.type()];
  if (kind == ObjectKind::array) {
    if (type.element_roots != FieldRoots::none) mark_elements(object, 0);
    return;
  }
  for (const std::uint32_t offset : type.references) mark_reference(slot_at(object, offset));
  for (const std::uint32_t offset : type.loose_references) {
    mark_conservatively(slot_at(object, offset));
  }
}

/// Elements of an array from `from` on; of a long one some, after which the others come. So arrays
/// of arrays take little room in `pending_`.
void Heap::mark_elements(Object& array, std::uint64_t from) {
  std::uint64_t end = array.length;
  if (end - from > kStep) {
    const std::size_t before = pending_.size();
    try {
      pending_.push_back(from + kStep);
      pending_.push_back(to_slot(&array) + 1);
      end = from + kStep;
    } catch (const std::bad_alloc&) {
      pending_.resize(before);  // all at once, then
    }
  }
  const FieldRoots roots = types_[array.type()]->element_roots;
  for (std::uint64_t i = from; i < end; ++i) {
    mark_slot(slot_at(array, kObjectHeader + i * sizeof(Slot)), roots);
  }
}

/// There was no memory to remember everything that was marked: looks through all that is.
bool Heap::mark_contents_again() {
  is_incomplete_ = false;
  for (Block* block : blocks_) {
    if (interrupted()) return false;
    for (std::uint32_t i = 0; i < block->count; ++i) {
      auto* object = reinterpret_cast<Object*>(block->cells() + std::size_t{i} * block->cell);
      if ((object->header & Object::kMarked) == 0) continue;
      mark_contents(*object);
      if (!pending_.empty() && !drain()) return false;
    }
  }
  for (Large* large : large_) {
    if ((large->object()->header & Object::kMarked) == 0) continue;
    mark_contents(*large->object());
    if (!drain()) return false;
  }
  return true;
}

/// Takes back the marks of a collection that was interrupted.
bool Heap::unmark_all() {
  for (Block* block : blocks_) {
    if (interrupted()) return false;
    for (std::uint32_t i = 0; i < block->count; ++i) {
      auto* object = reinterpret_cast<Object*>(block->cells() + std::size_t{i} * block->cell);
      object->header &= ~Object::kMarked;
    }
  }
  for (Large* large : large_) large->object()->header &= ~Object::kMarked;
  has_marks_ = false;
  return true;
}

// ---- Sweeping. It can be left after any block, and goes on there. Nothing is allocated and
// nothing is marked before it is done.

bool Heap::sweep() {
  if (!is_sweeping_) {
    is_sweeping_ = collects_next_ = true;
    swept_blocks_ = swept_large_ = 0;
    live_ = 0;
    std::fill(std::begin(free_), std::end(free_), nullptr);
  }
  if (!sweep_blocks() || !sweep_large()) return false;
  is_sweeping_ = has_marks_ = false;
  collects_next_ = stress_;
  allocated_before_ += allocated_since_collection();
  // As much again may be allocated as was looked through, so that collecting costs a constant
  // share. Blocks are passed over several times as fast as marked objects.
  grant_ = std::max(kSmallestGrant, live_ + root_bytes_ + used_ / 8);
  until_collection_ = static_cast<std::int64_t>(grant_);
  ++collections_;
  return true;
}

bool Heap::sweep_blocks() {
  std::size_t kept = swept_blocks_;
  std::size_t next = kept;
  bool done = true;
  while (next < blocks_.size() && (done = !interrupted())) {
    Block* const block = blocks_[next++];
    if (sweep_block(*block)) {
      blocks_[kept++] = block;
      continue;
    }
    block_addresses_.erase(reinterpret_cast<std::uintptr_t>(block));
    used_ -= kBlockBytes;
    std::free(block);
  }
  blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(kept),
                blocks_.begin() + static_cast<std::ptrdiff_t>(next));
  swept_blocks_ = kept;
  return done;
}

bool Heap::sweep_large() {
  std::size_t kept = swept_large_;
  std::size_t next = kept;
  bool done = true;
  while (next < large_.size() && (done = !interrupted())) {
    Large* const large = large_[next++];
    Object* const object = large->object();
    if ((object->header & Object::kMarked) != 0) {
      object->header &= ~Object::kMarked;
      live_ += large->bytes;
      large_[kept++] = large;
      continue;
    }
    large_addresses_.erase(reinterpret_cast<std::uintptr_t>(object));
    used_ -= large->bytes;
    std::free(large);
  }
  large_.erase(large_.begin() + static_cast<std::ptrdiff_t>(kept),
               large_.begin() + static_cast<std::ptrdiff_t>(next));
  swept_large_ = kept;
  return done;
}

/// Frees the cells that are not marked. False: none is left.
bool Heap::sweep_block(Block& block) {
  FreeCell*& list = free_[class_of_cell(block.cell)];
  FreeCell* free = list;
  std::uint32_t live = 0;
  for (std::uint32_t i = block.count; i-- > 0;) {
    auto* object = reinterpret_cast<Object*>(block.cells() + std::size_t{i} * block.cell);
    if ((object->header & Object::kMarked) != 0) {
      object->header &= ~Object::kMarked;
      ++live;
    } else {
      free = make_free(object, block.cell, free);
    }
  }
  if (live == 0) return false;
  list = free;
  live_ += std::uint64_t{live} * block.cell;
  return true;
}

/// Whether or not there is an interrupt: somebody other than the guest asks for something.
void Heap::finish_sweep() {
  must_finish_ = true;
  sweep();
  must_finish_ = false;
}

}  // namespace tinywasm::vm
