// SPDX-License-Identifier: Apache-2.0
// A decoded module (https://webassembly.github.io/spec/core/syntax/modules.html). It owns a private
// copy of its bytes; names and bodies are views into them. Immutable once read and validated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decoder/types.hpp"

namespace tinywasm::decoder {

enum class ExternKind : std::uint8_t { func = 0, table = 1, memory = 2, global = 3, tag = 4 };

/// A constant expression: the bytes [begin, end) of the module, its `end` opcode included.
struct ConstExpr {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Import {
  std::string_view module;
  std::string_view name;
  ExternKind kind = ExternKind::func;
  bool is_exact = false;    // a function of exactly the type, not of a subtype
  std::uint32_t index = 0;  // in the index space of its kind
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::func;
  std::uint32_t index = 0;
};

struct Table {
  TableType type;
  std::optional<ConstExpr> init;  // defined tables only; absent: ref.null
};

struct Global {
  GlobalType type;
  ConstExpr init;  // defined globals only
};

enum class SegmentMode : std::uint8_t { active, passive, declarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::passive;
  ValType type = kFuncRef;
  std::uint32_t table = 0;
  ConstExpr offset;         // active only
  bool uses_exprs = false;  // else `functions` holds function indices
  std::vector<std::uint32_t> functions;
  std::vector<ConstExpr> exprs;
  std::size_t size() const { return uses_exprs ? exprs.size() : functions.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::passive;
  std::uint32_t memory = 0;
  ConstExpr offset;         // active only
  std::uint32_t begin = 0;  // the bytes [begin, end) of the module
  std::uint32_t end = 0;
};

/// The code entry of a defined function: its local declarations and instructions, `end` included.
struct FunctionBody {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct CustomSection {
  std::string_view name;
  std::uint32_t begin = 0;  // contents after the name
  std::uint32_t end = 0;
};

class NameIndex;  // names.hpp

struct Module {
  Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  Module(const Module&) = delete;  // names are views into `bytes`
  Module& operator=(const Module&) = delete;

  std::vector<std::byte> bytes;

  std::vector<SubType> types;
  /// For type i, from 4 * i on: `(ref null i)`, `(ref i)` and the same with `(exact i)`. What block
  /// signatures view.
  std::vector<ValType> type_refs;
  /// For type i, the first type that is equivalent to it (validate_module fills it in).
  std::vector<std::uint32_t> canonical_types;
  std::vector<Import> imports;
  // Index spaces, imports first.
  std::vector<std::uint32_t> functions;  // type indices
  std::vector<Table> tables;
  std::vector<MemoryType> memories;
  std::vector<Global> globals;
  std::vector<std::uint32_t> tags;  // type indices
  std::vector<bool> exact_imports;  // of the imported functions
  std::uint32_t imported_functions = 0;
  std::uint32_t imported_tables = 0;
  std::uint32_t imported_memories = 0;
  std::uint32_t imported_globals = 0;
  std::uint32_t imported_tags = 0;

  std::vector<Export> exports;
  std::unordered_map<std::string_view, std::uint32_t> export_index;  // name -> index in `exports`
  std::optional<std::uint32_t> start;
  std::vector<ElementSegment> elements;
  std::vector<DataSegment> data;
  std::optional<std::uint32_t> data_count;
  std::vector<FunctionBody> bodies;  // bodies[i] is function imported_functions + i
  std::vector<CustomSection> custom_sections;
  /// Where the contents of each section begin, by section id; 0 when there is none.
  std::array<std::uint32_t, 14> section_offsets{};
  /// Whether v128 occurs in the type of a function or a global (set by validate_module).
  bool has_vector_types = false;

  /// Functions that may be named by ref.func in a body (3.4.1: the set `refs`), by index.
  std::vector<bool> declared_functions;

  std::span<const std::byte> view(std::uint32_t begin, std::uint32_t end) const {
    return std::span(bytes).subspan(begin, end - begin);
  }
  const FuncType& type_of_function(std::uint32_t function) const {
    return types[functions[function]].func;
  }
  bool is_imported_function(std::uint32_t function) const { return function < imported_functions; }
  /// The function is of its type, and not possibly of a subtype that it was imported with.
  bool is_exact_function(std::uint32_t function) const {
    return function >= imported_functions || exact_imports[function];
  }
  const FunctionBody& body(std::uint32_t function) const {
    return bodies[function - imported_functions];
  }
  /// The name of a function: from the name section, else an export's or import's name, else empty.
  /// The name section is decoded at the first call, not at load; any thread may make it. See
  /// names.hpp for the rest.
  std::string_view function_name(std::uint32_t function) const;
  /// The module's own name from the name section, or empty.
  std::string_view module_name() const;

  /// Where the names are kept once somebody asks; set by read_module.
  std::shared_ptr<NameIndex> name_index;

  /// For a type that is its own canonical one, its place in an order in which the declared subtypes
  /// of a type directly follow it, and the place after the last of these: what is between them is a
  /// subtype. Empty when no type has a supertype (validate_module fills it in).
  struct SubtypeRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::vector<SubtypeRange> subtype_ranges;
};

}  // namespace tinywasm::decoder
