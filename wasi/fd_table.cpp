// SPDX-License-Identifier: Apache-2.0
#include "wasi/fd_table.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "wasi/file_stat.hpp"

namespace tinywasm::wasi {
namespace {

int socket_option(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : 0;
}

void classify_socket(Descriptor& descriptor) {
  const int fd = descriptor.host.get();
  descriptor.type =
      socket_option(fd, SO_TYPE) == SOCK_DGRAM ? FileType::socket_dgram : FileType::socket_stream;
  if (socket_option(fd, SO_ACCEPTCONN) != 0) {
    descriptor.kind = Descriptor::Kind::listener;
    descriptor.base = rights::kSockAccept | rights::kFdFdstatSetFlags | rights::kFdFilestatGet |
                      rights::kPollFdReadwrite | rights::kFdRead;
    descriptor.inheriting = rights::kSocket;
  } else {
    descriptor.kind = Descriptor::Kind::socket;
    descriptor.base = rights::kSocket;
  }
}

void classify(Descriptor& descriptor, const struct stat& stat) {
  descriptor.type = file_type(stat.st_mode);
  if (S_ISDIR(stat.st_mode)) {
    descriptor.kind = Descriptor::Kind::directory;
    descriptor.base = rights::kDirectory;
    descriptor.inheriting = rights::kDirectory | rights::kFile;
  } else if (S_ISREG(stat.st_mode)) {
    descriptor.kind = Descriptor::Kind::file;
    descriptor.base = rights::kFile;
  } else if (S_ISSOCK(stat.st_mode)) {
    classify_socket(descriptor);
  } else {
    descriptor.kind = Descriptor::Kind::stream;
    descriptor.base = rights::kStream;
    // A program takes a character device that cannot seek for a terminal.
    const bool is_device = S_ISCHR(stat.st_mode) || S_ISBLK(stat.st_mode);
    descriptor.is_terminal = is_device && ::isatty(descriptor.host.get()) != 0;
    if (is_device && !descriptor.is_terminal) {
      descriptor.base |= rights::kFdSeek | rights::kFdTell;
    } else {
      descriptor.has_reader = true;
    }
  }
}

}  // namespace

OrErrno<Descriptor> Descriptor::of(HostFd host) {
  // In a process that was started with a standard stream closed, the next file to be opened gets
  // that number; what the process then prints must not end up in a file of the guest.
  if (host.is_owned() && host.get() >= 0 && host.get() <= STDERR_FILENO) {
    HostFd other(::fcntl(host.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!other) return last_errno();
    host = std::move(other);
  }
  struct stat stat{};
  if (::fstat(host.get(), &stat) != 0) return last_errno();
  const int mode = ::fcntl(host.get(), F_GETFL);
  if (mode < 0) return last_errno();
  Descriptor descriptor;
  descriptor.host = std::move(host);
  classify(descriptor, stat);
  descriptor.is_host_nonblocking = (mode & O_NONBLOCK) != 0;
  if ((mode & O_APPEND) != 0) descriptor.flags |= fdflags::kAppend;
  if ((mode & O_ACCMODE) == O_WRONLY) descriptor.base &= ~rights::kFdRead;
  if ((mode & O_ACCMODE) == O_RDONLY && descriptor.kind != Kind::listener) {
    descriptor.base &= ~rights::kFdWrite;
  }
  return descriptor;
}

void Descriptor::make_standard() {
  // A device that can tell where it stands is no terminal: guests find out by that right.
  const bool is_device = kind == Kind::stream && (base & rights::kFdTell) != 0;
  base &= rights::kStream | (is_device ? rights::kFdTell : Rights{0});
  inheriting = 0;
  is_standard = true;
  if (kind == Kind::directory) host = HostFd();  // nothing is left that would need it
}

OrErrno<Fd> FdTable::insert(Descriptor descriptor) {
  if (is_full()) return Errno::mfile;
  while (lowest_free_ < slots_.size() && slots_[lowest_free_]) ++lowest_free_;
  if (lowest_free_ == slots_.size()) slots_.emplace_back();
  slots_[lowest_free_] = std::make_shared<Descriptor>(std::move(descriptor));
  ++count_;
  return Fd{static_cast<std::uint32_t>(lowest_free_++)};
}

DescriptorPtr FdTable::find(Fd fd) const {
  const auto index = static_cast<std::size_t>(fd);
  return index < slots_.size() ? slots_[index] : nullptr;
}

bool FdTable::is_full() {
  if (count_ + closed_.size() < limit_) return false;
  std::erase_if(closed_, [](const auto& closed) { return closed.expired(); });
  return count_ + closed_.size() >= limit_;
}

void FdTable::release(DescriptorPtr descriptor) {
  if (descriptor.use_count() > 1) closed_.push_back(descriptor);
}

Errno FdTable::close(Fd fd) {
  if (!find(fd)) return Errno::badf;
  const auto index = static_cast<std::size_t>(fd);
  DescriptorPtr closed = std::move(slots_[index]);
  --count_;
  if (index < lowest_free_) lowest_free_ = index;
  release(std::move(closed));  // at the end: a file of the embedder may call the guest as it goes
  return Errno::success;
}

Errno FdTable::renumber(Fd from, Fd to) {
  if (!find(from) || !find(to)) return Errno::badf;
  if (from == to) return Errno::success;
  DescriptorPtr closed = std::move(slots_[static_cast<std::size_t>(to)]);
  slots_[static_cast<std::size_t>(to)] = std::move(slots_[static_cast<std::size_t>(from)]);
  --count_;
  if (static_cast<std::size_t>(from) < lowest_free_) lowest_free_ = static_cast<std::size_t>(from);
  release(std::move(closed));
  return Errno::success;
}

}  // namespace tinywasm::wasi
