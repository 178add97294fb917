// SPDX-License-Identifier: Apache-2.0
// Statements and control; trees are in emitter_trees.cpp.
#include "vm/emitter.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace tinywasm::vm::ir {
namespace {

/// Slots are named by 16 bits.
constexpr std::uint32_t kMaxSlots = 65535;
/// Scratch slots that can be in use at once. Trees of kMaxTree nodes, each with three operands of
/// which two are held while the third is evaluated, need half of them.
constexpr std::uint32_t kMaxScratch = 63;

bool ends_block(StatementKind k) {
  return k == StatementKind::jump || k == StatementKind::br_table || k == StatementKind::ret ||
         k == StatementKind::ret_void || k == StatementKind::unreachable || is_return_call(k) ||
         is_throw(k);
}

}  // namespace

Emitter::Emitter(const Function& f, const Allocation& allocation, const Dispatcher& dispatcher,
                 ModuleCode::Variant& variant, EmitterBuffers& buffers, bool with_positions)
    : f_(f),
      allocation_(allocation),
      dispatcher_(dispatcher),
      variant_(variant),
      buffers_(buffers),
      with_positions_(with_positions) {
  code_.clear();
  names_.clear();
  word_begins_.clear();
  positions_.clear();
  fixups_.clear();
  callees_.clear();
  ranges_.clear();
  label_at_.assign(f.labels.size(), kNone);
  // About what a function of so many statements needs; growing there step by step costs more.
  code_.reserve(f.statements.size() * 32);
  names_.reserve(f.statements.size() * 3 / 2);
  word_begins_.reserve(f.statements.size() * 3 / 2);
}

Trap Emitter::run(const Poll& poll) {
  scratch_begin_ = f_.locals + f_.max_height;
  const std::uint64_t used =
      std::max<std::uint64_t>(std::uint64_t{scratch_begin_} + f_.max_need, f_.results);
  const std::uint64_t frame = (used + kLinkage + kFrameStep - 1) / kFrameStep * kFrameStep;
  if (frame + f_.max_arguments > kMaxSlots) return Trap::function_too_large;
  frame_ = static_cast<std::uint32_t>(frame);
  frame_end_ = static_cast<std::uint32_t>(used);
  arguments_end_ = frame_ + f_.max_arguments;
  for (std::size_t c = 0; c < allocation_.candidates().size(); ++c) {
    const Candidate& candidate = allocation_.candidates()[c];
    const bool unchanged = candidate.local < f_.parameters && !f_.written[candidate.local];
    if (candidate.reg != 0 && unchanged) read_only_ |= CandidateSet{1} << c;
    in_register_[candidate.reg] |= CandidateSet{1} << c;
    of_class_[ir::is_float(candidate.type)] |= CandidateSet{1} << c;
  }
  enter();
  if (const Trap trap = statements(poll); trap != Trap::none) return trap;
  check_handlers();
  if (scratch_used_ > f_.max_need || !in_frame_) return Trap::function_too_large;
  for (const Fixup& fixup : fixups_) {
    if (fixup.absolute) continue;  // relocate() does those
    const auto distance =
        static_cast<std::int32_t>(label_at_[fixup.label]) - static_cast<std::int32_t>(fixup.word);
    std::memcpy(code_.data() + fixup.at, &distance, sizeof distance);
  }
  if (poll.due()) return Trap::interrupted;
  if (variant_.options.fuse && dispatcher_.sequence != nullptr && !variant_.profile) {
    fuse_words(poll);
  }
  return poll.due() ? Trap::interrupted : Trap::none;
}

Trap Emitter::statements(const Poll& poll) {
  const std::uint32_t most = variant_.code.limits().function_bytes;
  for (current_ = 0; current_ < f_.statements.size(); ++current_) {
    // All offsets in the code have 32 bits: no statement writes so much that they could wrap.
    if (code_.size() > most) return Trap::function_too_large;
    if (poll.due_at(current_)) return Trap::interrupted;
    if (!temporaries_.empty()) {
      std::erase_if(temporaries_, [this](const LiveTemporary& t) {
        if (t.last_use >= current_) return false;
        release(t.place);
        return true;
      });
    }
    const Statement& s = f_.statements[current_];
    const StatementKind kind = s.kind;
    statement(s);
    if (ends_block(kind)) {
      reachable_ = false;
      end_block(true);
    }
  }
  return code_.size() > most ? Trap::function_too_large : Trap::none;
}

