// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "spec-tests/runner.hpp"

namespace tinywasm::spec {

/// Prints every module of a script as text, flat and folded, and assembles it again: the same bytes
/// have to come out. Those of modules in the binary format may change once, as there are several
/// ways to write the same module. What cannot be decoded is no module. Counts modules only.
ScriptReport check_round_trips(std::string_view source);

}  // namespace tinywasm::spec
