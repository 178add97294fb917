// SPDX-License-Identifier: Apache-2.0
/// @file
/// Exceptions that guests throw, and their tags.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <tinywasm/error.hpp>
#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
struct Tag;
}  // namespace vm

/// A tag, which says what an exception is: a handler catches those of the same tag. A cheap handle;
/// its type is empty when the Store is gone.
class Tag {
 public:
  /// A tag of its own, to be imported by modules. The type has no results.
  [[nodiscard]] TINYWASM_API static Result<Tag> create(Store& store, const TagType& type);

  [[nodiscard]] TINYWASM_API TagType type() const;
  friend bool operator==(const Tag&, const Tag&) = default;

 private:
  friend class Exception;
  friend struct Handles;
  Tag(StoreId store, vm::Tag* tag) : store_(store), tag_(tag) {}

  StoreId store_;
  vm::Tag* tag_;
};

/// An exception. One that a guest does not catch ends the call with an error of kind `exception`.
/// A host function that fails with such an error, one it got from a call or one it made, throws the
/// exception in the guest that called it, which may catch it. When its Store is gone it has no
/// values; it may be dropped on any thread.
class Exception {
 public:
  /// A new exception with these values, which have the types of the tag's parameters.
  [[nodiscard]] TINYWASM_API static Result<Exception> create(const Tag& tag,
                                                             std::span<const Value> values);
  /// The exception an error stands for, if there is one and its Store is there.
  [[nodiscard]] TINYWASM_API static std::optional<Exception> of(const Error& error);

  [[nodiscard]] TINYWASM_API Tag tag() const;
  [[nodiscard]] TINYWASM_API std::vector<Value> values() const;
  /// The error to fail with.
  [[nodiscard]] TINYWASM_API Error error() const;

 private:
  explicit Exception(std::shared_ptr<const vm::HeldException> held) : held_(std::move(held)) {}

  std::shared_ptr<const vm::HeldException> held_;
};

}  // namespace tinywasm
