// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a guest gets to see of the system through WASI preview 1 (wasi_snapshot_preview1). Nothing
/// but what is listed here: files only below the preopened directories, only the given environment.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tinywasm/wasi_files.hpp>

namespace tinywasm {

/// A directory that the guest sees under another name: one of the host, or one of the embedder.
struct WasiPreopen {
  std::string guest{};     ///< the guest's name for it, such as "/data" or "."
  std::string host{};      ///< a path of the host, opened by Linker::define_wasi
  bool read_only = false;  ///< the guest may not create, write, rename or remove anything in it
  std::shared_ptr<WasiDirectory> directory{};  ///< in place of `host`; see wasi_files.hpp
};

/// Where a standard stream of the guest leads. Whatever that is, it is read or written in order:
/// a guest can neither seek in a file, nor cut it, nor use a directory or what else a socket can
/// do. A terminal is opened once more, by itself, so that a guest that waits for it can be ended;
/// that one is closed with the guest's descriptor.
struct WasiStream {
  enum class Kind {
    inherit,    ///< the process's own descriptor 0, 1 or 2
    null,       ///< reads end at once, writes are dropped
    fd,         ///< an open descriptor of the embedder, which keeps owning it
    buffer,     ///< reads consume the string from its front, writes append to it
    callbacks,  ///< `read` and `write`
  };
  /// Fills the span from its front and returns how much of it; 0 bytes are the end of the input.
  using Read = std::function<WasiTransfer(std::span<std::byte>)>;
  /// Returns how much it took; the guest sees a short write.
  using Write = std::function<WasiTransfer(std::span<const std::byte>)>;

  Kind kind = Kind::inherit;
  int descriptor = -1;                    ///< kind fd
  std::shared_ptr<std::string> buffer{};  ///< kind buffer
  /// Kind callbacks. They run on the guest's thread, one at a time, on copies of at most 64 KiB of
  /// the guest's bytes, and count as always ready. They may call the guest. While one waits, the
  /// guest's other threads go on; nothing can end it. What they throw ends the guest.
  Read read{};
  Write write{};

  static WasiStream inherit() { return {}; }
  static WasiStream null() { return {Kind::null, -1, nullptr}; }
  static WasiStream fd(int descriptor) { return {Kind::fd, descriptor, nullptr}; }
  static WasiStream of(std::shared_ptr<std::string> buffer) {
    return {Kind::buffer, -1, std::move(buffer)};
  }
  static WasiStream reading(Read read) {
    return {Kind::callbacks, -1, nullptr, std::move(read), {}};
  }
  static WasiStream writing(Write write) {
    return {Kind::callbacks, -1, nullptr, {}, std::move(write)};
  }
};

/// The clocks of WASI, numbered as it does.
enum class WasiClock : std::uint32_t { realtime, monotonic, process_cputime, thread_cputime };

/// What the guest's clocks show.
struct WasiClocks {
  enum class Kind {
    host,          ///< the host's clocks
    fixed,         ///< they stand still: no wait takes time
    virtual_time,  ///< each reading moves them by a microsecond, a wait by its length, and only
                   ///< they
    custom,        ///< what `now` returns
  };
  /// 2000-01-01T00:00:00Z: 1970 is before what some file formats can express.
  static constexpr std::uint64_t kDefaultStart = 946'684'800'000'000'000;

  Kind kind = Kind::host;
  /// fixed and virtual_time: the realtime clock at the start, in nanoseconds since 1970. The other
  /// clocks begin at one second.
  std::uint64_t start = kDefaultStart;
  /// custom: nanoseconds; a clock must not go backwards, but for realtime. A guest that sleeps asks
  /// it again and again, at least every 50 ms, until its time has come. It may call the guest,
  /// whose other threads cannot make WASI calls while it runs.
  std::function<std::uint64_t(WasiClock)> now{};

  static WasiClocks host() { return {}; }
  static WasiClocks fixed(std::uint64_t start = kDefaultStart) { return {Kind::fixed, start, {}}; }
  static WasiClocks virtual_time(std::uint64_t start = kDefaultStart) {
    return {Kind::virtual_time, start, {}};
  }
  static WasiClocks of(std::function<std::uint64_t(WasiClock)> now) {
    return {Kind::custom, 0, std::move(now)};
  }
};

/// Where the guest's random bytes come from.
struct WasiRandom {
  enum class Kind {
    host,    ///< the host's generator, fit for cryptography
    seeded,  ///< the same bytes for the same seed, on every host; not fit for cryptography
    custom,  ///< what `fill` writes
  };
  Kind kind = Kind::host;
  std::uint64_t seed = 0;  ///< seeded
  /// custom: fills all of the span, up to 4 KiB. It may call the guest, as clocks may.
  std::function<void(std::span<std::byte>)> fill{};

  static WasiRandom host() { return {}; }
  static WasiRandom seeded(std::uint64_t seed) { return {Kind::seeded, seed, {}}; }
  static WasiRandom of(std::function<void(std::span<std::byte>)> fill) {
    return {Kind::custom, 0, std::move(fill)};
  }
};

/// What an embedder may want to know about a run; filled in while the guest runs.
struct WasiReport {
  /// The host's errno value of the first write to the guest's standard output that failed (ENOSPC,
  /// EPIPE, ...), 0 when none did. The guest was told, too, but may have ignored it.
  std::atomic<int> output_error{0};
  /// A call was refused, or a write cut short, because of max_output_bytes.
  std::atomic<bool> is_output_limit_reached{false};
};

/// Given to Linker::define_wasi, which opens all that it names: an error is kept and returned by
/// Linker::instantiate. All instances that this Linker makes then share one world: descriptors,
/// with their positions, clocks and limits. For a world of its own give an instance a Linker of its
/// own, or define_wasi() again before it is made. proc_exit(n) ends the guest with an Error of kind
/// exit whose exit_code is n, 0 included.
struct WasiConfig {
  std::vector<std::string> args{};  ///< args[0] is the program's name
  std::vector<std::pair<std::string, std::string>> env{};
  std::vector<WasiPreopen> preopens{};
  WasiStream in{};
  WasiStream out{};
  WasiStream err{};
  /// Open sockets of the embedder, which keeps owning them. The guest finds them, listening or
  /// connected, as the descriptors after the preopens, which begin at 3. Those that listen are
  /// switched to O_NONBLOCK, for all who share them (other processes, too): or else accepting could
  /// wait for ever when another takes the connection.
  std::vector<int> sockets{};
  WasiClocks clocks{};
  WasiRandom random{};
  /// Directories are read in the order of their names' bytes, from a copy made when reading begins,
  /// rather than in the file system's order.
  bool sorted_directories = false;
  /// How many descriptors the guest may have open, those it starts with included.
  std::size_t max_open_files = 1024;
  /// How many bytes the guest may write, through all its descriptors together: standard streams,
  /// files and sockets. What files gain without being written counts too (allocated space, holes),
  /// and what is made anew: 256 bytes for a file or hard link, 4096 for a directory or symbolic
  /// link. Nothing is given back when files shrink or go. Beyond it calls answer nospc.
  std::uint64_t max_output_bytes = std::numeric_limits<std::uint64_t>::max();
  std::shared_ptr<WasiReport> report{};  ///< may be null
};

}  // namespace tinywasm
