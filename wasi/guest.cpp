// SPDX-License-Identifier: Apache-2.0
#include "wasi/guest.hpp"

#include "vm/runtime.hpp"

namespace tinywasm::wasi {
namespace {

Error ending(vm::Trap trap) {
  Error error;
  error.kind = vm::kind(trap);
  error.message = vm::message(trap);
  return error;
}

}  // namespace

Error out_of_bounds() { return ending(vm::Trap::memory_bounds); }
Error interrupted() { return ending(vm::Trap::interrupted); }

Result<std::size_t> IoVecs::gather(std::span<iovec> out) const {
  std::size_t count = 0;
  std::size_t room = kMaxBytes;
  for (std::size_t at = 0; at < entries_.size() && count < out.size() && room != 0;
       at += kEntrySize) {
    const std::size_t address = take<std::uint32_t>(entries_.data() + at);
    const std::size_t length = take<std::uint32_t>(entries_.data() + at + 4);
    if (length == 0) continue;
    if (address > memory_.size() || length > memory_.size() - address) return out_of_bounds();
    out[count] = {memory_.data() + address, length < room ? length : room};
    room -= out[count].iov_len;
    ++count;
  }
  return count;
}

}  // namespace tinywasm::wasi
