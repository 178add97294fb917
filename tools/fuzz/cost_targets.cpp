// SPDX-License-Identifier: Apache-2.0
// Targets that measure what modules cost: any, and those that were made to cost much.
#include <string>

#include <tinywasm/module.hpp>

#include "tools/fuzz/bombs.hpp"
#include "tools/fuzz/cost.hpp"

namespace tinywasm::fuzz {

void costs(Input input) { check_costs(input); }

void bombs(Input input) {
  Choices choices(input);
  if (choices.one_in(8)) {
    check_costs(check_assembly(make_text_bomb(choices)));
    return;
  }
  const std::vector<std::byte> bomb = make_bomb(choices);
  if (check_costs(bomb)) return;
  const auto module = Module::from_binary(bomb);
  require(false, "a bomb that is not valid: " + to_string(module.error()));
}

}  // namespace tinywasm::fuzz
