// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/seeded_programs.hpp"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "tools/fuzz/choices.hpp"
#include "tools/fuzz/program.hpp"
#include "tools/fuzz/program_check.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr std::size_t kMostChoices = 1600;

bool write_file(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (file.flush()) return true;
  fmt::print(stderr, "fuzz_replay: cannot write {}\n", path.string());
  return false;
}

void report(std::uint64_t seed, std::vector<std::byte> choices, Difference difference,
            const SeededPrograms& options) {
  fmt::print("program {}: {}\n", seed, difference.text);
  Program program = make_program(choices, options.portable);
  if (options.reduce) {
    choices = reduce(std::move(choices), options.portable, difference.way);
    program = make_program(choices, options.portable);
    const auto found = find_difference(program.module, program.is_portable, difference.way);
    if (found) fmt::print("  reduced: {}\n", found->text);
  }
  std::fflush(stdout);
  const std::string name = fmt::format("program-{}", seed);
  write_file(name, choices);
  write_file(name + ".wasm", program.module);
}

}  // namespace

std::uint64_t run_seeded_programs(
    const SeededPrograms& options,
    const std::function<void(const std::vector<std::byte>&)>& about_to_run) {
  std::uint64_t failures = 0;
  std::uint64_t all = 0xcbf2'9ce4'8422'2325;
  for (std::uint64_t i = 0; i < options.count; ++i) {
    const std::uint64_t seed = options.first + i;
    std::vector<std::byte> choices = bytes_of_seed(seed, kMostChoices);
    const Program program = make_program(choices, options.portable);
    if (!options.write.empty()) {
      const auto path = std::filesystem::path(options.write) / fmt::format("program-{}.wasm", seed);
      if (!write_file(path, program.module)) return failures + 1;
      continue;
    }
    about_to_run(choices);
    if (options.hashes) {
      const std::uint64_t digest = observe(program.module);
      all = (all ^ digest) * 0x100'0000'01b3;
      fmt::print("{} {:016x}\n", seed, digest);
      continue;
    }
    auto found = find_difference(program.module, program.is_portable,
                                 options.all_ways ? kAllWays : kSomeWays);
    if (!found) continue;
    ++failures;
    report(seed, std::move(choices), *std::move(found), options);
  }
  if (options.hashes) fmt::print("all {:016x}\n", all);
  return failures;
}

}  // namespace tinywasm::fuzz
