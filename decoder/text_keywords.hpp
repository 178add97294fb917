// SPDX-License-Identifier: Apache-2.0
// The keywords of the text format (https://webassembly.github.io/spec/core/text/): the names of the
// instruction table's rows, and the words below.
#pragma once

#include <cstdint>
#include <string_view>

#include "decoder/instructions.hpp"

namespace tinywasm::decoder {

// KEYWORD(id, text)
#define TINYWASM_KEYWORDS(KEYWORD)          \
  /* modules */                             \
  KEYWORD(module, "module")                 \
  KEYWORD(definition, "definition")         \
  KEYWORD(instance, "instance")             \
  KEYWORD(binary, "binary")                 \
  KEYWORD(quote, "quote")                   \
  KEYWORD(type, "type")                     \
  KEYWORD(rec, "rec")                       \
  KEYWORD(import_, "import")                \
  KEYWORD(func, "func")                     \
  KEYWORD(table, "table")                   \
  KEYWORD(memory, "memory")                 \
  KEYWORD(tag, "tag")                       \
  KEYWORD(global, "global")                 \
  KEYWORD(export_, "export")                \
  KEYWORD(start, "start")                   \
  KEYWORD(elem, "elem")                     \
  KEYWORD(data, "data")                     \
  KEYWORD(offset, "offset")                 \
  KEYWORD(item, "item")                     \
  KEYWORD(declare, "declare")               \
  /* functions and instructions */          \
  KEYWORD(param, "param")                   \
  KEYWORD(result, "result")                 \
  KEYWORD(local, "local")                   \
  KEYWORD(then, "then")                     \
  KEYWORD(do_, "do")                        \
  KEYWORD(catch_ref, "catch_ref")           \
  KEYWORD(catch_all_ref, "catch_all_ref")   \
  KEYWORD(nan_canonical, "nan:canonical")   \
  KEYWORD(nan_arithmetic, "nan:arithmetic") \
  KEYWORD(i8x16, "i8x16")                   \
  KEYWORD(i16x8, "i16x8")                   \
  KEYWORD(i32x4, "i32x4")                   \
  KEYWORD(i64x2, "i64x2")                   \
  KEYWORD(f32x4, "f32x4")                   \
  KEYWORD(f64x2, "f64x2")                   \
  /* types */                               \
  KEYWORD(sub, "sub")                       \
  KEYWORD(final_, "final")                  \
  KEYWORD(describes, "describes")           \
  KEYWORD(descriptor, "descriptor")         \
  KEYWORD(exact, "exact")                   \
  KEYWORD(struct_, "struct")                \
  KEYWORD(array, "array")                   \
  KEYWORD(field, "field")                   \
  KEYWORD(mut, "mut")                       \
  KEYWORD(shared, "shared")                 \
  KEYWORD(pagesize, "pagesize")             \
  KEYWORD(ref, "ref")                       \
  KEYWORD(null, "null")                     \
  KEYWORD(i32, "i32")                       \
  KEYWORD(i64, "i64")                       \
  KEYWORD(f32, "f32")                       \
  KEYWORD(f64, "f64")                       \
  KEYWORD(v128, "v128")                     \
  KEYWORD(i8, "i8")                         \
  KEYWORD(i16, "i16")                       \
  KEYWORD(any, "any")                       \
  KEYWORD(eq, "eq")                         \
  KEYWORD(i31, "i31")                       \
  KEYWORD(none_, "none")                    \
  KEYWORD(nofunc, "nofunc")                 \
  KEYWORD(extern_, "extern")                \
  KEYWORD(noextern, "noextern")             \
  KEYWORD(exn, "exn")                       \
  KEYWORD(noexn, "noexn")                   \
  KEYWORD(anyref, "anyref")                 \
  KEYWORD(eqref, "eqref")                   \
  KEYWORD(i31ref, "i31ref")                 \
  KEYWORD(structref, "structref")           \
  KEYWORD(arrayref, "arrayref")             \
  KEYWORD(nullref, "nullref")               \
  KEYWORD(funcref, "funcref")               \
  KEYWORD(nullfuncref, "nullfuncref")       \
  KEYWORD(externref, "externref")           \
  KEYWORD(nullexternref, "nullexternref")   \
  KEYWORD(exnref, "exnref")                 \
  KEYWORD(nullexnref, "nullexnref")

enum class Keyword : std::uint16_t {
  none,  // not a keyword of this list
#define KEYWORD(id, text) id,
  TINYWASM_KEYWORDS(KEYWORD)
#undef KEYWORD
};

/// What a word means: a row of the instruction table (the first one of that text), a keyword, or
/// nothing.
struct KeywordMeaning {
  std::uint16_t insn = kNoInsn;  // a value of Insn, or kNoInsn
  Keyword keyword = Keyword::none;
  bool is_known() const { return insn != kNoInsn || keyword != Keyword::none; }
};

KeywordMeaning find_keyword(std::string_view text);

}  // namespace tinywasm::decoder
