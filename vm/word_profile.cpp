// SPDX-License-Identifier: Apache-2.0
#include "vm/word_profile.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "decoder/instructions.hpp"
#include "vm/dispatch.hpp"

namespace tinywasm::vm {
namespace {

using decoder::Insn;

const char* value_type(unsigned token) {
  switch (token) {
    case kCopy32:
      return "numeric::u32";
    case kCopyF32:
      return "float";
    case kCopyF64:
      return "double";
    default:
      return "numeric::u64";
  }
}

/// Writes the C++ types of steps from keys.
class StepWriter {
 public:
  explicit StepWriter(const Key& key) {
    std::uint64_t low = key.low;
    std::uint64_t high = key.high;
    for (; (low | high) != 0; low = (low >> 10) | (high << 54), high >>= 10) {
      tokens_.insert(tokens_.begin(), static_cast<std::uint16_t>(low & 1023));
    }
  }

  std::string statement(bool narrow) {
    const unsigned token = next();
    switch (token) {
      case kSet:
        return fmt::format("Set<{}{}>", expression(), narrow ? ", true" : "");
      case kBranchIf:
        return fmt::format("Branch<{}, true, false>", expression());
      case kBranchIfBack:
        return fmt::format("Branch<{}, true, true>", expression());
      case kBranchUnless:
        return fmt::format("Branch<{}, false, false>", expression());
      case kBranchUnlessBack:
        return fmt::format("Branch<{}, false, true>", expression());
      case kReturn:
        return fmt::format("Return<{}>", expression());
      case kSetGlobal:
        return fmt::format("SetGlobal<{}>", expression());
      case kSetBoth:
        return fmt::format("SetBoth<{}>", expression());
      case kStepBranchBack: {
        const std::string step = insn(next());
        const std::string compare = insn(next());
        return fmt::format("StepBranch<{}, {}, {}>", step, compare, expression());
      }
      default: {
        const std::string address = expression();
        return fmt::format("Store<{}, {}, {}>", insn(token), address, expression());
      }
    }
  }
  bool is_far() const { return std::find(tokens_.begin(), tokens_.end(), kFar) != tokens_.end(); }

 private:
  unsigned next() { return at_ < tokens_.size() ? tokens_[at_++] : kIntLeaf; }
  static std::string insn(unsigned token) {
    std::string name(decoder::info(static_cast<Insn>(token)).text);
    std::replace(name.begin(), name.end(), '.', '_');
    return "Insn::" + name;
  }

  std::string expression() {
    const unsigned token = next();
    switch (token) {
      case kIntLeaf:
      case kFloatLeaf:
        return "X";
      case kImmediateLeaf:
        return "I";
      case kWideImmediateLeaf:
        return "Wide";
      case kCopy32:
      case kCopy64:
      case kCopyF32:
      case kCopyF64:
        return fmt::format("Copy<{}, {}>", value_type(token), expression());
      default:
        return node(token);
    }
  }

  std::string node(unsigned token) {
    const auto op = static_cast<Insn>(token);
    if (op == Insn::global_get) return fmt::format("GlobalValue<{}>", value_type(next()));
    if (op == Insn::select) {
      const char* type = value_type(next());
      const std::string a = expression();
      const std::string b = expression();
      return fmt::format("Select<{}, {}, {}, {}>", type, a, b, expression());
    }
    if (op >= Insn::i32_load && op < Insn::i32_store) {
      return fmt::format("L<{}, {}>", insn(token), expression());
    }
    const std::string a = expression();
    const std::string_view signature = decoder::info(op).signature;
    if (signature.find(':') < 2) return fmt::format("N1<{}, {}>", insn(token), a);
    return fmt::format("N2<{}, {}, {}>", insn(token), a, expression());
  }

  std::vector<std::uint16_t> tokens_;
  std::size_t at_ = 0;
};

using Steps = std::unordered_map<WordName, std::string>;

Steps all_steps(const Dispatcher& dispatcher) {
  Steps steps;
  for (const Shape* shape : dispatcher.shapes()) {
    StepWriter writer(shape->key);
    if (writer.is_far()) continue;
    const std::string statement = writer.statement(shape->narrow);
    for (unsigned i = 0; i < shape->count; ++i) {
      steps[name_of(shape->key, i)] = fmt::format("At<{}, {}>", statement, i);
    }
  }
  for (unsigned mask = 0; mask < kMasks; ++mask) {
    steps[name_of(kEnterWord, mask)] = fmt::format("Enter<{}>", mask);
    steps[name_of(kSaveWord, mask)] = fmt::format("Save<{}>", mask);
    steps[name_of(kReloadWord, mask)] = fmt::format("Reload<{}>", mask);
  }
  for (unsigned i = 0; i < kFrameClasses * kMasks; ++i) {
    steps[name_of(kCallWord, i)] = fmt::format("Call<{}, {}>", i / kMasks, i % kMasks);
    for (unsigned take = 0; take < kTakes; ++take) {
      steps[name_of(kAfterCallWord, i * kTakes + take)] =
          fmt::format("AfterCall<{}, {}, {}>", i / kMasks, i % kMasks, take);
    }
  }
  steps[name_of(kJumpWord, 0)] = "Jump";
  steps[name_of(kJumpBackWord, 0)] = "JumpBack";
  steps[name_of(kFuelWord, 0)] = "Fuel";
  steps[name_of(kReturnVoidWord, 0)] = "ReturnVoid";
  return steps;
}

std::string step_text(const Steps& steps, WordName word) {
  const auto step = steps.find(unmetered(word));
  if (step == steps.end()) return "-";
  return word == unmetered(word) ? step->second : "Metered<" + step->second + '>';
}

}  // namespace

std::string text_of(const WordProfile& profile, const Dispatcher& dispatcher) {
  const Steps steps = all_steps(dispatcher);
  std::string text;
  for (const WordProfile::Block& block : profile.blocks) {
    if (block.is_entered) text += '\n';
    for (const WordName word : block.words) {
      if (word == WordProfile::kBreak) {
        text += '\n';
        continue;
      }
      text += fmt::format("{}\t{}\n", block.count, step_text(steps, word));
    }
  }
  return text;
}

}  // namespace tinywasm::vm
