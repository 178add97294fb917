// SPDX-License-Identifier: Apache-2.0
#include "vm/atomics.hpp"

#include "vm/fuel.hpp"
#include "vm/memory.hpp"
#include "vm/shared_memory.hpp"

namespace tinywasm::vm {
namespace {

/// What it takes to go to sleep and to be woken.
constexpr std::uint64_t kFuelOfWait = 100;

/// Where an access of `bytes` goes, its memory's size up to date.
struct Place {
  Memory* memory = nullptr;
  std::uint64_t address = 0;
  Trap trap = Trap::none;
};

Place place_of(const Context& context, const AtomicWord& word, const Slot* fp, unsigned bytes) {
  Place place;
  place.memory = context.instance->memories[word.memory];
  place.address = fp[word.operand[0]] + word.offset;
  refresh(*place.memory);
  if (place.address % bytes != 0) {
    place.trap = Trap::unaligned_atomic;
  } else if (place.address < word.offset || !in_bounds(place.address, bytes, place.memory->size)) {
    place.trap = Trap::memory_bounds;
  }
  return place;
}

Trap memory_wait(Context& context, const AtomicWord& word, Slot* fp, unsigned bytes) {
  const Place place = place_of(context, word, fp, bytes);
  if (place.trap != Trap::none) return place.trap;
  if (place.memory->shared == nullptr) return Trap::expected_shared_memory;
  if (const Trap trap = charge(context, kFuelOfWait); trap != Trap::none) return trap;
  const auto waited =
      place.memory->shared->wait(place.address, bytes, fp[word.operand[1]],
                                 static_cast<std::int64_t>(fp[word.operand[2]]), context.interrupt);
  if (waited == SharedBytes::Waited::interrupted) return Trap::interrupted;
  fp[word.result] = static_cast<Slot>(waited);
  return Trap::none;
}

}  // namespace

Trap memory_notify(Context& context, const AtomicWord& word, Slot* fp) {
  const Place place = place_of(context, word, fp, 4);
  if (place.trap != Trap::none) return place.trap;
  // Nobody can wait on an unshared memory.
  fp[word.result] = place.memory->shared == nullptr
                        ? 0
                        : place.memory->shared->notify(
                              place.address, static_cast<std::uint32_t>(fp[word.operand[1]]));
  return Trap::none;
}

Trap memory_wait32(Context& context, const AtomicWord& word, Slot* fp) {
  return memory_wait(context, word, fp, 4);
}
Trap memory_wait64(Context& context, const AtomicWord& word, Slot* fp) {
  return memory_wait(context, word, fp, 8);
}

}  // namespace tinywasm::vm
