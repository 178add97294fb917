// SPDX-License-Identifier: Apache-2.0
// Under the address sanitizer the value stack beyond the live frame is poisoned, so that a handler
// which reads or writes there is reported, though the memory is ours. In other builds these are
// empty.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define TINYWASM_FRAME_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TINYWASM_FRAME_SHADOW 1
#endif
#endif
#ifndef TINYWASM_FRAME_SHADOW
#define TINYWASM_FRAME_SHADOW 0
#endif

#if TINYWASM_FRAME_SHADOW
#include <sanitizer/asan_interface.h>
#include <vector>
#endif

namespace tinywasm::vm {

#if TINYWASM_FRAME_SHADOW

/// What of a Store's value stack is poisoned: all from open() on.
class FrameShadow {
 public:
  using Slot = std::uint64_t;

  /// The value stack of a new Store: nothing of it is in use.
  void begin(Slot* stack, Slot* end) {
    open_ = stack;
    __asan_poison_memory_region(stack, bytes(stack, end));
  }
  /// Before its memory is given back.
  void finish(Slot* stack, Slot* end) { __asan_unpoison_memory_region(stack, bytes(stack, end)); }

  /// A function begins: its frame at `fp`, with outgoing arguments, ends at `end`.
  void enter(Slot* fp, Slot* end) {
    while (!frames_.empty() && frames_.back().fp >= fp) frames_.pop_back();
    frames_.push_back({fp, end});
    open(end);
  }
  /// Control is in the frame at `fp` again.
  void back(Slot* fp) {
    while (!frames_.empty() && frames_.back().fp > fp) frames_.pop_back();
    if (!frames_.empty() && frames_.back().fp == fp) open(frames_.back().end);
  }
  /// Slots up to `end` are in use.
  void open(Slot* end) {
    if (open_ == nullptr) return;  // no stack of a Store
    if (end > open_) __asan_unpoison_memory_region(open_, bytes(open_, end));
    if (end < open_) __asan_poison_memory_region(end, bytes(end, open_));
    open_ = end;
  }
  /// Where the part in use ends, for open().
  Slot* end() const { return open_; }

 private:
  struct Frame {
    Slot* fp;
    Slot* end;
  };
  static std::size_t bytes(const Slot* begin, const Slot* end) {
    return static_cast<std::size_t>(end - begin) * sizeof(Slot);
  }

  std::vector<Frame> frames_;
  Slot* open_ = nullptr;
};

#else

class FrameShadow {
 public:
  using Slot = std::uint64_t;

  void begin(Slot*, Slot*) {}
  void finish(Slot*, Slot*) {}
  void enter(Slot*, Slot*) {}
  void back(Slot*) {}
  void open(Slot*) {}
  Slot* end() const { return nullptr; }
};

#endif

}  // namespace tinywasm::vm
