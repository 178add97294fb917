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

/// Reads to the end. A file's size says how much room to make; a small one is read in one piece no
/// larger than it, as untouched memory costs nothing.
Result<std::vector<std::byte>> read_all(int descriptor) {
  constexpr std::size_t kLeast = 4096;
  constexpr std::size_t kMost = 256 << 10;
  struct stat status{};
  const bool has_size = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t size = has_size ? static_cast<std::size_t>(status.st_size) : kMost;
  std::vector<std::byte> bytes;
  if (has_size) bytes.reserve(size);
  std::vector<std::byte> piece(std::clamp(size, kLeast, kMost));
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    if (count == 0) return bytes;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + count);
  }
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
  // A binary module keeps the bytes; a text, which an error shows a line of, is left as it is.
  Result<Module> module = Module::from_bytes(*std::move(bytes), features);
  if (module) return *std::move(module);
  report_source(path, module.error(), as_text(*bytes));  // NOLINT(bugprone-use-after-move)
  return std::nullopt;
}

}  // namespace tinywasm::tools
