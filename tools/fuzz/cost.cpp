// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

#include <tinywasm/tinywasm.hpp>

#include "decoder/byte_reader.hpp"
#include "decoder/module.hpp"
#include "decoder/reader.hpp"
#include "decoder/type_reader.hpp"
#include "tools/fuzz/allocations.hpp"
#include "tools/fuzz/imports.hpp"

namespace tinywasm::fuzz {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TINYWASM_IS_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TINYWASM_IS_SANITIZED
#endif
#ifdef TINYWASM_IS_SANITIZED
constexpr double kSlowBuild = 12;
#else
constexpr double kSlowBuild = 1;
#endif
/// How much slower a machine may be than the one that the limits were stated on.
constexpr double kSlowMachine = 4;
/// Of so many tries the shortest time counts, so that a busy machine does not fail a module.
constexpr int kTries = 4;

constexpr std::uint64_t kFuel = 100'000;
constexpr double kNanosecondsOfFuel = 200;
/// What the host does to call a function, and with each argument and result.
constexpr double kNanosecondsOfCall = 2'000;
constexpr double kNanosecondsOfValue = 100;
constexpr double kNanosecondsOfPrintedByte = 10;
constexpr double kNanosecondsOfListedByte = 20;
constexpr std::size_t kMostCalls = 2'000;
constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kMostListed = std::size_t{4} << 20;     // bytes
constexpr std::size_t kMostAssembled = std::size_t{1} << 20;  // bytes
constexpr double kMostPrinted = 32 << 20;                     // bytes
constexpr std::uint64_t kHeap = std::uint64_t{2} << 20;

/// An instruction of a byte stands on a line of its own, indented; what it names may be called by
/// as many characters, each of which may be escaped.
constexpr double kPrintedLine = 170;
constexpr std::size_t kLongestName = 500;
constexpr double kPrintedCharacter = 3;

/// What may be spent by byte of the module (of the text, where one is assembled), and on any.
struct Limit {
  std::string_view name;
  std::string_view unit;
  double per_byte;
  double constant;
};
constexpr double kMegabyte = 1 << 20;
/// Few bytes declare a frame of many slots; the largest there is takes so much while it is
/// translated. No function takes that beside another one.
constexpr double kLargestFrame = 65'535 * 40;
constexpr double kMillisecond = 1e6;
constexpr std::array<Limit, kMeasures> kLimits = {{
    {"memory to load", "bytes", 200, kMegabyte / 8},
    {"time to load", "ns", 300, 2 * kMillisecond},
    {"memory to print", "bytes", 200, kMegabyte},
    {"time to print", "ns", 300, 2 * kMillisecond},
    {"printed text", "bytes", kPrintedLine, 1'000},
    {"memory to list exports", "bytes", 30, kMegabyte / 4},
    {"time to list exports", "ns", 300, 2 * kMillisecond},
    {"memory to assemble", "bytes", 100, kMegabyte},
    {"time to assemble", "ns", 300, 2 * kMillisecond},
    {"memory to translate", "bytes", 300, kMegabyte + kLargestFrame},
    {"time to translate", "ns", 1'000, 2 * kMillisecond},
    // Where a trap comes from is found by translating once more, beside the first one's buffers.
    {"memory to run", "bytes", 600, kMegabyte + 2 * kLargestFrame + 2 * kHeap},
    {"time to run", "ns", 0, 2 * kMillisecond},
}};

constexpr std::size_t index_of(Measure measure) { return static_cast<std::size_t>(measure); }
const Limit& limit_of(Measure measure) { return kLimits[index_of(measure)]; }
bool is_time(Measure measure) { return limit_of(measure).unit == "ns"; }

/// What one try took, and what it may take beyond what the size of the module allows.
struct Cost {
  double bytes = 0;
  double nanoseconds = 0;
  double more_nanoseconds = 0;
};

double allowed(Measure measure, std::size_t size, double more) {
  const Limit& limit = limit_of(measure);
  const double sum = limit.per_byte * static_cast<double>(size) + limit.constant + more;
  return is_time(measure) ? sum * kSlowMachine * kSlowBuild : sum;
}

// ---- How close it came

/// Inputs below are dominated by what any module costs.
constexpr std::size_t kLarge = 10'000;

std::array<Highest, kMeasures> highest_costs;

void note_highest(Measure measure, double value, double bound, Input input) {
  Highest& highest = highest_costs[index_of(measure)];
  if (value / bound > highest.share) {
    highest.share = value / bound;
    highest.of.assign(input.begin(), input.end());
  }
  if (input.size() < kLarge) return;
  highest.per_byte = std::max(highest.per_byte, value / static_cast<double>(input.size()));
}

// libFuzzer takes a counter that was never set before for new coverage. Each measure has one for
// every power of the square root of two of what it comes to by byte, so that whatever makes a
// module cost more is kept, and changed further. Times are rougher: they are never the same twice.
constexpr std::size_t kBuckets = 48;
#ifdef __linux__
__attribute__((used, section("__libfuzzer_extra_counters")))
#endif
std::uint8_t counters[kMeasures * kBuckets];

void count(Measure measure, double value, std::size_t size) {
  constexpr double kSmall = 4'096;
  const double rate = value / (static_cast<double>(size) + kSmall);
  if (rate <= 1) return;
  auto bucket = static_cast<std::size_t>(2 * std::log2(rate));
  if (is_time(measure)) bucket &= ~std::size_t{1};
  bucket = std::min(bucket, kBuckets - 1);
  for (std::size_t i = 0; i <= bucket; ++i) counters[index_of(measure) * kBuckets + i] = 1;
}

void check(Measure measure, double value, double more, Input input) {
  const double bound = allowed(measure, input.size(), more);
  count(measure, value, input.size());
  note_highest(measure, value, bound, input);
  if (value <= bound) return;
  const Limit& limit = limit_of(measure);
  const auto number = [](double n) { return std::to_string(static_cast<std::uint64_t>(n)); };
  require(false, std::string(limit.name) + ": " + number(value) + ' ' + std::string(limit.unit) +
                     " for " + number(static_cast<double>(input.size())) + " bytes, at most " +
                     number(bound) + " are allowed");
}

/// Checks what `attempt()`, a Cost, comes to. It is made again while it takes too long.
template <class Attempt>
void check_attempts(Measure memory, Measure time, Input input, Attempt&& attempt) {
  Cost cost = attempt();
  check(memory, cost.bytes, 0, input);
  for (int i = 1; i < kTries; ++i) {
    if (cost.nanoseconds <= allowed(time, input.size(), cost.more_nanoseconds)) break;
    const Cost again = attempt();
    if (again.nanoseconds < cost.nanoseconds) cost = again;
  }
  check(time, cost.nanoseconds, cost.more_nanoseconds, input);
}

/// Memory and time from its beginning on.
class Meter {
 public:
  Meter() : begin_(now()) {}
  Cost cost(double more_nanoseconds = 0) const {
    return {static_cast<double>(memory_.peak()), now() - begin_, more_nanoseconds};
  }

 private:
  static double now() {
    std::timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  }

  AllocationMeter memory_;
  double begin_;
};

// ---- What is known of a module beforehand

struct Facts {
  /// Locals and parameters: text names each, while a few bytes may declare thousands.
  std::uint64_t declared = 0;
  /// Of names in the name section, no more than are repeated.
  std::size_t longest_name = 0;
  /// Parameters and results of all imports together.
  std::uint64_t imported_values = 0;
  struct Function {
    std::string name;
    std::size_t values = 0;  // arguments and results
  };
  std::vector<Function> exports;  // as many as are called
};

std::uint64_t declared_locals(const decoder::Module& module, const decoder::FunctionBody& body) {
  decoder::ByteReader reader(module.bytes, body.begin, body.end);
  std::uint64_t sum = 0;
  decoder::read_local_groups(reader, [&](std::uint32_t count, decoder::ValType) { sum += count; });
  return sum;
}

Facts facts_of(const decoder::Module& module) {
  Facts facts;
  for (std::uint32_t i = 0; i < module.functions.size(); ++i) {
    const decoder::FuncType& type = module.type_of_function(i);
    facts.declared += type.params.size();
    if (i < module.imported_functions) {
      facts.imported_values += type.params.size() + type.results.size();
    } else {
      facts.declared += declared_locals(module, module.body(i));
    }
  }
  for (const decoder::CustomSection& section : module.custom_sections) {
    if (section.name != "name") continue;
    facts.longest_name = std::min<std::size_t>(section.end - section.begin, kLongestName);
  }
  std::size_t values = 0;
  for (const decoder::Export& entry : module.exports) {
    if (entry.kind != decoder::ExternKind::func) continue;
    const decoder::FuncType& type = module.type_of_function(entry.index);
    const std::size_t count = type.params.size() + type.results.size();
    values += count;
    if (facts.exports.size() == kMostCalls || values > kMostValues) break;
    facts.exports.push_back({std::string(entry.name), count});
  }
  return facts;
}

// ---- The measures

Result<Module> load(Input bytes) { return Module::from_binary(bytes); }

bool check_loading(Input bytes) {
  bool is_valid = false;
  check_attempts(Measure::load_memory, Measure::load_time, bytes, [&] {
    const Meter meter;
    const auto module = load(bytes);
    const Cost cost = meter.cost();
    is_valid = module.has_value();
    return cost;
  });
  return is_valid;
}

/// Gives the text, unless it is long.
std::string check_printing(Input bytes, const Facts& facts, bool fold) {
  std::string text;
  double printed = 0;
  check_attempts(Measure::print_memory, Measure::print_time, bytes, [&] {
    text.clear();
    text.reserve(kMostAssembled);
    printed = 0;
    TextOptions options;
    options.fold = fold;
    const Meter meter;
    const auto result = binary_to_text(
        bytes,
        [&](std::string_view piece) {
          printed += static_cast<double>(piece.size());
          if (text.size() + piece.size() <= text.capacity()) text += piece;
          return printed < kMostPrinted;
        },
        options);
    if (!result && printed < kMostPrinted)
      require(!result.error().message.empty(), "an error without a message");
    return meter.cost(printed * kNanosecondsOfPrintedByte);
  });
  const double name = static_cast<double>(facts.longest_name) * kPrintedCharacter;
  const auto names = static_cast<double>(facts.declared + bytes.size());
  const double declared = static_cast<double>(facts.declared) * kPrintedLine;
  check(Measure::print_size, printed, names * name + declared, bytes);
  if (printed > static_cast<double>(text.size())) text.clear();
  return text;
}

void check_listing(Input bytes) {
  check_attempts(Measure::list_memory, Measure::list_time, bytes, [&] {
    const auto module = load(bytes);
    std::size_t listed = 0;
    const Meter meter;
    for (std::size_t i = 0; i < module->export_count() && listed < kMostListed; ++i) {
      listed += to_string(module->export_at(i)).size();
    }
    return meter.cost(static_cast<double>(listed) * kNanosecondsOfListedByte);
  });
}

StoreConfig limits(bool has_backtraces) {
  StoreConfig config;
  config.backtraces = has_backtraces;
  config.max_memory_bytes = 16 << 20;
  config.max_stack_bytes = 1 << 20;
  config.max_gc_bytes = kHeap;
  config.max_table_elements = 100'000;
  config.fuel = kFuel;
  return config;
}

/// An instance and what it is in. Nothing is there when it could not be made.
struct World {
  World(const Module& module, bool has_backtraces) : store(limits(has_backtraces)), linker(store) {
    define_imports(module, store, linker, idle);
  }

  /// Calls exports as long as there is fuel; with `fuel_each` that much for every one of them.
  /// Gives what the host has to do for that, in nanoseconds.
  double call(Instance& instance, const Facts& facts, std::optional<std::uint64_t> fuel_each) {
    double spent = 0;
    for (const Facts::Function& entry : facts.exports) {
      if (fuel_each) store.set_fuel(*fuel_each);
      if (store.fuel_left() == 0) break;
      auto function = instance.func(entry.name);
      require(static_cast<bool>(function), "an export that is not there");
      std::vector<Value> arguments;
      for (const ValueType param : function->type().params) arguments.push_back(zero(param));
      const auto result = function->call(arguments);
      if (!result) require(!result.error().message.empty(), "an error without a message");
      spent += kNanosecondsOfCall + kNanosecondsOfValue * static_cast<double>(entry.values);
    }
    return spent;
  }

  Store store;
  Linker linker;
};

/// Whether it may wait for a thread that is not there.
bool may_wait(Input bytes) {
  static const Features without_threads = *Features::parse("-threads");
  return !Module::from_binary(bytes, without_threads);
}

/// Every function that is exported is called with too little fuel to do anything.
void check_translation(Input bytes, const Facts& facts) {
  constexpr std::uint64_t kStart = 1'000;
  check_attempts(Measure::translate_memory, Measure::translate_time, bytes, [&] {
    const auto module = load(bytes);
    World world(*module, false);
    world.store.set_fuel(kStart);
    double more = kStart * kNanosecondsOfFuel;
    const Meter meter;
    auto instance = world.linker.instantiate(*module);
    if (instance) more += world.call(*instance, facts, 1);
    return meter.cost(more);
  });
}

/// Runs twice. The first time translates, which takes memory; the time is that of the second.
void check_running(Input bytes, const Facts& facts) {
  const auto module = load(bytes);
  const auto run = [&]() -> Cost {
    World world(*module, true);
    auto instance = world.linker.instantiate(*module);
    if (!instance) return {};
    const std::uint64_t fuel = world.store.fuel_left();
    const Meter meter;
    const double more = world.call(*instance, facts, std::nullopt);
    const auto used = static_cast<double>(fuel - world.store.fuel_left());
    return meter.cost(more + used * kNanosecondsOfFuel);
  };
  check(Measure::run_memory, run().bytes, 0, bytes);
  check_attempts(Measure::run_memory, Measure::run_time, bytes, run);
}

Input as_input(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

}  // namespace

std::vector<std::byte> check_assembly(std::string_view text) {
  std::vector<std::byte> bytes;
  check_attempts(Measure::assemble_memory, Measure::assemble_time, as_input(text), [&] {
    const Meter meter;
    auto assembled = text_to_binary(text);
    const Cost cost = meter.cost();
    if (!assembled) require(false, "a text that is not assembled: " + to_string(assembled.error()));
    bytes = *std::move(assembled);
    return cost;
  });
  return bytes;
}

bool check_costs(Input bytes) {
  // Defining imports takes as much memory as all their types do, one beside the other.
  constexpr std::uint64_t kMostImported = 1'000'000;
  if (!check_loading(bytes)) return false;
  const auto decoded = decoder::read_module({bytes.begin(), bytes.end()});
  require(decoded.has_value(), "a valid module that cannot be read");
  const Facts facts = facts_of(*decoded);
  check_printing(bytes, facts, true);
  const std::string text = check_printing(bytes, facts, false);
  if (!text.empty()) check_assembly(text);
  check_listing(bytes);
  if (facts.imported_values > kMostImported || may_wait(bytes)) return true;
  check_translation(bytes, facts);
  check_running(bytes, facts);
  return true;
}

const Highest& highest_cost(Measure measure) {
  Highest& highest = highest_costs[index_of(measure)];
  const Limit& limit = limit_of(measure);
  highest.name = limit.name;
  highest.unit = limit.unit;
  highest.limit = limit.per_byte;
  return highest;
}

}  // namespace tinywasm::fuzz
