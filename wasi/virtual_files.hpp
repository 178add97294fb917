// SPDX-License-Identifier: Apache-2.0
// Files and directories of the embedder (tinywasm/wasi_files.hpp) behind the fd_* and path_* calls,
// which come here when a descriptor has a `file` or a `tree`.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tinywasm/wasi_files.hpp>

#include "wasi/fd_table.hpp"
#include "wasi/guest.hpp"
#include "wasi/transfer.hpp"

namespace tinywasm::wasi {

inline bool is_virtual(const Descriptor& descriptor) { return descriptor.file || descriptor.tree; }
/// The descriptor is a directory of the embedder.
bool is_virtual_directory(const Call& call, Fd fd);

/// A descriptor for what an embedder's name stands for, with all rights of its type.
Descriptor virtual_descriptor(const WasiEntry& entry);
FileStat virtual_stat(const WasiEntry& entry);

/// The bytes of the descriptor are those of an object of the embedder: a file, a string, functions.
inline bool is_embedders(const Descriptor& descriptor) {
  return descriptor.file || descriptor.kind == Descriptor::Kind::buffer ||
         descriptor.kind == Descriptor::Kind::callbacks;
}

using Ranges = std::vector<GuestRange>;

// At `offset`, which files have, or at the descriptor's position, which moves; as read_host() and
// write_host(). The embedder's functions get copies, of a slice at a time: while they run, the
// guest's memory may move, and its other threads write to it. Errors leave errno.
Transferred read_embedders(const Call& call, Descriptor& descriptor, const Ranges& ranges,
                           std::optional<FileSize> offset = std::nullopt);
Transferred write_embedders(const Call& call, Descriptor& descriptor, const Ranges& ranges,
                            std::optional<FileSize> offset = std::nullopt);
OrErrno<FileSize> seek_virtual(Descriptor& descriptor, std::int64_t offset, int whence);
Errno set_times_virtual(const Call& call, const WasiEntry& entry, Timestamp atim, Timestamp mtim,
                        FstFlags flags);
/// As WasiFile::resize, but cuts off a lot in several steps.
Errno resize_virtual(const Call& call, WasiFile& file, FileSize size);

/// The path_* calls whose first directory is the embedder's, with what is left of their arguments.
namespace virtual_paths {
Errno create_directory(const Call& call, Fd fd, GuestPath path);
OrErrno<FileStat> stat(const Call& call, Fd fd, LookupFlags flags, GuestPath path);
Errno set_times(const Call& call, Fd fd, LookupFlags flags, GuestPath path, Timestamp atim,
                Timestamp mtim, FstFlags fst_flags);
Errno open(const Call& call, Fd fd, LookupFlags flags, GuestPath path, OFlags oflags, Rights base,
           FdFlags fdflags, Out<Fd> opened);
Errno readlink(const Call& call, Fd fd, GuestPath path);
/// notsup, if nothing else is wrong.
Errno link(const Call& call, Fd fd, Rights right, GuestPath path);
Errno remove_directory(const Call& call, Fd fd, GuestPath path);
Errno rename(const Call& call, Fd old_fd, GuestPath old_path, Fd new_fd, GuestPath new_path);
Errno unlink_file(const Call& call, Fd fd, GuestPath path);
}  // namespace virtual_paths

}  // namespace tinywasm::wasi
