// SPDX-License-Identifier: Apache-2.0
// Single instructions: their immediates, and how many operands they have.
#include <fmt/format.h>

#include "decoder/signature.hpp"
#include "decoder/text_literals.hpp"
#include "decoder/text_printer.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::string_view catch_word(Catch::Kind kind) {
  switch (kind) {
    case Catch::catch_:
      return "catch";
    case Catch::catch_ref:
      return "catch_ref";
    case Catch::catch_all:
      return "catch_all";
    case Catch::catch_all_ref:
      return "catch_all_ref";
  }
  return {};
}

/// " a" unless it is the index that is meant without one.
std::string unless_zero(const PrintedNames& names, std::uint32_t index) {
  return index == 0 ? std::string() : ' ' + names.reference(index);
}

/// " a b", or nothing when both are the first ones.
std::string both(const PrintedNames& names, std::uint32_t first, std::uint32_t second) {
  if (first == 0 && second == 0) return {};
  return fmt::format(" {} {}", names.reference(first), names.reference(second));
}

}  // namespace

std::string TextPrinter::instruction(const Instruction& insn) const {
  return std::string(info(insn.id).text) + immediates(insn);
}

std::string TextPrinter::memory_argument(const Instruction& insn) const {
  std::string text = unless_zero(names_.memories, insn.index);
  if (insn.value != 0) text += fmt::format(" offset={}", insn.value);
  if (insn.align != info(insn.id).natural_alignment()) {
    text += fmt::format(" align={}", std::uint64_t{1} << insn.align);
  }
  return text;
}

std::string TextPrinter::field_reference(std::uint32_t type, std::uint32_t field) const {
  const auto fields = names_.fields.find(type);
  return fields == names_.fields.end() ? std::to_string(field) : fields->second.reference(field);
}

std::string TextPrinter::catches(const Instruction& insn) const {
  std::string text;
  for (const Catch& each : insn.catches) {
    text += fmt::format(" ({} ", catch_word(each.kind));
    if (each.kind <= Catch::catch_ref) text += names_.tags.reference(each.tag) + ' ';
    text += labels_.reference(each.label) + ')';
  }
  return text;
}

std::string TextPrinter::block_head(const Instruction& insn) const {
  std::string text = labels_.definition();
  if (insn.index != Instruction::kNoIndex) {
    text += type_use(insn.index);
  } else if (!insn.type.is_bottom()) {
    text += fmt::format(" (result {})", value_type(insn.type));
  }
  return insn.id == Insn::try_table ? text + catches(insn) : text;
}

/// Only one type is valid. Others are here too, but the instruction has just the last of them.
std::string TextPrinter::select_types(const Instruction& insn) const {
  std::string text = " (result";
  ByteReader reader(module_.bytes, insn.offset + 1, module_.bytes.size());
  const std::uint32_t count = reader.count();
  for (std::uint32_t i = 0; i < count; ++i) text += ' ' + value_type(read_val_type(reader));
  return text + ')';
}

std::string TextPrinter::immediates(const Instruction& insn) const {
  const auto one = [](const PrintedNames& names, std::uint32_t index) {
    return ' ' + names.reference(index);
  };
  switch (info(insn.id).immediates) {
    case Immediates::none:
    case Immediates::zero_byte:
      return {};
    case Immediates::block_type:
    case Immediates::catches:
      return block_head(insn);
    case Immediates::label:
      return ' ' + labels_.reference(insn.index);
    case Immediates::labels: {
      std::string text;
      for (const std::uint32_t label : insn.labels) text += ' ' + labels_.reference(label);
      return text;
    }
    case Immediates::function:
      return one(names_.functions, insn.index);
    case Immediates::type:
      return one(names_.types, insn.index);
    case Immediates::type_table:
      return unless_zero(names_.tables, insn.index2) + type_use(insn.index);
    case Immediates::local:
      return one(*locals_, insn.index);
    case Immediates::global:
      return one(names_.globals, insn.index);
    case Immediates::table:
      return unless_zero(names_.tables, insn.index);
    case Immediates::table_table:
      return both(names_.tables, insn.index, insn.index2);
    case Immediates::elem_table:
      return unless_zero(names_.tables, insn.index2) + one(names_.elements, insn.index);
    case Immediates::elem:
      return one(names_.elements, insn.index);
    case Immediates::data:
      return one(names_.data, insn.index);
    case Immediates::data_memory:
      return unless_zero(names_.memories, insn.index2) + one(names_.data, insn.index);
    case Immediates::memory:
      return unless_zero(names_.memories, insn.index);
    case Immediates::memory_memory:
      return both(names_.memories, insn.index, insn.index2);
    case Immediates::i32:
      return fmt::format(" {}", static_cast<std::int32_t>(insn.value));
    case Immediates::i64:
      return fmt::format(" {}", static_cast<std::int64_t>(insn.value));
    case Immediates::f32:
      return ' ' + f32_literal(static_cast<std::uint32_t>(insn.value));
    case Immediates::f64:
      return ' ' + f64_literal(insn.value);
    case Immediates::v128:
      return ' ' + v128_literal(insn.bytes);
    case Immediates::mem8:
    case Immediates::mem16:
    case Immediates::mem32:
    case Immediates::mem64:
    case Immediates::mem128:
      return memory_argument(insn);
    case Immediates::mem8_lane:
    case Immediates::mem16_lane:
    case Immediates::mem32_lane:
    case Immediates::mem64_lane:
      return memory_argument(insn) + fmt::format(" {}", insn.lane);
    case Immediates::lane2:
    case Immediates::lane4:
    case Immediates::lane8:
    case Immediates::lane16:
      return fmt::format(" {}", insn.lane);
    case Immediates::lanes: {
      std::string text;
      for (const std::uint8_t lane : insn.bytes) text += fmt::format(" {}", lane);
      return text;
    }
    case Immediates::heap_type:
      // ref.null names a heap type, a test or cast a reference type.
      return ' ' +
             (insn.id == Insn::ref_null ? heap_type(insn.type.heap()) : value_type(insn.type));
    case Immediates::select_types:
      return select_types(insn);
    case Immediates::tag:
      return one(names_.tags, insn.index);
    case Immediates::type_field:
      return one(names_.types, insn.index) + ' ' + field_reference(insn.index, insn.index2);
    case Immediates::type_count:
      return one(names_.types, insn.index) + fmt::format(" {}", insn.index2);
    case Immediates::type_data:
      return one(names_.types, insn.index) + one(names_.data, insn.index2);
    case Immediates::type_elem:
      return one(names_.types, insn.index) + one(names_.elements, insn.index2);
    case Immediates::type_type:
      return one(names_.types, insn.index) + one(names_.types, insn.index2);
    case Immediates::cast_branch:
      return fmt::format(" {} {} {}", labels_.reference(insn.index), value_type(insn.type),
                         value_type(insn.type2));
  }
  return {};
}

