// SPDX-License-Identifier: Apache-2.0
#include "wasi/memory_contents.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace tinywasm {

bool MemoryContents::Chunk::reserve(std::size_t wanted) {
  if (wanted <= capacity) return true;
  // A quarter more than there was: who appends byte by byte does not copy all of it each time.
  constexpr std::size_t kStep = 16;
  const std::size_t size = std::min(
      kChunkBytes, (std::max(wanted, capacity + capacity / 4) + kStep - 1) / kStep * kStep);
  std::unique_ptr<std::byte[]> larger(new (std::nothrow) std::byte[size]);
  if (!larger) return false;
  if (capacity != 0) std::memcpy(larger.get(), bytes.get(), capacity);
  std::memset(larger.get() + capacity, 0, size - capacity);
  bytes = std::move(larger);
  capacity = size;
  return true;
}

template <class F>
bool MemoryContents::for_each_chunk(std::uint64_t offset, std::size_t length, F&& use) {
  for (std::size_t done = 0; done < length;) {
    const auto begin = static_cast<std::size_t>((offset + done) % kChunkBytes);
    const std::size_t piece = std::min(length - done, kChunkBytes - begin);
    if (!use((offset + done) / kChunkBytes, begin, done, piece)) return false;
    done += piece;
  }
  return true;
}

const MemoryContents::Chunk* MemoryContents::find(std::uint64_t number) const {
  if (number == 0) return &first_;
  if (!others_) return nullptr;
  const auto found = others_->find(number);
  return found == others_->end() ? nullptr : &found->second;
}

MemoryContents::Chunk* MemoryContents::make(std::uint64_t number) {
  if (number == 0) return &first_;
  try {
    if (!others_) others_ = std::make_unique<std::map<std::uint64_t, Chunk>>();
    return &(*others_)[number];
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

std::size_t MemoryContents::read(std::uint64_t offset, std::span<std::byte> to) const {
  if (offset >= size_) return 0;
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), size_ - offset));
  for_each_chunk(offset, length,
                 [&](std::uint64_t number, std::size_t begin, std::size_t at, std::size_t piece) {
                   const Chunk* const chunk = find(number);
                   const std::size_t there = chunk && chunk->capacity > begin
                                                 ? std::min(piece, chunk->capacity - begin)
                                                 : 0;
                   if (there != 0) std::memcpy(&to[at], chunk->bytes.get() + begin, there);
                   if (there != piece) std::memset(&to[at + there], 0, piece - there);
                   return true;
                 });
  return length;
}

bool MemoryContents::write(std::uint64_t offset, std::span<const std::byte> from) {
  const bool has_room =
      for_each_chunk(offset, from.size(),
                     [&](std::uint64_t number, std::size_t begin, std::size_t, std::size_t piece) {
                       Chunk* const chunk = make(number);
                       return chunk && chunk->reserve(begin + piece);
                     });
  if (!has_room) return false;
  for_each_chunk(offset, from.size(),
                 [&](std::uint64_t number, std::size_t begin, std::size_t at, std::size_t piece) {
                   std::memcpy(make(number)->bytes.get() + begin, &from[at], piece);
                   return true;
                 });
  size_ = std::max(size_, offset + from.size());
  return true;
}

void MemoryContents::resize(std::uint64_t size) {
  if (size < size_) {
    const std::uint64_t last = size / kChunkBytes;  // the first that keeps only a part
    if (others_) others_->erase(others_->lower_bound(last + 1), others_->end());
    const auto kept = static_cast<std::size_t>(size % kChunkBytes);
    Chunk* const chunk = find(last) ? make(last) : nullptr;
    if (chunk && kept == 0) {
      *chunk = {};
    } else if (chunk && chunk->capacity > kept) {
      std::memset(chunk->bytes.get() + kept, 0, chunk->capacity - kept);
    }
  }
  size_ = size;
}

}  // namespace tinywasm
