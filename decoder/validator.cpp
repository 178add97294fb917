// SPDX-License-Identifier: Apache-2.0
// Modules (https://webassembly.github.io/spec/core/valid/modules.html). Bodies are in
// function_validator.cpp.
#include "decoder/validator.hpp"

#include <algorithm>
#include <string>

#include "decoder/errors.hpp"
#include "decoder/subtyping.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::uint64_t kMaxPages32 = std::uint64_t{1} << 16;
constexpr std::uint64_t kMaxPages64 = std::uint64_t{1} << 48;
constexpr std::uint64_t kMaxBytes32 = 0xffff'ffff;  // pages of one byte
constexpr std::uint64_t kMaxBytes64 = ~std::uint64_t{0};
constexpr std::uint64_t kMaxTable32 = 0xffff'ffff;

bool has_vector_types(const Module& module) {
  const auto is_vector = [](ValType type) { return type.is_vec(); };
  return std::ranges::any_of(module.globals,
                             [](const Global& global) { return global.type.type.is_vec(); }) ||
         std::ranges::any_of(module.types, [&](const SubType& type) {
           return std::ranges::any_of(type.func.params, is_vector) ||
                  std::ranges::any_of(type.func.results, is_vector);
         });
}

class ModuleValidator {
 public:
  ModuleValidator(Module& module, const InterruptToken* interrupt)
      : module_(module), interrupt_(interrupt), body_(module, sink_) {
    body_.set_interrupt(interrupt);
  }

  Result<void> run();

 private:
  enum Section : std::uint8_t {
    kImport = 2,
    kFunction = 3,
    kTable = 4,
    kMemory = 5,
    kGlobal = 6,
    kExport = 7,
    kStart = 8,
    kElement = 9,
    kData = 11,
    kTag = 13,
  };

  // Each returns false after an error, which is in error_.
  bool check_functions();
  bool check_tables();
  bool check_memories();
  bool check_globals();
  bool check_tags();
  bool check_exports();
  bool check_start();
  bool check_elements();
  bool check_element(const ElementSegment& segment);
  bool check_data();
  bool check_limits(const Limits& limits, std::uint64_t most, Message over, Section section);
  bool check_type(ValType type, Section section);
  bool check_expr(const ConstExpr& expr, ValType type, std::size_t known_globals);
  bool check_func_type(std::uint32_t type, Section section);
  bool check_export(const Export& entry, std::uint64_t offset);
  bool check_bodies();
  void declare_functions();
  void declare_functions(const ConstExpr& expr);

  bool fail(Message message, std::uint64_t offset, std::string_view detail = {}) {
    error_ = make_error(message, offset, detail);
    return false;
  }
  bool fail(Message message, Section section, std::string_view detail = {}) {
    return fail(message, std::uint64_t{module_.section_offsets[section]}, detail);
  }
  bool fail_index(Message message, Section section, std::uint64_t index) {
    return fail(message, section, ' ' + std::to_string(index));
  }
  bool check(Result<void> result) {
    if (result) return true;
    error_ = std::move(result).error();
    return false;
  }
  Section section(std::size_t index, std::size_t imported, Section defined) const {
    return index < imported ? kImport : defined;
  }

  Module& module_;
  const InterruptToken* interrupt_;
  NullSink sink_;
  FunctionValidator<NullSink> body_;
  Error error_;
};

Result<void> ModuleValidator::run() {
  if (!check(validate_types(module_, interrupt_))) return error_;
  if (!check_functions()) return error_;
  declare_functions();
  // In the order of the context's construction: tables see imported globals alone, globals those
  // before them, everything else all of them.
  const bool ok = check_tables() && check_memories() && check_tags() && check_globals() &&
                  check_exports() && check_start() && check_elements() && check_data();
  if (!ok) return error_;
  module_.has_vector_types = has_vector_types(module_);
  if (!check_bodies()) return error_;
  return {};
}

bool ModuleValidator::check_func_type(std::uint32_t type, Section section) {
  if (type >= module_.types.size()) return fail_index(Message::unknown_type, section, type);
  if (module_.types[type].kind == CompositeKind::func) return true;
  return fail_index(Message::not_a_function_type, section, type);
}

bool ModuleValidator::check_functions() {
  for (std::size_t i = 0; i < module_.functions.size(); ++i) {
    const Section where = section(i, module_.imported_functions, kFunction);
    if (!check_func_type(module_.functions[i], where)) return false;
  }
  return true;
}

