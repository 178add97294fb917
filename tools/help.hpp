// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tinywasm::tools {

/// Prints how to use the command. The exit code.
int print_help();

}  // namespace tinywasm::tools
