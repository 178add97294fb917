// SPDX-License-Identifier: Apache-2.0
// For the tests of the public API.
#pragma once

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include <tinywasm/tinywasm.hpp>

namespace tinywasm {

/// The module of a source that must be good.
inline Module module_of(std::string_view text) {
  auto module = Module::from_text(text);
  if (!module) FAIL(to_string(module.error()));
  return *std::move(module);
}

/// An instance of a source that must be good.
inline Instance instance_of(Linker& linker, std::string_view text) {
  auto instance = linker.instantiate(module_of(text));
  if (!instance) FAIL(to_string(instance.error()));
  return *instance;
}

/// "kind: message" of a Result's error, or "ok".
template <class T>
std::string outcome(const Result<T>& result) {
  if (result) return "ok";
  return std::string(to_string(result.error().kind)) + ": " + result.error().message;
}

}  // namespace tinywasm
