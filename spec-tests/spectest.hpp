// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tinywasm/linker.hpp>
#include <tinywasm/store.hpp>

namespace tinywasm::spec {

/// Defines the module "spectest" that test scripts import from
/// (https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module). Its print
/// functions print nothing.
void define_spectest(Store& store, Linker& linker);

}  // namespace tinywasm::spec
