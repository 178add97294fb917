// SPDX-License-Identifier: Apache-2.0
#include "tools/interruption.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <signal.h>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

using Cause = Interruption::Cause;

// Signal handlers reach no object but these.
std::atomic<Store*> g_store{nullptr};
std::atomic<Cause> g_cause{Cause::none};
timer_t g_timer;
bool g_has_timer = false;
bool g_handles_ctrl_c = false;

/// How long a guest may go on unaware of a signal that came just before a blocking call.
constexpr long kRepeatNanoseconds = 50'000'000;

void interrupt(Cause cause) {
  Cause none = Cause::none;
  g_cause.compare_exchange_strong(none, cause);
  if (Store* store = g_store.load()) store->interrupt();
}

void start_timer(const timespec& first) {
  itimerspec times{};
  times.it_value = first;
  times.it_interval.tv_nsec = kRepeatNanoseconds;
  if (g_has_timer) timer_settime(g_timer, 0, &times, nullptr);
}

void on_ctrl_c(int) {
  const int saved_errno = errno;
  if (g_cause.load() == Cause::ctrl_c) _exit(kExitInterrupt);
  interrupt(Cause::ctrl_c);
  start_timer({0, kRepeatNanoseconds});
  errno = saved_errno;
}

void on_timer(int) {
  const int saved_errno = errno;
  interrupt(Cause::timeout);  // unless Ctrl-C started the timer: the first cause counts
  errno = saved_errno;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;  // and no SA_RESTART
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

Interruption::Interruption(Store& store, std::optional<std::chrono::nanoseconds> timeout) {
  g_cause = Cause::none;
  g_store = &store;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  g_has_timer = timer_create(CLOCK_MONOTONIC, &event, &g_timer) == 0;
  handle(SIGALRM, &on_timer);
  struct sigaction inherited{};
  sigaction(SIGINT, nullptr, &inherited);
  g_handles_ctrl_c = inherited.sa_handler != SIG_IGN;  // a job in the background stays immune
  if (g_handles_ctrl_c) handle(SIGINT, &on_ctrl_c);
  if (timeout) {
    // A timer set to zero would never come.
    const auto count = std::max(timeout->count(), std::chrono::nanoseconds::rep{1});
    start_timer(
        {static_cast<time_t>(count / 1'000'000'000), static_cast<long>(count % 1'000'000'000)});
  }
}

Interruption::~Interruption() {
  if (g_has_timer) timer_delete(g_timer);
  g_has_timer = false;
  if (g_handles_ctrl_c) handle(SIGINT, SIG_DFL);
  handle(SIGALRM, SIG_IGN);
  g_store = nullptr;
}

Cause Interruption::cause() const { return g_cause; }

}  // namespace tinywasm::tools
