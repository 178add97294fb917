// SPDX-License-Identifier: Apache-2.0
// The rows of traps.def by their number.
#include "vm/runtime.hpp"

namespace tinywasm::vm {
namespace {

struct TrapInfo {
  ErrorKind kind;
  const char* text;
};

constexpr TrapInfo kTraps[] = {
    {ErrorKind::trap, ""},  // none
#define TRAP(id, kind, text) {ErrorKind::kind, text},
#include "vm/traps.def"
#undef TRAP
};

}  // namespace

const char* message(Trap trap) { return kTraps[static_cast<std::size_t>(trap)].text; }
ErrorKind kind(Trap trap) { return kTraps[static_cast<std::size_t>(trap)].kind; }

}  // namespace tinywasm::vm
