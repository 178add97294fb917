// SPDX-License-Identifier: Apache-2.0
#include "tools/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

Error last_error() { return Error{ErrorKind::io, std::strerror(errno)}; }

/// Reads to the end. A file's size is where to begin: its bytes are then written only once.
Result<std::vector<std::byte>> read_all(int descriptor) {
  constexpr std::size_t kStep = 65536;
  struct stat status{};
  const bool sized = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  std::vector<std::byte> bytes(sized ? static_cast<std::size_t>(status.st_size) + 1 : kStep);
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() + std::max(kStep, bytes.size() / 2));
    const ssize_t count = read(descriptor, bytes.data() + used, bytes.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

Result<std::vector<std::byte>> read_input(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return last_error();
  auto bytes = read_all(descriptor);
  close(descriptor);
  return bytes;
}

std::optional<Module> load(const std::string& path, const Features& features) {
  Result<std::vector<std::byte>> bytes = read_input(path);
  if (!bytes) {
    report(path, bytes.error());
    return std::nullopt;
  }
  // A binary module keeps the bytes; a text, which an error shows a line of, is only read.
  Result<Module> module = Module::from_bytes(*std::move(bytes), features);
  if (module) return *std::move(module);
  report_source(path, module.error(), as_text(*bytes));
  return std::nullopt;
}

}  // namespace tinywasm::tools
