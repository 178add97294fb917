// SPDX-License-Identifier: Apache-2.0
// The public API's types from the decoder's and back.
#pragma once

#include <tinywasm/value.hpp>

#include "decoder/module.hpp"
#include "decoder/types.hpp"

namespace tinywasm::vm {

inline ValueType to_public(decoder::ValType type) { return ValueType::from_bits(type.bits()); }
inline decoder::ValType to_decoder(ValueType type) {
  return decoder::ValType::from_bits(type.bits());
}
static_assert(ValueType::i32.bits() == decoder::ValType(decoder::ValType::kI32).bits());
static_assert(ValueType::v128.bits() == decoder::ValType(decoder::ValType::kV128).bits());
static_assert(ValueType::funcref.bits() == decoder::kFuncRef.bits());
static_assert(ValueType::externref.bits() == decoder::kExternRef.bits());

FuncType to_public(const decoder::FuncType& type);
decoder::FuncType to_decoder(const FuncType& type);
TableType to_public(const decoder::TableType& type);
decoder::TableType to_decoder(const TableType& type);
MemoryType to_public(const decoder::MemoryType& type);
decoder::MemoryType to_decoder(const MemoryType& type);
GlobalType to_public(const decoder::GlobalType& type);
decoder::GlobalType to_decoder(const GlobalType& type);

/// The type of an entry of an index space of `module`.
ExternType type_of(const decoder::Module& module, decoder::ExternKind kind, std::uint32_t index);

ImportType import_type(const decoder::Module& module, const decoder::Import& import);

/// Names and types of all exports.
ExportType export_type(const decoder::Module& module, const decoder::Export& entry);
std::vector<ExportType> exports_of(const decoder::Module& module);

/// Whether the host may make a memory, table or function of this type: limits in order, and only
/// types that need no module to be understood.
bool is_closed(const FuncType& type);
bool is_closed(ValueType type);

}  // namespace tinywasm::vm
