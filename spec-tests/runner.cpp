// SPDX-License-Identifier: Apache-2.0
#include "spec-tests/runner.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <tinywasm/tinywasm.hpp>

#include "decoder/errors.hpp"
#include "decoder/features.hpp"
#include "spec-tests/script.hpp"
#include "spec-tests/spectest.hpp"

namespace tinywasm::spec {
namespace {

using Results = std::vector<Value>;
using decoder::TextModule;

std::string describe(const Error& error) {
  return fmt::format("{}: {}", to_string(error.kind), to_string(error));
}

std::string describe(const Results& results) {
  if (results.empty()) return "nothing";
  std::string text;
  for (const Value& value : results) {
    text += fmt::format("{}({} {})", text.empty() ? "" : " ", to_string(value.type()),
                        to_string(value));
  }
  return text;
}

Error wrong(std::string message) { return Error{ErrorKind::host, std::move(message)}; }

/// How an assertion says that something ends.
ErrorKind expected_kind(CommandKind kind) {
  switch (kind) {
    case CommandKind::assert_trap:
      return ErrorKind::trap;
    case CommandKind::assert_exhaustion:
      return ErrorKind::exhaustion;
    case CommandKind::assert_exception:
      return ErrorKind::exception;
    case CommandKind::assert_invalid:
    case CommandKind::assert_invalid_custom:
      return ErrorKind::invalid;
    case CommandKind::assert_unlinkable:
      return ErrorKind::unlinkable;
    default:
      return ErrorKind::malformed;
  }
}

class Runner {
 public:
  Runner(std::string_view source, const StoreConfig& config, const Features& features)
      : reader_(source),
        features_(features),
        store_(config),
        linker_(store_),
        source_(source),
        config_(config) {
    define_spectest(store_, linker_);
  }

  ScriptReport run();

 private:
  /// A thread of the script that was started and not waited for.
  struct Thread {
    std::unique_ptr<Runner> runner;
    std::thread host;
  };
  /// What a thread's instances stand for: shared memories that another one exports, by name.
  using SharedExports = std::vector<std::pair<std::string, SharedMemory>>;

  void run_command(Command& command);
  Result<void> start_thread(Command& command);
  Result<void> wait_for(const std::optional<std::string>& name);
  void finish_thread(Thread thread);
  Result<SharedExports> shared_exports_of(const std::string& name) const;
  void count(CommandKind kind);
  void note(std::size_t offset, const Result<void>& result);
  Result<void> execute(Command& command);
  Result<void> define_module(const TextModule& form);
  Result<void> make_instance(const std::optional<std::string>& name, const Module& module);
  Result<void> instantiate(const Command& command);
  Result<void> register_instance(const Command& command);
  Result<void> assert_return(const Command& command);
  /// Something that has to end with an error of a kind and text.
  Result<void> assert_error(const Command& command);

  Result<Module> load_form(const TextModule& form) const;
  Result<Module> load(const Command& command) const;
  Result<Module> find_module(const std::optional<std::string>& name) const;
  Result<Instance> find_instance(const std::optional<std::string>& name) const;
  Result<Results> perform(const Action& action);

