// SPDX-License-Identifier: Apache-2.0
// What the command's options and a guest function's arguments look like as text.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tinywasm/features.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/value.hpp>
#include <tinywasm/wasi.hpp>

namespace tinywasm::tools {

/// "65536", "64K", "64M", "4G": bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "500ms", "1.5s", "2m", "1h"; a number alone is seconds.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// "host", "fixed" or "virtual", the last two with ":TIME" if not at WasiClocks::kDefaultStart. A
/// time is 2026-11-22, 2026-11-22T15:04:05Z or seconds since 1970.
std::optional<WasiClocks> parse_clocks(std::string_view text);
/// A number, decimal or 0x....
std::optional<std::uint64_t> parse_number(std::string_view text);
/// The value of --features. An empty one is refused: it would stand for all of them.
Result<Features> parse_features(std::string_view text);
/// GUEST[::SIZE]: a directory in memory, whose files show the time that `clocks` start with.
std::optional<WasiPreopen> parse_memory_directory(std::string_view text, const WasiClocks& clocks);
/// HOST[::GUEST[::ro]]
std::optional<WasiPreopen> parse_directory(std::string_view text);
/// NAME=VALUE, or NAME for what the command's own environment holds; none when that has none.
std::optional<std::pair<std::string, std::string>> parse_variable(const std::string& text);

/// A guest function's arguments, one text each, by its parameters' types. Numbers are written as in
/// the text format: 12, -0x1_f, 1.5, 0x1p-3, inf, nan:0x200000; v128 is 0x and 32 digits, the
/// highest byte first, or lanes as in i32x4:1,2,3,4; references can only be null. So what
/// to_string() makes of a number or a vector is understood.
Result<std::vector<Value>> parse_values(const FuncType& type,
                                        const std::vector<std::string>& texts);

}  // namespace tinywasm::tools
