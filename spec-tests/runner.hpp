// SPDX-License-Identifier: Apache-2.0
// Runs test scripts of the official suite as the specification's reference interpreter does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/features.hpp>
#include <tinywasm/store.hpp>

namespace tinywasm::spec {

/// A command of a script that did not do what it should.
struct Failure {
  std::uint32_t line = 0;
  std::string message;  // one line, safe for a terminal
};

/// What came of a script. Every command counts once, by its kind, and as passed or failed.
struct ScriptReport {
  std::uint64_t modules = 0;  // definitions, instances, and a module that is the whole script
  std::uint64_t assertions = 0;
  std::uint64_t actions = 0;  // outside of assertions
  std::uint64_t registers = 0;
  std::uint64_t threads = 0;  // started, and waited for
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::vector<Failure> failures;  // `failed` of them, in the script's order
};

/// Runs a script in a Store of its own, to its end whatever happens on the way: a module that
/// cannot be loaded is a failure, and so is everything that would have used it. Each of its threads
/// (https://github.com/WebAssembly/threads/tree/main/interpreter#scripts) is a thread of the host
/// with another Store under the same limits, that shares the shared memories which instances given
/// to it export; what comes of its commands is reported where it is waited for, or at the end.
ScriptReport run_script(std::string_view source, const StoreConfig& config,
                        const Features& features = {});

}  // namespace tinywasm::spec
