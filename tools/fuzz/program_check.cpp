// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/program_check.hpp"

#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include <tinywasm/tinywasm.hpp>

#include "tools/fuzz/imports.hpp"
#include "tools/fuzz/program.hpp"

namespace tinywasm::fuzz {
namespace {

struct Way {
  std::string_view name;
  /// Ways of one group are run together. All programs are run in those of group 0.
  std::uint32_t group = 0;
  bool fuse = true;
  bool portable_loop = false;
  bool is_deterministic = false;
  bool collects = false;  // at every allocation
  bool is_metered = false;
  /// With so little fuel that it may run out: only to be compared with one another.
  bool is_starved = false;
};
constexpr Way kWays[] = {
    {.name = "plain", .fuse = false},
    {.name = "fused"},
    {.name = "loop", .group = 1, .portable_loop = true},
    {.name = "fused, deterministic", .group = 1, .is_deterministic = true},
    {.name = "plain, deterministic", .group = 2, .fuse = false, .is_deterministic = true},
    {.name = "fused, collecting", .group = 2, .collects = true},
    {.name = "fused, fuel", .group = 3, .is_metered = true},
    {.name = "plain, fuel", .group = 3, .fuse = false, .is_metered = true},
    {.name = "loop, fuel", .group = 4, .portable_loop = true, .is_metered = true},
    {.name = "fused, fuel", .group = 4, .is_metered = true},
    {.name = "plain, little fuel",
     .group = 5,
     .fuse = false,
     .is_metered = true,
     .is_starved = true},
    {.name = "fused, little fuel", .group = 5, .is_metered = true, .is_starved = true},
    {.name = "loop, little fuel",
     .group = 5,
     .portable_loop = true,
     .is_metered = true,
     .is_starved = true},
};
constexpr std::uint32_t kGroups = 5;  // besides 0

/// `group`: the one that some ways are chosen by.
bool is_wanted(const Way& way, std::size_t ways, std::uint32_t group) {
  if (ways == kAllWays) return true;
  if (ways == kSomeWays) return way.group == 0 || way.group == group;
  return way.group == kWays[ways].group;
}

/// Programs seldom write beyond these bytes of a memory, and to look at others takes the system
/// longer than the program.
constexpr std::size_t kUsualBytes = 8192 + 256;

constexpr std::uint64_t kFuel = std::uint64_t{1} << 40;

StoreConfig config_of(const Way& way, bool only_deterministic, std::uint64_t little) {
  StoreConfig config;
  config.max_memory_bytes = 1 << 20;
  config.max_stack_bytes = 256 << 10;
  config.max_table_elements = 1000;
  config.max_gc_bytes = 16 << 20;
  if (way.is_metered) config.fuel = way.is_starved ? little : kFuel;
  config.deterministic = way.is_deterministic || only_deterministic;
  config.fuse = way.fuse;
  config.portable_loop = way.portable_loop;
  return config;
}

class Digest {
 public:
  void add(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 29;
  }
  /// Of the words that are not zero, and where they are.
  void add(std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, 8);
      if (word != 0) add(word ^ at << 40);
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037u;
};

/// Numbers by their bits, NaNs as one unless all ways are deterministic; of references the kind.
std::string show(const Value& value, bool exact) {
  const ValueType type = value.type();
  if (type == ValueType::f32 && !exact && std::isnan(value.f32())) return "f32:nan";
  if (type == ValueType::f64 && !exact && std::isnan(value.f64())) return "f64:nan";
  if (!type.is_ref()) return to_string(value);
  std::string text = "ref:" + std::to_string(static_cast<int>(value.ref_kind()));
  if (value.ref_kind() == RefKind::i31) text += ":" + std::to_string(value.i31_value());
  return text;
}

std::string show(std::span<const Value> values, bool exact) {
  std::string text;
  for (const Value& value : values) text += ' ' + show(value, exact);
  return text;
}

/// Small numbers, i31s and nulls.
Value argument(ValueType type, std::uint32_t number) {
  if (type == ValueType::i31ref || type == ValueType::anyref || type == ValueType::eqref) {
    return Value::i31(static_cast<std::int32_t>(number) - 3);
  }
  if (type.is_ref()) return Value::null(type);
  if (type == ValueType::f32) return Value(static_cast<float>(number) * 1.5f);
  if (type == ValueType::f64) return Value(static_cast<double>(number) * -2.25);
  const std::uint64_t bits[2] = {number * std::uint64_t{0x80000007}, number};
  const std::uint64_t small[2] = {number, 0};
  return Value::from_slots(nullptr, type, type == ValueType::i32 ? small : bits);
}

/// A program in one way of running.
class Run {
 public:
  Run(const Module& module, const Way& way, bool exact, std::uint64_t little, bool all_memory)
      : store_(config_of(way, exact, little)),
        linker_(store_),
        exact_(exact),
        all_memory_(all_memory) {
    store_.set_gc_stress(way.collects);
    define_imports(module, store_, linker_, [this](const std::string& name, const FuncType& type) {
      return HostFunction::dynamic(type,
                                   [this, name](Caller&, std::span<const Value> arguments,
                                                std::span<Value>) -> Result<void> {
                                     calls_ += "  " + name + show(arguments, exact_) + '\n';
                                     return {};
                                   });
    });
    auto instance = linker_.instantiate(module);
    if (!instance) {
      calls_ = "instantiate: " + to_string(instance.error());
      return;
    }
    call_all(*instance, way.is_starved ? little : kFuel);
  }

  /// What each call did, with what it handed to the host.
  const std::string& calls() const { return calls_; }
  /// Where the calls that failed did, and where that may differ: of two accesses that are out of
  /// bounds, fused code may name either.
  const std::string& places() const { return places_; }
  const std::string& fuel() const { return fuel_; }
  const std::string& state() const { return state_; }

