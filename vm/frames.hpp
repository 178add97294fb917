// SPDX-License-Identifier: Apache-2.0
// The frames of an activation, found by their return pcs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vm/code.hpp"

namespace tinywasm::vm {

/// The code that a frame entered from outside returns to: one halt word a dispatcher.
const std::byte* halt_pc(const Dispatcher& dispatcher);

/// Walks the frames of one activation, innermost first.
class FrameWalk {
 public:
  /// Begins with the word at `pc` of the frame at `fp`, which runs in `instance`.
  FrameWalk(Instance* instance, const std::byte* pc, Slot* fp, const Dispatcher& dispatcher,
            const CodeOptions& options);

  bool done() const { return function_ == nullptr; }
  FunctionCode& function() const { return *function_; }
  Instance& instance() const { return *instance_; }
  Slot* fp() const { return fp_; }
  /// Offset in the function's code of a place inside the current word.
  std::uint32_t word() const { return static_cast<std::uint32_t>(pc_ - function_->begin); }
  bool is_innermost() const { return is_innermost_; }

  void next();

 private:
  void find();

  const Dispatcher& dispatcher_;
  const CodeOptions& options_;
  Instance* instance_;
  const std::byte* pc_;
  Slot* fp_;
  FunctionCode* function_ = nullptr;
  bool is_innermost_ = true;
};

}  // namespace tinywasm::vm
