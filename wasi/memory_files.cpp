// SPDX-License-Identifier: Apache-2.0
// WasiMemoryFiles. One lock guards a whole tree: its operations are short.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <tinywasm/wasi_files.hpp>

#include "wasi/memory_contents.hpp"

namespace tinywasm {
namespace {

constexpr std::uint64_t kNodeBytes = 256;

/// What a name costs that has no room in its node.
std::uint64_t name_bytes(const std::string& name) { return name.size() > 15 ? name.size() : 0; }

/// What the nodes of a tree share.
struct Tree {
  explicit Tree(WasiMemoryFiles::Options given) : options(std::move(given)) {}

  WasiMemoryFiles::Options options;
  std::recursive_mutex mutex{};  // what is replaced or fails may be destroyed under the lock
  std::uint64_t used = 0;
  std::uint64_t last_inode = 0;

  bool take(std::uint64_t bytes) {
    if (bytes > options.max_bytes - used) return false;
    used += bytes;
    return true;
  }
  std::uint64_t now() const { return options.now ? options.now() : 0; }
};

/// A node's number and times, and its share of the limit while it lives.
class Common {
 public:
  /// Precondition: kNodeBytes were taken for it.
  explicit Common(std::shared_ptr<Tree> tree) : tree_(std::move(tree)) {
    info_.inode = ++tree_->last_inode;
    info_.accessed = info_.modified = info_.changed = tree_->now();
  }
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;

 protected:
  ~Common() = default;
  /// To be called by a destructor, with the number of bytes held beside the node itself.
  void give_back(std::uint64_t bytes) const {
    const std::lock_guard lock(tree_->mutex);
    tree_->used -= kNodeBytes + bytes;
  }
  void touch() { info_.modified = info_.changed = tree_->now(); }
  int set(std::optional<std::uint64_t> accessed, std::optional<std::uint64_t> modified) {
    const std::lock_guard lock(tree_->mutex);
    if (accessed) info_.accessed = *accessed;
    if (modified) info_.modified = *modified;
    info_.changed = tree_->now();
    return 0;
  }

  std::shared_ptr<Tree> tree_;
  WasiFileInfo info_{};
};

class MemoryFile final : public WasiFile, private Common {
 public:
  using Common::Common;
  ~MemoryFile() override { give_back(contents_.size()); }

  WasiFileInfo info() override {
    const std::lock_guard lock(tree_->mutex);
    WasiFileInfo info = info_;
    info.size = contents_.size();
    return info;
  }
  int set_times(std::optional<std::uint64_t> accessed,
                std::optional<std::uint64_t> modified) override {
    return set(accessed, modified);
  }
  WasiTransfer read(std::uint64_t offset, std::span<std::byte> to) override {
    const std::lock_guard lock(tree_->mutex);
    return contents_.read(offset, to);
  }
  WasiTransfer write(std::uint64_t offset, std::span<const std::byte> from) override {
    const std::lock_guard lock(tree_->mutex);
    if (from.empty()) return 0;
    constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
    if (offset > kMaxOffset) return WasiTransfer::failed(EFBIG);
    const std::uint64_t end = std::max(contents_.size(), offset + from.size());
    const std::uint64_t growth = end - contents_.size();
    if (!tree_->take(growth)) return WasiTransfer::failed(ENOSPC);
    if (!contents_.write(offset, from)) {  // the host has no memory left
      tree_->used -= growth;
      return WasiTransfer::failed(ENOSPC);
    }
    touch();
    return from.size();
  }
  int resize(std::uint64_t size) override {
    const std::lock_guard lock(tree_->mutex);
    if (size > contents_.size()) {
      if (!tree_->take(size - contents_.size())) return ENOSPC;
    } else {
      tree_->used -= contents_.size() - size;
    }
    contents_.resize(size);
    touch();
    return 0;
  }

