// SPDX-License-Identifier: Apache-2.0
// Forms of the binary format that came with a feature and mean what an older form means.
#include "decoder/feature_forms.hpp"

#include "decoder/byte_reader.hpp"
#include "decoder/instruction_reader.hpp"
#include "decoder/type_forms.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

enum Section : std::uint8_t {
  kType = 1,
  kImport = 2,
  kTable = 4,
  kMemory = 5,
  kGlobal = 6,
  kElement = 9,
  kData = 11,
  kDataCount = 12,
  kTag = 13,
};

class FormSearch {
 public:
  FormSearch(const Module& module, const Features& features)
      : module_(module), features_(features) {}

  std::optional<FormUse> run();

 private:
  void need(FeatureId feature, std::uint64_t offset) {
    if (!features_.has(feature) && !found_) found_ = {feature, offset};
  }
  /// Calls `read_item` for each item of a section, if there is one.
  template <class ReadItem>
  void section(Section id, ReadItem read_item) {
    if (module_.section_offsets[id] == 0) return;
    reader_ = ByteReader(module_.bytes, module_.section_offsets[id], module_.bytes.size());
    items(read_item);
  }
  template <class ReadItem>
  void items(ReadItem read_item) {
    const std::uint32_t count = reader_.count();
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) read_item();
  }

  void types();
  void sub_type();
  void field();
  void value_type() { value_type(reader_); }
  void value_type(ByteReader& reader);
  void import();
  void table();
  void table_type();
  void limits();
  void global();
  void element();
  void data();
  void wide_number(ByteReader& reader);
  void expression();
  void body(const FunctionBody& body);
  void instruction();

  const Module& module_;
  const Features& features_;
  ByteReader reader_;
  InstructionReader instructions_;
  Instruction insn_;
  std::optional<FormUse> found_;
};

std::optional<FormUse> FormSearch::run() {
  section(kType, [this] { types(); });
  section(kImport, [this] { import(); });
  section(kTable, [this] { table(); });
  section(kMemory, [this] { limits(); });
  section(kGlobal, [this] { global(); });
  section(kElement, [this] { element(); });
  section(kData, [this] { data(); });
  const auto has = [this](Section id) { return module_.section_offsets[id] != 0; };
  if (has(kDataCount)) need(FeatureId::bulk_memory, module_.section_offsets[kDataCount]);
  // Tags belong to both kinds of exceptions.
  if (has(kTag) && !features_.has(FeatureId::legacy_exceptions)) {
    need(FeatureId::exceptions, module_.section_offsets[kTag]);
  }
  for (const FunctionBody& each : module_.bodies) {
    if (found_) break;
    body(each);
  }
  return found_;
}

/// A group of types, or one outside of groups.
void FormSearch::types() {
  if (reader_.peek() != kRecForm) return sub_type();
  need(FeatureId::gc, reader_.offset());
  reader_.u8();
  items([this] { sub_type(); });
}

void FormSearch::sub_type() {
  if (reader_.peek() == kSubForm || reader_.peek() == kSubFinalForm) {
    need(FeatureId::gc, reader_.offset());
    reader_.u8();
    items([this] { reader_.u32(); });
  }
  while (reader_.peek() == kDescribesForm || reader_.peek() == kDescriptorForm) {
    reader_.u8();
    reader_.u32();
  }
  switch (reader_.u8()) {
    case kFuncForm:
      items([this] { value_type(); });
      return items([this] { value_type(); });
    case kStructForm:
      return items([this] { field(); });
    default:
      return field();  // of an array
  }
}

void FormSearch::field() {
  const std::uint8_t code = reader_.peek();
  if (code == ValType::kI8 || code == ValType::kI16) {
    reader_.u8();
  } else {
    value_type();
  }
  reader_.u8();
}

/// funcref and externref have a byte each; (ref null func) is the same in two.
void FormSearch::value_type(ByteReader& reader) {
  const std::uint64_t offset = reader.offset();
  const bool is_long = reader.peek() == ValType::kRefNull;
  const ValType type = read_val_type(reader);
  if (is_long && (type == kFuncRef || type == kExternRef)) {
    need(FeatureId::function_references, offset);
  }
}

void FormSearch::import() {
  reader_.name();
  reader_.name();
  switch (reader_.u8()) {
    case static_cast<std::uint8_t>(ExternKind::table):
      return table_type();
    case static_cast<std::uint8_t>(ExternKind::memory):
      return limits();
    case static_cast<std::uint8_t>(ExternKind::global):
      value_type();
      reader_.u8();
      return;
    case static_cast<std::uint8_t>(ExternKind::tag):
      reader_.u8();
      [[fallthrough]];
    default:
      reader_.u32();
  }
}

void FormSearch::table() {
  constexpr std::uint8_t kWithInit = 0x40;
  if (reader_.peek() != kWithInit) return table_type();
  reader_.skip(2);
  table_type();
  expression();
}

