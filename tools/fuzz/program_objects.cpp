// SPDX-License-Identifier: Apache-2.0
// References and what they refer to: structures, arrays, functions, tables.
#include <iterator>

#include "tools/fuzz/program_body.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr std::uint32_t type_of_array(Type t) {
  return kBytes + static_cast<std::uint32_t>(t) - static_cast<std::uint32_t>(Type::bytes);
}

constexpr Type element_of(Type array) {
  switch (array) {
    case Type::longs:
      return Type::i64;
    case Type::vectors:
      return Type::v128;
    case Type::objects:
      return Type::any;
    default:
      return Type::i32;
  }
}

constexpr Type kArrays[] = {Type::bytes, Type::longs, Type::vectors, Type::objects};
constexpr std::uint32_t kLength = 4;  // arrays have at least so many elements, mostly

}  // namespace

void Body::reference(Type t, std::uint32_t depth) {
  if (is_plain_) return choices_.one_in(4) ? null(t) : leaf(t);
  switch (choices_.below(16)) {
    case 0:
    case 1:
    case 2:
      return leaf(t);
    case 3:
      return select(t, depth);
    case 4:
      return tee(t, depth);
    case 5:
      return block_value(t, depth);
    case 6:
      return if_value(t, depth);
    case 7:
    case 8:
      return call_with_first_result(t) ? void() : leaf(t);
    case 9:
      return field(t, depth);
    case 10:
      return block_with_parameters(t, depth);
    case 11:
      return branch_value(t, depth);
    case 12:
      return null(t);
    case 13:
      return try_value(t, depth);
    default:
      return object(t, depth);
  }
}

void Body::object(Type t, std::uint32_t depth) {
  switch (t) {
    case Type::func:
    case Type::target:
      if (t == Type::func && choices_.one_in(3)) return table_get(0, depth);
      return function_reference(depth);
    case Type::extern_:
      if (choices_.one_in(3)) return table_get(1, depth);
      subtype_of(Type::any, depth);
      return op(Insn::extern_convert_any);
    case Type::any:
      if (choices_.one_in(6)) return table_get(2, depth);
      if (choices_.one_in(6)) {
        value(Type::extern_, depth);
        return op(Insn::any_convert_extern);
      }
      return subtype_of(t, depth);
    case Type::eq:
    case Type::structure:
    case Type::array:
      return subtype_of(t, depth);
    case Type::i31:
      if (choices_.one_in(8)) return cast(t, depth);
      value(Type::i32, depth);
      return op(Insn::ref_i31);
    case Type::point:
      if (choices_.one_in(8)) return cast(t, depth);
      if (choices_.one_in(8)) return cast_branch(t, depth);
      return new_point(depth);
    case Type::bytes:
    case Type::longs:
    case Type::vectors:
    case Type::objects:
      return choices_.one_in(8) ? cast(t, depth) : new_array(t, depth);
    case Type::exn:
      return catch_reference();
    default:
      return leaf(t);
  }
}

void Body::subtype_of(Type t, std::uint32_t depth) {
  if (t == Type::structure) return object(Type::point, depth);
  if (t == Type::array) return object(kArrays[choices_.below(std::size(kArrays))], depth);
  static constexpr Type kOthers[] = {Type::i31, Type::i31, Type::point, Type::bytes, Type::longs};
  object(kOthers[choices_.below(std::size(kOthers))], depth);
}

void Body::new_point(std::uint32_t depth) {
  if (depth == 0 || choices_.below(4) < 2) {
    return op(Insn::struct_new_default, choices_.one_in(4) ? kPlace : kPoint);
  }
  static constexpr Type kFieldTypes[] = {Type::i32, Type::i64, Type::f32, Type::f64,  Type::v128,
                                         Type::i32, Type::i32, Type::any, Type::point};
  for (const Type field : kFieldTypes) {
    value(field, choices_.below(depth + 1));
    between_operands();
  }
  const bool is_place = choices_.one_in(4);
  if (is_place) value(Type::i64, depth);
  op(Insn::struct_new, is_place ? kPlace : kPoint);
}