 private:
  void call_all(const Instance& instance, std::uint64_t fuel) {
    for (const ExportType& entry : instance.exports()) {
      if (const auto* type = std::get_if<GlobalType>(&entry.type)) {
        if (type->type == ValueType::i32 && entry.name == "g2") continue;
        state_ += entry.name + " " + show(instance.global(entry.name)->get(), exact_) + '\n';
      } else if (std::holds_alternative<MemoryType>(entry.type)) {
        Digest digest;
        const std::span<const std::byte> bytes = instance.memory(entry.name)->bytes();
        digest.add(bytes.size());
        digest.add(all_memory_ ? bytes : bytes.first(kUsualBytes));
        state_ += entry.name + ' ' + std::to_string(digest.value()) + '\n';
      } else if (std::holds_alternative<FuncType>(entry.type)) {
        store_.set_fuel(fuel);
        // The functions count down what is left of the last entry's steps.
        if (entry.name[0] == 'f') (void)instance.global("g2")->set(Value(10));
        call(entry.name, *instance.func(entry.name));
      }
    }
  }

  void call(const std::string& name, const Func& function) {
    std::vector<Value> arguments;
    for (const ValueType type : function.type().params) {
      arguments.push_back(argument(type, static_cast<std::uint32_t>(arguments.size()) + 1));
    }
    const auto result = function.call(arguments);
    if (result) {
      calls_ += name + show(*result, exact_) + '\n';
    } else {
      const Error& error = result.error();
      calls_ += name + ' ' + to_string(error.kind);
      // The message names the values, whose NaNs differ.
      const auto thrown = Exception::of(error);
      calls_ += thrown ? show(thrown->values(), exact_) : ": " + error.message;
      calls_ += '\n';
      add_place(name, error);
    }
    fuel_ += name + ' ' + std::to_string(store_.fuel_left()) + '\n';
  }

  void add_place(const std::string& name, const Error& error) {
    places_ += name;
    const bool is_vague = error.message == "out of bounds memory access";
    for (const Frame& frame : error.backtrace) {
      places_ += ' ' + std::to_string(frame.function);
      if (!is_vague || &frame != error.backtrace.data()) {
        places_ += '@' + std::to_string(frame.offset);
      }
    }
    places_ += '\n';
  }

  Store store_;
  Linker linker_;
  bool exact_;
  bool all_memory_;
  std::string calls_;
  std::string places_;
  std::string fuel_;
  std::string state_;
};

/// The first line that differs.
std::string compare(std::string_view a, std::string_view b) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size() && a[i] == b[i]; ++i) {
    if (a[i] == '\n') line = i + 1;
  }
  const auto at = [line](std::string_view text) {
    return std::string(text.substr(line, text.find('\n', line) - line));
  };
  return '"' + at(a) + "\" and \"" + at(b) + '"';
}

std::optional<Difference> compare(const Run& first, const Run& other, bool both_metered) {
  const auto differ = [](Aspect aspect, std::string_view what, const std::string& a,
                         const std::string& b) -> std::optional<Difference> {
    if (a == b) return std::nullopt;
    return Difference{aspect, 0, std::string(what) + compare(a, b)};
  };
  if (auto found = differ(Aspect::calls, "calls: ", first.calls(), other.calls())) return found;
  if (auto found = differ(Aspect::state, "state: ", first.state(), other.state())) return found;
  if (auto found = differ(Aspect::places, "places: ", first.places(), other.places())) return found;
  if (!both_metered) return std::nullopt;
  return differ(Aspect::fuel, "fuel: ", first.fuel(), other.fuel());
}

}  // namespace

std::optional<Difference> find_difference(const std::vector<std::byte>& bytes, bool is_portable,
                                          std::size_t ways) {
  const auto module = Module::from_binary(bytes);
  if (!module) return Difference{Aspect::validity, 0, to_string(module.error())};
  // The module's size is as good as chance.
  const std::uint64_t little = bytes.size() * 7919 % 2000;
  const std::uint32_t group = 1 + static_cast<std::uint32_t>(bytes.size() % kGroups);
  const auto run = [&](const Way& way) {
    return std::make_unique<const Run>(*module, way, !is_portable, little, ways == kAllWays);
  };
  std::unique_ptr<const Run> first = run(kWays[0]);
  std::unique_ptr<const Run> metered;
  std::unique_ptr<const Run> starved;
  for (std::size_t i = 1; i < std::size(kWays); ++i) {
    const Way& way = kWays[i];
    if (!is_wanted(way, ways, group)) continue;
    auto other = run(way);
    std::optional<Difference> found;
    if (!way.is_starved) found = compare(*first, *other, false);
    std::unique_ptr<const Run>& alike = way.is_starved ? starved : metered;
    if (!found && alike) found = compare(*alike, *other, true);
    if (found) {
      found->way = i;
      found->text = std::string(way.name) + ": " + found->text;
      return found;
    }
    if (way.is_metered && !alike) alike = std::move(other);
  }
  return std::nullopt;
}

std::uint64_t observe(const std::vector<std::byte>& bytes) {
  const auto module = Module::from_binary(bytes);
  Digest digest;
  if (!module) return 0;
  const Run run(*module, {.name = "fused, deterministic", .is_deterministic = true}, true, 0, true);
  for (const std::string* text : {&run.calls(), &run.places(), &run.state()}) {
    digest.add(std::as_bytes(std::span(*text)));
    for (const char c : *text) digest.add(static_cast<unsigned char>(c));
  }
  return digest.value();
}

void run_programs(Input input) {
  const Program program = make_program(input);
  const auto found = find_difference(program.module, program.is_portable, kSomeWays);
  if (found) require(false, found->text);
}

}  // namespace tinywasm::fuzz