 private:
  MemoryContents contents_;
};

class MemoryDirectory final : public WasiDirectory,
                              public std::enable_shared_from_this<MemoryDirectory>,
                              private Common {
 public:
  using Common::Common;
  /// Not one by one through the destructors of what it holds: a guest decides how deep that is.
  ~MemoryDirectory() override {
    std::vector<WasiEntry> rest;
    take_entries(rest);
    while (!rest.empty()) {
      const WasiEntry entry = std::move(rest.back());
      rest.pop_back();
      if (entry.directory && entry.directory.use_count() == 1) {
        static_cast<MemoryDirectory&>(*entry.directory).take_entries(rest);
      }
    }
    give_back(0);
  }

  WasiFileInfo info() override {
    const std::lock_guard lock(tree_->mutex);
    return info_;
  }
  int set_times(std::optional<std::uint64_t> accessed,
                std::optional<std::uint64_t> modified) override {
    return set(accessed, modified);
  }
  WasiEntry find(const std::string& name) override {
    const std::lock_guard lock(tree_->mutex);
    return find_locked(name);
  }
  std::vector<std::string> names() override {
    const std::lock_guard lock(tree_->mutex);
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }
  int create_file(const std::string& name) override {
    return create(name, [&] { return WasiEntry{std::make_shared<MemoryFile>(tree_), nullptr}; });
  }
  int create_directory(const std::string& name) override {
    return create(name, [&] {
      auto directory = std::make_shared<MemoryDirectory>(tree_);
      directory->parent_ = weak_from_this();
      return WasiEntry{nullptr, std::move(directory)};
    });
  }
  int remove_file(const std::string& name) override {
    const std::lock_guard lock(tree_->mutex);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return ENOENT;
    if (found->second.directory) return EISDIR;
    erase(found);
    touch();
    return 0;
  }
  int remove_directory(const std::string& name) override {
    const std::lock_guard lock(tree_->mutex);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return ENOENT;
    if (const int error = check_empty(found->second); error != 0) return error;
    static_cast<MemoryDirectory&>(*found->second.directory).is_removed_ = true;
    erase(found);
    touch();
    return 0;
  }
  int rename(const std::string& name, WasiDirectory& to, const std::string& new_name) override {
    auto* const target = dynamic_cast<MemoryDirectory*>(&to);
    if (!target || target->tree_ != tree_) return EXDEV;
    const std::lock_guard lock(tree_->mutex);
    const auto found = entries_.find(name);
    if (found == entries_.end() || target->is_removed_) return ENOENT;
    if (target == this && name == new_name) return 0;
    auto* const moved = static_cast<MemoryDirectory*>(found->second.directory.get());
    if (moved && target->is_below(*moved)) return EINVAL;
    const auto there = target->entries_.find(new_name);
    const bool is_taken = there != target->entries_.end();
    if (is_taken && !moved && there->second.directory) return EISDIR;
    if (is_taken && moved) {
      if (const int error = check_empty(there->second); error != 0) return error;
    }
    if (!tree_->take(name_bytes(new_name))) return ENOSPC;
    if (is_taken) {
      if (moved) static_cast<MemoryDirectory&>(*there->second.directory).is_removed_ = true;
      target->erase(there);
    }
    auto node = entries_.extract(name);
    tree_->used -= name_bytes(name);
    node.key() = new_name;
    target->entries_.insert(std::move(node));
    if (moved) moved->parent_ = target->weak_from_this();
    touch();
    target->touch();
    return 0;
  }

 private:
  WasiEntry find_locked(const std::string& name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? WasiEntry{} : found->second;
  }

  void erase(std::map<std::string, WasiEntry>::iterator at) {
    tree_->used -= name_bytes(at->first);
    const WasiEntry last = std::move(at->second);  // goes when the name has gone
    entries_.erase(at);
  }

  template <class Make>
  int create(const std::string& name, Make make) {
    const std::lock_guard lock(tree_->mutex);
    if (is_removed_) return ENOENT;
    if (entries_.contains(name)) return EEXIST;
    const std::uint64_t bytes = name_bytes(name);
    if (!tree_->take(kNodeBytes + bytes)) return ENOSPC;
    if (!entries_.emplace(name, make()).second) tree_->used -= bytes;  // `now` was the guest's
    touch();
    return 0;
  }

  static int check_empty(const WasiEntry& entry) {
    if (!entry.directory) return ENOTDIR;
    return static_cast<MemoryDirectory&>(*entry.directory).entries_.empty() ? 0 : ENOTEMPTY;
  }

  /// Whether this is `directory` or lies in it.
  bool is_below(const MemoryDirectory& directory) const {
    std::shared_ptr<const MemoryDirectory> held;
    for (const MemoryDirectory* at = this; at; at = held.get()) {
      if (at == &directory) return true;
      held = at->parent_.lock();
    }
    return false;
  }

  void take_entries(std::vector<WasiEntry>& to) {
    const std::lock_guard lock(tree_->mutex);
    for (auto& [name, entry] : entries_) {
      tree_->used -= name_bytes(name);
      to.push_back(std::move(entry));
    }
    entries_.clear();
  }

  std::map<std::string, WasiEntry> entries_{};
  std::weak_ptr<MemoryDirectory> parent_{};  // none for the root
  bool is_removed_ = false;
};

Error failed(std::string_view path, int error) {
  return Error{ErrorKind::io, fmt::format("{}: {}", path, std::generic_category().message(error))};
}

/// The directories of a path, and the name at its end.
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end != 0) names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

}  // namespace

WasiMemoryFiles::WasiMemoryFiles() : WasiMemoryFiles(Options{}) {}

WasiMemoryFiles::WasiMemoryFiles(Options options) {
  options.max_bytes = std::max(options.max_bytes, kNodeBytes);
  auto tree = std::make_shared<Tree>(std::move(options));
  tree->take(kNodeBytes);
  root_ = std::make_shared<MemoryDirectory>(std::move(tree));
}

std::shared_ptr<WasiDirectory> WasiMemoryFiles::root() const { return root_; }

Result<void> WasiMemoryFiles::write(std::string_view path, std::string_view contents) {
  std::vector<std::string> names = split(path);
  if (names.empty()) return failed(path, ENOENT);
  std::shared_ptr<WasiDirectory> directory = root_;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    const int error = directory->create_directory(names[i]);
    if (error != 0 && error != EEXIST) return failed(path, error);
    directory = directory->find(names[i]).directory;
    if (!directory) return failed(path, ENOTDIR);
  }
  const int error = directory->create_file(names.back());
  if (error != 0 && error != EEXIST) return failed(path, error);
  const std::shared_ptr<WasiFile> file = directory->find(names.back()).file;
  if (!file) return failed(path, EISDIR);
  if (const int cut = file->resize(0); cut != 0) return failed(path, cut);
  const WasiTransfer written = file->write(0, std::as_bytes(std::span(contents)));
  if (written.error != 0) return failed(path, written.error);
  return {};
}

Result<std::string> WasiMemoryFiles::read(std::string_view path) const {
  WasiEntry entry{nullptr, root_};
  for (const std::string& name : split(path)) {
    if (!entry.directory) return failed(path, ENOTDIR);
    entry = entry.directory->find(name);
    if (!entry) return failed(path, ENOENT);
  }
  if (!entry.file) return failed(path, EISDIR);
  std::string contents(entry.file->info().size, '\0');
  const WasiTransfer read = entry.file->read(0, std::as_writable_bytes(std::span(contents)));
  contents.resize(read.bytes);
  return contents;
}

}  // namespace tinywasm
