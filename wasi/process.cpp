// SPDX-License-Identifier: Apache-2.0
// Arguments, environment, clocks, randomness, and the end of the process.
#include <algorithm>
#include <array>
#include <cstring>
#include <sched.h>
#include <string>
#include <vector>

#include "wasi/calls.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

std::size_t bytes_with_nul(const std::vector<std::string>& strings) {
  std::size_t bytes = 0;
  for (const std::string& string : strings) bytes += string.size() + 1;
  return bytes;
}

Errno put_sizes(const std::vector<std::string>& strings, Out<Size> count, Out<Size> bytes) {
  count.set(static_cast<Size>(strings.size()));
  return bytes.set(static_cast<Size>(bytes_with_nul(strings)));
}

/// The strings, each with a NUL, one after the other, and their addresses.
Result<Errno> put_strings(const Call& call, const std::vector<std::string>& strings,
                          Address pointers, Address buffer) {
  std::byte* pointer = call.find(pointers, strings.size() * sizeof(std::uint32_t));
  std::byte* text = call.find(buffer, bytes_with_nul(strings));
  if (!pointer || !text) return out_of_bounds();
  auto address = static_cast<std::uint32_t>(buffer);
  for (const std::string& string : strings) {
    const std::size_t length = string.size() + 1;
    put(pointer, address);
    std::memcpy(text, string.c_str(), length);
    pointer += sizeof(std::uint32_t);
    text += length;
    address += static_cast<std::uint32_t>(length);
  }
  return Errno::success;
}

Error exit_error(int code) {
  Error error;
  error.kind = ErrorKind::exit;
  error.message = "exit with code " + std::to_string(code);
  error.exit_code = code;
  return error;
}

}  // namespace

Result<Errno> args_get(const Call& call, Address argv, Address argv_buf) {
  return put_strings(call, call.world.args, argv, argv_buf);
}

Errno args_sizes_get(const Call& call, Out<Size> count, Out<Size> bytes) {
  return put_sizes(call.world.args, count, bytes);
}

Result<Errno> environ_get(const Call& call, Address environ, Address environ_buf) {
  return put_strings(call, call.world.environment, environ, environ_buf);
}

Errno environ_sizes_get(const Call& call, Out<Size> count, Out<Size> bytes) {
  return put_sizes(call.world.environment, count, bytes);
}

Errno clock_res_get(const Call& call, ClockId clock, Out<Timestamp> resolution) {
  const auto result = call.world.clocks.resolution(clock);
  return result ? resolution.set(*result) : result.error();
}

Errno clock_time_get(const Call& call, ClockId clock, Timestamp, Out<Timestamp> time) {
  const auto result = call.world.clocks.now(clock);
  return result ? time.set(*result) : result.error();
}

Result<void> proc_exit(const Call&, std::uint32_t code) {
  return exit_error(static_cast<int>(code));
}

Result<Errno> proc_raise(const Call&, std::uint32_t signal) {
  // The numbers of the specification's $signal, which are not the host's. What the default action
  // ignores has no effect; what would stop the process cannot be done; the rest ends the guest as
  // a shell reports a process that a signal ended.
  enum : std::uint32_t { kNone = 0, kPipe = 13, kChld = 16, kCont, kStop, kTstp, kTtin, kTtou };
  enum : std::uint32_t { kUrg = 22, kWinch = 27, kSys = 30 };
  switch (signal) {
    case kNone:
    case kPipe:
    case kChld:
    case kCont:
    case kUrg:
    case kWinch:
      return Errno::success;
    case kStop:
    case kTstp:
    case kTtin:
    case kTtou:
      return Errno::notsup;
    default:
      if (signal > kSys) return Errno::inval;
      return exit_error(static_cast<int>(128 + signal));
  }
}

Result<Errno> random_get(const Call& call, GuestBytes buffer) {
  constexpr std::size_t kChunk = 4096;
  std::array<std::byte, kChunk> chunk;  // a copy: the bytes may be the embedder's
  for (std::size_t at = 0; at < buffer.size();) {
    if (call.interrupted()) return interrupted();
    const std::size_t length = std::min(buffer.size() - at, kChunk);
    const Errno error = call.world.random.fill(std::span(chunk).first(length));
    if (error != Errno::success) return error;
    std::copy_n(chunk.begin(), length, buffer.get().begin() + static_cast<std::ptrdiff_t>(at));
    at += length;
  }
  return Errno::success;
}

Errno sched_yield(const Call&) {
  ::sched_yield();
  return Errno::success;
}

}  // namespace tinywasm::wasi
