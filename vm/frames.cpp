// SPDX-License-Identifier: Apache-2.0
#include "vm/frames.hpp"

#include <cstring>

#include "vm/words.hpp"

namespace tinywasm::vm {
namespace {

/// Slots between the frames on both sides of a tail call that left its instance.
constexpr std::ptrdiff_t kBridgeSlots = 4;

}  // namespace

const std::byte* halt_pc(const Dispatcher& dispatcher) {
  // The word has no operands, so the handler's entry in their table is one.
  const auto* const words = static_cast<const HandlerAddress*>(dispatcher.words);
  return reinterpret_cast<const std::byte*>(words + static_cast<std::size_t>(WordId::halt));
}

FrameWalk::FrameWalk(Instance* instance, const std::byte* pc, Slot* fp,
                     const Dispatcher& dispatcher, const CodeOptions& options)
    : dispatcher_(dispatcher), options_(options), instance_(instance), pc_(pc), fp_(fp) {
  find();
  if (function_ == nullptr && pc_ != nullptr) {
    // A frame that was pushed but whose function's code was never reached.
    next();
  }
}

void FrameWalk::next() {
  is_innermost_ = false;
  const auto* return_pc = reinterpret_cast<const std::byte*>(fp_[-1]);
  while (return_pc == dispatcher_.return_instance_pc) {
    instance_ = reinterpret_cast<Instance*>(fp_[-2]);
    fp_ -= kBridgeSlots;
    return_pc = reinterpret_cast<const std::byte*>(fp_[-1]);
  }
  if (return_pc == halt_pc(dispatcher_)) {
    function_ = nullptr;
    return;
  }
  HandlerAddress after;
  std::memcpy(&after, return_pc, sizeof after);
  if (after == dispatcher_.word(WordId::after_instance_call)) {
    instance_ = reinterpret_cast<Instance*>(fp_[-2]);
  }
  pc_ = return_pc - 1;
  find();
  if (function_ != nullptr) fp_ -= function_->frame;
}

void FrameWalk::find() {
  // Recursion: the code is that of the frame before.
  if (function_ != nullptr && function_->begin <= pc_ && pc_ < function_->end) return;
  function_ = instance_->module->variant(options_).find(pc_);
}

}  // namespace tinywasm::vm
