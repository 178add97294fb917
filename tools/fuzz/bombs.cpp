// SPDX-License-Identifier: Apache-2.0
// The modules around the bodies of bombs: types, and many of everything that a module has.
#include "tools/fuzz/bombs.hpp"

#include <algorithm>
#include <array>

#include "decoder/type_forms.hpp"

namespace tinywasm::fuzz {

using decoder::BinaryWriter;
using decoder::Insn;
using decoder::kArrayForm;
using decoder::kFuncForm;
using decoder::kRecForm;
using decoder::kStructForm;
using decoder::kSubForm;

std::uint32_t choose_count(Choices& choices, std::uint32_t most) {
  std::uint32_t bits = 0;
  while (bits < 31 && (most >> bits) > 1) ++bits;
  const std::uint32_t power = std::uint32_t{1} << choices.below(bits + 1);
  const std::uint64_t count = power + std::uint64_t{power} * choices.below(4) / 4;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(count, 1, std::max(most, 1u)));
}

void write_bomb_type(BinaryWriter& out, BombPlan::Value value, std::uint32_t structure) {
  constexpr std::uint8_t kCodes[] = {0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F, 0x6E};
  if (value != BombPlan::Value::object) return out.u8(kCodes[static_cast<std::size_t>(value)]);
  out.u8(0x63);  // (ref null
  out.signed_leb(structure);
}

void write_bomb_constant(BinaryWriter& out, BombPlan::Value value, const BombPlan& plan) {
  using Value = BombPlan::Value;
  if (value >= Value::func) {
    out.opcode(Insn::ref_null);
    if (value == Value::object) return out.signed_leb(plan.bottom());
    return write_bomb_type(out, value, 0);  // the heap type has the same byte
  }
  static constexpr Insn kConstants[] = {Insn::i32_const, Insn::i64_const, Insn::f32_const,
                                        Insn::f64_const, Insn::v128_const};
  static constexpr std::size_t kSizes[] = {1, 1, 4, 8, 16};
  const auto index = static_cast<std::size_t>(value);
  out.opcode(kConstants[index]);
  for (std::size_t i = kSizes[index]; i > 0; --i) out.u8(1);
}

namespace {

using Value = BombPlan::Value;

enum Section : std::uint8_t {
  kCustom,
  kTypes,
  kImports,
  kFunctions,
  kTables,
  kMemories,
  kGlobals,
  kExports,
  kStart,  // never written
  kElements,
  kCode,
  kData,
  kDataCount,
  kTags,
};
constexpr std::uint8_t kI32 = 0x7F;
constexpr std::uint8_t kFuncRef = 0x70;
constexpr std::uint8_t kMutable = 1;

/// The items of a section.
struct Items {
  BinaryWriter bytes;
  std::uint32_t count = 0;

  void write(BinaryWriter& module, std::uint8_t section) const {
    BinaryWriter contents;
    contents.unsigned_leb(count);
    contents.append(bytes);
    module.section(section, contents);
  }
};

class Bomb {
 public:
  explicit Bomb(Choices& choices) : choices_(choices) {}
  std::vector<std::byte> write();

