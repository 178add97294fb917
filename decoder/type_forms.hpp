// SPDX-License-Identifier: Apache-2.0
// The bytes that begin a type of the type section (spec 5.3, "Recursive Types").
#pragma once

#include <cstdint>

namespace tinywasm::decoder {

inline constexpr std::uint8_t kFuncForm = 0x60;
inline constexpr std::uint8_t kStructForm = 0x5F;
inline constexpr std::uint8_t kArrayForm = 0x5E;
inline constexpr std::uint8_t kSubForm = 0x50;
inline constexpr std::uint8_t kSubFinalForm = 0x4F;
inline constexpr std::uint8_t kRecForm = 0x4E;
// Of the custom descriptors proposal.
inline constexpr std::uint8_t kDescriptorForm = 0x4D;
inline constexpr std::uint8_t kDescribesForm = 0x4C;

}  // namespace tinywasm::decoder
