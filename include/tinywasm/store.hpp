// SPDX-License-Identifier: Apache-2.0
/// @file
/// The Store: everything that runs, and the limits it runs under.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <tinywasm/export.hpp>
#include <tinywasm/mode.hpp>

namespace tinywasm {

namespace vm {
class Store;
}  // namespace vm

struct TINYWASM_MODE StoreConfig {
  /// Bytes of all linear memories together. A memory.grow beyond fails as the specification says,
  /// with -1; a module that needs more to begin with is not instantiated.
  std::uint64_t max_memory_bytes = std::uint64_t{4} << 30;
  /// Bytes of the guest's call stack; deeper recursion traps with "call stack exhausted". Only what
  /// is used takes memory.
  std::uint64_t max_stack_bytes = std::uint64_t{16} << 20;
  /// Bytes of the garbage-collected heap: structures, arrays and exceptions. When they do not
  /// suffice even after a collection, the guest ends with "out of memory" (ErrorKind::exhaustion);
  /// also when it has allocated less than a sixteenth of them since the last one: a guest that
  /// lives just below the limit would do nothing but collect.
  std::uint64_t max_gc_bytes = std::uint64_t{1} << 30;
  /// Bytes of the native stack that calls may take which nest: the guest calls the host, which
  /// calls the guest, and so on. Counted from the outermost call to the frame of the innermost,
  /// with what the host functions take in between. Deeper nesting is "call stack exhausted", as it
  /// is before this limit where the thread's own stack comes to an end (and the system tells how
  /// large it is).
  std::uint64_t max_native_stack_bytes = std::uint64_t{256} << 10;
  /// Fuel to begin with; absent: execution is not metered. An instruction takes one unit, and what
  /// takes longer than an instruction usually does takes more, so that fuel bounds time.
  std::optional<std::uint64_t> fuel{};
  /// With fuel: bytes that a bulk instruction (memory.fill, table.copy, array.new, memory.grow,
  /// ...) or a WASI call may copy, fill, make or transfer for one unit. The first `bytes_per_fuel`
  /// of each are free; an element of a table, and a reference in an array, is 8 bytes. What cannot
  /// be paid for does not begin; but WASI calls pay for what they have transferred, and count other
  /// work as bytes: a path 2 KiB and 16 for a character, a name looked up because of links 1 KiB, a
  /// name made or removed 16 KiB, a subscription of poll_oneoff 256, going elsewhere in a directory
  /// 96 KiB. 0: lengths are not charged for; less than 64 counts as 64. (Many values that one
  /// instruction copies or clears take a unit for each 64 of them in any case.)
  std::uint64_t bytes_per_fuel = 64;
  /// Elements of all tables together.
  std::uint64_t max_table_elements = 10'000'000;
  std::uint32_t max_instances = 100'000;
  /// False: the errors of guests that trap have neither a backtrace nor an offset. To find these
  /// takes time in proportion to the size of the functions that were running.
  bool backtraces = true;
  /// False: the interpreter runs one instruction at a time; slower, for comparison.
  bool fuse = true;
  /// True: the specification's deterministic profile. Every NaN that an instruction computes is the
  /// positive canonical one, on every host; floating-point arithmetic is slower. (Relaxed vector
  /// instructions always do what that profile says.)
  bool deterministic = false;
  /// True: the interpreter that needs nothing of the compiler; slower, for comparison.
  bool portable_loop = false;
  /// True: the interpreter counts how often each word of its internal code runs; slower. For
  /// Module::word_counts(). Not for modules that run on several threads.
  bool count_words = false;
};

/// The garbage-collected heap of a Store.
struct GcStatistics {
  std::uint64_t live_bytes = 0;       ///< after the last collection
  std::uint64_t used_bytes = 0;       ///< taken from the system now
  std::uint64_t allocated_bytes = 0;  ///< in total
  std::uint64_t collections = 0;
  std::uint64_t pause_nanoseconds = 0;  ///< spent collecting, in total
  std::uint64_t longest_pause_nanoseconds = 0;
};

/// Owns everything that runs: instances, memories, tables, globals, host functions. Handles to them
/// (Instance, Func, Memory, ...) are good for something as long as the Store is there, and harmless
/// afterwards. Used by one thread at a time; any number of Stores may run in parallel.
///
/// Moving a Store leaves all handles as they are. One that was moved from is empty: what would make
/// something in it is an error of kind host, all else does nothing. Destroying a Store, or moving
/// another one into it, while a call is under way in it (also of a start function) ends the process
/// with a message: it is a programming error.
class TINYWASM_API Store {
 public:
  explicit Store(const StoreConfig& config = {});
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// Ends the guest's execution with an error of kind interrupted, soon, wherever it is, and every
  /// later one until clear_interrupt(). A host function that blocks should watch
  /// Caller::interrupted(). May be called from any thread and from a signal handler.
  void interrupt() noexcept;
  void clear_interrupt() noexcept;

  /// What is left of the fuel; 0 when it is used up or execution is not metered.
  [[nodiscard]] std::uint64_t fuel_left() const noexcept;
  /// Sets the fuel. No effect when the Store was configured without.
  void set_fuel(std::uint64_t fuel) noexcept;
  /// Takes `amount` of the fuel, for what a host function does; see Caller::charge_fuel(). False,
  /// with nothing left, when there is less. True when execution is not metered.
  bool charge_fuel(std::uint64_t amount) noexcept;

  [[nodiscard]] GcStatistics gc_statistics() const noexcept;
  /// Frees the structures and arrays that can no longer be reached. Not needed: it happens by
  /// itself.
  void collect_garbage();
  /// For tests: collects at every allocation.
  void set_gc_stress(bool on) noexcept;

  /// For this library's own use; null when moved from.
  [[nodiscard]] vm::Store* impl() const noexcept { return impl_.get(); }

 private:
  struct Deleter {
    TINYWASM_API void operator()(vm::Store* store) const noexcept;
  };
  std::unique_ptr<vm::Store, Deleter> impl_;
};

}  // namespace tinywasm
