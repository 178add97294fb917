// SPDX-License-Identifier: Apache-2.0
#include "spec-tests/round_trip.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tinywasm/text.hpp>

#include "decoder/errors.hpp"
#include "spec-tests/script.hpp"

namespace tinywasm::spec {
namespace {

using Bytes = std::vector<std::byte>;
using decoder::TextModule;

/// A module's bytes; nothing if it is malformed.
std::optional<Bytes> bytes_of(const TextModule& module) {
  if (module.kind != TextModule::Kind::quote) return module.bytes;
  auto bytes = text_to_binary(module.quoted);
  return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

/// By way of text.
Result<Bytes> copy_of(const Bytes& module, bool fold) {
  const auto text = binary_to_text(module, {.fold = fold});
  if (!text) return text.error();
  return text_to_binary(*text);
}

/// What is wrong, or nothing.
std::string check(const TextModule& module) {
  std::optional<Bytes> bytes = bytes_of(module);
  if (!bytes) return {};
  if (module.kind == TextModule::Kind::binary) {
    if (!binary_to_text(*bytes)) return {};
    auto first = copy_of(*bytes, false);
    if (!first) return "text of a binary: " + to_string(first.error());
    bytes = *std::move(first);
  }
  for (const bool fold : {false, true}) {
    const std::string form = fold ? "folded text: " : "flat text: ";
    const auto copy = copy_of(*bytes, fold);
    if (!copy) return form + to_string(copy.error());
    if (*copy != *bytes) return form + "another module";
  }
  return {};
}

}  // namespace

ScriptReport check_round_trips(std::string_view source) {
  ScriptReport report;
  ScriptReader reader(source);
  while (const auto command = reader.next()) {
    if (!*command || !(*command)->module || !*(*command)->module) continue;
    ++report.modules;
    const std::string problem = check(**(*command)->module);
    if (problem.empty()) {
      ++report.passed;
    } else {
      ++report.failed;
      report.failures.push_back({reader.line((*command)->offset), decoder::escape(problem)});
    }
  }
  return report;
}

}  // namespace tinywasm::spec
