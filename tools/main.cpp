// SPDX-License-Identifier: Apache-2.0
// The command: picks the subcommand.
#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "tools/report.hpp"
#include "tools/run.hpp"
#include "tools/validate.hpp"

int main(int argc, char** argv) {
  namespace tools = tinywasm::tools;
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write
  try {
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const std::string subcommand = arguments.empty() ? "" : arguments.front();
    if (subcommand == "run" || subcommand == "validate") arguments.erase(arguments.begin());
    return subcommand == "validate" ? tools::validate(arguments) : tools::run(arguments);
  } catch (const std::exception& exception) {
    tools::report(exception.what());
    return tools::kExitFailure;
  }
}
