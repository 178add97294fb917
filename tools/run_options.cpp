// SPDX-License-Identifier: Apache-2.0
#include "tools/run_options.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include <tinywasm/version.hpp>

#include "tools/arguments.hpp"
#include "tools/command_line.hpp"
#include "tools/help.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

/// As given: an empty value is one, too.
struct RawOptions {
  std::vector<std::string> dirs;
  std::vector<std::string> memory_dirs;
  std::vector<std::string> env;
  std::vector<std::string> listeners;
  std::optional<std::string> clock;
  std::optional<std::string> random_seed;
  bool sorted_dirs = false;
  bool inherit_env = false;
  std::optional<std::string> argv0;
  std::optional<std::string> invoke;
  std::vector<std::string> preloads;
  std::optional<std::string> fuel;
  std::optional<std::string> timeout;
  std::optional<std::string> max_memory;
  std::optional<std::string> max_code;
  std::optional<std::string> max_stack;
  std::optional<std::string> max_gc;
  std::optional<std::string> max_threads;
  std::optional<std::string> max_files;
  std::optional<std::string> max_output;
  bool deterministic = false;
  bool gc_stats = false;
  bool no_fuse = false;
  std::optional<std::string> dispatch;
  std::optional<std::string> count_words;
  std::optional<std::string> features;
  bool help = false;
  bool version = false;
};

void declare(CommandLine& app, RawOptions& raw) {
  app.add_list("--dir", raw.dirs);
  app.add_list("--tmpfs", raw.memory_dirs);
  app.add_list("--env", raw.env);
  app.add_list("--preload", raw.preloads);
  app.add_list("--tcplisten", raw.listeners);
  app.add_option("--clock", raw.clock);
  app.add_option("--random-seed", raw.random_seed);
  app.add_flag("--sorted-dirs", raw.sorted_dirs);
  app.add_flag("--inherit-env", raw.inherit_env);
  app.add_option("--argv0", raw.argv0);
  app.add_option("--invoke", raw.invoke);
  app.add_option("--fuel", raw.fuel);
  app.add_option("--timeout", raw.timeout);
  app.add_option("--max-memory", raw.max_memory);
  app.add_option("--max-code", raw.max_code);
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
  /// Sets `target` to what `parse` makes of an option, if that is given.
  template <class Parse, class Target>
  void set(const char* option, const std::optional<std::string>& text, Parse parse,
           Target& target) {
    if (text) target = require(parse(*text), option, *text);
  }
  void fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

void convert_limits(const RawOptions& raw, RunOptions& options, Checker& checker) {
  checker.set("--fuel", raw.fuel, parse_size, options.store.fuel);
  checker.set("--timeout", raw.timeout, parse_duration, options.timeout);
  checker.set("--max-memory", raw.max_memory, parse_size, options.store.max_memory_bytes);
  checker.set("--max-code", raw.max_code, parse_size, options.load.max_code_bytes);
  checker.set("--max-stack", raw.max_stack, parse_size, options.store.max_stack_bytes);
  checker.set("--max-gc", raw.max_gc, parse_size, options.store.max_gc_bytes);
  std::uint64_t max_threads = options.max_threads;
  checker.set("--max-threads", raw.max_threads, parse_size, max_threads);
  options.max_threads = static_cast<std::uint32_t>(std::min<std::uint64_t>(max_threads, 10'000));
  checker.set("--max-files", raw.max_files, parse_size, options.max_files);
  checker.set("--max-output", raw.max_output, parse_size, options.max_output);
}

void convert_interpreter(const RawOptions& raw, RunOptions& options, Checker& checker) {
  options.store.deterministic = raw.deterministic;
  options.store.fuse = !raw.no_fuse;
  options.store.portable_loop = raw.dispatch == "loop";
  options.store.count_words = raw.count_words.has_value();
  options.gc_stats = raw.gc_stats;
  if (raw.count_words) {
    options.count_words = *raw.count_words;
    if (options.count_words.empty()) checker.fail("--count-words: no file is named");
  }
  if (raw.dispatch && raw.dispatch != "loop" && raw.dispatch != "tail") {
    checker.fail("--dispatch: tail or loop");
  }
}

void convert_environment(const RawOptions& raw, RunOptions& options, Checker& checker) {
  if (raw.inherit_env) {
    for (char** entry = environ; *entry; ++entry) {
      // What has no name or no value is no variable, though the system passes it on.
      const std::string_view text = *entry;
      const std::size_t equals = text.find('=');
      if (equals == 0 || equals == std::string_view::npos) continue;
      options.env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
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
  checker.set("--clock", raw.clock, parse_clocks, options.clocks);
  if (raw.random_seed) {
    options.random = WasiRandom::seeded(
        checker.require(parse_number(*raw.random_seed), "--random-seed", *raw.random_seed));
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
    if (equals == std::string::npos || equals + 1 == text.size()) {
      checker.fail(fmt::format("--preload: \"{}\" is not NAME=PATH", text));
      break;
    }
    options.preloads.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  options.invoke = raw.invoke;
  options.argv0 = raw.argv0;
  if (raw.features) {
    if (const auto features = parse_features(*raw.features)) {
      options.load.features = *features;
    } else {
      checker.fail("--features: " + features.error().message);
    }
  }
  convert_environment(raw, options, checker);
  convert_limits(raw, options, checker);
  convert_interpreter(raw, options, checker);
  convert_determinism(raw, options, checker);
}

/// The options at the front of `arguments`, the others in `rest`; false once it has reported what
/// is wrong.
bool parse_options(const std::vector<std::string>& arguments, RawOptions& raw,
                   std::vector<std::string>& rest) {
  CommandLine app;
  declare(app, raw);
  const std::string problem = app.parse(arguments, CommandLine::Order::options_first, rest);
  if (!problem.empty()) report(problem + " (see tinywasm --help)");
  return problem.empty();
}

}  // namespace

std::variant<RunOptions, int> parse_run_options(const std::vector<std::string>& arguments) {
  RawOptions raw;
  std::vector<std::string> rest;
  if (!parse_options(arguments, raw, rest)) return kExitUsage;
  if (raw.help) return print_help();
  if (raw.version) {
    const bool done = print(fmt::format("tinywasm {}\n", version()));
    return done ? kExitSuccess : kExitFailure;
  }

  RunOptions options;
  Checker checker;
  convert(raw, options, checker);
  if (!rest.empty() && rest.front() == "--") rest.erase(rest.begin());
  if (rest.empty()) checker.fail("no module is given (see tinywasm --help)");
  if (!checker.message().empty()) {
    report(checker.message());
    return kExitUsage;
  }
  options.module = rest.front();
  options.arguments.assign(rest.begin() + 1, rest.end());
  return options;
}

}  // namespace tinywasm::tools