/// Replaces handlers by those of sequences: for each word the choice from there on that takes the
/// fewest dispatches to the end of the function, if control never left the straight line. Any word
/// may be the target of a branch, so each gets its own best.
void Emitter::fuse_words(const Poll& poll) {
  std::vector<std::uint32_t>& dispatches = buffers_.dispatches;
  dispatches.assign(names_.size() + 1, 0);
  std::vector<WordName>& unmetered_names = buffers_.unmetered_names;
  const bool fuel = variant_.options.fuel;
  if (fuel) {
    unmetered_names.resize(names_.size());
    std::transform(names_.begin(), names_.end(), unmetered_names.begin(), unmetered);
  }
  for (std::size_t i = names_.size(); i-- > 0 && !poll.due_at(i);) {
    dispatches[i] = fuse_word(i, names_, 1 + dispatches[i + 1]);
    // A sequence that polls for interrupts without need is better than none.
    if (fuel) dispatches[i] = fuse_word(i, unmetered_names, dispatches[i]);
  }
}

/// Gives word `i` the handler of a sequence of these names that takes fewer dispatches to the end
/// than `fewest`, if there is one; how many it takes then.
std::uint32_t Emitter::fuse_word(std::size_t i, std::span<const WordName> names,
                                 std::uint32_t fewest) {
  const SequenceBeginnings& beginnings = *dispatcher_.sequence_beginnings;
  const std::size_t most = std::min<std::size_t>(kMaxSequence, names.size() - i);
  std::uint64_t hash = SequenceBeginnings::extend(0, names[i]);
  for (std::size_t n = 1; n < most; ++n) {
    hash = SequenceBeginnings::extend(hash, names[i + n]);
    if (!beginnings.may_have(hash)) break;
    const std::uint32_t taken = 1 + buffers_.dispatches[i + n + 1];
    if (taken >= fewest) continue;
    const HandlerAddress handler = dispatcher_.sequence(names.subspan(i, n + 1), hash);
    if (handler == nullptr) continue;
    std::memcpy(code_.data() + word_begins_[i], &handler, sizeof handler);
    fewest = taken;
  }
  return fewest;
}

bool Emitter::relocate(std::byte* base) const {
  for (const Fixup& fixup : fixups_) {
    if (!fixup.absolute) continue;
    const std::byte* target = base + label_at_[fixup.label];
    std::memcpy(base + fixup.at, &target, sizeof target);
  }
  for (const CalleeFixup& fixup : callees_) {
    const FunctionCode* const cell = variant_.cell(fixup.function);
    if (cell == nullptr) return false;
    const std::byte* const target =
        fixup.is_cell ? cell->stub() : cell->entry.load(std::memory_order_relaxed);
    std::memcpy(base + fixup.at, &target, sizeof target);
  }
  return true;
}

// ---- Words

void Emitter::branch_target(std::uint32_t at, std::uint32_t word, Label label, bool absolute) {
  fixups_.push_back({at, word, label, absolute});
}

// ---- Places

Emitter::Place Emitter::place_of_temporary(Variable v, Type type) {
  for (const LiveTemporary& t : temporaries_) {
    if (t.variable == v) return t.place;
  }
  return home(v, type);
}

/// A register that nothing needs until the end of `last_statement`, or kInSlot.
unsigned Emitter::free_register(bool is_float, std::uint32_t last_statement) {
  if (!variant_.options.fuse) return kInSlot;
  unsigned taken = busy_[is_float];
  if (last_statement - current_ > 16) {
    taken |= 0b1110;
  } else {
    CandidateSet live = allocation_.live_in(current_) | allocation_.live_out(current_);
    for (std::uint32_t i = current_ + 1; i <= last_statement; ++i) {
      // Assigned, though nothing may read it.
      live |= allocation_.live_in(i) | allocation_.live_out(i) |
              allocation_.set_of(f_.statements[i].variable);
    }
    live &= of_class_[is_float];
    for (unsigned reg = 1; reg < kRegisters; ++reg) {
      if ((live & in_register_[reg]) != 0) taken |= 1u << reg;
    }
  }
  const auto reg = static_cast<unsigned>(std::countr_one(taken));
  return reg < kRegisters ? reg : kInSlot;
}

