// SPDX-License-Identifier: Apache-2.0
#include "tools/validate.hpp"

#include <string_view>

#include "tools/help.hpp"
#include "tools/input.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {

int validate(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    report("validate: no module is given (see tinywasm --help)");
    return kExitUsage;
  }
  Features features;
  std::vector<std::string> paths;
  constexpr std::string_view kFeatures = "--features=";
  for (const std::string& argument : arguments) {
    if (argument.starts_with(kFeatures)) {
      const auto parsed = Features::parse(std::string_view(argument).substr(kFeatures.size()));
      if (!parsed) {
        report("validate: --features: " + parsed.error().message);
        return kExitUsage;
      }
      features = *parsed;
      continue;
    }
    paths.push_back(argument);
    if (argument == "-h" || argument == "--help") return print_help();
    if (argument.size() > 1 && argument.starts_with('-')) {
      report("validate: unknown option " + argument + " (see tinywasm --help)");
      return kExitUsage;
    }
  }
  int exit_code = kExitSuccess;
  for (const std::string& path : paths) {
    if (!load(path, features)) exit_code = kExitFailure;
  }
  return exit_code;
}

}  // namespace tinywasm::tools
