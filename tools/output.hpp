// SPDX-License-Identifier: Apache-2.0
// Files the command writes.
#pragma once

#include <string>
#include <string_view>

#include <tinywasm/result.hpp>

namespace tinywasm::tools {

/// Writes a file whole or not at all: into a temporary one beside it, which then takes its place.
/// What is there and no regular file (a pipe, a device) is written to directly. "-" is standard
/// output. Errors do not repeat the path.
Result<void> write_output(const std::string& path, std::string_view bytes);

}  // namespace tinywasm::tools
