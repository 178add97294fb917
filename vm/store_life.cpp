// SPDX-License-Identifier: Apache-2.0
#include "vm/store_life.hpp"

#include <limits>
#include <mutex>

namespace tinywasm::vm {
namespace {

/// Places of Stores that are gone. As many are ever made as Stores live at once.
struct FreePlaces {
  std::mutex mutex;
  StoreLife* first = nullptr;  // guarded by the mutex
};

FreePlaces& free_places() {
  // Never destroyed: a Store of static duration may go after it.
  static FreePlaces& places = *new FreePlaces;
  return places;
}

StoreLife& take_place() {
  FreePlaces& places = free_places();
  const std::lock_guard lock(places.mutex);
  StoreLife* place = places.first;
  if (place == nullptr) return *new StoreLife;
  places.first = place->next;
  return *place;
}

}  // namespace

OwnedLife::OwnedLife(Store& store) {
  StoreLife& place = take_place();
  place.store = &store;
  id_ = StoreId(&place, place.number.load(std::memory_order_relaxed));
}

OwnedLife::~OwnedLife() {
  FreePlaces& places = free_places();
  const std::lock_guard lock(places.mutex);
  StoreLife& place = *id_.life();
  const std::uint32_t next = id_.number() + 1;
  place.number.store(next, std::memory_order_relaxed);
  // A number never comes again; the place of the last one stays unused.
  if (next == std::numeric_limits<std::uint32_t>::max()) return;
  place.next = places.first;
  places.first = &place;
}

}  // namespace tinywasm::vm
