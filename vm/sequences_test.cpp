// SPDX-License-Identifier: Apache-2.0
// Every sequence against the words it stands for: the same random operands, frame, memory and
// registers, once with a dispatch for each word and once with the sequence's handler.
#include <array>
#include <cstring>
#include <doctest/doctest.h>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "vm/api.hpp"
#include "vm/dispatch.hpp"
#include "vm/shapes.hpp"
#include "vm/store.hpp"
#include "vm/words.hpp"

#if TINYWASM_HAS_TAIL_DISPATCH

namespace tinywasm::vm::tail_dispatch {
namespace {

// The rows of sequences.def as data: what is a type there is here a variable of this name.
namespace rows {

struct Step {
  Key key{};
  unsigned number = 0;
  bool is_metered = false;
  constexpr WordName name() const {
    const WordName name = name_of(key, number);
    return is_metered ? metered(name) : name;
  }
  constexpr bool is(Token word) const {
    Key expected;
    expected.add(word);
    return key == expected;
  }
};
constexpr Step word(Token token, unsigned number = 0) {
  Step step{.number = number};
  step.key.add(token);
  return step;
}
template <class S, unsigned Index>
constexpr Step At{S::kKey, Index};
template <unsigned Mask>
constexpr Step Enter = word(kEnterWord, Mask);
template <unsigned Class, unsigned Mask>
constexpr Step Call = word(kCallWord, Class* kMasks + Mask);
template <unsigned Class, unsigned Mask, unsigned Take>
constexpr Step AfterCall = word(kAfterCallWord, (Class * kMasks + Mask) * kTakes + Take);
template <unsigned Mask>
constexpr Step Save = word(kSaveWord, Mask);
template <unsigned Mask>
constexpr Step Reload = word(kReloadWord, Mask);
constexpr Step Jump = word(kJumpWord);
constexpr Step JumpBack = word(kJumpBackWord);
constexpr Step ReturnVoid = word(kReturnVoidWord);
constexpr Step Fuel = word(kFuelWord);
template <Step S>
constexpr Step Metered{S.key, S.number, true};

struct Row {
  std::array<Step, kMaxSequence> steps;
  const char* text;
};
constexpr Row kRows[] = {
#define SEQUENCE(...) {{__VA_ARGS__}, #__VA_ARGS__},
#include "vm/sequences.def"
#undef SEQUENCE
};

}  // namespace rows

using rows::Row;
using rows::Step;

constexpr unsigned kSlots = 24;     // that operands name
constexpr unsigned kFrameAt = 200;  // calls and their returns move the frame within the stack
constexpr unsigned kStackSlots = 400;
constexpr unsigned kShownAt = 120;  // registers are saved to slots from here on, at the end

using Random = std::mt19937_64;

/// Code with an end for each way out: it shows all registers and says which end it was.
class Program {
 public:
  Program(Random& random, const Row& row) : random_(random), dispatcher_(tail_dispatcher()) {
    code_.resize(4096);
    for (unsigned i = 0; i < kEnds; ++i) write_end(i);
    begin_ = at_;
    for (const Step& step : row.steps) {
      if (step.key != Key{}) write_step(step);
    }
    jump_to_end(0);
  }

  std::byte* begin() { return code_.data() + begin_; }
  const std::byte* end_of(unsigned end) const { return code_.data() + end_[end]; }

 private:
  static constexpr unsigned kEnds = 3;  // falling through, a branch or call, a return

  template <class Word>
  Word& append(HandlerAddress handler, std::size_t size = sizeof(Word)) {
    auto* word = reinterpret_cast<Word*>(code_.data() + at_);
    at_ += size;
    word->handler = handler;
    return *word;
  }
  void write_end(unsigned number) {
    end_[number] = at_;
    const auto slots = [](SlotsWord& word, unsigned first) {
      for (unsigned i = 0; i < 3; ++i) word.slot[i] = static_cast<std::uint16_t>(first + i);
    };
    slots(append<SlotsWord>(Dispatcher::at(dispatcher_.saves, 7)), kShownAt);
    slots(append<SlotsWord>(Dispatcher::at(dispatcher_.float_saves, 7)), kShownAt + 3);
    append<SlotsWord>(dispatcher_.word(WordId::take_int)).slot[0] = kShownAt + 6;
    append<SlotsWord>(dispatcher_.word(WordId::take_float)).slot[0] = kShownAt + 7;
    append<SlotsWord>(Dispatcher::at(dispatcher_.reloads, 1)).slot[0] =
        static_cast<std::uint16_t>(kShownAt + 8 + number);
    append<SlotsWord>(Dispatcher::at(dispatcher_.saves, 1)).slot[0] = kShownAt + 11;
    append<PlainWord>(dispatcher_.word(WordId::halt));
  }
  void jump_to_end(unsigned end) {
    const auto from = static_cast<std::int32_t>(at_);
    append<JumpWord>(dispatcher_.word(WordId::jump)).distance =
        static_cast<std::int32_t>(end_[end]) - from;
  }
  std::uint16_t slot() { return static_cast<std::uint16_t>(random_() % kSlots); }
  template <class Word>
  Word& append_slots(HandlerAddress handler) {
    Word& word = append<Word>(handler);
    for (std::uint16_t& s : word.slot) s = slot();
    return word;
  }

