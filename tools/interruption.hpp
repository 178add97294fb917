// SPDX-License-Identifier: Apache-2.0
// Signals and the time limit: both end the guest wherever it is, and the process if it does not
// end.
#pragma once

#include <chrono>
#include <string>

#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>

namespace tinywasm::tools {

/// Has SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and SIGALRM end the process with 128 +
/// the signal's number: as process 1 of a container it would not even notice those that it has no
/// handler for. What is ignored already stays so (nohup, jobs in the background).
void handle_signals();

/// While it lives, the first of these signals interrupts `store`, and so does the end of the time
/// limit. A second signal ends the process at once, whatever the guest does, and so does the time
/// that an interrupted guest gets to end. One at a time.
class Interruption {
 public:
  explicit Interruption(Store& store);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// The guest is done: from now on a signal ends the process.
  void guest_ended();
  /// The exit code of a guest that was interrupted: by what was first. 0: nothing was.
  static int exit_code();
};

/// Ends the process, or the guest if there is one, when `limit` has passed since the process began:
/// loading a module counts, too. While it lives.
class TimeLimit {
 public:
  TimeLimit() = default;
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// `path` is what the line "tinywasm: PATH: timeout" names. An error when there can be no limit.
  Result<void> start(std::chrono::nanoseconds limit, const std::string& path);

  /// That line, unless it was printed.
  static void report_once(const std::string& path);

 private:
  struct Watch;
  static void watch(Watch& watch);

  Watch* watch_ = nullptr;
};

}  // namespace tinywasm::tools
