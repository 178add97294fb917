// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tinywasm/result.hpp>
#include <tinywasm/wasi.hpp>

#include "wasi/clock.hpp"
#include "wasi/fd_table.hpp"
#include "wasi/output_limit.hpp"
#include "wasi/path.hpp"
#include "wasi/random.hpp"

namespace tinywasm::wasi {

/// Who holds it can take it again: functions of the embedder, which a WASI call calls, may call the
/// guest, which makes WASI calls.
class WorldLock {
 public:
  void lock() {
    if (is_mine()) {
      ++depth_;
    } else {
      restore(1);
    }
  }
  void unlock() {
    if (--depth_ == 0) release();
  }
  /// Gives it up altogether. How often it was held, for restore().
  unsigned release() {
    const unsigned depth = std::exchange(depth_, 0);
    owner_.store(std::thread::id(), std::memory_order_relaxed);
    mutex_.unlock();
    return depth;
  }
  void restore(unsigned depth) {
    mutex_.lock();
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    depth_ = depth;
  }

 private:
  bool is_mine() const {
    return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  std::mutex mutex_;
  std::atomic<std::thread::id> owner_{};
  unsigned depth_ = 0;  // guarded by mutex_
};

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
  WorldLock mutex;
  std::unique_lock<WorldLock> lock() {
    return is_threaded ? std::unique_lock(mutex) : std::unique_lock<WorldLock>();
  }
  /// Streams of the embedder are called one at a time, but with the world unlocked: they may wait.
  std::recursive_mutex streams;

  /// The descriptor, if it is open and has all of `rights`. badf when it is not open, or lacks the
  /// right to read or write, as POSIX has it; notcapable when it lacks another.
  OrErrno<DescriptorPtr> get(Fd fd, Rights rights) const;

 private:
  explicit World(const WasiConfig& config);
};

/// Lets the guest's other threads make calls while this one waits for the host, or for a function
/// of the embedder. They may close any descriptor: hold what is in use.
class Unlocked {
 public:
  explicit Unlocked(World& world) : world_(world) {
    if (world_.is_threaded) depth_ = world_.mutex.release();
  }
  ~Unlocked() {
    const int saved_errno = errno;
    if (world_.is_threaded) world_.mutex.restore(depth_);
    errno = saved_errno;
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  World& world_;
  unsigned depth_ = 0;
};

}  // namespace tinywasm::wasi
