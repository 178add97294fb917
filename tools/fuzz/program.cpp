// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/program.hpp"

#include "tools/fuzz/program_body.hpp"
#include "tools/fuzz/program_plan.hpp"
#include "tools/fuzz/program_state.hpp"

namespace tinywasm::fuzz {

Program make_program(Input choices, bool portable) {
  Choices source(choices);
  Plan plan(source, portable);
  std::vector<decoder::BinaryWriter> bodies;
  // The last function first: the entries call it, and bytes that end early leave the others short.
  for (std::size_t i = plan.functions().size(); i-- > 0;) {
    bodies.insert(bodies.begin(), Body(plan, source).function(plan.functions()[i]));
  }
  for (std::uint32_t i = 0; i < plan.entries(); ++i) {
    bodies.push_back(Body(plan, source).entry(i));
  }
  bodies.push_back(state_body(plan));
  return {.module = plan.write(bodies), .is_portable = plan.is_portable()};
}

}  // namespace tinywasm::fuzz
