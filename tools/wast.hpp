// SPDX-License-Identifier: Apache-2.0
// `tinywasm wast`: runs test scripts.
#pragma once

#include <string>
#include <vector>

namespace tinywasm::tools {

/// `arguments` are those after "wast". The process's exit code: success only if nothing failed.
int wast(const std::vector<std::string>& arguments);

}  // namespace tinywasm::tools
