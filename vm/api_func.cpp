// SPDX-License-Identifier: Apache-2.0
// <tinywasm/func.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include <tinywasm/func.hpp>

#include "vm/api.hpp"
#include "vm/interpreter.hpp"
#include "vm/public_types.hpp"

namespace tinywasm {
namespace {

std::size_t slots_of(const decoder::FuncType& type) {
  return std::max({vm::slot_count(type.params), vm::slot_count(type.results), std::size_t{1}});
}

std::string argument_name(std::size_t index, std::size_t count, const vm::Function& function) {
  return fmt::format("argument {} of {} to {}", index, count, vm::shown_name(function));
}

/// Writes checked arguments into `slots`.
Result<void> put_arguments(vm::Store& store, const vm::Function& function,
                           const decoder::FuncType& type, std::span<const Value> arguments,
                           std::uint64_t* slots) {
  if (arguments.size() != type.params.size()) {
    return Error{ErrorKind::host,
                 fmt::format("{} arguments for {} parameters of {}", arguments.size(),
                             type.params.size(), vm::shown_name(function))};
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Value& value = arguments[i];
    Result<void> fits = vm::check_value(store, value, type.params[i], "");
    if (!fits) {
      fits.error().message.insert(0, argument_name(i + 1, arguments.size(), function));
      return fits;
    }
    slots = std::copy_n(value.slots(), value.type().slots(), slots);
  }
  return {};
}

}  // namespace

Result<Func> Func::create(Store& store, HostFunction function) {
  return vm::guarded([&]() -> Result<Func> {
    if (store.impl() == nullptr) return vm::no_store();
    if (!vm::is_closed(function.type)) {
      return Error{ErrorKind::host, "the type of a host function cannot refer to a module's types"};
    }
    Result<vm::Function*> added = store.impl()->add_function(std::move(function));
    if (!added) return std::move(added).error();
    return Handles::make(store.impl()->id(), *added);
  });
}

FuncType Func::type() const {
  const vm::Store* const store = store_.get();
  if (store == nullptr) return {};
  return vm::to_public(store->types()[function_->type_id].func);
}

Result<std::vector<Value>> Func::call(std::span<const Value> arguments) const {
  return vm::guarded([&]() -> Result<std::vector<Value>> {
    vm::Store* const store = store_.get();
    if (store == nullptr) return store_is_gone();
    const decoder::FuncType& type = store->types()[function_->type_id].func;
    std::vector<std::uint64_t> slots(slots_of(type));
    Result<void> put = put_arguments(*store, *function_, type, arguments, slots.data());
    if (!put) return std::move(put).error();
    Result<void> done = call_slots(slots.data());
    if (!done) return std::move(done).error();
    std::vector<Value> results;
    results.reserve(type.results.size());
    const std::uint64_t* next = slots.data();
    for (decoder::ValType result : type.results) {
      results.push_back(vm::to_value(store, result, next));
      next += results.back().type().slots();
    }
    return results;
  });
}

Result<void> Func::call_slots(std::uint64_t* slots) const {
  vm::Store* const store = store_.get();
  if (store == nullptr) return store_is_gone();
  return vm::guarded([&] { return vm::call(store->context(), *function_, slots); });
}

Error Func::store_is_gone() { return vm::store_is_gone("function"); }

Error Func::foreign_argument(std::size_t index, std::size_t count) const {
  return Error{ErrorKind::host,
               argument_name(index, count, *function_) + " belongs to another store"};
}

Error Func::result_of_guest() const {
  return Error{ErrorKind::host,
               fmt::format("{} returned an externref of the guest's own, which is no ExternRef",
                           vm::shown_name(*function_))};
}

Result<void> Func::check_type(std::span<const ValueType> params,
                              std::span<const ValueType> results) const {
  if (store_.get() == nullptr) return store_is_gone();
  const FuncType own = type();
  if (std::ranges::equal(own.params, params) && std::ranges::equal(own.results, results)) return {};
  const FuncType wanted{{params.begin(), params.end()}, {results.begin(), results.end()}};
  return Error{ErrorKind::host,
               fmt::format("the function's type is {}, not {}", to_string(ExternType(own)),
                           to_string(ExternType(wanted)))};
}

}  // namespace tinywasm
