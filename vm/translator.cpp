// SPDX-License-Identifier: Apache-2.0
#include "vm/translator.hpp"

#include <utility>

#include "decoder/validator.hpp"
#include "vm/allocation.hpp"
#include "vm/emitter.hpp"
#include "vm/ir_builder.hpp"
#include "vm/ir_threading.hpp"

namespace tinywasm::vm {

struct Translation::State {
  ir::Function function;
  ir::Forms forms;
  ir::Allocation allocation;
  ir::EmitterBuffers buffers;
  std::optional<ir::Emitter> emitter;
};

Translation::Translation() : state_(std::make_unique<State>()) {}
Translation::~Translation() = default;

bool Translation::run(ModuleCode::Variant& variant, std::uint32_t function_index,
                      bool with_positions) {
  State& s = *state_;
  ir::Builder builder(variant.module, function_index, variant.options, s.function, s.forms);
  if (!decoder::validate_function(variant.module, function_index, builder)) return false;
  if (variant.options.fuse) ir::thread_jumps(s.function);
  s.allocation.run(s.function, variant.options.fuse);
  const auto emit = [&] {
    s.emitter.emplace(s.function, s.allocation, variant.dispatcher, variant, s.buffers,
                      with_positions);
    return s.emitter->run();
  };
  if (emit()) return true;
  // Some tree took more scratch slots than was estimated: once more, in a frame that has them.
  if (s.emitter->scratch_slots() <= s.function.max_need) return false;
  s.function.max_need = s.emitter->scratch_slots();
  return emit();
}

std::span<const std::byte> Translation::code() const { return state_->emitter->code(); }
std::uint32_t Translation::frame() const { return state_->emitter->frame(); }
void Translation::relocate(std::byte* base) const { state_->emitter->relocate(base); }
std::unique_ptr<HandlerTable> Translation::handlers() const { return state_->emitter->handlers(); }

void Translation::shrink() {
  State& s = *state_;
  ir::Covers covers = std::move(s.buffers.covers);
  ir::KnownWords known_words = std::move(s.buffers.known_words);
  s.emitter.reset();
  s.function = {};
  s.allocation = {};
  s.buffers = {};
  s.buffers.covers = std::move(covers);
  s.buffers.known_words = std::move(known_words);
}

std::optional<std::uint32_t> Translation::position(std::uint32_t word,
                                                   std::uint32_t ordinal) const {
  std::optional<std::uint32_t> found;
  for (const ir::Position& p : state_->emitter->positions()) {
    if (p.word > word) break;
    // Without an exact answer the nearest operation before it is the place to name.
    if (p.word < word || p.ordinal == ordinal) found = p.offset;
    if (p.word == word && p.ordinal == ordinal) break;
  }
  return found;
}

}  // namespace tinywasm::vm
