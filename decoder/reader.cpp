// SPDX-License-Identifier: Apache-2.0
#include "decoder/reader.hpp"

#include <algorithm>
#include <utility>

#include "decoder/byte_reader.hpp"
#include "decoder/instruction_reader.hpp"
#include "decoder/limits.hpp"
#include "decoder/names.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

enum SectionId : std::uint8_t {
  kCustom = 0,
  kType = 1,
  kImport = 2,
  kFunction = 3,
  kTable = 4,
  kMemory = 5,
  kGlobal = 6,
  kExport = 7,
  kStart = 8,
  kElement = 9,
  kCode = 10,
  kData = 11,
  kDataCount = 12,
  kTag = 13,
};

/// The place of a section in the order that the specification prescribes, by id.
constexpr std::uint8_t kSectionRank[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};

/// The kind of an import of a function of exactly its type.
constexpr std::uint8_t kExactFunction = 0x20;

constexpr std::uint8_t kMagic[] = {0x00, 'a', 's', 'm'};
constexpr std::uint8_t kVersion[] = {0x01, 0x00, 0x00, 0x00};
/// What a component of the component model has in its place: any version, and a layer of 1.
constexpr std::uint8_t kComponentLayer[] = {0x01, 0x00};

/// Whether a field is exactly of a type that there is not. If the section's size is wrong, too,
/// this is what a prefix that is written twice looks like: it is taken for an index.
bool has_unknown_exact_field(std::span<const SubType> types) {
  return std::ranges::any_of(types, [&](const SubType& type) {
    return std::ranges::any_of(type.fields, [&](const FieldType& field) {
      return field.type.is_ref() && field.type.heap().is_exact() &&
             field.type.heap().type_index() >= types.size();
    });
  });
}

class ModuleReader {
 public:
  ModuleReader(std::vector<std::byte> bytes, const InterruptToken* interrupt)
      : interrupt_(interrupt) {
    module_.bytes = std::move(bytes);
    module_.name_index = std::make_shared<NameIndex>();
    reader_ = ByteReader(module_.bytes, 0, module_.bytes.size(), Message::unexpected_end);
  }

  Result<Module> read() {
    read_preamble();
    while (reader_.ok() && !reader_.at_end()) read_section();
    if (reader_.ok()) check_lengths();
    if (!reader_.ok()) return first_error();
    return std::move(module_);
  }

 private:
  void read_preamble();
  void read_section();
  void read_contents(std::uint8_t id, std::uint32_t end);
  void check_lengths();
  Error first_error();

  void read_custom(std::uint32_t end);
  void read_type_section();
  void read_import();
  void read_table();
  void read_global();
  void read_tag();
  void read_export();
  void read_element();
  void read_body();
  void read_data();

  std::uint32_t read_tag_type();
  void read_element_functions(ElementSegment& segment);
  void read_element_exprs(ElementSegment& segment);

  /// A count of items of which `have` exist already, within the limit.
  std::uint32_t read_count(std::uint32_t limit, Message over, std::size_t have = 0);
  ConstExpr read_expr() { return skip_expression(reader_, instructions_); }

  template <class ReadItem>
  void read_vector(std::uint32_t count, ReadItem read_item) {
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      if (i % kItemsBetweenPolls == 0) poll();
      read_item();
    }
  }

  static constexpr std::uint32_t kItemsBetweenPolls = 256;
  void poll() {
    if (interrupt_ != nullptr && interrupt_->is_set()) reader_.fail(Message::interrupted);
  }

  const InterruptToken* interrupt_;
  Module module_;
  ByteReader reader_;
  InstructionReader instructions_;
  std::uint8_t last_rank_ = 0;
  std::uint32_t declared_functions_ = 0;  // in the function section
};

void ModuleReader::read_preamble() {
  const auto expect = [this](std::span<const std::uint8_t> bytes, Message message) {
    const std::uint32_t start = reader_.offset();
    const auto given = reader_.bytes(bytes.size());
    if (reader_.ok() && !std::equal(given.begin(), given.end(), bytes.begin())) {
      reader_.fail(message, start);
    }
  };
  expect(kMagic, Message::magic_header_not_detected);
  const auto version = std::span(reader_.position(), reader_.remaining());
  const bool is_component = reader_.ok() && version.size() >= sizeof kVersion && version[0] != 0 &&
                            version[1] == 0 &&
                            std::ranges::equal(version.subspan(2, 2), kComponentLayer);
  if (is_component) {
    return reader_.fail(Message::unknown_binary_version, reader_.offset(),
                        ": this is a component, which holds modules, and not a module");
  }
  expect(kVersion, Message::unknown_binary_version);
}

