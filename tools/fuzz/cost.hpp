// SPDX-License-Identifier: Apache-2.0
// What a module costs: bytes that are allocated at once, processor time, printed text; each of them
// beside what a module of its size may cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

/// What is measured, of which each is measured on a Module of its own.
enum class Measure : std::uint8_t {
  load_memory,
  load_time,
  print_memory,
  print_time,
  print_size,
  list_memory,
  list_time,
  assemble_memory,
  assemble_time,
  translate_memory,
  translate_time,
  run_memory,
  run_time,
};
inline constexpr std::size_t kMeasures = 13;

/// Ends the process (see `require`) when loading, printing, listing, translating or running a
/// module takes more than it may. One that is not valid is loaded only. False: it is not valid.
bool check_costs(Input module);
/// The same of making a module of a text, which must be a valid module. Gives the module.
std::vector<std::byte> check_assembly(std::string_view text);

/// The most that a measure came to in this process, by byte, among inputs that are large enough for
/// that to mean something.
struct Highest {
  std::string_view name;
  std::string_view unit;  // of the value
  double limit = 0;       // of the value by byte, as stated: a time may be longer
  double per_byte = 0;
  double share = 0;           // of what was allowed, the highest one
  std::vector<std::byte> of;  // the input with the highest share
};
const Highest& highest_cost(Measure measure);

}  // namespace tinywasm::fuzz
