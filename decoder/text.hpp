// SPDX-License-Identifier: Apache-2.0
// The text format (https://webassembly.github.io/spec/core/text/index.html): from a source to the
// binary format, which the binary reader and the validator then take as they take any module.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <tinywasm/interrupt.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm::decoder {

/// The module that `source` holds, in the binary format: one "(module ...)", "(module binary ...)"
/// or "(module quote ...)", or its fields alone. Identifiers go into a name section. Nothing is
/// validated beyond what the text format itself demands. Errors are `malformed` (or `unsupported`
/// for a limit) with line and column, or `interrupted` once `interrupt` is set; inside of a quoted
/// module these count from the first string.
Result<std::vector<std::byte>> assemble(std::string_view source,
                                        const InterruptToken* interrupt = nullptr);

struct AssembledText {
  std::vector<std::byte> bytes;
  /// The text states a memory's page size. If that is the usual one, the bytes do not tell.
  bool has_page_size = false;
};
/// The same with what the bytes do not tell.
Result<AssembledText> assemble_text(std::string_view source,
                                    const InterruptToken* interrupt = nullptr);

}  // namespace tinywasm::decoder
