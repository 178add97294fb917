// SPDX-License-Identifier: Apache-2.0
// The instruction table of instructions.def as an enum and a constexpr array.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tinywasm::decoder {

/// What follows an opcode in the binary format, and how the text format writes it.
enum class Immediates : std::uint8_t {
  none,
  block_type,
  label,
  labels,  // br_table: vec(label) label
  function,
  type,
  type_table,  // call_indirect: type index, table index
  local,
  global,
  table,
  table_table,  // table.copy: destination, source
  elem_table,   // table.init: element index, table index
  elem,
  data,
  data_memory,  // memory.init: data index, memory index
  memory,
  memory_memory,  // memory.copy: destination, source
  zero_byte,      // atomic.fence: a byte that means nothing yet
  i32,
  i64,
  f32,
  f64,
  v128,
  mem8,  // memN: memarg whose natural alignment is N bits
  mem16,
  mem32,
  mem64,
  mem128,
  mem8_lane,  // memarg, then a lane index
  mem16_lane,
  mem32_lane,
  mem64_lane,
  lane2,
  lane4,
  lane8,
  lane16,
  lanes,  // i8x16.shuffle: 16 lane indices below 32
  heap_type,
  select_types,
  tag,
  catches,      // try_table: block type, vec(catch)
  type_field,   // struct.get: type index, field index
  type_count,   // array.new_fixed: type index, length
  type_data,    // array.new_data: type index, data index
  type_elem,    // array.new_elem: type index, element index
  type_type,    // array.copy: type index, type index
  cast_branch,  // br_on_cast: flags, label, heap type, heap type
};

/// The proposal an instruction came with. Those before wide_arithmetic are part of Wasm 3.0.
enum class Feature : std::uint8_t {
  mvp,
  sign_extension,
  saturating_float_to_int,
  bulk_memory,
  reference_types,
  simd,
  relaxed_simd,
  tail_call,
  function_references,
  gc,
  exceptions,
  wide_arithmetic,
  legacy_exceptions,
  threads,
  custom_descriptors,
};

enum class Insn : std::uint16_t {
#define INSN(id, prefix, opcode, text, signature, immediates, feature) id,
#include "decoder/instructions.def"
#undef INSN
};

struct InsnInfo {
  std::string_view text;
  std::string_view signature;  // "ii:i", or "*"
  std::uint8_t prefix;
  std::uint16_t opcode;
  Immediates immediates;
  Feature feature;

  /// The validator and the translator have a case of their own for it.
  constexpr bool is_special() const { return signature == "*"; }
  /// Natural alignment of a memN immediate as a power of two.
  constexpr std::uint32_t natural_alignment() const {
    const auto i = immediates;
    if (i >= Immediates::mem8 && i <= Immediates::mem128) {
      return static_cast<std::uint32_t>(i) - static_cast<std::uint32_t>(Immediates::mem8);
    }
    if (i >= Immediates::mem8_lane && i <= Immediates::mem64_lane) {
      return static_cast<std::uint32_t>(i) - static_cast<std::uint32_t>(Immediates::mem8_lane);
    }
    return 0;
  }
};

inline constexpr InsnInfo kInsns[] = {
#define INSN(id, prefix, opcode, text, signature, immediates, feature) \
  {text, signature, prefix, opcode, Immediates::immediates, Feature::feature},
#include "decoder/instructions.def"
#undef INSN
};
inline constexpr std::size_t kInsnCount = std::size(kInsns);

constexpr const InsnInfo& info(Insn insn) { return kInsns[static_cast<std::size_t>(insn)]; }

inline constexpr std::uint16_t kNoInsn = 0xffff;

namespace detail {

template <std::size_t N>
constexpr std::array<std::uint16_t, N> opcode_map(std::uint8_t prefix) {
  std::array<std::uint16_t, N> map{};
  for (auto& entry : map) entry = kNoInsn;
  for (std::size_t i = 0; i < kInsnCount; ++i) {
    if (kInsns[i].prefix == prefix) map[kInsns[i].opcode] = static_cast<std::uint16_t>(i);
  }
  return map;
}

inline constexpr auto kPlainMap = opcode_map<256>(0x00);
inline constexpr auto kGcMap = opcode_map<0x27>(0xFB);
inline constexpr auto kMiscMap = opcode_map<32>(0xFC);
inline constexpr auto kVectorMap = opcode_map<0x120>(0xFD);
inline constexpr auto kAtomicMap = opcode_map<0x50>(0xFE);

}  // namespace detail

/// The row of an opcode, as a value of Insn, or kNoInsn when there is none.
constexpr std::uint16_t find_insn(std::uint8_t prefix, std::uint32_t opcode) {
  const auto at = [opcode](const auto& map) { return opcode < map.size() ? map[opcode] : kNoInsn; };
  switch (prefix) {
    case 0x00:
      return at(detail::kPlainMap);
    case 0xFB:
      return at(detail::kGcMap);
    case 0xFC:
      return at(detail::kMiscMap);
    case 0xFD:
      return at(detail::kVectorMap);
    case 0xFE:
      return at(detail::kAtomicMap);
    default:
      return kNoInsn;
  }
}

}  // namespace tinywasm::decoder
