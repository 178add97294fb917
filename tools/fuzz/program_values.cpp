// SPDX-License-Identifier: Apache-2.0
// Trees of numbers and vectors.
#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "tools/fuzz/program_body.hpp"

namespace tinywasm::fuzz {
namespace {

using decoder::Feature;
using decoder::Immediates;
using decoder::info;
using decoder::Insn;
using decoder::InsnInfo;

constexpr Type type_of_letter(char letter) {
  switch (letter) {
    case 'I':
      return Type::i64;
    case 'f':
      return Type::f32;
    case 'F':
      return Type::f64;
    case 'v':
      return Type::v128;
    default:
      return Type::i32;
  }
}

/// The rows of the instruction table that have one result, by its type, and stores.
struct Catalogue {
  static constexpr std::size_t kNumbers = 5;
  std::vector<Insn> same[kNumbers];  // all operands of the result's type
  std::vector<Insn> other[kNumbers];
  std::vector<Insn> loads[kNumbers];
  std::vector<Insn> atomics[kNumbers];
  std::vector<Insn> stores[kNumbers];  // by the type of the value

  explicit Catalogue(bool portable) {
    for (std::size_t i = 0; i < decoder::kInsnCount; ++i) add(static_cast<Insn>(i), portable);
  }

 private:
  void add(Insn insn, bool portable) {
    const InsnInfo& row = info(insn);
    const std::string_view signature = row.signature;
    const std::size_t colon = signature.find(':');
    if (row.is_special() || colon == 0 || insn == Insn::memory_grow ||
        insn == Insn::memory_atomic_wait32 || insn == Insn::memory_atomic_wait64) {
      return;
    }
    if (portable && row.feature == Feature::relaxed_simd) return;
    const std::string_view results = signature.substr(colon + 1);
    if (results.size() > 1) return;
    if (results.empty()) {
      if (signature.size() < 2) return;
      return stores[static_cast<std::size_t>(type_of_letter(signature[1]))].push_back(insn);
    }
    const auto number = static_cast<std::size_t>(type_of_letter(results[0]));
    const std::string_view operands = signature.substr(0, colon);
    if (row.feature == Feature::threads) return atomics[number].push_back(insn);
    if (operands[0] == 'a') return loads[number].push_back(insn);
    const bool is_same =
        std::all_of(operands.begin(), operands.end(), [&](char c) { return c == results[0]; });
    (is_same ? same : other)[number].push_back(insn);
  }
};

const Catalogue& catalogue(bool portable) {
  static const Catalogue kPortable(true);
  static const Catalogue kAll(false);
  return portable ? kPortable : kAll;
}

bool divides(Insn insn) {
  return (insn >= Insn::i32_div_s && insn <= Insn::i32_rem_u) ||
         (insn >= Insn::i64_div_s && insn <= Insn::i64_rem_u);
}

/// The instruction that does not trap.
Insn saturating(Insn insn) {
  static constexpr std::pair<Insn, Insn> kPairs[] = {
      {Insn::i32_trunc_f32_s, Insn::i32_trunc_sat_f32_s},
      {Insn::i32_trunc_f32_u, Insn::i32_trunc_sat_f32_u},
      {Insn::i32_trunc_f64_s, Insn::i32_trunc_sat_f64_s},
      {Insn::i32_trunc_f64_u, Insn::i32_trunc_sat_f64_u},
      {Insn::i64_trunc_f32_s, Insn::i64_trunc_sat_f32_s},
      {Insn::i64_trunc_f32_u, Insn::i64_trunc_sat_f32_u},
      {Insn::i64_trunc_f64_s, Insn::i64_trunc_sat_f64_s},
      {Insn::i64_trunc_f64_u, Insn::i64_trunc_sat_f64_u}};
  for (const auto& [trapping, instead] : kPairs) {
    if (trapping == insn) return instead;
  }
  return insn;
}

/// Whether the bits of an operand can be told from those of another NaN by what is made of it.
bool shows_bits(Insn insn, std::uint32_t operand) {
  switch (insn) {
    case Insn::f32_copysign:
    case Insn::f64_copysign:
      return operand == 1;
    case Insn::i32_reinterpret_f32:
    case Insn::i64_reinterpret_f64:
    case Insn::f32_store:
    case Insn::f64_store:
    case Insn::f32x4_splat:
    case Insn::f64x2_splat:
    case Insn::f32x4_replace_lane:
    case Insn::f64x2_replace_lane:
      return true;
    default:
      return false;
  }
}

/// Whether a vector instruction computes numbers of a kind: "f32x4", "f64x2".
bool computes(Insn insn, std::string_view kind) {
  static constexpr std::string_view kWords[] = {"ceil", "floor",  "trunc",   "nearest", "sqrt",
                                                "add",  "sub",    "mul",     "div",     "min",
                                                "max",  "demote", "promote", "relaxed"};
  const std::string_view text = info(insn).text;
  if (!text.starts_with(kind)) return false;
  const std::string_view word = text.substr(kind.size() + 1);
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [word](std::string_view w) { return word.starts_with(w); });
}

/// What numbers are mostly made by, for which there are the most words of several instructions.
Insn common(Type t, Choices& choices) {
  static constexpr Insn kI32[] = {Insn::i32_add, Insn::i32_add, Insn::i32_sub, Insn::i32_and,
                                  Insn::i32_shl, Insn::i32_xor, Insn::i32_mul, Insn::i32_shr_u};
  static constexpr Insn kI64[] = {Insn::i64_add, Insn::i64_add,  Insn::i64_sub, Insn::i64_and,
                                  Insn::i64_shl, Insn::i64_rotl, Insn::i64_mul, Insn::i64_shr_u};
  static constexpr Insn kF32[] = {Insn::f32_add, Insn::f32_mul, Insn::f32_sub, Insn::f32_add};
  static constexpr Insn kF64[] = {Insn::f64_add, Insn::f64_mul, Insn::f64_sub, Insn::f64_add};
  switch (t) {
    case Type::i32:
      return kI32[choices.below(std::size(kI32))];
    case Type::i64:
      return kI64[choices.below(std::size(kI64))];
    case Type::f32:
      return kF32[choices.below(std::size(kF32))];
    default:
      return kF64[choices.below(std::size(kF64))];
  }
}

/// Lanes that an immediate may name, or 0.
std::uint32_t lanes_of(Immediates immediates) {
  switch (immediates) {
    case Immediates::lane2:
    case Immediates::mem64_lane:
      return 2;
    case Immediates::lane4:
    case Immediates::mem32_lane:
      return 4;
    case Immediates::lane8:
    case Immediates::mem16_lane:
      return 8;
    case Immediates::lane16:
    case Immediates::mem8_lane:
      return 16;
    default:
      return 0;
  }
}

}  // namespace

