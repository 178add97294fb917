// SPDX-License-Identifier: Apache-2.0
// Blocks, branches, calls and exceptions of bombs.
#include <algorithm>

#include "tools/fuzz/bombs.hpp"

namespace tinywasm::fuzz {

using decoder::BinaryWriter;

namespace {

constexpr std::uint32_t kMostBlocks = 60'000;
constexpr std::uint32_t kMostDepth = 4;  // of statements that hold statements
constexpr std::uint32_t kMostSlots = 65'535;
/// Slots that are left for statements' values: T... of some that lie inside of one another.
constexpr std::uint32_t kReserve = 16'000;
constexpr std::uint8_t kEmptyBlock = 0x40;
constexpr std::uint8_t kCatch = 0;
constexpr std::uint8_t kCatchAll = 2;
constexpr std::uint8_t kFuncRef = 0x70;

}  // namespace

// ---- Whole bodies

BinaryWriter BombBody::write(bool is_wide) {
  BinaryWriter out;
  first_local_ = is_wide ? plan_.wide : 0;
  slots_ = 2 * first_local_ * slots_of(plan_.value) + 2 * kLocals * BombPlan::kValues;
  locals(out);
  labels_ = {is_wide ? Label::wide : Label::nothing};
  for (std::uint32_t i = 0; i < first_local_; ++i) op(Insn::local_get, i);
  do {
    statements(is_wide, 0);
  } while (left() > most_bytes_ / 2 && !choices_.is_over());
  end();
  out.append(code_);
  return out;
}

void BombBody::locals(BinaryWriter& out) {
  const bool has_more = choices_.one_in(2);
  const auto value = static_cast<Value>(choices_.below(BombPlan::kValues));
  more_locals_ = has_more ? choose_count(choices_, room(value)) : 0;
  slots_ += more_locals_ * slots_of(value);
  // Many of one group, or many groups of one.
  std::uint32_t groups = has_more ? 1 : 0;
  if (has_more && choices_.one_in(4)) {
    groups = more_locals_ = std::min<std::uint32_t>(more_locals_, times(16));
  }
  out.unsigned_leb(BombPlan::kValues + groups);
  for (std::uint32_t i = 0; i < BombPlan::kValues; ++i) {
    out.unsigned_leb(kLocals);
    write_bomb_type(out, static_cast<Value>(i), plan_.bottom());
  }
  for (std::uint32_t i = 0; i < groups; ++i) {
    out.unsigned_leb(more_locals_ / groups);
    write_bomb_type(out, value, plan_.bottom());
  }
}

std::uint32_t BombBody::room(Value value) const {
  const std::uint32_t used = slots_ + kReserve;
  return used < kMostSlots ? (kMostSlots - used) / slots_of(value) : 0;
}

std::uint32_t BombBody::local(Value value) {
  return first_local_ + kLocals * static_cast<std::uint32_t>(value) + choices_.below(kLocals);
}

void BombBody::repeat(std::size_t begin) {
  const std::size_t size = code_.size() - begin;
  if (size == 0) return;
  const auto written = code_.bytes().subspan(begin);
  const std::vector<std::byte> piece(written.begin(), written.end());
  for (std::uint32_t i = times(size); i > 1; --i) code_.append(piece);
}

void BombBody::statements(bool is_wide, std::uint32_t depth) {
  for (std::uint32_t i = 1 + choices_.below(3); i > 0 && left() > 0; --i) {
    const std::size_t begin = code_.size();
    statement(is_wide, depth);
    if (choices_.one_in(2)) repeat(begin);
  }
}

void BombBody::statement(bool is_wide, std::uint32_t depth) {
  const bool is_deep = depth >= kMostDepth;
  switch (choices_.below(22)) {
    default:
      return value_statement();
    case 1:
      return is_deep ? branch(is_wide) : nest(is_wide, depth);
    case 2:
      return is_deep ? branch_table() : giving_nest(depth);
    case 3:
      return is_deep ? null_branch() : pending(depth);
    case 4:
    case 5:
      return is_deep ? call(is_wide) : wide_statements(is_wide, depth);
    case 6:
      return branch(is_wide);
    case 7:
      return branch_table();
    case 8:
      return null_branch();
    case 9:
      return cast_branch();
    case 10:
      return upper_branches();
    case 11:
      return call(is_wide);
    case 12:
      return tail_call();
    case 13:
      return is_deep ? throwing() : many_catches(depth);
    case 14:
      return throwing();
    case 15:
      return is_deep ? dead_code() : legacy_try(depth);
    case 16:
      return dead_code();
  }
}

// ---- Blocks

void BombBody::open(Insn insn, std::uint32_t type, Label label) {
  op(insn);
  if (type == BombPlan::kNothing) {
    code_.u8(kEmptyBlock);
  } else {
    code_.signed_leb(type);
  }
  labels_.push_back(label);
}

std::uint32_t BombBody::block_count() {
  const std::size_t room = kMostBlocks - std::min<std::size_t>(labels_.size(), kMostBlocks);
  return static_cast<std::uint32_t>(std::min<std::size_t>(times(4), room));
}

void BombBody::close(std::uint32_t count, bool has_else) {
  for (; count > 0; --count) {
    if (has_else) op(Insn::else_);
    end();
    labels_.pop_back();
  }
}

/// Clauses of the try_table that was opened, as the `nth` of some, within labels of these depths.
void BombBody::catches(std::uint32_t count, std::uint32_t nth, const Targets& targets) {
  const bool has_none = targets.nothing == kNone && targets.wide == kNone;
  code_.unsigned_leb(has_none ? 0 : count);
  for (std::uint32_t i = 0; i < count && !has_none; ++i) {
    const bool carries = targets.nothing == kNone || (targets.wide != kNone && (nth + i) % 2 == 1);
    const bool takes_all = !carries && i % 4 == 2;
    code_.u8(takes_all ? kCatchAll : kCatch);
    if (!takes_all) {
      code_.unsigned_leb(carries ? BombPlan::kTagOfWide : BombPlan::kTagOfNothing);
    }
    code_.unsigned_leb((carries ? targets.wide : targets.nothing) + nth);
  }
}

/// Blocks in blocks, around statements: of no values, or of those on the stack.
void BombBody::nest(bool is_wide, std::uint32_t depth) {
  static constexpr Insn kBlocks[] = {Insn::block, Insn::loop, Insn::if_, Insn::try_table};
  const Insn insn = kBlocks[choices_.below(4)];
  const bool carries = is_wide && choices_.one_in(2);
  const std::uint32_t type = carries ? plan_.same() : BombPlan::kNothing;
  const auto condition = static_cast<std::int32_t>(choices_.below(2));
  const bool has_else = insn == Insn::if_ && choices_.one_in(2);
  const std::uint32_t clauses = insn == Insn::try_table ? choices_.below(4) : 0;
  Targets targets;
  if (clauses > 0) targets = {some_label(Label::nothing), some_label(Label::wide)};
  const std::uint32_t count = block_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (insn == Insn::if_) number(condition);
    open(insn, type, carries ? Label::wide : Label::nothing);
    if (insn == Insn::try_table) catches(clauses, i, targets);
  }
  statements(carries, depth + 1);
  close(count, has_else);
}

