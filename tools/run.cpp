// SPDX-License-Identifier: Apache-2.0
#include "tools/run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <tinywasm/tinywasm.hpp>

#include "tools/arguments.hpp"
#include "tools/input.hpp"
#include "tools/interruption.hpp"
#include "tools/listen.hpp"
#include "tools/output.hpp"
#include "tools/report.hpp"
#include "tools/run_options.hpp"

namespace tinywasm::tools {
namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool imports_wasi(const Module& module) {
  return module.imports_from("wasi_snapshot_preview1") || module.imports_from("wasi_unstable") ||
         module.imports_from("wasi");
}

/// A type in a line: of thousands of parameters the first ones.
std::string shown_type(ExternType type) {
  constexpr std::size_t kLongest = 400;
  auto* func = std::get_if<FuncType>(&type);
  if (auto* tag = std::get_if<TagType>(&type)) func = &tag->type;
  if (func != nullptr) {
    // So many are longer than that: the others are not even written.
    constexpr std::size_t kMostTypes = kLongest / std::string_view(" i32").size();
    if (func->params.size() > kMostTypes) {
      func->params.resize(kMostTypes);
      func->results.clear();
    }
    if (func->results.size() > kMostTypes) func->results.resize(kMostTypes);
  }
  std::string text = to_string(type);
  if (text.size() <= kLongest) return text;
  return text.substr(0, text.rfind(' ', kLongest)) + " ...";
}

/// One run of the command.
class Run {
 public:
  Run(RunOptions options, Store& store)
      : options_(std::move(options)), store_(store), linker_(store_) {}

  /// The exit code.
  int operator()();

 private:
  struct Loaded {
    std::string import_name;  // of a preload
    std::string path;
    Module module;
  };

  /// Whether a file that is to be written is one that is read, which is reported.
  bool would_overwrite() const;
  bool load_as(const std::string& import_name, const std::string& path);
  bool open_listeners();
  bool define_wasi();
  /// An exit code when there is nothing more to do.
  std::optional<int> link(const Loaded& loaded, std::optional<Instance>& instance);
  /// Ends the guest's other threads; how it ended as a whole, when its first thread did so.
  Result<void> finish(Result<void> result);
  int run_main(const Instance& instance);
  int invoke(const Instance& instance);
  /// There is nothing to run: no _start, and imports that only another module has.
  bool is_library() const;
  int list_exports();
  /// Reports how a call ended; its exit code.
  int ended(const std::string& path, const Error& error);
  int with_output_checked(int exit_code) const;
  void report_collections() const;
  bool write_word_counts() const;

