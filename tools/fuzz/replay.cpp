// SPDX-License-Identifier: Apache-2.0
// Runs a target on inputs and on damaged copies of them: what a build without libFuzzer can do, and
// does in the tests. Also writes the inputs to files, as a corpus for libFuzzer to begin with.
// run_programs has inputs by number, too (--seeds), and what modules cost can be printed
// (--highest).
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/fuzz/choices.hpp"
#include "tools/fuzz/cost.hpp"
#include "tools/fuzz/seeded_programs.hpp"
#include "tools/fuzz/seeds.hpp"
#include "tools/fuzz/targets.hpp"
#include "vm/test_random.hpp"

namespace {

constexpr std::size_t kMostRandom = 1000;  // bytes

using tinywasm::TestRandom;
using tinywasm::fuzz::for_each_seed;
using tinywasm::fuzz::Seed;
using tinywasm::fuzz::Target;

/// Bytes change, go, come twice or from elsewhere; the end goes.
Seed damage(Seed input, const Seed& other, TestRandom& random) {
  for (std::size_t changes = 1 + random.below(4); changes > 0 && !input.empty(); --changes) {
    const std::size_t at = random.below(input.size());
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t most = std::min<std::size_t>(input.size() - at, 16);
    const auto end = here + static_cast<std::ptrdiff_t>(1 + random.below(most));
    switch (random.below(7)) {
      case 0:
        *here = static_cast<std::byte>(random.below(256));
        break;
      case 1:
        input.erase(here, end);
        break;
      case 2: {
        const Seed piece(here, end);
        input.insert(here, piece.begin(), piece.end());
        break;
      }
      case 3:
        if (!other.empty()) {
          const std::size_t from = random.below(other.size());
          const std::size_t count = std::min<std::size_t>({most, other.size() - from});
          std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(from), count, here);
        }
        break;
      case 4:
        if (random.below(4) == 0) input.erase(here, input.end());
        break;
      default:
        *here ^= static_cast<std::byte>(1u << random.below(8));
    }
  }
  return input;
}

/// The input being run, for `keep_input`.
const Seed* current = nullptr;

/// On the way down: the input goes to a file in the working directory.
extern "C" void keep_input(int signal_number) {
  constexpr char kMessage[] = "fuzz_replay: the input is in fuzz-crash\n";
  const int file = ::open("fuzz-crash", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && ::write(file, current->data(), current->size()) >= 0) {
    (void)!::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void run(const Target& target, const Seed& input) {
  current = &input;
  target.run(input);
}

bool write_file(const std::string& directory, std::size_t number, const Seed& seed) {
  const auto path = std::filesystem::path(directory) / fmt::format("{:05}", number);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  return static_cast<bool>(file.flush());
}

/// How close each measure came to what is allowed, and the module that did.
bool report_highest(const std::string& directory) {
  for (std::size_t i = 0; i < tinywasm::fuzz::kMeasures; ++i) {
    const auto& highest = highest_cost(static_cast<tinywasm::fuzz::Measure>(i));
    fmt::print(
        "{:<24} {:6.1f} % of what is allowed, by {:7} bytes in {:05}; at most {:.1f} {} a "
        "byte ({} are stated)\n",
        highest.name, 100 * highest.share, highest.of.size(), i, highest.per_byte, highest.unit,
        highest.limit);
    if (!write_file(directory, i, highest.of)) return false;
  }
  return true;
}

/// The target, or null after a message.
const Target* find_target(const std::string& name) {
  for (const Target& target : tinywasm::fuzz::kTargets) {
    if (target.name == name) return &target;
  }
  std::string known;
  for (const Target& target : tinywasm::fuzz::kTargets) {
    known += fmt::format("\n  {:<10} {}", target.name, target.what);
  }
  fmt::print(stderr, "fuzz_replay: no target is called {}; there are{}\n", name, known);
  return nullptr;
}

void catch_signals() {
  for (const int signal_number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(signal_number, keep_input);
  }
}

int run_seeded(const tinywasm::fuzz::SeededPrograms& options) {
  catch_signals();
  const std::uint64_t failures =
      tinywasm::fuzz::run_seeded_programs(options, [](const Seed& choices) { current = &choices; });
  if (options.hashes) return 0;
  fmt::print("run_programs: {} programs, {} differ\n", options.count, failures);
  return failures == 0 ? 0 : 1;
}

/// Runs the inputs and their damaged copies, or writes the inputs to a directory.
int run_all(const Target& target, const std::vector<Seed>& seeds, unsigned damaged,
            const std::string& write) {
  catch_signals();
  TestRandom random;
  std::size_t runs = 0;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (!write.empty()) {
      if (write_file(write, i, seeds[i])) continue;
      fmt::print(stderr, "fuzz_replay: cannot write to {}\n", write);
      return 1;
    }
    run(target, seeds[i]);
    ++runs;
    for (unsigned k = 0; k < damaged; ++k, ++runs) {
      run(target, damage(seeds[i], seeds[random.below(seeds.size())], random));
    }
  }
  fmt::print("{}: {} inputs, {} runs\n", target.name, seeds.size(), runs);
  return seeds.empty() ? 1 : 0;
}

int replay(int argc, char** argv) {
  CLI::App app("Runs a fuzzing target on files");
  std::string name;
  std::string write;
  std::string highest;
  std::vector<std::string> paths;
  unsigned damaged = 0;
  unsigned random_inputs = 0;
  tinywasm::fuzz::SeededPrograms programs;
  app.add_option("target", name,
                 "read, validate, assemble, run_module, run_body, features, scripts, wasi_calls, "
                 "api_calls, run_programs, costs or bombs")
      ->required();
  app.add_option("paths", paths, "files and directories; scripts are cut into modules");
  app.add_option("--damage", damaged, "also run this many damaged copies of each input");
  app.add_option("--random", random_inputs, "also run this many inputs of random bytes");
  app.add_option("--write", write, "write the inputs to this directory instead of running them");
  app.add_option("--highest", highest,
                 "costs and bombs: print how close they came to what is allowed, and write the "
                 "modules that did to this directory");
  auto* seeds_option =
      app.add_option("--seeds", programs.count, "run_programs: this many programs by number");
  app.add_option("--first", programs.first, "the first of them (1)")->needs(seeds_option);
  app.add_flag("--portable", programs.portable, "only programs that other engines run alike")
      ->needs(seeds_option);
  app.add_flag("--all-ways", programs.all_ways, "try all ways of running on each")
      ->needs(seeds_option);
  app.add_flag("--hashes", programs.hashes, "print a digest of what each does, for other builds")
      ->needs(seeds_option);
  app.add_flag("--reduce", programs.reduce, "make programs that differ smaller")
      ->needs(seeds_option);
  CLI11_PARSE(app, argc, argv);
  const Target* target = find_target(name);
  if (target == nullptr) return 2;
  if (programs.count > 0) {
    programs.write = write;
    return run_seeded(programs);
  }
  std::vector<Seed> seeds;
  for (const std::string& path : paths) {
    if (!for_each_seed(path, target->form, [&](Seed seed) { seeds.push_back(std::move(seed)); })) {
      fmt::print(stderr, "fuzz_replay: cannot read {}\n", path);
      return 1;
    }
  }
  for (unsigned i = 1; i <= random_inputs; ++i) {
    seeds.push_back(tinywasm::fuzz::bytes_of_seed(i, kMostRandom));
  }
  const int status = run_all(*target, seeds, damaged, write);
  if (status == 0 && !highest.empty() && !report_highest(highest)) return 1;
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return replay(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz_replay: %s\n", error.what());
    return 1;
  }
}
