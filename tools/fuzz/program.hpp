// SPDX-License-Identifier: Apache-2.0
// Programs as compilers and attackers write them, made of any bytes: many hot locals of all types
// in nested loops, deep trees in every position of operands, calls of every kind, several values,
// exceptions, objects, and traps beside effects. They always end by themselves.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

struct Program {
  /// A valid module. Its exports of type [] -> [] named "e0", "e1", ... run it; "s" of type
  /// [] -> [i64] says what is left in globals, tables and objects; then come its other functions,
  /// memories and globals.
  std::vector<std::byte> module;
  /// What it does does not depend on the bits of NaNs, nor on proposals and choices of an engine:
  /// any engine of Wasm 3.0 does the same.
  bool is_portable = false;
};

/// `portable`: whatever the bytes say.
Program make_program(Input choices, bool portable = false);

}  // namespace tinywasm::fuzz
