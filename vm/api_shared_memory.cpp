// SPDX-License-Identifier: Apache-2.0
// <tinywasm/shared_memory.hpp>, and types of memories from outside.
#include <fmt/format.h>

#include <tinywasm/shared_memory.hpp>

#include "vm/api.hpp"
#include "vm/public_types.hpp"
#include "vm/shared_memory.hpp"

namespace tinywasm {

namespace vm {

Result<void> check_limits(const Limits& limits, std::uint64_t most) {
  if (limits.max && *limits.max < limits.min) {
    return Error{ErrorKind::host, fmt::format("limits out of range: a maximum of {} is below the "
                                              "minimum of {}",
                                              *limits.max, limits.min)};
  }
  if (limits.min > most || limits.max.value_or(0) > most) {
    const bool is_min = limits.min > most;
    return Error{ErrorKind::host, fmt::format("limits out of range: a {} of {} is above {}",
                                              is_min ? "minimum" : "maximum",
                                              is_min ? limits.min : *limits.max, most)};
  }
  return {};
}

Result<void> check_memory_type(const MemoryType& type) {
  const bool is_64 = type.limits.is_64;
  if (type.page_size != 1 && type.page_size != decoder::kPageSize) {
    return Error{ErrorKind::host, fmt::format("{} bytes are not a size of pages: it is 1 or {}",
                                              type.page_size, decoder::kPageSize)};
  }
  if (type.is_shared && !type.limits.max) {
    return Error{ErrorKind::host, "a shared memory must have a maximum"};
  }
  const std::uint64_t most = type.page_size == 1 ? (is_64 ? ~std::uint64_t{0} : 0xffff'ffff)
                                                 : (is_64 ? std::uint64_t{1} << 48 : 65536);
  return check_limits(type.limits, most);
}

}  // namespace vm

Result<SharedMemory> SharedMemory::create(const MemoryType& type, std::uint64_t max_bytes) {
  return vm::guarded([&]() -> Result<SharedMemory> {
    if (!type.is_shared) return Error{ErrorKind::host, "not the type of a shared memory"};
    if (Result<void> good = vm::check_memory_type(type); !good) return std::move(good).error();
    std::shared_ptr<vm::SharedBytes> bytes =
        vm::SharedBytes::create(vm::to_decoder(type), max_bytes);
    if (!bytes) {
      return Error{ErrorKind::exhaustion,
                   fmt::format("out of memory: a shared memory of {} pages is beyond the limit of "
                               "{} bytes, or beyond what the system gives",
                               type.limits.min, max_bytes)};
    }
    return SharedMemory(std::move(bytes));
  });
}

MemoryType SharedMemory::type() const {
  if (!impl_) return {};
  MemoryType type = vm::to_public(impl_->type());
  type.limits.min = impl_->size() >> impl_->type().page_log2;
  return type;
}

std::span<std::byte> SharedMemory::bytes() const noexcept {
  if (!impl_) return {};
  return {impl_->base(), impl_->size()};
}

std::uint32_t SharedMemory::notify(std::uint64_t address, std::uint32_t count) const {
  return impl_ ? impl_->notify(address, count) : 0;
}

Result<Memory> Memory::create(Store& store, const SharedMemory& shared) {
  return vm::guarded([&]() -> Result<Memory> {
    if (store.impl() == nullptr) return vm::no_store();
    if (!shared.impl()) return Error{ErrorKind::host, "the shared memory was moved from"};
    return Memory(store.impl()->id(), store.impl()->add_memory(shared.impl()));
  });
}

std::optional<SharedMemory> Memory::shared() const {
  if (store_.get() == nullptr) return std::nullopt;
  const auto& bytes = static_cast<const vm::OwnedMemory*>(memory_)->shared_bytes();
  if (!bytes) return std::nullopt;
  return SharedMemory(bytes);
}

}  // namespace tinywasm
