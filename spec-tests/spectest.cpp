// SPDX-License-Identifier: Apache-2.0
#include "spec-tests/spectest.hpp"

#include <cstdint>
#include <utility>

#include <tinywasm/memory.hpp>

namespace tinywasm::spec {
namespace {

constexpr const char kModule[] = "spectest";

/// Defines what `made` holds. An error is kept by the linker for whoever instantiates.
template <class T>
void define(Linker& linker, const char* name, Result<T> made) {
  if (made) {
    linker.define(kModule, name, *made);
  } else {
    linker.fail(std::move(made).error());
  }
}

void define_functions(Linker& linker) {
  linker.define(kModule, "print", [] {});
  linker.define(kModule, "print_i32", [](std::int32_t) {});
  linker.define(kModule, "print_i64", [](std::int64_t) {});
  linker.define(kModule, "print_f32", [](float) {});
  linker.define(kModule, "print_f64", [](double) {});
  linker.define(kModule, "print_i32_f32", [](std::int32_t, float) {});
  linker.define(kModule, "print_f64_f64", [](double, double) {});
}

void define_globals(Store& store, Linker& linker) {
  const auto global = [&](const char* name, const Value& value) {
    define(linker, name, Global::create(store, {.type = value.type()}, value));
  };
  global("global_i32", Value(std::int32_t{666}));
  global("global_i64", Value(std::int64_t{666}));
  global("global_f32", Value(666.6F));
  global("global_f64", Value(666.6));
}

}  // namespace

void define_spectest(Store& store, Linker& linker) {
  define_functions(linker);
  define_globals(store, linker);
  const Limits limits{.min = 10, .max = 20};
  const Limits limits64{.min = 10, .max = 20, .is_64 = true};
  define(linker, "table", Table::create(store, {.limits = limits}, FuncRef()));
  define(linker, "table64", Table::create(store, {.limits = limits64}, FuncRef()));
  define(linker, "memory", Memory::create(store, {.limits = {.min = 1, .max = 2}}));
  define(linker, "shared_memory",
         Memory::create(store, {.limits = {.min = 1, .max = 2}, .is_shared = true}));
}

}  // namespace tinywasm::spec
