// SPDX-License-Identifier: Apache-2.0
// Code that counts how often it runs: a word with a counter at the beginning of each block.
#include <cstring>

#include "vm/emitter.hpp"
#include "vm/word_profile.hpp"

namespace tinywasm::vm::ir {

/// Notes a word that is about to be written; before the first one of a block comes its counter.
void Emitter::count_block(WordName name) {
  std::deque<WordProfile::Block>& blocks = variant_.profile->blocks;
  if (counter_ == nullptr) {
    WordProfile::Block& block = blocks.emplace_back();
    block.is_entered = is_entered_;
    counter_ = &block.count;
    names_.push_back(0);
    word_begins_.push_back(static_cast<std::uint32_t>(code_.size()));
    const CountWord word{dispatcher_.word(WordId::count), counter_};
    std::memcpy(code_.grow(sizeof word), &word, sizeof word);
  }
  blocks.back().words.push_back(name);
}

/// The next word begins a block. `is_entered`: control may come to it from elsewhere.
void Emitter::end_block(bool is_entered) {
  counter_ = nullptr;
  is_entered_ = is_entered;
}

/// The next word is of the same block, but control comes back to it from a call.
void Emitter::break_sequence() {
  if (variant_.profile && counter_ != nullptr) {
    variant_.profile->blocks.back().words.push_back(WordProfile::kBreak);
  }
}

}  // namespace tinywasm::vm::ir