void ModuleReader::read_section() {
  poll();
  const std::uint32_t start = reader_.offset();
  const std::uint8_t id = reader_.u8();
  if (id >= std::size(kSectionRank)) return reader_.fail(Message::malformed_section_id, start);
  if (id != kCustom) {
    if (kSectionRank[id] <= last_rank_) return reader_.fail(Message::unexpected_content, start);
    last_rank_ = kSectionRank[id];
  }
  const std::uint32_t size = reader_.length();
  if (!reader_.ok()) return;

  // As in the reference implementation, items are bounded by the module alone, and the section's
  // size is compared afterwards: the official messages depend on it.
  const std::uint32_t begin = reader_.offset();
  const std::uint32_t end = begin + size;
  if (id != kCustom) module_.section_offsets[id] = begin;
  reader_.set_end_message(Message::unexpected_end_of_section);
  read_contents(id, end);
  reader_.set_end_message(Message::unexpected_end);
  if (!reader_.ok() || reader_.offset() == end) return;
  const bool is_misread = id == kType && has_unknown_exact_field(module_.types);
  reader_.fail(is_misread ? Message::malformed_storage_type : Message::section_size_mismatch);
}

void ModuleReader::read_contents(std::uint8_t id, std::uint32_t end) {
  Module& m = module_;
  switch (id) {
    case kCustom:
      return read_custom(end);
    case kType:
      return read_type_section();
    case kImport:
      return read_vector(read_count(kMaxImports, Message::too_many_imports),
                         [this] { read_import(); });
    case kFunction:
      declared_functions_ =
          read_count(kMaxFunctions, Message::too_many_functions, m.functions.size());
      m.functions.reserve(m.functions.size() + declared_functions_);
      return read_vector(declared_functions_, [&] { m.functions.push_back(reader_.u32()); });
    case kTable:
      return read_vector(read_count(kMaxTables, Message::too_many_tables, m.tables.size()),
                         [this] { read_table(); });
    case kMemory:
      return read_vector(read_count(kMaxMemories, Message::too_many_memories, m.memories.size()),
                         [&] { m.memories.push_back(read_memory_type(reader_)); });
    case kTag:
      return read_vector(read_count(kMaxTags, Message::too_many_tags, m.tags.size()),
                         [&] { m.tags.push_back(read_tag_type()); });
    case kGlobal:
      return read_vector(read_count(kMaxGlobals, Message::too_many_globals, m.globals.size()),
                         [this] { read_global(); });
    case kExport: {
      const std::uint32_t count = read_count(kMaxExports, Message::too_many_exports);
      constexpr std::size_t kLeastBytes = 3;  // of an export
      const std::size_t most = std::min<std::size_t>(count, reader_.remaining() / kLeastBytes);
      m.exports.reserve(most);
      m.export_index.reserve(most);
      return read_vector(count, [this] { read_export(); });
    }
    case kStart:
      m.start = reader_.u32();
      return;
    case kElement:
      return read_vector(read_count(kMaxElementSegments, Message::too_many_element_segments),
                         [this] { read_element(); });
    case kDataCount:
      m.data_count = reader_.u32();
      return;
    case kCode: {
      const std::uint32_t count = read_count(kMaxFunctions, Message::too_many_functions);
      m.bodies.reserve(count);
      return read_vector(count, [this] { read_body(); });
    }
    case kData: {
      const std::uint32_t count = read_count(kMaxDataSegments, Message::too_many_data_segments);
      m.data.reserve(count);
      return read_vector(count, [this] { read_data(); });
    }
    default:
      return;
  }
}

