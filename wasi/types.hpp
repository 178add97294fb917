// SPDX-License-Identifier: Apache-2.0
// The types of WASI preview 1 as guests see them: numbers, flags, and records with their layout in
// guest memory, which is little-endian whatever the host is.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#types
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "wasi/errno.hpp"

namespace tinywasm::wasi {

/// A descriptor number of the guest.
enum class Fd : std::uint32_t {};
/// An address in guest memory whose extent the call works out itself.
enum class Address : std::uint32_t {};

using Size = std::uint32_t;
using FileSize = std::uint64_t;
using Timestamp = std::uint64_t;  // nanoseconds
using DirCookie = std::uint64_t;

// Enumerations and flags that travel as i32 are 32 bits wide here, so that a value out of range is
// still seen as such.
enum class ClockId : std::uint32_t { realtime, monotonic, process_cputime, thread_cputime };
enum class Whence : std::uint32_t { set, cur, end };
enum class Advice : std::uint32_t { normal, sequential, random, willneed, dontneed, noreuse };
enum class FileType : std::uint8_t {
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  socket_dgram,
  socket_stream,
  symbolic_link,
};
enum class EventType : std::uint8_t { clock, fd_read, fd_write };

using LookupFlags = std::uint32_t;
inline constexpr LookupFlags kSymlinkFollow = 1;

using OFlags = std::uint32_t;
namespace oflags {
inline constexpr OFlags kCreat = 1, kDirectory = 2, kExcl = 4, kTrunc = 8, kAll = 15;
}
using FdFlags = std::uint32_t;
namespace fdflags {
inline constexpr FdFlags kAppend = 1, kDsync = 2, kNonblock = 4, kRsync = 8, kSync = 16;
inline constexpr FdFlags kAll = 31;
}  // namespace fdflags
using FstFlags = std::uint32_t;
namespace fstflags {
inline constexpr FstFlags kAtim = 1, kAtimNow = 2, kMtim = 4, kMtimNow = 8, kAll = 15;
}
using RiFlags = std::uint32_t;
inline constexpr RiFlags kRecvPeek = 1, kRecvWaitall = 2;
inline constexpr std::uint16_t kRecvDataTruncated = 1;
using SdFlags = std::uint32_t;
inline constexpr SdFlags kShutRead = 1, kShutWrite = 2;
inline constexpr std::uint16_t kSubscriptionClockAbstime = 1;
inline constexpr std::uint16_t kEventHangup = 1;

/// What may be done with a descriptor.
using Rights = std::uint64_t;
namespace rights {
inline constexpr Rights kFdDatasync = 1u << 0, kFdRead = 1u << 1, kFdSeek = 1u << 2,
                        kFdFdstatSetFlags = 1u << 3, kFdSync = 1u << 4, kFdTell = 1u << 5,
                        kFdWrite = 1u << 6, kFdAdvise = 1u << 7, kFdAllocate = 1u << 8,
                        kPathCreateDirectory = 1u << 9, kPathCreateFile = 1u << 10,
                        kPathLinkSource = 1u << 11, kPathLinkTarget = 1u << 12,
                        kPathOpen = 1u << 13, kFdReaddir = 1u << 14, kPathReadlink = 1u << 15,
                        kPathRenameSource = 1u << 16, kPathRenameTarget = 1u << 17,
                        kPathFilestatGet = 1u << 18, kPathFilestatSetSize = 1u << 19,
                        kPathFilestatSetTimes = 1u << 20, kFdFilestatGet = 1u << 21,
                        kFdFilestatSetSize = 1u << 22, kFdFilestatSetTimes = 1u << 23,
                        kPathSymlink = 1u << 24, kPathRemoveDirectory = 1u << 25,
                        kPathUnlinkFile = 1u << 26, kPollFdReadwrite = 1u << 27,
                        kSockShutdown = 1u << 28, kSockAccept = 1u << 29;

// What applies to each type of file. Programs expect a preopened directory to report at least
// these, and fd_seek and fd_filestat_set_size not among a directory's own.
inline constexpr Rights kDirectory = kPathCreateDirectory | kPathCreateFile | kPathLinkSource |
                                     kPathLinkTarget | kPathOpen | kFdReaddir | kPathReadlink |
                                     kPathRenameSource | kPathRenameTarget | kPathFilestatGet |
                                     kPathFilestatSetSize | kPathFilestatSetTimes | kFdFilestatGet |
                                     kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory |
                                     kPathUnlinkFile | kFdSync | kFdDatasync | kFdFdstatSetFlags;
inline constexpr Rights kFile = kFdDatasync | kFdRead | kFdSeek | kFdFdstatSetFlags | kFdSync |
                                kFdTell | kFdWrite | kFdAdvise | kFdAllocate | kFdFilestatGet |
                                kFdFilestatSetSize | kFdFilestatSetTimes | kPollFdReadwrite;
inline constexpr Rights kStream = kFdDatasync | kFdRead | kFdFdstatSetFlags | kFdSync | kFdWrite |
                                  kFdFilestatGet | kPollFdReadwrite;
inline constexpr Rights kSocket =
    kFdRead | kFdWrite | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite | kSockShutdown;
}  // namespace rights

/// Writes `value` at `at`, little-endian.
template <class T>
  requires std::unsigned_integral<T> || std::is_enum_v<T>
void put(std::byte* at, T value) {
  if constexpr (std::is_enum_v<T>) {
    put(at, static_cast<std::underlying_type_t<T>>(value));
  } else {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
  }
}

/// Reads a little-endian integer.
template <std::unsigned_integral T>
T take(const std::byte* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(at[i])) << (8 * i));
  }
  return value;
}

