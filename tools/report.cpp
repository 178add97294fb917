// SPDX-License-Identifier: Apache-2.0
#include "tools/report.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace tinywasm::tools {
namespace {

/// Writes all of it; an errno, or 0.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {  // another process made the pipe non-blocking
      pollfd ready{descriptor, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (count < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

void report(std::string_view file, const Error& error) {
  const char* kind = error.kind == ErrorKind::trap ? "trap: " : "";
  write_all(STDERR_FILENO, fmt::format("tinywasm: {}: {}{}\n{}", file, kind, to_string(error),
                                       backtrace_text(error)));
}

void report(std::string_view message) {
  write_all(STDERR_FILENO, fmt::format("tinywasm: {}\n", message));
}

void print_error(std::string_view text) { write_all(STDERR_FILENO, text); }

bool print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0) report(fmt::format("standard output: {}", std::strerror(error)));
  return error == 0;
}

}  // namespace tinywasm::tools
