// SPDX-License-Identifier: Apache-2.0
#include "decoder/function_validator.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "decoder/limits.hpp"
#include "decoder/subtyping.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::decoder {
namespace {

constexpr std::size_t kSentinels = 2;  // entries below the first operand
constexpr std::size_t kFirstCapacity = 128;

/// What block signatures of one result view. The specification's value types of one byte.
constexpr ValType kOneResult[] = {
    ValType::kI32,
    ValType::kI64,
    ValType::kF32,
    ValType::kF64,
    ValType::kV128,
    ValType::ref(HeapType::kExn, true),
    ValType::ref(HeapType::kArray, true),
    ValType::ref(HeapType::kStruct, true),
    ValType::ref(HeapType::kI31, true),
    ValType::ref(HeapType::kEq, true),
    ValType::ref(HeapType::kAny, true),
    ValType::ref(HeapType::kExtern, true),
    ValType::ref(HeapType::kFunc, true),
    ValType::ref(HeapType::kNone, true),
    ValType::ref(HeapType::kNoExtern, true),
    ValType::ref(HeapType::kNoFunc, true),
    ValType::ref(HeapType::kNoExn, true),
    ValType::ref(HeapType::kExn, false),
    ValType::ref(HeapType::kArray, false),
    ValType::ref(HeapType::kStruct, false),
    ValType::ref(HeapType::kI31, false),
    ValType::ref(HeapType::kEq, false),
    ValType::ref(HeapType::kAny, false),
    ValType::ref(HeapType::kExtern, false),
    ValType::ref(HeapType::kFunc, false),
    ValType::ref(HeapType::kNone, false),
    ValType::ref(HeapType::kNoExtern, false),
    ValType::ref(HeapType::kNoFunc, false),
    ValType::ref(HeapType::kNoExn, false),
};

constexpr BlockSignature result_signature(std::size_t index) {
  return {.params = {}, .results = std::span(&kOneResult[index], 1)};
}
constexpr BlockSignature kNoResult;
constexpr BlockSignature kNumericResults[] = {result_signature(0), result_signature(1),
                                              result_signature(2), result_signature(3)};

/// Slots of a frame above its locals and operands: the arguments or results of calls, and
/// intermediate values of expressions.
constexpr std::uint64_t kOutgoingSlots = 2 * std::max(kMaxParameters, kMaxResults) + 64;

std::uint32_t slots_of(ValType type) { return type.is_vec() ? 2 : 1; }

}  // namespace

FunctionValidatorBase::FunctionValidatorBase(const Module& module)
    : module_(module), stack_(kFirstCapacity) {
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(module.bytes.data());
  module_end_ = begin + module.bytes.size();
  has_plain_memory_ = !module.memories.empty() && !module.memories[0].limits.is_64;
}

// Starting and ending

void FunctionValidatorBase::start_function(std::uint32_t function, bool all_locals) {
  const FunctionBody& body = module_.body(function);
  const FuncType& type = module_.type_of_function(function);
  reader_ = ByteReader(module_.bytes, body.begin, body.end);
  known_globals_ = static_cast<std::uint32_t>(module_.globals.size());
  is_constant_ = false;
  insn_.offset = body.begin;
  read_locals(type.params, all_locals);
  start_body(type.results);
}

