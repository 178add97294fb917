// SPDX-License-Identifier: Apache-2.0
// What this implementation accepts at most. The specification allows such limits (appendix A.2);
// most are those of the JavaScript embedding. A module beyond one is refused as `unsupported`.
#pragma once

#include <cstdint>

namespace tinywasm::decoder {

inline constexpr std::uint64_t kMaxModuleBytes = 0xffff'ffff;
inline constexpr std::uint32_t kMaxTypes = 1'000'000;
inline constexpr std::uint32_t kMaxFunctions = 1'000'000;
inline constexpr std::uint32_t kMaxImports = 1'000'000;
inline constexpr std::uint32_t kMaxExports = 1'000'000;
inline constexpr std::uint32_t kMaxGlobals = 1'000'000;
inline constexpr std::uint32_t kMaxTags = 1'000'000;
inline constexpr std::uint32_t kMaxTables = 100'000;
inline constexpr std::uint32_t kMaxMemories = 100;
inline constexpr std::uint32_t kMaxElementSegments = 100'000;
inline constexpr std::uint32_t kMaxDataSegments = 100'000;
inline constexpr std::uint32_t kMaxParameters = 1'000;
inline constexpr std::uint32_t kMaxResults = 1'000;
inline constexpr std::uint32_t kMaxFields = 10'000;
inline constexpr std::uint32_t kMaxSubtypeDepth = 63;
inline constexpr std::uint32_t kMaxLocals = 50'000;  // parameters included

/// Bytes of one function body. Translation needs up to 300 bytes of memory for each.
inline constexpr std::uint32_t kMaxBodyBytes = 7'654'321;
/// Slots of one function's frame: its locals and its deepest operand stack.
inline constexpr std::uint32_t kMaxFrameSlots = 65'535;
/// Blocks inside one another in one function.
inline constexpr std::uint32_t kMaxBlockDepth = 65'535;

}  // namespace tinywasm::decoder
