// SPDX-License-Identifier: Apache-2.0
// Statements: what leaves nothing on the operand stack.
#include <iterator>

#include "tools/fuzz/program_body.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr std::uint32_t kMostLoops = 3;  // around one another

}  // namespace

void Body::statements(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) statement();
}

void Body::statement() {
  if (!has_room()) return;
  budget_ -= 2;
  switch (choices_.below(32)) {
    case 5:
    case 6:
    case 7:
    case 8:
      return store();
    case 9: {
      const Type t = plan_.random_type(choices_);
      value(t, some_depth());
      return op(Insn::global_set, global(t));
    }
    case 10: {
      const Type t = plan_.random_type(choices_);
      value(t, some_depth());
      return op(Insn::drop);
    }
    case 11:
    case 12:
      return if_statement();
    case 13:
    case 14:
    case 15:
    case 16:
      return loop_statement();
    case 17:
      return block_statement();
    case 18:
      return branch_if();
    case 19:
      return branch_table();
    case 20:
      return leave();
    case 21:
    case 22:
      return call_statement();
    case 23:
      return memory_statement();
    case 24:
      return table_statement();
    case 25:
    case 26:
      return object_statement();
    case 27:
      return choices_.one_in(6) && !plan_.is_portable() ? legacy_try() : try_statement();
    case 28:
      return null_branch_statement();
    case 29:
      return step_pointer();
    case 30:
      return choices_.one_in(3) && !plan_.is_portable() ? wide_statement() : continue_statement();
    case 31:
      if (!choices_.one_in(3)) return throw_if();
      condition();
      open(Insn::if_, {});
      trap_beside_effect();
      return close();
    default:
      return set_statement();
  }
}

void Body::set_statement() {
  const Type t = plan_.random_type(choices_);
  value(t, some_depth());
  op(Insn::local_set, local(t));
}

void Body::if_statement() {
  condition();
  ++nesting_;
  open(Insn::if_, {});
  statements(1 + choices_.below(3));
  if (choices_.one_in(2)) {
    op(Insn::else_);
    statements(1 + choices_.below(2));
  }
  close();
  --nesting_;
}

void Body::block_statement() {
  const Types params = plan_.random_types(choices_, choices_.one_in(3) ? choices_.below(4) : 0);
  const Types results = plan_.random_types(choices_, choices_.one_in(3) ? choices_.below(4) : 0);
  values(params);
  const bool is_if = choices_.one_in(3);
  if (is_if) condition();
  ++nesting_;
  open(is_if ? Insn::if_ : Insn::block, {params, results});
  take(params);
  statements(1 + choices_.below(3));
  values(results);
  if (is_if) {
    op(Insn::else_);
    take(params);
    values(results);
  }
  close();
  --nesting_;
  take(results);
}

// ---- Loops

/// Before a loop, whose label will be the next.
void Body::begin_counter(std::uint32_t rounds) {
  Counter counter{.is_64 = choices_.one_in(4), .rounds = rounds};
  counter.counts_down = choices_.one_in(4);
  counter.label = static_cast<std::uint32_t>(labels_.size());
  counter.local = static_cast<std::uint32_t>(locals_.size());
  const Type t = counter.is_64 ? Type::i64 : Type::i32;
  locals_.push_back(t);
  constant_of(t, counter.counts_down ? static_cast<std::int64_t>(rounds) : 0);
  op(Insn::local_set, counter.local);
  counter_locals_[counter.is_64 ? 1 : 0].push_back(counter.local);
  counters_.push_back(counter);
}

/// Counts, and branches back while there is more to do. What the loop takes is on the stack.
void Body::end_counter() {
  count_and_branch(counters_.back());
  counter_locals_[counters_.back().is_64 ? 1 : 0].pop_back();
  counters_.pop_back();
}

/// The innermost loop once more.
void Body::continue_statement() {
  if (counters_.empty() || !labels_[counters_.back().label].types.empty()) return;
  count_and_branch(counters_.back());
}

void Body::count_and_branch(const Counter& counter) {
  const Type t = counter.is_64 ? Type::i64 : Type::i32;
  const bool down = counter.counts_down;
  op(Insn::local_get, counter.local);
  constant_of(t, 1);
  if (counter.is_64) {
    op(down ? Insn::i64_sub : Insn::i64_add);
  } else {
    op(down ? Insn::i32_sub : Insn::i32_add);
  }
  if (choices_.one_in(3)) {
    op(Insn::local_set, counter.local);
    op(Insn::local_get, counter.local);
  } else {
    op(Insn::local_tee, counter.local);
  }
  constant_of(t, down ? 0 : counter.rounds);
  if (down) {
    op(counter.is_64 ? Insn::i64_gt_s : Insn::i32_gt_s);
  } else if (choices_.one_in(3)) {
    op(counter.is_64 ? Insn::i64_lt_u : Insn::i32_lt_u);
  } else {
    op(counter.is_64 ? Insn::i64_lt_s : Insn::i32_lt_s);
  }
  op(Insn::br_if, depth_of(counter.label));
}

