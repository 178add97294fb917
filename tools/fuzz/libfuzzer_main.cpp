// SPDX-License-Identifier: Apache-2.0
// One target (TINYWASM_FUZZ_TARGET, a function of targets.hpp) as libFuzzer calls it.
#include <cstdint>

#include "tools/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tinywasm::fuzz::TINYWASM_FUZZ_TARGET({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
