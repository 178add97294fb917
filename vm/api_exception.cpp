// SPDX-License-Identifier: Apache-2.0
// <tinywasm/exception.hpp>
#include <algorithm>
#include <fmt/format.h>

#include <tinywasm/exception.hpp>

#include "vm/api.hpp"
#include "vm/exceptions.hpp"
#include "vm/public_types.hpp"

namespace tinywasm {

Result<Tag> Tag::create(Store& store, const TagType& type) {
  return vm::guarded([&]() -> Result<Tag> {
    if (store.impl() == nullptr) return vm::no_store();
    if (!type.type.results.empty()) return Error{ErrorKind::host, "a tag has no results"};
    if (!vm::is_closed(type.type)) {
      return Error{ErrorKind::host, "the type of a tag cannot refer to a module's types"};
    }
    Result<vm::Tag*> tag = store.impl()->add_tag(vm::to_decoder(type.type));
    if (!tag) return std::move(tag).error();
    return Tag(store.impl()->id(), *tag);
  });
}

TagType Tag::type() const {
  if (store_.get() == nullptr) return {};
  return {vm::to_public(*tag_->type)};
}

Result<Exception> Exception::create(const Tag& tag, std::span<const Value> values) {
  return vm::guarded([&]() -> Result<Exception> {
    vm::Store* const store = tag.store_.get();
    if (store == nullptr) return vm::store_is_gone("tag");
    const std::vector<decoder::ValType>& types = tag.tag_->type->params;
    if (values.size() != types.size()) {
      return Error{ErrorKind::host,
                   fmt::format("{} values for {} of the tag", values.size(), types.size())};
    }
    for (std::size_t i = 0; i < types.size(); ++i) {
      Result<void> fits = vm::check_value(*store, values[i], types[i],
                                          fmt::format("value {} of {}", i + 1, types.size()));
      if (!fits) return std::move(fits).error();
    }
    vm::Exception* exception = vm::make_exception(*store, *tag.tag_, nullptr);
    if (exception == nullptr) return vm::out_of_memory();
    std::uint64_t* slot = exception->values();
    for (const Value& value : values) {
      slot = std::copy_n(value.slots(), value.type().slots(), slot);
    }
    return Exception(std::make_shared<const vm::HeldException>(*store, *exception));
  });
}

std::optional<Exception> Exception::of(const Error& error) {
  if (!error.exception || error.exception->store.get() == nullptr) return std::nullopt;
  return Exception(error.exception);
}

Tag Exception::tag() const {
  if (held_->store.get() == nullptr) return {held_->store, nullptr};
  return Handles::make(held_->store, held_->object->tag);
}

std::vector<Value> Exception::values() const {
  std::vector<Value> values;
  vm::Store* const store = held_->store.get();
  if (store == nullptr) return values;
  const std::uint64_t* slot = held_->object->values();
  for (const decoder::ValType type : held_->object->tag->type->params) {
    values.push_back(vm::to_value(store, type, slot));
    slot += values.back().type().slots();
  }
  return values;
}

Error Exception::error() const {
  vm::Store* const store = held_->store.get();
  if (store == nullptr) return Error{ErrorKind::exception, "an exception of a store that is gone"};
  Error error = vm::exception_error(*store, *held_->object);
  error.exception = held_;
  return error;
}

}  // namespace tinywasm
