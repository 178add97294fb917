// SPDX-License-Identifier: Apache-2.0
#include "tools/interruption.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Signal handlers reach no object but these.
std::atomic<Store*> g_store{nullptr};
std::atomic<int> g_exit_code{0};  // by what came first
std::atomic<bool> g_is_signalled{false};
std::atomic<bool> g_is_reported{false};

/// When the process began, as nearly as it matters.
const Clock::time_point g_start = Clock::now();

/// What an interrupted guest gets to end by itself: a little more than it waits between two looks.
constexpr std::chrono::milliseconds kGrace{80};

void set_exit_code(int code) {
  int none = 0;
  g_exit_code.compare_exchange_strong(none, code);
}

void on_signal(int number) {
  const int saved_errno = errno;
  set_exit_code(128 + number);
  Store* const store = g_store.load();
  if (!store || g_is_signalled.exchange(true)) _exit(g_exit_code.load());
  store->interrupt();
  // SIGALRM will be the second signal.
  itimerval grace{};
  grace.it_value.tv_usec = 200'000;
  setitimer(ITIMER_REAL, &grace, nullptr);
  errno = saved_errno;
}

}  // namespace

void handle_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM}) {
    struct sigaction action{}, inherited{};
    action.sa_handler = &on_signal;  // and no SA_RESTART
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, &inherited);
    if (inherited.sa_handler == SIG_IGN) sigaction(signal, &inherited, nullptr);
  }
}

Interruption::Interruption(Store& store) { g_store = &store; }

Interruption::~Interruption() { guest_ended(); }

void Interruption::guest_ended() { g_store = nullptr; }

int Interruption::exit_code() { return g_exit_code; }

/// The thread that waits for the limit's end. A thread rather than a timer: timers are refused
/// where signals are limited, and their signals blocked by whoever started the process.
struct TimeLimit::Watch {
  Clock::time_point end;
  std::string path;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;  // nothing is to be limited any more
  std::thread thread;
};

void TimeLimit::watch(Watch& watch) {
  std::unique_lock lock(watch.mutex);
  const auto is_over = [&] { return watch.is_over; };
  if (watch.changed.wait_until(lock, watch.end, is_over)) return;
  set_exit_code(kExitTimeout);
  if (Store* const store = g_store.load()) {
    store->interrupt();
    if (watch.changed.wait_for(lock, kGrace, is_over)) return;
  }
  // Nobody may read what is printed.
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 1) report_once(watch.path);
  _exit(g_exit_code.load());
}

Result<void> TimeLimit::start(std::chrono::nanoseconds limit, const std::string& path) {
  auto watch = std::make_unique<Watch>();
  const auto longest = Clock::time_point::max() - g_start;
  watch->end = g_start + std::min<Clock::duration>(limit, longest);
  watch->path = path;
  // Signals are the first thread's: a system call of its that waits is to return.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> done;
  try {
    watch->thread = std::thread(&TimeLimit::watch, std::ref(*watch));
    watch_ = watch.release();
  } catch (const std::system_error& error) {
    done = Error{ErrorKind::io, std::string("cannot limit the time: ") + error.what()};
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return done;
}

TimeLimit::~TimeLimit() {
  if (!watch_) return;
  const std::unique_ptr<Watch> watch(watch_);
  {
    const std::lock_guard lock(watch->mutex);
    watch->is_over = true;
  }
  watch->changed.notify_one();
  watch->thread.join();
}

void TimeLimit::report_once(const std::string& path) {
  if (!g_is_reported.exchange(true)) report(path, Error{ErrorKind::interrupted, "timeout"});
}

}  // namespace tinywasm::tools
