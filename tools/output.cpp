// SPDX-License-Identifier: Apache-2.0
#include "tools/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

Error io_error(int number) { return Error{ErrorKind::io, std::strerror(number)}; }

/// Writes and closes; an errno, or 0.
int write_and_close(int descriptor, std::string_view bytes) {
  int error = write_all(descriptor, bytes);
  if (close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

Result<void> write_in_place(const std::string& path, std::string_view bytes) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return io_error(errno);
  if (const int error = write_and_close(descriptor, bytes); error != 0) return io_error(error);
  return {};
}

/// The permissions a new file gets.
mode_t new_file_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Result<void> write_output(const std::string& path, std::string_view bytes) {
  if (path == "-") {
    const int error = write_all(STDOUT_FILENO, bytes);
    if (error != 0) return io_error(error);
    return {};
  }
  struct stat status{};
  const bool exists = stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return io_error(EISDIR);
  if (exists && !S_ISREG(status.st_mode)) return write_in_place(path, bytes);
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) return io_error(errno);
  fchmod(descriptor, exists ? status.st_mode & 07777 : new_file_mode());
  int error = write_and_close(descriptor, bytes);
  if (error == 0 && rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  unlink(temporary.c_str());
  return io_error(error);
}

}  // namespace tinywasm::tools
