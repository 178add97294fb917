// SPDX-License-Identifier: Apache-2.0
// Trees of operators, accesses and objects of bombs.
#include <algorithm>
#include <string_view>

#include "tools/fuzz/bombs.hpp"

namespace tinywasm::fuzz {
namespace {

using decoder::Immediates;
using decoder::Insn;
using decoder::InsnInfo;
using decoder::kInsns;

/// Instructions that take so many values of one type, and give one of it.
struct Closed {
  Insn insn;
  BombPlan::Value value;
  std::uint32_t operands;
};

BombPlan::Value value_of(char letter) {
  return static_cast<BombPlan::Value>(std::string_view("iIfFv").find(letter));
}

const std::vector<Closed>& closed_instructions() {
  static const std::vector<Closed> all = [] {
    std::vector<Closed> found;
    for (std::size_t i = 0; i < decoder::kInsnCount; ++i) {
      const InsnInfo& info = kInsns[i];
      if (info.immediates != Immediates::none || info.is_special()) continue;
      const std::size_t colon = info.signature.find(':');
      const std::string_view operands = info.signature.substr(0, colon);
      const std::string_view results = info.signature.substr(colon + 1);
      if (operands.empty() || results.size() != 1) continue;
      if (operands.find_first_not_of(results[0]) != std::string_view::npos) continue;
      found.push_back({static_cast<Insn>(i), value_of(results[0]),
                       static_cast<std::uint32_t>(operands.size())});
    }
    return found;
  }();
  return all;
}

/// Loads and stores, those of threads left out.
const std::vector<Insn>& accesses() {
  static const std::vector<Insn> all = [] {
    std::vector<Insn> found;
    for (std::size_t i = 0; i < decoder::kInsnCount; ++i) {
      const InsnInfo& info = kInsns[i];
      const bool is_access =
          info.immediates >= Immediates::mem8 && info.immediates <= Immediates::mem64_lane;
      if (is_access && info.feature != decoder::Feature::threads) {
        found.push_back(static_cast<Insn>(i));
      }
    }
    return found;
  }();
  return all;
}

}  // namespace

void BombBody::value_statement() {
  static constexpr void (BombBody::* kKinds[])() = {
      &BombBody::left_tree,     &BombBody::right_tree,   &BombBody::selects,
      &BombBody::tees,          &BombBody::sets,         &BombBody::bulk,
      &BombBody::table_access,  &BombBody::objects,      &BombBody::fixed_array,
      &BombBody::casts,         &BombBody::lanes,        &BombBody::throwing,
      &BombBody::object_fields, &BombBody::memory_access};
  (this->*kKinds[choices_.below(std::size(kKinds))])();
}

// ---- Trees

/// Each result is the first operand of the next.
void BombBody::left_tree() {
  const auto& all = closed_instructions();
  const Closed closed = all[choices_.below(static_cast<std::uint32_t>(all.size()))];
  const std::uint32_t other = local(closed.value);
  const bool has_constants = choices_.one_in(2);
  op(Insn::local_get, local(closed.value));
  const std::size_t begin = code_.size();
  for (std::uint32_t i = 1; i < closed.operands; ++i) {
    if (has_constants) {
      constant(closed.value);
    } else {
      op(Insn::local_get, other);
    }
  }
  op(closed.insn);
  repeat(begin);
  op(Insn::drop);
}

/// Each result is the last operand of the next.
void BombBody::right_tree() {
  const auto& all = closed_instructions();
  const Closed closed = all[choices_.below(static_cast<std::uint32_t>(all.size()))];
  const std::uint32_t other = local(closed.value);
  const std::uint32_t most = room(closed.value) / closed.operands;
  const std::uint32_t count = std::min(times(4 * closed.operands), most);
  const bool has_loads = closed.value == Value::i32 && choices_.one_in(3);
  for (std::uint32_t i = 0; i < count * (closed.operands - 1) + 1; ++i) {
    op(Insn::local_get, other);
    if (!has_loads) continue;
    op(Insn::i32_load8_u);
    code_.fixed(0, 2);
  }
  for (std::uint32_t i = 0; i < count; ++i) op(closed.insn);
  op(Insn::drop);
}

void BombBody::selects() {
  const auto value = static_cast<Value>(choices_.below(BombPlan::kValues));
  const bool is_typed = value > Value::v128 || choices_.one_in(2);
  op(Insn::local_get, local(value));
  const std::size_t begin = code_.size();
  op(Insn::local_get, local(value));
  op(Insn::local_get, local(Value::i32));
  op(is_typed ? Insn::select_t : Insn::select);
  if (is_typed) {
    code_.unsigned_leb(1);
    write_bomb_type(code_, value, plan_.bottom());
  }
  repeat(begin);
  op(Insn::drop);
}

void BombBody::tees() {
  const auto value = static_cast<Value>(choices_.below(BombPlan::kValues));
  op(Insn::local_get, local(value));
  const std::size_t begin = code_.size();
  op(Insn::local_tee, local(value));
  op(Insn::local_tee, local(value));
  repeat(begin);
  op(Insn::drop);
}

/// Of locals and globals.
void BombBody::sets() {
  const auto value = static_cast<Value>(choices_.below(BombPlan::kValues));
  const std::size_t begin = code_.size();
  const bool copies = choices_.one_in(2);
  const std::uint32_t count = choose_count(choices_, 16);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (value == Value::i32 && copies) {
      op(Insn::global_get, i % plan_.globals);
      op(Insn::global_set, choices_.below(plan_.globals));
      continue;
    }
    if (copies) {
      op(Insn::local_get, local(value));
    } else {
      constant(value);
    }
    op(Insn::local_set, local(value));
  }
  repeat(begin);
}

