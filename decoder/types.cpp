// SPDX-License-Identifier: Apache-2.0
#include "decoder/types.hpp"

namespace tinywasm::decoder {
namespace {

/// The short form of `(ref null heap)`, or null.
const char* short_name(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kArray:
      return "arrayref";
    case HeapType::kStruct:
      return "structref";
    case HeapType::kI31:
      return "i31ref";
    case HeapType::kEq:
      return "eqref";
    case HeapType::kAny:
      return "anyref";
    case HeapType::kExtern:
      return "externref";
    case HeapType::kFunc:
      return "funcref";
    case HeapType::kExn:
      return "exnref";
    case HeapType::kNone:
      return "nullref";
    case HeapType::kNoExtern:
      return "nullexternref";
    case HeapType::kNoFunc:
      return "nullfuncref";
    case HeapType::kNoExn:
      return "nullexnref";
  }
  return "(ref null bot)";
}

const char* long_name(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kArray:
      return "array";
    case HeapType::kStruct:
      return "struct";
    case HeapType::kI31:
      return "i31";
    case HeapType::kEq:
      return "eq";
    case HeapType::kAny:
      return "any";
    case HeapType::kExtern:
      return "extern";
    case HeapType::kFunc:
      return "func";
    case HeapType::kExn:
      return "exn";
    case HeapType::kNone:
      return "none";
    case HeapType::kNoExtern:
      return "noextern";
    case HeapType::kNoFunc:
      return "nofunc";
    case HeapType::kNoExn:
      return "noexn";
  }
  return "bot";
}

}  // namespace

std::string to_string(HeapType type) {
  if (type.is_abstract()) return long_name(type.abstract());
  const std::string index = std::to_string(type.type_index());
  return type.is_exact() ? "(exact " + index + ')' : index;
}

std::string to_string(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return "i32";
    case ValType::kI64:
      return "i64";
    case ValType::kF32:
      return "f32";
    case ValType::kF64:
      return "f64";
    case ValType::kV128:
      return "v128";
    case ValType::kI8:
      return "i8";
    case ValType::kI16:
      return "i16";
    case ValType::kBottom:
      return "bot";
    case ValType::kRef:
      return "(ref " + to_string(type.heap()) + ')';
    case ValType::kRefNull:
      if (type.heap().is_abstract()) return short_name(type.heap().abstract());
      return "(ref null " + to_string(type.heap()) + ')';
  }
  return "?";
}

std::string to_string(std::span<const ValType> types) {
  std::string text = "[";
  for (const ValType type : types) {
    if (text.size() > 1) text += ' ';
    text += to_string(type);
  }
  return text + ']';
}

}  // namespace tinywasm::decoder