 private:
  /// A part of what is left of the module's bytes, in items of so many.
  std::uint32_t many(std::size_t bytes) {
    const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(left_ / bytes, 1));
    const std::uint32_t count = choose_count(choices_, std::min<std::uint32_t>(most, 90'000));
    left_ -= std::min<std::size_t>(left_, count * bytes);
    return count;
  }
  bool has(std::uint32_t one_in = 4) { return choices_.one_in(one_in); }
  void plan();
  void types();
  void values(std::uint32_t count, Value value, std::uint32_t structure);
  void more_types();
  void imports();
  void functions();
  void body(std::uint32_t type, const BinaryWriter& body);
  void simple_body(std::uint32_t type, std::uint32_t params, std::uint32_t constants);
  void globals();
  void exports();
  void elements();
  void data();
  void tags();
  void names();
  void customs();
  /// Names for `count` things, or fewer, as the name section has them.
  BinaryWriter name_map(std::uint32_t count);
  std::string name(std::uint32_t number) const;

  Choices& choices_;
  std::size_t left_ = 0;
  BombPlan plan_;
  std::array<Items, 14> sections_;
  BinaryWriter custom_;
  std::uint32_t name_kind_ = 0;  // all the same, or with a number; of letters or of others
  std::uint32_t name_length_ = 0;
};

void Bomb::plan() {
  left_ = std::size_t{1'000} << choices_.below(9);
  plan_.wide = has(8) ? choices_.below(4) : choose_count(choices_, 1'000);
  plan_.value = static_cast<Value>(choices_.below(BombPlan::kValues));
  plan_.depth = has() ? 1 + choices_.below(60) : 2;
  plan_.fields = std::min<std::uint32_t>(has(2) ? choose_count(choices_, 10'000) : 2,
                                         static_cast<std::uint32_t>(left_ / plan_.depth));
  plan_.field = static_cast<Value>(choices_.below(BombPlan::kValues));
}

// ---- Types

void Bomb::values(std::uint32_t count, Value value, std::uint32_t structure) {
  BinaryWriter& out = sections_[kTypes].bytes;
  out.unsigned_leb(count);
  for (std::uint32_t i = 0; i < count; ++i) write_bomb_type(out, value, structure);
}

void Bomb::types() {
  Items& items = sections_[kTypes];
  const auto function = [&](bool takes, std::uint32_t of, bool gives, std::uint32_t result) {
    items.bytes.u8(kFuncForm);
    values(takes ? plan_.wide : 0, plan_.value, of);
    values(gives ? plan_.wide : 0, plan_.value, result);
  };
  const std::uint32_t top = BombPlan::kTop;
  const std::uint32_t bottom = plan_.bottom();
  function(false, top, false, top);
  for (std::uint32_t i = 0; i < plan_.depth; ++i) {
    items.bytes.u8(kSubForm);
    items.bytes.unsigned_leb(i == 0 ? 0 : 1);
    if (i > 0) items.bytes.unsigned_leb(top + i - 1);
    items.bytes.u8(kStructForm);
    items.bytes.unsigned_leb(plan_.fields);
    for (std::uint32_t k = 0; k < plan_.fields; ++k) {
      write_bomb_type(items.bytes, plan_.field, top);
      items.bytes.u8(kMutable);
    }
  }
  function(false, top, true, bottom);
  function(true, top, false, top);
  function(true, bottom, true, bottom);
  function(false, top, true, top);
  function(true, bottom, false, top);
  items.bytes.u8(kArrayForm);
  items.bytes.u8(kI32);
  items.bytes.u8(kMutable);
  items.count = plan_.types();
  if (has()) more_types();
}

/// Many, the same or not, of which nothing knows.
void Bomb::more_types() {
  Items& items = sections_[kTypes];
  const std::uint32_t kind = choices_.below(5);
  const std::uint32_t size = choose_count(choices_, 60);
  const std::uint32_t count = many(kind == 0 ? 3 : 6 * size);
  std::uint32_t next = items.count;
  for (std::uint32_t i = 0; i < count; ++i, ++items.count) {
    if (kind == 0) {  // the same function type
      items.bytes.u8(kFuncForm);
      values(0, Value::i32, 0);
      values(0, Value::i32, 0);
    } else if (kind == 1) {  // another one each time
      items.bytes.u8(kFuncForm);
      items.bytes.unsigned_leb(8 + size);
      for (std::uint32_t k = 0; k < 8 + size; ++k) {
        items.bytes.u8(kI32 - (k < 8 ? i >> 2 * k & 3 : 0));
      }
      values(0, Value::i32, 0);
    } else if (kind == 2) {  // a structure that refers to the one before it
      items.bytes.u8(kStructForm);
      items.bytes.unsigned_leb(size);
      for (std::uint32_t k = 0; k < size; ++k) {
        write_bomb_type(items.bytes, Value::object, next == plan_.types() ? 1 : next - 1);
        items.bytes.u8(kMutable);
      }
      ++next;
    } else {  // groups: those of kind 3 are all the same, those of kind 4 have the number in it
      items.bytes.u8(kRecForm);
      items.bytes.unsigned_leb(size);
      for (std::uint32_t k = 0; k < size; ++k) {
        items.bytes.u8(kStructForm);
        items.bytes.unsigned_leb(1);
        const bool is_last = kind == 4 && k + 1 == size && i > 0;
        write_bomb_type(items.bytes, Value::object, is_last ? next - 1 : next + (k + 1) % size);
        items.bytes.u8(kMutable);
      }
      next += size;
    }
  }
}

// ---- Names

std::string Bomb::name(std::uint32_t number) const {
  std::string text = name_kind_ == 0 ? "" : std::to_string(number);
  const char fill = name_kind_ == 2 ? '\x01' : 'n';
  if (text.size() < name_length_) text.insert(0, name_length_ - text.size(), fill);
  return text;
}

BinaryWriter Bomb::name_map(std::uint32_t count) {
  const std::uint32_t named = std::min(count, many(name_length_ + 4));
  BinaryWriter map;
  map.unsigned_leb(named);
  for (std::uint32_t i = 0; i < named; ++i) {
    map.unsigned_leb(i);
    map.name(name(i));
  }
  return map;
}

/// The name section: names of one index space, or of the locals, labels or fields of one or many.
void Bomb::names() {
  constexpr std::uint32_t kMostNames = 50'000;
  constexpr std::uint8_t kSpaces[] = {1, 4, 5, 6, 7, 8, 9, 11};
  constexpr std::uint8_t kNested[] = {2, 3, 10};
  BinaryWriter contents;
  contents.name("name");
  BinaryWriter part;
  if (choices_.one_in(2)) {
    part = name_map(kMostNames);
    contents.section(kSpaces[choices_.below(std::size(kSpaces))], part);
  } else {
    const BinaryWriter map = name_map(kMostNames);
    const std::uint32_t count = many(map.size() + 2);
    part.unsigned_leb(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      part.unsigned_leb(i);
      part.append(map);
    }
    contents.section(kNested[choices_.below(std::size(kNested))], part);
  }
  custom_.section(kCustom, contents);
}

/// Sections that mean nothing.
void Bomb::customs() {
  BinaryWriter contents;
  contents.name(name(0));
  for (std::uint32_t i = many(contents.size() + 3); i > 0; --i) {
    custom_.section(kCustom, contents);
  }
}

// ---- Sections

void Bomb::imports() {
  Items& items = sections_[kImports];
  plan_.imports_take = has(2);
  if (!has(8)) return;
  plan_.imports = items.count = many(4 + std::min(name_length_, 8u));
  for (std::uint32_t i = 0; i < items.count; ++i) {
    items.bytes.name("");
    items.bytes.name(name(i).substr(0, 8));
    items.bytes.u8(0);
    items.bytes.unsigned_leb(plan_.imports_take ? plan_.take() : BombPlan::kNothing);
  }
}

void Bomb::body(std::uint32_t type, const BinaryWriter& body) {
  sections_[kFunctions].bytes.unsigned_leb(type);
  ++sections_[kFunctions].count;
  sections_[kCode].bytes.unsigned_leb(body.size());
  sections_[kCode].bytes.append(body);
  ++sections_[kCode].count;
}

/// A body without locals that does nothing, but give what it has to.
void Bomb::simple_body(std::uint32_t type, std::uint32_t params, std::uint32_t constants) {
  BinaryWriter out;
  out.unsigned_leb(0);
  for (std::uint32_t i = 0; i < params; ++i) {
    out.opcode(Insn::local_get);
    out.unsigned_leb(i);
  }
  for (std::uint32_t i = 0; i < constants; ++i) write_bomb_constant(out, plan_.value, plan_);
  out.opcode(Insn::end);
  body(type, out);
}

void Bomb::functions() {
  simple_body(BombPlan::kNothing, 0, 0);
  simple_body(plan_.give(), 0, plan_.wide);
  simple_body(plan_.take(), 0, 0);
  simple_body(plan_.same(), plan_.wide, 0);
  for (std::uint32_t i = 1 + choices_.below(3); i > 0; --i) {
    const bool is_wide = has();
    const std::size_t room = left_ / i;
    const BinaryWriter code = BombBody(plan_, choices_, room).write(is_wide);
    const std::uint32_t type = is_wide ? plan_.same() : BombPlan::kNothing;
    left_ -= std::min(left_, code.size());
    for (std::uint32_t k = has() ? many(code.size() + 4) : 1; k > 0; --k) body(type, code);
  }
  if (has(8)) {  // few bytes that declare many locals
    BinaryWriter code;
    code.unsigned_leb(1);
    const auto value = static_cast<Value>(choices_.below(BombPlan::kValues));
    code.unsigned_leb(choose_count(choices_, 50'000 / slots_of(value)));
    write_bomb_type(code, value, plan_.bottom());
    code.opcode(Insn::end);
    for (std::uint32_t k = many(code.size() + 2); k > 0; --k) body(BombPlan::kNothing, code);
  }
}

void Bomb::globals() {
  Items& items = sections_[kGlobals];
  plan_.globals = items.count = has(8) ? many(5) : 1;
  const bool is_chain = has(2);
  constexpr std::uint32_t kMostOnStack = 60'000;
  const std::uint32_t length = has() ? std::min(many(3), kMostOnStack) : 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    items.bytes.u8(kI32);
    items.bytes.u8(kMutable);
    items.bytes.opcode(Insn::i32_const);
    items.bytes.u8(0);
    items.bytes.opcode(Insn::end);
  }
  // More: one whose value takes long to compute, and immutable ones of which each is the one before
  // it.
  items.bytes.u8(kI32);
  items.bytes.u8(0);
  items.bytes.opcode(Insn::i32_const);
  items.bytes.u8(0);
  for (std::uint32_t i = 0; i < length; ++i) {
    items.bytes.opcode(Insn::i32_const);
    items.bytes.u8(1);
    if (!is_chain) items.bytes.opcode(Insn::i32_add);
  }
  for (std::uint32_t i = 0; i < length && is_chain; ++i) items.bytes.opcode(Insn::i32_add);
  items.bytes.opcode(Insn::end);
  ++items.count;
  for (std::uint32_t i = has(8) ? many(6) : 0; i > 0; --i, ++items.count) {
    items.bytes.u8(kI32);
    items.bytes.u8(0);
    items.bytes.opcode(Insn::global_get);
    items.bytes.unsigned_leb(items.count - 1);
    items.bytes.opcode(Insn::end);
  }
}

/// All functions, or many times one of them.
void Bomb::exports() {
  Items& items = sections_[kExports];
  const std::uint32_t defined = sections_[kFunctions].count;
  const bool is_one = has(8);
  items.count = is_one ? many(8) : defined;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    items.bytes.name(std::to_string(i));
    items.bytes.u8(0);
    items.bytes.unsigned_leb(plan_.imports + (is_one ? 3 : i));
  }
}

void Bomb::elements() {
  Items& items = sections_[kElements];
  // The first declares the functions that bodies refer to, and fills the table.
  const std::uint32_t more = has(8) ? many(1) : 0;
  items.bytes.u8(0);
  items.bytes.opcode(Insn::i32_const);
  items.bytes.u8(0);
  items.bytes.opcode(Insn::end);
  items.bytes.unsigned_leb(BombPlan::kFunctions + more);
  for (std::uint32_t i = 0; i < BombPlan::kFunctions + more; ++i) {
    items.bytes.unsigned_leb(plan_.imports + i % BombPlan::kFunctions);
  }
  items.count = 1;
  Items& table = sections_[kTables];
  table.count = 1;
  table.bytes.u8(kFuncRef);
  table.bytes.u8(0);
  table.bytes.unsigned_leb(BombPlan::kFunctions + more);
  if (!has(8)) return;
  const std::uint32_t kind = choices_.below(3);
  if (kind == 0) {  // passive, of expressions
    const std::uint32_t count = many(4);
    items.bytes.u8(5);
    items.bytes.u8(kFuncRef);
    items.bytes.unsigned_leb(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      items.bytes.opcode(Insn::ref_func);
      items.bytes.unsigned_leb(plan_.imports);
      items.bytes.opcode(Insn::end);
    }
    ++items.count;
    return;
  }
  for (std::uint32_t i = many(kind == 1 ? 3 : 7); i > 0; --i, ++items.count) {
    items.bytes.u8(kind == 1 ? 1 : 0);
    if (kind == 1) {
      items.bytes.u8(0);  // passive, of functions, of which there are none
    } else {
      items.bytes.opcode(Insn::i32_const);
      items.bytes.u8(0);
      items.bytes.opcode(Insn::end);
    }
    items.bytes.unsigned_leb(0);
  }
}

void Bomb::data() {
  Items& memory = sections_[kMemories];
  memory.count = 1;
  memory.bytes.u8(0);
  memory.bytes.u8(1);
  Items& items = sections_[kData];
  items.count = has() ? many(3) : 1;
  const std::uint32_t length = has() ? many(1) : 4;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    items.bytes.u8(1);  // passive
    items.bytes.unsigned_leb(i == 0 ? length : 0);
    for (std::uint32_t k = 0; k < length && i == 0; ++k) items.bytes.u8(1);
  }
}

void Bomb::tags() {
  Items& items = sections_[kTags];
  items.count = 2 + (has(8) ? many(2) : 0);
  for (std::uint32_t i = 0; i < items.count; ++i) {
    items.bytes.u8(0);
    items.bytes.unsigned_leb(i == BombPlan::kTagOfNothing ? BombPlan::kNothing : plan_.pass());
  }
}

std::vector<std::byte> Bomb::write() {
  constexpr std::uint8_t kOrder[] = {kTypes,   kImports, kFunctions, kTables,    kMemories, kTags,
                                     kGlobals, kExports, kElements,  kDataCount, kCode,     kData};
  plan();
  types();
  name_kind_ = choices_.below(3);
  name_length_ = has(2) ? choose_count(choices_, 1'000) : 1;
  imports();
  tags();
  globals();
  if (has()) names();
  if (has(16)) customs();
  elements();
  data();
  functions();
  exports();
  BinaryWriter module;
  module.append(std::string_view("\0asm\1\0\0\0", 8));
  for (const std::uint8_t section : kOrder) {
    if (section == kDataCount) {
      BinaryWriter count;
      count.unsigned_leb(sections_[kData].count);
      module.section(section, count);
    } else if (sections_[section].count > 0) {
      sections_[section].write(module, section);
    }
  }
  module.append(custom_);
  return module.take();
}

}  // namespace

std::vector<std::byte> make_bomb(Choices& choices) { return Bomb(choices).write(); }

}  // namespace tinywasm::fuzz
