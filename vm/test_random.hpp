// SPDX-License-Identifier: Apache-2.0
// For tests: numbers that look random and are the same in every run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tinywasm {

/// xorshift64* (Vigna 2016).
class TestRandom {
 public:
  std::size_t below(std::size_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::size_t>((state_ * 0x2545'f491'4f6c'dd1du >> 33) % bound);
  }

 private:
  std::uint64_t state_ = 20'240'229;
};

}  // namespace tinywasm