void Body::values(const Types& types) {
  if (types.size() > 1 && choices_.one_in(6) && call_with_results(types, false)) return;
  for (const Type t : types) {
    value(t, some_depth());
    between_operands();
  }
}

/// Now and then a statement, while operands wait.
void Body::between_operands() {
  if (!is_plain_ && has_room() && choices_.one_in(24)) statement();
}

void Body::value(Type t, std::uint32_t depth) {
  if (depth == 0 || --budget_ < 0) return leaf(t);
  if (is_reference(t)) return reference(t, depth - 1);
  --depth;
  if (is_plain_) return plain_value(t, depth);
  if (choices_.below(5) > 2) {
    is_plain_ = true;
    plain_value(t, depth);
    is_plain_ = false;
    return;
  }
  switch (choices_.below(32)) {
    case 0:
    case 1:
      return leaf(t);
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return numeric(t, depth, false);
    case 7:
    case 8:
    case 9:
      return load(t, depth);
    case 10:
      return select(t, depth);
    case 11:
    case 12:
      return tee(t, depth);
    case 13:
      return block_value(t, depth);
    case 14:
      return if_value(t, depth);
    case 15:
      return loop_value(t, depth);
    case 16:
      return block_with_parameters(t, depth);
    case 17:
    case 18:
      return call_with_first_result(t) ? void() : leaf(t);
    case 19:
      return field(t, depth);
    case 20:
      return branch_value(t, depth);
    case 21:
      return try_value(t, depth);
    case 22:
      return t == Type::i32 ? of_reference(depth) : numeric(t, depth, false);
    case 23:
      return t == Type::i32 ? size_value(depth) : numeric(t, depth, true);
    default:
      return numeric(t, depth, true);
  }
}

