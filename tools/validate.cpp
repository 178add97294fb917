// SPDX-License-Identifier: Apache-2.0
// `tinywasm validate`: decodes and checks modules without running them.
#include "tools/validate.hpp"

#include <optional>

#include "tools/arguments.hpp"
#include "tools/command_line.hpp"
#include "tools/help.hpp"
#include "tools/input.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {

int validate(const std::vector<std::string>& arguments) {
  CommandLine app;
  bool help = false;
  std::optional<std::string> feature_list;
  std::vector<std::string> paths;
  app.add_flag("-h,--help", help);
  app.add_option("--features", feature_list);
  std::string problem = app.parse(arguments, CommandLine::Order::mixed, paths);
  if (problem.empty() && help) return print_help();
  Features features;
  if (problem.empty() && feature_list) {
    if (const auto parsed = parse_features(*feature_list)) {
      features = *parsed;
    } else {
      problem = "--features: " + parsed.error().message;
    }
  }
  if (problem.empty() && paths.empty()) problem = "no module is given";
  if (!problem.empty()) {
    report("validate: " + problem + " (see tinywasm --help)");
    return kExitUsage;
  }
  int exit_code = kExitSuccess;
  for (const std::string& path : paths) {
    if (!load(path, {.features = features})) exit_code = kExitFailure;
  }
  return exit_code;
}

}  // namespace tinywasm::tools