void Body::new_array(Type t, std::uint32_t depth) {
  const std::uint32_t type = type_of_array(t);
  switch (choices_.below(4)) {
    case 1:
      value(element_of(t), depth);
      number(kLength + choices_.below(4));
      return op(Insn::array_new, type);
    case 2:
      for (std::uint32_t i = 0; i < kLength; ++i) value(element_of(t), choices_.below(depth + 1));
      op(Insn::array_new_fixed, type);
      return code_.unsigned_leb(kLength);
    case 3:
      if (t == Type::vectors) break;
      number(choices_.below(2));
      number(t == Type::longs ? 1 : kLength);
      op(t == Type::objects ? Insn::array_new_elem : Insn::array_new_data, type);
      return code_.unsigned_leb(t == Type::objects ? kPassiveObjects : kData[choices_.below(2)]);
    default:
      break;
  }
  number(kLength + choices_.below(4));
  op(Insn::array_new_default, type);
}

/// A reference of type kTarget.
void Body::function_reference(std::uint32_t depth) {
  if (choices_.one_in(32)) {
    table_get(0, depth);
    op(choices_.one_in(3) ? Insn::ref_cast : Insn::ref_cast_null);
    return code_.signed_leb(kTarget);
  }
  op(Insn::ref_func, plan_.functions()[0].index);
}

void Body::cast(Type t, std::uint32_t depth) {
  object(t, depth == 0 ? 0 : depth - 1);
  if (choices_.one_in(40)) {
    op(Insn::drop);
    value(Type::any, depth);
  }
  op(choices_.one_in(2) ? Insn::ref_cast_null : Insn::ref_cast);
  Plan::write_heap_type(code_, t);
}

/// A value of anyref that is a `t`, or else another.
void Body::cast_branch(Type t, std::uint32_t depth) {
  open(Insn::block, {{}, {t}}, false);
  value(Type::any, depth);
  const bool on_fail = choices_.one_in(3);
  if (on_fail) {
    open(Insn::block, {{Type::any}, {Type::any}}, false);
    op(Insn::br_on_cast_fail);
  } else {
    op(Insn::br_on_cast);
  }
  code_.u8(3);  // both are nullable
  code_.unsigned_leb(0);
  Plan::write_heap_type(code_, Type::any);
  Plan::write_heap_type(code_, t);
  if (on_fail) {
    op(Insn::br, 1);
    close();
  }
  op(Insn::drop);
  object(t, 0);
  close();
}

// ---- Fields and elements

void Body::array_index(std::uint32_t depth) {
  if (choices_.one_in(2)) return number(choices_.below(kLength));
  value(Type::i32, depth);
  if (choices_.one_in(80)) return;
  number(kLength - 1);
  op(Insn::i32_and);
}

void Body::field(Type t, std::uint32_t depth) {
  const auto of_point = [&](std::uint32_t field, Insn insn = Insn::struct_get) {
    object(Type::point, depth);
    op(insn, kPoint);
    code_.unsigned_leb(field);
  };
  const auto of_array = [&](Type array, Insn insn = Insn::array_get) {
    object(array, depth);
    array_index(depth);
    op(insn, type_of_array(array));
  };
  const bool in_array = choices_.one_in(2);
  const bool is_signed = choices_.one_in(2);
  switch (t) {
    case Type::i32:
      if (in_array) return of_array(Type::bytes, is_signed ? Insn::array_get_s : Insn::array_get_u);
      if (choices_.one_in(2)) return of_point(kI32);
      return of_point(is_signed ? kI8 : kI16, is_signed ? Insn::struct_get_s : Insn::struct_get_u);
    case Type::i64:
      return in_array ? of_array(Type::longs) : of_point(kI64);
    case Type::f32:
      return of_point(kF32);
    case Type::f64:
      return of_point(kF64);
    case Type::v128:
      return in_array ? of_array(Type::vectors) : of_point(kV128);
    case Type::any:
      return in_array ? of_array(Type::objects) : of_point(kAny);
    case Type::point:
      return of_point(kNext);
    default:
      return leaf(t);
  }
}