// ---- Memories and tables

void BombBody::memory_access() {
  const auto& all = accesses();
  const Insn insn = all[choices_.below(static_cast<std::uint32_t>(all.size()))];
  const InsnInfo& info = decoder::info(insn);
  const std::size_t colon = info.signature.find(':');
  const std::size_t begin = code_.size();
  op(Insn::local_get, local(Value::i32));
  const std::size_t after_address = code_.size();
  for (std::size_t i = 1; i < colon; ++i) op(Insn::local_get, local(value_of(info.signature[i])));
  op(insn);
  code_.u8(0);
  code_.unsigned_leb(choices_.one_in(3) ? choose_count(choices_, 1u << 31) : 0);
  if (info.immediates > Immediates::mem128) code_.u8(0);  // a lane
  // Addresses that are loaded, in a chain.
  if (info.signature == "a:i" && choices_.one_in(2)) {
    const std::span<const std::byte> written = code_.bytes().subspan(after_address);
    const std::vector<std::byte> again(written.begin(), written.end());
    for (std::uint32_t i = times(again.size()); i > 1; --i) code_.append(again);
  }
  if (colon + 1 < info.signature.size()) op(Insn::drop);
  repeat(begin);
}

void BombBody::bulk() {
  const std::size_t begin = code_.size();
  const auto length = static_cast<std::int32_t>(choose_count(choices_, 70'000));
  const std::uint32_t kind = choices_.below(5);
  if (kind == 3) {
    number(choices_.one_in(4) ? 1 : 0);
    op(Insn::memory_grow, 0);
    op(Insn::drop);
    return repeat(begin);
  }
  if (kind == 4) {
    op(Insn::data_drop, 0);
    return repeat(begin);
  }
  number();
  number();
  number(length);
  if (kind == 0) {
    op(Insn::memory_fill, 0);
  } else if (kind == 1) {
    op(Insn::memory_copy, 0);
    code_.u8(0);
  } else {
    op(Insn::memory_init, 0);
    code_.u8(0);
  }
  repeat(begin);
}

void BombBody::table_access() {
  const std::size_t begin = code_.size();
  const std::uint32_t kind = choices_.below(6);
  const auto length = static_cast<std::int32_t>(choose_count(choices_, 10));
  number();
  if (kind == 0) {
    op(Insn::table_get, 0);
    op(Insn::drop);
  } else if (kind == 1) {
    op(Insn::ref_func, plan_.nothing());
    op(Insn::table_set, 0);
  } else if (kind == 2) {
    op(Insn::ref_func, plan_.nothing());
    number(length);
    op(Insn::table_fill, 0);
  } else if (kind == 3) {
    op(Insn::drop);
    op(Insn::ref_func, plan_.nothing());
    number(length);
    op(Insn::table_grow, 0);
    op(Insn::drop);
  } else {
    number();
    number(length);
    op(kind == 4 ? Insn::table_copy : Insn::table_init, 0);
    code_.u8(0);
  }
  repeat(begin);
}

// ---- Objects

void BombBody::objects() {
  const std::size_t begin = code_.size();
  const std::uint32_t type = choices_.one_in(2) ? plan_.bottom() : BombPlan::kTop;
  if (choices_.one_in(3) && plan_.fields * 4 < left() && plan_.fields < room(plan_.field)) {
    for (std::uint32_t i = 0; i < plan_.fields; ++i) constant(plan_.field);
    op(Insn::struct_new, type);
  } else {
    op(Insn::struct_new_default, type);
  }
  if (type == plan_.bottom() && choices_.one_in(2)) {
    op(Insn::local_set, local(Value::object));
  } else {
    op(Insn::drop);
  }
  repeat(begin);
}

void BombBody::fixed_array() {
  constexpr std::uint32_t kMost = 10'000;
  const std::size_t begin = code_.size();
  const std::uint32_t kind = choices_.below(3);
  const std::uint32_t count = std::min({times(2), kMost, room(Value::i32)});
  if (kind == 0) {
    for (std::uint32_t i = 0; i < count; ++i) number();
    op(Insn::array_new_fixed, plan_.array());
    code_.unsigned_leb(count);
  } else if (kind == 1) {
    number(static_cast<std::int32_t>(count));
    op(Insn::array_new_default, plan_.array());
  } else {
    number();
    number(4);
    op(Insn::array_new_data, plan_.array());
    code_.u8(0);
  }
  op(Insn::drop);
  repeat(begin);
}

/// Of the object that a local holds, or of null.
void BombBody::object_fields() {
  if (plan_.fields == 0) return objects();
  const std::size_t begin = code_.size();
  const std::uint32_t field = choices_.below(plan_.fields);
  op(Insn::local_get, local(Value::object));
  if (choices_.one_in(2)) {
    op(Insn::struct_get, plan_.bottom());
    code_.unsigned_leb(field);
    op(Insn::drop);
  } else {
    constant(plan_.field);
    op(Insn::struct_set, plan_.bottom());
    code_.unsigned_leb(field);
  }
  repeat(begin);
}

void BombBody::casts() {
  const std::uint32_t kind = choices_.below(5);
  op(Insn::local_get, local(Value::object));
  const std::size_t begin = code_.size();
  const std::uint32_t type = BombPlan::kTop + choices_.below(plan_.depth);
  if (kind == 0) {
    op(Insn::ref_cast_null);
    code_.signed_leb(type);
  } else if (kind == 1) {
    op(Insn::ref_test_null);
    code_.signed_leb(type);
    op(Insn::drop);
    op(Insn::local_get, local(Value::object));
  } else if (kind == 2) {
    op(Insn::extern_convert_any);
    op(Insn::any_convert_extern);
  } else if (kind == 3) {
    op(Insn::ref_as_non_null);
  } else {
    op(Insn::local_get, local(Value::object));
    op(Insn::ref_eq);
    op(Insn::ref_i31);
  }
  repeat(begin);
  op(Insn::drop);
}

/// Vectors and their lanes.
void BombBody::lanes() {
  op(Insn::local_get, local(Value::v128));
  const std::size_t begin = code_.size();
  if (choices_.one_in(2)) {
    op(Insn::local_get, local(Value::v128));
    op(Insn::i8x16_shuffle);
    for (std::uint32_t i = 0; i < 16; ++i) code_.u8(choices_.below(32));
  } else {
    op(Insn::i32x4_extract_lane);
    code_.u8(choices_.below(4));
    op(Insn::i32x4_splat);
  }
  repeat(begin);
  op(Insn::drop);
}

}  // namespace tinywasm::fuzz