/// Arithmetic on locals, as in the loops of compiled programs.
void Body::plain_value(Type t, std::uint32_t depth) {
  switch (choices_.below(16)) {
    case 0:
      return leaf(t);
    case 1:
    case 2:
    case 3:
      return numeric(t, depth, false);
    case 5:
      return load(t, depth);
    case 6:
      return select(t, depth);
    case 7:
      return choices_.one_in(8) ? tee(t, depth) : numeric(t, depth, true);
    default:
      return numeric(t, depth, true);
  }
}

void Body::numeric(Type t, std::uint32_t depth, bool same) {
  const Catalogue& all = catalogue(plan_.is_portable());
  const auto& list = (same ? all.same : all.other)[static_cast<std::size_t>(t)];
  if (same && is_plain_ && t != Type::v128 && choices_.below(4) < 3) {
    return instruction(common(t, choices_), depth);
  }
  const auto any = [&] { return list[choices_.below(static_cast<std::uint32_t>(list.size()))]; };
  Insn insn = any();
  // A vector on the way ends a tree, and so does an assignment.
  const auto is_unwelcome = [&] {
    return (info(insn).signature[0] == 'v' && t != Type::v128) || shows_bits(insn, 1) ||
           (divides(insn) && !choices_.one_in(3));
  };
  for (int i = 0; is_plain_ && i < 4 && is_unwelcome(); ++i) insn = any();
  if (!choices_.one_in(60)) insn = saturating(insn);
  instruction(insn, depth);
}

void Body::instruction(Insn insn, std::uint32_t depth) {
  std::uint32_t memory = 0;
  bool has_memory = false;
  std::uint32_t operand = 0;
  // Trees are deep on one side, or on all: chains and bushes.
  const std::uint32_t deep = choices_.below(is_chain_ ? 2 : 3);
  for (const char letter : info(insn).signature) {
    if (letter == ':') break;
    std::uint32_t below = depth;
    if (operand != deep && deep < 2) below = is_chain_ ? 0 : choices_.below(depth + 1);
    if (letter == 'a') {
      memory = address(below);
      has_memory = true;
    } else {
      const Type t = type_of_letter(letter);
      value(t, below);
      operand_done(insn, operand, t);
    }
    ++operand;
    between_operands();
  }
  op(insn);
  if (has_memory) memory_argument(insn, memory);
  immediates(insn);
  if (computes(insn, "f32x4")) without_nan(Type::v128, false);
  if (computes(insn, "f64x2")) without_nan(Type::v128, true);
}

void Body::operand_done(Insn insn, std::uint32_t number_of_operand, Type t) {
  if (shows_bits(insn, number_of_operand)) without_nan(t);
  if (number_of_operand == 1 && divides(insn) && !choices_.one_in(40)) {
    constant_of(t, 1);
    op(t == Type::i64 ? Insn::i64_or : Insn::i32_or);
  }
}

void Body::immediates(Insn insn) {
  const Immediates kind = info(insn).immediates;
  if (kind == Immediates::lanes) {
    for (int i = 0; i < 16; ++i) code_.u8(choices_.below(32));
  } else if (lanes_of(kind) != 0) {
    code_.u8(choices_.below(lanes_of(kind)));
  }
}

// ---- Memory