  void write_step(const Step& step) {
    const unsigned n = step.number;
    if (step.is(kEnterWord)) {
      auto& word = append_slots<EnterWord>(Dispatcher::at(dispatcher_.enters, n));
      word.frame_bytes = random_() % 8 == 0 ? 1 << 20 : 64;
      word.zero_begin = slot();
      word.zero_count = static_cast<std::uint16_t>(random_() % 3);
    } else if (step.is(kCallWord)) {
      const HandlerAddress handler = Dispatcher::at(dispatcher_.calls, n);
      if (n % kMasks == 0) {
        append<CallWord>(handler).callee = end_of(1);
      } else {
        append_slots<SavingCallWord>(handler).callee = end_of(1);
      }
    } else if (step.is(kAfterCallWord)) {
      const HandlerAddress handler = Dispatcher::at(dispatcher_.after_calls, n);
      if (n / kTakes % kMasks == 0 && n % kTakes == kTakeNone) {
        append<PlainWord>(handler);
      } else {
        append_slots<AfterCallWord>(handler);
      }
    } else if (step.is(kSaveWord) || step.is(kReloadWord)) {
      const void* handlers = step.is(kSaveWord) ? dispatcher_.saves : dispatcher_.reloads;
      append_slots<SlotsWord>(Dispatcher::at(handlers, n));
    } else if (step.is(kJumpWord)) {
      jump_to_end(1);
    } else if (step.is(kJumpBackWord)) {
      append<JumpBackWord>(dispatcher_.word(WordId::jump_back)).target = end_of(1);
    } else if (step.is(kFuelWord)) {
      append<FuelWord>(dispatcher_.word(WordId::fuel)).cost =
          static_cast<std::uint32_t>(random_() % 2000);
    } else if (step.is(kReturnVoidWord)) {
      append<PlainWord>(dispatcher_.word(WordId::return_void));
    } else {
      write_shape(step);
    }
  }
  void write_shape(const Step& step) {
    const Shape* shape = dispatcher_.find(step.key);
    REQUIRE(shape != nullptr);
    REQUIRE(step.number < shape->count);
    std::uint8_t places[kMaxOperands] = {};
    unsigned rest = step.number;
    for (unsigned i = shape->operand_count; i-- > 0;) {
      if (!is_value(shape->classes[i])) continue;
      const unsigned base = shape->narrow && i == 0 ? 2 : kPlaces;
      places[i] = static_cast<std::uint8_t>(rest % base == base - 1 ? kInSlot : rest % base);
      rest /= base;
    }
    const Layout layout = layout_of(shape->classes.data(), places, shape->operand_count);
    const std::size_t word = at_;
    append<PlainWord>(Dispatcher::at(shape->handlers, step.number), layout.size);
    for (unsigned i = 0; i < shape->operand_count; ++i) {
      std::byte* operand = code_.data() + word + layout.offset[i];
      if (is_value(shape->classes[i])) {
        const std::uint16_t s = slot();
        if (places[i] == kInSlot) std::memcpy(operand, &s, sizeof s);
      } else {
        write_immediate(operand, shape->classes[i], word);
      }
    }
  }
  void write_immediate(std::byte* operand, OperandClass cls, std::size_t word) {
    std::uint64_t value = random_() % 2 == 0 ? random_() : random_() % 40;
    if (cls == OperandClass::index4) value = random_() % 4;  // an offset, or a global
    if (cls == OperandClass::target4) value = end_[1] - word;
    if (cls == OperandClass::target8) value = reinterpret_cast<std::uintptr_t>(end_of(1));
    const bool is_wide = cls == OperandClass::imm8 || cls == OperandClass::target8;
    std::memcpy(operand, &value, is_wide ? 8 : 4);
  }

  Random& random_;
  const Dispatcher& dispatcher_;
  std::vector<std::byte> code_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_[kEnds] = {};
};

/// A Store with a memory, four globals and a stack of our own to run code on.
class World {
 public:
  World() : linker_(store_) {
    auto module = Module::from_text(
        "(memory 1) (global (mut i32) (i32.const 1)) (global (mut i32) (i32.const 2))"
        "(global (mut i64) (i64.const 3)) (global (mut i64) (i64.const 4))");
    REQUIRE(module);
    module_ = *module;
    auto instance = linker_.instantiate(*module_);
    REQUIRE(instance);
    context_ = &store_.impl()->context();
    context_->instance = Handles::unwrap(*instance);
    context_->own_globals = context_->instance->own_globals;
    memory_ = context_->instance->memory0;
    context_->shadow = FrameShadow{};  // of the Store's value stack, which run() does not use
  }

  struct State {
    std::vector<Slot> stack;
    std::vector<std::byte> memory;
    std::vector<Slot> globals;
    Trap trap{};
    std::uint32_t operand = 0;
    std::ptrdiff_t trap_at = 0;
    std::int64_t fuel = 0;
    friend bool operator==(const State&, const State&) = default;
    void keep_low_halves() {
      for (Slot& slot : stack) slot &= 0xffffffff;
    }
  };

