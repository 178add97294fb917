// SPDX-License-Identifier: Apache-2.0
// The threads of one guest (https://github.com/WebAssembly/wasi-threads).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tinywasm/module.hpp>
#include <tinywasm/shared_memory.hpp>
#include <tinywasm/wasi_threads.hpp>

#include "wasi/world.hpp"

namespace tinywasm::wasi {

class ThreadGroup : public std::enable_shared_from_this<ThreadGroup> {
 public:
  ThreadGroup(const Module& module, Store& first, const WasiThreadsConfig& config,
              std::shared_ptr<World> world);

  /// Makes the shared memory that the module imports.
  Result<void> create_memory();
  /// Defines WASI, thread-spawn and the memory for `store`, which is the linker's.
  void define(Linker& linker, Store& store);
  void define_first(Linker& linker) { define(linker, first_); }
  /// thread-spawn: the new thread's id, or a negative number.
  std::int32_t spawn(std::int32_t argument);
  Result<void> finish(Result<void> result);
  /// Ends all threads and awaits them.
  void stop();

 private:
  struct Thread {
    std::thread host;
    std::int32_t id = 0;
    Store* store = nullptr;  // while it runs
    bool is_done = false;
  };

  void run(std::int32_t id, std::int32_t argument);
  Result<void> run_guest(Store& store, std::int32_t id, std::int32_t argument);
  bool enter(std::int32_t id, Store& store);
  void leave(std::int32_t id, Result<void> result);
  void end(std::optional<Error> error);
  void reap();

  Module module_;
  Store& first_;
  WasiThreadsConfig config_;
  std::shared_ptr<World> world_;
  std::optional<SharedMemory> memory_{};
  std::string memory_module_{};
  std::string memory_name_{};

  std::mutex mutex_{};  // guards what follows
  std::vector<Thread> threads_{};
  std::int32_t last_id_ = 0;
  bool is_ending_ = false;
  std::optional<Error> error_{};  // of the thread that ended the others
};

}  // namespace tinywasm::wasi
