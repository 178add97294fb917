// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/program_body.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tinywasm::fuzz {

using decoder::BinaryWriter;

namespace {

constexpr std::int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      7,
                                      8,
                                      31,
                                      32,
                                      33,
                                      63,
                                      64,
                                      255,
                                      -128,
                                      0x7fff,
                                      0xffff,
                                      0x10000,
                                      0x12345678,
                                      0x7fffffff,
                                      -0x80000000LL,
                                      0x80000000,
                                      0xffffffff,
                                      -0x80000001LL,
                                      0x100000000,
                                      0x123456789abcdef0,
                                      0x7fffffffffffffff,
                                      -0x7fffffffffffffff - 1};
constexpr std::uint32_t kFloats[] = {0,          0x3f800000, 0xbf800000, 0x3f000000, 0x40200000,
                                     0x80000000, 0x42c80000, 0x4f800000, 0x7f7fffff, 0x7f800000,
                                     0xff800000, 0x7fc00000, 0xcf000000, 0x00000001, 0x5f000000};
constexpr std::uint64_t kDoubles[] = {0,
                                      0x3ff0000000000000,
                                      0xbff0000000000000,
                                      0x3fe0000000000000,
                                      0x4004000000000000,
                                      0x8000000000000000,
                                      0x4059000000000000,
                                      0x41f0000000000000,
                                      0x7fefffffffffffff,
                                      0x7ff0000000000000,
                                      0xfff0000000000000,
                                      0x7ff8000000000000,
                                      0xc1e0000000000000,
                                      0x0000000000000001,
                                      0x43e0000000000000,
                                      0x3ff0000000000001};

constexpr std::uint32_t kHotLocals = 4;  // of a type

constexpr std::size_t at(Type t) { return static_cast<std::size_t>(t); }

}  // namespace

// ---- Whole bodies

void Body::begin(const Signature& type) {
  params_ = static_cast<std::uint32_t>(type.params.size());
  for (const Type t : type.params) add_local(t);
  labels_.push_back({.types = type.results});
  static constexpr Type kNumbers[] = {Type::i32, Type::i64, Type::f32, Type::f64, Type::v128};
  for (const Type t : kNumbers) {
    for (std::uint32_t i = 1 + choices_.below(t == Type::v128 ? 3 : 7); i > 0; --i) add_local(t);
  }
  for (std::uint32_t i = choices_.below(6); i > 0; --i) add_local(plan_.random_type(choices_));
  if (choices_.one_in(3)) add_local(Type::exn);
  for (const Type t : {Type::i32, Type::i64}) {
    pointers_[at(t)] = static_cast<std::uint32_t>(locals_.size());
    locals_.push_back(t);
  }
  budget_ = 40 + static_cast<int>(choices_.below(256));
}

BinaryWriter Body::finish() {
  op(Insn::end);
  BinaryWriter body;
  body.unsigned_leb(locals_.size() - params_);  // a group each
  for (std::size_t i = params_; i < locals_.size(); ++i) {
    body.unsigned_leb(1);
    Plan::write_type(body, locals_[i]);
  }
  body.append(code_);
  return body;
}

std::uint32_t Body::add_local(Type t) {
  const auto index = static_cast<std::uint32_t>(locals_.size());
  locals_.push_back(t);
  locals_of_[at(t)].push_back(index);
  return index;
}

void Body::initialise_locals() {
  for (std::uint32_t i = params_; i < locals_.size(); ++i) {
    if (i == pointers_[0] || i == pointers_[1]) {
      constant_of(locals_[i], std::int64_t{8} * choices_.below(100));
    } else if (choices_.one_in(3)) {
      continue;
    } else if (is_reference(locals_[i])) {
      object(locals_[i], 1);
    } else {
      constant(locals_[i]);
    }
    op(Insn::local_set, i);
  }
}

BinaryWriter Body::function(const Plan::Function& function) {
  begin(function.type);
  is_leaf_ = function.is_leaf;
  if (!is_leaf_) {
    op(Insn::global_get, kSteps);
    op(Insn::i32_eqz);
    open(Insn::if_, {});
    if (choices_.one_in(8)) {
      op(Insn::unreachable);
    } else {
      for (const Type t : function.type.results) constant(t);
      op(Insn::return_);
    }
    close();
    op(Insn::global_get, kSteps);
    number(1);
    op(Insn::i32_sub);
    op(Insn::global_set, kSteps);
  }
  initialise_locals();
  choices_.one_in(2) ? hot_loops() : statements(2 + choices_.below(6));
  if (choices_.one_in(6)) trap_beside_effect();
  if (choices_.one_in(8) && call_with_results(function.type.results, true)) return finish();
  values(function.type.results);
  return finish();
}

BinaryWriter Body::entry(std::uint32_t number_of_entry) {
  begin({});
  number(12 + choices_.below(12));
  op(Insn::global_set, kSteps);
  initialise_locals();
  if (choices_.one_in(3)) statements(1);
  const auto& functions = plan_.functions();
  const Plan::Function& callee =
      functions[functions.size() - 1 - number_of_entry % functions.size()];
  call(callee, false);
  take(callee.type.results);
  if (choices_.one_in(3)) statements(1 + choices_.below(2));
  return finish();
}