  RunOptions options_;
  Store& store_;
  Linker linker_;
  std::vector<Loaded> modules_;  // preloads, then the main module
  std::vector<Listener> listeners_;
  std::shared_ptr<WasiReport> report_ = std::make_shared<WasiReport>();
  TimeLimit time_limit_;
  std::optional<Interruption> interruption_;
  std::optional<WasiThreads> threads_;  // ends them before the Store goes
};

int Run::operator()() {
  if (would_overwrite()) return kExitUsage;
  if (options_.timeout) {
    if (auto started = time_limit_.start(*options_.timeout, options_.module); !started) {
      report("--timeout", started.error());
      return kExitFailure;
    }
  }
  for (const Preload& preload : options_.preloads) {
    if (!load_as(preload.name, preload.path)) return kExitFailure;
  }
  if (!load_as("", options_.module)) return kExitFailure;
  const bool uses_wasi = std::any_of(modules_.begin(), modules_.end(), [](const Loaded& loaded) {
    return imports_wasi(loaded.module);
  });
  if (uses_wasi && !define_wasi()) return kExitFailure;
  if (is_library()) return list_exports();

  interruption_.emplace(store_);
  std::optional<Instance> instance;
  for (const Loaded& loaded : modules_) {
    if (const auto exit_code = link(loaded, instance)) return with_output_checked(*exit_code);
    if (!loaded.import_name.empty()) linker_.define_instance(loaded.import_name, *instance);
  }
  const int exit_code = run_main(*instance);
  interruption_->guest_ended();
  if (options_.gc_stats) report_collections();
  return write_word_counts() ? with_output_checked(exit_code) : kExitFailure;
}

bool Run::would_overwrite() const {
  const std::string& output = options_.count_words;
  if (output.empty()) return false;
  const bool is_read =
      is_same_file(options_.module, output) ||
      std::any_of(options_.preloads.begin(), options_.preloads.end(),
                  [&](const Preload& preload) { return is_same_file(preload.path, output); });
  if (is_read) report(fmt::format("--count-words: {} would be overwritten", output));
  return is_read;
}

bool Run::write_word_counts() const {
  if (options_.count_words.empty()) return true;
  const auto written =
      write_output(options_.count_words, modules_.back().module.word_counts(options_.store));
  if (!written) report(options_.count_words, written.error());
  return written.has_value();
}

bool Run::is_library() const {
  const Module& main = modules_.back().module;
  return !options_.invoke && !main.has_export("_start") && options_.preloads.empty() &&
         linker_.first_missing(main).has_value();
}

bool Run::load_as(const std::string& import_name, const std::string& path) {
  std::optional<Module> module = load(path, options_.load);
  if (!module) return false;
  modules_.push_back({import_name, path, *std::move(module)});
  return true;
}

bool Run::open_listeners() {
  for (const ListenAddress& address : options_.listeners) {
    auto listener = Listener::open(address);
    if (!listener) {
      report("--tcplisten", listener.error());
      return false;
    }
    // Whoever wants to connect has to learn which port the system chose.
    if (address.port == 0) report(fmt::format("listening on {}", listener->name()));
    listeners_.push_back(*std::move(listener));
  }
  return true;
}

bool Run::define_wasi() {
  if (!open_listeners()) return false;
  WasiConfig config;
  config.args.push_back(options_.argv0.value_or(file_name(options_.module)));
  config.args.insert(config.args.end(), options_.arguments.begin(), options_.arguments.end());
  config.env = options_.env;
  config.preopens = options_.preopens;
  for (const Listener& listener : listeners_) config.sockets.push_back(listener.descriptor());
  config.clocks = options_.clocks;
  config.random = options_.random;
  config.sorted_directories = options_.sorted_directories;
  config.max_open_files = options_.max_files;
  if (options_.max_output) config.max_output_bytes = *options_.max_output;
  config.report = report_;
  if (!WasiThreads::wanted_by(modules_.back().module)) {
    linker_.define_wasi(config);
    return true;
  }
  auto threads = WasiThreads::create(modules_.back().module, store_, config,
                                     {options_.max_threads, options_.store});
  if (!threads) {
    report(options_.module, threads.error());
    return false;
  }
  threads_.emplace(*std::move(threads));
  threads_->define(linker_);
  return true;
}

std::optional<int> Run::link(const Loaded& loaded, std::optional<Instance>& instance) {
  Result<Instance> made = linker_.instantiate(loaded.module);
  if (!made) {
    const Error error = finish(std::move(made).error()).error();
    // Memory that the limits do not allow, as opposed to a start function's exhausted stack; a
    // world that cannot be had, as opposed to what a call of the start function came to.
    const bool is_before_start = error.backtrace.empty() && (error.kind == ErrorKind::exhaustion ||
                                                             error.kind == ErrorKind::host);
    const bool cannot_begin = is_before_start || error.kind == ErrorKind::unlinkable ||
                              error.kind == ErrorKind::unsupported || error.kind == ErrorKind::io;
    if (!cannot_begin) return ended(loaded.path, error);
    report(loaded.path, error);
    return kExitFailure;
  }
  instance = *made;
  // A library ("reactor") wants this called before anything else.
  if (loaded.module.has_export("_initialize")) {
    if (auto initialize = made->func<void()>("_initialize")) {
      if (Result<void> done = (*initialize)(); !done) {
        return ended(loaded.path, finish(std::move(done)).error());
      }
    }
  }
  return std::nullopt;
}

Result<void> Run::finish(Result<void> result) {
  return threads_ ? threads_->finish(std::move(result)) : result;
}

int Run::run_main(const Instance& instance) {
  if (options_.invoke) return invoke(instance);
  if (!modules_.back().module.has_export("_start")) return list_exports();
  auto start = instance.func<void()>("_start");
  if (!start) {
    report(options_.module, start.error());
    return kExitFailure;
  }
  const Result<void> done = finish((*start)());
  return done ? kExitSuccess : ended(options_.module, done.error());
}

int Run::invoke(const Instance& instance) {
  const Result<Func> function = instance.func(*options_.invoke);
  if (!function) {
    report(options_.module, function.error());
    return kExitFailure;
  }
  const auto arguments = parse_values(function->type(), options_.arguments);
  if (!arguments) {
    report(fmt::format("{}: {}", *options_.invoke, to_string(arguments.error())));
    return kExitUsage;
  }
  const auto results = function->call(*arguments);
  const Result<void> done = finish(results ? Result<void>() : results.error());
  if (!done) return ended(options_.module, done.error());
  interruption_->guest_ended();
  std::string text;
  for (const Value& value : *results) text += to_string(value) + '\n';
  return print(text) ? kExitSuccess : kExitFailure;
}

int Run::list_exports() {
  constexpr std::size_t kPiece = 64 << 10;
  const Module& main = modules_.back().module;
  const std::string module = printable(options_.module);
  std::string text = fmt::format("{} has no _start to run. ", module);
  text += main.export_count() == 0 ? "It exports nothing.\n" : "It exports:\n";
  bool has_function = false;
  for (std::size_t i = 0; i < main.export_count(); ++i) {
    ExportType entry = main.export_at(i);
    has_function |= std::holds_alternative<FuncType>(entry.type);
    text += fmt::format("  \"{}\" {}\n", printable(entry.name), shown_type(std::move(entry.type)));
    if (text.size() < kPiece) continue;
    if (!print(text)) return kExitFailure;
    text.clear();
  }
  if (has_function) {
    text += fmt::format("Call a function with: tinywasm --invoke NAME {} ARGUMENTS...\n", module);
  }
  return print(text) ? kExitSuccess : kExitFailure;
}

int Run::ended(const std::string& path, const Error& error) {
  interruption_->guest_ended();
  switch (error.kind) {
    case ErrorKind::exit: {
      // A process has eight bits of exit code; a failure must not become a success.
      const int code = error.exit_code & 0xff;
      return code == 0 && error.exit_code != 0 ? kExitFailure : code;
    }
    case ErrorKind::interrupted:
      if (Interruption::exit_code() == kExitTimeout) TimeLimit::report_once(path);
      return Interruption::exit_code() != 0 ? Interruption::exit_code() : kExitFailure;
    default:
      report(path, error);
      return kExitTrap;
  }
}

int Run::with_output_checked(int exit_code) const {
  const int error = report_->output_error;
  if (exit_code != kExitSuccess || error == 0) return exit_code;
  const bool is_limit = error == ENOSPC && report_->is_output_limit_reached;
  report(fmt::format("standard output: {}",
                     is_limit ? "--max-output is used up" : std::strerror(error)));
  return kExitFailure;
}

void Run::report_collections() const {
  const GcStatistics heap = store_.gc_statistics();
  const auto milliseconds = [](std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6;
  };
  report(
      fmt::format("gc: {} bytes allocated, {} collections in {:.1f} ms, the longest {:.1f} ms; "
                  "{} bytes in use, {} of them alive after the last collection",
                  heap.allocated_bytes, heap.collections, milliseconds(heap.pause_nanoseconds),
                  milliseconds(heap.longest_pause_nanoseconds), heap.used_bytes, heap.live_bytes));
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  auto options = parse_run_options(arguments);
  if (const int* exit_code = std::get_if<int>(&options)) return *exit_code;
  auto& run_options = std::get<RunOptions>(options);
  // Never destroyed: the process ends with the run, and the system takes all memory back at once.
  static Store& store = *new Store(run_options.store);
  return Run(std::move(run_options), store)();
}

}  // namespace tinywasm::tools
