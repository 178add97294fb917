// SPDX-License-Identifier: Apache-2.0
// One function or case an instruction that is not control.
#include <algorithm>
#include <array>
#include <string_view>

#include "vm/ir_builder.hpp"
#include "vm/ir_compare.hpp"

namespace tinywasm::vm::ir {

using decoder::info;
using decoder::Instruction;
using decoder::ValType;

namespace {

constexpr std::uint32_t kWeights[] = {1, 8, 64, 512, 4096, 32768};

constexpr Type letter_type(char letter) {
  switch (letter) {
    case 'I':
      return Type::i64;
    case 'f':
      return Type::f32;
    case 'F':
      return Type::f64;
    default:
      return Type::i32;
  }
}

constexpr bool can_trap(Insn op) {
  switch (op) {
    case Insn::i32_div_s:
    case Insn::i32_div_u:
    case Insn::i32_rem_s:
    case Insn::i32_rem_u:
    case Insn::i64_div_s:
    case Insn::i64_div_u:
    case Insn::i64_rem_s:
    case Insn::i64_rem_u:
      return true;
    default:
      return op >= Insn::i32_trunc_f32_s && op <= Insn::i64_trunc_f64_u &&
             op != Insn::i64_extend_i32_s && op != Insn::i64_extend_i32_u;
  }
}

/// What numeric() wants to know of an instruction, taken from its signature.
struct NumericRow {
  Type type{};
  std::uint8_t arity = 0;
  std::uint8_t effects = 0;
};
constexpr auto kNumericRows = [] {
  std::array<NumericRow, decoder::kInsnCount> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view signature = decoder::kInsns[i].signature;
    if (signature.find(':') == signature.npos || signature.back() == ':') continue;
    rows[i].type = letter_type(signature.back());
    rows[i].arity = static_cast<std::uint8_t>(signature.find(':'));
    if (can_trap(static_cast<Insn>(i))) rows[i].effects = kTraps;
  }
  return rows;
}();

}  // namespace

void Builder::numeric(const Instruction& insn) {
  const NumericRow& row = kNumericRows[static_cast<std::size_t>(insn.id)];
  Node node{.kind = NodeKind::numeric, .type = row.type, .effects = row.effects, .op = insn.id};
  if (row.arity == 1) {
    const NodeId a = pop();
    if (insn.id == Insn::i32_eqz && negate(a)) return push(a);
    push(inner(node, std::array{a}));
    return canonicalise(insn.id);
  }
  NodeId b = pop();
  NodeId a = pop();
  // Constants go to the right, inner nodes to the left: fewer shapes to have handlers for. Leaves
  // have no effects, so nothing changes its order.
  const bool better = at(a).kind == NodeKind::constant || (at(a).is_leaf() && !at(b).is_leaf());
  const bool swap =
      options_.fuse && better && at(b).kind != NodeKind::constant && swapped(insn.id) != Insn::nop;
  if (swap) {
    std::swap(a, b);
    node.op = swapped(insn.id);
  }
  push(inner(node, std::array{a, b}, swap));
  canonicalise(insn.id);
}

void Builder::load(const Instruction& insn) {
  const Type type = kNumericRows[static_cast<std::size_t>(insn.id)].type;
  if (is_far(insn)) return far_load(insn, type);
  const NodeId address = pop();
  Node node{.kind = NodeKind::load,
            .type = type,
            .effects = kReadsMemory,
            .op = insn.id,
            .value = insn.value};
  push(inner(node, std::array{address}));
}

void Builder::store(const Instruction& insn) {
  if (is_far(insn)) return far_store(insn);
  const NodeId value = pop();
  const NodeId address = pop();
  flush_effects();
  Statement& s = emit(StatementKind::store);
  s.op = insn.id;
  s.index = static_cast<std::uint32_t>(insn.value);
  consume(s, address);
  consume(s, value);
  f_.max_need = std::max<std::uint32_t>(f_.max_need, at(address).need + at(value).need + 2u);
}

