// SPDX-License-Identifier: Apache-2.0
#include "tools/wast.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "spec-tests/runner.hpp"
#include "tools/arguments.hpp"
#include "tools/command_line.hpp"
#include "tools/help.hpp"
#include "tools/input.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

constexpr const char kHelp[] =
    R"(tinywasm wast runs test scripts of the official WebAssembly test suite.

usage: tinywasm wast [OPTIONS] FILE|DIRECTORY...

A directory stands for all .wast files below it. Every failure is a line FILE:LINE: what was wrong.
Modules, assertions, actions outside of assertions, and registrations count as passed or failed.

  --summary             one line for each file and one for all; failures go to standard error
  --json                one line for each file: an object with file, modules, assertions, actions,
                        passed, failed and failures (each with line and message)
  --deterministic       the deterministic profile: computed NaNs are canonical
  --features LIST       what modules may use, such as wasm2,+gc (see tinywasm --help), in all scripts.
                        Otherwise a script's path tells what it is written against: below a
                        directory core all but custom-descriptors; directly in proposals/threads
                        wasm2,-reference-types,+threads; anywhere else all
  --max-memory SIZE     all linear memories of a script together, such as 64M (default 4G); those
                        of the module spectest take 128K of it
  --no-fuse             run every instruction on its own
  --dispatch tail|loop  the fast dispatcher or the portable one

Exit codes: 0 if nothing failed, 1 if something did, 2 for wrong usage.
)";

struct Options {
  std::vector<std::string> files;
  bool summary = false;
  bool json = false;
  StoreConfig store;
  std::optional<Features> features;  // otherwise those that a script is meant for
};

/// The scripts that `path` names: itself, or those below a directory, sorted.
std::vector<std::string> scripts_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> scripts;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".wast") scripts.push_back(entry->path().string());
  }
  std::sort(scripts.begin(), scripts.end());
  if (scripts.empty()) return {path};  // reading it tells what is wrong
  return scripts;
}

/// Whether the innermost directory of either name is `core`.
bool is_core(std::filesystem::path directory) {
  for (; directory.has_relative_path(); directory = directory.parent_path()) {
    if (directory.filename() == "core") return true;
    if (directory.filename() == "custom-descriptors") return false;
  }
  return false;
}

/// The features a script is meant for. The threads proposal is written against a version of the
/// language with one table and one memory, and says so in its tests: so the scripts below a
/// directory proposals/threads run with what it builds on. Those below a directory core are
/// written against one without custom descriptors, which take branches on casts that were invalid.
Features features_for(const std::string& path) {
  std::error_code error;
  const auto directory = std::filesystem::absolute(path, error).parent_path();
  if (is_core(directory)) {
    Features features;
    features.set(FeatureId::custom_descriptors, false);
    return features;
  }
  const bool is_threads =
      directory.filename() == "threads" && directory.parent_path().filename() == "proposals";
  if (!is_threads) return {};
  const auto features = Features::parse("wasm2,-reference-types,+threads");
  return features ? *features : Features();
}

spec::ScriptReport run_file(const std::string& path, const Options& options) {
  const auto source = read_input(path);
  if (source) {
    return spec::run_script(as_text(*source), options.store,
                            options.features.value_or(features_for(path)));
  }
  spec::ScriptReport report;
  report.failed = 1;
  report.failures.push_back({0, source.error().message});
  return report;
}

std::string counts_of(const spec::ScriptReport& report) {
  return fmt::format("{} modules, {} assertions, {} actions, {} passed, {} failed", report.modules,
                     report.assertions, report.actions, report.passed, report.failed);
}

std::string failures_of(const std::string& path, const spec::ScriptReport& report) {
  std::string text;
  for (const spec::Failure& failure : report.failures) {
    text += fmt::format("{}:{}: {}\n", printable(path), failure.line, failure.message);
  }
  return text;
}

std::string json_of(const std::string& path, const spec::ScriptReport& report) {
  nlohmann::ordered_json object;
  object["file"] = path;
  object["modules"] = report.modules;
  object["assertions"] = report.assertions;
  object["actions"] = report.actions;
  object["passed"] = report.passed;
  object["failed"] = report.failed;
  object["failures"] = nlohmann::ordered_json::array();
  for (const spec::Failure& failure : report.failures) {
    object["failures"].push_back({{"line", failure.line}, {"message", failure.message}});
  }
  using Json = nlohmann::ordered_json;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// Adds `report` to the sums of `total`.
void add(spec::ScriptReport& total, const spec::ScriptReport& report) {
  total.modules += report.modules;
  total.assertions += report.assertions;
  total.actions += report.actions;
  total.passed += report.passed;
  total.failed += report.failed;
}

int run_all(const Options& options) {
  spec::ScriptReport total;
  std::size_t files = 0;
  bool printed = true;
  for (const std::string& argument : options.files) {
    for (const std::string& path : scripts_of(argument)) {
      const spec::ScriptReport report = run_file(path, options);
      add(total, report);
      ++files;
      if (options.json) {
        printed &= print(json_of(path, report));
      } else if (options.summary) {
        print_error(failures_of(path, report));
        printed &= print(fmt::format("{}: {}\n", printable(path), counts_of(report)));
      } else {
        printed &= print(failures_of(path, report));
      }
    }
  }
  if (!options.json) {
    printed &= print(fmt::format("total: {} files, {}\n", files, counts_of(total)));
  }
  return printed && total.failed == 0 ? kExitSuccess : kExitFailure;
}

}  // namespace

int wast(const std::vector<std::string>& arguments) {
  CommandLine app;
  Options options;
  bool no_fuse = false;
  bool help = false;
  std::optional<std::string> dispatch;
  std::optional<std::string> feature_list;
  std::optional<std::string> max_memory;
  app.add_flag("--summary", options.summary);
  app.add_flag("--json", options.json);
  app.add_flag("--deterministic", options.store.deterministic);
  app.add_flag("--no-fuse", no_fuse);
  app.add_option("--dispatch", dispatch);
  app.add_option("--features", feature_list);
  app.add_option("--max-memory", max_memory);
  app.add_flag("-h,--help", help);
  std::string problem = app.parse(arguments, CommandLine::Order::mixed, options.files);
  if (problem.empty() && help) return print(kHelp) ? kExitSuccess : kExitFailure;
  if (problem.empty() && options.files.empty()) problem = "no script is given";
  if (options.summary && options.json) problem = "--summary or --json, not both";
  if (dispatch && dispatch != "loop" && dispatch != "tail") problem = "--dispatch: tail or loop";
  if (max_memory) {
    const auto size = parse_size(*max_memory);
    if (!size) problem = fmt::format("--max-memory: \"{}\" is not understood", *max_memory);
    options.store.max_memory_bytes = size.value_or(0);
  }
  if (feature_list) {
    if (const auto features = parse_features(*feature_list)) {
      options.features = *features;
    } else {
      problem = "--features: " + features.error().message;
    }
  }
  if (!problem.empty()) {
    report(fmt::format("wast: {} (see tinywasm wast --help)", problem));
    return kExitUsage;
  }
  options.store.fuse = !no_fuse;
  options.store.portable_loop = dispatch == "loop";
  return run_all(options);
}

}  // namespace tinywasm::tools
