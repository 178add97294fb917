// SPDX-License-Identifier: Apache-2.0
// <tinywasm/module.hpp>
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
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
  explicit File(const char* path) : descriptor_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Reads to the end of a file, whose size is a hint only: pipes have none. The bytes are taken
/// piece by piece, as a vector would be zeroed first; a small file is read in one piece no larger
/// than it.
Result<std::vector<std::byte>> read_all(int descriptor, std::size_t size_hint) {
  constexpr std::size_t kLeast = 4096;
  constexpr std::size_t kMost = 256 << 10;
  std::vector<std::byte> bytes;
  bytes.reserve(size_hint);
  vm::prefer_large_pages(bytes.data(), size_hint);
  std::vector<std::byte> piece(std::clamp(size_hint, kLeast, kMost));
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(errno);
    if (count == 0) return bytes;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + count);
    if (bytes.size() > decoder::kMaxModuleBytes) {
      return decoder::make_error(decoder::Message::module_too_large);
    }
  }
}

Result<std::vector<std::byte>> read_file(const std::string& path) {
  const File file(path.c_str());
  if (file.descriptor() < 0) return io_error(errno);
  struct stat status{};
  if (fstat(file.descriptor(), &status) != 0) return io_error(errno);
  if (S_ISDIR(status.st_mode)) return io_error(EISDIR);
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (size > decoder::kMaxModuleBytes) {
    return decoder::make_error(decoder::Message::module_too_large);
  }
  return read_all(file.descriptor(), static_cast<std::size_t>(size));
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

Result<Module> Module::load(std::vector<std::byte> bytes, const Features& features) {
  auto decoded = decoder::read_module(std::move(bytes));
  if (!decoded) return std::move(decoded).error();
  auto module = std::make_shared<decoder::Module>(*std::move(decoded));
  if (Result<void> allowed = decoder::check_restrictions(*module, features); !allowed) {
    return std::move(allowed).error();
  }
  if (Result<void> valid = decoder::validate_module(*module); !valid) {
    return std::move(valid).error();
  }
  if (Result<void> allowed = decoder::check_features(*module, features); !allowed) {
    return std::move(allowed).error();
  }
  return Module(std::make_shared<vm::ModuleCode>(std::move(module)));
}

Result<Module> Module::from_file(const std::string& path, const Features& features) {
  return vm::guarded([&]() -> Result<Module> {
    auto bytes = read_file(path);
    if (!bytes) return std::move(bytes).error();
    return from_bytes(*std::move(bytes), features);
  });
}

Result<Module> Module::from_bytes(std::vector<std::byte>&& bytes, const Features& features) {
  if (is_text(bytes)) return from_text(as_text(bytes), features);
  return vm::guarded([&] { return load(std::move(bytes), features); });
}

Result<Module> Module::from_bytes(std::span<const std::byte> bytes, const Features& features) {
  return is_text(bytes) ? from_text(as_text(bytes), features) : from_binary(bytes, features);
}

Result<Module> Module::from_binary(std::span<const std::byte> bytes, const Features& features) {
  return vm::guarded(
      [&] { return load(std::vector<std::byte>(bytes.begin(), bytes.end()), features); });
}

Result<Module> Module::from_text(std::string_view text, const Features& features) {
  return vm::guarded([&]() -> Result<Module> {
    auto assembled = decoder::assemble_text(text);
    if (!assembled) return std::move(assembled).error();
    if (assembled->has_page_size && !features.has(FeatureId::custom_page_sizes)) {
      return decoder::feature_off(FeatureId::custom_page_sizes);
    }
    return load(std::move(assembled->bytes), features);
  });
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
