// SPDX-License-Identifier: Apache-2.0
// `tinywasm run`: a module's _start, or one of its functions.
#pragma once

#include <string>
#include <vector>

namespace tinywasm::tools {

/// `arguments` are those after "run". The process's exit code.
int run(const std::vector<std::string>& arguments);

}  // namespace tinywasm::tools