void Body::object_statement() {
  static constexpr Type kFieldTypes[] = {Type::i32, Type::i64, Type::f32, Type::f64,  Type::v128,
                                         Type::i32, Type::i32, Type::any, Type::point};
  if (choices_.one_in(2)) return array_statement();
  const std::uint32_t field = choices_.below(kFields);
  object(Type::point, some_depth());
  between_operands();
  value(kFieldTypes[field], some_depth());
  op(Insn::struct_set, kPoint);
  code_.unsigned_leb(field);
}

void Body::array_statement() {
  const Type array = kArrays[choices_.below(std::size(kArrays))];
  const std::uint32_t type = type_of_array(array);
  const std::uint32_t depth = some_depth();
  object(array, depth);
  between_operands();
  switch (choices_.below(5)) {
    case 2:
      array_index(depth);
      value(element_of(array), depth);
      number(choices_.below(3));
      return op(Insn::array_fill, type);
    case 3:
      array_index(depth);
      object(array, depth);
      array_index(depth);
      number(choices_.below(3));
      op(Insn::array_copy, type);
      return code_.unsigned_leb(type);
    case 4:
      if (array == Type::vectors) break;
      array_index(depth);
      number(choices_.below(2));
      number(choices_.below(2));
      op(array == Type::objects ? Insn::array_init_elem : Insn::array_init_data, type);
      return code_.unsigned_leb(array == Type::objects ? kPassiveObjects
                                                       : kData[choices_.below(2)]);
    default:
      break;
  }
  array_index(depth);
  value(element_of(array), depth);
  op(Insn::array_set, type);
}

// ---- Tables

void Body::table_index(std::uint32_t table, std::uint32_t depth) {
  const Type t = plan_.is_table_64(table) ? Type::i64 : Type::i32;
  if (choices_.one_in(3)) return constant_of(t, choices_.below(kElements));
  value(t, depth);
  if (choices_.one_in(100)) return;
  constant_of(t, kElements - 1);
  op(t == Type::i64 ? Insn::i64_and : Insn::i32_and);
}

void Body::table_count(std::uint32_t table, std::uint32_t most) {
  constant_of(plan_.is_table_64(table) ? Type::i64 : Type::i32, choices_.below(most));
}

void Body::table_get(std::uint32_t table, std::uint32_t depth) {
  table_index(table, depth);
  op(Insn::table_get, table);
}

void Body::table_statement() {
  const std::uint32_t table = choices_.below(kTables);
  const std::uint32_t depth = some_depth();
  table_index(table, depth);
  between_operands();
  switch (choices_.below(5)) {
    case 2:
      value(kElementTypes[table], depth);
      table_count(table, 4);
      return op(Insn::table_fill, table);
    case 3:
      table_index(table, depth);
      table_count(table, 4);
      op(Insn::table_copy, table);
      return code_.unsigned_leb(table);
    case 4:
      if (table == 1) break;
      number(choices_.below(4));
      number(choices_.below(2));
      op(Insn::table_init, table == 0 ? kPassiveFunctions : kPassiveObjects);
      code_.unsigned_leb(table);
      if (choices_.one_in(8)) op(Insn::elem_drop, kPassiveFunctions);
      return;
    default:
      break;
  }
  value(kElementTypes[table], depth);
  op(Insn::table_set, table);
}

void Body::null_branch_statement() {
  static constexpr Type kChoices[] = {Type::point, Type::func,    Type::any,
                                      Type::i31,   Type::extern_, Type::bytes};
  const Type t = kChoices[choices_.below(std::size(kChoices))];
  if (choices_.one_in(2)) {
    open(Insn::block, {}, false);
    value(t, some_depth());
    op(Insn::br_on_null, 0);
    op(Insn::local_set, local(t));
    return close();
  }
  const Types kept = plan_.random_types(choices_, choices_.below(3));
  Types types = kept;
  types.push_back(t);
  open(Insn::block, {{}, types}, false);
  values(kept);
  value(t, some_depth());
  op(Insn::br_on_non_null, 0);
  null(t);
  close();
  take(types);
}

}  // namespace tinywasm::fuzz
