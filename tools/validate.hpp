// SPDX-License-Identifier: Apache-2.0
// `tinywasm validate`: decodes and checks modules without running them.
#pragma once

#include <string>
#include <vector>

namespace tinywasm::tools {

/// `arguments` are those after "validate". The process's exit code.
int validate(const std::vector<std::string>& arguments);

}  // namespace tinywasm::tools
