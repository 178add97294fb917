// SPDX-License-Identifier: Apache-2.0
// A calculator in reverse Polish notation: reads lines such as `2 3 + 4 *` and prints the results.
// Words can be defined (`: square dup * ;`) and errors handled (`try 1 0 / catch 0 end`). All
// errors are C++ exceptions; what they leave behind is cleaned up by destructors.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Error {
  explicit Error(std::string text) : text(std::move(text)) {}
  Error(const Error&) = default;
  virtual ~Error() = default;
  virtual const char* kind() const { return "error"; }
  std::string text;
};
struct SyntaxError : Error {
  using Error::Error;
  const char* kind() const override { return "syntax error"; }
};
struct Overflow : Error {
  using Error::Error;
  const char* kind() const override { return "overflow"; }
};
struct Quit {
  int status;
};

/// Counts how deep words are nested; the count is right again whatever is thrown.
class Nesting {
 public:
  explicit Nesting(int& depth) : depth_(depth) {
    if (++depth_ > 200) {
      --depth_;  // no destructor runs for what was never constructed
      throw Overflow("words are nested too deeply");
    }
  }
  ~Nesting() { --depth_; }

 private:
  int& depth_;
};

class Calculator {
 public:
  Calculator();

  void line(const std::string& text);
  /// Restores the stack when the line fails.
  void guarded_line(const std::string& text);

  const std::vector<long>& stack() const { return stack_; }
  int depth() const { return depth_; }
  int caught() const { return caught_; }

 private:
  using Words = std::vector<std::string>;

  long pop();
  void run(const Words& words);
  void run_word(const std::string& word);
  std::size_t handle(const Words& words, std::size_t at);
  void push_number(const std::string& word);

  std::vector<long> stack_;
  std::map<std::string, std::function<void()>> builtins_;
  std::map<std::string, std::shared_ptr<Words>> definitions_;
  int depth_ = 0;
  int caught_ = 0;
};

Calculator::Calculator() {
  const auto binary = [this](const char* name, auto compute) {
    builtins_[name] = [this, compute] {
      const long right = pop();
      const long left = pop();
      long result = 0;
      if (compute(left, right, &result)) throw Overflow("the result does not fit");
      stack_.push_back(result);
    };
  };
  binary("+", [](long a, long b, long* to) { return __builtin_add_overflow(a, b, to); });
  binary("-", [](long a, long b, long* to) { return __builtin_sub_overflow(a, b, to); });
  binary("*", [](long a, long b, long* to) { return __builtin_mul_overflow(a, b, to); });
  binary("/", [](long a, long b, long* to) {
    if (b == 0) throw Error("division by zero");
    if (b == -1) return __builtin_sub_overflow(0L, a, to);
    *to = a / b;
    return false;
  });
  builtins_["dup"] = [this] {
    const long top = pop();
    stack_.insert(stack_.end(), {top, top});
  };
  builtins_["drop"] = [this] { pop(); };
  builtins_["swap"] = [this] {
    const long top = pop();
    const long below = pop();
    stack_.insert(stack_.end(), {top, below});
  };
  builtins_["fail"] = [this] { throw pop(); };  // any value can be thrown
  builtins_["quit"] = [this] { throw Quit{static_cast<int>(pop())}; };
}

long Calculator::pop() {
  if (stack_.empty()) throw Error("the stack is empty");
  const long top = stack_.back();
  stack_.pop_back();
  return top;
}

void Calculator::line(const std::string& text) {
  Words words;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  if (!words.empty() && words.front() == ":") {
    if (words.size() < 3 || words.back() != ";") throw SyntaxError("a definition ends with ;");
    definitions_[words[1]] = std::make_shared<Words>(words.begin() + 2, words.end() - 1);
    return;
  }
  run(words);
}

void Calculator::guarded_line(const std::string& text) {
  const std::vector<long> before = stack_;
  try {
    line(text);
  } catch (...) {
    stack_ = before;
    throw;  // goes on to whoever knows what it is
  }
}

void Calculator::run(const Words& words) {
  const Nesting nesting(depth_);
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] == "try") {
      at = handle(words, at + 1);
    } else {
      run_word(words[at]);
    }
  }
}

/// try WORDS catch WORDS end; returns where `end` is.
std::size_t Calculator::handle(const Words& words, std::size_t at) {
  std::size_t middle = 0;
  std::size_t end = at;
  for (int open = 1;; ++end) {
    if (end == words.size()) throw SyntaxError("try without end");
    if (words[end] == "try") ++open;
    if (words[end] == "catch" && open == 1) middle = end;
    if (words[end] == "end" && --open == 0) break;
  }
  if (middle == 0) throw SyntaxError("try without catch");
  const std::size_t height = stack_.size();
  const auto recover = [&](long value) {
    ++caught_;
    stack_.resize(std::min(stack_.size(), height));
    stack_.push_back(value);
    run({words.begin() + static_cast<long>(middle) + 1, words.begin() + static_cast<long>(end)});
  };
  try {
    run({words.begin() + static_cast<long>(at), words.begin() + static_cast<long>(middle)});
  } catch (const Overflow&) {
    recover(std::numeric_limits<long>::max());
  } catch (const Error& error) {
    recover(static_cast<long>(error.text.size()));
  } catch (long value) {
    recover(value);
  }
  return end;
}

void Calculator::run_word(const std::string& word) {
  if (const auto builtin = builtins_.find(word); builtin != builtins_.end()) {
    builtin->second();
  } else if (const auto found = definitions_.find(word); found != definitions_.end()) {
    const std::shared_ptr<Words> words = found->second;
    run(*words);
  } else {
    push_number(word);
  }
}

void Calculator::push_number(const std::string& word) {
  long value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') throw SyntaxError(word + " is not known");
    if (__builtin_mul_overflow(value, 10L, &value) ||
        __builtin_add_overflow(value, static_cast<long>(c - '0'), &value)) {
      throw Overflow(word + " is too large");
    }
  }
  stack_.push_back(value);
}

bool read_line(std::string& line) {
  line.clear();
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c == '\n') return true;
    line += static_cast<char>(c);
  }
  return !line.empty();
}

}  // namespace

/// With --strict nothing is caught here.
int main(int argc, char**) {
  Calculator calculator;
  std::string line;
  while (read_line(line)) {
    if (argc > 1) calculator.guarded_line(line);
    try {
      if (argc < 2) calculator.guarded_line(line);
      for (const long value : calculator.stack()) std::printf("%ld ", value);
      std::printf("\n");
    } catch (const Quit& quit) {
      std::printf("%d errors handled, %d words open\n", calculator.caught(), calculator.depth());
      return quit.status;
    } catch (Error& error) {
      std::printf("%s: %s\n", error.kind(), error.text.c_str());
    }
  }
  return 0;
}