/// A place for an intermediate value of this statement; release() gives it back.
Emitter::Place Emitter::scratch(bool is_float) {
  const unsigned reg = free_register(is_float, current_);
  if (reg != kInSlot) {
    busy_[is_float] = static_cast<std::uint8_t>(busy_[is_float] | 1u << reg);
    return in_register(reg, is_float);
  }
  return scratch_slot();
}

/// The same, never a register. How many a tree takes is known only here, where its cover is: what
/// the builder said (Function::max_need) is an estimate, and checked against it at the end.
Emitter::Place Emitter::scratch_slot() {
  const std::uint32_t free =
      std::min(static_cast<std::uint32_t>(std::countr_one(scratch_slots_)), kMaxScratch);
  scratch_slots_ |= std::uint64_t{1} << free;
  scratch_used_ = std::max(scratch_used_, free == kMaxScratch ? kMaxSlots : free + 1);
  return slot(scratch_begin_ + free);
}

void Emitter::release(const Place& place) {
  if (place.in_register()) {
    busy_[place.is_float] = static_cast<std::uint8_t>(busy_[place.is_float] & ~(1u << place.reg));
  } else if (place.slot >= scratch_begin_ && place.slot < scratch_begin_ + kMaxScratch) {
    scratch_slots_ &= ~(std::uint64_t{1} << (place.slot - scratch_begin_));
  }
}

/// Where a statement's result goes. A temporary's register is marked by the caller afterwards, so
/// that the statement's own intermediate values may pass through it.
Emitter::Place Emitter::destination(const Statement& s) {
  if (!f_.is_local(s.variable) && s.last_use != 0 && s.type != Type::v128) {
    const bool is_float = ir::is_float(s.type);
    const unsigned reg = free_register(is_float, s.last_use);
    if (reg != kInSlot) return in_register(reg, is_float);
  }
  return home(s);
}

// ---- Registers and home slots of pinned locals

/// The registers of one class that hold locals of `set`, as a handler's mask, and their home slots.
unsigned Emitter::register_mask(CandidateSet set, bool is_float, std::uint16_t* slots) {
  unsigned mask = 0;
  for (CandidateSet rest = set; rest != 0; rest &= rest - 1) {
    const Candidate& c = allocation_.candidates()[static_cast<unsigned>(std::countr_zero(rest))];
    if (ir::is_float(c.type) != is_float) continue;
    mask |= 1u << (c.reg - 1);
    slots[c.reg - 1] = slot_number(c.local);
  }
  return mask;
}

void Emitter::move_registers(const void* handlers, bool is_float, CandidateSet set) {
  std::uint16_t slots[4] = {0, 0, 0, 0};
  const unsigned mask = register_mask(set, is_float, slots);
  if (mask == 0) return;
  const WordName name = handlers == dispatcher_.saves     ? name_of(kSaveWord, mask)
                        : handlers == dispatcher_.reloads ? name_of(kReloadWord, mask)
                                                          : 0;
  auto& word = append<SlotsWord>(Dispatcher::at(handlers, mask), sizeof(SlotsWord), name);
  std::copy_n(slots, 4, word.slot);
}

/// Makes registers hold the values of `wanted`; on the way, of all that is live.
void Emitter::ensure(CandidateSet wanted) {
  if ((wanted & ~valid_) == 0) return;
  const CandidateSet set = (wanted | allocation_.live_in(current_)) & ~valid_;
  move_registers(dispatcher_.reloads, false, set);
  move_registers(dispatcher_.float_reloads, true, set);
  valid_ |= set;
  clean_ |= set;
}

// ---- Statements

