// SPDX-License-Identifier: Apache-2.0
#include "tools/input.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

Error last_error() { return Error{ErrorKind::io, std::strerror(errno)}; }

/// Reads to the end.
Result<std::vector<std::byte>> read_all(int descriptor) {
  constexpr off_t kMost = off_t{4} << 30;  // no module is larger
  struct stat status{};
  if (fstat(descriptor, &status) == 0 && status.st_size > kMost) {
    return Error{ErrorKind::io, "file is larger than 4 GiB"};
  }
  std::vector<std::byte> bytes;
  std::vector<std::byte> piece(64 << 10);
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    if (count == 0) return bytes;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + count);
  }
}

/// A module from what can be read only once. A binary module keeps the bytes; a text, which an
/// error shows a line of, is left as it is.
std::optional<Module> load_once(const std::string& path, const LoadOptions& options) {
  Result<std::vector<std::byte>> bytes = read_input(path);
  if (!bytes) {
    report(path, bytes.error());
    return std::nullopt;
  }
  Result<Module> module = Module::from_bytes(*std::move(bytes), options);
  if (module) return *std::move(module);
  report_source(path, module.error(), as_text(*bytes));  // NOLINT(bugprone-use-after-move)
  return std::nullopt;
}

bool is_file(const std::string& path) {
  struct stat status{};
  return path != "-" && stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
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

std::optional<Module> load(const std::string& path, const LoadOptions& options) {
  if (!is_file(path)) return load_once(path, options);
  Result<Module> module = Module::from_file(path, options);
  if (module) return *std::move(module);
  // Only an error of a text has a line, which is shown: that takes reading it again.
  std::vector<std::byte> text;
  if (module.error().line != 0) {
    if (auto again = read_input(path)) text = *std::move(again);
  }
  report_source(path, module.error(), as_text(text));
  return std::nullopt;
}

}  // namespace tinywasm::tools
