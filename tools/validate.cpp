// SPDX-License-Identifier: Apache-2.0
#include "tools/validate.hpp"

#include "tools/help.hpp"
#include "tools/input.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {

int validate(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    report("validate: no module is given (see tinywasm --help)");
    return kExitUsage;
  }
  for (const std::string& argument : arguments) {
    if (argument == "-h" || argument == "--help") return print_help();
    if (argument.size() > 1 && argument.starts_with('-')) {
      report("validate: unknown option " + argument + " (see tinywasm --help)");
      return kExitUsage;
    }
  }
  int exit_code = kExitSuccess;
  for (const std::string& path : arguments) {
    if (!load(path)) exit_code = kExitFailure;
  }
  return exit_code;
}

}  // namespace tinywasm::tools