/// Blocks in blocks that give T...
void BombBody::giving_nest(std::uint32_t depth) {
  static constexpr Insn kBlocks[] = {Insn::block, Insn::loop, Insn::try_table};
  const Insn insn = kBlocks[choices_.below(3)];
  const std::uint32_t count = block_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    open(insn, plan_.give(), insn == Insn::loop ? Label::nothing : Label::wide);
    if (insn == Insn::try_table) catches(0, i, {});
  }
  statements(false, depth + 1);
  give();
  close(count, false);
  take();
}

/// Statements above values that were read but not used yet.
void BombBody::pending(std::uint32_t depth) {
  const std::uint32_t count = std::min(times(4), room(Value::v128));
  const std::uint32_t kind = choices_.below(4);
  const std::uint32_t read = local(static_cast<Value>(choices_.below(BombPlan::kValues)));
  for (std::uint32_t i = 0; i < count; ++i) {
    if (kind == 0) {
      op(Insn::local_get, read);
    } else if (kind == 1) {
      op(Insn::global_get, i % plan_.globals);
    } else if (kind == 2) {
      op(Insn::local_get, first_local_ + i % (kLocals * BombPlan::kValues + more_locals_));
    } else {
      op(Insn::local_get, local(Value::i32));
      op(Insn::i32_load8_u);
      code_.u8(0);
      code_.u8(0);
    }
  }
  slots_ += count * slots_of(Value::v128);
  statements(false, depth + 1);
  slots_ -= count * slots_of(Value::v128);
  for (std::uint32_t i = 0; i < count; ++i) op(Insn::drop);
}

/// Statements for values on the stack, which a call brings there if nothing else did.
void BombBody::wide_statements(bool is_wide, std::uint32_t depth) {
  if (!is_wide) give();
  statements(true, depth + 1);
  if (!is_wide) take();
}

// ---- Branches

std::uint32_t BombBody::some_label(Label kind) {
  const auto count = static_cast<std::uint32_t>(labels_.size());
  const std::uint32_t first = choices_.one_in(2) ? choices_.below(count) : 0;
  for (std::uint32_t i = first; i < count; ++i) {
    if (labels_[count - 1 - i] == kind) return i;
  }
  for (std::uint32_t i = 0; i < first; ++i) {
    if (labels_[count - 1 - i] == kind) return i;
  }
  return kNone;
}

