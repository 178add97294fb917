// SPDX-License-Identifier: Apache-2.0
// Programs (program.hpp) by their numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tinywasm::fuzz {

struct SeededPrograms {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  bool portable = false;  // only such that any engine can run
  bool all_ways = false;  // not only some that depend on the program
  bool hashes = false;    // print a digest of what each does, in one way of running
  bool reduce = false;    // make those that differ smaller before they are written
  std::string write;      // write them to this directory, and do not run them
};

/// Runs the programs in every way of running. Of each that is not the same in all it prints the
/// number and which ways differ, and writes it to program-NUMBER.wasm in the working directory and
/// the choices it is made of to program-NUMBER. `about_to_run` is told the choices of each.
/// Returns how many differ, or could not be written.
std::uint64_t run_seeded_programs(
    const SeededPrograms& options,
    const std::function<void(const std::vector<std::byte>&)>& about_to_run);

}  // namespace tinywasm::fuzz
