// SPDX-License-Identifier: Apache-2.0
#include "wasi/file_stat.hpp"

#include "wasi/clock.hpp"
#include "wasi/platform.hpp"

namespace tinywasm::wasi {

FileType file_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::character_device;
    case S_IFDIR:
      return FileType::directory;
    case S_IFREG:
      return FileType::regular_file;
    case S_IFLNK:
      return FileType::symbolic_link;
    case S_IFSOCK:
      return FileType::socket_stream;
    default:
      return FileType::unknown;  // a FIFO: WASI has no name for it
  }
}

FileStat file_stat(const struct stat& stat) {
  const platform::Times times = platform::times_of(stat);
  FileStat result;
  result.dev = static_cast<std::uint64_t>(stat.st_dev);
  result.ino = stat.st_ino;
  result.filetype = file_type(stat.st_mode);
  result.nlink = stat.st_nlink;
  result.size = static_cast<FileSize>(stat.st_size);
  result.atim = nanoseconds(times.access);
  result.mtim = nanoseconds(times.modification);
  result.ctim = nanoseconds(times.change);
  return result;
}

}  // namespace tinywasm::wasi
