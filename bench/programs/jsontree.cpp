// SPDX-License-Identifier: Apache-2.0
// JSON text to a tree and back: a recursive parser, many small allocations, numbers, appends.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "size.h"

namespace {

constexpr int kRecords = 400, kRounds = 130, kMostDepth = 64;

struct Value;
using Array = std::vector<Value>;
using Object = std::vector<std::pair<std::string, Value>>;
struct Value {
  std::variant<std::nullptr_t, bool, double, std::string, Array, Object> is;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool parse(Value& value) { return parse_value(value, 0) && (skip_space(), at_ == text_.size()); }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(std::string_view expected) {
    skip_space();
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool parse_value(Value& value, int depth) {
    if (depth > kMostDepth) return false;
    if (accept("{")) return parse_object(value.is.emplace<Object>(), depth);
    if (accept("[")) return parse_array(value.is.emplace<Array>(), depth);
    if (accept("\"")) return parse_string(value.is.emplace<std::string>());
    if (accept("true")) return value.is = true, true;
    if (accept("false")) return value.is = false, true;
    if (accept("null")) return value.is = nullptr, true;
    return parse_number(value.is.emplace<double>());
  }

  bool parse_object(Object& object, int depth) {
    if (accept("}")) return true;
    do {
      auto& [key, value] = object.emplace_back();
      if (!accept("\"") || !parse_string(key) || !accept(":")) return false;
      if (!parse_value(value, depth + 1)) return false;
    } while (accept(","));
    return accept("}");
  }

  bool parse_array(Array& array, int depth) {
    if (accept("]")) return true;
    do {
      if (!parse_value(array.emplace_back(), depth + 1)) return false;
    } while (accept(","));
    return accept("]");
  }

  bool parse_string(std::string& string) {  // the escapes \" and \\ and \n
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\' && ++at_ < text_.size()) c = text_[at_] == 'n' ? '\n' : text_[at_];
      string += c;
    }
    return false;
  }

  bool parse_number(double& number) {
    const bool negative = accept("-");
    const std::size_t start = at_;
    double scale = 1;
    bool fraction = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '.' && !fraction) {
        fraction = true;
      } else if ('0' <= c && c <= '9') {
        number = number * 10 + (c - '0');
        if (fraction) scale *= 10;
      } else {
        break;
      }
    }
    number = (negative ? -number : number) / scale;
    return at_ > start;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void write_string(const std::string& string, std::string& out) {
  out += '"';
  for (const char c : string) {
    if (c == '"' || c == '\\' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
  out += '"';
}

void write(const Value& value, std::string& out);

struct Writer {
  std::string& out;

  void operator()(std::nullptr_t) { out += "null"; }
  void operator()(bool value) { out += value ? "true" : "false"; }
  void operator()(double value) {  // in hundredths
    const auto hundredths = static_cast<std::int64_t>(value * 100 + (value < 0 ? -0.5 : 0.5));
    const auto size = hundredths < 0 ? -hundredths : hundredths;
    if (hundredths < 0) out += '-';
    out += std::to_string(size / 100);
    if (size % 100 == 0) return;
    out += '.';
    out += static_cast<char>('0' + size / 10 % 10);
    if (size % 10) out += static_cast<char>('0' + size % 10);
  }
  void operator()(const std::string& value) { write_string(value, out); }
  void operator()(const Array& array) {
    out += '[';
    for (const Value& value : array) {
      if (&value != array.data()) out += ',';
      write(value, out);
    }
    out += ']';
  }
  void operator()(const Object& object) {
    out += '{';
    for (const auto& member : object) {
      if (&member != object.data()) out += ',';
      write_string(member.first, out);
      out += ':';
      write(member.second, out);
    }
    out += '}';
  }
};

void write(const Value& value, std::string& out) { std::visit(Writer{out}, value.is); }

std::string make_text() {
  std::string text = "[";
  std::uint32_t state = 3;
  for (int i = 0; i < kRecords; ++i) {
    state = state * 1664525u + 1013904223u;
    if (i) text += ',';
    text += "{\"id\":" + std::to_string(i) + ",\"name\":\"user \\\"" +
            std::to_string(state % 1000) + "\\\"\\n\",\"price\":-" + std::to_string(state >> 20) +
            "." + std::to_string((state >> 10 & 7) | 1) +
            ",\"tags\":[true,false,null,[1,2,[3]],\"" + std::string(state >> 27, 'x') +
            "\"],\"none\":{}}";
  }
  return text + "]";
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = size_argument(argc, argv, kRounds);
  const std::string text = make_text();
  for (int round = 0; round < rounds; ++round) {
    Value value;
    std::string out;
    if (!Parser(text).parse(value)) return std::puts("a syntax error"), 1;
    write(value, out);
    if (out != text) return std::puts("not equal"), 1;
  }
  std::printf("json: %zu bytes parsed and written %d times\n", text.size(), rounds);
  return 0;
}