/// br_if, which carries the values on the stack or none.
void BombBody::branch(bool is_wide) {
  const bool carries = choices_.one_in(2);
  const std::uint32_t label = some_label(carries ? Label::wide : Label::nothing);
  if (label == kNone) return value_statement();
  if (carries && !is_wide) give();
  const std::size_t begin = code_.size();
  number(static_cast<std::int32_t>(choices_.below(2)));
  op(Insn::br_if, label);
  repeat(begin);
  if (carries && !is_wide) take();
}

/// A br_table, and what comes behind it is dead code. Its targets are one label or many.
void BombBody::branch_table() {
  constexpr std::size_t kMostTargets = 60'000;
  const Label kind = choices_.one_in(2) ? Label::wide : Label::nothing;
  std::vector<std::uint32_t> targets;
  const bool has_many = choices_.one_in(2);
  for (std::uint32_t i = 0; i < labels_.size() && (has_many || targets.empty()); ++i) {
    // One more: the block around it.
    if (labels_[labels_.size() - 1 - i] == kind) targets.push_back(i + 1);
  }
  if (targets.empty()) targets.push_back(0);
  const bool is_own = targets[0] == 0 || choices_.one_in(4);
  if (is_own) targets = {0};
  const bool gives = is_own && kind == Label::wide;
  block_of(gives ? plan_.upper() : BombPlan::kNothing);
  if (kind == Label::wide) give();
  number(static_cast<std::int32_t>(choices_.below(3)));
  op(Insn::br_table);
  const std::size_t count = std::min<std::size_t>(times(2), kMostTargets);
  code_.unsigned_leb(count);
  for (std::size_t i = 0; i <= count; ++i) code_.unsigned_leb(targets[i % targets.size()]);
  end();
  if (gives) take();
}

void BombBody::null_branch() {
  const std::uint32_t label = some_label(Label::nothing);
  const std::uint32_t kind = choices_.below(3);
  if (label == kNone || kind == 0) {  // br_on_non_null carries the reference
    op(Insn::block);
    code_.u8(kFuncRef);
    const std::size_t begin = code_.size();
    op(Insn::local_get, local(Value::func));
    op(Insn::br_on_non_null, 0);
    repeat(begin);
    op(Insn::ref_func, plan_.nothing());
    end();
    op(Insn::drop);
    return;
  }
  const std::size_t begin = code_.size();
  const auto value =
      static_cast<Value>(static_cast<std::uint32_t>(Value::func) + choices_.below(4));
  op(Insn::local_get, local(value));
  op(Insn::br_on_null, label);
  op(Insn::drop);
  repeat(begin);
}

/// The values of a block are (ref null $top), a reference to $bottom or to any is cast.
void BombBody::cast_branch() {
  constexpr std::uint8_t kBothNullable = 3;
  const bool fails = choices_.one_in(2);
  op(Insn::block);
  write_bomb_type(code_, fails ? Value::any : Value::object, BombPlan::kTop);
  op(Insn::local_get, local(fails ? Value::any : Value::object));
  const std::size_t begin = code_.size();
  op(fails ? Insn::br_on_cast_fail : Insn::br_on_cast);
  code_.u8(kBothNullable);
  code_.unsigned_leb(0);
  if (fails) {
    code_.u8(0x6E);  // any
    code_.signed_leb(BombPlan::kTop);
    op(Insn::drop);
    op(Insn::local_get, local(Value::any));
  } else {
    code_.signed_leb(BombPlan::kTop);
    code_.signed_leb(plan_.bottom());
    op(Insn::drop);
    op(Insn::local_get, local(Value::object));
  }
  repeat(begin);
  end();
  op(Insn::drop);
}

/// Branches to a label that takes U..., of which T... are subtypes.
void BombBody::upper_branches() {
  block_of(plan_.upper());
  give();
  const std::size_t begin = code_.size();
  number();
  op(Insn::br_if, 0);
  repeat(begin);
  end();
  take();
}

// ---- Calls

