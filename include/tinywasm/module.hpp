// SPDX-License-Identifier: Apache-2.0
/// @file
/// Loading modules.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/features.hpp>
#include <tinywasm/interrupt.hpp>
#include <tinywasm/mode.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/value.hpp>

namespace tinywasm {

namespace vm {
class ModuleCode;
}  // namespace vm

/// How a module is loaded.
struct LoadOptions {
  /// What it may use; using another feature is an error of kind unsupported.
  Features features{};
  /// Ends reading, assembling and validating it when it is set, with an error of kind interrupted.
  /// Not kept after the call.
  const InterruptToken* interrupt = nullptr;
  /// Bytes of the internal code that its functions are translated to, in all Stores together: they
  /// share it. A call of a function for which there is no room ends with "code limit reached"
  /// (ErrorKind::exhaustion). Code takes about 5 times the bytes of the bodies that were called.
  std::uint64_t max_code_bytes = std::uint64_t{1} << 30;
};

/// A decoded and validated module. Immutable: it may be shared by any number of Stores and threads,
/// and copying it copies a pointer. Functions are translated when they are first called, once for
/// all Stores. One that was moved from is empty: it imports and exports nothing, and to instantiate
/// it is an error of kind host.
class TINYWASM_MODE TINYWASM_API Module {
 public:
  /// Reads a file in the binary or the text format. Errors do not repeat the path.
  [[nodiscard]] static Result<Module> from_file(const std::string& path,
                                                const LoadOptions& options = {});
  /// Binary or text: text when the first character after a byte order mark and white space is '('
  /// or
  /// ';', or when there is nothing but these. No bytes at all are an error. A vector becomes the
  /// module's without a copy when it is binary, and stays as it is when it is text.
  [[nodiscard]] static Result<Module> from_bytes(std::span<const std::byte> bytes,
                                                 const LoadOptions& options = {});
  [[nodiscard]] static Result<Module> from_bytes(std::vector<std::byte>&& bytes,
                                                 const LoadOptions& options = {});
  /// The text format, whatever the bytes look like.
  [[nodiscard]] static Result<Module> from_text(std::string_view text,
                                                const LoadOptions& options = {});
  /// The binary format, whatever the bytes look like.
  [[nodiscard]] static Result<Module> from_binary(std::span<const std::byte> bytes,
                                                  const LoadOptions& options = {});

  // The same with nothing but features.
  [[nodiscard]] static Result<Module> from_file(const std::string& path, const Features& features);
  [[nodiscard]] static Result<Module> from_bytes(std::span<const std::byte> bytes,
                                                 const Features& features);
  [[nodiscard]] static Result<Module> from_bytes(std::vector<std::byte>&& bytes,
                                                 const Features& features);
  [[nodiscard]] static Result<Module> from_text(std::string_view text, const Features& features);
  [[nodiscard]] static Result<Module> from_binary(std::span<const std::byte> bytes,
                                                  const Features& features);

  [[nodiscard]] std::vector<ImportType> imports() const;
  [[nodiscard]] std::vector<ExportType> exports() const;
  // The same one by one: all at once can need thousands of times the module's size, as many may be
  // of one large type. Precondition of those with an index: it is below the number.
  [[nodiscard]] std::size_t import_count() const noexcept;
  [[nodiscard]] ImportType import_at(std::size_t index) const;
  [[nodiscard]] std::size_t export_count() const noexcept;
  [[nodiscard]] ExportType export_at(std::size_t index) const;
  /// Whether it imports anything from a module of this name.
  [[nodiscard]] bool imports_from(std::string_view module) const noexcept;
  /// Whether there is an export of this name, of whatever type.
  [[nodiscard]] bool has_export(std::string_view name) const;
  /// From the name section; may be empty.
  [[nodiscard]] std::string name() const;
  /// How often each word of the internal code has run in Stores of this configuration, with
  /// count_words: one line a word, the number, a tab, and what the word is. An empty line stands
  /// where control does not simply go on to the next word. Empty before anything ran.
  [[nodiscard]] std::string word_counts(const StoreConfig& config) const;

 private:
  friend class Linker;
  friend class Instance;
  explicit Module(std::shared_ptr<vm::ModuleCode> code) : code_(std::move(code)) {}
  static Result<Module> load(std::vector<std::byte> bytes, const LoadOptions& options);

  std::shared_ptr<vm::ModuleCode> code_;
};

}  // namespace tinywasm