std::uint32_t Body::address(std::uint32_t depth) {
  const auto memory = choices_.below(static_cast<std::uint32_t>(plan_.memories().size()));
  const Type t = plan_.memories()[memory].is_64 ? Type::i64 : Type::i32;
  const std::uint32_t pointer = pointers_[static_cast<std::size_t>(t)];
  switch (choices_.below(12)) {
    case 6:
    case 7:
    case 8:
    case 9:
      value(t, depth);
      constant_of(t, choices_.one_in(4) ? 0xffff : 0x1ff8);
      op(t == Type::i64 ? Insn::i64_and : Insn::i32_and);
      break;
    case 10:
      constant_of(t, std::int64_t{8} * choices_.below(64));
      break;
    case 11:
      if (choices_.one_in(12)) {
        value(t, depth);  // anywhere
        break;
      }
      [[fallthrough]];
    case 5:
      op(Insn::local_get, pointer);
      constant_of(t, choices_.one_in(3) ? std::int64_t{8} * choices_.below(16) : 8);
      op(t == Type::i64 ? Insn::i64_add : Insn::i32_add);
      if (choices_.one_in(3)) op(Insn::local_tee, pointer);
      break;
    default:
      op(Insn::local_get, pointer);
  }
  return memory;
}

void Body::memory_argument(Insn insn, std::uint32_t memory) {
  const InsnInfo& row = info(insn);
  const bool is_atomic = row.feature == Feature::threads;
  const std::uint32_t natural = row.natural_alignment();
  code_.unsigned_leb((is_atomic ? natural : choices_.below(natural + 1)) | (memory != 0 ? 64 : 0));
  if (memory != 0) code_.unsigned_leb(memory);
  std::uint64_t offset = std::uint64_t{8} * choices_.below(8);
  if (choices_.one_in(4)) offset = choices_.below(200);
  if (is_atomic && !choices_.one_in(60)) offset &= ~std::uint64_t{7};
  if (choices_.one_in(150)) offset = 65529 + choices_.below(16);
  code_.unsigned_leb(offset);
}

void Body::load(Type t, std::uint32_t depth) {
  const Catalogue& all = catalogue(plan_.is_portable());
  const auto number_of_type = static_cast<std::size_t>(t);
  const bool is_atomic = choices_.one_in(8) && !all.atomics[number_of_type].empty();
  const auto& list = is_atomic ? all.atomics[number_of_type] : all.loads[number_of_type];
  instruction(list[choices_.below(static_cast<std::uint32_t>(list.size()))], depth);
  // A vector's lanes are told apart, whatever was stored there.
}

void Body::store() {
  const Catalogue& all = catalogue(plan_.is_portable());
  static constexpr Type kWeighted[] = {Type::i32, Type::i64,  Type::f64,
                                       Type::f32, Type::v128, Type::i32};
  const Type t = kWeighted[choices_.below(std::size(kWeighted))];
  const auto& list = all.stores[static_cast<std::size_t>(t)];
  const Insn insn = list[choices_.below(static_cast<std::uint32_t>(list.size()))];
  instruction(insn, some_depth());
}

// ---- Control in a tree

void Body::select(Type t, std::uint32_t depth) {
  value(t, depth);
  between_operands();
  value(t, depth);
  value(Type::i32, depth);
  if (!is_reference(t) && !choices_.one_in(4)) return op(Insn::select);
  op(Insn::select_t);
  code_.unsigned_leb(1);
  Plan::write_type(code_, t);
}

void Body::tee(Type t, std::uint32_t depth) {
  value(t, depth);
  op(Insn::local_tee, local(t));
}

void Body::block_value(Type t, std::uint32_t depth) {
  if (!has_room()) return leaf(t);
  ++nesting_;
  open(Insn::block, {{}, {t}});
  if (choices_.one_in(2)) statements(1);
  value(t, depth);
  if (choices_.one_in(2)) {
    value(Type::i32, depth);
    op(Insn::br_if, 0);
    op(Insn::drop);
    value(t, depth);
  }
  close();
  --nesting_;
}

