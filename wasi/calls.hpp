// SPDX-License-Identifier: Apache-2.0
// The calls of WASI preview 1, as listed in calls.def. Each answers with an error code; those that
// can end the guest (because it is interrupted, a buffer is out of bounds, or it asks to) return a
// Result. https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#functions
#pragma once

#include <cstdint>

#include "wasi/guest.hpp"
#include "wasi/types.hpp"

namespace tinywasm::wasi {

// process.cpp
Result<Errno> args_get(const Call& call, Address argv, Address argv_buf);
Errno args_sizes_get(const Call& call, Out<Size> count, Out<Size> bytes);
Result<Errno> environ_get(const Call& call, Address environ, Address environ_buf);
Errno environ_sizes_get(const Call& call, Out<Size> count, Out<Size> bytes);
Errno clock_res_get(const Call& call, ClockId clock, Out<Timestamp> resolution);
Errno clock_time_get(const Call& call, ClockId clock, Timestamp precision, Out<Timestamp> time);
Result<void> proc_exit(const Call& call, std::uint32_t code);
Result<Errno> proc_raise(const Call& call, std::uint32_t signal);
Result<Errno> random_get(const Call& call, GuestBytes buffer);
Errno sched_yield(const Call& call);

// files.cpp
Errno fd_advise(const Call& call, Fd fd, FileSize offset, FileSize length, Advice advice);
Errno fd_allocate(const Call& call, Fd fd, FileSize offset, FileSize length);
Errno fd_close(const Call& call, Fd fd);
Errno fd_datasync(const Call& call, Fd fd);
Errno fd_fdstat_get(const Call& call, Fd fd, Out<FdStat> stat);
Errno fd_fdstat_set_flags(const Call& call, Fd fd, FdFlags flags);
Errno fd_fdstat_set_rights(const Call& call, Fd fd, Rights base, Rights inheriting);
Errno fd_filestat_get(const Call& call, Fd fd, Out<FileStat> stat);
Errno fd_filestat_set_size(const Call& call, Fd fd, FileSize size);
Errno fd_filestat_set_times(const Call& call, Fd fd, Timestamp atim, Timestamp mtim,
                            FstFlags flags);
Errno fd_prestat_get(const Call& call, Fd fd, Out<PreStat> stat);
Errno fd_prestat_dir_name(const Call& call, Fd fd, GuestBytes path);
Errno fd_readdir(const Call& call, Fd fd, GuestBytes buffer, DirCookie cookie, Out<Size> used);
Errno fd_renumber(const Call& call, Fd from, Fd to);
Errno fd_sync(const Call& call, Fd fd);

// streams.cpp
Result<Errno> fd_pread(const Call& call, Fd fd, IoVecs buffers, FileSize offset, Out<Size> read);
Result<Errno> fd_pwrite(const Call& call, Fd fd, IoVecs buffers, FileSize offset,
                        Out<Size> written);
Result<Errno> fd_read(const Call& call, Fd fd, IoVecs buffers, Out<Size> read);
Result<Errno> fd_write(const Call& call, Fd fd, IoVecs buffers, Out<Size> written);
Errno fd_seek(const Call& call, Fd fd, std::int64_t offset, Whence whence, Out<FileSize> position);
Errno fd_tell(const Call& call, Fd fd, Out<FileSize> position);

// paths.cpp
Errno path_create_directory(const Call& call, Fd fd, GuestPath path);
Errno path_filestat_get(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                        Out<FileStat> stat);
Errno path_filestat_set_times(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                              Timestamp atim, Timestamp mtim, FstFlags fst_flags);
Errno path_link(const Call& call, Fd old_fd, LookupFlags old_flags, GuestPath old_path, Fd new_fd,
                GuestPath new_path);
Errno path_open(const Call& call, Fd fd, LookupFlags flags, GuestPath path, OFlags oflags,
                Rights base, Rights inheriting, FdFlags fdflags, Out<Fd> opened);
Errno path_readlink(const Call& call, Fd fd, GuestPath path, GuestBytes buffer, Out<Size> used);
Errno path_remove_directory(const Call& call, Fd fd, GuestPath path);
Errno path_rename(const Call& call, Fd old_fd, GuestPath old_path, Fd new_fd, GuestPath new_path);
Errno path_symlink(const Call& call, GuestPath target, Fd fd, GuestPath path);
Errno path_unlink_file(const Call& call, Fd fd, GuestPath path);

// poll.cpp
Result<Errno> poll_oneoff(const Call& call, Address in, Address out, Size count, Out<Size> events);

// sockets.cpp
Result<Errno> sock_accept(const Call& call, Fd fd, FdFlags flags, Out<Fd> accepted);
Result<Errno> sock_recv(const Call& call, Fd fd, IoVecs buffers, RiFlags flags, Out<Size> received,
                        Out<std::uint16_t> result_flags);
Result<Errno> sock_send(const Call& call, Fd fd, IoVecs buffers, std::uint32_t flags,
                        Out<Size> sent);
Errno sock_shutdown(const Call& call, Fd fd, SdFlags how);

/// Snapshot 0, where it differs.
namespace unstable {
Errno fd_filestat_get(const Call& call, Fd fd, Out<UnstableFileStat> stat);
Errno fd_seek(const Call& call, Fd fd, std::int64_t offset, std::uint32_t whence,
              Out<FileSize> position);
Errno path_filestat_get(const Call& call, Fd fd, LookupFlags flags, GuestPath path,
                        Out<UnstableFileStat> stat);
Result<Errno> poll_oneoff(const Call& call, Address in, Address out, Size count, Out<Size> events);
}  // namespace unstable

}  // namespace tinywasm::wasi
