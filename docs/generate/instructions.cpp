// SPDX-License-Identifier: Apache-2.0
// Prints docs/instructions.md from the instruction table.
#include "decoder/instructions.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace {

using namespace tinywasm::decoder;

constexpr std::string_view kFeatures[] = {
    "1.0",
    "sign extension",
    "saturating conversions",
    "bulk memory",
    "references",
    "SIMD",
    "relaxed SIMD",
    "tail calls",
    "typed function references",
    "GC",
    "exceptions",
    "wide arithmetic",
    "legacy exceptions",
    "threads",
    "custom descriptors",
};

std::string_view type_of(char letter) {
  switch (letter) {
    case 'i':
      return "i32";
    case 'I':
      return "i64";
    case 'f':
      return "f32";
    case 'F':
      return "f64";
    case 'v':
      return "v128";
    default:
      return "address";
  }
}

/// "ai:I" as "[address i32] -> [i64]".
std::string signature_of(const InsnInfo& insn) {
  if (insn.is_special()) return "depends";
  std::string text = "[";
  for (const char letter : insn.signature) {
    if (letter == ':') {
      text += "] -> [";
      continue;
    }
    if (text.back() != '[') text += ' ';
    text += type_of(letter);
  }
  return text + "]";
}

std::string_view immediates_of(Immediates immediates) {
  switch (immediates) {
    case Immediates::none:
      return "";
    case Immediates::zero_byte:
      return "zero byte";
    case Immediates::block_type:
      return "block type";
    case Immediates::label:
      return "label";
    case Immediates::labels:
      return "labels, default label";
    case Immediates::function:
      return "function";
    case Immediates::type:
      return "type";
    case Immediates::type_table:
      return "type, table";
    case Immediates::local:
      return "local";
    case Immediates::global:
      return "global";
    case Immediates::table:
      return "table";
    case Immediates::table_table:
      return "table, table";
    case Immediates::elem_table:
      return "element segment, table";
    case Immediates::elem:
      return "element segment";
    case Immediates::data:
      return "data segment";
    case Immediates::data_memory:
      return "data segment, memory";
    case Immediates::memory:
      return "memory";
    case Immediates::memory_memory:
      return "memory, memory";
    case Immediates::i32:
      return "i32";
    case Immediates::i64:
      return "i64";
    case Immediates::f32:
      return "f32";
    case Immediates::f64:
      return "f64";
    case Immediates::v128:
      return "v128";
    case Immediates::mem8:
      return "memarg (1 byte)";
    case Immediates::mem16:
      return "memarg (2 bytes)";
    case Immediates::mem32:
      return "memarg (4 bytes)";
    case Immediates::mem64:
      return "memarg (8 bytes)";
    case Immediates::mem128:
      return "memarg (16 bytes)";
    case Immediates::mem8_lane:
      return "memarg (1 byte), lane";
    case Immediates::mem16_lane:
      return "memarg (2 bytes), lane";
    case Immediates::mem32_lane:
      return "memarg (4 bytes), lane";
    case Immediates::mem64_lane:
      return "memarg (8 bytes), lane";
    case Immediates::lane2:
      return "lane of 2";
    case Immediates::lane4:
      return "lane of 4";
    case Immediates::lane8:
      return "lane of 8";
    case Immediates::lane16:
      return "lane of 16";
    case Immediates::lanes:
      return "16 lanes of 32";
    case Immediates::heap_type:
      return "heap type";
    case Immediates::select_types:
      return "types";
    case Immediates::tag:
      return "tag";
    case Immediates::catches:
      return "block type, catch clauses";
    case Immediates::type_field:
      return "type, field";
    case Immediates::type_count:
      return "type, count";
    case Immediates::type_data:
      return "type, data segment";
    case Immediates::type_elem:
      return "type, element segment";
    case Immediates::type_type:
      return "type, type";
    case Immediates::cast_branch:
      return "flags, label, heap type, heap type";
  }
  return "";
}

}  // namespace

int main() {
  std::printf(
      "# Instructions\n\n"
      "Generated from [decoder/instructions.def](../decoder/instructions.def): `ninja docs` in a\n"
      "build directory writes this page anew, and a test compares. *depends*: the operands follow\n"
      "from the immediates. An *address* is an i32, or an i64 for a 64-bit memory.\n"
      "[adding-an-instruction.md](adding-an-instruction.md) shows how a row comes to life.\n\n"
      "%zu instructions.\n\n"
      "| opcode | instruction | immediates | operands and results | feature |\n"
      "| --- | --- | --- | --- | --- |\n",
      kInsnCount);
  for (const InsnInfo& insn : kInsns) {
    const auto feature = static_cast<std::size_t>(insn.feature);
    char opcode[16];
    if (insn.prefix == 0) {
      std::snprintf(opcode, sizeof opcode, "%02X", insn.opcode);
    } else {
      std::snprintf(opcode, sizeof opcode, "%02X %02X", insn.prefix, insn.opcode);
    }
    std::printf("| %s | `%s` | %s | %s | %s |\n", opcode, std::string(insn.text).c_str(),
                std::string(immediates_of(insn.immediates)).c_str(), signature_of(insn).c_str(),
                feature < std::size(kFeatures) ? kFeatures[feature].data() : "");
  }
  return 0;
}
