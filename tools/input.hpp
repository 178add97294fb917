// SPDX-License-Identifier: Apache-2.0
// What the command reads.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm::tools {

/// All bytes of a file, or of standard input when `path` is "-". Errors do not repeat the path.
Result<std::vector<std::byte>> read_input(const std::string& path);

/// The same bytes as text.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A module from a file, or from standard input when `path` is "-". An error is reported.
std::optional<Module> load(const std::string& path, const LoadOptions& options);

}  // namespace tinywasm::tools
