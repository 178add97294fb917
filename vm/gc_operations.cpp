// SPDX-License-Identifier: Apache-2.0
#include "vm/gc_operations.hpp"

#include "vm/store.hpp"

namespace tinywasm::vm {

bool has_function_type(const Context& context, const Function& function, std::uint32_t type) {
  return context.store->types().is_subtype(function.type_id, context.instance->type_ids[type]);
}

}  // namespace tinywasm::vm