void Builder::select() {
  const Type v128 = Type::v128;
  if (is_upper(height() - 2)) {
    return vector_runtime(WordId::vector_select, 3, &v128);
  }
  const NodeId condition = pop();
  const NodeId b = pop();
  const NodeId a = pop();
  push(inner({.kind = NodeKind::select, .type = at(a).type, .op = Insn::select},
             std::array{a, b, condition}));
}

void Builder::drop() {
  const NodeId id = pop();
  // What can trap must still do so.
  if ((at(id).effects & (kReadsMemory | kTraps)) != 0) {
    NodeId value = id;
    evaluate(value, height());
  } else {
    Statement* last = f_.statements.empty() ? nullptr : &f_.statements.back();
    if (last != nullptr && is_call(last->kind) && last->results == width(last->type) &&
        at(id).kind == NodeKind::variable && last->variable == at(id).value &&
        !f_.is_local(last->variable)) {  // a local keeps what it was given
      last->variable = kNone;            // nobody wants the result
    }
  }
}

void Builder::access_local(Variable local, bool is_set) {
  std::uint32_t& weight = f_.weight[local];
  weight = std::min(weight + kWeights[std::min(depth_, 5u)], 1u << 30);
  if (is_set) f_.written[local] = true;
  // A local whose first access is an assignment in a block that encloses all others never shows its
  // initial zero: the assignment dominates what follows in the block.
  if (local < f_.parameters || f_.needs_zero[local]) return;
  if (first_block_[local] == kNone) {
    if (is_set) {
      first_block_[local] = control_.back().block;
    } else {
      f_.needs_zero[local] = true;
    }
  } else if (!block_open_[first_block_[local]]) {
    f_.needs_zero[local] = true;
  }
}

void Builder::assign_local(Variable local, bool keep) {
  NodeId value = pop();
  access_local(local, true);
  preserve(local);
  const Type type = f_.local_types[local];
  const Node n = at(value);
  Statement* last = f_.statements.empty() ? nullptr : &f_.statements.back();
  if (n.kind == NodeKind::variable && n.value == local) {
    // It has that value already.
  } else if (options_.fuse && n.kind == NodeKind::variable &&
             !f_.is_local(static_cast<Variable>(n.value)) && last != nullptr &&
             last->variable == n.value && last->results <= width(last->type)) {
    last->variable = local;  // the statement that made the temporary assigns the local instead
  } else {
    set(local, value).offset = offset_;
  }
  if (!keep) return;
  access_local(local, false);
  if (n.kind == NodeKind::constant) {
    push(constant(n.value, n.type));
  } else {
    push(leaf(local, type));
  }
}

void Builder::get_global(const Instruction& insn) {
  const Type type = type_of(module_.globals[insn.index].type.type);
  if (type == Type::v128) {
    return vector_runtime(WordId::vector_global_get, 0, &type, insn.index);
  }
  if (insn.index < module_.imported_globals) {
    return runtime(WordId::global_get_far, 0, &type, insn.index);
  }
  push(inner({.kind = NodeKind::global,
              .type = type,
              .effects = kReadsGlobal,
              .op = Insn::global_get,
              .value = insn.index - module_.imported_globals},
             std::array<NodeId, 0>{}));
}

void Builder::set_global(const Instruction& insn) {
  if (module_.globals[insn.index].type.type.is_vec()) {
    flush_effects();  // it must not happen if one of these traps
    return vector_runtime(WordId::vector_global_set, 1, nullptr, insn.index);
  }
  if (insn.index < module_.imported_globals) {
    return runtime(WordId::global_set_far, 1, nullptr, insn.index);
  }
  const NodeId value = pop();
  flush_effects();
  Statement& s = emit(StatementKind::set_global);
  s.index = insn.index - module_.imported_globals;
  s.type = at(value).type;
  consume(s, value);
}