bool ModuleValidator::check_type(ValType type, Section section) {
  if (!type.is_ref() || type.heap().is_abstract()) return true;
  const std::uint32_t index = type.heap().type_index();
  return index < module_.types.size() || fail_index(Message::unknown_type, section, index);
}

bool ModuleValidator::check_expr(const ConstExpr& expr, ValType type, std::size_t known_globals) {
  return check(body_.validate_expression(expr, type, static_cast<std::uint32_t>(known_globals)));
}

bool ModuleValidator::check_limits(const Limits& limits, std::uint64_t most, Message over,
                                   Section section) {
  if (limits.max && *limits.max < limits.min) return fail(Message::limits_min_over_max, section);
  const bool fits = limits.min <= most && limits.max.value_or(0) <= most;
  return fits || fail(over, section);
}

bool ModuleValidator::check_tables() {
  for (std::size_t i = 0; i < module_.tables.size(); ++i) {
    const Table& table = module_.tables[i];
    const Section where = section(i, module_.imported_tables, kTable);
    const std::uint64_t most = table.type.limits.is_64 ? ~std::uint64_t{0} : kMaxTable32;
    if (!check_type(table.type.element, where) ||
        !check_limits(table.type.limits, most, Message::table_size, where)) {
      return false;
    }
    if (table.init) {
      if (!check_expr(*table.init, table.type.element, module_.imported_globals)) return false;
    } else if (i >= module_.imported_tables && !table.type.element.is_defaultable()) {
      return fail(Message::type_mismatch, where, ": a table of non-null references needs a value");
    }
  }
  return true;
}

bool ModuleValidator::check_memories() {
  for (std::size_t i = 0; i < module_.memories.size(); ++i) {
    const MemoryType& type = module_.memories[i];
    const Limits& limits = type.limits;
    const Section where = section(i, module_.imported_memories, kMemory);
    if (type.page_log2 == 0) {
      const std::uint64_t most = limits.is_64 ? kMaxBytes64 : kMaxBytes32;
      if (!check_limits(limits, most, Message::memory_size_bytes, where)) return false;
    } else if (type.page_log2 == 16) {
      const std::uint64_t most = limits.is_64 ? kMaxPages64 : kMaxPages32;
      const Message over = limits.is_64 ? Message::memory64_size : Message::memory_size;
      if (!check_limits(limits, most, over, where)) return false;
    } else {
      return fail(Message::invalid_page_size, where);
    }
    if (limits.is_shared && !limits.max) return fail(Message::shared_memory_maximum, where);
  }
  return true;
}

bool ModuleValidator::check_tags() {
  for (std::size_t i = 0; i < module_.tags.size(); ++i) {
    const Section where = section(i, module_.imported_tags, kTag);
    if (!check_func_type(module_.tags[i], where)) return false;
    if (!module_.types[module_.tags[i]].func.results.empty()) {
      return fail(Message::tag_result_type, where);
    }
  }
  return true;
}

bool ModuleValidator::check_globals() {
  for (std::size_t i = 0; i < module_.globals.size(); ++i) {
    const Global& global = module_.globals[i];
    const Section where = section(i, module_.imported_globals, kGlobal);
    if (!check_type(global.type.type, where)) return false;
    if (i >= module_.imported_globals && !check_expr(global.init, global.type.type, i)) {
      return false;
    }
  }
  return true;
}

bool ModuleValidator::check_export(const Export& entry, std::uint64_t offset) {
  const auto check_index = [&](std::size_t count, Message message) {
    return entry.index < count || fail(message, offset, ' ' + std::to_string(entry.index));
  };
  switch (entry.kind) {
    case ExternKind::func:
      return check_index(module_.functions.size(), Message::unknown_function);
    case ExternKind::table:
      return check_index(module_.tables.size(), Message::unknown_table);
    case ExternKind::memory:
      return check_index(module_.memories.size(), Message::unknown_memory);
    case ExternKind::global:
      return check_index(module_.globals.size(), Message::unknown_global);
    case ExternKind::tag:
      return check_index(module_.tags.size(), Message::unknown_tag);
  }
  return true;
}

