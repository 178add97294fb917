// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tinywasm/wasi.hpp>

#include "wasi/errno.hpp"

namespace tinywasm::wasi {

/// xoshiro256**, by David Blackman and Sebastiano Vigna (https://prng.di.unimi.it/), with the state
/// that splitmix64 makes of a seed. Good numbers, but whoever sees some can work out the rest.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next();

 private:
  std::array<std::uint64_t, 4> state_;
};

/// Where a guest's random bytes come from.
class Random {
 public:
  explicit Random(WasiRandom config) : config_(std::move(config)), seeded_(config_.seed) {}
  Errno fill(std::span<std::byte> bytes);

 private:
  WasiRandom config_;
  SeededRandom seeded_;
};

}  // namespace tinywasm::wasi