void FunctionValidatorBase::read_locals(std::span<const ValType> params, bool all_locals) {
  std::uint64_t count = params.size();
  std::uint64_t slots = 0;
  for (const ValType param : params) slots += slots_of(param);
  locals_.assign(params.begin(), params.end());
  local_groups_.clear();
  tracks_locals_ = false;

  const std::uint32_t groups = reader_.count();
  for (std::uint32_t i = 0; i < groups && reader_.ok(); ++i) {
    insn_.offset = reader_.offset();
    const std::uint32_t size = reader_.u32();
    const ValType type = read_val_type(reader_);
    count += size;
    slots += std::uint64_t{size} * slots_of(type);
    if (count > 0xffff'ffff) return fail(Message::too_many_locals);
    if (type.is_ref()) check_heap_type(type.heap());
    if (size == 0) continue;
    if (!type.is_defaultable()) tracks_locals_ = true;
    local_groups_.push_back({static_cast<std::uint32_t>(count), type});
  }
  if (count > kMaxLocals) return fail(Message::over_locals_limit);
  slots += kOutgoingSlots;
  if (slots > kMaxFrameSlots) return fail(Message::frame_too_large);
  local_count_ = static_cast<std::uint32_t>(count);
  max_operands_ = kMaxFrameSlots - slots;
  holds_vectors_ = module_.has_vector_types || slots != count + kOutgoingSlots;
  if (holds_vectors_) max_operands_ /= 2;

  const std::size_t affordable = params.size() + 64 + 4 * reader_.remaining();
  const std::size_t flat = all_locals ? local_count_ : std::min<std::size_t>(count, affordable);
  for (const LocalGroup& group : local_groups_) {
    if (locals_.size() < flat) locals_.resize(std::min<std::size_t>(group.end, flat), group.type);
  }
  fast_locals_ = tracks_locals_ ? 0 : static_cast<std::uint32_t>(flat);
  init_stack_.clear();
  if (!tracks_locals_) return;
  is_set_.assign(local_count_, false);
  std::fill_n(is_set_.begin(), params.size(), true);
}

void FunctionValidatorBase::start_body(std::span<const ValType> results) {
  sp_ = frame_base_ = stack_.data() + kSentinels;
  limit_ = stack_.data() + std::min(stack_.size(), kSentinels + max_operands_);
  frames_.clear();
  frames_.push_back({.signature = {.params = {}, .results = results}, .height = kSentinels});
  is_live_ = true;
}

Result<void> FunctionValidatorBase::finish() {
  if (!reader_.ok()) return reader_.error();
  const std::uint32_t end = reader_.offset();
  if (frames_.empty() && reader_.at_end()) return {};
  if (frames_.empty()) return make_error(Message::section_size_mismatch, end);
  // The body has no END. The reference implementation would read on beyond the body, and what it
  // says depends on what it finds there: nothing, the number of the data section (the same as END),
  // or something else.
  if (end == module_.bytes.size()) return make_error(Message::unexpected_end_of_section, end);
  const bool reads_as_end = info(Insn::end).opcode == static_cast<std::uint8_t>(module_.bytes[end]);
  return make_error(reads_as_end ? Message::section_size_mismatch : Message::end_opcode_expected,
                    end);
}

Result<void> FunctionValidatorBase::validate_expression(const ConstExpr& expr, ValType expected,
                                                        std::uint32_t known_globals) {
  if (const auto plain = plain_constant(module_, expr); plain && plain->type == expected) return {};
  reader_ = ByteReader(module_.bytes, expr.begin, expr.end);
  known_globals_ = known_globals;
  is_constant_ = true;
  expected_ = expected;
  local_count_ = fast_locals_ = 0;
  local_groups_.clear();
  tracks_locals_ = false;
  max_operands_ = kMaxFrameSlots;
  holds_vectors_ = true;
  start_body(std::span(&expected_, 1));
  while (!reader_.at_end() && !frames_.empty()) {
    poll();
    if (!instructions_.read(reader_, insn_)) break;
    if (insn_.id == Insn::end) {
      check_block_end(Frame(frames_.back()));
      leave_block();
    } else if (check_constant(insn_)) {
      check_instruction(insn_);
    }
  }
  return finish();
}

void FunctionValidatorBase::fail_index(Message message, std::uint64_t index) {
  fail(message, ' ' + std::to_string(index));
}

// The operand stack

bool FunctionValidatorBase::grow(std::size_t count) {
  const auto height = static_cast<std::size_t>(sp_ - stack_.data());
  const auto base = static_cast<std::size_t>(frame_base_ - stack_.data());
  const std::size_t most = kSentinels + max_operands_;
  if (!reader_.ok()) return false;
  if (height + count > most) {
    fail(Message::frame_too_large);
    return false;
  }
  if (height + count > stack_.size()) stack_.resize(std::max(2 * stack_.size(), height + count));
  sp_ = stack_.data() + height;
  frame_base_ = stack_.data() + base;
  limit_ = stack_.data() + std::min(stack_.size(), most);
  return true;
}

/// From now on any operand may be a vector and take two slots. Without one in a function's or
/// global's type or among the locals, the first is pushed here and not on the fast path.
void FunctionValidatorBase::hold_vectors() {
  holds_vectors_ = true;
  max_operands_ /= 2;
  const std::size_t most = kSentinels + max_operands_;
  if (static_cast<std::size_t>(sp_ - stack_.data()) > most) return fail(Message::frame_too_large);
  limit_ = stack_.data() + std::min(stack_.size(), most);
}

void FunctionValidatorBase::push_values(std::span<const ValType> types) {
  if (!ensure(types.size())) return;
  sp_ = std::copy(types.begin(), types.end(), sp_);
}

void FunctionValidatorBase::pop_values(std::span<const ValType> types) {
  check_values(types);
  sp_ -= std::min(types.size(), operands_in_frame());
}

/// Values of these types lie on top of the stack; below the bottom of an unreachable one lies
/// whatever is needed.
void FunctionValidatorBase::check_values(std::span<const ValType> types) {
  const std::size_t there = std::min(types.size(), operands_in_frame());
  const std::span<const ValType> wanted = types.last(there);
  if (there < types.size() && !frames_.back().unreachable) return mismatch(types);
  const bool is_long = there >= 16;  // not worth it, and slow just after the pushes, when short
  if (is_long && std::memcmp(sp_ - there, wanted.data(), there * sizeof *sp_) == 0) return;
  for (std::size_t i = 0; i < there; ++i) {
    if (!matches(*(sp_ - there + i), wanted[i])) return mismatch(types);
  }
}

ValType FunctionValidatorBase::pop_any() {
  if (sp_ != frame_base_) return *--sp_;
  if (!frames_.back().unreachable) mismatch(std::span(&expected_, 0), "operand");
  return ValType::kBottom;
}

/// Pops a reference; in unreachable code it may be a non-null reference to anything.
ValType FunctionValidatorBase::pop_ref() {
  const ValType type = pop_any();
  if (type.is_ref()) return type;
  if (!type.is_bottom()) fail(Message::type_mismatch, ": a reference is required");
  return ValType::ref(kBottomHeap, false);
}

/// Whether `sub`, which is another type, is a subtype.
bool FunctionValidatorBase::is_known_subtype(ValType sub, ValType super) {
  constexpr std::size_t kFirst = 64;
  constexpr std::size_t kMost = 4096;
  if (sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (known_subtypes_.empty()) known_subtypes_.resize(kFirst);
  const auto place = [&] {
    const std::uint32_t mixed = (sub.bits() ^ (super.bits() << 7)) * 0x9e37'79b1;
    return (mixed >> 16) & (known_subtypes_.size() - 1);
  };
  SubtypePair* known = &known_subtypes_[place()];
  if (known->sub == sub && known->super == super) return true;
  if (!is_subtype(module_, sub, super)) return false;
  if (++unknown_subtypes_ > 4 * known_subtypes_.size() && known_subtypes_.size() < kMost) {
    known_subtypes_.assign(8 * known_subtypes_.size(), {});
    unknown_subtypes_ = 0;
    known = &known_subtypes_[place()];
  }
  *known = {sub, super};
  return true;
}

/// Whether types of the module are subtypes of others of it, one by one. An instruction of three
/// bytes can ask this of a thousand: the last lists that did match are remembered.
bool FunctionValidatorBase::all_match(std::span<const ValType> sub,
                                      std::span<const ValType> super) {
  if (sub.size() != super.size()) return false;
  if (sub.empty() || sub.data() == super.data()) return true;
  const auto number = [](const ValType* types) {
    return reinterpret_cast<std::uintptr_t>(types) / sizeof(ValType);
  };
  const std::uintptr_t mixed = number(sub.data()) * 7 ^ number(super.data());
  TypesPair& known = known_matches_[(mixed ^ mixed >> 6) % known_matches_.size()];
  if (known.sub == sub.data() && known.super == super.data()) return true;
  const bool match = std::equal(sub.begin(), sub.end(), super.begin(),
                                [this](ValType a, ValType b) { return matches(a, b); });
  if (match) known = {sub.data(), super.data()};
  return match;
}

void FunctionValidatorBase::mismatch(std::span<const ValType> required, const char* who) {
  if (!reader_.ok()) return;
  const std::size_t shown = std::max<std::size_t>(required.size(), 1);
  const std::size_t there = std::min(shown, operands_in_frame());
  const std::string wanted = required.empty() ? "[any]" : to_string(required);
  fail(Message::type_mismatch, std::string(": ") + who + " requires " + wanted + " but stack has " +
                                   to_string(std::span<const ValType>(sp_ - there, there)));
}

void FunctionValidatorBase::set_unreachable() {
  if (frames_.empty()) return;
  sp_ = frame_base_;
  frames_.back().unreachable = true;
  is_live_ = false;
}

// Blocks

BlockSignature FunctionValidatorBase::block_signature(const Instruction& insn) {
  if (insn.index != Instruction::kNoIndex) {
    const FuncType& type = func_type(insn.index);
    return {.params = type.params, .results = type.results};
  }
  if (insn.type.is_bottom()) return {};
  if (insn.type.is_ref() && !insn.type.heap().is_abstract()) {
    if (!check_heap_type(insn.type.heap())) return {};
    const HeapType heap = insn.type.heap();
    const std::size_t index = 4 * std::size_t{heap.type_index()} + (heap.is_exact() ? 2 : 0) +
                              (insn.type.is_nullable() ? 0 : 1);
    return {.params = {}, .results = std::span(&module_.type_refs[index], 1)};
  }
  const auto* const result = std::find(std::begin(kOneResult), std::end(kOneResult), insn.type);
  return {.params = {}, .results = std::span(result, 1)};
}

const BlockSignature* FunctionValidatorBase::one_byte_block_type(std::uint8_t byte) {
  constexpr std::uint8_t kEmpty = 0x40;
  if (byte == kEmpty) return &kNoResult;
  const auto index = static_cast<std::size_t>(ValType::kI32) - byte;
  return index < std::size(kNumericResults) ? &kNumericResults[index] : nullptr;
}

void FunctionValidatorBase::enter_block(const Instruction& insn, const BlockSignature& signature) {
  if (insn.id == Insn::if_) pop(ValType::kI32);
  pop_values(signature.params);
  if (frames_.size() > kMaxBlockDepth) return fail(Message::blocks_too_deep);
  frames_.push_back({.signature = signature,
                     .height = static_cast<std::uint32_t>(sp_ - stack_.data()),
                     .init_height = static_cast<std::uint32_t>(init_stack_.size()),
                     .id = insn.id,
                     .reported = is_live_});
  frame_base_ = sp_;
  push_values(signature.params);
}

void FunctionValidatorBase::check_block_end(const Frame& frame) {
  const std::span<const ValType> results = frame.signature.results;
  if (operands_in_frame() > results.size()) {
    const std::size_t there = operands_in_frame();
    return fail(
        Message::type_mismatch,
        ": block requires " + to_string(results) + " but stack has " +
            to_string(std::span<const ValType>(frame_base_, std::min<std::size_t>(there, 16))));
  }
  check_values(results);
  // An `if` without `else` passes its parameters on (an else makes it a block, see enter_else).
  if (frame.id == Insn::if_ && insn_.id == Insn::end &&
      !all_match(frame.signature.params, results)) {
    mismatch(results, "if without else");
  }
}

void FunctionValidatorBase::enter_else(const Frame& frame) {
  restore_locals(frame.init_height);
  frames_.back().id = Insn::else_;
  frames_.back().unreachable = false;
  is_live_ = frame.reported;
  sp_ = frame_base_;
  push_values(frame.signature.params);
}

void FunctionValidatorBase::leave_block() {
  const Frame frame = frames_.back();
  restore_locals(frame.init_height);
  frames_.pop_back();
  sp_ = frame.is_catch() ? frame_base_ - 1 : frame_base_;  // see enter_catch
  if (frames_.empty()) return;
  is_live_ = frame.reported;
  frame_base_ = stack_.data() + frames_.back().height;
  push_values(frame.signature.results);
}

void FunctionValidatorBase::restore_locals(std::uint32_t init_height) {
  while (init_stack_.size() > init_height) {
    is_set_[init_stack_.back()] = false;
    init_stack_.pop_back();
  }
}

// Locals

ValType FunctionValidatorBase::local_type(std::uint32_t index) {
  if (index >= local_count_) {
    fail_index(Message::unknown_local, index);
    return ValType::kBottom;
  }
  if (index < locals_.size()) return locals_[index];
  return std::upper_bound(local_groups_.begin(), local_groups_.end(), index,
                          [](std::uint32_t i, const LocalGroup& group) { return i < group.end; })
      ->type;
}

void FunctionValidatorBase::get_local(std::uint32_t index) {
  const ValType type = local_type(index);
  if (tracks_locals_ && reader_.ok() && !type.is_defaultable() && !is_set_[index]) {
    fail_index(Message::uninitialized_local, index);
  }
  push(type);
}

void FunctionValidatorBase::initialise_local(std::uint32_t index) {
  if (!tracks_locals_ || !reader_.ok() || is_set_[index]) return;
  is_set_[index] = true;
  init_stack_.push_back(index);
}

}  // namespace tinywasm::decoder