void Emitter::enter() {
  const CandidateSet live = f_.statements.empty() ? 0 : allocation_.live_in(0);
  CandidateSet parameters = 0;
  for (CandidateSet rest = live; rest != 0; rest &= rest - 1) {
    const auto c = static_cast<unsigned>(std::countr_zero(rest));
    if (allocation_.candidates()[c].local < f_.parameters) parameters |= CandidateSet{1} << c;
  }
  std::uint16_t slots[4] = {0, 0, 0, 0};
  const unsigned mask = register_mask(parameters, false, slots);
  auto& word = append<EnterWord>(Dispatcher::at(dispatcher_.enters, mask), sizeof(EnterWord),
                                 polling(name_of(kEnterWord, mask)));
  std::copy_n(slots, 4, word.slot);
  word.frame_bytes = static_cast<std::uint32_t>((frame_ + f_.max_arguments) * sizeof(Slot));
  std::uint32_t first = f_.locals;
  std::uint32_t last = 0;
  for (Variable v = f_.parameters; v < f_.locals; ++v) {
    if (!f_.needs_zero[v] || allocation_.register_of(v) != 0) continue;
    first = std::min(first, v);
    last = v + width(f_.local_types[v]);
  }
  const std::uint32_t zeros = last > first ? last - first : 0;
  word.zero_begin = slot_number(first, zeros);
  word.zero_count = static_cast<std::uint16_t>(zeros);
  note(0, f_.offset);
  move_registers(dispatcher_.float_reloads, true, parameters);
  for (CandidateSet rest = live & ~parameters; rest != 0; rest &= rest - 1) {
    const Candidate& c = allocation_.candidates()[static_cast<unsigned>(std::countr_zero(rest))];
    Node zero;
    zero.kind = NodeKind::constant;
    zero.type = c.type;
    load_constant(home(c.local, c.type), zero);
  }
  valid_ = live;
  clean_ = parameters;
}

[[gnu::always_inline]] inline void Emitter::statement(const Statement& s) {
  switch (s.kind) {
    case StatementKind::label:
      if (reachable_) ensure(allocation_.live_in(current_));
      label_at_[s.label] = static_cast<std::uint32_t>(code_.size());
      end_block(true);
      valid_ = allocation_.live_in(current_);
      clean_ = read_only_ & valid_;
      reachable_ = true;
      return;
    case StatementKind::branch:
    case StatementKind::jump:
    case StatementKind::br_table:
      ensure(allocation_.live_in(current_));
      break;
    default:
      ensure(allocation_.uses(current_));
  }
  switch (s.kind) {
    case StatementKind::set:
      return set(s);
    case StatementKind::set_result:
      return copy(slot(s.index), place_of(f_.nodes[s.node[0]]), s.type);
    case StatementKind::move:
      return move(s.operands, s.index, s.operand_count);
    case StatementKind::store:
    case StatementKind::far_store:
      return emit_tree(kNoToken, nullptr, std::span(s.node, 2), &s);
    case StatementKind::set_global: {
      const Operand global(OperandClass::index4, s.index);
      return emit_tree(kSetGlobal, &global, std::span(s.node, 1), &s);
    }
    case StatementKind::branch:
      return branch(s);
    case StatementKind::jump:
      return jump(s);
    case StatementKind::br_table:
      return br_table(s);
    case StatementKind::call:
    case StatementKind::call_import:
    case StatementKind::call_indirect:
    case StatementKind::call_ref:
      return call(s);
    case StatementKind::return_call:
    case StatementKind::return_call_import:
    case StatementKind::return_call_indirect:
    case StatementKind::return_call_ref:
      return return_call(s);
    case StatementKind::ret:
      return emit_tree(kReturn, nullptr, std::span(s.node, 1), &s);
    case StatementKind::ret_void:
      append<PlainWord>(dispatcher_.word(WordId::return_void), sizeof(PlainWord),
                        name_of(kReturnVoidWord, 0));
      return;
    case StatementKind::unreachable:
      append<PlainWord>(dispatcher_.word(WordId::unreachable));
      return note(0, s.offset);
    case StatementKind::runtime:
      return runtime(s);
    case StatementKind::vector:
      return vector(s);
    case StatementKind::atomic:
      return atomic(s);
    case StatementKind::object:
      return object(s);
    case StatementKind::wide:
      return wide(s);
    case StatementKind::fuel:
      append<FuelWord>(dispatcher_.word(WordId::fuel), sizeof(FuelWord), name_of(kFuelWord, 0))
          .cost = s.index;
      return note(0, s.offset);
    case StatementKind::throw_:
      return throw_(s);
    case StatementKind::throw_ref:
      return throw_ref(s);
    case StatementKind::region:
      return region(s);
    case StatementKind::landing:
      return landing(s);
    case StatementKind::label:
      return;
  }
}

/// Records that a statement's variable now has the value at `place`.
void Emitter::assigned(const Statement& s, const Place& place) {
  const CandidateSet local = allocation_.set_of(s.variable);
  valid_ |= local;
  clean_ &= ~local;
  if (!f_.is_local(s.variable) && place.in_register()) {
    busy_[place.is_float] = static_cast<std::uint8_t>(busy_[place.is_float] | 1u << place.reg);
    temporaries_.push_back({s.variable, place, s.last_use});
  }
}

