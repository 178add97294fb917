// SPDX-License-Identifier: Apache-2.0
#include "vm/const_expr.hpp"

#include <cstring>
#include <vector>

#include "decoder/instruction_reader.hpp"
#include "vm/interpreter.hpp"

namespace tinywasm::vm {
namespace {

using decoder::Insn;
using decoder::Instruction;
using Cell = std::array<Slot, 2>;

/// The operations of extended constant expressions.
Slot arithmetic(Insn id, Slot a, Slot b) {
  switch (id) {
    case Insn::i32_add:
      return static_cast<std::uint32_t>(a + b);
    case Insn::i32_sub:
      return static_cast<std::uint32_t>(a - b);
    case Insn::i32_mul:
      return static_cast<std::uint32_t>(a * b);
    case Insn::i64_add:
      return a + b;
    case Insn::i64_sub:
      return a - b;
    case Insn::i64_mul:
      return a * b;
    default:
      return 0;
  }
}

void step(Instance& instance, const Instruction& insn, std::vector<Cell>& stack) {
  switch (insn.id) {
    case Insn::i32_const:
    case Insn::i64_const:
    case Insn::f32_const:
    case Insn::f64_const:
      stack.push_back({insn.value, 0});
      break;
    case Insn::v128_const: {
      Cell cell;
      std::memcpy(cell.data(), insn.bytes.data(), insn.bytes.size());
      stack.push_back(cell);
      break;
    }
    case Insn::ref_null:
      stack.push_back({0, 0});
      break;
    case Insn::ref_func:
      stack.push_back({reinterpret_cast<std::uintptr_t>(instance.function(insn.index)), 0});
      break;
    case Insn::global_get: {
      const Global& global = *instance.globals[insn.index];
      stack.push_back({global.value[0], global.value[1]});
      break;
    }
    case Insn::i32_add:
    case Insn::i32_sub:
    case Insn::i32_mul:
    case Insn::i64_add:
    case Insn::i64_sub:
    case Insn::i64_mul: {
      const Slot right = stack.back()[0];
      stack.pop_back();
      stack.back() = {arithmetic(insn.id, stack.back()[0], right), 0};
      break;
    }
    default:
      break;  // modules with other instructions are refused before
  }
}

}  // namespace

std::array<Slot, 2> evaluate(Instance& instance, const decoder::ConstExpr& expr) {
  std::vector<Cell> stack;
  decoder::ConstExprReader reader(instance.module->module(), expr);
  while (const Instruction* insn = reader.next()) step(instance, *insn, stack);
  return stack.empty() ? Cell{} : stack.back();
}

}  // namespace tinywasm::vm
