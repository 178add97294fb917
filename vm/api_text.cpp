// SPDX-License-Identifier: Apache-2.0
// <tinywasm/text.hpp>
#include <tinywasm/text.hpp>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/text_printer.hpp"
#include "vm/api.hpp"

namespace tinywasm {

Result<std::vector<std::byte>> text_to_binary(std::string_view text) {
  return vm::guarded([&] { return decoder::assemble(text); });
}

Result<std::string> binary_to_text(std::span<const std::byte> binary, const TextOptions& options) {
  return vm::guarded([&]() -> Result<std::string> {
    auto module = decoder::read_module(std::vector<std::byte>(binary.begin(), binary.end()));
    if (!module) return std::move(module).error();
    return decoder::print_module(*module, options.fold);
  });
}

}  // namespace tinywasm