void FormSearch::table_type() {
  value_type();
  limits();
}

void FormSearch::limits() {
  constexpr std::uint8_t kHasMax = 0x01;
  constexpr std::uint8_t kHasPageSize = 0x08;
  const std::uint64_t offset = reader_.offset();
  const std::uint8_t flags = reader_.u8();
  wide_number(reader_);
  if ((flags & kHasMax) != 0) wide_number(reader_);
  if ((flags & kHasPageSize) == 0) return;
  need(FeatureId::custom_page_sizes, offset);
  reader_.u32();
}

/// A number that had 32 bits, and so at most five bytes, before it got 64.
void FormSearch::wide_number(ByteReader& reader) {
  constexpr std::uint32_t kMostBytes = 5;
  const std::uint32_t begin = reader.offset();
  reader.u64();
  if (reader.offset() - begin > kMostBytes) need(FeatureId::memory64, begin);
}

void FormSearch::global() {
  value_type();
  reader_.u8();
  expression();
}

/// The first number of a segment was the index of its table or memory, zero.
void FormSearch::element() {
  constexpr std::uint32_t kNotActive = 1;
  constexpr std::uint32_t kExplicit = 2;
  constexpr std::uint32_t kExprs = 4;
  const std::uint64_t offset = reader_.offset();
  const std::uint32_t flags = reader_.u32();
  if (flags != 0) need(FeatureId::bulk_memory, offset);
  if ((flags & kNotActive) == 0) {
    if ((flags & kExplicit) != 0) reader_.u32();
    expression();
  }
  const bool has_type = (flags & (kNotActive | kExplicit)) != 0;
  if ((flags & kExprs) != 0) {
    if (has_type) value_type();
    return items([this] { expression(); });
  }
  if (has_type) reader_.u8();
  items([this] { reader_.u32(); });
}

void FormSearch::data() {
  const std::uint64_t offset = reader_.offset();
  const std::uint32_t flags = reader_.u32();
  if (flags != 0) need(FeatureId::bulk_memory, offset);
  if (flags == 2) reader_.u32();
  if (flags != 1) expression();
  reader_.skip(reader_.u32());
}

/// A constant expression, which has no blocks, and its end.
void FormSearch::expression() {
  while (instructions_.read(reader_, insn_) && insn_.id != Insn::end) instruction();
}

void FormSearch::body(const FunctionBody& body) {
  reader_ = ByteReader(module_.bytes, body.begin, body.end);
  items([this] {
    reader_.u32();
    value_type();
  });
  while (!found_ && !reader_.at_end() && instructions_.read(reader_, insn_)) instruction();
}

/// Looks at the bytes of the instruction that was just read.
void FormSearch::instruction() {
  ByteReader raw(module_.bytes, insn_.offset, reader_.offset());
  constexpr std::uint8_t kFirstPrefix = 0xFB;
  constexpr std::uint8_t kLastPrefix = 0xFE;
  const std::uint8_t first = raw.u8();
  if (first >= kFirstPrefix && first <= kLastPrefix) raw.u32();
  const auto has_zero_bytes = [&](std::size_t count, FeatureId feature) {
    if (raw.remaining() != count) need(feature, insn_.offset);
  };
  switch (info(insn_.id).immediates) {
    case Immediates::block_type:
    case Immediates::catches:
      if (insn_.index != Instruction::kNoIndex) return need(FeatureId::multi_value, insn_.offset);
      if (raw.peek() == ValType::kRefNull) value_type(raw);
      return;
    case Immediates::select_types:
      raw.u32();
      return value_type(raw);
    case Immediates::memory:
      return has_zero_bytes(1, FeatureId::multi_memory);
    case Immediates::memory_memory:
      return has_zero_bytes(2, FeatureId::multi_memory);
    case Immediates::data_memory:
      raw.u32();
      return has_zero_bytes(1, FeatureId::multi_memory);
    case Immediates::type_table:
    case Immediates::elem_table:
      raw.u32();
      return has_zero_bytes(1, FeatureId::reference_types);
    case Immediates::table_table:
      return has_zero_bytes(2, FeatureId::reference_types);
    case Immediates::mem8:
    case Immediates::mem16:
    case Immediates::mem32:
    case Immediates::mem64:
    case Immediates::mem128:
    case Immediates::mem8_lane:
    case Immediates::mem16_lane:
    case Immediates::mem32_lane:
    case Immediates::mem64_lane: {
      constexpr std::uint32_t kHasMemory = 0x40;
      if ((raw.u32() & kHasMemory) != 0) {
        need(FeatureId::multi_memory, insn_.offset);
        raw.u32();
      }
      return wide_number(raw);
    }
    default:
      return;
  }
}

}  // namespace

std::optional<FormUse> find_newer_form(const Module& module, const Features& features) {
  return FormSearch(module, features).run();
}

}  // namespace tinywasm::decoder