/// A record has its size in guest memory and its encoding; padding is written as zero.
struct FdStat {
  static constexpr std::size_t kSize = 24;
  FileType filetype = FileType::unknown;
  FdFlags flags = 0;
  Rights rights_base = 0;
  Rights rights_inheriting = 0;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at, filetype);
    put(at + 2, static_cast<std::uint16_t>(flags));
    put(at + 8, rights_base);
    put(at + 16, rights_inheriting);
  }
};

struct FileStat {
  static constexpr std::size_t kSize = 64;
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  FileType filetype = FileType::unknown;
  std::uint64_t nlink = 0;
  FileSize size = 0;
  Timestamp atim = 0;
  Timestamp mtim = 0;
  Timestamp ctim = 0;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at, dev);
    put(at + 8, ino);
    put(at + 16, filetype);
    put(at + 24, nlink);
    put(at + 32, size);
    put(at + 40, atim);
    put(at + 48, mtim);
    put(at + 56, ctim);
  }
};

/// Snapshot 0 (wasi_unstable) had a 32-bit link count.
struct UnstableFileStat {
  static constexpr std::size_t kSize = 56;
  FileStat stat;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at, stat.dev);
    put(at + 8, stat.ino);
    put(at + 16, stat.filetype);
    put(at + 20, static_cast<std::uint32_t>(stat.nlink));
    put(at + 24, stat.size);
    put(at + 32, stat.atim);
    put(at + 40, stat.mtim);
    put(at + 48, stat.ctim);
  }
};

/// A preopened directory; the only kind of preopen with a description.
struct PreStat {
  static constexpr std::size_t kSize = 8;
  Size name_length = 0;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at + 4, name_length);
  }
};

/// The head of a directory entry; its name follows.
struct DirEnt {
  static constexpr std::size_t kSize = 24;
  DirCookie next = 0;
  std::uint64_t ino = 0;
  Size name_length = 0;
  FileType filetype = FileType::unknown;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at, next);
    put(at + 8, ino);
    put(at + 16, name_length);
    put(at + 20, filetype);
  }
};

struct Subscription {
  static constexpr std::size_t kSize = 48;
  std::uint64_t userdata = 0;
  std::uint8_t tag = 0;  // an EventType if it is one
  ClockId clock{};
  Timestamp timeout = 0;
  std::uint16_t flags = 0;
  Fd fd{};

  static Subscription decode(const std::byte* at) {
    Subscription subscription;
    subscription.userdata = take<std::uint64_t>(at);
    subscription.tag = take<std::uint8_t>(at + 8);
    subscription.clock = ClockId{take<std::uint32_t>(at + 16)};
    subscription.timeout = take<std::uint64_t>(at + 24);
    subscription.flags = take<std::uint16_t>(at + 40);
    subscription.fd = Fd{take<std::uint32_t>(at + 16)};
    return subscription;
  }
};

/// Snapshot 0 named each clock subscription with an identifier before the clock.
struct UnstableSubscription {
  static constexpr std::size_t kSize = 56;

  static Subscription decode(const std::byte* at) {
    Subscription subscription;
    subscription.userdata = take<std::uint64_t>(at);
    subscription.tag = take<std::uint8_t>(at + 8);
    subscription.clock = ClockId{take<std::uint32_t>(at + 24)};
    subscription.timeout = take<std::uint64_t>(at + 32);
    subscription.flags = take<std::uint16_t>(at + 48);
    subscription.fd = Fd{take<std::uint32_t>(at + 16)};
    return subscription;
  }
};

struct Event {
  static constexpr std::size_t kSize = 32;
  std::uint64_t userdata = 0;
  Errno error = Errno::success;
  std::uint8_t tag = 0;
  FileSize nbytes = 0;
  std::uint16_t flags = 0;

  void encode(std::byte* at) const {
    std::memset(at, 0, kSize);
    put(at, userdata);
    put(at + 8, error);
    put(at + 10, tag);
    put(at + 16, nbytes);
    put(at + 24, flags);
  }
};

}  // namespace tinywasm::wasi
