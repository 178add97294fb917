// SPDX-License-Identifier: Apache-2.0
#include "wasi/errno.hpp"

#include <cerrno>

namespace tinywasm::wasi {

Errno from_host(int host_errno) {
  switch (host_errno) {
    case 0:
      return Errno::success;
#define ERRNO(name, host) \
  case host:              \
    return Errno::name;
#include "wasi/errno.def"
#undef ERRNO
    default:
      break;
  }
  // Second names, equal to the first on some systems.
  if (host_errno == EWOULDBLOCK) return Errno::again;
  if (host_errno == EOPNOTSUPP) return Errno::notsup;
  return Errno::io;
}

Errno last_errno() { return from_host(errno); }

const char* to_string(Errno error) {
  switch (error) {
    case Errno::success:
      return "success";
#define ERRNO(name, host) \
  case Errno::name:       \
    return #name;
#include "wasi/errno.def"
#undef ERRNO
    case Errno::notcapable:
      return "notcapable";
  }
  return "unknown";
}

}  // namespace tinywasm::wasi
