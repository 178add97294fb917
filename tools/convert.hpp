// SPDX-License-Identifier: Apache-2.0
// `tinywasm wasm` and `tinywasm wat`: from the text format to the binary one and back.
#pragma once

#include <string>
#include <vector>

namespace tinywasm::tools {

/// `arguments` are those after the subcommand. The process's exit code.
int wasm(const std::vector<std::string>& arguments);
int wat(const std::vector<std::string>& arguments);

}  // namespace tinywasm::tools
