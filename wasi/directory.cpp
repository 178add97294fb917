// SPDX-License-Identifier: Apache-2.0
#include "wasi/directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>

#include "wasi/file_stat.hpp"
#include "wasi/host_fd.hpp"

namespace tinywasm::wasi {
namespace {

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

OrErrno<std::unique_ptr<DirectoryStream>> DirectoryStream::open(int directory, bool is_preopen) {
  // A position of its own: the descriptor may have been opened only to resolve paths.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return last_errno();
  HostFd owned(fd);
  DIR* stream = ::fdopendir(fd);
  if (!stream) return last_errno();
  owned.release();
  return std::unique_ptr<DirectoryStream>(new DirectoryStream(stream, is_preopen));
}

OrErrno<const DirectoryStream::Entry*> DirectoryStream::at(DirCookie cookie) {
  if (has_entry_ && cookie == entry_cookie_ && cookie != 0) return &entry_;
  if (cookie == 0) {
    ::rewinddir(stream_.get());  // also shows what was created since
  } else if (cookie != position_) {
    if (cookie > static_cast<DirCookie>(std::numeric_limits<long>::max())) return Errno::inval;
    ::seekdir(stream_.get(), static_cast<long>(cookie));
  }
  has_entry_ = false;
  position_ = cookie;
  errno = 0;
  const dirent* entry = ::readdir(stream_.get());
  if (!entry) {
    if (errno != 0) return last_errno();
    return nullptr;
  }
  const int directory = ::dirfd(stream_.get());
  if (directory < 0) return last_errno();
  entry_.name = entry->d_name;
  entry_.head.next = static_cast<DirCookie>(::telldir(stream_.get()));
  entry_.head.ino = entry->d_ino;
  entry_.head.name_length = static_cast<Size>(entry_.name.size());
  entry_.head.filetype = entry_type(directory, *entry);
  if (is_preopen_ && entry_.name == "..") {
    struct stat stat{};
    if (::fstat(directory, &stat) == 0) entry_.head.ino = stat.st_ino;
  }
  has_entry_ = true;
  entry_cookie_ = cookie;
  position_ = entry_.head.next;
  return &entry_;
}

}  // namespace tinywasm::wasi
