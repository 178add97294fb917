// SPDX-License-Identifier: Apache-2.0
// Inputs to begin with: modules out of files.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

using Seed = std::vector<std::byte>;

/// Calls `visit` with every input of the form that `path` holds: of a directory all its files, in
/// order; of a test script (.wast) its modules; of a source (.wat) or a module (.wasm) that one;
/// any other file is an input itself. What cannot be brought into the form is left out. False: the
/// path cannot be read.
bool for_each_seed(const std::string& path, Form form, const std::function<void(Seed)>& visit);

}  // namespace tinywasm::fuzz
