// SPDX-License-Identifier: Apache-2.0
// WasiConfig::max_output_bytes: what a guest may write, through all its descriptors together. What
// grows without being written counts as well: space allocated, holes, and names of new files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace tinywasm::wasi {

/// How much is left.
class OutputLimit {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
  /// What a file costs by being there, more or less: its inode and its entry in a directory.
  static constexpr std::uint64_t kNewFile = 256;
  /// Directories, and symbolic links with long targets, take a block.
  static constexpr std::uint64_t kNewBlock = 4096;

  explicit OutputLimit(std::uint64_t bytes) : left_(bytes) {}

  bool is_limited() const { return left_ != kUnlimited; }
  /// Takes as much of `bytes` as is left.
  std::uint64_t take(std::uint64_t bytes) {
    const std::uint64_t taken = is_limited() ? std::min(bytes, left_) : bytes;
    if (is_limited()) left_ -= taken;
    return taken;
  }
  void give_back(std::uint64_t bytes) {
    if (is_limited()) left_ += bytes;
  }

 private:
  std::uint64_t left_;
};

}  // namespace tinywasm::wasi
