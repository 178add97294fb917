// SPDX-License-Identifier: Apache-2.0
// What the command reads.
#pragma once

#include <optional>
#include <string>

#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm::tools {

/// All bytes of a file, or of standard input when `path` is "-". Errors do not repeat the path.
Result<std::string> read_input(const std::string& path);

/// A module from a file, or from standard input when `path` is "-". An error is reported.
std::optional<Module> load(const std::string& path, const Features& features);

}  // namespace tinywasm::tools