[[gnu::always_inline]] inline void Emitter::set(const Statement& s) {
  if (current_ + 1 < f_.statements.size() && variant_.options.fuse) {
    const StatementKind next = f_.statements[current_ + 1].kind;
    if (next == StatementKind::branch && step_branch(s)) return;
    if (next == StatementKind::set_global && set_both(s)) return;
  }
  const Place to = destination(s);
  evaluate(to, s.node[0]);
  assigned(s, to);
}

/// x += constant; compare x; branch back: one word. The next statement is a branch.
bool Emitter::step_branch(const Statement& s) {
  const Statement& next = f_.statements[current_ + 1];
  const Node& sum = f_.nodes[s.node[0]];
  if (!f_.labels[next.label].is_loop || !next.sense || !f_.is_local(s.variable) ||
      sum.kind != NodeKind::numeric || (sum.op != Insn::i32_add && sum.op != Insn::i64_add)) {
    return false;
  }
  const Node& step = f_.nodes[sum.child[1]];
  const Node& base = f_.nodes[sum.child[0]];
  const Node& compare = f_.nodes[next.node[0]];
  const auto is_x = [&s](const Node& n) {
    return n.kind == NodeKind::variable && n.value == s.variable;
  };
  if (!is_x(base) || !has_immediate(step) || compare.kind != NodeKind::numeric ||
      compare.arity != 2) {
    return false;
  }
  const Node& other = f_.nodes[compare.child[1]];
  if (!is_x(f_.nodes[compare.child[0]]) || !other.is_leaf() || is_x(other) ||
      other.type != sum.type) {
    return false;
  }
  const bool immediate = has_immediate(other);
  if (other.kind == NodeKind::constant && !immediate) return false;
  Key key;
  key.add(kStepBranchBack);
  key.add(sum.op);
  key.add(compare.op);
  key.add(immediate ? kImmediateLeaf : kIntLeaf);
  const Shape* shape = dispatcher_.find(key);
  if (shape == nullptr) return false;
  ensure(allocation_.live_in(current_) | allocation_.live_in(current_ + 1));
  const Operand operands[] = {
      {OperandClass::target8, next.label},
      {OperandClass::int_value, home(s)},
      {OperandClass::imm4, step.value},
      immediate ? Operand{OperandClass::imm4, other.value}
                : Operand{OperandClass::int_value, place_of(other)},
  };
  write(*shape, operands);
  note(0, next.offset);
  assigned(s, home(s));
  ++current_;
  return true;
}

/// local = global - constant; global = local: one word. The next statement sets a global.
bool Emitter::set_both(const Statement& s) {
  const Statement& next = f_.statements[current_ + 1];
  const Node& difference = f_.nodes[s.node[0]];
  if (!f_.is_local(s.variable) || difference.kind != NodeKind::numeric ||
      difference.op != Insn::i32_sub) {
    return false;
  }
  const Node& value = f_.nodes[next.node[0]];
  const Node& global = f_.nodes[difference.child[0]];
  const Node& amount = f_.nodes[difference.child[1]];
  if (value.kind != NodeKind::variable || value.value != s.variable ||
      global.kind != NodeKind::global || !has_immediate(amount)) {
    return false;
  }
  Key key;
  key.add(kSetBoth);
  key.add(Insn::i32_sub);
  key.add(Insn::global_get);
  key.add(kCopy32);
  key.add(kImmediateLeaf);
  const Shape* shape = dispatcher_.find(key);
  if (shape == nullptr) return false;
  const Operand operands[] = {{OperandClass::int_value, home(s)},
                              {OperandClass::index4, next.index},
                              {OperandClass::index4, global.value},
                              {OperandClass::imm4, amount.value}};
  write(*shape, operands);
  assigned(s, home(s));
  ++current_;
  return true;
}

void Emitter::branch(const Statement& s) {
  const bool back = f_.labels[s.label].is_loop;
  const std::uint16_t token =
      s.sense ? (back ? kBranchIfBack : kBranchIf) : (back ? kBranchUnlessBack : kBranchUnless);
  const Operand target{back ? OperandClass::target8 : OperandClass::target4, s.label};
  emit_tree(token, &target, std::span(s.node, 1), &s);
}

