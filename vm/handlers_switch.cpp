// SPDX-License-Identifier: Apache-2.0
// br_table of the tail dispatcher. Up to kSwitchTargets targets are a native switch whose cases
// read the distance at a constant offset: `pc` then depends on the predicted branch, not on a load
// whose address depends on the index.
#include "vm/handlers.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm::TINYWASM_DISPATCH {
namespace {

#define TINYWASM_CASE(i)                                                \
  case i:                                                               \
    if constexpr ((i) < Count - 1) {                                    \
      R.pc += read<std::int32_t>(R.pc + sizeof(BrTableWord) + 4 * (i)); \
      TINYWASM_JUMP;                                                    \
    }                                                                   \
    [[fallthrough]];
#define TINYWASM_CASES(i) \
  TINYWASM_CASE(i) TINYWASM_CASE(i + 1) TINYWASM_CASE(i + 2) TINYWASM_CASE(i + 3)

template <unsigned Count, bool InRegister>
TINYWASM_HANDLER br_table_switch(TINYWASM_REGISTERS) {
  TINYWASM_ENTER;
  const auto& word = read_word<BrTableWord>(R.pc);
  switch (static_cast<std::uint32_t>(InRegister ? R.r0 : R.fp[word.index])) {
    TINYWASM_CASES(0)
    TINYWASM_CASES(4)
    TINYWASM_CASES(8)
    TINYWASM_CASES(12)
    TINYWASM_CASES(16)
    TINYWASM_CASES(20)
    TINYWASM_CASES(24)
    TINYWASM_CASES(28)
    default:
      break;
  }
  R.pc += read<std::int32_t>(R.pc + sizeof(BrTableWord) + 4 * (Count - 1));
  TINYWASM_JUMP;
}

template <unsigned... I>
constexpr auto switches(std::integer_sequence<unsigned, I...>) {
  return std::array<Handler*, sizeof...(I)>{&br_table_switch < I / 2 + 1, I % 2 != 0 > ...};
}
constexpr auto kSwitches = switches(std::make_integer_sequence<unsigned, 2 * kSwitchTargets>{});

}  // namespace

std::span<Handler* const> br_table_handlers() { return kSwitches; }

}  // namespace tinywasm::vm::TINYWASM_DISPATCH
