// SPDX-License-Identifier: Apache-2.0
#include "wasi/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>

#include "wasi/file_stat.hpp"
#include "wasi/host_fd.hpp"

namespace tinywasm::wasi {
namespace {

// What reading takes, in bytes of a transfer.

/// Going on elsewhere: the C library reads a buffer of 32 KiB anew, a thousand short names.
constexpr std::uint64_t kBytesOfTurn = 96 << 10;
/// An entry that is copied and put in its place.
constexpr std::uint64_t kBytesOfCopy = 512;

FileType entry_type(int directory, const dirent& entry) {
  switch (entry.d_type) {
    case DT_BLK:
      return FileType::block_device;
    case DT_CHR:
      return FileType::character_device;
    case DT_DIR:
      return FileType::directory;
    case DT_LNK:
      return FileType::symbolic_link;
    case DT_REG:
      return FileType::regular_file;
    case DT_SOCK:
      return FileType::socket_stream;
    case DT_UNKNOWN: {  // a file system that does not say
      struct stat stat{};
      if (::fstatat(directory, entry.d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) break;
      return file_type(stat.st_mode);
    }
    default:
      break;
  }
  return FileType::unknown;
}

}  // namespace

OrErrno<std::unique_ptr<DirectoryStream>> DirectoryStream::open(int directory,
                                                                DirectoryCopies& copies,
                                                                bool is_sorted) {
  // A position of its own: the descriptor may have been opened only to resolve paths.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return last_errno();
  HostFd owned(fd);
  DIR* stream = ::fdopendir(fd);
  if (!stream) return last_errno();
  owned.release();
  return std::unique_ptr<DirectoryStream>(new DirectoryStream(stream, copies, is_sorted));
}

OrErrno<const DirectoryStream::Entry*> DirectoryStream::at(const Call& call, DirCookie cookie) {
  if (!is_sorted_) {
    const bool is_here = has_entry_ && cookie == entry_cookie_;
    if (cookie == 0 || (!is_here && cookie != position_)) call.count(kBytesOfTurn);
    return read_at(cookie);
  }
  if (cookie == 0 || !is_copied_) {
    if (const Errno error = copy(call); error != Errno::success) return error;
  }
  return cookie < copy_.size() ? &copy_[static_cast<std::size_t>(cookie)] : nullptr;
}

std::unique_ptr<DirectoryStream> DirectoryStream::open(std::shared_ptr<WasiDirectory> tree,
                                                       DirectoryCopies& copies) {
  std::unique_ptr<DirectoryStream> stream(new DirectoryStream(nullptr, copies, true));
  stream->tree_ = std::move(tree);
  return stream;
}

Errno DirectoryStream::add_to_copy(const Entry& entry) {
  const std::size_t bytes = sizeof(Entry) + entry.name.capacity();
  if (!copies_.take(bytes)) return Errno::nomem;
  copied_bytes_ += bytes;
  copy_.push_back(entry);
  return Errno::success;
}

Errno DirectoryStream::read_copy(const Call& call) {
  if (tree_) return read_tree(call);
  for (DirCookie cookie = 0;;) {
    if (call.interrupted()) return Errno::intr;
    const auto entry = read_at(cookie);
    if (!entry || !*entry) return entry.error();
    cookie = (*entry)->head.next;
    if (const Errno error = add_to_copy(**entry); error != Errno::success) return error;
  }
}

Errno DirectoryStream::read_tree(const Call& call) {
  std::vector<std::string> names = tree_->names();
  names.insert(names.end(), {".", ".."});
  for (const std::string& name : names) {
    if (call.interrupted()) return Errno::intr;
    const bool is_itself = name == "." || name == "..";
    const WasiEntry found = is_itself ? WasiEntry{nullptr, tree_} : tree_->find(name);
    if (!found) continue;
    Entry entry;
    entry.name = name;
    entry.head.ino = found.file ? found.file->info().inode : found.directory->info().inode;
    entry.head.name_length = static_cast<Size>(name.size());
    entry.head.filetype = found.file ? FileType::regular_file : FileType::directory;
    if (const Errno error = add_to_copy(entry); error != Errno::success) return error;
  }
  return Errno::success;
}

/// By names. As a heap, which can be given up in the middle: there may be half a million.
Errno DirectoryStream::sort_copy(const Call& call) {
  const auto is_before = [](const Entry& a, const Entry& b) { return a.name < b.name; };
  std::make_heap(copy_.begin(), copy_.end(), is_before);
  for (auto end = copy_.end(); end != copy_.begin(); --end) {
    std::pop_heap(copy_.begin(), end, is_before);
    if (call.interrupted()) return Errno::intr;
  }
  for (std::size_t i = 0; i < copy_.size(); ++i) copy_[i].head.next = i + 1;
  return Errno::success;
}

Errno DirectoryStream::copy(const Call& call) {
  forget();
  Errno error = read_copy(call);
  call.count(copy_.size() * kBytesOfCopy);
  if (error == Errno::success) error = sort_copy(call);
  if (error != Errno::success) {
    forget();
    return error;
  }
  is_copied_ = true;
  return Errno::success;
}

void DirectoryStream::forget() {
  copies_.bytes -= copied_bytes_;
  copied_bytes_ = 0;
  copy_ = std::vector<Entry>();  // {} would keep the memory
  is_copied_ = false;
}

Errno DirectoryStream::go_to(DirCookie cookie) {
  if (cookie == 0) {
    ::rewinddir(stream_.get());  // also shows what was created since
  } else if (cookie != position_) {
    const auto position = cookies_.position_of(cookie);
    if (!position || *position > std::numeric_limits<long>::max()) return Errno::inval;
    ::seekdir(stream_.get(), static_cast<long>(*position));
  }
  position_ = cookie;
  return Errno::success;
}

OrErrno<const DirectoryStream::Entry*> DirectoryStream::read_at(DirCookie cookie) {
  if (has_entry_ && cookie == entry_cookie_ && cookie != 0) return &entry_;
  if (const Errno error = go_to(cookie); error != Errno::success) return error;
  has_entry_ = false;
  errno = 0;
  const dirent* entry = ::readdir(stream_.get());
  if (!entry) {
    if (errno != 0) return last_errno();
    return nullptr;
  }
  const int directory = ::dirfd(stream_.get());
  if (directory < 0) return last_errno();
  const auto next = cookies_.cookie_of(::telldir(stream_.get()));
  if (!next) {
    cookies_.clear();  // whoever begins anew can go as far again
    position_ = DirectoryCookies::kEnd;
    return Errno::nomem;
  }
  entry_.name = entry->d_name;
  entry_.head.next = *next;
  entry_.head.ino = entry->d_ino;
  entry_.head.name_length = static_cast<Size>(entry_.name.size());
  entry_.head.filetype = entry_type(directory, *entry);
  if (entry_.name == "..") {
    struct stat stat{};
    if (::fstat(directory, &stat) == 0) entry_.head.ino = stat.st_ino;
  }
  has_entry_ = true;
  entry_cookie_ = cookie;
  position_ = entry_.head.next;
  return &entry_;
}

}  // namespace tinywasm::wasi
