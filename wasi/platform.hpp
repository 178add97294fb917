// SPDX-License-Identifier: Apache-2.0
// The system calls that POSIX lacks or that differ between systems; the only place in wasi/ that
// asks which system this is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <poll.h>
#include <span>
#include <sys/stat.h>
#include <sys/uio.h>

namespace tinywasm::wasi::platform {

/// Flags to open a directory only to resolve paths below it.
extern const int kOpenDirectory;

/// Whether the system can resolve a path confined to a directory at all.
extern const bool kHasOpenBeneath;

/// Opens the directory at `path`, not empty, below `directory`, refusing whatever leads out of it,
/// with kOpenDirectory. -1 and errno, as openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS:
/// EXDEV for an attempt to leave, ELOOP for a link on the way, ENOSYS or EPERM where the system
/// does not allow the call.
int open_directory_beneath(int directory, const char* path);

/// readv and writev that do not wait: -1 and EAGAIN when they would, EOPNOTSUPP for a descriptor
/// (or a system) that cannot tell.
ssize_t read_now(int fd, const iovec* vectors, int count);
ssize_t write_now(int fd, const iovec* vectors, int count);

/// Opens what `fd`, a terminal, is once more, such that it never waits and without making it the
/// process's own terminal. Not 0 to 2. -1: not possible.
int open_again(int fd);

/// poll(2) that waits at most `nanoseconds`.
int poll_for(std::span<pollfd> descriptors, std::uint64_t nanoseconds);

/// Reserves space in a file, growing it; 0 or an errno value, EOPNOTSUPP where the file system has
/// no such operation.
int allocate(int fd, std::int64_t offset, std::int64_t length);

/// Waits until what was written to a part of a file has left for the disk: makes a following fsync
/// short. 0 or an errno value; EOPNOTSUPP where the system has no such operation.
int write_back(int fd, std::int64_t offset, std::int64_t length);

/// As posix_fadvise(2), `advice` numbered as in WASI; 0 or an errno value.
int advise(int fd, std::int64_t offset, std::int64_t length, unsigned advice);

/// Fills `bytes` with randomness of the system. False and errno when it fails.
bool random_bytes(std::span<std::byte> bytes);

struct Times {
  timespec access, modification, change;
};
Times times_of(const struct stat& stat);

}  // namespace tinywasm::wasi::platform
