// SPDX-License-Identifier: Apache-2.0
/// @file
/// Guests that start threads: wasi-threads (https://github.com/WebAssembly/wasi-threads). Every
/// thread of the guest is a thread of the host, with a Store and an instance of its own; they share
/// the module's memory and what WASI lets them reach.
#pragma once

#include <cstdint>
#include <memory>

#include <tinywasm/export.hpp>
#include <tinywasm/linker.hpp>
#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/wasi.hpp>

namespace tinywasm {

namespace wasi {
class ThreadGroup;
}  // namespace wasi

struct WasiThreadsConfig {
  /// Threads that may run at once, beside the first one. Starting more fails in the guest.
  std::uint32_t max_threads = 64;
  /// Of each thread's Store, which has a stack and a garbage-collected heap of its own. Linear
  /// memories (the shared one counts once), table elements and fuel come out of one account for all
  /// threads, the first thread's Store's: max_memory_bytes, max_table_elements and fuel of this one
  /// have no effect, but that the shared memory never grows beyond max_memory_bytes.
  StoreConfig store{};
};

/// The threads of one guest. Make it for the module, define() it in the Linker of the first thread,
/// run the guest there, and hand what came out of it to finish():
///
///     auto threads = WasiThreads::create(*module, store, wasi_config);
///     threads->define(linker);
///     auto instance = linker.instantiate(*module);
///     ...
///     Result<void> done = threads->finish((*start)());
class WasiThreads {
 public:
  /// Whether a module imports wasi thread-spawn.
  [[nodiscard]] TINYWASM_API static bool wanted_by(const Module& module);
  /// `module` must import a shared memory, and nothing but that, WASI and thread-spawn: an error of
  /// kind unlinkable names what else it imports. `first` is the Store of the first thread and has
  /// to outlive this. The preopens are opened here.
  [[nodiscard]] TINYWASM_API static Result<WasiThreads> create(
      const Module& module, Store& first, const WasiConfig& config,
      const WasiThreadsConfig& threads = {});
  /// Defines WASI, thread-spawn and the memory.
  TINYWASM_API void define(Linker& linker) const;
  /// The guest's first thread is done, with `result`: ends and awaits all others. How the guest as
  /// a whole ended: when another thread did by a trap or proc_exit before, as that one.
  [[nodiscard]] TINYWASM_API Result<void> finish(Result<void> result) const;

  WasiThreads(WasiThreads&&) noexcept = default;
  WasiThreads& operator=(WasiThreads&&) = delete;
  TINYWASM_API ~WasiThreads();

 private:
  explicit WasiThreads(std::shared_ptr<wasi::ThreadGroup> group) : group_(std::move(group)) {}
  std::shared_ptr<wasi::ThreadGroup> group_;
};

}  // namespace tinywasm
