// SPDX-License-Identifier: Apache-2.0
#include "tools/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

Error io_error(int number) { return Error{ErrorKind::io, std::strerror(number)}; }

/// Writes and closes.
Result<void> write_and_close(int descriptor, const OutputWriter& write) {
  Result<void> done = write(descriptor);
  const bool is_closed = close(descriptor) == 0;
  return is_closed || !done ? std::move(done) : Result<void>(io_error(errno));
}

/// What a name stands for, after all links; "-" is a descriptor. Nothing if there is nothing.
std::optional<struct stat> status_of(const std::string& path, int descriptor_of_dash) {
  struct stat status{};
  const int failed = path == "-" ? fstat(descriptor_of_dash, &status) : stat(path.c_str(), &status);
  if (failed != 0) return std::nullopt;
  return status;
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Result<void> write_in_place(const std::string& path, const OutputWriter& write) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return io_error(errno);
  return write_and_close(descriptor, write);
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);  // "" when there is no slash
}

/// Where a chain of symbolic links ends, which need not exist; nothing when it does not end.
std::optional<std::string> follow_links(std::string path) {
  constexpr int kMostLinks = 40;
  std::string target(4096, '\0');
  for (int i = 0; i < kMostLinks; ++i) {
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return path;  // no link
    const std::string_view next(target.data(), static_cast<std::size_t>(length));
    path = next.starts_with('/') ? std::string(next) : directory_of(path) + std::string(next);
  }
  return std::nullopt;
}

/// The permissions a new file gets.
mode_t new_file_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/// Puts a new file in the place of `path`, which is no link. Nothing has changed after an error.
/// `place_error` is an errno if the place is what is wrong, not what is written.
Result<void> replace_file(const std::string& path, const OutputWriter& write, int& place_error) {
  const auto fail = [&](int error) -> Result<void> {
    place_error = error;
    return io_error(error);
  };
  std::string temporary = directory_of(path) + ".tinywasm-XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) return fail(errno);
  fchmod(descriptor, new_file_mode());
  Result<void> done = write_and_close(descriptor, write);
  if (done && rename(temporary.c_str(), path.c_str()) != 0) done = fail(errno);
  if (!done) unlink(temporary.c_str());
  return done;
}

/// Errors that come from the directory or from how the file is mounted, not from the file.
bool may_work_in_place(int error) {
  return error == EACCES || error == EPERM || error == EROFS || error == EBUSY ||
         error == ENAMETOOLONG;
}

}  // namespace

Result<void> write_output(const std::string& path, const OutputWriter& write) {
  if (path == "-") return write(STDOUT_FILENO);
  const auto status = status_of(path, STDOUT_FILENO);
  if (status) {
    if (S_ISDIR(status->st_mode)) return io_error(EISDIR);
    const auto standard_output = status_of("-", STDOUT_FILENO);
    if (standard_output && is_same(*status, *standard_output)) return write(STDOUT_FILENO);
    if (!S_ISREG(status->st_mode)) return write_in_place(path, write);
  }
  const auto target = follow_links(path);
  if (!target) return io_error(ELOOP);
  // A link of /proc leads to an open file, which its text need not name.
  const auto target_status = status_of(*target, STDOUT_FILENO);
  if (status && !(target_status && is_same(*status, *target_status))) {
    return write_in_place(path, write);
  }
  int place_error = 0;
  Result<void> done = replace_file(*target, write, place_error);
  return may_work_in_place(place_error) ? write_in_place(path, write) : done;
}

Result<void> write_output(const std::string& path, std::string_view bytes) {
  return write_output(path, [bytes](int descriptor) -> Result<void> {
    if (const int error = write_all(descriptor, bytes); error != 0) return io_error(error);
    return {};
  });
}

bool is_same_file(const std::string& input, const std::string& output) {
  const auto read = status_of(input, STDIN_FILENO);
  const auto written = status_of(output, STDOUT_FILENO);
  return read && written && S_ISREG(read->st_mode) && is_same(*read, *written);
}

}  // namespace tinywasm::tools