std::optional<TextPrinter::Arity> TextPrinter::arity(const Instruction& insn) const {
  const InsnInfo& row = info(insn.id);
  if (!row.is_special()) {
    const Signature& signature = kSignatures[static_cast<std::size_t>(insn.id)];
    return Arity{signature.pops, signature.pushes};
  }
  const auto of_call = [](const FuncType* type, std::uint32_t extra) -> std::optional<Arity> {
    if (!type) return std::nullopt;
    return Arity{static_cast<std::uint32_t>(type->params.size()) + extra,
                 static_cast<std::uint32_t>(type->results.size())};
  };
  switch (insn.id) {
    case Insn::local_get:
    case Insn::global_get:
    case Insn::ref_null:
    case Insn::ref_func:
    case Insn::table_size:
    case Insn::struct_new_default:
      return Arity{0, 1};
    case Insn::local_set:
    case Insn::global_set:
    case Insn::drop:
    case Insn::br_if:
    case Insn::br_table:
    case Insn::throw_ref:
      return Arity{1, 0};
    case Insn::local_tee:
    case Insn::table_get:
    case Insn::ref_is_null:
    case Insn::ref_as_non_null:
    case Insn::ref_test:
    case Insn::ref_test_null:
    case Insn::ref_cast:
    case Insn::ref_cast_null:
    case Insn::struct_get:
    case Insn::struct_get_s:
    case Insn::struct_get_u:
    case Insn::array_new_default:
    case Insn::array_len:
    case Insn::ref_i31:
    case Insn::i31_get_s:
    case Insn::i31_get_u:
    case Insn::struct_new_default_desc:
    case Insn::ref_get_desc:
    case Insn::any_convert_extern:
    case Insn::extern_convert_any:
      return Arity{1, 1};
    case Insn::table_set:
    case Insn::struct_set:
      return Arity{2, 0};
    case Insn::table_grow:
    case Insn::ref_eq:
    case Insn::array_new:
    case Insn::array_new_data:
    case Insn::array_new_elem:
    case Insn::array_get:
    case Insn::array_get_s:
    case Insn::array_get_u:
    case Insn::ref_cast_desc_eq:
    case Insn::ref_cast_desc_eq_null:
      return Arity{2, 1};
    case Insn::select:
    case Insn::select_t:
      return Arity{3, 1};
    case Insn::table_fill:
    case Insn::table_copy:
    case Insn::table_init:
    case Insn::memory_fill:
    case Insn::memory_copy:
    case Insn::memory_init:
    case Insn::array_set:
      return Arity{3, 0};
    case Insn::array_fill:
    case Insn::array_init_data:
    case Insn::array_init_elem:
      return Arity{4, 0};
    case Insn::array_copy:
      return Arity{5, 0};
    case Insn::array_new_fixed:
      return Arity{insn.index2, 1};
    case Insn::struct_new:
    case Insn::struct_new_desc: {
      if (insn.index >= module_.types.size()) return std::nullopt;
      const auto fields = static_cast<std::uint32_t>(module_.types[insn.index].fields.size());
      return Arity{fields + (insn.id == Insn::struct_new_desc ? 1 : 0), 1};
    }
    case Insn::return_:
      return Arity{static_cast<std::uint32_t>(results_), 0};
    case Insn::call:
    case Insn::return_call:
      if (insn.index >= module_.functions.size()) return std::nullopt;
      return of_call(func_type(module_.functions[insn.index]), 0);
    case Insn::call_indirect:
    case Insn::return_call_indirect:
    case Insn::call_ref:
    case Insn::return_call_ref:
      return of_call(func_type(insn.index), 1);
    default:
      return std::nullopt;
  }
}

}  // namespace tinywasm::decoder
