// SPDX-License-Identifier: Apache-2.0
// The options of `tinywasm run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <tinywasm/module.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/wasi.hpp>

#include "tools/listen.hpp"

namespace tinywasm::tools {

struct Preload {
  std::string name;
  std::string path;
};

struct RunOptions {
  std::string module;                  // a path, or "-"
  std::vector<std::string> arguments;  // the guest's, without argv[0]
  std::optional<std::string> argv0;    // otherwise the module's file name
  std::vector<WasiPreopen> preopens;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<ListenAddress> listeners;
  WasiClocks clocks;
  WasiRandom random;
  bool sorted_directories = false;
  std::optional<std::string> invoke;
  std::vector<Preload> preloads;
  std::optional<std::chrono::nanoseconds> timeout;
  std::uint32_t max_threads = 64;
  std::uint64_t max_files = 1024;
  std::optional<std::uint64_t> max_output;
  bool gc_stats = false;    // report what the collector did
  std::string count_words;  // the file to write, if any
  StoreConfig store;
  LoadOptions load;
};

/// The options, or the exit code of a command that is done: --help, --version, or wrong usage,
/// which was reported.
std::variant<RunOptions, int> parse_run_options(const std::vector<std::string>& arguments);

}  // namespace tinywasm::tools
