// SPDX-License-Identifier: Apache-2.0
// <tinywasm/shared_memory.hpp>, and types of memories from outside.
#include <tinywasm/shared_memory.hpp>

#include "vm/api.hpp"
#include "vm/public_types.hpp"
#include "vm/shared_memory.hpp"

namespace tinywasm {

namespace vm {

Result<void> check_limits(const Limits& limits, std::uint64_t most) {
  if (limits.min > most || limits.max.value_or(limits.min) < limits.min ||
      limits.max.value_or(0) > most) {
    return Error{ErrorKind::host, "limits out of range"};
  }
  return {};
}

Result<void> check_memory_type(const MemoryType& type) {
  const bool is_64 = type.limits.is_64;
  if (type.page_size != 1 && type.page_size != decoder::kPageSize) {
    return Error{ErrorKind::host, "not a size of pages"};
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
      return Error{ErrorKind::exhaustion, "out of memory: cannot allocate the shared memory"};
    }
    return SharedMemory(std::move(bytes));
  });
}

MemoryType SharedMemory::type() const {
  MemoryType type = vm::to_public(impl_->type());
  type.limits.min = impl_->size() >> impl_->type().page_log2;
  return type;
}

std::span<std::byte> SharedMemory::bytes() const noexcept { return {impl_->base(), impl_->size()}; }

std::uint32_t SharedMemory::notify(std::uint64_t address, std::uint32_t count) const {
  return impl_->notify(address, count);
}

Result<Memory> Memory::create(Store& store, const SharedMemory& shared) {
  return vm::guarded([&]() -> Result<Memory> {
    return Memory(store.impl(), store.impl()->add_memory(shared.impl()));
  });
}

std::optional<SharedMemory> Memory::shared() const {
  const auto& bytes = static_cast<const vm::OwnedMemory*>(memory_)->shared_bytes();
  if (!bytes) return std::nullopt;
  return SharedMemory(bytes);
}

}  // namespace tinywasm
