// SPDX-License-Identifier: Apache-2.0
// How often each word of a module's code ran, for the choice of sequences.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "vm/operands.hpp"

namespace tinywasm::vm {

class Dispatcher;

/// Filled in by the emitter: blocks of words that run equally often.
struct WordProfile {
  static constexpr WordName kBreak = 1;  // in a block: control comes from elsewhere
  struct Block {
    bool is_entered = true;  // also from elsewhere than from the block before it
    std::uint64_t count = 0;
    std::vector<WordName> words;  // 0: one that is never part of a sequence
  };
  std::deque<Block> blocks;  // references stay valid
};

/// One line a word: how often it ran, a tab, and the step of sequences.def it is, or "-". An empty
/// line stands where control does not go on from one word to the next.
std::string text_of(const WordProfile& profile, const Dispatcher& dispatcher);

}  // namespace tinywasm::vm
