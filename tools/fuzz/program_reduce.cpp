// SPDX-License-Identifier: Apache-2.0
// Makes the choices behind a difference fewer.
#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "tools/fuzz/program.hpp"
#include "tools/fuzz/program_check.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr int kMostTries = 4000;
constexpr int kEnded = 100;  // by a signal

/// How a program goes wrong: 0 not at all, or 1 + the aspect.
int failure(const std::vector<std::byte>& choices, bool portable, std::size_t way) {
  const Program program = make_program(choices, portable);
  const auto found = find_difference(program.module, program.is_portable, way);
  return found ? 1 + static_cast<int>(found->aspect) : 0;
}

/// As above, in a process of its own, and kEnded when that ends.
int failure_apart(const std::vector<std::byte>& choices, bool portable, std::size_t way) {
  const pid_t child = ::fork();
  if (child < 0) return 0;
  if (child == 0) {
    for (const int signal_number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
      std::signal(signal_number, SIG_DFL);
    }
    ::alarm(10);
    ::_exit(failure(choices, portable, way));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) != child) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kEnded;
}

class Reducer {
 public:
  Reducer(std::vector<std::byte> choices, bool portable, std::size_t way)
      : choices_(std::move(choices)), portable_(portable), way_(way) {
    wanted_ = failure_apart(choices_, portable_, way_);
  }

  std::vector<std::byte> run() {
    if (wanted_ == 0) return choices_;
    do {
      improved_ = false;
      cut_the_end();
      // Zeros first: what comes behind them stays what it is.
      for_each_piece(true);
      for_each_piece(false);
    } while (improved_ && tries_ < kMostTries);
    return choices_;
  }

 private:
  bool accept(std::vector<std::byte> simpler) {
    if (simpler == choices_ || tries_ >= kMostTries) return false;
    ++tries_;
    // A process for each try takes longer than the try.
    const int found = wanted_ == kEnded ? failure_apart(simpler, portable_, way_)
                                        : failure(simpler, portable_, way_);
    if (found != wanted_) return false;
    choices_ = std::move(simpler);
    improved_ = true;
    return true;
  }

  void cut_the_end() {
    for (std::size_t size = choices_.size(); size > 0; size /= 2) {
      while (size <= choices_.size() &&
             accept({choices_.begin(), choices_.end() - as_offset(size)})) {
      }
    }
  }

  void for_each_piece(bool zero) {
    for (std::size_t size = choices_.size() / 2; size > 0; size /= 2) {
      for (std::size_t at = 0; at + size <= choices_.size();) {
        std::vector<std::byte> simpler = choices_;
        const auto begin = simpler.begin() + as_offset(at);
        if (zero) {
          std::fill_n(begin, size, std::byte{0});
        } else {
          simpler.erase(begin, begin + as_offset(size));
        }
        if (!accept(std::move(simpler)) || zero) at += size;
      }
    }
  }

  static std::ptrdiff_t as_offset(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

  std::vector<std::byte> choices_;
  bool portable_;
  std::size_t way_;
  int wanted_ = 0;
  int tries_ = 0;
  bool improved_ = false;
};

}  // namespace

std::vector<std::byte> reduce(std::vector<std::byte> choices, bool portable, std::size_t way) {
  return Reducer(std::move(choices), portable, way).run();
}

}  // namespace tinywasm::fuzz
