// SPDX-License-Identifier: Apache-2.0
#include "vm/translator.hpp"

#include <algorithm>
#include <utility>

#include "decoder/validator.hpp"
#include "vm/allocation.hpp"
#include "vm/emitter.hpp"
#include "vm/ir_builder.hpp"
#include "vm/ir_threading.hpp"

namespace tinywasm::vm {
namespace {

/// Code of so many bytes is made of tens of megabytes.
constexpr std::size_t kLargeCode = std::size_t{8} << 20;

}  // namespace

struct Translation::State {
  ir::Function function;
  ir::Forms forms;
  ir::Allocation allocation;
  ir::EmitterBuffers buffers;
  std::optional<ir::Emitter> emitter;
};

Translation::Translation() : state_(std::make_unique<State>()) {}
Translation::~Translation() = default;

Trap Translation::run(ModuleCode::Variant& variant, std::uint32_t function_index,
                      const TranslationOptions& options) {
  State& s = *state_;
  const ir::Poll poll{options.interrupt};
  const auto used = ir::used_locals(variant.module, function_index);
  ir::Builder builder(variant.module, function_index, variant.options, used ? &*used : nullptr,
                      s.function, s.forms, poll);
  if (!decoder::validate_function(variant.module, function_index, builder)) {
    return poll.due() ? Trap::interrupted : Trap::function_too_large;
  }
  if (variant.options.fuse) ir::thread_jumps(s.function);
  if (!s.allocation.run(s.function, variant.options.fuse, poll)) return Trap::interrupted;
  const auto emit = [&] {
    s.emitter.emplace(s.function, s.allocation, variant.dispatcher, variant, s.buffers,
                      options.with_positions);
    return s.emitter->run(poll);
  };
  Trap trap = emit();
  if (trap == Trap::function_too_large && s.emitter->scratch_slots() > s.function.max_need) {
    // Some tree took more scratch slots than was estimated: once more, in a frame that has them.
    s.function.max_need = s.emitter->scratch_slots();
    trap = emit();
  }
  // What the code was made of is not to be there beside its final copy.
  if (trap == Trap::none && s.emitter->code().size() > kLargeCode) {
    s.function.nodes = std::vector<ir::Node>();
    s.function.statements = std::vector<ir::Statement>();
    s.function.operands = std::vector<std::uint32_t>();
    s.allocation = ir::Allocation();
  }
  return trap;
}

std::span<const std::byte> Translation::code() const { return state_->emitter->code(); }
std::uint32_t Translation::frame() const { return state_->emitter->frame(); }
bool Translation::relocate(std::byte* base) const { return state_->emitter->relocate(base); }
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

bool Translation::has_positions() const { return state_->emitter->with_positions(); }
std::vector<ir::Position> Translation::positions() const {
  const auto positions = state_->emitter->positions();
  return {positions.begin(), positions.end()};
}

std::optional<std::uint32_t> find_position(std::span<const ir::Position> positions,
                                           std::uint32_t word, std::uint32_t ordinal) {
  const auto first = std::lower_bound(
      positions.begin(), positions.end(), word,
      [](const ir::Position& position, std::uint32_t w) { return position.word < w; });
  for (auto at = first; at != positions.end() && at->word == word; ++at) {
    if (at->ordinal == ordinal) return at->offset;
  }
  // Without an exact answer the nearest operation before it is the place to name.
  if (first == positions.begin()) return std::nullopt;
  return std::prev(first)->offset;
}

}  // namespace tinywasm::vm
