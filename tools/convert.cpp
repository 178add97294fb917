// SPDX-License-Identifier: Apache-2.0
#include "tools/convert.hpp"

#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <span>
#include <string_view>

#include <tinywasm/text.hpp>

#include "tools/arguments.hpp"
#include "tools/command_line.hpp"
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

Without --features the module is not validated (see tinywasm validate). A file appears complete or
not at all, with the permissions of a new one; links are followed, devices and pipes written to.
Exit codes: 0 if it was written, 1 if not, 2 for wrong usage.
)";

constexpr const char kWatHelp[] = R"(tinywasm wat prints a module in the text format.

usage: tinywasm wat [--fold] [-o FILE] FILE.wasm|-

  --fold                operands inside of their instructions: (i32.add (local.get 0) (i32.const 1))
  -o, --output FILE     where to write (default: standard output)

The names of its name section become identifiers, those of more than 500 bytes annotations. What
tinywasm wasm makes of the text of a valid module is the same module again. An invalid one is printed
as far as the text format has words for it.
Exit codes: 0 if it was written, 1 if not, 2 for wrong usage.
)";

struct Options {
  std::string input;
  std::optional<std::string> output;
  std::optional<Features> features;
  bool fold = false;
};

/// What is wrong with the values of options, or "".
std::string check(const std::vector<std::string>& inputs,
                  const std::optional<std::string>& feature_list, Options& options) {
  if (inputs.empty()) return "no module is given";
  if (inputs.size() > 1) return "one module only";
  options.input = inputs.front();
  if (options.output && options.output->empty()) return "--output: no file is named";
  if (!feature_list) return {};
  const auto features = parse_features(*feature_list);
  if (!features) return "--features: " + features.error().message;
  options.features = *features;
  return {};
}

/// An exit code when there is nothing more to do.
std::optional<int> parse(const char* name, const char* help_text, bool can_fold,
                         const std::vector<std::string>& arguments, Options& options) {
  CommandLine app;
  bool help = false;
  std::optional<std::string> feature_list;
  std::vector<std::string> inputs;
  app.add_flag("-h,--help", help);
  app.add_option("-o,--output", options.output);
  if (can_fold) {
    app.add_flag("--fold", options.fold);
  } else {
    app.add_option("--features", feature_list);
  }
  std::string problem = app.parse(arguments, CommandLine::Order::mixed, inputs);
  if (problem.empty() && help) return print(help_text) ? kExitSuccess : kExitFailure;
  if (problem.empty()) problem = check(inputs, feature_list, options);
  if (problem.empty()) return std::nullopt;
  report(fmt::format("{0}: {1} (see tinywasm {0} --help)", name, problem));
  return kExitUsage;
}

/// "dir/add.wat" -> "dir/add.wasm"
std::string default_output(const std::string& input) {
  if (input == "-") return input;
  const std::size_t dot = input.rfind('.');
  const bool has_extension = dot != std::string::npos && input.find('/', dot) == std::string::npos;
  return input.substr(0, has_extension ? dot : input.size()) + ".wasm";
}

/// Whether writing would destroy what is read, which is reported.
bool would_overwrite(const char* name, const std::string& input, const std::string& output) {
  if (!is_same_file(input, output)) return false;
  report(fmt::format("{}: {} would be overwritten; name another file with -o", name, input));
  return true;
}

std::string shown_output(const std::string& path) { return path == "-" ? "standard output" : path; }

int write(const std::string& path, std::string_view bytes) {
  const Result<void> done = write_output(path, bytes);
  if (done) return kExitSuccess;
  report(shown_output(path), done.error());
  return kExitFailure;
}

}  // namespace

int wasm(const std::vector<std::string>& arguments) {
  Options options;
  if (const auto exit_code = parse("wasm", kWasmHelp, false, arguments, options)) return *exit_code;
  const std::string output = options.output.value_or(default_output(options.input));
  if (would_overwrite("wasm", options.input, output)) return kExitUsage;
  const auto input = read_input(options.input);
  if (!input) {
    report(options.input, input.error());
    return kExitFailure;
  }
  if (input->empty()) {  // so say the other commands, for which it is neither text nor binary
    report(options.input, Error{ErrorKind::malformed, "the file is empty"});
    return kExitFailure;
  }
  const std::string_view source = as_text(*input);
  const auto bytes = text_to_binary(source);
  if (!bytes) {
    report_source(options.input, bytes.error(), source);
    return kExitFailure;
  }
  if (options.features) {
    if (const auto module = Module::from_text(source, *options.features); !module) {
      report(options.input, module.error());
      return kExitFailure;
    }
  }
  return write(output, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int wat(const std::vector<std::string>& arguments) {
  Options options;
  if (const auto exit_code = parse("wat", kWatHelp, true, arguments, options)) return *exit_code;
  const std::string output = options.output.value_or("-");
  if (would_overwrite("wat", options.input, output)) return kExitUsage;
  const auto bytes = read_input(options.input);
  if (!bytes) {
    report(options.input, bytes.error());
    return kExitFailure;
  }
  // The text may be far larger than the module: it is written as it is made.
  const auto done = write_output(output, [&](int descriptor) -> Result<void> {
    int error = 0;
    const auto printed = binary_to_text(*bytes,
                                        [&](std::string_view piece) {
                                          error = write_all(descriptor, piece);
                                          return error == 0;
                                        },
                                        {.fold = options.fold});
    if (error != 0) return Error{ErrorKind::io, std::strerror(error)};
    return printed;
  });
  if (done) return kExitSuccess;
  const bool is_output = done.error().kind == ErrorKind::io;
  report(is_output ? shown_output(output) : options.input, done.error());
  return kExitFailure;
}

}  // namespace tinywasm::tools
