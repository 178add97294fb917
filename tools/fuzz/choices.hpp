// SPDX-License-Identifier: Apache-2.0
// Bytes as a series of choices: what a fuzzer changes, a reducer shortens and a seed stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

/// Where the bytes end, the first choice is taken each time: let it be the smallest.
class Choices {
 public:
  explicit Choices(Input bytes) : bytes_(bytes) {}

  /// A number below `bound`, which is at least 1.
  std::uint32_t below(std::uint32_t bound) {
    if (bound <= 1) return 0;
    std::uint32_t value = next();
    for (std::uint32_t range = 256; range < bound; range *= 256) value = value * 256 + next();
    return value % bound;
  }
  /// True for one choice in `bound`, the last.
  bool one_in(std::uint32_t bound) { return below(bound) == bound - 1; }
  bool is_over() const { return at_ == bytes_.size(); }

 private:
  std::uint32_t next() {
    return at_ < bytes_.size() ? static_cast<std::uint32_t>(bytes_[at_++]) : 0;
  }

  Input bytes_;
  std::size_t at_ = 0;
};

/// The bytes that a number stands for: the same for ever, and up to `most`.
inline std::vector<std::byte> bytes_of_seed(std::uint64_t seed, std::size_t most) {
  // splitmix64 (Steele, Lea and Flood 2014).
  const auto next = [&seed] {
    std::uint64_t value = seed += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
  };
  std::vector<std::byte> bytes(most / 8 + next() % (most - most / 8));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(next() >> 56);
  return bytes;
}

}  // namespace tinywasm::fuzz
