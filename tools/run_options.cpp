// SPDX-License-Identifier: Apache-2.0
#include "tools/run_options.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <tinywasm/version.hpp>

#include "tools/arguments.hpp"
#include "tools/help.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

struct RawOptions {
  std::vector<std::string> dirs;
  std::vector<std::string> memory_dirs;
  std::vector<std::string> env;
  std::vector<std::string> listeners;
  std::string clock;
  std::string random_seed;
  bool sorted_dirs = false;
  bool inherit_env = false;
  std::string argv0;
  std::string invoke;
  std::vector<std::string> preloads;
  std::string fuel;
  std::string timeout;
  std::string max_memory;
  std::string max_stack;
  std::string max_gc;
  std::string max_threads;
  std::string max_files;
  std::string max_output;
  bool deterministic = false;
  bool gc_stats = false;
  bool no_fuse = false;
  std::string dispatch;
  std::string count_words;
  std::string features;
  bool help = false;
  bool version = false;
};

void declare(CLI::App& app, RawOptions& raw) {
  app.set_help_flag();
  app.prefix_command();  // the first argument that is no option ends the options
  const auto list = [&app](const char* name, std::vector<std::string>& values) {
    app.add_option(name, values)->allow_extra_args(false);  // one value each time
  };
  list("--dir", raw.dirs);
  list("--tmpfs", raw.memory_dirs);
  list("--env", raw.env);
  list("--preload", raw.preloads);
  list("--tcplisten", raw.listeners);
  app.add_option("--clock", raw.clock);
  app.add_option("--random-seed", raw.random_seed);
  app.add_flag("--sorted-dirs", raw.sorted_dirs);
  app.add_flag("--inherit-env", raw.inherit_env);
  app.add_option("--argv0", raw.argv0);
  app.add_option("--invoke", raw.invoke);
  app.add_option("--fuel", raw.fuel);
  app.add_option("--timeout", raw.timeout);
  app.add_option("--max-memory", raw.max_memory);
  app.add_option("--max-stack", raw.max_stack);
  app.add_option("--max-gc", raw.max_gc);
  app.add_option("--max-threads", raw.max_threads);
  app.add_option("--max-files", raw.max_files);
  app.add_option("--max-output", raw.max_output);
  app.add_flag("--deterministic", raw.deterministic);
  app.add_flag("--gc-stats", raw.gc_stats);
  app.add_flag("--no-fuse", raw.no_fuse);
  app.add_option("--dispatch", raw.dispatch);
  app.add_option("--count-words", raw.count_words);
  app.add_option("--features", raw.features);
  app.add_flag("-h,--help", raw.help);
  app.add_flag("--version", raw.version);
}

