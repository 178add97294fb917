// SPDX-License-Identifier: Apache-2.0
// Internal code of a module: memory for it, and the cells through which functions are reached.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "decoder/types.hpp"
#include "vm/dispatch.hpp"
#include "vm/interpreter.hpp"

namespace tinywasm::vm {

class Translation;
struct HandlerTable;
struct WordProfile;

namespace ir {
struct Position;
}

/// The code cell of one function in one variant. Its first field makes the cell itself a word of
/// code: before the first call, `entry` points to the cell, and its handler translates.
struct FunctionCode {
  HandlerAddress translate_handler = nullptr;
  std::atomic<const std::byte*> entry{nullptr};
  ModuleCode::Variant* variant = nullptr;
  std::uint32_t index = 0;  // in the module's function index space
  std::uint32_t frame = 0;  // slots from its frame to a callee's, once translated
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  const HandlerTable* handlers = nullptr;  // null: exceptions go to the caller

  const std::byte* stub() const { return reinterpret_cast<const std::byte*>(this); }
};

/// The code of all functions of a module under one set of options.
struct ModuleCode::Variant {
  Variant(ModuleCode& code, const CodeOptions& options);
  ~Variant();

  ModuleCode& code;
  const decoder::Module& module;
  CodeOptions options;
  const Dispatcher& dispatcher;

  std::mutex mutex;               // guards what follows, and is never held for long
  FunctionCode* cells = nullptr;  // one a defined function; zeroed until cell() is asked for it
  std::vector<std::unique_ptr<std::byte[]>> chunks;
  std::size_t chunk_used = 0;
  std::size_t chunk_size = 0;
  std::map<const std::byte*, FunctionCode*> by_address;  // by end of code
  std::vector<std::unique_ptr<const HandlerTable>> handler_tables;
  /// Where operations of a function come from, for the functions that were asked for it.
  std::map<const FunctionCode*, std::vector<ir::Position>> positions;

  // One thread at a time translates, and has these while it does.
  bool is_translating = false;               // guarded by the mutex
  std::condition_variable turn;              // it is not translating any more
  std::unique_ptr<Translation> translation;  // its buffers are used again
  std::unique_ptr<WordProfile> profile;      // if the code counts how often it runs

  /// The cell of a defined function, or null. The caller holds the mutex. There is memory for all
  /// cells or for none, so that one function's code can count on the others' cells.
  FunctionCode* cell(std::uint32_t function_index);
  /// Room for `size` bytes of code that never moves. The caller holds the mutex.
  std::byte* allocate(std::size_t size, Trap& why_not);
  /// The function whose code holds `pc`, or null.
  FunctionCode* find(const std::byte* pc);
};

/// The code of a function, or null and why there is none.
struct Translated {
  const std::byte* entry = nullptr;
  Trap trap = Trap::none;
};
/// Translates a function unless another thread already did, for which it waits. Both end soon after
/// `interrupt` is set; the function can be translated again then.
Translated translate(FunctionCode& function, const std::atomic<std::uint32_t>& interrupt);

/// Makes the direct call word that returns to `return_pc` lead to `entry`, if it called the stub.
void patch_call(const std::byte* return_pc, const FunctionCode& function, const std::byte* entry);

/// Slots a host function may use for arguments and results.
std::size_t host_frame_slots(const decoder::FuncType& type);

}  // namespace tinywasm::vm
