// SPDX-License-Identifier: Apache-2.0
#include "decoder/reader.hpp"

#include <doctest/doctest.h>

#include "decoder/instruction_reader.hpp"
#include "decoder/test_bytes.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;
using namespace tinywasm::decoder::test;

namespace {

Module read(Bytes input) {
  auto result = read_module(std::move(input));
  if (!result) FAIL(to_string(result.error()));
  return std::move(*result);
}

/// Kind, message and place of the error.
std::string error_of(Bytes input) {
  auto result = read_module(std::move(input));
  if (result) return "";
  return std::string(to_string(result.error().kind)) + ": " + to_string(result.error());
}

const Bytes kVoid = bytes({0x60, 0, 0});

}  // namespace

TEST_SUITE("reader") {
  TEST_CASE("the preamble") {
    CHECK(read(module({})).bytes.size() == 8);
    CHECK(error_of({}) == "malformed: unexpected end (at offset 0x0)");
    CHECK(error_of(bytes({0, "asm"})) == "malformed: unexpected end (at offset 0x4)");
    CHECK(error_of(bytes({"wasm", 1, 0, 0, 0})) ==
          "malformed: magic header not detected (at offset 0x0)");
    CHECK(error_of(bytes({0, "asm", 2, 0, 0, 0})) ==
          "malformed: unknown binary version (at offset 0x4)");
    CHECK(error_of(bytes({0, "asm", 13, 0, 1, 0})) ==
          "malformed: unknown binary version: this is a component, which holds modules, and not a "
          "module (at offset 0x4)");
    CHECK(error_of(bytes({0, "asm", 0, 0, 1, 0})) ==
          "malformed: unknown binary version (at offset 0x4)");
  }

  TEST_CASE("sections come in order and have their size") {
    CHECK(error_of(module({section(14, {})})) == "malformed: malformed section id (at offset 0x8)");
    CHECK(error_of(module({section(3, {0}), section(1, {0})})) ==
          "malformed: unexpected content after last section (at offset 0xb)");
    CHECK(error_of(module({section(1, {0}), section(1, {0})})) ==
          "malformed: unexpected content after last section (at offset 0xb)");
    CHECK(error_of(module({section(1, {0, 0})})) ==
          "malformed: section size mismatch (at offset 0xb)");
    CHECK(error_of(module({1, 5, 0})) == "malformed: length out of bounds (at offset 0x9)");
    // Tags are between memories and globals, the data count between elements and code.
    read(module({section(5, {0}), section(13, {0}), section(6, {0}), section(9, {0}),
                 section(12, {0}), section(10, {0}), section(11, {0})}));
    CHECK(error_of(module({section(6, {0}), section(13, {0})})) ==
          "malformed: unexpected content after last section (at offset 0xb)");
  }

  TEST_CASE("custom sections are kept as ranges") {
    const Module m = read(module({section(0, {sized({"a"}), "xyz"}), section(1, {0}),
                                  section(0, {sized({"b"})}), section(0, {sized({"a"})})}));
    REQUIRE(m.custom_sections.size() == 3);
    CHECK(m.custom_sections[0].name == "a");
    CHECK(m.custom_sections[0].end - m.custom_sections[0].begin == 3);
    CHECK(m.custom_sections[2].name == "a");
    CHECK(error_of(module({section(0, {})})) ==
          "malformed: unexpected end of section or function (at offset 0xa)");
    CHECK(error_of(module({section(0, {5, "ab"}), section(0, {sized({"b"})})})) ==
          "malformed: unexpected end of section or function (at offset 0xd)");
  }

  TEST_CASE("types of every kind") {
    const Module m = read(module(
        {section(1, {vec({
                        bytes({0x60, vec({0x7f, 0x7e, 0x7d, 0x7c, 0x7b}), vec({0x70, 0x6f})}),
                        bytes({0x4e, vec({bytes({0x50, vec({}), 0x5f, vec({bytes({0x78, 1})})}),
                                          bytes({0x4f, vec({1}), 0x5f,
                                                 vec({bytes({0x78, 1}), bytes({0x63, 2, 0})})})})}),
                        bytes({0x5e, 0x64, 0x6e, 1}),
                    })})}));
    REQUIRE(m.types.size() == 4);
    CHECK(to_string(m.types[0].func.params) == "[i32 i64 f32 f64 v128]");
    CHECK(to_string(m.types[0].func.results) == "[funcref externref]");
    CHECK(m.types[0].is_final);
    CHECK(m.types[1].kind == CompositeKind::struct_);
    CHECK(!m.types[1].is_final);
    CHECK(m.types[1].rec_start == 1);
    CHECK(m.types[1].rec_size == 2);
    CHECK(m.types[2].supertype == 1);
    CHECK(m.types[2].is_final);
    CHECK(to_string(m.types[2].fields[1].type) == "(ref null 2)");
    CHECK(m.types[2].fields[0].type.is_packed());
    CHECK(m.types[3].kind == CompositeKind::array);
    CHECK(to_string(m.types[3].fields[0].type) == "(ref any)");
    CHECK(m.types[3].fields[0].is_mutable);
    CHECK(m.type_refs.size() == 16);
    CHECK(m.type_refs[9] == ValType::ref(HeapType::index(2), false));
    CHECK(m.type_refs[10] == ValType::ref(HeapType::exact(2), true));
  }

  TEST_CASE("custom descriptors") {
    const auto types = [](Parts parts) { return section(1, {1, 0x4e, bytes(parts)}); };
    const Bytes pair = types({2, 0x4d, 1, 0x5f, 0, 0x50, 0, 0x4c, 0, 0x5f, 1, 0x63, 0x62, 0, 0});
    const Module m = read(module({pair}));
    REQUIRE(m.types.size() == 2);
    CHECK(m.types[0].descriptor == 1);
    CHECK(!m.types[0].describes);
    CHECK(m.types[1].describes == 0);
    CHECK(!m.types[1].descriptor);
    CHECK(!m.types[1].is_final);
    CHECK(m.types[1].fields[0].type == ValType::ref(HeapType::exact(0), true));
    CHECK(to_string(m.types[1].fields[0].type) == "(ref null (exact 0))");
    const auto error = [&](Parts parts) { return error_of(module({types(parts)})); };
    CHECK(error({1, 0x4d, 0, 0x4c, 0, 0x5f, 0}) ==
          "malformed: malformed definition type (at offset 0xf)");
    CHECK(error({1, 0x4d, leb(1000000), 0x5f, 0}) ==
          "invalid: unknown type 1000000 (at offset 0xe)");
    CHECK(error({1, 0x5f, 1, 0x62, 0, 0}) == "malformed: malformed storage type (at offset 0xf)");
    // A prefix twice is an index; that this is wrong shows when the section goes on.
    CHECK(error({1, 0x5f, 1, 0x64, 0x62, 0x62, 0, 0}) ==
          "malformed: malformed storage type (at offset 0x13)");
    CHECK(error({1, 0x5f, 1, 0x64, 0x62, 0, 0, 0}) ==
          "malformed: section size mismatch (at offset 0x13)");
    // Exact abstract types cannot be written.
    CHECK(error({1, 0x5f, 1, 0x63, 0x62, leb(0x6e), 0}) == "");
    const Module with_import =
        read(module({section(1, {vec({kVoid})}),
                     section(2, {vec({bytes({0, 0, 0x20, 0}), bytes({0, 0, 0, 0})})})}));
    REQUIRE(with_import.imports.size() == 2);
    CHECK(with_import.imports[0].kind == ExternKind::func);
    CHECK(with_import.imports[0].is_exact);
    CHECK(with_import.is_exact_function(0));
    CHECK(!with_import.imports[1].is_exact);
    CHECK(!with_import.is_exact_function(1));
    CHECK(error_of(
              module({section(1, {vec({kVoid})}), section(2, {vec({bytes({0, 0, 0x21, 0})})})})) ==
          "malformed: malformed import kind (at offset 0x13)");
  }

  TEST_CASE("malformed types") {
    const auto type = [](Parts parts) { return error_of(module({section(1, {1, bytes(parts)})})); };
    CHECK(type({0x50, 2, 0, 0, 0x60, 0, 0}) ==
          "invalid: sub type: more than one super type (at offset 0xc)");
    CHECK(type({0x61}) == "malformed: malformed definition type (at offset 0xb)");
    CHECK(type({0xe0, 0x7f, 0, 0}) == "malformed: integer representation too long (at offset 0xc)");
    CHECK(type({0x60, 1, 0x75, 0}) == "malformed: malformed value type (at offset 0xd)");
    CHECK(type({0x60, 1, 0x63, 0x40, 0}) == "malformed: malformed heap type (at offset 0xe)");
    CHECK(type({0x5e, 0x7f, 2}) == "malformed: malformed mutability (at offset 0xd)");
    CHECK(type({0x60, 0xe9, 7, 0}) ==
          "malformed: malformed value type (at offset 0xe)");  // it is not there to be counted
    // An index beyond every possible type cannot be kept, and is unknown.
    CHECK(type({0x60, 1, 0x63, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}) ==
          "invalid: unknown type 4294967295 (at offset 0xe)");
    Bytes params;
    for (int i = 0; i < 1001; ++i) params.push_back(std::byte{0x7f});
    CHECK(type({0x60, leb(1001), params, 0}) == "unsupported: too many parameters (at offset 0xd)");
  }

  TEST_CASE("imports and index spaces") {
    const auto import = [](int kind, Parts type) {
      return bytes({sized({"m"}), sized({"n"}), kind, bytes(type)});
    };
    const Module m = read(module({
        section(1, {vec({kVoid})}),
        section(2, {vec({import(0, {0}), import(1, {0x70, 1, 2, 3}), import(2, {0, 1}),
                         import(3, {0x7e, 1}), import(4, {0, 0}), import(0, {0})})}),
        section(3, {vec({0})}),
        section(10, {vec({body({})})}),
    }));
    CHECK(m.imports.size() == 6);
    CHECK(m.imports[5].index == 1);
    CHECK(m.functions.size() == 3);
    CHECK(m.imported_functions == 2);
    CHECK(m.is_imported_function(1));
    CHECK(!m.is_imported_function(2));
    CHECK(m.body(2).end - m.body(2).begin == 2);
    CHECK(m.tables[0].type.limits.min == 2);
    CHECK(m.tables[0].type.limits.max == 3);
    CHECK(m.globals[0].type.is_mutable);
    CHECK(m.imported_tags == 1);
    CHECK(error_of(module({section(2, {vec({import(5, {0})})})})) ==
          "malformed: malformed import kind (at offset 0xf)");
    CHECK(error_of(module({section(2, {vec({import(3, {0x7f, 2})})})})) ==
          "malformed: malformed mutability (at offset 0x11)");
  }

  TEST_CASE("limits") {
    const auto memory = [](Parts limits) { return module({section(5, {vec({bytes(limits)})})}); };
    CHECK(read(memory({0, 1})).memories[0].limits.min == 1);
    CHECK(read(memory({3, 1, 2})).memories[0].limits.is_shared);
    const Limits wide = read(memory({5, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20})).memories[0].limits;
    CHECK(wide.is_64);
    CHECK(wide.max == std::uint64_t{1} << 40);
    CHECK(error_of(memory({8})) == "malformed: malformed limits flags (at offset 0xb)");
    CHECK(read(memory({8, 1, 0})).memories[0].page_log2 == 0);
    CHECK(read(memory({9, 1, 2, 17})).memories[0].page_log2 == 17);
    CHECK(error_of(memory({8, 1, 64})) == "malformed: invalid custom page size (at offset 0xd)");
    CHECK(error_of(memory({16, 0})) == "malformed: malformed limits flags (at offset 0xb)");
    CHECK(error_of(module({section(4, {vec({bytes({0x70, 3, 0, 1})})})})) ==
          "malformed: malformed limits flags (at offset 0xc)");
  }

  TEST_CASE("tables with an initialiser, and globals") {
    const Module m = read(module({
        section(4, {vec({bytes({0x40, 0, 0x64, 0x70, 0, 4, 0xd2, 0, 0x0b}), bytes({0x70, 0, 1})})}),
        section(6, {vec({bytes({0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b})})}),
    }));
    REQUIRE(m.tables[0].init);
    CHECK(!m.tables[1].init);
    CHECK(to_string(m.tables[0].type.element) == "(ref func)");
    std::vector<Insn> seen;
    ConstExprReader reader(m, m.globals[0].init);
    while (const Instruction* insn = reader.next()) seen.push_back(insn->id);
    CHECK(seen == std::vector{Insn::i32_const, Insn::i32_const, Insn::i32_add});
    CHECK(error_of(module({section(4, {vec({bytes({0x40, 1, 0x70, 0, 0, 0x0b})})})})) ==
          "malformed: zero byte expected (at offset 0xc)");
    CHECK(error_of(module({section(6, {vec({bytes({0x7f, 0, 0x41, 0})})})})) ==
          "malformed: unexpected end of section or function (at offset 0xf)");
    CHECK(error_of(module({section(6, {vec({bytes({0x7f, 0, 0xff, 0x0b})})})})) ==
          "malformed: illegal opcode ff (at offset 0xd)");
  }

  TEST_CASE("exports") {
    const Module m = read(
        module({section(7, {vec({bytes({sized({"f"}), 0, 3}), bytes({sized({"t"}), 4, 1})})})}));
    CHECK(m.exports[0].index == 3);
    CHECK(m.exports[1].kind == ExternKind::tag);
    CHECK(m.export_index.at("t") == 1);
    CHECK(error_of(module({section(7, {vec({bytes({sized({"f"}), 5, 3})})})})) ==
          "malformed: malformed export kind (at offset 0xd)");
  }

  TEST_CASE("element segments of all eight kinds") {
    const Bytes offset = bytes({0x41, 0, 0x0b});
    const Bytes ref = bytes({0xd2, 0, 0x0b});
    const Module m = read(module({section(
        9, {vec({bytes({0, offset, vec({1, 2})}), bytes({1, 0, vec({1})}),
                 bytes({2, 1, offset, 0, vec({})}), bytes({3, 0, vec({0})}),
                 bytes({4, offset, vec({ref})}), bytes({5, 0x70, vec({ref, ref})}),
                 bytes({6, 1, offset, 0x6f, vec({})}), bytes({7, 0x64, 0x70, vec({ref})})})})}));
    REQUIRE(m.elements.size() == 8);
    CHECK(m.elements[0].mode == SegmentMode::active);
    CHECK(m.elements[0].functions == std::vector<std::uint32_t>{1, 2});
    CHECK(to_string(m.elements[0].type) == "(ref func)");
    CHECK(m.elements[1].mode == SegmentMode::passive);
    CHECK(m.elements[2].table == 1);
    CHECK(m.elements[3].mode == SegmentMode::declarative);
    CHECK(m.elements[4].uses_exprs);
    CHECK(to_string(m.elements[4].type) == "funcref");
    CHECK(m.elements[5].size() == 2);
    CHECK(to_string(m.elements[6].type) == "externref");
    CHECK(m.elements[7].mode == SegmentMode::declarative);
    CHECK(error_of(module({section(9, {vec({bytes({8})})})})) ==
          "malformed: malformed elements segment kind (at offset 0xb)");
    CHECK(error_of(module({section(9, {vec({bytes({1, 1, 0})})})})) ==
          "malformed: malformed element kind (at offset 0xc)");
    CHECK(error_of(module({section(9, {vec({bytes({5, 0x7f, 0})})})})) ==
          "malformed: malformed reference type (at offset 0xc)");
  }

  TEST_CASE("data segments") {
    const Bytes offset = bytes({0x41, 0, 0x0b});
    const Module m =
        read(module({section(12, {3}),
                     section(11, {vec({bytes({0, offset, sized({"abc"})}), bytes({1, sized({"d"})}),
                                       bytes({2, 1, offset, sized({""})})})})}));
    REQUIRE(m.data.size() == 3);
    CHECK(m.data[0].end - m.data[0].begin == 3);
    CHECK(m.data[1].mode == SegmentMode::passive);
    CHECK(m.data[2].memory == 1);
    CHECK(error_of(module({section(12, {1})})) ==
          "malformed: data count and data section have inconsistent lengths (at offset 0xb)");
    CHECK(error_of(module({section(11, {vec({bytes({3, 0})})})})) ==
          "malformed: malformed data segment kind (at offset 0xb)");
  }

  TEST_CASE("functions and bodies") {
    CHECK(error_of(module({section(3, {vec({0})})})) ==
          "malformed: function and code section have inconsistent lengths (at offset 0xc)");
    CHECK(error_of(module({section(10, {vec({body({})})})})) ==
          "malformed: function and code section have inconsistent lengths (at offset 0xa)");
    const auto body_of = [](std::size_t size) {
      return module({section(1, {vec({kVoid})}), section(3, {vec({0})}),
                     section(10, {1, leb(size), Bytes(size, std::byte{1})})});
    };
    CHECK(error_of(body_of(7'654'321)) == "");
    CHECK(error_of(body_of(7'654'322)) ==
          "unsupported: function body is larger than 7654321 bytes (at offset 0x1c)");
    // A body that is longer than it says shows in what follows; the error named is its own.
    CHECK(error_of(module({section(1, {vec({kVoid})}), section(3, {vec({0})}), 10, 5, 1, 3, 0, 0x41,
                           0xff, 0xff, 0xff, 0xff, 0x1f, 0x0b})) ==
          "malformed: integer too large (at offset 0x1c)");
  }

  TEST_CASE("instructions with every kind of immediate") {
    const Bytes code = bytes({
        0x02, 0x40, 0x03, 0x05, 0x04, 0x63, 0x02,              // block types
        0x0e, 0x02, 0x00, 0x01, 0x02,                          // br_table
        0x11, 0x03, 0x04,                                      // call_indirect
        0x28, 0x42, 0x07, 0x85, 0x01,                          // i32.load memory 7
        0x1c, 0x01, 0x70,                                      // select funcref
        0x44, 0,    0,    0,    0,    0,    0,    0xf0, 0x3f,  // f64.const 1
        0xd0, 0x6f,                                            // ref.null extern
        0xfc, 0x08, 0x01, 0x02,                                // memory.init
        0xfd, 0x54, 0x00, 0x09, 0x0f,                          // v128.load8_lane
        0xfd, 0x80, 0x02,                                      // i8x16.relaxed_swizzle
        0x1f, 0x7f, 0x02, 0x00, 0x03, 0x04, 0x03, 0x05,        // try_table
        0xfb, 0x18, 0x01, 0x06, 0x6e, 0x6b,                    // br_on_cast
    });
    ByteReader reader(code, 0, code.size());
    InstructionReader instructions;
    Instruction insn;
    const auto next = [&] {
      REQUIRE(instructions.read(reader, insn));
      return insn.id;
    };
    CHECK(next() == Insn::block);
    CHECK(insn.index == Instruction::kNoIndex);
    CHECK(insn.type.is_bottom());
    CHECK(next() == Insn::loop);
    CHECK(insn.index == 5);
    CHECK(next() == Insn::if_);
    CHECK(to_string(insn.type) == "(ref null 2)");
    CHECK(next() == Insn::br_table);
    CHECK(insn.labels.size() == 3);
    CHECK(insn.labels.back() == 2);
    CHECK(next() == Insn::call_indirect);
    CHECK(insn.index == 3);
    CHECK(insn.index2 == 4);
    CHECK(next() == Insn::i32_load);
    CHECK(insn.align == 2);
    CHECK(insn.index == 7);
    CHECK(insn.value == 0x85);
    CHECK(next() == Insn::select_t);
    CHECK(insn.type == kFuncRef);
    CHECK(next() == Insn::f64_const);
    CHECK(insn.value == 0x3ff0000000000000);
    CHECK(next() == Insn::ref_null);
    CHECK(insn.type == kExternRef);
    CHECK(next() == Insn::memory_init);
    CHECK(insn.index == 1);
    CHECK(insn.index2 == 2);
    CHECK(next() == Insn::v128_load8_lane);
    CHECK(insn.lane == 15);
    CHECK(next() == Insn::i8x16_relaxed_swizzle);
    CHECK(next() == Insn::try_table);
    REQUIRE(insn.catches.size() == 2);
    CHECK(insn.catches[0].tag == 3);
    CHECK(insn.catches[1].kind == Catch::catch_all_ref);
    CHECK(insn.catches[1].label == 5);
    CHECK(next() == Insn::br_on_cast);
    CHECK(insn.index == 6);
    CHECK(to_string(insn.type) == "anyref");
    CHECK(to_string(insn.type2) == "(ref struct)");
    CHECK(reader.at_end());
  }
}
