// SPDX-License-Identifier: Apache-2.0
// <tinywasm/text.hpp>
#include <bit>
#include <cstdint>

#include <tinywasm/text.hpp>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/text_number.hpp"
#include "decoder/text_printer.hpp"
#include "vm/api.hpp"

namespace tinywasm {

Result<std::vector<std::byte>> text_to_binary(std::string_view text,
                                              const InterruptToken* interrupt) {
  return vm::guarded([&] { return decoder::assemble(text, interrupt); });
}

Result<void> binary_to_text(std::span<const std::byte> binary, const TextSink& sink,
                            const TextOptions& options) {
  return vm::guarded([&]() -> Result<void> {
    std::vector<std::byte> bytes(binary.begin(), binary.end());
    auto module = decoder::read_module(std::move(bytes), options.interrupt);
    if (!module) return std::move(module).error();
    return decoder::print_module(*module, options.fold, sink, options.interrupt);
  });
}

Result<std::string> binary_to_text(std::span<const std::byte> binary, const TextOptions& options) {
  return vm::guarded([&]() -> Result<std::string> {
    std::string text;
    const auto append = [&text](std::string_view piece) {
      text += piece;
      return true;
    };
    if (auto done = binary_to_text(binary, append, options); !done) return std::move(done).error();
    return text;
  });
}

std::optional<Value> number_from_text(ValueType type, std::string_view text) {
  if (type == ValueType::i32) {
    const auto bits = decoder::parse_integer(text, 32);
    if (bits) return Value(static_cast<std::int32_t>(*bits));
  } else if (type == ValueType::i64) {
    const auto bits = decoder::parse_integer(text, 64);
    if (bits) return Value(static_cast<std::int64_t>(*bits));
  } else if (type == ValueType::f32) {
    const auto bits = decoder::parse_f32(text);
    if (bits) return Value(std::bit_cast<float>(*bits));
  } else if (type == ValueType::f64) {
    const auto bits = decoder::parse_f64(text);
    if (bits) return Value(std::bit_cast<double>(*bits));
  }
  return std::nullopt;
}

}  // namespace tinywasm
