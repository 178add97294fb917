// SPDX-License-Identifier: Apache-2.0
// Running functions. The two dispatchers and the translation behind them are not visible here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include <tinywasm/result.hpp>

#include "decoder/module.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

/// How code is translated and run; chosen by the Store.
struct CodeOptions {
  bool fuse = true;            // patterns and pinned registers; else plain rows (a test oracle)
  bool fuel = false;           // charge fuel
  bool portable_loop = false;  // the `loop` dispatcher instead of `tail` (implies !fuse)
  bool deterministic = false;  // NaNs that are computed are canonical
  bool count_words = false;    // count how often each word runs (word_profile.hpp)
};

/// How much code may be made. Both are of the Module: all Stores share its code.
struct CodeLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;  // of all functions in all variants
  std::uint32_t function_bytes = 1u << 29;       // of one; keeps every offset in it below 2^31
};

/// Per module: the internal code of its functions, translated at their first call, shared by all
/// instances in all Stores. Thread-safe.
class ModuleCode {
 public:
  explicit ModuleCode(std::shared_ptr<const decoder::Module> module, const CodeLimits& limits = {});
  ~ModuleCode();
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  const decoder::Module& module() const { return *module_; }
  const std::shared_ptr<const decoder::Module>& shared_module() const { return module_; }
  /// The code cell of a defined function in the variant of `options`; stable for this object's
  /// life.
  FunctionCode* function(std::uint32_t function_index, const CodeOptions& options);

  struct Variant;
  Variant& variant(const CodeOptions& options);

  /// Takes so many bytes of what code may take in all; false: there are not so many left.
  bool take(std::uint64_t bytes);
  const CodeLimits& limits() const { return limits_; }

 private:
  std::shared_ptr<const decoder::Module> module_;
  const CodeLimits limits_;
  std::atomic<std::uint64_t> bytes_{0};  // of code, with what belongs to it
  std::mutex mutex_;                     // guards variants_
  std::unique_ptr<Variant> variants_[24];
};

/// Calls `function`. Arguments are read from slots[0..params), results written to slots[0..results)
/// (a v128 takes two slots); the array must hold the larger of both. On a trap the error carries
/// the backtrace. Re-entrant from host functions up to a bounded depth (ErrorKind::exhaustion
/// beyond).
Result<void> call(Context& context, Function& function, Slot* slots);

/// Number of slots the values of these types take.
std::size_t slot_count(std::span<const decoder::ValType> types);

}  // namespace tinywasm::vm
