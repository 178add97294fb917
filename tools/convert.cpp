// SPDX-License-Identifier: Apache-2.0
#include "tools/convert.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>
#include <tinywasm/text.hpp>

#include "tools/input.hpp"
#include "tools/output.hpp"
#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

constexpr const char kWasmHelp[] = R"(tinywasm wasm assembles a module of the text format.

usage: tinywasm wasm [-o FILE] FILE.wat|-

  -o, --output FILE     where to write; - is standard output (default: FILE.wasm, in the same
                        directory; standard output when the module comes from standard input)
  --features LIST       validate the module, which may use these features only, such as
                        wasm2,+gc (see tinywasm --help)

Without --features the module is not validated (see tinywasm validate). The file appears complete or not at all.
Exit codes: 0 if it was written, 1 if not, 2 for wrong usage.
)";

constexpr const char kWatHelp[] = R"(tinywasm wat prints a module in the text format.

usage: tinywasm wat [--fold] [-o FILE] FILE.wasm|-

  --fold                operands inside of their instructions: (i32.add (local.get 0) (i32.const 1))
  -o, --output FILE     where to write (default: standard output)

The names of its name section become identifiers. What tinywasm wasm makes of the text is the same
module again. It need not be valid. Exit codes: 0 if it was written, 1 if not, 2 for wrong usage.
)";

struct Options {
  std::string input;
  std::string output;
  std::string features;
  bool fold = false;
};

/// An exit code when there is nothing more to do.
std::optional<int> parse(const char* name, const char* help_text, bool can_fold,
                         const std::vector<std::string>& arguments, Options& options) {
  CLI::App app;
  bool help = false;
  app.set_help_flag();
  app.add_flag("-h,--help", help);
  app.add_option("-o,--output", options.output);
  if (can_fold) {
    app.add_flag("--fold", options.fold);
  } else {
    app.add_option("--features", options.features);
  }
  app.add_option("FILE", options.input);
  std::string problem;
  try {
    // CLI11 takes arguments in reverse order.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    if (!help && options.input.empty()) problem = "no module is given";
  } catch (const CLI::ParseError& error) {
    problem = error.what();
  }
  if (!problem.empty()) {
    report(fmt::format("{0}: {1} (see tinywasm {0} --help)", name, problem));
    return kExitUsage;
  }
  if (help) return print(help_text) ? kExitSuccess : kExitFailure;
  return std::nullopt;
}

/// "dir/add.wat" -> "dir/add.wasm"
std::string default_output(const std::string& input) {
  if (input == "-") return input;
  const std::size_t dot = input.rfind('.');
  const bool has_extension = dot != std::string::npos && input.find('/', dot) == std::string::npos;
  return input.substr(0, has_extension ? dot : input.size()) + ".wasm";
}

int write(const std::string& path, std::string_view bytes) {
  const Result<void> done = write_output(path, bytes);
  if (done) return kExitSuccess;
  report(path == "-" ? "standard output" : path, done.error());
  return kExitFailure;
}

}  // namespace

int wasm(const std::vector<std::string>& arguments) {
  Options options;
  if (const auto exit_code = parse("wasm", kWasmHelp, false, arguments, options)) return *exit_code;
  const std::string output =
      options.output.empty() ? default_output(options.input) : options.output;
  if (output == options.input && output != "-") {
    report(fmt::format("wasm: {} would be overwritten; name another file with -o", output));
    return kExitUsage;
  }
  const auto input = read_input(options.input);
  if (!input) {
    report(options.input, input.error());
    return kExitFailure;
  }
  const std::string_view source = as_text(*input);
  const auto bytes = text_to_binary(source);
  if (!bytes) {
    report_source(options.input, bytes.error(), source);
    return kExitFailure;
  }
  if (!options.features.empty()) {
    const auto features = Features::parse(options.features);
    if (!features) {
      report("wasm: --features: " + features.error().message);
      return kExitUsage;
    }
    if (const auto module = Module::from_binary(*bytes, *features); !module) {
      report(options.input, module.error());
      return kExitFailure;
    }
  }
  return write(output, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int wat(const std::vector<std::string>& arguments) {
  Options options;
  if (const auto exit_code = parse("wat", kWatHelp, true, arguments, options)) return *exit_code;
  const auto bytes = read_input(options.input);
  if (!bytes) {
    report(options.input, bytes.error());
    return kExitFailure;
  }
  const auto text = binary_to_text(*bytes, {.fold = options.fold});
  if (!text) {
    report(options.input, text.error());
    return kExitFailure;
  }
  return write(options.output.empty() ? "-" : options.output, *text);
}

}  // namespace tinywasm::tools