/// Collects the first thing that is wrong.
class Checker {
 public:
  template <class T>
  T require(std::optional<T> value, const char* option, const std::string& text) {
    if (value) return *std::move(value);
    fail(fmt::format("{}: \"{}\" is not understood (see tinywasm --help)", option, text));
    return T();
  }
  void fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

void convert_limits(const RawOptions& raw, RunOptions& options, Checker& checker) {
  if (!raw.fuel.empty()) {
    options.store.fuel = checker.require(parse_size(raw.fuel), "--fuel", raw.fuel);
  }
  if (!raw.timeout.empty()) {
    options.timeout = checker.require(parse_duration(raw.timeout), "--timeout", raw.timeout);
  }
  if (!raw.max_memory.empty()) {
    options.store.max_memory_bytes =
        checker.require(parse_size(raw.max_memory), "--max-memory", raw.max_memory);
  }
  if (!raw.max_stack.empty()) {
    options.store.max_stack_bytes =
        checker.require(parse_size(raw.max_stack), "--max-stack", raw.max_stack);
  }
  if (!raw.max_gc.empty()) {
    options.store.max_gc_bytes = checker.require(parse_size(raw.max_gc), "--max-gc", raw.max_gc);
  }
  if (!raw.max_threads.empty()) {
    const std::uint64_t most =
        checker.require(parse_size(raw.max_threads), "--max-threads", raw.max_threads);
    options.max_threads = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, 10'000));
  }
  if (!raw.max_files.empty()) {
    options.max_files = checker.require(parse_size(raw.max_files), "--max-files", raw.max_files);
  }
  if (!raw.max_output.empty()) {
    options.max_output =
        checker.require(parse_size(raw.max_output), "--max-output", raw.max_output);
  }
  options.store.deterministic = raw.deterministic;
  options.store.fuse = !raw.no_fuse;
  options.store.portable_loop = raw.dispatch == "loop";
  options.store.count_words = !raw.count_words.empty();
  options.count_words = raw.count_words;
  if (!raw.dispatch.empty() && raw.dispatch != "loop" && raw.dispatch != "tail") {
    checker.fail("--dispatch: tail or loop");
  }
}

void convert_environment(const RawOptions& raw, RunOptions& options, Checker& checker) {
  if (raw.inherit_env) {
    for (char** entry = environ; *entry; ++entry) {
      if (auto variable = parse_variable(*entry)) options.env.push_back(*std::move(variable));
    }
  }
  for (const std::string& text : raw.env) {
    if (text.empty() || text.starts_with('=')) checker.fail("--env: a variable without a name");
    auto variable = parse_variable(text);
    if (!variable) continue;  // not set here, so not set there
    std::erase_if(options.env, [&](const auto& other) { return other.first == variable->first; });
    options.env.push_back(*std::move(variable));
  }
}

/// What makes one run like another.
void convert_determinism(const RawOptions& raw, RunOptions& options, Checker& checker) {
  if (!raw.clock.empty()) {
    options.clocks = checker.require(parse_clocks(raw.clock), "--clock", raw.clock);
  }
  if (!raw.random_seed.empty()) {
    options.random = WasiRandom::seeded(
        checker.require(parse_number(raw.random_seed), "--random-seed", raw.random_seed));
  }
  options.sorted_directories = raw.sorted_dirs;
  for (const std::string& text : raw.memory_dirs) {
    options.preopens.push_back(
        checker.require(parse_memory_directory(text, options.clocks), "--tmpfs", text));
  }
}

void convert(const RawOptions& raw, RunOptions& options, Checker& checker) {
  for (const std::string& text : raw.dirs) {
    options.preopens.push_back(checker.require(parse_directory(text), "--dir", text));
  }
  for (const std::string& text : raw.listeners) {
    options.listeners.push_back(checker.require(parse_listen_address(text), "--tcplisten", text));
  }
  for (const std::string& text : raw.preloads) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      checker.fail(fmt::format("--preload: \"{}\" is not NAME=PATH", text));
      break;
    }
    options.preloads.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (!raw.invoke.empty()) options.invoke = raw.invoke;
  options.argv0 = raw.argv0;
  options.gc_stats = raw.gc_stats;
  if (const auto features = Features::parse(raw.features)) {
    options.features = *features;
  } else {
    checker.fail("--features: " + features.error().message);
  }
  convert_environment(raw, options, checker);
  convert_limits(raw, options, checker);
  convert_determinism(raw, options, checker);
}

/// Takes the options off the front of `arguments`; false once it has reported what is wrong.
bool parse_options(std::vector<std::string>& arguments, RawOptions& raw) {
  CLI::App app;
  declare(app, raw);
  try {
    // CLI11 takes arguments in reverse order.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    report(error.what());
    return false;
  }
  arguments = app.remaining();
  return true;
}

}  // namespace

std::variant<RunOptions, int> parse_run_options(const std::vector<std::string>& arguments) {
  RawOptions raw;
  std::vector<std::string> rest = arguments;
  // Options stand first or not at all, and declaring them takes as long as loading a small module.
  const bool has_options = !rest.empty() && rest.front().starts_with('-');
  if (has_options && !parse_options(rest, raw)) return kExitUsage;
  if (raw.help) return print_help();
  if (raw.version) {
    const bool done = print(fmt::format("tinywasm {}\n", version()));
    return done ? kExitSuccess : kExitFailure;
  }

  RunOptions options;
  Checker checker;
  convert(raw, options, checker);
  const bool literal = !rest.empty() && rest.front() == "--";
  if (literal) rest.erase(rest.begin());
  if (rest.empty()) {
    checker.fail("no module is given (see tinywasm --help)");
  } else if (!literal && rest.front().size() > 1 && rest.front().starts_with('-')) {
    checker.fail(fmt::format("unknown option {} (see tinywasm --help)", rest.front()));
  }
  if (!checker.message().empty()) {
    report(checker.message());
    return kExitUsage;
  }
  options.module = rest.front();
  options.arguments.assign(rest.begin() + 1, rest.end());
  return options;
}

}  // namespace tinywasm::tools