/// What can only be compared once every section has been read.
void ModuleReader::check_lengths() {
  if (module_.bodies.size() != declared_functions_) {
    const std::uint32_t code = module_.section_offsets[kCode];
    return reader_.fail(Message::function_code_mismatch, code != 0 ? code : reader_.offset());
  }
  if (module_.data_count && *module_.data_count != module_.data.size()) {
    reader_.fail(Message::data_count_mismatch);
  }
}

/// Bodies are passed over, so an error after them may follow from an earlier one inside of them: a
/// body that is not as long as it says.
Error ModuleReader::first_error() {
  if (reader_.error().kind == ErrorKind::interrupted) return reader_.error();
  for (const FunctionBody& body : module_.bodies) {
    ByteReader reader(module_.bytes, body.begin, module_.bytes.size());
    const std::uint32_t groups = reader.count();
    for (std::uint32_t i = 0; i < groups && reader.ok(); ++i) {
      reader.u32();
      read_val_type(reader);
    }
    skip_expression(reader, instructions_);
    if (!reader.ok()) return reader.error();
    if (reader.offset() != body.end) break;
  }
  return reader_.error();
}

std::uint32_t ModuleReader::read_count(std::uint32_t limit, Message over, std::size_t have) {
  const std::uint32_t start = reader_.offset();
  const std::uint32_t count = reader_.count();
  if (std::uint64_t{count} + have <= limit) return count;
  reader_.fail(over, start);
  return 0;
}

void ModuleReader::read_custom(std::uint32_t end) {
  const std::string_view name = reader_.name();
  if (!reader_.ok()) return;
  const std::uint32_t begin = reader_.offset();
  if (begin > end) return reader_.fail(Message::unexpected_end_of_section, end);
  reader_.skip(end - begin);
  module_.custom_sections.push_back({.name = name, .begin = begin, .end = end});
}

void ModuleReader::read_type_section() {
  module_.types = read_types(reader_, nullptr, interrupt_);
  module_.type_refs.reserve(4 * module_.types.size());
  for (std::uint32_t i = 0; i < module_.types.size(); ++i) {
    for (const HeapType heap : {HeapType::index(i), HeapType::exact(i)}) {
      module_.type_refs.push_back(ValType::ref(heap, true));
      module_.type_refs.push_back(ValType::ref(heap, false));
    }
  }
}

void ModuleReader::read_import() {
  Module& m = module_;
  Import import;
  import.module = reader_.name();
  import.name = reader_.name();
  const std::uint32_t start = reader_.offset();
  const std::uint8_t kind = reader_.u8();
  import.is_exact = kind == kExactFunction;
  if (kind > static_cast<std::uint8_t>(ExternKind::tag) && !import.is_exact) {
    return reader_.fail(Message::malformed_import_kind, start);
  }
  import.kind = import.is_exact ? ExternKind::func : static_cast<ExternKind>(kind);
  switch (import.kind) {
    case ExternKind::func:
      import.index = m.imported_functions++;
      m.functions.push_back(reader_.u32());
      m.exact_imports.push_back(import.is_exact);
      break;
    case ExternKind::table:
      import.index = m.imported_tables++;
      m.tables.push_back({.type = read_table_type(reader_), .init = {}});
      break;
    case ExternKind::memory:
      import.index = m.imported_memories++;
      m.memories.push_back(read_memory_type(reader_));
      break;
    case ExternKind::global:
      import.index = m.imported_globals++;
      m.globals.push_back({.type = read_global_type(reader_), .init = {}});
      break;
    case ExternKind::tag:
      import.index = m.imported_tags++;
      m.tags.push_back(read_tag_type());
      break;
  }
  m.imports.push_back(import);
}

void ModuleReader::read_table() {
  constexpr std::uint8_t kWithInit = 0x40;
  Table table;
  if (reader_.peek() != kWithInit) {
    table.type = read_table_type(reader_);
  } else {
    reader_.u8();
    const std::uint32_t start = reader_.offset();
    if (reader_.u8() != 0) reader_.fail(Message::zero_byte_expected, start);
    table.type = read_table_type(reader_);
    table.init = read_expr();
  }
  module_.tables.push_back(table);
}

void ModuleReader::read_global() {
  Global global;
  global.type = read_global_type(reader_);
  global.init = read_expr();
  module_.globals.push_back(global);
}

