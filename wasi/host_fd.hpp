// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>
#include <utility>

namespace tinywasm::wasi {

/// A descriptor of the host: owned (closed with the object) or borrowed.
class HostFd {
 public:
  HostFd() = default;
  explicit HostFd(int fd) : fd_(fd), is_owned_(true) {}
  static HostFd borrow(int fd) {
    HostFd borrowed;
    borrowed.fd_ = fd;
    return borrowed;
  }
  HostFd(HostFd&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), is_owned_(std::exchange(other.is_owned_, false)) {}
  HostFd& operator=(HostFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(is_owned_, other.is_owned_);
    return *this;
  }
  ~HostFd() {
    if (is_owned_ && fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool is_owned() const { return is_owned_; }
  /// Gives up ownership.
  int release() {
    is_owned_ = false;
    return std::exchange(fd_, -1);
  }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
  bool is_owned_ = false;
};

}  // namespace tinywasm::wasi