  State run(const std::byte* code, const std::byte* return_to, std::uint64_t seed) {
    Random random(seed);
    std::vector<Slot> stack(kStackSlots);
    for (Slot& slot : stack) slot = random_value(random);
    std::memset(memory_->base, static_cast<int>(seed), memory_->size);
    for (unsigned i = 0; i < 4; ++i) context_->own_globals[i].value[0] = random_value(random);
    Slot* fp = stack.data() + kFrameAt;
    // A return goes to its end from whatever frame it is in.
    for (unsigned i = 0; i < kFrameAt; ++i)
      fp[-1 - static_cast<int>(i)] = reinterpret_cast<Slot>(return_to);
    for (unsigned i = 0; i < 3; ++i) fp[kShownAt + 8 + i] = 1000 + i;
    Slot* const stack_limit = std::exchange(context_->stack_limit, stack.data() + kStackSlots);
    context_->set_memory_size(memory_->size);
    context_->fuel = static_cast<std::int64_t>(random() % 4000);
    context_->trap = Trap::none;
    context_->trap_operand = 0;
    context_->trap_pc = code;
    tail_dispatcher().run(code, fp, context_);
    context_->stack_limit = stack_limit;
    State state;
    state.trap = context_->trap;
    state.fuel = context_->fuel;
    if (state.trap != Trap::none) {
      state.operand = context_->trap_operand;
      state.trap_at = context_->trap_pc - code;
    }
    state.stack = std::move(stack);
    state.memory.assign(memory_->base, memory_->base + 512);
    for (unsigned i = 0; i < 4; ++i) state.globals.push_back(context_->own_globals[i].value[0]);
    return state;
  }

 private:
  static Slot random_value(Random& random) {
    const std::uint64_t kind = random() % 8;
    if (kind == 0) return random();
    if (kind == 1) return static_cast<std::uint32_t>(random());
    return random() % 200;  // an address in most cases
  }

  tinywasm::Store store_;
  Linker linker_;
  std::optional<Module> module_;
  Context* context_ = nullptr;
  Memory* memory_ = nullptr;
};

void check(World& world, const Row& row) {
  CAPTURE(std::string(row.text));
  std::vector<WordName> names;
  for (const Step& step : row.steps) {
    if (step.key != Key{}) names.push_back(step.name());
  }
  const HandlerAddress sequence = tail_dispatcher().sequence(names, sequence_hash(names));
  REQUIRE(sequence != nullptr);
  for (std::size_t n = 2; n <= names.size(); ++n) {
    CHECK(
        tail_dispatcher().sequence_beginnings->may_have(sequence_hash(std::span(names).first(n))));
  }
  // A register with an f32 may hold anything above it, which the end shows with it.
  const bool has_f32 = std::string_view(row.text).find("f32") != std::string_view::npos ||
                       std::string_view(row.text).find("<float") != std::string_view::npos;
  Random random(names[0] ^ names[1]);
  for (unsigned round = 0; round < 24; ++round) {
    Program program(random, row);
    const std::uint64_t seed = random();
    World::State words = world.run(program.begin(), program.end_of(2), seed);
    std::memcpy(program.begin(), &sequence, sizeof sequence);
    World::State together = world.run(program.begin(), program.end_of(2), seed);
    if (has_f32) {
      words.keep_low_halves();
      together.keep_low_halves();
    }
    CHECK(words == together);
  }
}

}  // namespace

TEST_SUITE("sequences") {
  TEST_CASE("a sequence does what its words do") {
    World world;
    for (const Row& row : rows::kRows) check(world, row);
  }

  TEST_CASE("no two words have the same name") {
    std::set<WordName> names;
    std::size_t count = 0;
    const auto add = [&](WordName name) {
      CHECK(name > 1);
      names.insert(name);
      ++count;
    };
    for (const Shape* shape : tail_dispatcher().shapes()) {
      for (unsigned i = 0; i < shape->count; ++i) add(name_of(shape->key, i));
    }
    for (unsigned i = 0; i < kMasks; ++i) {
      for (const Token word : {kEnterWord, kSaveWord, kReloadWord}) add(name_of(word, i));
    }
    for (unsigned i = 0; i < kFrameClasses * kMasks; ++i) {
      add(name_of(kCallWord, i));
      for (unsigned take = 0; take < kTakes; ++take)
        add(name_of(kAfterCallWord, i * kTakes + take));
    }
    for (const Token word : {kJumpWord, kJumpBackWord, kReturnVoidWord, kFuelWord})
      add(name_of(word, 0));
    CHECK(names.size() == count);
  }
}

}  // namespace tinywasm::vm::tail_dispatch

#else

TEST_SUITE("sequences") {
  TEST_CASE("without the tail dispatcher there are none") {
    CHECK_FALSE(static_cast<bool>(tinywasm::vm::tail_dispatcher().sequence));
  }
}

#endif
