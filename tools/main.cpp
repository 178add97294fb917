// SPDX-License-Identifier: Apache-2.0
// The command: picks the subcommand.
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "tools/convert.hpp"
#include "tools/interruption.hpp"
#include "tools/report.hpp"
#include "tools/run.hpp"
#include "tools/validate.hpp"
#include "tools/wast.hpp"

namespace {

struct Subcommand {
  std::string_view name;
  int (*function)(const std::vector<std::string>& arguments);
};

constexpr Subcommand kSubcommands[] = {
    {"run", tinywasm::tools::run},   {"validate", tinywasm::tools::validate},
    {"wasm", tinywasm::tools::wasm}, {"wat", tinywasm::tools::wat},
    {"wast", tinywasm::tools::wast},
};

const Subcommand* find(std::string_view name) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (subcommand.name == name) return &subcommand;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  namespace tools = tinywasm::tools;
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that grows beyond ulimit -f
  tinywasm::tools::handle_signals();
  try {
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const Subcommand* const subcommand = arguments.empty() ? nullptr : find(arguments.front());
    if (!subcommand) return tools::run(arguments);
    arguments.erase(arguments.begin());
    return subcommand->function(arguments);
  } catch (const std::exception& exception) {
    tools::report(exception.what());
    return tools::kExitFailure;
  }
}
