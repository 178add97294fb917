// SPDX-License-Identifier: Apache-2.0
#include "wasi/guest.hpp"

#include <algorithm>

#include "vm/api.hpp"
#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/runtime.hpp"
#include "wasi/path.hpp"

namespace tinywasm {
namespace wasi {
namespace {

// What finding a path takes, in bytes of a transfer: names may be one character long.
constexpr std::uint64_t kBytesOfPath = 2048;
constexpr std::uint64_t kBytesPerCharacter = 16;

Error ending(vm::Trap trap) {
  Error error;
  error.kind = vm::kind(trap);
  error.message = vm::message(trap);
  return error;
}

}  // namespace

Error out_of_bounds() { return ending(vm::Trap::memory_bounds); }
Error interrupted() { return ending(vm::Trap::interrupted); }

GuestMemory GuestMemory::of(const Caller& caller) {
  const auto instance = caller.instance();
  if (!instance) return {};
  const View view = [](const void* environment) {
    // What the memory is was decided by whoever made it, not by this pointer's type.
    auto& memory = *static_cast<vm::Memory*>(const_cast<void*>(environment));
    vm::refresh(memory);
    return std::span(memory.base, memory.size);
  };
  return {view, &vm::exported_memory(*Handles::unwrap(*instance))};
}

template <class F>
Result<void> IoVecs::each(F&& add) const {
  const std::span<std::byte> memory = memory_.bytes();
  const std::byte* entry = memory.data() + address_;
  std::size_t room = kMaxBytes;
  for (std::size_t i = 0; i < count_ && room != 0; ++i, entry += kEntrySize) {
    const std::size_t address = take<std::uint32_t>(entry);
    const std::size_t length = take<std::uint32_t>(entry + 4);
    if (length == 0) continue;
    if (address > memory.size() || length > memory.size() - address) return out_of_bounds();
    const GuestRange range{address, std::min(length, room)};
    if (!add(range)) break;
    room -= range.length;
  }
  return {};
}

Result<std::size_t> IoVecs::gather(std::span<iovec> out) const {
  std::size_t count = 0;
  std::byte* const base = memory_.bytes().data();
  const auto done = each([&](const GuestRange& range) {
    if (count < out.size()) out[count++] = {base + range.address, range.length};
    return count < out.size();
  });
  if (!done) return done.error();
  return count;
}

Result<std::vector<GuestRange>> IoVecs::ranges(std::size_t most) const {
  std::vector<GuestRange> ranges;
  const auto done = each([&](const GuestRange& range) {
    ranges.push_back(range);
    return ranges.size() < most;
  });
  if (!done) return done.error();
  return ranges;
}

}  // namespace wasi

wasi::GuestPath HostArg<wasi::GuestPath>::lower(Caller& caller, const std::uint64_t* slots) {
  const auto memory = wasi::GuestMemory::of(caller);
  const auto address = static_cast<std::uint32_t>(slots[0]);
  const std::size_t length = static_cast<std::uint32_t>(slots[1]);
  if (!wasi::check_inside(caller, memory, address, length)) return {};
  const auto* const text = reinterpret_cast<const char*>(memory.find(address, length));
  const std::size_t copied = std::min(length, wasi::PathResolver::kMaxPath);
  caller.charge_bytes(wasi::kBytesOfPath + copied * wasi::kBytesPerCharacter);
  return {{text, copied}};
}

}  // namespace tinywasm