void Builder::call(StatementKind kind, const decoder::FuncType& type, std::uint32_t index,
                   std::uint32_t index2) {
  const NodeId callee = is_indirect(kind) ? pop() : kNone;
  const std::uint32_t count = slots_of(type.params);
  const std::uint32_t results = slots_of(type.results);
  // Arguments that have no nodes are in slots, all of them then. Others were pushed one by one.
  const bool in_slots = height() - count < std::min(unnamed_end_, height());
  if (in_slots) place_all();
  const auto first = static_cast<std::uint32_t>(f_.operands.size());
  if (!in_slots) {
    f_.operands.insert(f_.operands.end(), stack_.begin() + (height_ - count),
                       stack_.begin() + height_);
  }
  drop_to(height() - count);
  flush_effects();
  if (type.results.size() > kFewValues) settle();
  if (results != 0) preserve_temporary(height());
  {
    Statement& s = emit(kind);
    s.index = index;
    s.index2 = index2;
    s.operands = in_slots ? temporary(height()) : first;
    s.operand_count = count;
    s.sense = !in_slots;
    s.results = results;
    if (callee != kNone) {
      consume(s, callee);
      f_.max_need = std::max<std::uint32_t>(f_.max_need, at(callee).need + 1u);
    }
    if (results > 0) s.variable = temporary(height());
    if (type.results.size() == 1) s.type = type_of(type.results[0]);
  }
  f_.max_arguments = std::max({f_.max_arguments, count, results});
  charge_slots(count + results);
  if (is_return_call(kind)) return;
  if (type.results.size() > kFewValues) return push_unnamed(type.results);
  for (ValType result : type.results) push(leaf(temporary(height()), type_of(result)));
}

void Builder::call_function(std::uint32_t index, bool is_tail) {
  const bool imported = module_.is_imported_function(index);
  const StatementKind kind =
      is_tail ? (imported ? StatementKind::return_call_import : StatementKind::return_call)
              : (imported ? StatementKind::call_import : StatementKind::call);
  call(kind, module_.type_of_function(index), index);
}

void Builder::runtime(WordId word, unsigned operands, const Type* result, std::uint32_t index,
                      std::uint32_t index2) {
  NodeId nodes[3];
  for (unsigned i = operands; i-- > 0;) nodes[i] = pop();
  flush_effects();
  if (result != nullptr) preserve_temporary(height());
  Statement& s = emit(StatementKind::runtime);
  s.word = word;
  s.index = index;
  s.index2 = index2;
  unsigned need = 0;
  for (unsigned i = 0; i < operands; ++i) {
    consume(s, nodes[i]);
    need += at(nodes[i]).need + 1u;
  }
  f_.max_need = std::max<std::uint32_t>(f_.max_need, need);
  if (result == nullptr) return;
  s.variable = temporary(height());
  s.type = *result;
  push(leaf(s.variable, *result));
}

