// SPDX-License-Identifier: Apache-2.0
#include "vm/const_expr.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "decoder/instruction_reader.hpp"
#include "vm/gc_operations.hpp"
#include "vm/heap.hpp"
#include "vm/heap_types.hpp"
#include "vm/interpreter.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

using decoder::Insn;
using decoder::Instruction;
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

/// The operand stack: a v128 takes two slots. References on it are roots.
class Stack {
 public:
  explicit Stack(Heap& heap) : roots_(heap) {}
  void push(Slot slot) { roots_.slots.push_back(slot); }
  Slot pop() {
    const Slot slot = roots_.slots.back();
    roots_.slots.pop_back();
    return slot;
  }
  void pop(std::size_t count) { roots_.slots.resize(roots_.slots.size() - count); }
  Slot& top() { return roots_.slots.back(); }
  /// The last `count` slots.
  const Slot* last(std::size_t count) const {
    return roots_.slots.data() + (roots_.slots.size() - count);
  }
  std::span<const Slot> slots() const { return roots_.slots; }

 private:
  Heap::TemporaryRoots roots_;
};

std::uint32_t slots_of(const decoder::FieldType& field) {
  return slots_of(size_of_field(field.type));
}

/// Instructions that make objects, and i31. False: it is none of them.
bool make_object(Instance& instance, const Instruction& insn, Stack& stack, Trap& trap) {
  const ConstantObjects objects{instance};
  const std::vector<decoder::SubType>& types = instance.module->module().types;
  Slot made = 0;
  switch (insn.id) {
    case Insn::struct_new:
    case Insn::struct_new_desc: {
      const bool has_descriptor = insn.id == Insn::struct_new_desc;
      std::size_t slots = has_descriptor ? 1 : 0;
      for (const decoder::FieldType& field : types[insn.index].fields) slots += slots_of(field);
      trap = has_descriptor ? objects.struct_new_desc(insn.index, stack.last(slots), made)
                            : objects.struct_new(insn.index, stack.last(slots), made);
      stack.pop(slots);
      break;
    }
    case Insn::struct_new_default_desc:
      trap = objects.struct_new_default_desc(insn.index, stack.top(), made);
      stack.pop(1);
      break;
    case Insn::struct_new_default:
      trap = objects.struct_new_default(insn.index, made);
      break;
    case Insn::array_new: {
      const std::size_t slots = slots_of(types[insn.index].fields[0]) + 1;
      const auto length = static_cast<std::uint32_t>(stack.top());
      trap = objects.array_new(insn.index, stack.last(slots), length, made);
      stack.pop(slots);
      break;
    }
    case Insn::array_new_default:
      trap = objects.array_new_default(insn.index, static_cast<std::uint32_t>(stack.pop()), made);
      break;
    case Insn::array_new_fixed: {
      const std::size_t slots = std::size_t{insn.index2} * slots_of(types[insn.index].fields[0]);
      trap = objects.array_new_fixed(insn.index, stack.last(slots), insn.index2, made);
      stack.pop(slots);
      break;
    }
    case Insn::ref_i31:
      made = static_cast<std::uint32_t>(stack.pop() << 1 | 1);
      break;
    case Insn::any_convert_extern:
      trap = objects.any_convert_extern(stack.top());
      return true;
    case Insn::extern_convert_any:
      trap = objects.extern_convert_any(stack.top());
      return true;
    default:
      return false;
  }
  stack.push(made);
  return true;
}

Trap step(Instance& instance, const Instruction& insn, Stack& stack) {
  switch (insn.id) {
    case Insn::i32_const:
    case Insn::i64_const:
    case Insn::f32_const:
    case Insn::f64_const:
      stack.push(insn.value);
      break;
    case Insn::v128_const: {
      Slot slots[2];
      std::memcpy(slots, insn.bytes.data(), insn.bytes.size());
      stack.push(slots[0]);
      stack.push(slots[1]);
      break;
    }
    case Insn::ref_null:
      stack.push(0);
      break;
    case Insn::ref_func: {
      const Function* const function = instance.function(insn.index);
      if (function == nullptr) return Trap::out_of_memory;
      stack.push(reinterpret_cast<std::uintptr_t>(function));
      break;
    }
    case Insn::global_get: {
      const Global& global = *instance.globals[insn.index];
      stack.push(global.value[0]);
      if (global.type.type.is_vec()) stack.push(global.value[1]);
      break;
    }
    case Insn::i32_add:
    case Insn::i32_sub:
    case Insn::i32_mul:
    case Insn::i64_add:
    case Insn::i64_sub:
    case Insn::i64_mul: {
      const Slot right = stack.pop();
      stack.top() = arithmetic(insn.id, stack.top(), right);
      break;
    }
    default: {
      Trap trap = Trap::none;
      make_object(instance, insn, stack, trap);
      return trap;
    }
  }
  return Trap::none;
}

}  // namespace

Trap evaluate(Instance& instance, const decoder::ConstExpr& expr, std::array<Slot, 2>& value) {
  if (const auto plain = decoder::plain_constant(instance.module->module(), expr)) {
    value = {plain->bits, 0};
    return Trap::none;
  }
  Stack stack(instance.store->heap());
  decoder::ConstExprReader reader(instance.module->module(), expr);
  while (const Instruction* insn = reader.next()) {
    if (const Trap trap = step(instance, *insn, stack); trap != Trap::none) return trap;
  }
  value = {};
  std::copy_n(stack.slots().begin(), std::min(stack.slots().size(), value.size()), value.begin());
  return Trap::none;
}

}  // namespace tinywasm::vm
