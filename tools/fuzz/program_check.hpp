// SPDX-License-Identifier: Apache-2.0
// Runs programs (program.hpp) in every way of running; all must do the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

/// What of a program was not the same.
enum class Aspect : std::uint8_t { validity, calls, places, fuel, state };

struct Difference {
  Aspect aspect = Aspect::validity;
  std::size_t way = 0;  // the number of the one that is not like the first
  std::string text;     // which ways differ, and how
};

/// Which ways to try: all, or those that every program is run in and some that depend on the
/// program, or (beside the first) the one of this number.
inline constexpr std::size_t kAllWays = ~std::size_t{0};
inline constexpr std::size_t kSomeWays = kAllWays - 1;

std::optional<Difference> find_difference(const std::vector<std::byte>& module, bool is_portable,
                                          std::size_t ways);

/// A digest of what a program did, the same in every build of the library and on every host.
std::uint64_t observe(const std::vector<std::byte>& module);

/// Fewer bytes that still make a program with a difference in the same aspect, or one that ends the
/// process; of the ways only those of `way` are tried.
std::vector<std::byte> reduce(std::vector<std::byte> choices, bool portable, std::size_t way);

}  // namespace tinywasm::fuzz
