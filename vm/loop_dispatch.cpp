// SPDX-License-Identifier: Apache-2.0
// The portable dispatcher: the same handlers, each returning to a loop, plain rows only.
#define TINYWASM_LOOP_DISPATCH
#include "vm/atomic_access.hpp"
#include "vm/far_access.hpp"
#include "vm/shapes.hpp"
#include "vm/vector_handlers.hpp"
#include "vm/word_handlers.hpp"

namespace tinywasm::vm {
namespace loop_dispatch {
namespace {

constexpr auto kPlainShapes =
    shapes(Concat<PlainNumeric<numeric::u32>, PlainNumeric<numeric::u64>, PlainNumeric<float>,
                  PlainNumeric<double>, PlainCopies, PlainAccesses, PlainBranches>::type{});
constexpr auto kFarShapes = shapes(FarAccesses{});
constexpr std::span<const Shape> kFamilies[] = {kPlainShapes, kFarShapes};

void run(const std::byte* pc, Slot* fp, Context* ctx) {
  Registers R{pc, fp, ctx->instance->memory0->base, ctx, nullptr, 0, 0, 0, 0, {}, {}, {}, {}};
  while (R.pc != nullptr) (*reinterpret_cast<Handler* const*>(R.pc))(R);
}

}  // namespace
}  // namespace loop_dispatch

const Dispatcher& loop_dispatcher() {
  using namespace loop_dispatch;
  static const Dispatcher dispatcher(kFamilies, {.words = kWords.data(),
                                                 .enters = kEnters.data(),
                                                 .calls = kCalls.data(),
                                                 .after_calls = kAfterCalls.data(),
                                                 .saves = kSaves.data(),
                                                 .reloads = kReloads.data(),
                                                 .float_saves = kFloatSaves.data(),
                                                 .float_reloads = kFloatReloads.data(),
                                                 .br_tables = nullptr,
                                                 .vectors = kVectors.data(),
                                                 .far_vectors = kFarVectors.data(),
                                                 .atomics = kAtomics.data(),
                                                 .return_instance_pc = return_instance_pc(),
                                                 .plain = true,
                                                 .run = &run});
  return dispatcher;
}

}  // namespace tinywasm::vm
