// SPDX-License-Identifier: Apache-2.0
// Pages of the operating system: address space is reserved first and made usable as needed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tinywasm::vm {

/// `bytes` of inaccessible address space, page aligned; null when the host refuses.
std::byte* reserve_pages(std::uint64_t bytes);
/// Makes [address, address + bytes) of a reservation zeros that can be read and written.
bool commit_pages(std::byte* address, std::uint64_t bytes);
/// Gives a whole reservation back.
void release_pages(std::byte* address, std::uint64_t bytes);
/// Asks for small pages only: a large page would have to be zeroed to touch one byte of it.
void prefer_small_pages(std::byte* address, std::uint64_t bytes);
/// Asks for large pages where a whole one lies in [address, address + bytes), which will be
/// written: one page fault is then made for 512.
void prefer_large_pages(std::byte* address, std::uint64_t bytes);

}  // namespace tinywasm::vm
