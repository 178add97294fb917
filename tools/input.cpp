// SPDX-License-Identifier: Apache-2.0
#include "tools/input.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

Error last_error() { return Error{ErrorKind::io, std::strerror(errno)}; }

Result<std::string> read_all(int descriptor) {
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count == 0) return bytes;
    if (count > 0) {
      bytes.append(buffer, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return last_error();
    }
  }
}

}  // namespace

Result<std::string> read_input(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return last_error();
  Result<std::string> bytes = read_all(descriptor);
  close(descriptor);
  return bytes;
}

std::optional<Module> load(const std::string& path, const Features& features) {
  Result<std::string> bytes = read_input(path);
  if (!bytes) {
    report(path, bytes.error());
    return std::nullopt;
  }
  Result<Module> module = Module::from_bytes(std::as_bytes(std::span(*bytes)), features);
  if (module) return *std::move(module);
  report_source(path, module.error(), *bytes);
  return std::nullopt;
}

}  // namespace tinywasm::tools
