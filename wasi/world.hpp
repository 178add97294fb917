// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <tinywasm/result.hpp>
#include <tinywasm/wasi.hpp>

#include "wasi/clock.hpp"
#include "wasi/fd_table.hpp"
#include "wasi/output_limit.hpp"
#include "wasi/path.hpp"
#include "wasi/random.hpp"

namespace tinywasm::wasi {

/// All that one guest can reach through WASI, and its state.
struct World {
  /// Opens what `config` names: standard streams as descriptors 0 to 2, the preopens from 3 on,
  /// then the sockets. The error names what could not be had.
  static Result<std::shared_ptr<World>> create(const WasiConfig& config);

  std::vector<std::string> args;
  std::vector<std::string> environment;  // "NAME=value"
  bool sorts_directories;
  DirectoryCopies directory_copies{};
  FdTable fds;
  PathResolver paths;
  Clocks clocks;
  Random random;
  OutputLimit output;
  std::shared_ptr<WasiReport> report;  // may be null

  /// The guest has threads: one of them at a time is in a call, but while it waits (Unlocked).
  bool is_threaded = false;
  std::mutex mutex;
  std::unique_lock<std::mutex> lock() {
    return is_threaded ? std::unique_lock(mutex) : std::unique_lock<std::mutex>();
  }

  /// The descriptor, if it is open and has all of `rights`. badf when it is not open, or lacks the
  /// right to read or write, as POSIX has it; notcapable when it lacks another.
  OrErrno<Descriptor*> get(Fd fd, Rights rights) const;

 private:
  explicit World(const WasiConfig& config);
};

/// Lets the guest's other threads make calls while this one waits for the host. They may close any
/// descriptor that is not pinned.
class Unlocked {
 public:
  explicit Unlocked(World& world) : world_(world) {
    if (world_.is_threaded) world_.mutex.unlock();
  }
  ~Unlocked() {
    const int saved_errno = errno;
    if (world_.is_threaded) world_.mutex.lock();
    errno = saved_errno;
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  World& world_;
};

}  // namespace tinywasm::wasi
