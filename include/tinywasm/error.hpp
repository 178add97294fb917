// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <tinywasm/export.hpp>

namespace tinywasm {

namespace vm {
struct HeldException;
}  // namespace vm

/// What went wrong, in the terms of the WebAssembly specification and of this library.
enum class ErrorKind : std::uint8_t {
  malformed,    ///< the bytes or the text are not a module (decoding, parsing)
  invalid,      ///< the module does not validate
  unlinkable,   ///< an import is missing or has another type
  unsupported,  ///< a limit or a feature of this implementation
  trap,         ///< the guest did something undefined: the specification calls it a trap
  exhaustion,   ///< out of call stack or of memory
  exception,    ///< an exception left the outermost call
  interrupted,  ///< ended from outside: Store::interrupt, a timeout
  out_of_fuel,  ///< the fuel given to the Store is used up
  host,         ///< a host function failed, or the embedder used the API wrongly
  exit,         ///< the guest asked to end with `exit_code` (WASI proc_exit)
  io,           ///< the operating system refused: file not found, write error
};

/// The kind's name: "malformed", "trap", ...
TINYWASM_API const char* to_string(ErrorKind kind) noexcept;

/// One Wasm frame of a backtrace, innermost first.
struct Frame {
  std::uint32_t function = 0;   ///< index in the module's function index space
  std::uint64_t offset = 0;     ///< byte offset of the instruction in the module, or
                                ///< Error::kNoOffset where finding it would take too long
  std::string function_name{};  ///< from the name section or an export; may be empty. Clipped with
                                ///< "..." beyond 128 bytes
  std::string module_name{};    ///< from the name section, clipped likewise; may be empty
};

/// An error as a value. Cheap to move, copyable, thread-agnostic.
struct [[nodiscard]] Error {
  /// `offset` when there is no place to name.
  static constexpr std::uint64_t kNoOffset = ~std::uint64_t{0};

  ErrorKind kind = ErrorKind::host;
  std::string message{};             ///< without kind, place or backtrace
  std::uint64_t offset = kNoOffset;  ///< byte offset in the module, or kNoOffset
  std::uint32_t line = 0;            ///< text input: 1-based line, 0 when there is none
  std::uint32_t column = 0;          ///< text input: 1-based column in bytes
  int exit_code = 0;                 ///< kind == exit: what the guest passed to proc_exit
  std::vector<Frame> backtrace{};    ///< the frames that were active at a trap, innermost first:
                                     ///< at most 64
  bool is_backtrace_cut = false;     ///< there were more frames, further out
  /// kind == exception: what was thrown, see exception.hpp.
  std::shared_ptr<const vm::HeldException> exception{};
};

/// "message" with what is known of the place: "unexpected end (at offset 0x1f)". One line; names
/// that came from a module are escaped.
TINYWASM_API std::string to_string(const Error& error);
/// The backtrace as text, a line a frame, each ending in '\n'; empty when there is none. Where it
/// is cut a last line says so.
TINYWASM_API std::string backtrace_text(const Error& error);
TINYWASM_API std::ostream& operator<<(std::ostream& out, const Error& error);

}  // namespace tinywasm
