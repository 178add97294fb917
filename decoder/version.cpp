// SPDX-License-Identifier: Apache-2.0
#include <tinywasm/version.hpp>

namespace tinywasm {

const char* version() noexcept { return TINYWASM_VERSION_STRING; }

}  // namespace tinywasm