void Emitter::jump(const Statement& s) {
  for (std::uint32_t i = current_ + 1;
       i < f_.statements.size() && (f_.statements[i].kind == StatementKind::label ||
                                    f_.statements[i].kind == StatementKind::region);
       ++i) {
    if (f_.statements[i].label == s.label) {
      reachable_ = true;
      return;
    }
  }
  if (f_.labels[s.label].is_loop) {
    append<JumpBackWord>(dispatcher_.word(WordId::jump_back), sizeof(JumpBackWord),
                         polling(name_of(kJumpBackWord, 0)));
    branch_target(word_ + offsetof(JumpBackWord, target), word_, s.label, true);
  } else {
    append<JumpWord>(dispatcher_.word(WordId::jump), sizeof(JumpWord), name_of(kJumpWord, 0));
    branch_target(word_ + offsetof(JumpWord, distance), word_, s.label, false);
  }
  note(0, s.offset);
}

/// Copies slots that may overlap.
void Emitter::move(std::uint32_t from, std::uint32_t to, std::uint32_t count) {
  auto& word = append<RuntimeWord>(dispatcher_.word(WordId::move_slots));
  word.index = count;
  word.a = slot_number(from, count);
  word.result = slot_number(to, count);
}

/// br_table finds its index in r0 or a slot.
Emitter::Place Emitter::table_index(NodeId id) {
  const Node& n = f_.nodes[id];
  const Place r0 = in_register(0, false);
  if (n.kind == NodeKind::variable) {
    const Place place = place_of(n);
    if (!place.in_register() || place.reg == 0) return place;
  }
  if (!variant_.options.fuse || is_busy(0, false)) return into_slot(id);
  evaluate(r0, id);
  return r0;
}

void Emitter::br_table(const Statement& s) {
  const std::uint32_t count = s.operand_count;
  const bool native = dispatcher_.br_tables != nullptr && count <= kSwitchTargets;
  const Place index = native ? table_index(s.node[0]) : into_slot(s.node[0]);
  const std::size_t size = (sizeof(BrTableWord) + 4 * std::size_t{count} + 7) / 8 * 8;
  auto& word = append<BrTableWord>(
      native ? Dispatcher::at(dispatcher_.br_tables, (count - 1) * 2 + index.in_register())
             : dispatcher_.word(WordId::br_table),
      static_cast<std::uint32_t>(size));
  word.count = count;
  word.index = index.slot;
  if (!index.in_register()) release(index);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint32_t>(word_ + sizeof(BrTableWord) + 4 * std::size_t{i});
    branch_target(at, word_, f_.operands[s.operands + i], false);
  }
}

void Emitter::runtime(const Statement& s) {
  Place operands[3];
  for (unsigned i = 0; i < s.nodes; ++i) operands[i] = into_slot(s.node[i]);
  auto& word = append<RuntimeWord>(dispatcher_.word(s.word));
  const Place result = result_slot(s);
  word.index = s.index;
  word.index2 = s.index2;
  word.a = operands[0].slot;
  word.b = operands[1].slot;
  word.c = operands[2].slot;
  word.result = result.slot;
  note(0, s.offset);
  for (unsigned i = 0; i < s.nodes; ++i) release(operands[i]);
  if (s.variable == kNone) return;
  copy(home(s), result, s.type);
  assigned(s, home(s));
}

/// Where a word that knows only slots puts its result. Operands are read before the result is
/// written: it may pass through a scratch slot of theirs.
Emitter::Place Emitter::result_slot(const Statement& s) {
  if (s.variable == kNone) return {};
  const Place to = home(s);
  if (!to.in_register()) return to;
  scratch_used_ = std::max(scratch_used_, 1u);
  return slot(scratch_begin_);
}

/// An instruction whose operands have been put into their temporaries' slots.
void Emitter::object(const Statement& s) {
  auto& word = append<ObjectWord>(dispatcher_.word(s.word));
  const Place result = result_slot(s);
  word.index = s.index;
  word.index2 = s.index2;
  word.frame = frame_;
  word.operands = slot_number(s.operands, s.operand_count);
  word.result = result.slot;
  note(0, s.offset);
  if (s.variable == kNone) return;
  copy(home(s), result, s.type);
  assigned(s, home(s));
}

}  // namespace tinywasm::vm::ir
