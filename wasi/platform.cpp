// SPDX-License-Identifier: Apache-2.0
#include "wasi/platform.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

namespace tinywasm::wasi::platform {
namespace {

/// Opens `path` in the mode of the device `fd`, if it is that device, for open_again().
int open_same(const char* path, int fd) {
  const int mode = ::fcntl(fd, F_GETFL);
  struct stat wanted{}, opened{};
  if (mode < 0 || ::fstat(fd, &wanted) != 0) return -1;
  const int first = ::open(path, (mode & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (first < 0) return -1;
  const bool is_same = ::fstat(first, &opened) == 0 && opened.st_rdev == wanted.st_rdev &&
                       opened.st_dev == wanted.st_dev && opened.st_ino == wanted.st_ino;
  // What the process prints must not end up there because a standard stream was closed.
  const int result = is_same ? ::fcntl(first, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
  ::close(first);
  return result;
}

}  // namespace

#ifdef __linux__

const int kOpenDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC;
const bool kHasOpenBeneath = true;

int open_directory_beneath(int directory, const char* path) {
  open_how how{};
  how.flags = static_cast<unsigned>(kOpenDirectory);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

ssize_t read_now(int fd, const iovec* vectors, int count) {
  return ::preadv2(fd, vectors, count, -1, RWF_NOWAIT);
}

ssize_t write_now(int fd, const iovec* vectors, int count) {
  return ::pwritev2(fd, vectors, count, -1, RWF_NOWAIT);
}

int open_again(int fd) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open_same(path, fd);
}

int poll_for(std::span<pollfd> descriptors, std::uint64_t nanoseconds) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
  timeout.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  return ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
}

int allocate(int fd, std::int64_t offset, std::int64_t length) {
  return ::fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

int write_back(int fd, std::int64_t offset, std::int64_t length) {
  constexpr unsigned kAll =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return ::sync_file_range(fd, offset, length, kAll) == 0 ? 0 : errno;
}

int advise(int fd, std::int64_t offset, std::int64_t length, unsigned advice) {
  static constexpr std::array kAdvice = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL,
                                         POSIX_FADV_RANDOM,   POSIX_FADV_WILLNEED,
                                         POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
  if (advice >= kAdvice.size()) return EINVAL;
  return ::posix_fadvise(fd, offset, length, kAdvice[advice]);
}

Times times_of(const struct stat& stat) { return {stat.st_atim, stat.st_mtim, stat.st_ctim}; }

bool random_bytes(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

#else

const int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
const bool kHasOpenBeneath = false;

int open_directory_beneath(int, const char*) {
  errno = ENOSYS;
  return -1;
}

ssize_t read_now(int, const iovec*, int) {
  errno = EOPNOTSUPP;
  return -1;
}

ssize_t write_now(int, const iovec*, int) {
  errno = EOPNOTSUPP;
  return -1;
}

int open_again(int fd) {
  char path[256];
  return ::ttyname_r(fd, path, sizeof path) == 0 ? open_same(path, fd) : -1;
}

int poll_for(std::span<pollfd> descriptors, std::uint64_t nanoseconds) {
  const std::uint64_t milliseconds = (nanoseconds + 999'999) / 1'000'000;
  const auto timeout = static_cast<int>(std::min<std::uint64_t>(milliseconds, INT_MAX));
  return ::poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()), timeout);
}

int allocate(int, std::int64_t, std::int64_t) { return EOPNOTSUPP; }

int write_back(int, std::int64_t, std::int64_t) { return EOPNOTSUPP; }

int advise(int, std::int64_t, std::int64_t, unsigned advice) { return advice < 6 ? 0 : EINVAL; }

bool random_bytes(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = bytes.size() < 256 ? bytes.size() : 256;
    if (::getentropy(bytes.data(), count) != 0) return false;
    bytes = bytes.subspan(count);
  }
  return true;
}

#ifdef __APPLE__
Times times_of(const struct stat& stat) {
  return {stat.st_atimespec, stat.st_mtimespec, stat.st_ctimespec};
}
#else
Times times_of(const struct stat& stat) { return {stat.st_atim, stat.st_mtim, stat.st_ctim}; }
#endif

#endif

}  // namespace tinywasm::wasi::platform