void Body::loop_statement() {
  if (counters_.size() >= kMostLoops) return set_statement();
  const Types carried =
      plan_.random_types(choices_, choices_.one_in(4) ? 1 + choices_.below(3) : 0);
  const Types results = plan_.random_types(choices_, choices_.one_in(6) ? choices_.below(3) : 0);
  values(carried);
  begin_counter(1 + choices_.below(4));
  ++nesting_;
  open(Insn::loop, {carried, results}, false);
  take(carried);
  statements(1 + choices_.below(5));
  values(carried);
  end_counter();
  take(carried);
  values(results);
  close();
  --nesting_;
  take(results);
}

/// What keeps locals in registers: each is changed by itself and something simple.
void Body::update_locals() {
  const Type integer = choices_.one_in(3) ? Type::i32 : Type::i64;
  const Type real = choices_.one_in(3) ? Type::f32 : Type::f64;
  for (const Type t : {integer, real}) {
    static constexpr Insn kSums[] = {Insn::i32_add, Insn::i64_add, Insn::f32_add, Insn::f64_add};
    const auto& list = locals_of_[static_cast<std::size_t>(t)];
    const std::uint32_t count = choices_.below(5);
    for (std::uint32_t i = 0; i < count && i < list.size(); ++i) {
      op(Insn::local_get, list[i]);
      choices_.one_in(3) ? leaf(t) : constant(t);
      op(kSums[static_cast<std::size_t>(t)]);
      op(Insn::local_set, list[i]);
    }
  }
}

/// Loops as those that programs spend their time in: hot locals and few, deep trees.
void Body::hot_loops() {
  const std::uint32_t loops = 1 + choices_.below(2);
  for (std::uint32_t i = 0; i < loops; ++i) {
    begin_counter(1 + choices_.below(3));
    open(Insn::loop, {}, false);
  }
  is_plain_ = true;
  is_chain_ = choices_.one_in(2);
  for (std::uint32_t i = choices_.below(3); i > 0; --i) update_locals();
  for (std::uint32_t i = 1 + choices_.below(2); i > 0; --i) {
    is_plain_ = !choices_.one_in(6);
    budget_ += 60;
    hot_statement();
    is_plain_ = true;
    if (choices_.one_in(2)) update_locals();
  }
  is_plain_ = false;
  is_chain_ = false;
  for (std::uint32_t i = 0; i < loops; ++i) {
    end_counter();
    close();
  }
}

