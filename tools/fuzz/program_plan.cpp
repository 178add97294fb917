// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/program_plan.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "decoder/instructions.hpp"

namespace tinywasm::fuzz {
namespace {

using decoder::BinaryWriter;
using decoder::Insn;

constexpr std::uint8_t kRefNull = 0x63;
constexpr std::uint8_t kMutable = 1;

/// The abstract heap type, or the number's code, of each Type before `point`.
constexpr std::uint8_t kCodes[] = {0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F,
                                   0x6E, 0x6D, 0x6C, 0x6B, 0x6A, 0x69};
/// The type's index of each Type from `point` on.
constexpr std::uint32_t kIndices[] = {kPoint, kBytes, kLongs, kVectors, kObjects, kTarget};

constexpr std::uint32_t kFirstOwnGlobal = kSteps;

void write_types(BinaryWriter& out, const Types& types) {
  out.unsigned_leb(types.size());
  for (const Type t : types) Plan::write_type(out, t);
}

void write_signature(BinaryWriter& out, const Signature& type) {
  out.u8(0x60);
  write_types(out, type.params);
  write_types(out, type.results);
}

void write_points_fields(BinaryWriter& out) {
  for (const Type t : {Type::i32, Type::i64, Type::f32, Type::f64, Type::v128}) {
    Plan::write_type(out, t);
    out.u8(kMutable);
  }
  for (const std::uint8_t packed : {0x78, 0x77}) {
    out.u8(packed);
    out.u8(kMutable);
  }
  for (const Type t : {Type::any, Type::point}) {
    Plan::write_type(out, t);
    out.u8(kMutable);
  }
}

/// What a global or a table begins with.
void write_initial_value(BinaryWriter& out, Type t) {
  const auto number = [&out](Insn insn, std::uint64_t bits, std::size_t size) {
    out.opcode(insn);
    out.fixed(bits, size);
  };
  if (t == Type::i32 || t == Type::i64) {
    out.opcode(t == Type::i32 ? Insn::i32_const : Insn::i64_const);
    out.signed_leb(t == Type::i32 ? 64 : -1);
  } else if (t == Type::f32) {
    number(Insn::f32_const, 0x3fc00000, 4);
  } else if (t == Type::f64) {
    number(Insn::f64_const, std::uint64_t{1} << 63, 8);
  } else if (t == Type::v128) {
    number(Insn::v128_const, 0x0807060504030201, 8);
    out.fixed(0xf0f1f2f380818283, 8);
  } else if (t == Type::i31) {
    out.opcode(Insn::i32_const);
    out.signed_leb(-7);
    out.opcode(Insn::ref_i31);
  } else if (t == Type::point || t == Type::structure) {
    out.opcode(Insn::struct_new_default);
    out.unsigned_leb(t == Type::point ? kPoint : kPlace);
  } else if (t == Type::func || t == Type::target) {
    out.opcode(Insn::ref_func);
    out.unsigned_leb(Plan::imports().size());  // the first function of its own
  } else if (t >= Type::bytes && t <= Type::objects) {
    out.opcode(Insn::i32_const);
    out.signed_leb(5);
    out.opcode(Insn::array_new_default);
    out.unsigned_leb(kIndices[static_cast<std::size_t>(t) - static_cast<std::size_t>(Type::point)]);
  } else {
    out.opcode(Insn::ref_null);
    Plan::write_heap_type(out, t);
  }
  out.opcode(Insn::end);
}

void write_offset(BinaryWriter& out, bool is_64, std::int64_t offset) {
  out.opcode(is_64 ? Insn::i64_const : Insn::i32_const);
  out.signed_leb(offset);
  out.opcode(Insn::end);
}

void write_name(BinaryWriter& out, char letter, std::size_t number) {
  out.name(letter + std::to_string(number));
}

}  // namespace

Plan::Plan(Choices& choices, bool portable)
    : is_portable_(!choices.one_in(4) || portable), has_table_64_(choices.one_in(4)) {
  memories_.resize(1 + (choices.one_in(3) ? 1 + choices.below(2) : 0));
  for (Memory& memory : memories_) {
    memory.is_64 = choices.one_in(5);
    memory.is_shared = choices.one_in(8);
  }
  tags_ = {{}, {Type::i32}, {Type::i64, Type::f32, Type::v128}};
  tags_.push_back(random_types(choices, 1 + choices.below(5)));
  globals_ = {Type::i64, Type::f32, Type::i32};  // imported, imported, kSteps
  for (std::size_t t = 0; t < kTypes; ++t) globals_.push_back(static_cast<Type>(t));
  for (std::uint32_t i = choices.below(4); i > 0; --i) globals_.push_back(random_type(choices));
  for (std::uint32_t i = 0; i < globals_.size(); ++i) {
    if (i != kSteps) globals_of_[static_cast<std::size_t>(globals_[i])].push_back(i);
  }
  functions_.push_back({.type = {{Type::i32}, {Type::i32}}, .is_leaf = true});
  for (std::uint32_t i = 1 + choices.below(4); i > 0; --i) {
    Signature type;
    type.params = random_types(choices, choices.below(choices.one_in(6) ? 14 : 6));
    type.results = random_types(choices, choices.one_in(3) ? choices.below(6) : 1);
    functions_.push_back({.type = std::move(type), .is_leaf = choices.one_in(4)});
  }
  for (Function& function : functions_) {
    function.index = static_cast<std::uint32_t>(imports().size() + (&function - functions_.data()));
    function.type_index = type_index(function.type);
  }
  entries_ = 2 + choices.below(3);
}

const std::vector<Signature>& Plan::imports() {
  // JavaScript cannot see vectors.
  static const std::vector<Signature> kImports = {
      {{Type::i32, Type::i64, Type::extern_, Type::f64}, {Type::i64}},
      {{Type::f32, Type::i32, Type::any, Type::f64, Type::i64, Type::func}, {Type::i32, Type::f64}},
      {{Type::i64}, {}},
  };
  return kImports;
}

std::uint32_t Plan::type_index(const Signature& type) {
  if (types_.empty()) types_.push_back({{Type::i32}, {Type::i32}});
  const auto found = std::find(types_.begin(), types_.end(), type);
  const auto index = static_cast<std::uint32_t>(found - types_.begin());
  if (found == types_.end()) types_.push_back(type);
  return kTarget + index;
}

Type Plan::random_type(Choices& choices) const {
  static constexpr Type kWeighted[] = {
      Type::i32,   Type::i32,   Type::i64,   Type::f64,       Type::f32,     Type::v128,
      Type::i32,   Type::i64,   Type::i32,   Type::f64,       Type::func,    Type::extern_,
      Type::any,   Type::eq,    Type::i31,   Type::structure, Type::array,   Type::exn,
      Type::point, Type::bytes, Type::longs, Type::vectors,   Type::objects, Type::target,
      Type::point, Type::i64,   Type::f32,   Type::v128};
  return kWeighted[choices.below(std::size(kWeighted))];
}

Types Plan::random_types(Choices& choices, std::uint32_t count) const {
  Types types(count);
  for (Type& t : types) t = random_type(choices);
  return types;
}

void Plan::write_heap_type(BinaryWriter& out, Type t) {
  const auto number = static_cast<std::size_t>(t);
  const auto first = static_cast<std::size_t>(Type::point);
  if (number < first) return out.u8(kCodes[number]);
  out.signed_leb(kIndices[number - first]);
}

void Plan::write_type(BinaryWriter& out, Type t) {
  if (is_reference(t)) out.u8(kRefNull);
  write_heap_type(out, t);
}

BinaryWriter Plan::type_section() const {
  BinaryWriter out;
  out.unsigned_leb(kTarget + types_.size());
  out.u8(0x50);  // kPoint: not final
  out.unsigned_leb(0);
  out.u8(0x5F);
  out.unsigned_leb(kFields);
  write_points_fields(out);
  out.u8(0x4F);  // kPlace
  out.unsigned_leb(1);
  out.unsigned_leb(kPoint);
  out.u8(0x5F);
  out.unsigned_leb(kFields + 1);
  write_points_fields(out);
  write_type(out, Type::i64);
  out.u8(kMutable);
  out.u8(0x5E);
  out.u8(0x78);
  out.u8(kMutable);
  for (const Type element : {Type::i64, Type::v128, Type::any}) {
    out.u8(0x5E);
    write_type(out, element);
    out.u8(kMutable);
  }
  for (const Signature& type : types_) write_signature(out, type);
  return out;
}

BinaryWriter Plan::import_section() {
  BinaryWriter out;
  out.unsigned_leb(imports().size() + kSteps);
  for (std::size_t i = 0; i < imports().size(); ++i) {
    out.name("host");
    write_name(out, 'h', i);
    out.u8(0);
    out.unsigned_leb(type_index(imports()[i]));
  }
  for (std::uint32_t i = 0; i < kSteps; ++i) {
    out.name("host");
    write_name(out, 'g', i);
    out.u8(3);
    write_type(out, globals_[i]);
    out.u8(kMutable);
  }
  return out;
}

BinaryWriter Plan::function_section() {
  BinaryWriter out;
  out.unsigned_leb(functions_.size() + entries_ + 1);
  for (const Function& function : functions_) out.unsigned_leb(function.type_index);
  for (std::uint32_t i = 0; i < entries_; ++i) out.unsigned_leb(type_index({}));
  out.unsigned_leb(type_index({{}, {Type::i64}}));
  return out;
}

BinaryWriter Plan::table_section() const {
  BinaryWriter out;
  out.unsigned_leb(kTables);
  for (std::uint32_t i = 0; i < kTables; ++i) {
    write_type(out, kElementTypes[i]);
    out.u8(is_table_64(i) ? 5 : 1);
    out.unsigned_leb(kElements);
    out.unsigned_leb(kMostElements);
  }
  return out;
}

BinaryWriter Plan::memory_section() const {
  BinaryWriter out;
  out.unsigned_leb(memories_.size());
  for (const Memory& memory : memories_) {
    out.u8((memory.is_64 ? 4u : 0u) | (memory.is_shared ? 2u : 0u) | 1u);
    out.unsigned_leb(1);
    out.unsigned_leb(2);
  }
  return out;
}

BinaryWriter Plan::tag_section() {
  BinaryWriter out;
  out.unsigned_leb(tags_.size());
  for (const Types& types : tags_) {
    out.u8(0);
    out.unsigned_leb(type_index({types, {}}));
  }
  return out;
}

BinaryWriter Plan::global_section() const {
  BinaryWriter out;
  out.unsigned_leb(globals_.size() - kFirstOwnGlobal);
  for (std::size_t i = kFirstOwnGlobal; i < globals_.size(); ++i) {
    write_type(out, globals_[i]);
    out.u8(kMutable);
    write_initial_value(out, globals_[i]);
  }
  return out;
}

BinaryWriter Plan::export_section() const {
  BinaryWriter out;
  const std::size_t first = imports().size();
  out.unsigned_leb(entries_ + 1 + functions_.size() + memories_.size() + globals_.size());
  const auto add = [&out](char letter, std::size_t number, std::uint8_t kind, std::size_t index) {
    write_name(out, letter, number);
    out.u8(kind);
    out.unsigned_leb(index);
  };
  for (std::size_t i = 0; i < entries_; ++i) add('e', i, 0, first + functions_.size() + i);
  out.name("s");
  out.u8(0);
  out.unsigned_leb(first + functions_.size() + entries_);
  for (std::size_t i = 0; i < functions_.size(); ++i) add('f', i, 0, first + i);
  for (std::size_t i = 0; i < memories_.size(); ++i) add('m', i, 2, i);
  for (std::size_t i = 0; i < globals_.size(); ++i) add('g', i, 3, i);
  return out;
}

BinaryWriter Plan::element_section() const {
  BinaryWriter out;
  out.unsigned_leb(3);
  out.u8(0);  // active, of functions, into table 0
  write_offset(out, false, 0);
  out.unsigned_leb(functions_.size());
  for (const Function& function : functions_) out.unsigned_leb(function.index);
  out.u8(1);  // passive, of functions
  out.u8(0);
  out.unsigned_leb(4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    out.unsigned_leb(functions_[i % functions_.size()].index);
  }
  out.u8(5);  // passive, of expressions
  write_type(out, Type::any);
  out.unsigned_leb(4);
  for (std::int64_t i = 0; i < 4; ++i) {
    out.opcode(Insn::i32_const);
    out.signed_leb(i * 1000 - 1500);
    out.opcode(Insn::ref_i31);
    out.opcode(Insn::end);
  }
  return out;
}

std::vector<std::byte> Plan::write(const std::vector<BinaryWriter>& bodies) {
  constexpr std::string_view kBytesOfData =
      "\x01\x02\x03\x84\xf5\x06\x07\x88\x10\x20\x30\x40\x50\x60\x70\x80\x7f\xff\x80\x33";
  // They number types.
  const BinaryWriter imports = import_section();
  const BinaryWriter functions = function_section();
  const BinaryWriter tags = tag_section();
  BinaryWriter data;
  data.unsigned_leb(1 + std::size(kData));
  data.u8(0);
  write_offset(data, memories_[0].is_64, 8);
  data.name(kBytesOfData);
  for (std::size_t i = 0; i < std::size(kData); ++i) {
    data.u8(1);
    data.name(kBytesOfData.substr(i * 3));
  }
  BinaryWriter count;
  count.unsigned_leb(1 + std::size(kData));
  BinaryWriter code;
  code.unsigned_leb(bodies.size());
  for (const BinaryWriter& body : bodies) {
    code.unsigned_leb(body.size());
    code.append(body);
  }
  BinaryWriter out;
  out.append(std::string_view("\0asm\1\0\0\0", 8));
  out.section(1, type_section());
  out.section(2, imports);
  out.section(3, functions);
  out.section(4, table_section());
  out.section(5, memory_section());
  out.section(13, tags);
  out.section(6, global_section());
  out.section(7, export_section());
  out.section(9, element_section());
  out.section(12, count);
  out.section(10, code);
  out.section(11, data);
  return out.take();
}

}  // namespace tinywasm::fuzz
