// SPDX-License-Identifier: Apache-2.0
// What instructions on references and heap objects do outside of their handlers
// (https://webassembly.github.io/spec/core/exec/instructions.html, 4.6.4 and 4.6.6).
#pragma once

#include <cstdint>

#include "vm/runtime.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm {

/// Whether `function` is of type `type` of the running instance's module, or of a subtype.
bool has_function_type(const Context& context, const Function& function, std::uint32_t type);

/// Whether a function reference passes a cast to the function type word.index.
bool ref_test_func(const Context& context, Slot reference, const RuntimeWord& word);

/// An instruction whose operands lie one after the other in slots of the frame at `fp`, from
/// word.operands on. The handler has put the registers into Context::live_registers: it may
/// collect.
using ObjectOperation = Trap(Context& context, Slot* fp, const ObjectWord& word);

ObjectOperation struct_new, struct_new_default, struct_new_desc, struct_new_default_desc;
ObjectOperation array_new, array_new_default, array_new_fixed, array_new_data, array_new_elem;
ObjectOperation array_fill, array_copy, array_init_data, array_init_elem;
ObjectOperation any_convert_extern, extern_convert_any;

/// The instructions that constant expressions may have, with their operands at `values`. What is
/// needed later must be a root.
struct ConstantObjects {
  Instance& instance;

  Trap struct_new(std::uint32_t type, const Slot* values, Slot& result) const;
  Trap struct_new_default(std::uint32_t type, Slot& result) const;
  /// The descriptor follows the fields, if `values` has these.
  Trap struct_new_desc(std::uint32_t type, const Slot* values, Slot& result) const;
  Trap struct_new_default_desc(std::uint32_t type, Slot descriptor, Slot& result) const;
  Trap array_new(std::uint32_t type, const Slot* value, std::uint32_t length, Slot& result) const;
  Trap array_new_default(std::uint32_t type, std::uint32_t length, Slot& result) const;
  Trap array_new_fixed(std::uint32_t type, const Slot* values, std::uint32_t length,
                       Slot& result) const;
  Trap any_convert_extern(Slot& reference) const;
  Trap extern_convert_any(Slot& reference) const;
};

}  // namespace tinywasm::vm