std::uint32_t ModuleReader::read_tag_type() {
  const std::uint32_t start = reader_.offset();
  if (reader_.u8() != 0) reader_.fail(Message::malformed_tag_attribute, start);
  return reader_.u32();
}

void ModuleReader::read_export() {
  Export entry;
  entry.name = reader_.name();
  const std::uint32_t start = reader_.offset();
  const std::uint8_t kind = reader_.u8();
  if (kind > static_cast<std::uint8_t>(ExternKind::tag)) {
    return reader_.fail(Message::malformed_export_kind, start);
  }
  entry.kind = static_cast<ExternKind>(kind);
  entry.index = reader_.u32();
  const auto index = static_cast<std::uint32_t>(module_.exports.size());
  module_.exports.push_back(entry);
  module_.export_index.try_emplace(entry.name, index);  // the validator finds duplicates
}

// https://webassembly.github.io/spec/core/binary/modules.html#element-section
void ModuleReader::read_element() {
  constexpr std::uint32_t kNotActive = 1;
  constexpr std::uint32_t kExplicit = 2;  // a table index, or declarative
  constexpr std::uint32_t kExprs = 4;
  const std::uint32_t start = reader_.offset();
  const std::uint32_t flags = reader_.u32();
  if (flags > (kNotActive | kExplicit | kExprs)) {
    return reader_.fail(Message::malformed_element_segment_kind, start);
  }
  ElementSegment segment;
  segment.uses_exprs = (flags & kExprs) != 0;
  if (!segment.uses_exprs) segment.type = ValType::ref(HeapType::kFunc, false);
  if ((flags & kNotActive) != 0) {
    segment.mode = (flags & kExplicit) != 0 ? SegmentMode::declarative : SegmentMode::passive;
  } else {
    segment.mode = SegmentMode::active;
    if ((flags & kExplicit) != 0) segment.table = reader_.u32();
    segment.offset = read_expr();
  }
  if ((flags & (kNotActive | kExplicit)) != 0) {
    const std::uint32_t kind_start = reader_.offset();
    if (segment.uses_exprs) {
      segment.type = read_ref_type(reader_);
    } else if (reader_.u8() != 0) {
      reader_.fail(Message::malformed_element_kind, kind_start);
    }
  }
  if (segment.uses_exprs) {
    read_element_exprs(segment);
  } else {
    read_element_functions(segment);
  }
  module_.elements.push_back(std::move(segment));
}

void ModuleReader::read_element_functions(ElementSegment& segment) {
  const std::uint32_t count = reader_.count();
  segment.functions.reserve(count);
  read_vector(count, [&] { segment.functions.push_back(reader_.u32()); });
}

void ModuleReader::read_element_exprs(ElementSegment& segment) {
  const std::uint32_t count = reader_.count();
  segment.exprs.reserve(count);
  read_vector(count, [&] { segment.exprs.push_back(read_expr()); });
}

void ModuleReader::read_body() {
  const std::uint32_t size = reader_.length();
  const std::uint32_t begin = reader_.offset();
  if (size > kMaxBodyBytes) return reader_.fail(Message::body_too_large, begin);
  reader_.skip(size);
  module_.bodies.push_back({.begin = begin, .end = begin + size});
}

void ModuleReader::read_data() {
  const std::uint32_t start = reader_.offset();
  const std::uint32_t flags = reader_.u32();
  if (flags > 2) return reader_.fail(Message::malformed_data_segment_kind, start);
  DataSegment segment;
  if (flags != 1) {
    segment.mode = SegmentMode::active;
    if (flags == 2) segment.memory = reader_.u32();
    segment.offset = read_expr();
  }
  // A length beyond the module is "unexpected end" here, not "length out of bounds".
  const std::uint32_t size = reader_.u32();
  segment.begin = reader_.offset();
  reader_.skip(size);
  segment.end = segment.begin + size;
  module_.data.push_back(segment);
}

}  // namespace

Result<Module> read_module(std::vector<std::byte> bytes, const InterruptToken* interrupt) {
  if (bytes.size() > kMaxModuleBytes) return make_error(Message::module_too_large);
  return ModuleReader(std::move(bytes), interrupt).read();
}

}  // namespace tinywasm::decoder