/// Instructions whose work is done outside the handlers. False: it is none of them.
bool Builder::runtime_insn(const Instruction& insn) {
  const Type ref = Type::ref;
  Type address;  // of sizes
  switch (insn.id) {
    case Insn::memory_size:
      address = memory_address(insn.index);
      runtime(WordId::memory_size, 0, &address, insn.index);
      break;
    case Insn::memory_grow:
      address = memory_address(insn.index);
      runtime(WordId::memory_grow, 1, &address, insn.index, address == Type::i64);
      break;
    case Insn::memory_init:
      runtime(WordId::memory_init, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::data_drop:
      runtime(WordId::data_drop, 0, nullptr, insn.index);
      break;
    case Insn::memory_copy:
      runtime(WordId::memory_copy, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::memory_fill:
      runtime(WordId::memory_fill, 3, nullptr, insn.index);
      break;
    case Insn::table_get:
      runtime(WordId::table_get, 1, &ref, insn.index);
      break;
    case Insn::table_set:
      runtime(WordId::table_set, 2, nullptr, insn.index);
      break;
    case Insn::table_size:
      address = table_address(insn.index);
      runtime(WordId::table_size, 0, &address, insn.index);
      break;
    case Insn::table_grow:
      address = table_address(insn.index);
      runtime(WordId::table_grow, 2, &address, insn.index, address == Type::i64);
      break;
    case Insn::table_fill:
      runtime(WordId::table_fill, 3, nullptr, insn.index);
      break;
    case Insn::table_copy:
      runtime(WordId::table_copy, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::table_init:
      runtime(WordId::table_init, 3, nullptr, insn.index, insn.index2);
      break;
    case Insn::elem_drop:
      runtime(WordId::elem_drop, 0, nullptr, insn.index);
      break;
    case Insn::ref_func:
      runtime(WordId::ref_func, 0, &ref, insn.index);
      break;
    default:
      return false;
  }
  return true;
}

void Builder::insn(const Instruction& insn) {
  offset_ = insn.offset;
  charge();
  if (insn.id == Insn::local_get) {  // every third: a branch of its own is predicted better
    const Variable variable = local(insn.index);
    access_local(variable, false);
    return push(leaf(variable, f_.local_types[variable]));
  }
  switch (insn.id) {
    case Insn::nop:
      return;
    case Insn::unreachable:
      flush_effects();
      emit(StatementKind::unreachable);
      return;
    case Insn::br: {
      flush_effects();
      Control& c = target(insn.index);
      const std::uint32_t count = label_slots(c);
      place_values(count);
      move_to(c, count);
      return jump(c.label);
    }
    case Insn::br_if:
      return br_if(insn.index, pop(), true);
    case Insn::br_table:
      return br_table(insn.labels);
    case Insn::return_:
      return return_values();
    case Insn::call:
      return call_function(insn.index, false);
    case Insn::return_call:
      return call_function(insn.index, true);
    case Insn::call_indirect:
    case Insn::return_call_indirect:
      return call(insn.id == Insn::call_indirect ? StatementKind::call_indirect
                                                 : StatementKind::return_call_indirect,
                  module_.types[insn.index].func, insn.index, insn.index2);
    case Insn::throw_:
      return call(StatementKind::throw_, module_.types[module_.tags[insn.index]].func, insn.index);
    case Insn::throw_ref:
      return throw_ref();
    case Insn::rethrow:
      return rethrow(insn.index);
    case Insn::drop:
      return drop();
    case Insn::select:
    case Insn::select_t:
      return select();
    case Insn::local_set:
      return assign_local(local(insn.index), false);
    case Insn::local_tee:
      return assign_local(local(insn.index), true);
    case Insn::global_get:
      return get_global(insn);
    case Insn::global_set:
      return set_global(insn);
    case Insn::i32_const:
      return push(constant(static_cast<std::uint32_t>(insn.value), Type::i32));
    case Insn::i64_const:
      return push(constant(insn.value, Type::i64));
    case Insn::f32_const:
      return push(constant(insn.value, Type::f32));
    case Insn::f64_const:
      return push(constant(insn.value, Type::f64));
    case Insn::ref_null:
      return push(constant(0, Type::ref));
    case Insn::ref_is_null: {
      const NodeId value = pop();
      return push(inner({.kind = NodeKind::numeric, .type = Type::i32, .op = Insn::i64_eqz},
                        std::array{value}));
    }
    default:
      break;
  }
  // What programs are made of comes first.
  if (insn.id >= Insn::i32_load && insn.id <= Insn::i64_load32_u) return load(insn);
  if (insn.id >= Insn::i32_store && insn.id <= Insn::i64_store32) return store(insn);
  if (insn.id >= Insn::i32_eqz && insn.id <= Insn::i64_extend32_s) return numeric(insn);
  if (runtime_insn(insn) || reference_insn(insn) || object_insn(insn) || wide_insn(insn)) return;
  if (info(insn.id).prefix == 0xFD) return vector_insn(insn);
  if (info(insn.id).prefix == 0xFE) return atomic_insn(insn);
  numeric(insn);
}

}  // namespace tinywasm::vm::ir
