// SPDX-License-Identifier: Apache-2.0
// <tinywasm/module.hpp>
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <tinywasm/module.hpp>

#include "decoder/features.hpp"
#include "decoder/limits.hpp"
#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/utf8.hpp"
#include "decoder/validator.hpp"
#include "vm/address_space.hpp"
#include "vm/api.hpp"
#include "vm/code.hpp"
#include "vm/interpreter.hpp"
#include "vm/public_types.hpp"
#include "vm/word_profile.hpp"

namespace tinywasm {
namespace {

Error io_error(int number) { return Error{ErrorKind::io, std::generic_category().message(number)}; }

/// An open file, closed at the end of its life.
class File {
 public:
  /// To be read without waiting, or not.
  File(const char* path, bool waits)
      : descriptor_(open(path, O_RDONLY | O_CLOEXEC | (waits ? 0 : O_NONBLOCK))) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Error interrupted() { return decoder::make_error(decoder::Message::interrupted); }

/// Waits until there is something to read, or an error or the end; false when it was interrupted.
bool wait_for_input(int descriptor, const InterruptToken& interrupt) {
  constexpr int kMilliseconds = 10;
  pollfd ready{descriptor, POLLIN, 0};
  while (!interrupt.is_set()) {
    const int count = poll(&ready, 1, kMilliseconds);
    if (count > 0 || (count < 0 && errno != EINTR)) return true;
  }
  return false;
}

/// Reads to the end of a file, whose size is a hint only: pipes have none. The bytes are taken
/// piece by piece, as a vector would be zeroed first; a small file is read in one piece no larger
/// than it.
Result<std::vector<std::byte>> read_all(int descriptor, std::size_t size_hint,
                                        const InterruptToken* interrupt) {
  constexpr std::size_t kLeast = 4096;
  constexpr std::size_t kMost = 256 << 10;
  std::vector<std::byte> bytes;
  bytes.reserve(size_hint);
  vm::prefer_large_pages(bytes.data(), size_hint);
  std::vector<std::byte> piece(std::clamp(size_hint, kLeast, kMost));
  for (;;) {
    if (interrupt != nullptr && !wait_for_input(descriptor, *interrupt)) return interrupted();
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && (errno == EINTR || (interrupt != nullptr && errno == EAGAIN))) continue;
    if (count < 0) return io_error(errno);
    if (count == 0) return bytes;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + count);
    if (bytes.size() > decoder::kMaxModuleBytes) {
      return decoder::make_error(decoder::Message::module_too_large);
    }
  }
}

Result<std::vector<std::byte>> read_file(const std::string& path, const InterruptToken* interrupt) {
  const File file(path.c_str(), interrupt == nullptr);
  if (file.descriptor() < 0) return io_error(errno);
  struct stat status{};
  if (fstat(file.descriptor(), &status) != 0) return io_error(errno);
  if (S_ISDIR(status.st_mode)) return io_error(EISDIR);
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (size > decoder::kMaxModuleBytes) {
    return decoder::make_error(decoder::Message::module_too_large);
  }
  return read_all(file.descriptor(), static_cast<std::size_t>(size), interrupt);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The first character that is not white space begins a module or a comment of the text format. A
/// byte order mark is white space here; nothing but white space is a text, nothing at all is none.
bool is_text(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  if (text.empty()) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n", decoder::byte_order_mark(text));
  return first == std::string_view::npos || text[first] == '(' || text[first] == ';';
}

}  // namespace

Result<Module> Module::load(std::vector<std::byte> bytes, const LoadOptions& options) {
  auto decoded = decoder::read_module(std::move(bytes), options.interrupt);
  if (!decoded) return std::move(decoded).error();
  auto module = std::make_shared<decoder::Module>(*std::move(decoded));
  if (Result<void> allowed = decoder::check_restrictions(*module, options.features); !allowed) {
    return std::move(allowed).error();
  }
  if (Result<void> valid = decoder::validate_module(*module, options.interrupt); !valid) {
    return std::move(valid).error();
  }
  const auto allowed = decoder::check_features(*module, options.features, options.interrupt);
  if (!allowed) return allowed.error();
  return Module(std::make_shared<vm::ModuleCode>(std::move(module),
                                                 vm::CodeLimits{.bytes = options.max_code_bytes}));
}

Result<Module> Module::from_file(const std::string& path, const LoadOptions& options) {
  return vm::guarded([&]() -> Result<Module> {
    auto bytes = read_file(path, options.interrupt);
    if (!bytes) return std::move(bytes).error();
    return from_bytes(*std::move(bytes), options);
  });
}

Result<Module> Module::from_bytes(std::vector<std::byte>&& bytes, const LoadOptions& options) {
  if (is_text(bytes)) return from_text(as_text(bytes), options);
  return vm::guarded([&] { return load(std::move(bytes), options); });
}

Result<Module> Module::from_bytes(std::span<const std::byte> bytes, const LoadOptions& options) {
  return is_text(bytes) ? from_text(as_text(bytes), options) : from_binary(bytes, options);
}

Result<Module> Module::from_binary(std::span<const std::byte> bytes, const LoadOptions& options) {
  return vm::guarded(
      [&] { return load(std::vector<std::byte>(bytes.begin(), bytes.end()), options); });
}

Result<Module> Module::from_text(std::string_view text, const LoadOptions& options) {
  return vm::guarded([&]() -> Result<Module> {
    auto assembled = decoder::assemble_text(text, options.interrupt);
    if (!assembled) return std::move(assembled).error();
    if (assembled->has_page_size && !options.features.has(FeatureId::custom_page_sizes)) {
      return decoder::feature_off(FeatureId::custom_page_sizes);
    }
    return load(std::move(assembled->bytes), options);
  });
}

Result<Module> Module::from_file(const std::string& path, const Features& features) {
  return from_file(path, LoadOptions{.features = features});
}
Result<Module> Module::from_bytes(std::span<const std::byte> bytes, const Features& features) {
  return from_bytes(bytes, LoadOptions{.features = features});
}
Result<Module> Module::from_bytes(std::vector<std::byte>&& bytes, const Features& features) {
  return from_bytes(std::move(bytes), LoadOptions{.features = features});
}
Result<Module> Module::from_text(std::string_view text, const Features& features) {
  return from_text(text, LoadOptions{.features = features});
}
Result<Module> Module::from_binary(std::span<const std::byte> bytes, const Features& features) {
  return from_binary(bytes, LoadOptions{.features = features});
}

std::vector<ImportType> Module::imports() const {
  if (!code_) return {};
  const decoder::Module& module = code_->module();
  std::vector<ImportType> all;
  all.reserve(module.imports.size());
  for (const decoder::Import& entry : module.imports) {
    all.push_back(vm::import_type(module, entry));
  }
  return all;
}

std::vector<ExportType> Module::exports() const {
  if (!code_) return {};
  return vm::exports_of(code_->module());
}

bool Module::imports_from(std::string_view module) const noexcept {
  if (!code_) return false;
  const auto& imports = code_->module().imports;
  return std::any_of(imports.begin(), imports.end(),
                     [&](const decoder::Import& import) { return import.module == module; });
}

std::size_t Module::import_count() const noexcept {
  return code_ ? code_->module().imports.size() : 0;
}

ImportType Module::import_at(std::size_t index) const {
  return vm::import_type(code_->module(), code_->module().imports[index]);
}

std::size_t Module::export_count() const noexcept {
  return code_ ? code_->module().exports.size() : 0;
}

ExportType Module::export_at(std::size_t index) const {
  return vm::export_type(code_->module(), code_->module().exports[index]);
}

bool Module::has_export(std::string_view name) const {
  return code_ && code_->module().export_index.contains(name);
}

std::string Module::name() const {
  return code_ ? std::string(code_->module().module_name()) : std::string();
}

std::string Module::word_counts(const StoreConfig& config) const {
  if (!code_) return {};
  const vm::ModuleCode::Variant& variant = code_->variant(vm::options_of(config));
  return variant.profile ? vm::text_of(*variant.profile, variant.dispatcher) : std::string();
}

}  // namespace tinywasm