void BombBody::call(bool is_wide) {
  static constexpr Insn kCalls[] = {Insn::call, Insn::call_indirect, Insn::call_ref};
  const Insn insn = kCalls[choices_.below(3)];
  const auto to = [&](std::uint32_t function, std::uint32_t type) {
    const std::uint32_t element = function - plan_.imports;
    if (insn == Insn::call) return op(insn, function);
    if (insn == Insn::call_ref) {
      op(Insn::ref_func, function);
      return op(insn, type);
    }
    number(static_cast<std::int32_t>(element));
    op(insn, type);
    code_.u8(0);
  };
  const std::size_t begin = code_.size();
  const std::uint32_t kind = choices_.below(3);
  if (kind == 0) {
    to(plan_.nothing(), BombPlan::kNothing);
  } else if (is_wide && kind == 1) {
    to(plan_.mover(), plan_.same());
  } else if (plan_.imports > 0 && kind == 1) {
    if (plan_.imports_take) give();
    op(Insn::call, choices_.below(plan_.imports));
  } else {
    to(plan_.giver(), plan_.give());
    to(plan_.taker(), plan_.take());
  }
  repeat(begin);
}

/// In a body that ends as the callee does; what comes behind it is dead code.
void BombBody::tail_call() {
  const bool is_wide = labels_.front() == Label::wide;
  block_of(BombPlan::kNothing);
  const std::size_t begin = code_.size();
  const std::uint32_t kind = choices_.below(3);
  if (kind == 0) {
    if (is_wide) give();
    op(Insn::return_);
  } else {
    const std::uint32_t function = is_wide ? plan_.giver() : plan_.nothing();
    if (kind == 1) {
      op(Insn::return_call, function);
    } else {
      op(Insn::ref_func, function);
      op(Insn::return_call_ref, is_wide ? plan_.give() : BombPlan::kNothing);
    }
  }
  repeat(begin);
  end();
}

// ---- Exceptions

/// Clauses that take as many values as may be, around statements.
void BombBody::many_catches(std::uint32_t depth) {
  const std::uint32_t type = choices_.one_in(2) ? plan_.upper() : plan_.give();
  block_of(type);
  labels_.push_back(type == plan_.give() ? Label::wide : Label::other);
  op(Insn::try_table);
  code_.u8(kEmptyBlock);
  const std::uint32_t count = times(3);
  code_.unsigned_leb(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    code_.u8(kCatch);
    code_.u8(BombPlan::kTagOfWide);
    code_.u8(0);
  }
  labels_.push_back(Label::nothing);
  statements(false, depth + 1);
  labels_.pop_back();
  end();
  give();
  labels_.pop_back();
  end();
  take();
}

/// A throw, caught at once.
void BombBody::throwing() {
  const bool carries = choices_.one_in(2);
  block_of(carries ? plan_.give() : BombPlan::kNothing);
  op(Insn::try_table);
  code_.u8(kEmptyBlock);
  code_.unsigned_leb(1);
  code_.u8(kCatch);
  code_.u8(carries ? BombPlan::kTagOfWide : BombPlan::kTagOfNothing);
  code_.u8(0);
  if (carries) give();
  op(Insn::throw_, carries ? BombPlan::kTagOfWide : BombPlan::kTagOfNothing);
  end();
  if (carries) give();
  end();
  if (carries) take();
}

void BombBody::legacy_try(std::uint32_t depth) {
  const std::uint32_t kind = choices_.below(4);
  const bool leads_out = choices_.one_in(2);
  const bool rethrows = choices_.one_in(4);
  const std::uint32_t count = block_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    open(Insn::try_, BombPlan::kNothing, Label::nothing);
  }
  statements(false, depth + 1);
  for (std::uint32_t i = 0; i < count; ++i) {
    labels_.pop_back();
    if (kind < 2) {
      op(Insn::delegate, leads_out ? labels_.size() - 1 : 0);
      continue;
    }
    op(Insn::catch_, kind == 2 ? BombPlan::kTagOfNothing : BombPlan::kTagOfWide);
    if (kind == 3) op(Insn::call, plan_.taker());
    op(Insn::catch_all);
    if (rethrows) op(Insn::rethrow, 0);
    end();
  }
}

/// Where operands are of any type.
void BombBody::dead_code() {
  static constexpr Insn kPlain[] = {Insn::drop, Insn::select, Insn::i32_add, Insn::ref_as_non_null,
                                    Insn::ref_is_null};
  block_of(BombPlan::kNothing);
  op(Insn::unreachable);
  const std::size_t begin = code_.size();
  const std::uint32_t kind = choices_.below(10);
  if (kind < 5) {
    op(kPlain[kind]);
    if (kind == 4) op(Insn::drop);
  } else if (kind == 5) {
    op(Insn::call, plan_.mover());
  } else if (kind == 6) {
    take();
  } else if (kind == 7) {
    op(Insn::struct_new, plan_.bottom());
    op(Insn::drop);
  } else if (kind == 8) {
    op(Insn::br_if, 0);
  } else {
    block_of(plan_.same());
    end();
  }
  repeat(begin);
  op(Insn::unreachable);
  end();
}

}  // namespace tinywasm::fuzz