// ---- Constants, locals, globals

void Body::constant_of(Type t, std::int64_t value) {
  op(t == Type::i64 ? Insn::i64_const : Insn::i32_const);
  code_.signed_leb(t == Type::i64 ? value : static_cast<std::int32_t>(value));
}

void Body::constant(Type t) {
  const auto any = [this](const auto& list) {
    return list[choices_.below(static_cast<std::uint32_t>(std::size(list)))];
  };
  switch (t) {
    case Type::i32:
    case Type::i64:
      // One that no operand of a word can hold, or any.
      if (t == Type::i64 && is_plain_ && choices_.one_in(2)) {
        return constant_of(t, 0x4141414141414141 + choices_.below(16));
      }
      return constant_of(t, choices_.one_in(4) ? choices_.below(65536) : any(kIntegers));
    case Type::f32:
      op(Insn::f32_const);
      return code_.fixed(any(kFloats), 4);
    case Type::f64:
      op(Insn::f64_const);
      return code_.fixed(any(kDoubles), 8);
    case Type::v128:
      op(Insn::v128_const);
      code_.fixed(static_cast<std::uint64_t>(any(kIntegers)), 8);
      return code_.fixed(any(kDoubles), 8);
    default:
      return null(t);
  }
}

void Body::null(Type t) {
  op(Insn::ref_null);
  Plan::write_heap_type(code_, t);
}

std::uint32_t Body::local(Type t) {
  const auto& list = locals_of_[at(t)];
  if (list.empty()) return add_local(t);
  // A few are used much more than the others.
  const auto count = static_cast<std::uint32_t>(list.size());
  return list[choices_.below(is_plain_ ? std::min(count, kHotLocals) : count)];
}

std::uint32_t Body::global(Type t) {
  const auto& list = plan_.globals_of(t);
  return list[choices_.below(static_cast<std::uint32_t>(list.size()))];
}

void Body::leaf(Type t) {
  switch (choices_.below(8)) {
    case 5:
      return op(Insn::global_get, global(t));
    case 6:
      return constant(t);
    case 7:
      if ((t == Type::i32 || t == Type::i64) && !counter_locals_[at(t)].empty()) {
        return op(Insn::local_get, counter_locals_[at(t)].back());
      }
      return is_reference(t) ? op(Insn::global_get, global(t)) : constant(t);
    default:
      return op(Insn::local_get, local(t));
  }
}

void Body::without_nan(Type t, bool in_doubles) {
  if (!plan_.is_portable() || (!is_float(t) && t != Type::v128)) return;
  if (!has_scratch_[at(t)]) {
    has_scratch_[at(t)] = true;
    scratch_[at(t)] = static_cast<std::uint32_t>(locals_.size());
    locals_.push_back(t);
  }
  const std::uint32_t scratch = scratch_[at(t)];
  const bool is_vector = t == Type::v128;
  op(Insn::local_tee, scratch);
  op(is_vector ? Insn::v128_const : t == Type::f32 ? Insn::f32_const : Insn::f64_const);
  code_.fixed(0, t == Type::f32 ? 4 : 8);
  if (is_vector) code_.fixed(0, 8);
  op(Insn::local_get, scratch);
  op(Insn::local_get, scratch);
  if (is_vector) {
    op(in_doubles ? Insn::f64x2_eq : Insn::f32x4_eq);
    return op(Insn::v128_bitselect);
  }
  op(t == Type::f32 ? Insn::f32_eq : Insn::f64_eq);
  op(Insn::select);
}

void Body::take(const Types& types) {
  for (std::size_t i = types.size(); i-- > 0;) {
    switch (choices_.below(5)) {
      case 3:
        op(Insn::drop);
        break;
      case 4:
        op(Insn::global_set, global(types[i]));
        break;
      default:
        op(Insn::local_set, local(types[i]));
    }
  }
}

// ---- Labels

void Body::block_type(const Signature& type) {
  if (!type.params.empty() || type.results.size() > 1) {
    return code_.signed_leb(plan_.type_index(type));
  }
  if (type.results.empty()) return code_.u8(0x40);
  Plan::write_type(code_, type.results[0]);
}

void Body::open(Insn insn, const Signature& type, bool is_target) {
  op(insn);
  block_type(type);
  labels_.push_back({insn == Insn::loop ? type.params : type.results, is_target});
}

void Body::close() {
  op(Insn::end);
  labels_.pop_back();
}

std::size_t Body::some_label() {
  const auto count = static_cast<std::uint32_t>(labels_.size());
  for (std::size_t i = count - 1 - choices_.below(count); i > 0; --i) {
    if (labels_[i].is_target) return i;
  }
  return 0;
}

std::size_t Body::label_of(const Types& types) {
  const std::size_t count = labels_.size();
  const std::size_t first = choices_.below(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = (first + i) % count;
    if (labels_[label].is_target && labels_[label].types == types) return label;
  }
  return count;
}

bool Body::has_room() { return budget_ > 0 && nesting_ < 5 && !choices_.is_over(); }

}  // namespace tinywasm::fuzz
