// SPDX-License-Identifier: Apache-2.0
// Types in the binary format (https://webassembly.github.io/spec/core/binary/types.html).
#pragma once

#include <cstdint>
#include <vector>

#include <tinywasm/interrupt.hpp>

#include "decoder/byte_reader.hpp"
#include "decoder/types.hpp"

namespace tinywasm::decoder {

HeapType read_heap_type(ByteReader& reader);
ValType read_ref_type(ByteReader& reader);
ValType read_val_type(ByteReader& reader);

/// Reads the groups of equal locals that a body begins with: `visit(count, type)` for each.
template <class Visit>
void read_local_groups(ByteReader& reader, Visit visit) {
  for (std::uint32_t groups = reader.count(); groups > 0 && reader.ok(); --groups) {
    const std::uint32_t count = reader.u32();
    visit(count, read_val_type(reader));
  }
}

MemoryType read_memory_type(ByteReader& reader);
TableType read_table_type(ByteReader& reader);
GlobalType read_global_type(ByteReader& reader);

/// The types of a type section, in the order of their indices. Recursion groups without types leave
/// no trace but in `empty_groups`: the index of the type before which each stands.
std::vector<SubType> read_types(ByteReader& reader,
                                std::vector<std::uint32_t>* empty_groups = nullptr,
                                const InterruptToken* interrupt = nullptr);

/// A block type: a type index, or a result or none. A type index that is absent is -1.
struct BlockType {
  std::int64_t index = -1;
  ValType result;  // bottom: none
};
BlockType read_block_type(ByteReader& reader);

}  // namespace tinywasm::decoder