void Body::hot_statement() {
  switch (choices_.below(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return call_statement();
    case 4:
      return leave();
    case 5:
    case 6:
      return store();
    case 7:
      return effect();
    case 8:
      return branch_if();
    case 9:
      return branch_table();
    case 10:
      return array_statement();
    case 11:
      return object_statement();
    case 12:
      return throw_if();
    default:
      return set_statement();
  }
}

void Body::step_pointer() {
  const bool is_64 = choices_.one_in(3);
  const Type t = is_64 ? Type::i64 : Type::i32;
  const std::uint32_t pointer = pointers_[is_64 ? 1 : 0];
  if (choices_.one_in(3)) {
    value(t, some_depth());
    constant_of(t, 0x1ff8);
    op(is_64 ? Insn::i64_and : Insn::i32_and);
  } else {
    op(Insn::local_get, pointer);
    constant_of(t, std::int64_t{8} * (1 + choices_.below(3)));
    op(is_64 ? Insn::i64_add : Insn::i32_add);
  }
  op(Insn::local_set, pointer);
}

// ---- Branches

void Body::branch_if() {
  const std::size_t label = some_label();
  const Types types = labels_[label].types;
  values(types);
  condition();
  op(Insn::br_if, depth_of(label));
  take(types);
}

void Body::branch_table() {
  const Types types = labels_[some_label()].types;
  open(Insn::block, {{}, types}, false);
  open(Insn::block, {{}, types}, false);
  values(types);
  condition();
  if (!choices_.one_in(4)) {
    number(7);
    op(Insn::i32_and);
  }
  const std::uint32_t count = choices_.one_in(6) ? 36 : choices_.below(7);
  op(Insn::br_table, count);
  for (std::uint32_t i = 0; i <= count; ++i) {
    const std::size_t label = choices_.below(3) == 2 ? label_of(types) : labels_.size();
    code_.unsigned_leb(label < labels_.size() ? depth_of(label) : choices_.below(2));
  }
  close();
  if (choices_.one_in(2)) {
    take(types);
    values(types);
  }
  close();
  take(types);
}

/// On a condition, leaves a block or the function.
void Body::leave() {
  condition();
  ++nesting_;
  open(Insn::if_, {});
  const Types results = labels_[0].types;
  const std::uint32_t choice = choices_.below(8);
  if (choice < 2) {
    values(results);
    op(Insn::return_);
  } else if (choice < 5 && call_with_results(results, true)) {
    // Nothing is left to do.
  } else if (choice == 5 && choices_.one_in(4)) {
    op(Insn::unreachable);
  } else {
    const std::size_t label = some_label();
    const Types types = labels_[label].types;
    values(types);
    op(Insn::br, depth_of(label));
  }
  close();
  --nesting_;
}

// ---- Memory

void Body::memory_statement() {
  const auto memories = static_cast<std::uint32_t>(plan_.memories().size());
  const auto is_64 = [this](std::uint32_t memory) { return plan_.memories()[memory].is_64; };
  const auto count = [&](bool wide) {
    if (choices_.one_in(4)) {
      value(wide ? Type::i64 : Type::i32, some_depth());
      constant_of(wide ? Type::i64 : Type::i32, 63);
      return op(wide ? Insn::i64_and : Insn::i32_and);
    }
    constant_of(wide ? Type::i64 : Type::i32, choices_.below(64));
  };
  const std::uint32_t to = address(some_depth());
  between_operands();
  switch (choices_.below(4)) {
    case 0:
      value(Type::i32, some_depth());
      count(is_64(to));
      return op(Insn::memory_fill, to);
    case 1: {
      const std::uint32_t from = address(some_depth());
      count(is_64(to) && is_64(from));
      op(Insn::memory_copy, to);
      return code_.unsigned_leb(from);
    }
    case 2:
      number(choices_.below(4));
      number(choices_.below(12));
      op(Insn::memory_init, kData[choices_.below(2)]);
      code_.unsigned_leb(to);
      if (choices_.one_in(12)) op(Insn::data_drop, kData[choices_.below(2)]);
      return;
    default:
      op(Insn::drop);
      constant_of(is_64(memories - 1) ? Type::i64 : Type::i32, choices_.below(2));
      op(Insn::memory_grow, memories - 1);
      op(Insn::drop);
      op(Insn::atomic_fence);
      return code_.u8(0);
  }
}

void Body::wide_statement() {
  static constexpr Insn kWide[] = {Insn::i64_mul_wide_s, Insn::i64_mul_wide_u, Insn::i64_add128,
                                   Insn::i64_sub128};
  const std::uint32_t choice = choices_.below(std::size(kWide));
  for (int i = choice < 2 ? 2 : 4; i > 0; --i) value(Type::i64, some_depth());
  op(kWide[choice]);
  take({Type::i64, Type::i64});
}

// ---- Traps

/// Leaves an i32, or would: it traps.
void Body::trap() {
  const bool is_64 = plan_.memories()[0].is_64;
  switch (choices_.below(9)) {
    case 1:
      value(Type::i32, some_depth());
      number(0);
      return op(choices_.one_in(2) ? Insn::i32_rem_s : Insn::i32_div_u);
    case 2:
      op(Insn::f64_const);
      code_.fixed(0x7ff0000000000000, 8);
      return op(Insn::i32_trunc_f64_s);
    case 3:
      null(Type::point);
      op(Insn::struct_get, kPoint);
      return code_.unsigned_leb(kI32);
    case 4:
      object(Type::bytes, 1);
      number(1000);
      return op(Insn::array_get_u, kBytes);
    case 5:
      number(1000);
      op(Insn::table_get, 0);
      return op(Insn::ref_is_null);
    case 6:
      null(Type::i31);
      return op(Insn::i31_get_s);
    case 7:
      number(-1);
      constant_of(is_64 ? Type::i64 : Type::i32, 1);
      op(Insn::drop);
      op(Insn::table_get, 2);
      return op(Insn::ref_is_null);
    case 8:
      number(5);
      null(Type::target);
      return op(Insn::call_ref, kTarget);
    default:
      constant_of(is_64 ? Type::i64 : Type::i32, -8);
      op(Insn::i32_load);
      code_.unsigned_leb(2);
      return code_.unsigned_leb(0);
  }
}

/// What can be seen from outside.
void Body::effect() {
  switch (choices_.below(7)) {
    case 0: {
      const Type t = plan_.random_type(choices_);
      value(t, some_depth());
      return op(Insn::global_set, global(t));
    }
    case 1: {
      static constexpr Type kNumbers[] = {Type::v128, Type::i64, Type::f32};
      const Type t = kNumbers[choices_.below(3)];
      constant(t);
      return op(Insn::global_set, global(t));
    }
    case 2:
      return table_statement();
    case 3:
      return object_statement();
    case 4:
      return memory_statement();
    case 5:
      return call_statement();
    default:
      return store();
  }
}

/// An effect before a trap that is known of later, or behind one whose value waits.
void Body::trap_beside_effect() {
  const std::uint32_t waiting = choices_.below(3);
  for (std::uint32_t i = 0; i < waiting; ++i) value(Type::i32, some_depth());
  if (choices_.one_in(2)) effect();
  trap();
  effect();
  for (std::uint32_t i = 0; i < waiting; ++i) op(Insn::i32_add);
  if (choices_.one_in(2)) {
    op(Insn::drop);
  } else {
    op(Insn::global_set, global(Type::i32));
  }
}

}  // namespace tinywasm::fuzz
