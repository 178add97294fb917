// SPDX-License-Identifier: Apache-2.0
// Targets that load modules through the public headers: under sets of features, and from scripts.
#include <cstdint>
#include <string>
#include <string_view>

#include <tinywasm/module.hpp>

#include "spec-tests/runner.hpp"
#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr FeatureId kFeatures[] = {
#define FEATURE(id, name, group) FeatureId::id,
    TINYWASM_FEATURES(FEATURE)
#undef FEATURE
};

/// A number that follows from bytes and differs much with each of them.
std::uint64_t digest(Input input) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const std::byte byte : input)
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100'0000'01b3;
  return hash;
}

Features without(std::uint64_t bits) {
  Features features;
  for (const FeatureId feature : kFeatures) {
    if ((bits >> static_cast<unsigned>(feature) & 1) != 0) features.set(feature, false);
  }
  return features;
}

bool is_valid(Input input, const Features& features) {
  const auto module = Module::from_binary(input, features);
  if (!module) require(!module.error().message.empty(), "an error without a message");
  return module.has_value();
}

}  // namespace

void features(Input input) {
  const bool is_valid_under_all = is_valid(input, {});
  std::uint64_t random = digest(input);
  for (int i = 0; i < 4; ++i) {
    random = random * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    // Few are off in the larger set, and these and others in the smaller one.
    const std::uint64_t off = random >> 8 & random >> 28;
    const bool under_more = is_valid(input, without(off));
    const bool under_fewer = is_valid(input, without(off | random >> 33));
    require(!under_fewer || under_more, "valid, but not with more features");
    require(!under_more || is_valid_under_all, "valid, but not with all features");
  }
}

void scripts(Input input) {
  const std::string_view source(reinterpret_cast<const char*>(input.data()), input.size());
  StoreConfig config;
  config.max_memory_bytes = 64 << 20;
  config.max_stack_bytes = 256 << 10;
  config.max_gc_bytes = 16 << 20;
  config.max_table_elements = 100'000;
  config.fuel = 100'000;
  Features features;
  features.set(FeatureId::threads, false);  // a wait may have no end
  const spec::ScriptReport report = spec::run_script(source, config, features);
  require(report.failures.size() == report.failed, "a failure that is not told");
  for (const spec::Failure& failure : report.failures) {
    require(!failure.message.empty(), "a failure without a message");
    require(failure.message.find('\n') == std::string::npos, "a failure in several lines");
  }
}

}  // namespace tinywasm::fuzz
