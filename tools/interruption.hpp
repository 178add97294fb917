// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and the timeout: both end the guest wherever it is.
#pragma once

#include <chrono>
#include <optional>

#include <tinywasm/store.hpp>

namespace tinywasm::tools {

/// While it lives, SIGINT and the end of `timeout` interrupt `store`. The signals do not restart
/// system calls, and come again and again until this object's end: one that arrives just before a
/// call that blocks would otherwise be lost. A second Ctrl-C ends the process at once. One at a
/// time.
class Interruption {
 public:
  enum class Cause { none, ctrl_c, timeout };

  Interruption(Store& store, std::optional<std::chrono::nanoseconds> timeout);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// What interrupted the store first.
  Cause cause() const;
};

}  // namespace tinywasm::tools