bool ModuleValidator::check_exports() {
  const bool has_duplicates = module_.export_index.size() != module_.exports.size();
  for (std::size_t i = 0; i < module_.exports.size(); ++i) {
    const Export& entry = module_.exports[i];
    if (interrupt_ != nullptr && interrupt_->is_set()) {
      return fail(Message::interrupted, Error::kNoOffset);
    }
    // The name is a view into the module's bytes, which tells the place.
    const auto* const name = reinterpret_cast<const std::byte*>(entry.name.data());
    const auto offset = static_cast<std::uint64_t>(name - module_.bytes.data());
    if (!check_export(entry, offset)) return false;
    if (has_duplicates && module_.export_index.at(entry.name) != i) {
      return fail(Message::duplicate_export_name, offset);
    }
  }
  return true;
}

bool ModuleValidator::check_start() {
  if (!module_.start) return true;
  if (*module_.start >= module_.functions.size()) {
    return fail_index(Message::unknown_function, kStart, *module_.start);
  }
  const FuncType& type = module_.type_of_function(*module_.start);
  const bool is_plain = type.params.empty() && type.results.empty();
  return is_plain || fail(Message::start_function, kStart);
}

bool ModuleValidator::check_elements() {
  return std::all_of(module_.elements.begin(), module_.elements.end(),
                     [this](const ElementSegment& segment) { return check_element(segment); });
}

bool ModuleValidator::check_element(const ElementSegment& segment) {
  if (!check_type(segment.type, kElement)) return false;
  for (const std::uint32_t function : segment.functions) {
    if (function >= module_.functions.size()) {
      return fail_index(Message::unknown_function, kElement, function);
    }
  }
  for (const ConstExpr& expr : segment.exprs) {
    if (!check_expr(expr, segment.type, module_.globals.size())) return false;
  }
  if (segment.mode != SegmentMode::active) return true;
  if (segment.table >= module_.tables.size()) {
    return fail_index(Message::unknown_table, kElement, segment.table);
  }
  const TableType& table = module_.tables[segment.table].type;
  if (!is_subtype(module_, segment.type, table.element)) {
    return fail(
        Message::type_mismatch, std::uint64_t{segment.offset.begin},
        ": segment of " + to_string(segment.type) + " into a table of " + to_string(table.element));
  }
  return check_expr(segment.offset, table.address_type(), module_.globals.size());
}

bool ModuleValidator::check_data() {
  for (const DataSegment& segment : module_.data) {
    if (segment.mode != SegmentMode::active) continue;
    if (segment.memory >= module_.memories.size()) {
      return fail_index(Message::unknown_memory, kData, segment.memory);
    }
    const ValType address = module_.memories[segment.memory].address_type();
    if (!check_expr(segment.offset, address, module_.globals.size())) return false;
  }
  return true;
}

bool ModuleValidator::check_bodies() {
  const auto count = static_cast<std::uint32_t>(module_.functions.size());
  for (std::uint32_t i = module_.imported_functions; i < count; ++i) {
    if (!check(body_.validate(i))) return false;
  }
  return true;
}

/// What occurs outside of bodies may be named by ref.func inside them.
void ModuleValidator::declare_functions() {
  module_.declared_functions.assign(module_.functions.size(), false);
  const auto declare = [this](std::uint32_t function) {
    if (function < module_.functions.size()) module_.declared_functions[function] = true;
  };
  for (const Export& entry : module_.exports) {
    if (entry.kind == ExternKind::func) declare(entry.index);
  }
  for (const ElementSegment& segment : module_.elements) {
    for (const std::uint32_t function : segment.functions) declare(function);
    for (const ConstExpr& expr : segment.exprs) declare_functions(expr);
    declare_functions(segment.offset);
  }
  for (const Table& table : module_.tables) {
    if (table.init) declare_functions(*table.init);
  }
  for (const Global& global : module_.globals) declare_functions(global.init);
  for (const DataSegment& segment : module_.data) declare_functions(segment.offset);
}

void ModuleValidator::declare_functions(const ConstExpr& expr) {
  if (plain_constant(module_, expr)) return;
  ConstExprReader reader(module_, expr);
  while (const Instruction* insn = reader.next()) {
    const bool is_known = insn->id == Insn::ref_func && insn->index < module_.functions.size();
    if (is_known) module_.declared_functions[insn->index] = true;
  }
}

}  // namespace

Result<void> validate_module(Module& module, const InterruptToken* interrupt) {
  return ModuleValidator(module, interrupt).run();
}

}  // namespace tinywasm::decoder
