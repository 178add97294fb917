// SPDX-License-Identifier: Apache-2.0
// The tail dispatcher: handlers of words.def, and the way in and out.
#include "vm/handlers.hpp"
#include "vm/sequences.hpp"
#include "vm/word_handlers.hpp"

namespace tinywasm::vm {
namespace tail_dispatch {
namespace {

/// A function of its own without addressable locals: after the call of a preserve_none handler
/// nothing of its frame may be assumed but what the call itself saved.
[[gnu::noinline]] void enter_handlers(const std::byte* pc, Slot* fp, Context* ctx) {
  [[maybe_unused]] const KeptRegisters kept;
  Registers R{pc, fp, ctx->instance->memory0->base, ctx, {}, {}, {}, {}, {}, {}, {}, {}, {}};
  R.lpc = nullptr;
  R.r0 = R.r1 = R.r2 = R.r3 = 0;
  (*reinterpret_cast<Handler* const*>(pc))(TINYWASM_PASS);
}

const std::span<const Shape>* families() {
  static const std::span<const Shape> all[] = {
      i32_shapes(),    i32_fused_shapes(),    i64_shapes(),    i64_fused_shapes(), float_shapes(),
      memory_shapes(), memory_fused_shapes(), branch_shapes(), value_shapes(),     far_shapes()};
  return all;
}

constexpr SequenceBeginnings kBeginnings = beginnings_of_sequences();

const void* sequence(std::span<const WordName> words, std::uint64_t hash) {
  const std::span<const Sequence> units[kSequenceUnits] = {sequences_0(), sequences_1(),
                                                           sequences_2(), sequences_3()};
  const std::span<const Sequence> table = units[hash % kSequenceUnits];
  const std::size_t mask = table.size() - 1;  // the size is a power of two
  std::size_t at = hash / kSequenceUnits & mask;
  for (; table[at].handler != nullptr; at = (at + 1) & mask) {
    const auto& found = table[at].words;
    std::size_t same = 0;  // most lookups fail at the first: no call of memcmp
    while (same < words.size() && found[same] == words[same]) ++same;
    if (same == words.size() && (same == kMaxSequence || found[same] == 0)) {
      return reinterpret_cast<const void*>(table[at].handler);
    }
  }
  return nullptr;
}

}  // namespace
}  // namespace tail_dispatch

const Dispatcher& tail_dispatcher() {
  using namespace tail_dispatch;
  static const Dispatcher dispatcher({families(), 10}, {.words = kWords.data(),
                                                        .enters = kEnters.data(),
                                                        .calls = kCalls.data(),
                                                        .after_calls = kAfterCalls.data(),
                                                        .saves = kSaves.data(),
                                                        .reloads = kReloads.data(),
                                                        .float_saves = kFloatSaves.data(),
                                                        .float_reloads = kFloatReloads.data(),
                                                        .br_tables = br_table_handlers().data(),
                                                        .vectors = vector_handlers().data(),
                                                        .far_vectors = far_vector_handlers().data(),
                                                        .atomics = atomic_handlers().data(),
                                                        .return_instance_pc = return_instance_pc(),
                                                        .plain = false,
                                                        .sequence = &sequence,
                                                        .sequence_beginnings = &kBeginnings,
                                                        .run = &enter_handlers});
  return dispatcher;
}

}  // namespace tinywasm::vm