void Body::if_value(Type t, std::uint32_t depth) {
  if (!has_room()) return leaf(t);
  value(Type::i32, depth);
  ++nesting_;
  open(Insn::if_, {{}, {t}});
  if (choices_.one_in(3)) statements(1);
  value(t, depth);
  op(Insn::else_);
  if (choices_.one_in(3)) statements(1);
  value(t, depth);
  close();
  --nesting_;
}

/// A loop that carries the value around.
void Body::loop_value(Type t, std::uint32_t depth) {
  if (!has_room() || counters_.size() > 2) return leaf(t);
  ++nesting_;
  value(t, depth);
  begin_counter(1 + choices_.below(3));
  open(Insn::loop, {{t}, {t}}, false);
  if (choices_.one_in(2)) op(Insn::local_tee, local(t));
  if (choices_.one_in(2)) statements(1);
  end_counter();
  close();
  --nesting_;
}

void Body::block_with_parameters(Type t, std::uint32_t depth) {
  if (!has_room()) return leaf(t);
  const Types params = plan_.random_types(choices_, 1 + choices_.below(3));
  values(params);
  ++nesting_;
  open(Insn::block, {params, {t}});
  take(params);
  value(t, depth);
  if (choices_.one_in(2)) op(Insn::br, 0);
  close();
  --nesting_;
}

void Body::branch_value(Type t, std::uint32_t depth) {
  const std::size_t label = label_of({t});
  value(t, depth);
  if (label == labels_.size()) return;
  value(Type::i32, depth);
  op(Insn::br_if, depth_of(label));
}

// ---- Integers out of other things

void Body::size_value(std::uint32_t depth) {
  const auto memory = choices_.below(static_cast<std::uint32_t>(plan_.memories().size()));
  const bool is_64 = plan_.memories()[memory].is_64;
  const std::uint32_t table = choices_.below(kTables);
  switch (choices_.below(5)) {
    case 0:
      op(Insn::memory_size, memory);
      return is_64 ? op(Insn::i32_wrap_i64) : void();
    case 1:
      constant_of(is_64 ? Type::i64 : Type::i32, choices_.below(2));
      op(Insn::memory_grow, memory);
      return is_64 ? op(Insn::i32_wrap_i64) : void();
    case 2:
      op(Insn::table_size, table);
      return plan_.is_table_64(table) ? op(Insn::i32_wrap_i64) : void();
    case 3:
      value(kElementTypes[table], depth);
      table_count(table, 3);
      op(Insn::table_grow, table);
      return plan_.is_table_64(table) ? op(Insn::i32_wrap_i64) : void();
    default:
      return value(Type::i32, depth);
  }
}

void Body::of_reference(std::uint32_t depth) {
  static constexpr Type kArrays[] = {Type::bytes, Type::longs, Type::vectors, Type::objects,
                                     Type::array};
  switch (choices_.below(6)) {
    case 0: {
      const auto t =
          static_cast<Type>(static_cast<std::uint32_t>(Type::func) + choices_.below(kTypes - 5));
      value(t, depth);
      return op(Insn::ref_is_null);
    }
    case 1:
      object(Type::i31, depth);
      return op(choices_.one_in(2) ? Insn::i31_get_u : Insn::i31_get_s);
    case 2:
      object(kArrays[choices_.below(std::size(kArrays))], depth);
      return op(Insn::array_len);
    case 3:
      value(Type::eq, depth);
      between_operands();
      value(Type::eq, depth);
      return op(Insn::ref_eq);
    case 4: {
      static constexpr Type kCasts[] = {Type::point, Type::i31, Type::bytes, Type::array,
                                        Type::structure};
      value(Type::any, depth);
      op(choices_.one_in(2) ? Insn::ref_test_null : Insn::ref_test);
      return Plan::write_heap_type(code_, kCasts[choices_.below(std::size(kCasts))]);
    }
    default:
      return field(Type::i32, depth);
  }
}

}  // namespace tinywasm::fuzz