  ScriptReader reader_;
  Features features_;
  Store store_;
  Linker linker_;
  // What identifiers stand for, and the latest of each. Nothing: it could not be made.
  std::map<std::string, std::optional<Module>, std::less<>> modules_;
  std::map<std::string, std::optional<Instance>, std::less<>> instances_;
  std::optional<Module> last_module_;
  std::optional<Instance> last_instance_;
  std::map<std::string, SharedExports, std::less<>> shared_;  // of a thread: what it was given
  std::string_view source_;
  StoreConfig config_;
  ScriptReport report_;
  std::vector<std::pair<std::string, Thread>> threads_;  // with their names, or ""
};

ScriptReport Runner::run() {
  while (auto command = reader_.next()) {
    if (!*command) {
      const Error& error = command->error();
      ++report_.failed;
      report_.failures.push_back({error.line, "script: " + decoder::escape(error.message)});
      continue;
    }
    run_command(**command);
  }
  while (!threads_.empty()) {
    finish_thread(std::move(threads_.front().second));
    threads_.erase(threads_.begin());
  }
  return std::move(report_);
}

void Runner::run_command(Command& command) {
  count(command.kind);
  note(command.offset, execute(command));
}

Result<Runner::SharedExports> Runner::shared_exports_of(const std::string& name) const {
  const Result<Instance> instance =
      find_instance(name.empty() ? std::nullopt : std::optional(name));
  if (!instance) return instance.error();
  SharedExports found;
  for (const ExportType& entry : instance->exports()) {
    const Result<Memory> memory = instance->memory(entry.name);
    if (!memory) continue;
    if (auto shared = memory->shared()) found.emplace_back(entry.name, *std::move(shared));
  }
  return found;
}

Result<void> Runner::start_thread(Command& command) {
  Thread thread{.runner = std::make_unique<Runner>(source_, config_, features_), .host = {}};
  for (const std::string& name : command.shared) {
    auto shared = shared_exports_of(name);
    if (!shared) return std::move(shared).error();
    thread.runner->shared_.insert_or_assign(name, *std::move(shared));
  }
  const auto run = [runner = thread.runner.get(),
                    commands = std::move(command.commands)]() mutable {
    for (Command& each : commands) runner->run_command(each);
  };
  thread.host = std::thread(run);
  threads_.emplace_back(command.instance.value_or(""), std::move(thread));
  return {};
}

/// The thread of this name, or the last.
Result<void> Runner::wait_for(const std::optional<std::string>& name) {
  const auto found = std::find_if(threads_.rbegin(), threads_.rend(),
                                  [&](const auto& each) { return !name || each.first == *name; });
  if (found == threads_.rend()) return wrong("there is no such thread");
  Thread thread = std::move(found->second);
  threads_.erase(std::next(found).base());
  finish_thread(std::move(thread));
  return {};
}

/// Adds what came of a thread to the report.
void Runner::finish_thread(Thread thread) {
  thread.host.join();
  const ScriptReport& other = thread.runner->report_;
  report_.modules += other.modules;
  report_.assertions += other.assertions;
  report_.actions += other.actions;
  report_.registers += other.registers;
  report_.passed += other.passed;
  report_.failed += other.failed;
  report_.failures.insert(report_.failures.end(), other.failures.begin(), other.failures.end());
}

void Runner::count(CommandKind kind) {
  switch (kind) {
    case CommandKind::module:
    case CommandKind::instance:
      ++report_.modules;
      break;
    case CommandKind::register_:
      ++report_.registers;
      break;
    case CommandKind::action:
      ++report_.actions;
      break;
    case CommandKind::thread:
    case CommandKind::wait:
      ++report_.threads;
      break;
    default:
      ++report_.assertions;
      break;
  }
}

void Runner::note(std::size_t offset, const Result<void>& result) {
  if (result) {
    ++report_.passed;
    return;
  }
  ++report_.failed;
  report_.failures.push_back({reader_.line(offset), decoder::escape(result.error().message)});
}

Result<void> Runner::execute(Command& command) {
  switch (command.kind) {
    case CommandKind::module:
      if (!*command.module) {
        last_instance_.reset();
        return wrong(describe(command.module->error()));
      }
      return define_module(**command.module);
    case CommandKind::instance:
      return instantiate(command);
    case CommandKind::register_:
      return register_instance(command);
    case CommandKind::action: {
      const auto results = perform(*command.action);
      if (!results) return wrong(describe(results.error()));
      return {};
    }
    case CommandKind::assert_return:
      return assert_return(command);
    case CommandKind::thread:
      return start_thread(command);
    case CommandKind::wait:
      return wait_for(command.instance);
    default:
      return assert_error(command);
  }
}

Result<Module> Runner::load_form(const TextModule& form) const {
  // Of the text alone a page size is a feature that the bytes need not tell (see assemble_text).
  if (form.has_page_size && !features_.has(FeatureId::custom_page_sizes)) {
    return decoder::feature_off(FeatureId::custom_page_sizes);
  }
  if (form.kind == TextModule::Kind::quote) return Module::from_text(form.quoted, features_);
  return Module::from_binary(form.bytes, features_);
}

/// (module ...) makes a module and an instance of it, (module definition ...) the module alone.
Result<void> Runner::define_module(const TextModule& form) {
  const auto name = form.name.empty() ? std::nullopt : std::optional(form.name);
  Result<Module> module = load_form(form);
  last_module_ = module ? std::optional(*module) : std::nullopt;
  if (name) modules_.insert_or_assign(*name, last_module_);
  if (!module) {
    if (!form.is_definition) last_instance_.reset();
    if (!form.is_definition && name) instances_.insert_or_assign(*name, std::nullopt);
    return wrong(describe(module.error()));
  }
  if (form.is_definition) return {};
  return make_instance(name, *module);
}

Result<void> Runner::make_instance(const std::optional<std::string>& name, const Module& module) {
  const Result<Instance> made = linker_.instantiate(module);
  last_instance_ = made ? std::optional(*made) : std::nullopt;
  if (name) instances_.insert_or_assign(*name, last_instance_);
  if (!made) return wrong(describe(made.error()));
  return {};
}

Result<Module> Runner::find_module(const std::optional<std::string>& name) const {
  std::optional<Module> module = last_module_;
  if (name) {
    const auto found = modules_.find(*name);
    module = found == modules_.end() ? std::nullopt : found->second;
  }
  if (!module) return wrong("there is no such module");
  return *module;
}

Result<void> Runner::instantiate(const Command& command) {
  const Result<Module> module = find_module(command.definition);
  if (module) return make_instance(command.instance, *module);
  last_instance_.reset();
  return module.error();
}

Result<Instance> Runner::find_instance(const std::optional<std::string>& name) const {
  std::optional<Instance> instance = last_instance_;
  if (name) {
    const auto found = instances_.find(*name);
    instance = found == instances_.end() ? std::nullopt : found->second;
  }
  if (!instance) return wrong("there is no such instance");
  return *instance;
}

Result<void> Runner::register_instance(const Command& command) {
  const auto shared = shared_.find(command.instance.value_or(""));
  if (shared != shared_.end() && !instances_.contains(shared->first)) {
    for (const auto& [name, memory] : shared->second) {
      const Result<Memory> handle = Memory::create(store_, memory);
      if (!handle) return handle.error();
      linker_.define(command.text, name, *handle);
    }
    return {};
  }
  const Result<Instance> instance = find_instance(command.instance);
  if (!instance) return instance.error();
  linker_.define_instance(command.text, *instance);
  return {};
}

Result<Results> Runner::perform(const Action& action) {
  const Result<Instance> instance = find_instance(action.instance);
  if (!instance) return instance.error();
  if (action.is_get) {
    const Result<Global> global = instance->global(action.name);
    if (!global) return global.error();
    return Results{global->get()};
  }
  const Result<Func> function = instance->func(action.name);
  if (!function) return function.error();
  std::vector<Value> arguments;
  for (const Pattern& argument : action.arguments) arguments.push_back(argument.value(store_));
  return function->call(arguments);
}

Result<void> Runner::assert_return(const Command& command) {
  const Result<Results> results = perform(*command.action);
  if (!results) return wrong(describe(results.error()));
  const bool matches =
      std::equal(results->begin(), results->end(), command.results.begin(), command.results.end(),
                 [](const Value& value, const Pattern& pattern) { return pattern.matches(value); });
  if (matches) return {};
  return wrong(fmt::format("returned {}, expected {}", describe(*results),
                           command.results.empty() ? "nothing" : command.results_text));
}

/// The module that an assertion is about.
Result<Module> Runner::load(const Command& command) const {
  if (command.is_instantiation) return find_module(command.definition);
  if (!*command.module) return command.module->error();
  return load_form(**command.module);
}

Result<void> Runner::assert_error(const Command& command) {
  std::optional<Error> error;
  if (command.action) {
    const Result<Results> results = perform(*command.action);
    if (!results) error = results.error();
  } else {
    const Result<Module> module = load(command);
    const bool is_instantiated = command.kind == CommandKind::assert_unlinkable ||
                                 command.kind == CommandKind::assert_trap ||
                                 command.kind == CommandKind::assert_exhaustion ||
                                 command.kind == CommandKind::assert_exception;
    if (!module) {
      error = module.error();
    } else if (is_instantiated) {
      const Result<Instance> instance = linker_.instantiate(*module);
      if (!instance) error = instance.error();
    }
  }
  const ErrorKind kind = expected_kind(command.kind);
  const std::string expected = fmt::format("expected {}: {}", to_string(kind), command.text);
  if (!error) return wrong("no error, " + expected);
  if (error->kind == kind && error->message.starts_with(command.text)) return {};
  return wrong(fmt::format("{}; {}", describe(*error), expected));
}

}  // namespace

ScriptReport run_script(std::string_view source, const StoreConfig& config,
                        const Features& features) {
  return Runner(source, config, features).run();
}

}  // namespace tinywasm::spec
