// SPDX-License-Identifier: Apache-2.0
// The step from a guest's call to a HostFunction.
#pragma once

#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// The HostCallback of every host function; its environment is the HostFunction.
Trap run_host_function(void* environment, Context& context, Instance* caller, Slot* slots);

}  // namespace tinywasm::vm
