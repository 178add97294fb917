// SPDX-License-Identifier: Apache-2.0
#include "vm/dispatch.hpp"

#include <bit>

namespace tinywasm::vm {
namespace {

std::uint64_t hash(const Key& key) {
  return (key.low ^ (key.high * 0x9E3779B97F4A7C15)) * 0xD6E8FEB86659FD93;
}

}  // namespace

Dispatcher::Dispatcher(std::span<const std::span<const Shape>> families, const Handlers& handlers)
    : Handlers(handlers) {
  std::size_t count = 0;
  for (const auto& family : families) count += family.size();
  table_.assign(std::bit_ceil(2 * count), nullptr);
  mask_ = table_.size() - 1;
  for (const auto& family : families) {
    for (const Shape& shape : family) {
      const std::uint64_t h = hash(shape.key);
      there_[h >> 55] |= std::uint64_t{1} << (h >> 49 & 63);
      std::size_t at = h >> 32 & mask_;
      while (table_[at] != nullptr) at = (at + 1) & mask_;
      table_[at] = &shape;
    }
  }
}

std::vector<const Shape*> Dispatcher::shapes() const {
  std::vector<const Shape*> shapes = table_;
  std::erase(shapes, nullptr);
  return shapes;
}

const Shape* Dispatcher::find(const Key& key) const {
  const std::uint64_t h = hash(key);
  if ((there_[h >> 55] >> (h >> 49 & 63) & 1) == 0) return nullptr;
  for (std::size_t at = h >> 32 & mask_; table_[at] != nullptr; at = (at + 1) & mask_) {
    if (table_[at]->key == key) return table_[at];
  }
  return nullptr;
}

#if !TINYWASM_HAS_TAIL_DISPATCH
const Dispatcher& tail_dispatcher() { return loop_dispatcher(); }
#endif

}  // namespace tinywasm::vm
