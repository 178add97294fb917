// SPDX-License-Identifier: Apache-2.0
#include "wasi/random.hpp"

#include <algorithm>
#include <bit>

#include "wasi/platform.hpp"
#include "wasi/types.hpp"

namespace tinywasm::wasi {

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {  // splitmix64: no seed leads to a state of zeros
    seed += 0x9e3779b97f4a7c15;
    word = seed;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    word ^= word >> 31;
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Errno Random::fill(std::span<std::byte> bytes) {
  switch (config_.kind) {
    case WasiRandom::Kind::host:
      return platform::random_bytes(bytes) ? Errno::success : last_errno();
    case WasiRandom::Kind::custom:
      config_.fill(bytes);
      return Errno::success;
    case WasiRandom::Kind::seeded:
      break;
  }
  while (!bytes.empty()) {
    std::byte word[sizeof(std::uint64_t)];
    put(word, seeded_.next());  // little-endian on every host
    const std::size_t length = std::min(bytes.size(), sizeof word);
    std::copy_n(word, length, bytes.begin());
    bytes = bytes.subspan(length);
  }
  return Errno::success;
}

}  // namespace tinywasm::wasi
