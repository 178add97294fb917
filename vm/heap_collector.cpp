// SPDX-License-Identifier: Apache-2.0
// Collection: marking from the roots, sweeping.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "vm/heap.hpp"

namespace tinywasm::vm {
namespace {

Slot slot_at(const Object& object, std::size_t offset) {
  Slot slot;
  std::memcpy(&slot, reinterpret_cast<const std::byte*>(&object) + offset, sizeof slot);
  return slot;
}

}  // namespace

void Heap::begin_collection(const Slot* stack_end) {
  collection_began_ = std::chrono::steady_clock::now();
  allocated_before_ += allocated_since_collection();
  mark_roots(stack_end);
  mark_reachable();
}

void Heap::end_collection() {
  mark_reachable();
  sweep();
  // As much again may be allocated as is alive, so that collecting costs a constant share.
  grant_ = std::max(kSmallestGrant, live_);
  until_collection_ = static_cast<std::int64_t>(grant_);
  ++collections_;
  const std::chrono::nanoseconds pause = std::chrono::steady_clock::now() - collection_began_;
  paused_ += pause;
  longest_pause_ = std::max(longest_pause_, pause);
}

void Heap::collect(const Slot* stack_end) {
  begin_collection(stack_end);
  end_collection();
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
    pending_.push_back(object);
  } catch (const std::bad_alloc&) {
    is_incomplete_ = true;
  }
}

void Heap::mark_reachable() {
  drain();
  while (is_incomplete_) mark_contents_again();
}

void Heap::drain() {
  while (!pending_.empty()) {
    Object* object = pending_.back();
    pending_.pop_back();
    mark_contents(*object);
  }
}

void Heap::mark_contents(const Object& object) {
  const ObjectKind kind = object.kind();
  if (kind == ObjectKind::host || kind == ObjectKind::boxed_i31) return;
  const ObjectType& type = *types_[object.type()];
  if (kind == ObjectKind::array) {
    if (type.element_roots == FieldRoots::none) return;
    for (std::uint64_t i = 0; i < object.length; ++i) {
      mark_slot(slot_at(object, kObjectHeader + i * sizeof(Slot)), type.element_roots);
    }
    return;
  }
  for (const std::uint32_t offset : type.references) mark_reference(slot_at(object, offset));
  for (const std::uint32_t offset : type.loose_references) {
    mark_conservatively(slot_at(object, offset));
  }
}

/// There was no memory to remember everything that was marked: looks through all that is.
void Heap::mark_contents_again() {
  is_incomplete_ = false;
  for (Block* block : blocks_) {
    for (std::uint32_t i = 0; i < block->count; ++i) {
      const auto* object =
          reinterpret_cast<const Object*>(block->cells() + std::size_t{i} * block->cell);
      if ((object->header & Object::kMarked) == 0) continue;
      mark_contents(*object);
      drain();
    }
  }
  for (Large* large : large_) {
    if ((large->object()->header & Object::kMarked) == 0) continue;
    mark_contents(*large->object());
    drain();
  }
}

// ---- Sweeping

void Heap::sweep() {
  live_ = 0;
  std::fill(std::begin(free_), std::end(free_), nullptr);
  std::erase_if(blocks_, [this](Block* block) {
    if (sweep_block(*block)) return false;
    block_addresses_.erase(reinterpret_cast<std::uintptr_t>(block));
    used_ -= kBlockBytes;
    std::free(block);
    return true;
  });
  std::erase_if(large_, [this](Large* large) {
    Object* object = large->object();
    if ((object->header & Object::kMarked) != 0) {
      object->header &= ~Object::kMarked;
      live_ += large->bytes;
      return false;
    }
    large_addresses_.erase(reinterpret_cast<std::uintptr_t>(object));
    used_ -= large->bytes;
    std::free(large);
    return true;
  });
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

}  // namespace tinywasm::vm
