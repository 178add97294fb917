// SPDX-License-Identifier: Apache-2.0
// A JSON (RFC 8259) pretty-printer.
//   json [--sort] [--indent N] [FILE]      reads stdin without FILE
// Values live in one vector and name each other by index; the parser and the printer keep their
// own stacks, so deep nesting costs memory and never the native stack.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

enum class Kind : std::uint8_t { literal, string, array, object };

struct Value {
  Kind kind;
  std::string_view text;                // literal, string: as it stands in the source
  std::string_view key;                 // of a member of an object, with its quotes
  std::vector<std::uint32_t> children;  // array, object
};

struct Problem {
  std::size_t offset;
  const char* message;
};

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  // Returns the values, the root first, or nothing; then problem() tells why.
  std::optional<std::vector<Value>> parse() {
    read_value({});
    while (!problem_ && !open_.empty()) read_in_container();
    skip_space();
    if (!problem_ && at_ < source_.size()) fail("unexpected text after the value");
    if (problem_) return std::nullopt;
    return std::move(values_);
  }

  Problem problem() const { return *problem_; }

 private:
  void fail(const char* message) {
    if (!problem_) problem_ = Problem{at_, message};
  }

  char peek() const { return at_ < source_.size() ? source_[at_] : '\0'; }

  bool accept(char c) {
    if (peek() != c || at_ >= source_.size()) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < source_.size() && std::strchr(" \t\r\n", source_[at_]) && source_[at_]) ++at_;
  }

  // The state after an opening bracket or a complete element.
  void read_in_container() {
    const std::uint32_t container = open_.back();
    const bool is_object = values_[container].kind == Kind::object;
    const bool first = values_[container].children.empty();
    skip_space();
    if (accept(is_object ? '}' : ']')) {
      open_.pop_back();
      return;
    }
    if (!first) {
      if (!accept(',')) return fail(is_object ? "expected , or }" : "expected , or ]");
      skip_space();
    }
    std::string_view key;
    if (is_object) {
      if (peek() != '"') return fail("expected a string as key");
      key = read_string();
      skip_space();
      if (!accept(':')) return fail("expected :");
    }
    read_value(key);
  }

  void read_value(std::string_view key) {
    skip_space();
    const auto index = static_cast<std::uint32_t>(values_.size());
    if (!open_.empty()) values_[open_.back()].children.push_back(index);
    const char c = peek();
    if (c == '{' || c == '[') {
      ++at_;
      values_.push_back({c == '{' ? Kind::object : Kind::array, {}, key, {}});
      open_.push_back(index);
    } else if (c == '"') {
      values_.push_back({Kind::string, read_string(), key, {}});
    } else {
      values_.push_back({Kind::literal, read_literal(), key, {}});
    }
  }

  std::string_view read_literal() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (source_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word;
      }
    }
    return read_number();
  }

  bool read_digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  std::string_view read_number() {
    const std::size_t start = at_;
    accept('-');
    if (accept('0')) {
      if (peek() >= '0' && peek() <= '9') fail("a number starts with a needless zero");
    } else if (!read_digits()) {
      fail("expected a value");
    }
    if (accept('.') && !read_digits()) fail("expected a digit after the point");
    if (accept('e') || accept('E')) {
      if (!accept('+')) accept('-');
      if (!read_digits()) fail("expected a digit in the exponent");
    }
    return source_.substr(start, at_ - start);
  }

  void read_escape() {
    if (!accept('u')) {
      if (!peek() || !std::strchr("\"\\/bfnrt", peek())) return fail("unknown escape");
      ++at_;
      return;
    }
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!peek() || !std::strchr("0123456789abcdefABCDEF", peek())) {
        return fail("expected four hexadecimal digits");
      }
    }
  }

  std::string_view read_string() {
    const std::size_t start = at_++;
    while (!problem_ && !accept('"')) {
      if (at_ >= source_.size()) {
        fail("a string has no end");
      } else if (accept('\\')) {
        read_escape();
      } else if (static_cast<unsigned char>(source_[at_]) < 0x20) {
        fail("a control character in a string");
      } else {
        ++at_;
      }
    }
    return source_.substr(start, at_ - start);
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::optional<Problem> problem_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> open_;  // the containers around the place
};

class Printer {
 public:
  Printer(const std::vector<Value>& values, int indent) : values_(values), indent_(indent) {}

  std::string print() {
    begin(0);
    while (!open_.empty()) {
      Place& place = open_.back();
      const Value& container = values_[place.value];
      if (place.next == container.children.size()) {
        open_.pop_back();
        new_line();
        out_ += container.kind == Kind::object ? '}' : ']';
        continue;
      }
      if (place.next > 0) out_ += ',';
      new_line();
      begin(container.children[place.next++]);  // may move `open_`: `place` ends here
    }
    out_ += '\n';
    return std::move(out_);
  }

 private:
  struct Place {
    std::uint32_t value;
    std::size_t next;  // the child to print next
  };

  void new_line() {
    out_ += '\n';
    out_.append(open_.size() * static_cast<std::size_t>(indent_), ' ');
  }

  void begin(std::uint32_t index) {
    const Value& value = values_[index];
    if (!value.key.empty()) (out_ += value.key) += ": ";
    if (value.kind == Kind::literal || value.kind == Kind::string) {
      out_ += value.text;
    } else if (value.children.empty()) {
      out_ += value.kind == Kind::object ? "{}" : "[]";
    } else {
      out_ += value.kind == Kind::object ? '{' : '[';
      open_.push_back({index, 0});
    }
  }

  const std::vector<Value>& values_;
  int indent_;
  std::string out_;
  std::vector<Place> open_;
};

void sort_members(std::vector<Value>& values) {
  for (Value& value : values) {
    if (value.kind != Kind::object) continue;
    std::stable_sort(
        value.children.begin(), value.children.end(),
        [&](std::uint32_t a, std::uint32_t b) { return values[a].key < values[b].key; });
  }
}

std::optional<std::string> read_all(const char* path) {
  std::FILE* file = path ? std::fopen(path, "rb") : stdin;
  if (!file) return std::nullopt;
  std::string text;
  char block[4096];
  while (const std::size_t n = std::fread(block, 1, sizeof block, file)) text.append(block, n);
  const bool failed = std::ferror(file) != 0;
  if (path) std::fclose(file);
  if (failed) return std::nullopt;
  return text;
}

int report(const char* name, std::string_view source, Problem problem) {
  const std::string_view before = source.substr(0, problem.offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  std::fprintf(stderr, "json: %s:%ld:%zu: %s\n", name, static_cast<long>(line),
               problem.offset - line_start + 1, problem.message);
  return 1;
}

int usage() {
  std::fputs("usage: json [--sort] [--indent N] [FILE]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  bool sort = false;
  int indent = 2;
  const char* path = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--sort") {
      sort = true;
    } else if (argument == "--indent" && i + 1 < argc) {
      indent = std::clamp(std::atoi(argv[++i]), 0, 16);
    } else if (argument.substr(0, 1) == "-" || path) {
      return usage();
    } else {
      path = argv[i];
    }
  }

  const char* name = path ? path : "stdin";
  const std::optional<std::string> source = read_all(path);
  if (!source) {
    std::fprintf(stderr, "json: %s: %s\n", name, std::strerror(errno));
    return 1;
  }
  Parser parser(*source);
  std::optional<std::vector<Value>> values = parser.parse();
  if (!values) return report(name, *source, parser.problem());
  if (sort) sort_members(*values);
  const std::string text = Printer(*values, indent).print();
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    std::perror("json");
    return 1;
  }
  return 0;
}
