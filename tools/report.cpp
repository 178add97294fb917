// SPDX-License-Identifier: Apache-2.0
#include "tools/report.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace tinywasm::tools {
namespace {

/// A source line as a terminal can show it, clipped, and where a column of it went.
struct ShownLine {
  std::string text;
  std::size_t mark = 0;
};

/// `line` without control characters or what is not ASCII (whose width is not known), with at most
/// kWidth characters around `column`, which counts bytes from 1.
ShownLine show_line(std::string_view line, std::size_t column) {
  constexpr std::size_t kWidth = 100;
  constexpr std::size_t kBefore = 60;
  const std::size_t at = std::min(column - 1, line.size());
  const std::size_t begin = at > kBefore ? at - kBefore : 0;
  ShownLine shown;
  if (begin > 0) shown.text = "...";
  for (std::size_t i = begin; i <= line.size(); ++i) {
    if (i == at) shown.mark = shown.text.size();
    if (i == line.size()) break;
    if (i - begin >= kWidth) {
      shown.text += "...";
      break;
    }
    const auto byte = static_cast<unsigned char>(line[i]);
    // The rest of a character of several bytes takes no place of its own.
    if ((byte & 0xC0) == 0x80) continue;
    shown.text += byte >= 0x20 && byte < 0x7F ? line[i] : byte == '\t' ? ' ' : '?';
  }
  return shown;
}

/// Line `number` of a source, counted from 1.
std::string_view line_of(std::string_view source, std::uint32_t number) {
  for (; number > 1; --number) {
    const std::size_t end = source.find_first_of("\r\n");
    if (end == std::string_view::npos) return {};
    const bool is_pair = source.substr(end, 2) == "\r\n";
    source.remove_prefix(end + (is_pair ? 2 : 1));
  }
  return source.substr(0, source.find_first_of("\r\n"));
}

}  // namespace

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

std::string printable(std::string_view text) {
  return to_string(Error{ErrorKind::host, std::string(text)});
}

void report(std::string_view file, const Error& error) {
  const char* kind = error.kind == ErrorKind::trap ? "trap: " : "";
  write_all(STDERR_FILENO, fmt::format("tinywasm: {}: {}{}\n{}", printable(file), kind,
                                       to_string(error), backtrace_text(error)));
}

void report_source(std::string_view file, const Error& error, std::string_view source) {
  if (error.line == 0) return report(file, error);
  Error placeless = error;
  placeless.line = 0;
  const ShownLine line = show_line(line_of(source, error.line), error.column);
  print_error(fmt::format("tinywasm: {}:{}:{}: {}\n  {}\n  {:>{}}\n", printable(file), error.line,
                          error.column, to_string(placeless), line.text, '^', line.mark + 1));
}

void report(std::string_view message) {
  write_all(STDERR_FILENO, fmt::format("tinywasm: {}\n", printable(message)));
}

void print_error(std::string_view text) { write_all(STDERR_FILENO, text); }

bool print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0) report(fmt::format("standard output: {}", std::strerror(error)));
  return error == 0;
}

}  // namespace tinywasm::tools
