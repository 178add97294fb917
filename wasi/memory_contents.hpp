// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace tinywasm {

/// The bytes of a file in memory. They take about as much memory as there are of them, and what was
/// never written takes none: a file of many GiB is made, and cut, at once.
class MemoryContents {
 public:
  std::uint64_t size() const { return size_; }
  /// How many bytes there were at `offset`, at most as many as `to` has room for.
  std::size_t read(std::uint64_t offset, std::span<std::byte> to) const;
  /// Makes it longer when necessary. False: the host has no memory left, and nothing has changed.
  bool write(std::uint64_t offset, std::span<const std::byte> from);
  void resize(std::uint64_t size);

 private:
  static constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

  /// The first bytes of a chunk; those that follow are zeros, and so is what lies beyond size_.
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;

    bool reserve(std::size_t wanted);
  };
  /// Calls `use(chunk number, offset in the chunk, range of [0, length))` for all chunks.
  template <class F>
  static bool for_each_chunk(std::uint64_t offset, std::size_t length, F&& use);
  const Chunk* find(std::uint64_t number) const;
  /// Null: the host has no memory left.
  Chunk* make(std::uint64_t number);

  std::uint64_t size_ = 0;
  Chunk first_;                                             // most files have no other
  std::unique_ptr<std::map<std::uint64_t, Chunk>> others_;  // those that were written to
};

}  // namespace tinywasm
